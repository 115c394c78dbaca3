"""The tutorials work: the script runs to its end, and every command of the page is one that there is and that works."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
TUTORIAL = ROOT / "docs" / "tutorial"
DEMO = ROOT / "datasets" / "demo"


def _run(words: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "DEMO": str(DEMO)}
    return subprocess.run(words, capture_output=True, encoding="utf-8", cwd=folder, env=environment)


@pytest.fixture(scope="module")
def script(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, subprocess.CompletedProcess[str]]:
    """The script's study, and how the script ended."""
    folder = tmp_path_factory.mktemp("script") / "study"
    return folder, _run([sys.executable, str(TUTORIAL / "tutorial.py"), str(folder)], folder.parent)


def test_the_script_runs_to_its_end(script: tuple[Path, subprocess.CompletedProcess[str]]) -> None:
    folder, done = script
    assert done.returncode == 0, done.stderr
    assert "Warning" not in done.stderr
    (report,) = re.findall(r"^report: (.*?) \|", done.stdout, re.MULTILINE)
    assert (folder / report).stat().st_size > 10_000


def _commands() -> list[str]:
    page = (TUTORIAL / "tutorial.md").read_text(encoding="utf-8")
    blocks = re.findall(r"^```console\n(.*?)^```", page, re.MULTILINE | re.DOTALL)
    return [line.removeprefix("$ ") for block in blocks for line in block.splitlines()]


def test_the_page_runs_from_top_to_bottom(
    tmp_path: Path, script: tuple[Path, subprocess.CompletedProcess[str]]
) -> None:
    commands = _commands()
    assert len(commands) > 10
    # The same texts by the same model: what the script labelled need not be labelled again.
    shutil.copytree(script[0] / "cache", tmp_path / "park" / "cache")
    for command in commands:
        words = shlex.split(command.replace("$DEMO", shlex.quote(str(DEMO))))
        done = _run([sys.executable, "-m", *words] if words[0] == "influence" else words, tmp_path)
        assert done.returncode == 0, f"{command}\n{done.stderr}"
    assert {"comparison.csv", "labels.parquet", "labels.jsonl"} <= {file.name for file in tmp_path.iterdir()}


@pytest.mark.parametrize("part", ["Study.create", "import_", "table(", "reach(", "compare(", "leaders(", "classify("])
def test_the_script_shows_every_part(part: str) -> None:
    assert part in (TUTORIAL / "tutorial.py").read_text(encoding="utf-8")
