"""The language of a post, on real spelling of all kinds."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers import LANGUAGES, detect_languages
from classifiers.kazakh.spelling import LATIN_2018, LATIN_2021, RUSSIAN_KEYBOARD, respell
from classifiers.language import recognise_languages, words_of
from classifiers.ngrams import BUCKETS, CLASSES, gram_buckets, shipped_table, word_evidence
from lookalikes import SENTENCES


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
    assert sum(shares["mix"]) / len(shares["mix"]) > 0.85
    named = [post["lang"] == "mix" for a, post in zip(found, some, strict=True) if a == "mix"]
    assert sum(named) / len(named) > 0.85


@pytest.mark.parametrize("letters", [RUSSIAN_KEYBOARD, LATIN_2021, LATIN_2018])
def test_kazakh_is_kazakh_in_every_spelling(written: list[dict[str, Any]], letters: Mapping[str, str]) -> None:
    posts = [post["text"] for post in written if post["lang"] == "kk"][::4]
    found = detect_languages([respell(text, letters).text for text in posts])
    assert found.count("kk") / len(found) > 0.95


def test_lookalikes_are_none_of_our_languages() -> None:
    sentences = [sentence for of_one in SENTENCES.values() for sentence in of_one]
    found = detect_languages(sentences)
    assert found.count("und") / len(found) > 0.9
    assert found.count("kk") / len(found) <= 0.05


@pytest.mark.parametrize("text", ["ок", "а", "Иван Петров", "no", "ха-ха", "ммм", "Қ"])
def test_a_short_text_is_told_only_with_a_margin(text: str) -> None:
    found = recognise_languages([text])[0]
    assert found.language == "und" or found.margin >= 2


def test_links_handles_and_masks_are_no_words() -> None:
    text = "Ертең <number> @user #Алматы example.org/net-aes https://a.kz/xyz me@a.kz келіңіз"
    assert words_of(text) == ["ертең", "келіңіз"]


def test_the_table_is_whole_and_the_bucket_of_nothing_says_nothing() -> None:
    table = shipped_table()
    assert table.shape == (BUCKETS, len(CLASSES))
    assert not table[0].any()
    assert (abs(table) < 50).all()


@given(st.lists(st.text(st.characters(categories=["L"]), min_size=1, max_size=8), min_size=1, max_size=6))
def test_evidence_of_a_word_does_not_depend_on_the_words_beside_it(words: list[str]) -> None:
    table = shipped_table()
    together = word_evidence(words, table)
    alone = [word_evidence([word], table)[0] for word in words]
    assert together == pytest.approx(np.array(alone), abs=1e-3)
    orders, starts = gram_buckets(words)
    assert all(len(order) == len(" ".join(words)) + 2 for order in orders)
    assert len(starts) == len(words)
