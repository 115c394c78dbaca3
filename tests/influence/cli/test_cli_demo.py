"""The bundled study goes from files to a report, and every command works on it."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any

import pytest

from influence.demo import run_demo
from influence.errors import StudyError
from influence.study import Study

Run = Callable[..., Any]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """The demo study as `influence demo` makes it, once for all tests of this file."""
    folder = tmp_path_factory.mktemp("demo")
    words = [sys.executable, "-m", "influence", "demo"]
    environment = {name: value for name, value in os.environ.items() if name != "INFLUENCE_STUDY"}
    done = subprocess.run(words, capture_output=True, encoding="utf-8", cwd=folder, env=environment)
    return folder / "influence-demo", done


@pytest.fixture(scope="module")
def demo(made: tuple[Path, subprocess.CompletedProcess[str]]) -> Path:
    assert made[1].returncode == 0, made[1].stderr
    return made[0]


def test_demo_ends_with_the_path_of_a_report(made: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    folder, done = made
    assert (done.returncode, done.stderr) == (0, "")
    report = folder.parent / done.stdout.splitlines()[-1]
    assert report.suffix == ".html"
    assert report.stat().st_size > 10_000
    assert "\x1b" not in done.stdout


def test_demo_again_goes_on_and_computes_nothing(demo: Path, influence: Run) -> None:
    ended = influence("demo", demo, "--no-open")
    assert ended.code == 0, ended.err
    assert ended.out.count("up to date") == 8
    assert influence("demo", demo, "--json").json()["report"].endswith(".html")


def test_every_figure_of_the_demo_reconciles(demo: Path) -> None:
    records = Study.open(demo).imports()
    assert sum(record.read for record in records) > 1000
    assert {"telegram_desktop", "x_api_v2"} <= {record.format for record in records}
    assert all(record.read == record.kept + record.duplicates + record.rejected for record in records)


def test_the_doctor_is_content_with_the_demo(demo: Path, influence: Run) -> None:
    document = influence("doctor", "--study", demo, "--json").json()
    assert document["ok"]
    found = {finding["check"]: finding["status"] for finding in document["findings"]}
    assert found["roster"] == found["parts"] == found["results"] == found["model"] == "ok"
    assert "up to date" not in found


RESULTS = {
    "reach": "reach",
    "compare": "comparison",
    "leaders": "leaders",
    "coordination": "coordination_edges",
    "classify": "labels",
    "flags": "flags",
}


@pytest.mark.parametrize(("command", "table"), RESULTS.items())
def test_results_as_json_are_the_table_and_its_run(demo: Path, influence: Run, command: str, table: str) -> None:
    ended = influence(command, "--study", demo, "--json")
    assert (ended.code, ended.err) == (0, "")
    document = ended.json()
    assert document["table"] == table
    assert document["run"]["rows"][table] == len(document["rows"])
    assert document["run"]["params"] is not None
    shown = influence("show", table, "--json", "--study", demo).json()
    assert sorted(map(json.dumps, shown)) == sorted(map(json.dumps, document["rows"]))


@pytest.mark.parametrize(
    "words", [[command] for command in RESULTS] + [["run"], ["doctor"], ["show", "posts"]], ids=str
)
def test_in_a_pipe_there_is_plain_text_and_no_noise(demo: Path, influence: Run, words: list[str]) -> None:
    ended = influence(*words, "--study", demo)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out
    assert "\x1b" not in ended.out
    assert "nan" not in ended.out.lower().split()


def test_reach_names_people_and_says_why_a_cell_is_empty(demo: Path, influence: Run) -> None:
    out = influence("reach", "--study", demo).out
    assert "Айбар" in out
    assert re.search(r"– \[1\]", out)
    assert "[1] no " in out
    assert "95% intervals" in out


def test_exactly_the_planted_leaders_are_proposed_and_who_was_looked_at_is_said(demo: Path, influence: Run) -> None:
    truth = json.loads((resources.files("influence._data") / "demo" / "truth.json").read_text(encoding="utf-8"))
    document = influence("flags", "--study", demo, "--json").json()
    rows = {row["actor_id"]: row for row in document["rows"]}
    assert rows.keys() == {row["actor_id"] for row in truth["manipulative"]}
    assert all(row["q_false_alarms"] < 0.05 and row["rate_low"] > 0.1 for row in rows.values())
    everybody = next(row for row in document["considered"] if row["kind"] == "all")
    assert everybody["accounts"] >= everybody["enough_posts"] >= everybody["above_rate"] >= everybody["flagged"] == 2
    assert all(review["decided"] == 0 < review["evidence"] for review in document["reviewed"].values())
    out = influence("flags", "--study", demo).out
    for said in (
        "2 account(s) proposed for review",
        "Looked at:",
        "proposed, not confirmed",
        "Sorted by expected harm",
    ):
        assert said in out


def test_why_nobody_is_proposed_is_said(demo: Path, tmp_path: Path, influence: Run) -> None:
    shutil.copytree(demo, tmp_path / "study")
    for words, said in ((["--min-posts", 9999], "none has 9999 labelled"), (["--min-rate", 0.9], "none is above 90%")):
        ended = influence("flags", *words, "--study", tmp_path / "study")
        assert ended.code == 0, ended.err
        assert "No account is proposed for review" in ended.out
        assert said in ended.out


def test_two_windows_are_two_results(demo: Path, tmp_path: Path, influence: Run) -> None:
    study = tmp_path / "study"
    shutil.copytree(demo, study)
    before = len(Study.open(study).results("leaders"))
    for window in ("2026-03-01..2026-03-20", "2026-03-21..2026-04-15"):
        assert influence("leaders", "--window", window, "--study", study).code == 0
    assert len(Study.open(study).results("leaders")) == before + 2


def test_a_seed_is_kept_with_the_result_and_gives_the_same_figures(demo: Path, tmp_path: Path, influence: Run) -> None:
    rows = []
    for name in ("one", "two"):
        shutil.copytree(demo, tmp_path / name)
        document = influence("leaders", "--seed", 77, "--replicates", 50, "--study", tmp_path / name, "--json").json()
        assert document["run"]["seed"] == 77
        rows.append(document["rows"])
    assert rows[0] == rows[1]


def test_the_report_goes_where_it_is_told(demo: Path, tmp_path: Path, influence: Run) -> None:
    ended = influence("report", "--out", tmp_path / "park.html", "--study", demo)
    assert ended.code == 0, ended.err
    assert ended.out.splitlines()[-1] == str(tmp_path / "park.html")
    for words, said in ((["--format", "pdf"], "html"), (["--lang", "xx"], "en")):
        ended = influence("report", *words, "--study", demo)
        assert ended.code == 2
        assert said in ended.err


def test_a_file_of_texts_is_labelled(demo: Path, tmp_path: Path, influence: Run) -> None:
    influence("show", "posts", "--limit", "5", "--csv", tmp_path / "posts.csv", "--study", demo)
    ended = influence("classify-texts", tmp_path / "posts.csv", "--out", tmp_path / "labels.jsonl", "--json")
    assert ended.code == 0, ended.err
    assert ended.json()["rows"] == 5
    rows = [json.loads(line) for line in (tmp_path / "labels.jsonl").read_text(encoding="utf-8").splitlines()]
    assert all(row["label"] in ("positive", "manipulative", "undetermined", "none") for row in rows)


# -- where it is made ------------------------------------------------------------------------------------------------


@pytest.fixture
def only_files(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out what comes after the import: the steps and the report."""
    monkeypatch.setattr(Study, "run", lambda *_, **__: [])
    monkeypatch.setattr(Study, "report", lambda *_, **__: [Path("report.html")])


