"""The language of a post, on real spelling of all kinds."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers import LANGUAGES, detect_languages


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Ертең алаңға шығамыз, бәріңіз келіңіздер", "kk"),
        ("Тургындар, ертен жиналыска келиниздер, маселе коп", "kk"),
        ("Korshiler, erten jinalysqa kelinizder, másele kóp", "kk"),
        ("Korshi apaidai jalgyz qarttarga kim azyq apara alady", "kk"),
        ("Завтра выходим на субботник, приходите все", "ru"),
        ("Join us at the square tomorrow and bring your friends", "en"),
        ("Завтра збираємося на площі, приходьте всі, хто може", "uk"),
        ("Ертең жиналыс болады, не забудьте взять документы, пожалуйста", "mix"),
        ("", "und"),
        ("👍🔥🔥", "und"),
        ("12345 67-89", "und"),
        ("https://example.org/abc @user #тег", "und"),
        ("يا أهلا وسهلا بكم", "und"),
        ("今天天气很好我们去公园", "und"),
    ],
)
def test_language_of_a_text(text: str, language: str) -> None:
    assert detect_languages([text]) == [language]


@given(st.lists(st.text(st.characters(), max_size=80), max_size=5))
def test_any_text_has_a_language_and_order_does_not_matter(texts: list[str]) -> None:
    found = detect_languages(texts)
    assert set(found) <= set(LANGUAGES)
    assert detect_languages(texts[::-1]) == found[::-1]


def test_written_posts_are_told_apart(written: list[dict[str, Any]]) -> None:
    some = written[::3]
    found = detect_languages([post["text"] for post in some])
    shares = {
        language: [a == language for a, post in zip(found, some, strict=True) if post["lang"] == language]
        for language in ("kk", "ru", "en", "mix")
    }
    assert {language: sum(hits) / len(hits) > 0.97 for language, hits in shares.items() if language != "mix"} == {
        "kk": True,
        "ru": True,
        "en": True,
    }
    # Some "mixtures" hold a single word of the other language.
    assert sum(shares["mix"]) / len(shares["mix"]) > 0.7
