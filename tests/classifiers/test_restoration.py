"""Kazakh gets its letters back, nothing else is touched, and every place leads to the text as given."""

import random
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers.errors import InputError
from classifiers.kazakh import table as spelling_table
from classifiers.kazakh.beam import BUCKETS, Weights, decoded, spelt
from classifiers.kazakh.restoration import kind_of_spelling, restored, restored_all
from classifiers.kazakh.spelling import KAZAKH_LETTERS, LATIN_2018, LATIN_2021, RUSSIAN_KEYBOARD, chat_latin, respell
from classifiers.kazakh.table import read_weights, shipped_weights, write_weights
from classifiers.kazakh.transliteration import ALPHABET, BARE, CHAT, KINDS, OFFICIAL_2018, OFFICIAL_2021, rules
from classifiers.normalise import Reading
from classifiers.prediction import Classifier
from classifiers.readings import as_read

_WORD = re.compile(r"[^\W\d_]+")
_CHATS = [chat_latin(random.Random(seed)) for seed in range(6)]
_SPELLINGS = [RUSSIAN_KEYBOARD, LATIN_2021, LATIN_2018, *_CHATS]
_LETTERS = "абгдеикнорсуфхцчшыэюяәғқңөұүһі ABEIİNOUSVXabceghiknorstuwxyzäğñöşūüıáǵńóúý.,!@#/1\u200b\u0301\n"
kazakh_like = st.text(st.sampled_from(_LETTERS), max_size=60)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("Ертен жиналыска келиниздер!", "Ертең жиналысқа келіңіздер!"),
        ("ЕРТЕН ЖИНАЛЫСКА КЕЛИНИЗДЕР", "ЕРТЕҢ ЖИНАЛЫСҚА КЕЛІҢІЗДЕР"),
        ("Erteñ jinalysqa kelıñızder", "Ертең жиналысқа келіңіздер"),
        ("Erteń jınalysqa kelińizder", "Ертең жиналысқа келіңіздер"),
        ("Erteng zhinalysqa kelingizder, shai da bolady", "Ертең жиналысқа келіңіздер, шай да болады"),
        (
            "Bugin keshke kelinder: @shai #kel https://a.kz/kel 5shi",
            "Бүгін кешке келіңдер: @shai #kel https://a.kz/kel 5shi",
        ),
        ("Балаларга комек керек, Kaspi аркылы", "Балаларға көмек керек, Kaspi арқылы"),
    ],
)
def test_letters_come_back(text: str, read: str) -> None:
    assert restored(text).text == read


@pytest.mark.parametrize("language", ["kk", "ru", "en", "mix"])
def test_posts_in_their_own_letters_stay(written: list[dict[str, Any]], language: str) -> None:
    posts = [post["text"] for post in written if post["lang"] == language]
    if language == "kk":
        posts = [text for text in posts if len(KAZAKH_LETTERS.intersection(text.lower())) > 3]
        stayed = [reading == Reading(text) for text, reading in zip(posts, restored_all(posts), strict=True)]
        assert np.mean(stayed) > 0.99
    else:
        assert [text.reading for text in as_read(posts, [language] * len(posts))] == [Reading(text) for text in posts]


@given(kazakh_like)
def test_places_lead_back(text: str) -> None:
    reading = restored(text)
    if reading.places is None:
        assert reading.text == text
        return
    assert len(reading.places) == len(reading.text)
    starts, ends = zip(*reading.places, strict=True)
    assert list(starts) == sorted(starts)
    assert list(ends) == sorted(ends)
    assert all(0 <= start < end <= len(text) for start, end in reading.places)
    for char, (start, end) in zip(reading.text, reading.places, strict=True):
        if not char.isalpha():
            assert char in text[start:end]


@given(st.lists(kazakh_like, max_size=5))
def test_a_text_is_read_alike_alone_and_among_others(texts: list[str]) -> None:
    assert restored_all(texts) == [restored(text) for text in texts]


