"""The doctor finds what is broken, says what to do, and changes nothing."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from influence import doctor
from influence.doctor import Finding, examine
from influence.study import Study


@pytest.fixture(autouse=True)
def without_the_slow_checks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The model and the processor have tests of their own: importing torch takes longer than all of these."""
    quick = {name: check for name, check in doctor._INSTALLATION.items() if name not in ("processor", "model")}
    monkeypatch.setattr(doctor, "_INSTALLATION", quick)
    monkeypatch.setattr("influence.pipeline._model_state", lambda *_: "a model")


@pytest.fixture
def filled(study: Study, fill: Any, day: Callable[[int], datetime]) -> Study:
    actors = [{"actor_id": f"x:{n}", "platform": "x", "handle": f"a{n}", "followers": 10} for n in range(4)]
    posts = [{"post_id": f"x:p{n}", "actor_id": f"x:{n % 4}", "platform": "x", "created_at": day(n)} for n in range(9)]
    acts = [{"source": f"x:{n % 4}", "target": f"x:{(n + 1) % 4}", "kind": "reshare", "at": day(n)} for n in range(9)]
    fill(study, actors=actors, posts=posts, interactions=acts)
    (study.folder / "actors.csv").write_text("handle,platform,kind\na1,x,leader\na2,x,media\n")
    settings = (study.folder / "study.toml").read_text()
    (study.folder / "study.toml").write_text(settings.replace("# population = 412000", "population = 5000"))
    return Study.open(study.folder)


def _found(study: Study, check: str) -> list[Finding]:
    return [finding for finding in examine(study) if finding.check == check]


def _statuses(study: Study | None) -> set[str]:
    return {finding.status for finding in examine(study)}


def test_a_sound_study_has_no_failure_and_no_warning(filled: Study) -> None:
    assert {
        finding.check: finding.status for finding in examine(filled) if finding.status in ("warning", "failed")
    } == {}


def test_without_a_study_the_installation_is_examined() -> None:
    assert {finding.check for finding in examine()} == {"program", "libraries", "engine", "memory"}


def test_an_empty_study_is_no_failure(study: Study) -> None:
    assert "failed" not in _statuses(study)


def test_nothing_is_changed(filled: Study) -> None:
    before = {file: file.read_bytes() for file in filled.folder.rglob("*") if file.is_file()}
    examine(filled)
    assert {file: file.read_bytes() for file in filled.folder.rglob("*") if file.is_file()} == before


@pytest.mark.parametrize("damage", ["missing", "truncated", "fewer rows"])
def test_a_damaged_part_fails_with_its_import_named(filled: Study, damage: str) -> None:
    part = filled.parts("posts")[0]
    if damage == "missing":
        part.unlink()
    elif damage == "truncated":
        part.write_bytes(part.read_bytes()[:-20])
    else:
        pq.write_table(pq.read_table(part).slice(1), part)
    failed = [finding for finding in _found(filled, "parts") if finding.status == "failed"]
    assert len(failed) == 1
    assert "posts" in failed[0].detail
    assert "imports/" in failed[0].remedy


def test_a_damaged_record_fails(filled: Study) -> None:
    record = next((filled.folder / "imports").glob("*.json"))
    record.write_text(record.read_text()[:-10])
    assert {finding.status for finding in _found(filled, "parts")} == {"failed"}


def test_a_record_that_does_not_reconcile_fails(filled: Study) -> None:
    record = next((filled.folder / "imports").glob("*.json"))
    record.write_text(json.dumps({**json.loads(record.read_text()), "kept": 1}))
    assert {finding.status for finding in _found(filled, "parts")} == {"failed"}


def test_parts_of_a_killed_import_are_noted_and_do_no_harm(filled: Study) -> None:
    orphan = filled.folder / "tables" / "posts" / "part-0123456789abcdef.parquet"
    pq.write_table(pa.table({"a": [1]}), orphan)
    (finding,) = _found(filled, "remains")
    assert finding.status == "note"
    assert orphan.name in finding.detail
    assert "failed" not in _statuses(filled)


def test_a_roster_row_that_names_nobody_is_named(filled: Study) -> None:
    with (filled.folder / "actors.csv").open("a") as roster:
        roster.write("nobody,x,leader\n")
    (finding,) = _found(filled, "roster")
    assert finding.status == "warning"
    assert "1 of 3" in finding.detail
    assert "nobody" in finding.detail


def test_an_outlet_that_only_audiences_name_is_found(filled: Study, fill: Any) -> None:
    with (filled.folder / "actors.csv").open("a") as roster:
        roster.write("gazette,press,media\n")
    fill(filled, audiences=[{"actor_id": "press:gazette", "measure": "circulation", "value": 5000.0}])
    assert [finding.status for finding in _found(filled, "roster")] == ["ok"]
    assert _found(filled, "audiences") == []


def test_audiences_of_nobody_are_named(filled: Study, fill: Any) -> None:
    fill(filled, audiences=[{"actor_id": "press:unknown", "measure": "circulation", "value": 5000.0}])
    (finding,) = _found(filled, "audiences")
    assert (finding.status, "press:unknown" in finding.detail) == ("warning", True)


def test_interactions_without_a_target_are_counted(filled: Study, fill: Any) -> None:
    fill(filled, interactions=[{"source": "x:1", "kind": "reply", "target_post": "x:nowhere"}])
    (finding,) = _found(filled, "interactions")
    assert "1 of 10" in finding.detail


def test_results_out_of_date_are_named(filled: Study, fill: Any) -> None:
    filled.leaders(replicates=40)
    assert "leaders" in _found(filled, "up to date")[0].detail, "other parameters than study.toml's"
    filled.leaders()
    assert "leaders" not in _found(filled, "up to date")[0].detail
    fill(filled, posts=[{"post_id": "x:new", "actor_id": "x:1", "platform": "x"}])
    assert "leaders" in _found(filled, "up to date")[0].detail


def test_a_damaged_result_fails(filled: Study) -> None:
    filled.leaders(replicates=40)
    file: Path = filled.results("leaders")[0].file("leaders")
    file.write_bytes(b"PAR1")
    assert [finding.status for finding in _found(filled, "results")] == ["failed"]


def test_a_check_that_breaks_off_is_a_failure(filled: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(doctor._STUDY, "roster", lambda _: 1 // 0)
    (finding,) = _found(filled, "roster")
    assert finding.status == "failed"
    assert "ZeroDivisionError" in finding.detail


def test_the_command_ends_with_one_if_a_check_failed(filled: Study, capsys: pytest.CaptureFixture[str]) -> None:
    from influence.cli import main

    def code(*words: str) -> object:
        with pytest.raises(SystemExit) as end:
            main(["doctor", "--study", str(filled.folder), *words])
        return end.value.code

    assert code() == 0
    filled.parts("posts")[0].unlink()
    capsys.readouterr()
    assert code("--json") == 1
    out, err = capsys.readouterr()
    document = json.loads(out)
    assert document["ok"] is False
    assert "parts" in {finding["check"] for finding in document["findings"] if finding["status"] == "failed"}
    assert err.startswith("influence: ")
    assert len(err.splitlines()) == 1
