"""The study folder: what is committed is seen, what is not is not, and nothing in between."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from influence import Study
from influence.errors import InputError, StudyError, exit_code
from influence.files import content_hash
from influence.records import ImportRecord
from influence.settings import Window, read_settings
from influence.tables import SCHEMA_VERSION, SCHEMAS, conform

POST = {"post_id": "x:1", "actor_id": "x:9", "platform": "x", "text": "сәлем"}


def test_a_new_study_opens_and_every_table_is_there_and_empty(study: Study) -> None:
    assert study.settings.name == "Тест"
    for name, schema in SCHEMAS.items():
        rows = study.engine.fetch(study.table(name))
        assert (rows.num_rows, rows.column_names) == (0, schema.names)


def test_a_folder_is_not_made_a_study_twice(study: Study) -> None:
    before = (study.folder / "study.toml").read_bytes()
    with pytest.raises(StudyError, match="is a study already"):
        Study.create(study.folder)
    assert (study.folder / "study.toml").read_bytes() == before


def test_a_folder_that_is_no_study_names_the_remedy(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"influence init"):
        Study.open(tmp_path)


def test_a_study_of_a_newer_version_is_refused(study: Study) -> None:
    file = study.folder / "study.toml"
    old, new = f"schema_version = {SCHEMA_VERSION}", f"schema_version = {SCHEMA_VERSION + 1}"
    file.write_text(file.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    with pytest.raises(StudyError, match=f"schema version {SCHEMA_VERSION + 1}, this program knows {SCHEMA_VERSION}"):
        Study.open(study.folder)


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("population = 0", "population: .*greater than 0"),
        ("population = 'many'", "population: .*got 'many'"),
        ("popluation = 5", "popluation: "),
        ("[window]\nstart = 2026-04-01\nend = 2026-03-01", "window: .*ends"),
        ("[audiences]\nreaders_per_copy = [1.0, 2.0, 3.0]", "source"),
        ("population =", r"study\.toml"),
    ],
)
def test_a_mistake_in_the_settings_is_named(study: Study, line: str, words: str) -> None:
    (study.folder / "study.toml").write_text(f'name = "s"\n{line}\n', encoding="utf-8")
    with pytest.raises(StudyError, match=words) as caught:
        read_settings(study.folder)
    assert "\n" not in str(caught.value)
    assert exit_code(caught.value) == 2


def test_rows_come_back_as_they_went_in(study: Study, fill: Any) -> None:
    fill(study, posts=[POST, {**POST, "post_id": "x:2", "views": 7}])
    rows = study.engine.fetch(study.table("posts").order_by("post_id")).to_pylist()
    assert [(row["post_id"], row["views"]) for row in rows] == [("x:1", None), ("x:2", 7)]


def test_a_part_without_its_record_does_not_count(study: Study, fill: Any) -> None:
    record = fill(study, posts=[POST])
    os.remove(study.folder / "imports" / f"{record.fingerprint}.json")
    again = Study.open(study.folder)
    assert again.engine.fetch(again.table("posts")).num_rows == 0
    assert again.parts("posts") == []


def test_an_import_that_does_not_reconcile_is_refused() -> None:
    with pytest.raises(StudyError, match="3 read, but 1 kept"):
        ImportRecord("f", "file.json", "json", "posts", read=3, kept=1, duplicates=1, rejected=0)


def test_results_are_keyed_by_their_parameters(study: Study) -> None:
    one, two = pa.table({"a": [1]}), pa.table({"a": [2]})
    study.save_result("reach", {"window": "a"}, {"reach": one}, {"finished_at": "1"})
    study.save_result("reach", {"window": "b"}, {"reach": two}, {"finished_at": "2"})
    first, second = study.result("reach", {"window": "a"}), study.result("reach")
    assert first is not None
    assert second is not None
    assert first.arrow("reach").equals(one)
    assert second.arrow("reach").equals(two)
    study.save_result("reach", {"window": "a"}, {"reach": two}, {"finished_at": "3"})
    assert len(study.results("reach")) == 2
    assert not list((study.folder / "results" / "reach").glob(".*"))


def test_a_result_that_was_being_written_does_not_count(study: Study) -> None:
    result = study.save_result("reach", {}, {"reach": pa.table({"a": [1]})}, {})
    (result.folder / "run.json").unlink()
    assert study.result("reach", {}) is None
    study.save_result("reach", {}, {"reach": pa.table({"a": [1]})}, {})
    assert study.result("reach", {}) is not None


def test_a_folder_that_cannot_be_written_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(InputError, match="cannot be written"):
        Study.create(tmp_path / "file" / "study")


def test_no_permission_is_one_clear_line(study: Study, fill: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(source: object, target: object) -> None:
        raise PermissionError(13, "Permission denied", str(target))

    monkeypatch.setattr(os, "replace", refuse)
    with pytest.raises(InputError, match="no permission"):
        fill(study, posts=[POST])
    monkeypatch.undo()
    assert study.imports() == []


def test_a_damaged_record_names_its_file(study: Study, fill: Any) -> None:
    record = fill(study, posts=[POST])
    file = study.folder / "imports" / f"{record.fingerprint}.json"
    file.write_text(json.dumps({"fingerprint": "x"}), encoding="utf-8")
    with pytest.raises(StudyError, match=record.fingerprint):
        study.imports()


@given(st.dictionaries(st.text(), st.integers() | st.text() | st.none(), max_size=4))
def test_the_hash_does_not_depend_on_the_order_of_keys(value: dict[str, object]) -> None:
    assert content_hash(value) == content_hash(dict(reversed(value.items())))


@pytest.mark.parametrize("text", ["2026-03-01", "2026-03-01..2026-02-01", "1..2", "a..b"])
def test_a_window_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="Write it as"):
        Window.parse(text)


def test_windows_may_be_open() -> None:
    assert str(Window.parse("2026-03-01..")) == "2026-03-01.."
    assert str(Window()) == "all times"


def test_an_unknown_column_or_value_is_named() -> None:
    with pytest.raises(InputError, match="no column 'likes'"):
        conform("posts", pa.table({"likes": [1]}))
    with pytest.raises(InputError, match="column views"):
        conform("posts", pa.table({"views": ["many"]}))