@given(kazakh_like)
def test_words_with_kazakh_letters_and_what_is_no_word_stay(text: str) -> None:
    read = restored(text).text
    kept = [word for word in _WORD.findall(text) if KAZAKH_LETTERS.intersection(word.lower())]
    if "\u200b" not in text and "\u0301" not in text and not re.search("[a-zıäğñöşūüáǵńóúý]", text, re.IGNORECASE):
        assert set(kept) <= set(_WORD.findall(read))
        assert re.sub(r"[^\W\d_]", "", text) == re.sub(r"[^\W\d_]", "", read)


@pytest.mark.parametrize(("letters", "least"), [(RUSSIAN_KEYBOARD, 0.96), (LATIN_2021, 0.97), (LATIN_2018, 0.97)])
def test_nearly_all_words_of_written_posts_come_back(
    written: list[dict[str, Any]], letters: Mapping[str, str], least: float
) -> None:
    assert _right(_proper(written), [letters]) > least


def test_words_come_back_from_the_latin_of_chats(written: list[dict[str, Any]]) -> None:
    assert _right(_proper(written), _CHATS) > 0.92


def _proper(written: list[dict[str, Any]]) -> list[str]:
    """Some posts that were typed with their letters."""
    posts = [post["text"] for post in written if post["lang"] == "kk"][::5]
    return [text for text in posts if kind_of_spelling(text) is None]


def _right(texts: list[str], writers: list[Mapping[str, str]]) -> float:
    readings = restored_all([respell(text, writers[i % len(writers)]).text for i, text in enumerate(texts)])
    pairs = [(_WORD.findall(text), _WORD.findall(read.text)) for text, read in zip(texts, readings, strict=True)]
    hits = [a == b for old, new in pairs if len(old) == len(new) for a, b in zip(old, new, strict=True)]
    return float(np.sum(hits)) / sum(len(old) for old, _ in pairs)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Ертең келіңіздер", None),
        ("", None),
        ("12345 👍", None),
        ("https://example.org/abc @someone", None),
        ("Ертен келиниздер https://example.org/abcdefghijklmnop", BARE),
        ("Erteñ kelıñızder", OFFICIAL_2021),
        ("Erteń kelińizder", OFFICIAL_2018),
        ("Erten kelinizder", CHAT),
        ("Қазақша жаздым. Execution Timeout Expired", None),
    ],
)
def test_the_kind_of_spelling(text: str, kind: int | None) -> None:
    assert kind_of_spelling(text) == kind


def test_english_words_in_latin_kazakh_stay() -> None:
    assert "reels" in restored("Keshke reels tusiremiz, keliñizder, balalar da kelsin").text


def test_every_letter_can_be_read_back_from_every_spelling() -> None:
    known = rules()
    for kind, writers in (
        (BARE, [RUSSIAN_KEYBOARD]),
        (OFFICIAL_2021, [LATIN_2021]),
        (OFFICIAL_2018, [LATIN_2018]),
        (CHAT, _CHATS),
    ):
        for letter in set(ALPHABET) - set("ьъ"):
            pieces = {writer.get(letter, letter) for writer in writers}
            assert all((kind, piece, letter) in known.number for piece in pieces), (KINDS[kind], letter)


def test_a_long_text_stays() -> None:
    text = "келиниздер " * 2000
    assert restored(text) == Reading(text)


@settings(max_examples=50)
@given(st.lists(st.text(st.sampled_from("аегикнорсту"), min_size=1, max_size=9), min_size=1, max_size=5))
def test_without_weights_every_word_is_still_read_letter_by_letter(words: list[str]) -> None:
    empty = Weights(np.zeros(BUCKETS, np.float32), np.zeros(len(rules().pieces), np.float32))
    for word, read in zip(words, decoded(spelt(words, [BARE] * len(words)), empty), strict=True):
        assert "".join(rules().pieces[i] for i in read) == word


def test_a_word_that_no_rule_knows_is_not_read() -> None:
    assert decoded(spelt(["жщ中", "мен"], [BARE, BARE]), shipped_weights())[0] == []


