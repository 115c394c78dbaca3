"""The normalised reading: the same words for the model as for a person, and every place leads back."""

import unicodedata
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from classifiers import normalise as module
from classifiers.normalise import Reading, normalise

ALPHABETS = "abcopxyzWSAаорсхуяжБШіәқαοз́"
HIDDEN = "\u200b\u200c\u200d\u2060\ufeff\u00ad\u202e\u2066\ufe0f\U000e0041"
odd = st.text(st.one_of(st.sampled_from(ALPHABETS + HIDDEN + " 1\n😀\u0306\u0301\u0336\0\ud800"), st.characters()))


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("при\u200bхо\u200dди\u2060те", "приходите"),
        ("\ufeffпривет\u00ad", "привет"),
        ("пpиxoдитe", "приходите"),  # p, x, o, e are Latin
        ("Тelegram-канал", "Telegram-канал"),  # the first letter is Cyrillic
        ("кeлiңiздep, мəселе", "келіңіздер, мәселе"),
        ("ΤΟΜΟΡΡΟW we mаrch", "TOMOPPOW we march"),  # Greek capitals; rho looks like P
        ("и\u0306 е\u0308 за\u0301мок п\u0336р\u0336", "й ё замок пр"),
        ("𝐉𝐨𝐢𝐧 ｕｓ Ⓝⓞⓦ", "Join us Now"),
        ("a\0b \ud800", "a b \ufffd"),
        ("\u202eтинг\u202c", "тинг"),
        ("приходите\ufe0f!", "приходите!"),
    ],
)
def test_what_hides_is_undone(text: str, read: str) -> None:
    assert normalise(text).text == read


@pytest.mark.parametrize(
    "text",
    [
        "Приходите в субботу на субботник, перчатки дадим.",
        "Instagramда жаздым, iPhone-ды алдым, COVIDтан кейін",  # endings of ours on names of theirs
        "👩‍👩‍👧‍👦 ❤️ 1️⃣ 🏴‍☠️",
        "می‌خواهم بیایم",  # Persian needs its joiner
        "क्‍ष",
        "żółć, naïve, ǵ, Ūlt",
        "№ 5 … ½ ②",
        "ABC абв",
    ],
)
def test_ordinary_writing_is_left_alone(text: str) -> None:
    assert normalise(text) == Reading(text, None)


@given(odd)
@example("é" * 3 + "e\u0301" * 3)
def test_every_character_has_its_place_in_the_original(text: str) -> None:
    reading = normalise(text)
    if reading.places is None:
        assert reading.text == text
        return
    assert len(reading.places) == len(reading.text)
    assert all(0 <= a < b <= len(text) for a, b in reading.places)
    assert list(reading.places) == sorted(reading.places)
    ranges = sorted(set(reading.places))
    assert all(first[1] <= second[0] for first, second in pairwise(ranges))
    assert reading.original(0, len(reading.text))[1] <= len(text)


@given(odd)
def test_reading_twice_changes_nothing_more_and_can_be_stored(text: str) -> None:
    read = normalise(text).text
    assert normalise(read).text == read
    assert read.encode("utf-8").decode("utf-8") == read
    assert "\0" not in read


@given(odd)
def test_the_short_way_skips_only_what_the_long_way_would_leave(text: str) -> None:
    assert module._read(text).text == normalise(text).text


@given(st.text(st.sampled_from("абвгдежзиклмнопрстуфхцчшщыэюяәғқңөұүһі abcdefghijklmnopqrstuvwxyz.,!?"), max_size=60))
def test_words_of_one_alphabet_are_never_changed(text: str) -> None:
    words = [w for w in text.split() if len({unicodedata.name(c).split()[0] for c in w if c.isalpha()}) <= 1]
    pure = " ".join(words)
    assert normalise(pure).text == pure


@given(st.lists(st.sampled_from(["приходите", "келіңіздер", "қатысыңдар", "подпишите"]), min_size=1), st.data())
def test_any_disguise_is_seen_through(words: list[str], data: st.DataObject) -> None:
    look = dict(zip("асеорхукміһ", "aceopxykmih", strict=True))
    plain = " ".join(words)
    disguised = ""
    for char in plain:
        disguised += look[char] if char in look and data.draw(st.booleans()) else char
        disguised += data.draw(st.sampled_from(["", "", "\u200b", "\u2060", "\u200d"]))
    assert normalise(disguised).text == plain


def test_lookalikes_lead_into_the_alphabet_they_are_for() -> None:
    for table, alphabet in ((module._TO_CYRILLIC, module._ALL_CYRILLIC), (module._TO_LATIN, module._ALL_LATIN)):
        assert all(alphabet.fullmatch(chr(to)) and not alphabet.fullmatch(chr(of)) for of, to in table.items())