@pytest.mark.usefixtures("only_files")
def test_an_interrupted_copy_is_gone_on_with(tmp_path: Path) -> None:
    run_demo(tmp_path / "whole")
    folder = tmp_path / "demo"
    folder.mkdir()
    shutil.copy(tmp_path / "whole" / "study.toml", folder)
    assert len(run_demo(folder).imports) == 5
    assert sum(record.kept for record in run_demo(folder).imports) == 0


@pytest.mark.usefixtures("only_files")
def test_what_is_true_is_not_given_away(tmp_path: Path) -> None:
    run_demo(tmp_path / "demo")
    assert not any("truth" in file.name for file in (tmp_path / "demo").rglob("*"))


def _other_files(folder: Path) -> None:
    folder.mkdir()
    (folder / "thesis.docx").write_text("mine")


def _other_study(folder: Path) -> None:
    Study.create(folder, name="Mine")


def _file(folder: Path) -> None:
    folder.write_text("mine")


@pytest.mark.parametrize("make", [_other_files, _other_study, _file], ids=lambda make: make.__name__.strip("_"))
def test_a_folder_with_something_else_is_refused_and_left_alone(
    tmp_path: Path, make: Callable[[Path], None], bytes_of: Callable[[Path], dict[str, bytes]]
) -> None:
    folder = tmp_path / "taken"
    make(folder)
    before = bytes_of(tmp_path)
    with pytest.raises(StudyError, match=r"influence demo DIR"):
        run_demo(folder)
    assert bytes_of(tmp_path) == before


def test_init_makes_a_study_and_says_what_is_next(tmp_path: Path, influence: Run) -> None:
    ended = influence("init", tmp_path / "park", "--name", "Саябақ")
    assert ended.code == 0
    assert Study.open(tmp_path / "park").settings.name == "Саябақ"
    for word in ("actors.csv", "study.toml", "influence import", "influence run"):
        assert word in ended.out
    ended = influence("init", tmp_path / "park")
    assert ended.code == 2
    assert influence("init", "--study", tmp_path / "two", "--json").json()["study"] == str(tmp_path / "two")
