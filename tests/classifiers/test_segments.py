"""Sentences, clauses and words: places of the text as given, nothing lost, nothing twice."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.segments import Place, clauses, pieces, sentences, words

SAID = st.sampled_from(
    ["Приходите", "келіңіздер", "Join us", "ул", "г", "5", "т.д", "e\u0301", "\u200b", "\ud800", "\0"]
)
MARKS = st.sampled_from(
    [". ", "! ", "?", "…", "...", ", ", "; ", ": ", " — ", "«", "»", " (", ")", "•", "\u202e", "  "]
)
BREAKS = st.sampled_from(["\n", "\n\n", "\r\n", "🔥", "❗️", "👩\u200d👩\u200d👧"])
LIKE_POSTS = st.lists(SAID | MARKS | BREAKS, max_size=40).map("".join)
TEXTS = LIKE_POSTS | st.text(st.characters(), max_size=200)


def shown(text: str, places: list[Place]) -> list[str]:
    return [text[start:end] for start, end in places]


@given(TEXTS)
def test_every_letter_and_digit_stands_in_exactly_one_piece(text: str) -> None:
    for split in (sentences, pieces):
        found = split(text)
        assert all(a < b <= c < d for (a, b), (c, d) in pairwise(found))
        assert all(0 <= a < b <= len(text) for a, b in found)
        inside = "".join(shown(text, found))
        assert sorted(filter(str.isalnum, inside)) == sorted(filter(str.isalnum, text))
        assert all(part == part.strip() and any(map(str.isalnum, part)) for part in shown(text, found))


@given(TEXTS)
def test_clauses_and_words_lie_in_their_sentence(text: str) -> None:
    for start, end in sentences(text):
        for split in (clauses, words):
            assert all(start <= a < b <= end for a, b in split(text, (start, end)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Приходите! Берите друзей.", ["Приходите!", "Берите друзей."]),
        ("Встреча на ул. Абая, 5. Ждём всех", ["Встреча на ул. Абая, 5.", "Ждём всех"]),
        ("Сбор в 18:00 у г. Алматы т.е. у въезда", ["Сбор в 18:00 у г. Алматы т.е. у въезда"]),
        ("🇰🇿 Келіңіздер!!! ❗️❗️Репост", ["Келіңіздер!!!", "Репост"]),
        (
            "Ашық хат\nҚол қойыңыз\nСілтеме: https://a.kz/x?y=1.2",
            ["Ашық хат", "Қол қойыңыз", "Сілтеме: https://a.kz/x?y=1.2"],
        ),
        ("Меморандум відкритий, тож \nзапрошую\n всіх охочих", ["Меморандум відкритий, тож \nзапрошую\n всіх охочих"]),
        ("«Приходите!» Так он сказал.", ["«Приходите!»", "Так он сказал."]),
        ("1. Sign it. 2. Share it.", ["1. Sign it.", "2. Share it."]),
        ("", []),
        ("👍🔥…!?", []),
    ],
)
def test_sentences_of_posts(text: str, expected: list[str]) -> None:
    assert shown(text, sentences(text)) == expected


def test_a_sentence_alone_is_given_by_its_clauses() -> None:
    assert shown("x" + " Приходите в субботу, перчатки дадим", pieces("x Приходите в субботу, перчатки дадим")) == [
        "x Приходите в субботу,",
        "перчатки дадим",
    ]


def test_a_sentence_of_very_many_words_is_given_by_its_clauses() -> None:
    run_on = ", ".join(["Иди туда не знаю куда"] * 9)
    assert len(pieces(f"Привет. {run_on}.")) == 10
    assert len(pieces(f"Привет. {run_on[:60]}.")) == 2
