"""Labels for a file of texts: what goes in comes out, with the labels beside it."""

from __future__ import annotations

import csv
import gzip
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, ClassVar

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import classifiers
from influence import texts
from influence.errors import InputError
from influence.texts import classify_texts


class FakeClassifier:
    """A call is a text that starts with `!`."""

    basis: ClassVar[str] = "fake"
    asked: ClassVar[list[str]] = []
    stop_after: ClassVar[int | None] = None

    def predict(
        self, texts: Sequence[str], *, max_fpr: float, progress: Callable[[int], None] | None = None
    ) -> pa.Table:
        if self.stop_after is not None and len(self.asked) >= self.stop_after:
            raise KeyboardInterrupt
        self.asked.extend(texts)
        row: dict[str, Any] = {"lang": "kk", "call": "none", "p_call": 0.1, "p_manipulative": 0.2, "model": "fake"}
        row |= {"call_types": ["attend"], "techniques": [], "spans": [], "p_techniques": None}
        rows = [{**row, "label": "positive" if text.startswith("!") else "none"} for text in texts]
        return pa.Table.from_pylist(rows, schema=classifiers.LABEL_SCHEMA)


@pytest.fixture(autouse=True)
def fake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(texts, "ROWS", 2)
    monkeypatch.setattr(FakeClassifier, "asked", [])
    monkeypatch.setattr(classifiers, "load", lambda model: FakeClassifier(), raising=False)


ROWS: list[dict[str, Any]] = [{"id": 1, "text": "!келіңіздер"}, {"id": 2, "text": "жаңалық"}, {"id": 3, "text": None}]


def _jsonl(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def test_lines_of_json_keep_their_values(tmp_path: Path) -> None:
    source = tmp_path / "posts.jsonl"
    source.write_text("\n".join(json.dumps({**row, "tags": ["a"]}) for row in ROWS), encoding="utf-8")
    report = classify_texts(source)
    assert report.out == tmp_path / "posts.labels.jsonl"
    rows = _jsonl(report.out)
    assert [(row["id"], row["tags"], row["label"]) for row in rows] == [
        (1, ["a"], "positive"),
        (2, ["a"], "none"),
        (3, ["a"], "none"),
    ]
    assert (report.rows, report.labels["positive"], report.unreadable) == (3, 1, 0)


def test_a_broken_line_is_counted_and_the_rest_is_labelled(tmp_path: Path) -> None:
    source = tmp_path / "posts.jsonl"
    source.write_text('{"text": "!a"}\n{"text": \n{"text": "b"}\n', encoding="utf-8")
    report = classify_texts(source, out=tmp_path / "out.csv")
    assert (report.rows, report.unreadable) == (2, 1)


def test_csv_comes_out_as_csv_with_lists_as_json(tmp_path: Path) -> None:
    source = tmp_path / "posts.csv.gz"
    source.write_bytes(gzip.compress("id,lang,message\n1,ru,!приходите\n2,ru,новость\n".encode()))
    report = classify_texts(source, column="message")
    with report.out.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert report.out.name == "posts.labels.csv"
    assert [(row["id"], row["lang_input"], row["lang"], row["label"]) for row in rows] == [
        ("1", "ru", "kk", "positive"),
        ("2", "ru", "kk", "none"),
    ]
    assert json.loads(rows[0]["call_types"]) == ["attend"]


def test_parquet_keeps_its_types(tmp_path: Path) -> None:
    pq.write_table(pa.Table.from_pylist(ROWS), tmp_path / "posts.parquet")
    table = pq.read_table(classify_texts(tmp_path / "posts.parquet").out)
    assert table.schema.field("id").type == pa.int64()
    assert table.column("label").to_pylist() == ["positive", "none", "none"]
    assert table.schema.field("spans").type == classifiers.LABEL_SCHEMA.field("spans").type


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("posts.csv", "id,body\n1,a\n", r"no column 'text'; its columns are id, body.*--column"),
        ("posts.csv", "", "empty"),
        ("posts.jsonl", "no json at all", "no column 'text'"),
    ],
)
def test_what_is_wrong_with_a_file_is_said_in_one_line(tmp_path: Path, name: str, content: str, words: str) -> None:
    (tmp_path / name).write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=words) as caught:
        classify_texts(tmp_path / name)
    assert "\n" not in str(caught.value)
    assert [file.name for file in tmp_path.iterdir()] == [name]


def test_the_texts_are_never_written_over(tmp_path: Path) -> None:
    source = tmp_path / "posts.csv"
    source.write_text("text\n!a\n", encoding="utf-8")
    with pytest.raises(InputError, match="--out"):
        classify_texts(source, out=source)
    with pytest.raises(InputError, match="can be written as"):
        classify_texts(source, out=tmp_path / "labels.txt")
    with pytest.raises(InputError, match="is no file"):
        classify_texts(tmp_path / "nothing.csv")
    assert source.read_text(encoding="utf-8") == "text\n!a\n"


def test_a_stop_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    source = tmp_path / "posts.csv"
    source.write_text("text\n!a\n", encoding="utf-8")
    monkeypatch.setattr(FakeClassifier, "predict", stop)
    with pytest.raises(KeyboardInterrupt):
        classify_texts(source)
    assert [file.name for file in tmp_path.iterdir()] == ["posts.csv"]


def _stopped(source: Path, out: Path, after: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FakeClassifier, "stop_after", after)
    with pytest.raises(KeyboardInterrupt):
        classify_texts(source, out=out)
    monkeypatch.setattr(FakeClassifier, "stop_after", None)
    FakeClassifier.asked.clear()


@pytest.mark.parametrize("ending", [".jsonl", ".csv", ".parquet"])
@pytest.mark.parametrize("after", [2, 4, 6])
def test_a_stopped_run_goes_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str, after: int) -> None:
    source, out = tmp_path / "posts.jsonl", tmp_path / f"out{ending}"
    source.write_text("".join(json.dumps({"text": f"!{i}"}) + "\n" for i in range(7)), encoding="utf-8")
    whole = classify_texts(source, out=tmp_path / f"whole{ending}").out.read_bytes()
    FakeClassifier.asked.clear()
    _stopped(source, out, after, monkeypatch)
    assert not out.exists()
    report = classify_texts(source, out=out)
    assert out.read_bytes() == whole
    assert FakeClassifier.asked == [f"!{i}" for i in range(after, 7)]
    assert report.remark is not None
    assert "continued" in report.remark
    assert sorted(file.name for file in tmp_path.iterdir()) == sorted([source.name, out.name, f"whole{ending}"])


def test_a_changed_file_is_labelled_anew(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, out = tmp_path / "posts.csv", tmp_path / "out.csv"
    source.write_text("text\na\nb\nc\n", encoding="utf-8")
    _stopped(source, out, 2, monkeypatch)
    source.write_text("text\nx\ny\nz\n", encoding="utf-8")
    report = classify_texts(source, out=out)
    assert FakeClassifier.asked == ["x", "y", "z"]
    assert report.remark is not None
    assert "anew" in report.remark


def test_a_text_is_labelled_once_in_all_blocks(tmp_path: Path) -> None:
    source = tmp_path / "posts.csv"
    source.write_text("text\n" + "a\nb\n" * 9, encoding="utf-8")
    assert classify_texts(source).rows == 18
    assert FakeClassifier.asked == ["a", "b"]
