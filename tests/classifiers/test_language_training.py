"""Estimating the table of languages, on a few texts of each."""

import random
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from classifiers.errors import InputError
from classifiers.ngrams import CLASSES, word_evidence
from classifiers.training.languages import drawn_texts, estimate, is_held_out, training_units, write


def test_an_estimated_table_tells_new_texts_apart(written: list[dict[str, Any]], tmp_path: Path) -> None:
    places = {"kk": 0, "ru": 1, "en": 3}
    posts = [post for post in written if post["lang"] in places]
    units = [(post["text"].lower().split(), places[post["lang"]]) for post in posts]
    table = estimate(units[::4])
    hits = [word_evidence(words, table).sum(axis=0).argmax() == place for words, place in units[1::4]]
    assert sum(hits) / len(hits) > 0.97
    write(table, tmp_path / "table.safetensors")
    from safetensors.numpy import load_file

    stored = load_file(tmp_path / "table.safetensors")
    rounded = stored["weights"].astype(np.float32) * stored["scale"]
    assert np.abs(rounded - table).max() <= np.abs(table).max() / 2
    assert np.mean(np.abs(rounded - table)) < stored["scale"][0]


def test_drawn_texts_are_on_one_side_of_the_split(tmp_path: Path) -> None:
    texts = [f"текст номер {i}" for i in range(400)]
    pq.write_table(pa.table({"text": texts}), tmp_path / "ru.parquet")
    kept = drawn_texts(tmp_path / "ru.parquet", 1000, random.Random(0), held_out=True)
    used = drawn_texts(tmp_path / "ru.parquet", 1000, random.Random(0), held_out=False)
    assert all(map(is_held_out, kept))
    assert set(kept) | set(used) == set(texts)
    assert not set(kept) & set(used)
    assert len(drawn_texts(tmp_path / "ru.parquet", 20, random.Random(0), held_out=False)) <= 20


def test_missing_texts_and_catalogues_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no gettext catalogue"):
        training_units(tmp_path, tmp_path)
    with pytest.raises(InputError, match=r"kk\.parquet: no such file"):
        drawn_texts(tmp_path / "kk.parquet", 1, random.Random(0), held_out=False)


def test_every_class_has_a_place() -> None:
    assert CLASSES.index("kk") == 0
    assert len(set(CLASSES)) == len(CLASSES)