def test_the_table_is_small_and_comes_back_from_its_file(tmp_path: Path) -> None:
    weights = shipped_weights()
    write_weights(weights, tmp_path / "again.safetensors")
    content = (tmp_path / "again.safetensors").read_bytes()
    assert len(content) < 1_500_000
    again = read_weights(content, "again")
    np.testing.assert_allclose(again.table, weights.table, rtol=1e-5)
    np.testing.assert_array_equal(again.rules, weights.rules)


def test_a_damaged_table_is_refused_in_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    small = Weights(np.ones(8, np.float32), np.zeros(3, np.float32))
    write_weights(small, tmp_path / "small.safetensors")
    content = (tmp_path / "small.safetensors").read_bytes()
    for damaged in (b"", content[:40], content[:-4], content):
        with pytest.raises(InputError, match=r"^kazakh: [^\n]+\.$"):
            read_weights(damaged, "kazakh")
    monkeypatch.setattr(spelling_table, "files", lambda name: tmp_path)
    message = r"kazakh/restoration\.safetensors: cannot be read .* Install the package again"
    with pytest.raises(InputError, match=message):
        spelling_table._shipped()


def check_quotes(texts: list[str], table: pa.Table) -> None:
    for text, row in zip(texts, table.to_pylist(), strict=True):
        assert all(text[span["start"] : span["end"]] == span["quote"] for span in row["spans"])


@settings(max_examples=8)
@given(texts=st.lists(kazakh_like, max_size=4))
def test_quotes_are_of_the_text_as_given(shipped: Classifier, texts: list[str]) -> None:
    check_quotes(texts, shipped.predict(texts, ["kk"] * len(texts), max_fpr=0.5))


def test_respelt_calls_are_quoted_as_they_were_written(shipped: Classifier, written: list[dict[str, Any]]) -> None:
    calls = [post["text"] for post in written if post["lang"] == "kk" and post["label"] == "manipulative"][::25]
    texts = [respell(text, _SPELLINGS[i % len(_SPELLINGS)]).text for i, text in enumerate(calls)]
    table = shipped.predict(texts, max_fpr=0.2)
    check_quotes(texts, table)
    spans = [span for spans in table["spans"].to_pylist() for span in spans]
    assert {"call"} < {span["technique"] for span in spans}


def test_a_call_by_occlusion_is_quoted_as_it_was_written(shipped: Classifier) -> None:
    settings_ = shipped.settings.model_copy(update={"call_words": False})
    text = "Bugin aua raiy zhaqsy. Ertenggi zhinalysqa barlyghynyz kelingizder! Shai da bolady."
    (row,) = shipped.with_settings(settings_).predict([text], max_fpr=0.3).to_pylist()
    check_quotes([text], pa.Table.from_pylist([row]))
    assert [span["quote"] for span in row["spans"] if span["technique"] == "call"]


def test_respelt_posts_get_the_label_of_the_post(shipped: Classifier, written: list[dict[str, Any]]) -> None:
    texts = _proper(written)[::4]
    labels = shipped.predict(texts, call_words=False)["label"].to_pylist()
    for letters in (RUSSIAN_KEYBOARD, LATIN_2021):
        respelt = shipped.predict([respell(text, letters).text for text in texts], call_words=False)
        same = [a == b for a, b in zip(labels, respelt["label"].to_pylist(), strict=True)]
        assert np.mean(same) > 0.85


def test_a_text_is_read_by_the_language_it_is_said_to_be_in(shipped: Classifier) -> None:
    texts, languages = ["Ертен жиналыска келиниздер"] * 3, ["kk", "ru", "kk"]
    read = as_read(texts, languages)
    assert [text.read != text.given for text in read] == [True, False, True]
    assert len(set(read)) == 2
    assert shipped.predict(texts, languages)["lang"].to_pylist() == languages


def test_labels_stand_on_the_table(shipped: Classifier) -> None:
    assert spelling_table.digest() in shipped.basis
