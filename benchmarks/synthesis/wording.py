"""What a text says of its place, its time and its author: enough to put it into a fitting mouth."""

import re

__all__ = ["names_somewhere", "newsworthy"]

# The city is invented and the study has a date: texts that name a real place, a month or a year would contradict both.
_PLACES = (
    "Алмат|Астан|Шымкент|Чимкент|Қарағанды|Караганд|Ақтөбе|Актоб|Актөбе|Тараз|Павлодар|Өскемен|Усть-Камен|Семей|Семее|"
    "Атыра|Қостанай|Костана|Кызылорд|Қызылорда|Орал|Урал|Петропавл|Ақтау|Актау|Темиртау|Теміртау|Туркестан|Туркистан|"
    "Түркістан|Көкшетау|Кокшетау|Талдык|Талдық|Жезказган|Жезқазған|Рудн|Экибастуз|Балхаш|Балқаш|Зайсан|Кульсар|Құлсары|"
    "Атасу|Арал|Жанаозен|Жаңаөзен|Риддер|Хромтау|Кентау|Сатпаев|Каскелен|Конаев|Қонаев|Капшага|Қапшаға|Бишкек|Ташкент|"
    "Москв|Мәскеу|Balkhash|Almaty|Astana|Semey|Karaganda|Shymkent|Taraz|Aral|Bishkek"
)
_MONTHS = (
    "қаңтар|ақпан|акпан|наурыз|сәуір|сауир|мамыр|маусым|шілде|шилде|тамыз|қыркүйек|кыркуйек|қазан|қараша|караша|"
    "желтоқсан|желтоксан|январ|феврал|март|апрел|июн|июл|август|сентябр|октябр|ноябр|декабр|january|february|march|"
    "april|june|july|august|september|october|november|december"
)
_SOMEWHERE = re.compile(rf"\b(?:{_PLACES})|\b(?i:{_MONTHS})|20[12][0-9]")

_REPORTS = re.compile(
    "деген екен|дейді|деді|хабарла|мәлімде|шақырды|шақырыпты|үндеді|брифинг|басқармасы|департамент|сообщи|рассказал|"
    "заявил|передаёт|передает|призвал|напомнил|отметил|по словам|по данным|said|announced|according|reported|urged|"
    "spokes",
    re.IGNORECASE,
)
"""Words of somebody who reports what others say or do."""
_PERSONAL = re.compile(
    r"\b(?:я|мы|меня|мне|мной|мой|моя|мо[ёе]|мои|моей|моего|наш\w*|нас|нам|ты|вы|тебя|тебе|вам|вас|ваш\w*|тво\w+|мен|"
    r"менің|менин|маған|мені|біз|бізд\w*|бізге|біздің|биз\w*|сен|сіз\w*|сендер\w*|сиз\w*|өзім|my|i|we|our|us|me|you|your|"
    r"апам|шешем|әкем|інім|балам|ұлым|қызым|анам|әжем|атам|мама|бабушка|тг|скидк\w*|жеңілдік\w*|жазыл\w*|запис\w*|"
    r"ссылк\w*|сілтеме\w*)\b|\w(?:дым|дім|тым|тім|мын|мін|пын|пін|мыз|міз|дық|дік)\b|[!?…#☀-➿\U0001F300-\U0001FAFF]|example",
    re.IGNORECASE,
)
"""Words and signs of somebody who speaks for himself, or sells."""


def names_somewhere(text: str) -> bool:
    """Tell whether a text names a real place, a month or a year."""
    return _SOMEWHERE.search(text) is not None


def newsworthy(text: str) -> int:
    """Return 2 for what reads like news, 1 for what might, 0 for what is somebody's own word."""
    return (_REPORTS.search(text) is not None) + (_PERSONAL.search(text) is None)
