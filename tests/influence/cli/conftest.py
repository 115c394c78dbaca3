"""The program as a user starts it: in this process for speed, or as a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest


@dataclass(frozen=True)
class Ended:
    """How a run of the program ended."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        return json.loads(self.out)


Run = Callable[..., Ended]


@pytest.fixture
def influence(capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs the program in this process."""
    from influence.cli import main

    monkeypatch.delenv("INFLUENCE_STUDY", raising=False)
    # As if Python had been started with -W error: the program then leaves warnings as they are.
    monkeypatch.setattr(sys, "warnoptions", ["error"])

    def run(*words: object) -> Ended:
        capfd.readouterr()
        with pytest.raises(SystemExit) as end:
            main([str(word) for word in words])
        out, err = capfd.readouterr()
        code = end.value.code
        assert isinstance(code, int)
        return Ended(code, out, err)

    return run


@pytest.fixture
def process() -> Run:
    """Runs the program as a process of its own."""

    def run(*words: object, **options: Any) -> Ended:
        environment = {**os.environ, **options.pop("env", {})}
        done = subprocess.run(
            [sys.executable, "-m", "influence", *map(str, words)],
            capture_output=True,
            encoding="utf-8",
            env=environment,
            **options,
        )
        return Ended(done.returncode, done.stdout, done.stderr)

    return run


@pytest.fixture
def bytes_of() -> Callable[[Path], dict[str, bytes]]:
    """Gives every file of a folder with its content; the lock and the scratch folder are no part of a study."""

    def content(folder: Path) -> dict[str, bytes]:
        return {str(file.relative_to(folder)): file.read_bytes() for file in _files(folder)}

    return content


def _files(folder: Path) -> Iterator[Path]:
    for file in sorted(folder.rglob("*")):
        inner = file.relative_to(folder)
        if file.is_file() and inner.parts[0] not in (".scratch", ".lock"):
            yield file
