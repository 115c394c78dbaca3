"""Estimating the table that gives Kazakh its letters back, on a few texts."""

import random
from collections import Counter
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from classifiers.errors import InputError
from classifiers.kazakh.spelling import RUSSIAN_KEYBOARD, respell
from classifiers.kazakh.table import read_weights
from classifiers.kazakh.transliteration import BARE, rules
from classifiers.training.restoration import (
    estimate,
    examples_of,
    is_proper,
    main,
    proper_texts,
    right_words,
    words_of_texts,
)


@pytest.fixture(scope="module")
def texts(written: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a kk.parquet of some written posts, and of the same without their letters."""
    posts = [post["text"] for post in written if post["lang"] == "kk"][::6]
    bare = [respell(text, RUSSIAN_KEYBOARD).text for text in posts]
    folder = tmp_path_factory.mktemp("texts")
    pq.write_table(pa.table({"text": [*posts, *bare, None, ""]}), folder / "kk.parquet")
    return folder


def test_the_same_texts_give_the_same_bytes(texts: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = [tmp_path / name for name in ("one.safetensors", "two.safetensors")]
    for file in files:
        assert main([str(texts), "--out", str(file), "--epochs", "2"]) == 0
    assert files[0].read_bytes() == files[1].read_bytes()
    assert "words of held-out texts right" in capsys.readouterr().out


def test_an_estimated_table_reads_words_that_it_was_estimated_from(texts: Path) -> None:
    posts = proper_texts(texts)
    weights = estimate(Counter(words_of_texts(posts)), epochs=4)
    right, words = right_words(posts, weights, BARE)
    unchanged = sum(word == respell(word, RUSSIAN_KEYBOARD).text for word in words_of_texts(posts))
    assert right / words > 0.8 > unchanged / words


def test_texts_without_their_letters_teach_nothing(texts: Path) -> None:
    found = proper_texts(texts)
    assert found
    assert all(map(is_proper, found))
    assert not any(is_proper(respell(text, RUSSIAN_KEYBOARD).text) for text in found)


def test_examples_lead_back_to_their_words() -> None:
    words = ["келіңіздер", "шаңырақ", "июль", "объект", "ертең"] * 20
    found = list(examples_of(words, random.Random(3)))
    letters = rules().letters
    assert {"".join(letters[i] for i in example.gold) for example in found} >= {"келіңіздер", "шаңырақ", "ертең"}
    assert all("".join(rules().pieces[i] for i in example.gold) == example.piece for example in found)


def test_a_folder_without_such_texts_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(InputError, match=r"kk\.parquet: cannot be read"):
        proper_texts(tmp_path)
    pq.write_table(pa.table({"text": ["Завтра субботник"]}), tmp_path / "kk.parquet")
    with pytest.raises(InputError, match="no text with Kazakh letters"):
        proper_texts(tmp_path)
    assert main([str(tmp_path), "--out", str(tmp_path / "out.safetensors")]) == 2
    assert "no text with Kazakh letters" in capsys.readouterr().err
    assert not (tmp_path / "out.safetensors").exists()


def test_what_is_written_can_be_read(texts: Path, tmp_path: Path) -> None:
    file = tmp_path / "table.safetensors"
    assert main([str(texts), "--out", str(file), "--epochs", "1"]) == 0
    assert read_weights(file.read_bytes(), "table").table.any()
