"""What is exported is what stands in the study: the same rows, whole or not at all."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from influence.errors import InputError
from influence.show import export, grid_of, ordered, rows_of
from influence.study import Study

NASTY = '=1+1, "quoted"\nnext line; таб\tҚазақ \u202eright to left\u202c \x1b[31m [bold]'
Day = Callable[[int], datetime]


@pytest.fixture
def filled(study: Study, fill: Any, day: Day) -> Study:
    posts = [
        {
            "post_id": f"x:{n}",
            "actor_id": f"x:@a{n % 3}",
            "platform": "x",
            "created_at": day(1 + n % 20).replace(microsecond=n) if n % 5 else None,
            "text": NASTY if n % 2 else None,
            "views": n if n % 3 else None,
        }
        for n in range(60)
    ]
    fill(study, posts=posts)
    return study


def _cell(value: object) -> str:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat().replace("+00:00", "Z")
    return "" if value is None else str(value)


def test_csv_gives_every_row_back(filled: Study, tmp_path: Path) -> None:
    table = ordered("posts", filled.show("posts"))
    assert export(filled, table, tmp_path / "posts.csv", "csv") == 60
    with (tmp_path / "posts.csv").open(encoding="utf-8", newline="") as file:
        read = list(csv.DictReader(file))
    assert read == [
        {name: _cell(value) for name, value in row.items()} for row in filled.engine.fetch(table).to_pylist()
    ]


def test_json_gives_every_row_back(filled: Study, tmp_path: Path) -> None:
    table = ordered("posts", filled.show("posts"))
    assert export(filled, table, tmp_path / "posts.json", "json") == 60
    read = json.loads((tmp_path / "posts.json").read_text(encoding="utf-8"))
    assert read == rows_of(filled.engine.fetch(table))


def test_parquet_gives_every_row_back_with_its_types(filled: Study, tmp_path: Path) -> None:
    table = ordered("posts", filled.show("posts"))
    assert export(filled, table, tmp_path / "posts.parquet", "parquet") == 60
    read = pq.read_table(tmp_path / "posts.parquet")
    assert read.to_pylist() == filled.engine.fetch(table).to_pylist()
    assert read.schema.field("views").type == pa.int64()


def test_lists_stand_in_csv_as_json(study: Study, tmp_path: Path) -> None:
    import ibis

    rows = ibis.memtable(pa.table({"id": ["a", "b"], "spans": [[{"start": 1, "end": 3}], None]}))
    export(study, rows.order_by("id"), tmp_path / "spans.csv", "csv")
    with (tmp_path / "spans.csv").open(encoding="utf-8", newline="") as file:
        first, second = csv.DictReader(file)
    assert json.loads(first["spans"]) == [{"start": 1, "end": 3}]
    assert second["spans"] == ""


def test_an_empty_table_has_its_header_in_every_format(study: Study, tmp_path: Path) -> None:
    for kind in ("csv", "json", "parquet"):
        assert export(study, study.show("objects"), tmp_path / f"objects.{kind}", kind) == 0
    assert (tmp_path / "objects.csv").read_text().startswith('"post_id","actor_id","kind","object","at"')
    assert json.loads((tmp_path / "objects.json").read_text()) == []
    assert pq.read_schema(tmp_path / "objects.parquet").names == ["post_id", "actor_id", "kind", "object", "at"]


def test_two_exports_of_one_table_are_the_same_file(filled: Study, tmp_path: Path) -> None:
    for name in ("one", "two"):
        export(filled, ordered("posts", filled.show("posts")), tmp_path / name, "csv")
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_a_failed_export_leaves_the_old_file_and_nothing_else(
    filled: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "posts.csv").write_text("the old file")

    def refuse(*_: object) -> None:
        raise PermissionError(13, "Permission denied", str(out / "posts.csv"))

    monkeypatch.setattr("influence.show.os.replace", refuse)
    with pytest.raises(InputError, match="no permission"):
        export(filled, filled.show("posts"), out / "posts.csv", "csv")
    assert [file.name for file in out.iterdir()] == ["posts.csv"]
    assert (out / "posts.csv").read_text() == "the old file"


@pytest.mark.parametrize(("target", "reason"), [("no/such/posts.csv", "there is no folder"), (".", "it is a folder")])
def test_a_target_that_cannot_be_is_named(filled: Study, tmp_path: Path, target: str, reason: str) -> None:
    with pytest.raises(InputError, match=reason):
        export(filled, filled.show("posts"), tmp_path / target, "csv")


def test_there_is_no_other_format(filled: Study, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="'xml'"):
        export(filled, filled.show("posts"), tmp_path / "posts.xml", "xml")


def test_a_grid_merges_intervals_and_names_what_is_empty(filled: Study) -> None:
    table = pa.table(
        {
            "actor_id": ["x:1", "x:2"],
            "value": [12_300.0, None],
            "low": [11_900.0, None],
            "high": [12_700.0, None],
            "note": pa.array([None, None], pa.string()),
        }
    )
    grid = grid_of(table, total=5, name="reach")
    assert [column.header for column in grid.columns] == ["actor_id", "value"]
    assert list(grid.rows) == [("x:1", "12.3k (11.9–12.7k)"), ("x:2", "–")]
    assert any("2 of 5 rows" in note for note in grid.notes)
    assert any("note" in note for note in grid.notes)


def test_no_text_can_steer_a_terminal(filled: Study) -> None:
    grid = grid_of(filled.engine.fetch(filled.show("posts")))
    letters = {letter for row in grid.rows for cell in row for letter in cell}
    assert all(letter.isprintable() for letter in letters)
    assert any("[bold]" in cell for row in grid.rows for cell in row)
