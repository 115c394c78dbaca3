"""`run` killed at any moment leaves a readable study, and the next run completes it with the same figures."""

from __future__ import annotations

import datetime as dt
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from influence.doctor import _STUDY, _guarded
from influence.records import Result
from influence.study import Study

# A model that answers at once: what is tested is the study, and a kill must find something else than torch at work.
PROGRAM = """
import os, signal, sys
import pyarrow as pa
import classifiers, classifiers.loading
from classifiers import LABEL_SCHEMA

class Model:
    name = basis = "instant"
    def predict(self, texts, *, max_fpr, progress=None, **_):
        row = dict(lang="kk", call="none", p_call=0.5, p_manipulative=0.5, model="instant", p_techniques=None)
        row |= dict(call_types=[], techniques=[], spans=[])
        labels = ["manipulative" if text.startswith("!") else "none" for text in texts]
        return pa.Table.from_pylist([{**row, "label": label} for label in labels], schema=LABEL_SCHEMA)

classifiers.load = classifiers.loading.load = lambda *_: Model()
import influence.pipeline
influence.pipeline._model_state = lambda *_: "instant"
study, last = sys.argv[1], int(sys.argv[2])
steps = 0

def counted(function):
    def call(*args, **options):
        global steps
        steps += 1
        if steps == last:
            os.kill(os.getpid(), signal.SIGKILL)
        return function(*args, **options)
    return call

for name in ("mkdir", "rename", "replace", "fsync", "rmdir"):
    setattr(os, name, counted(getattr(os, name)))
from influence.cli import main
try:
    main(["run", "--study", study])
finally:
    print("steps", steps, file=sys.stderr)
"""


def _fill(folder: Path, fill: Any) -> None:
    study = Study.create(folder, name="Killed")
    start = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
    actors = [{"actor_id": f"x:{n}", "platform": "x", "handle": f"a{n}", "followers": 100 * n + 1} for n in range(12)]
    posts = [
        {
            "post_id": f"x:p{n}",
            "actor_id": f"x:{n % 12}",
            "platform": "x",
            "created_at": start + dt.timedelta(hours=n),
            "text": f"{'!' if n % 12 == 3 else ''}post {n}",
            "views": 10 * n,
        }
        for n in range(240)
    ]
    acts = [
        {
            "source": f"x:{(n * 7) % 12}",
            "target": f"x:{n % 5}",
            "kind": "reshare",
            "at": start + dt.timedelta(hours=n),
            "post_id": f"x:p{n}",
        }
        for n in range(240)
    ]
    fill(study, actors=actors, posts=posts, interactions=acts)
    (folder / "actors.csv").write_text("handle,platform,kind\na1,x,leader\na2,x,leader\na3,x,media\na4,x,media\n")


def _start(folder: Path, last: int = 0) -> subprocess.Popen[str]:
    words = [sys.executable, "-c", PROGRAM, str(folder), str(last)]
    return subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def _figures(folder: Path) -> dict[str, list[dict[str, object]]]:
    study = Study.open(folder)
    tables = ("reach", "comparison", "leaders", "labels", "flags")
    rows = {name: study.engine.fetch(study.show(name)).to_pylist() for name in tables}
    return {name: sorted(found, key=repr) for name, found in rows.items()}


def _assert_readable(folder: Path) -> list[Result]:
    study = Study.open(folder)
    assert len(study.imports()) == 1
    assert study.engine.fetch(study.table("posts").select("post_id")).num_rows == 240
    broken = [
        finding
        for name in ("parts", "roster", "interactions")
        for finding in _guarded(name, lambda name=name: _STUDY[name](study))  # type: ignore[misc]
        if finding.status == "failed"
    ]
    assert broken == []
    results = [
        result for step in ("reach", "compare", "leaders", "classify", "flags") for result in study.results(step)
    ]
    for result in results:
        for table, rows in result.run["rows"].items():
            assert result.arrow(table).num_rows == rows
    return results


def _run_to_the_end(folder: Path) -> tuple[int, float]:
    """Return how many changes of the folder a whole run makes, and how long it takes."""
    started = time.monotonic()
    process = _start(folder)
    _, err = process.communicate()
    assert process.returncode == 0, err
    return int(err.split("steps")[-1]), time.monotonic() - started


def test_a_run_killed_at_any_moment_is_completed_by_the_next(tmp_path: Path, fill: Any) -> None:
    undisturbed, killed = tmp_path / "undisturbed", tmp_path / "killed"
    for folder in (undisturbed, killed):
        _fill(folder, fill)
    steps, seconds = _run_to_the_end(undisturbed)
    chance = random.Random(20260301)
    kills = 0
    # Killed right before a change of the folder: between these moments nothing on the disk is different.
    for last in sorted(chance.sample(range(1, steps), 3)):
        process = _start(killed, last)
        process.communicate()
        kills += process.returncode == -signal.SIGKILL
        _assert_readable(killed)
    # And when the clock says so, in the middle of a write too.
    process = _start(killed)
    time.sleep(chance.uniform(0.5, 1.0) * seconds)
    process.kill()
    process.communicate()
    _assert_readable(killed)
    assert kills >= 2, "the test itself: most moments must come before the end of the run"
    _run_to_the_end(killed)
    assert len(_assert_readable(killed)) == 5
    assert _figures(killed) == _figures(undisturbed)
    assert list((killed / "results").glob("*/.*")) == []
    assert list((killed / ".scratch").glob("*")) == []
