"""A kill at any moment of an import leaves a readable study, and the next import completes it."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import influence
from influence.study import Study

POSTS = 8_000
SCRIPT = """
import sys
from pathlib import Path
import influence.staging, influence.readers.telegram_desktop, ijson
from influence.study import Study
study = Study.open(sys.argv[1])
study.engine.fetch(study.raw("posts"))  # all libraries are loaded now: kills shall strike the import itself
print("ready", flush=True)
study.import_(Path(sys.argv[2]))
"""


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two exports that overlap, of which one has a message twice."""
    folder = tmp_path_factory.mktemp("exports")
    for name, first in (("a", 0), ("b", POSTS // 2)):
        numbers = [*range(first, first + POSTS), first]
        messages = [
            {"id": number, "type": "message", "date_unixtime": str(1772431200 + number), "text": f"#tag{number % 50}",
             "text_entities": [{"type": "hashtag", "text": f"#tag{number % 50}"}], "from_id": "channel55"}
            for number in numbers
        ]  # fmt: skip
        export = {"name": "A", "type": "public_channel", "id": 55, "messages": messages}
        (folder / f"{name}.json").write_text(json.dumps(export), encoding="utf-8")
    return folder


def _counts(study: Study) -> dict[str, int]:
    counts = {}
    for table in ("posts", "objects", "actors"):
        rows = study.raw(table)
        counts[table] = int(study.engine.fetch(rows.aggregate(rows=rows.count()))["rows"][0].as_py())
    return counts


def _killed(study: Path, exports: Path, after: float) -> bool:
    """Import in a process of its own and kill that after so many seconds; say whether it was still at work."""
    environment = {**os.environ, "PYTHONPATH": str(Path(influence.__file__).parents[1])}
    command = [sys.executable, "-c", SCRIPT, str(study), str(exports)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment) as process:
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(after)
        process.kill()
        _, errors = process.communicate()
        assert process.returncode in (0, -signal.SIGKILL), errors.decode()
        return process.returncode != 0


@pytest.mark.skipif(os.name == "nt", reason="there is no SIGKILL")
def test_a_kill_at_any_moment_loses_and_doubles_nothing(tmp_path: Path, exports: Path) -> None:
    whole = Study.create(tmp_path / "whole")
    whole.engine.fetch(whole.raw("posts"))
    started = time.perf_counter()
    whole.import_(exports)
    span = time.perf_counter() - started
    expected = _counts(whole)
    assert expected == {"posts": POSTS + POSTS // 2, "objects": 2 * (POSTS + POSTS // 2), "actors": 1}

    moments = random.Random(7)
    folder = tmp_path / "study"
    Study.create(folder)
    kills = 0
    for _ in range(4):
        kills += _killed(folder, exports, moments.uniform(0.0, span))
        study = Study.open(folder)
        counts = _counts(study)  # readable, and nothing in it that no record speaks of
        assert counts["posts"] == sum(record.kept for record in study.imports())
        assert all(counts[table] <= expected[table] for table in expected)
    assert kills
    study = Study.open(folder)
    study.import_(exports)
    assert _counts(study) == expected
    assert len(study.imports()) == 2
    assert list((folder / ".scratch").glob("*/in-use")) == []
    parts = {file.stem.removeprefix("part-") for file in folder.glob("tables/*/*.parquet")}
    assert parts == {record.fingerprint[:16] for record in study.imports()}


class _Stopped(BaseException):
    """Stands for a kill: nothing in the program may catch it."""


@pytest.mark.parametrize("step", range(1, 6))
def test_a_stop_between_the_steps_of_taking_a_file_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: int
) -> None:
    file = tmp_path / "posts.csv"
    file.write_text("post_id,actor_id,text\n1,7,#a\n2,7,@b\n,,\n3,,c\n", encoding="utf-8")
    study = Study.create(tmp_path / "study")
    replaced = 0

    def replace(source: Path, target: Path) -> None:
        nonlocal replaced
        replaced += 1
        if replaced == step:
            raise _Stopped
        os.rename(source, target)

    with monkeypatch.context() as patched:
        patched.setattr("influence.study.os.replace", replace)
        with pytest.raises(_Stopped):
            study.import_(file, platform="x")
    study = Study.open(study.folder)
    assert study.imports() == []
    assert _counts(study) == {"posts": 0, "objects": 0, "actors": 0}
    (record,) = study.import_(file, platform="x")
    assert (record.read, record.kept, record.rejected) == (3, 2, 1)
    assert _counts(study) == {"posts": 2, "objects": 2, "actors": 1}
