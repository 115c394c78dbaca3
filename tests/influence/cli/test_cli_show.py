"""`show` prints or writes; `--csv` and `--json` may stand without a file."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from influence.cli.job import with_files
from influence.study import Study

Run = Callable[..., Any]
WITH_VALUE = {"--csv", "--json", "--parquet", "--limit", "--study", "--engine"}


@pytest.fixture
def filled(study: Study, fill: Any) -> Study:
    posts = [
        {"post_id": f"x:{n:02}", "actor_id": "x:1", "platform": "x", "text": f"мәтін {n}", "views": n}
        for n in range(30)
    ]
    fill(study, posts=posts)
    return study


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        ("posts --csv", "posts --csv -"),
        ("posts --csv f.csv", "posts --csv f.csv"),
        ("posts --csv -", "posts --csv -"),
        ("posts --csv --limit 3", "posts --csv - --limit 3"),
        ("--csv posts", "--csv - posts"),
        ("--study s --json posts", "--study s --json - posts"),
        ("--limit 3 posts --json f.json", "--limit 3 posts --json f.json"),
        ("posts --csv=f.csv", "posts --csv=f.csv"),
        ("--debug posts --json", "--debug posts --json -"),
        ("posts --parquet f", "posts --parquet f"),
        ("posts -- --csv", "posts -- --csv"),
        ("posts", "posts"),
    ],
)
def test_a_file_may_be_left_out(words: str, meant: str) -> None:
    assert with_files(words.split(), WITH_VALUE) == meant.split()


@given(st.lists(st.sampled_from(["posts", "--csv", "--json", "--limit", "3", "-", "--debug", "--", "f.csv"])))
def test_words_are_only_added_and_only_a_dash_after_an_option(words: list[str]) -> None:
    done = with_files(words, WITH_VALUE)
    rest = iter(done)
    assert all(any(word == other for other in rest) for word in words), "the words are there, in their order"
    assert done.count("-") - words.count("-") == len(done) - len(words)


def test_json_is_one_document_of_all_rows(influence: Run, filled: Study) -> None:
    ended = influence("show", "posts", "--json", "--study", filled.folder)
    rows = ended.json()
    assert ended.err == ""
    assert [row["post_id"] for row in rows] == [f"x:{n:02}" for n in range(30)]
    assert rows[3]["text"] == "мәтін 3"


def test_csv_on_standard_output(influence: Run, filled: Study) -> None:
    ended = influence("show", "posts", "--csv", "--limit", "7", "--study", filled.folder)
    assert [row["views"] for row in csv.DictReader(io.StringIO(ended.out))] == [str(n) for n in range(7)]


def test_files_are_written_and_standard_output_stays_empty(influence: Run, filled: Study, tmp_path: Path) -> None:
    for option, name in (("--csv", "p.csv"), ("--json", "p.json"), ("--parquet", "p.parquet")):
        ended = influence("show", "posts", option, tmp_path / name, "--study", filled.folder)
        assert (ended.code, ended.out) == (0, "")
        assert "30 rows" in ended.err
    assert len((tmp_path / "p.csv").read_text(encoding="utf-8").splitlines()) == 31
    assert len(json.loads((tmp_path / "p.json").read_text(encoding="utf-8"))) == 30
    assert pq.read_metadata(tmp_path / "p.parquet").num_rows == 30


def test_the_first_twenty_rows_are_printed_and_the_rest_counted(influence: Run, filled: Study) -> None:
    shown = influence("show", "posts", "--study", filled.folder).out
    assert "20 of 30 rows" in shown
    assert "x:19" in shown
    assert "x:20" not in shown
    everything = influence("show", "posts", "--limit", "0", "--study", filled.folder).out
    assert "x:29" in everything
    assert "of 30 rows" not in everything


def test_an_empty_table_says_so(influence: Run, study: Study) -> None:
    assert influence("show", "rejects", "--study", study.folder).out == "Table rejects has no rows.\n"


def test_looking_changes_nothing(influence: Run, filled: Study, bytes_of: Callable[[Path], dict[str, bytes]]) -> None:
    before = bytes_of(filled.folder)
    for words in (["posts"], ["actors", "--json"], ["interactions", "--csv"]):
        influence("show", *words, "--study", filled.folder)
    assert bytes_of(filled.folder) == before


def test_a_study_without_cascades_says_why_there_is_no_table(influence: Run, filled: Study) -> None:
    ended = influence("cascades", "--study", filled.folder)
    assert ended.code == 0
    assert ended.out.startswith("No cascade: no reshare in the window names the post")
