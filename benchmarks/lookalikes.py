"""Sentences in languages that look like ours and are none of them; written for this benchmark, CC BY 4.0.

No native speaker has read them. They are in the tone of posts: meetings, prices, appeals, weather, school.
"""

SENTENCES: dict[str, tuple[str, ...]] = {
    "Kyrgyz": (
        "Эртең саат бештен кийин аянтка чогулабыз, баарыңар келгиле",
        "Биздин айылда үч күндөн бери жарык жок, эч ким жооп бербей жатат",
        "Балдар үчүн мектепте жаңы окуу китептери жетишпей жатканын айтышты",
        "Бүгүн шаарда аба ырайы суук болот, жолдор тайгак, этият болгула",
        "Урматтуу достор, бул петицияга кол коюп, башкаларга да таратып койгулачы",
    ),
    "Tatar": (
        "Иртәгә кичке сәгать алтыда мәйданда җыелабыз, барыгыз да килегез",
        "Безнең авылда өч көннән бирле ут юк, беркем дә җавап бирми",
        "Балалар өчен мәктәптә яңа дәреслекләр җитмәвен әйттеләр",
        "Бүген шәһәрдә һава салкын булачак, юллар тайгак, сак булыгыз",
        "Кадерле дуслар, бу мөрәҗәгатькә кул куегыз һәм башкаларга да таратыгыз әле",
    ),
    "Bashkir": (
        "Иртәгә киске сәғәт алтыла майҙанда йыйылабыҙ, барығыҙ ҙа килегеҙ",
        "Беҙҙең ауылда өс көндән бирле ут юҡ, бер кем дә яуап бирмәй",
        "Балалар өсөн мәктәптә яңы дәреслектәр етмәүен әйттеләр",
        "Бөгөн ҡалала һауа һалҡын буласаҡ, юлдар тайғаҡ, һаҡ булығыҙ",
        "Ҡәҙерле дуҫтар, был мөрәжәғәткә ҡул ҡуйығыҙ һәм башҡаларға ла таратығыҙ әле",
    ),
    "Uzbek": (
        "Ertaga soat beshdan keyin maydonda yig'ilamiz, hammangiz keling",
        "Bizning qishlog'imizda uch kundan beri chiroq yo'q, hech kim javob bermayapti",
        "Maktabda bolalar uchun yangi darsliklar yetishmayotganini aytishdi",
        "Бугун шаҳарда ҳаво совуқ бўлади, йўллар сирпанчиқ, эҳтиёт бўлинглар",
        "Ҳурматли дўстлар, ушбу мурожаатга имзо қўйинг ва бошқаларга ҳам тарқатинг",
    ),
    "Turkish": (
        "Yarın akşam saat altıda meydanda toplanıyoruz, hepiniz gelin",
        "Bizim köyde üç gündür elektrik yok, kimse cevap vermiyor",
        "Okulda çocuklar için yeni ders kitaplarının yetmediğini söylediler",
        "Bugün şehirde hava soğuk olacak, yollar kaygan, dikkatli olun",
        "Sevgili arkadaşlar, bu dilekçeyi imzalayın ve başkalarıyla da paylaşın lütfen",
    ),
    "Azerbaijani": (
        "Sabah axşam saat altıda meydanda toplaşırıq, hamınız gəlin",
        "Bizim kənddə üç gündür işıq yoxdur, heç kim cavab vermir",
        "Məktəbdə uşaqlar üçün yeni dərsliklərin çatmadığını dedilər",
        "Bu gün şəhərdə hava soyuq olacaq, yollar sürüşkəndir, ehtiyatlı olun",
        "Əziz dostlar, bu müraciəti imzalayın və başqaları ilə də paylaşın",
    ),
    "Mongolian": (
        "Маргааш орой зургаан цагт талбай дээр цуглана, бүгдээрээ ирээрэй",
        "Манай тосгонд гурван өдөр цахилгаангүй байна, хэн ч хариу өгөхгүй байна",
        "Сургуульд хүүхдүүдэд шинэ сурах бичиг хүрэлцэхгүй байгааг хэлсэн",
        "Өнөөдөр хотод цаг агаар хүйтэн байна, зам халтиргаатай, болгоомжтой яваарай",
        "Хүндэт найзууд аа, энэ өргөдөлд гарын үсэг зураад бусдад түгээгээрэй",
    ),
    "Belarusian": (
        "Заўтра ўвечары збіраемся на плошчы, прыходзьце ўсе, хто можа",
        "У нашай вёсцы тры дні няма святла, ніхто не адказвае на званкі",
        "У школе сказалі, што новых падручнікаў для дзяцей не хапае",
        "Сёння ў горадзе будзе холадна, дарогі слізкія, будзьце асцярожныя",
        "Дарагія сябры, падпішыце гэтую петыцыю і падзяліцеся з іншымі",
    ),
}
"""Five sentences of each language."""
