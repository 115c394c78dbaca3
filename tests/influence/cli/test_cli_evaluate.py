"""`evaluate` and `review` end with the exit code that their help promises."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest


def _labelled(folder: Path) -> Path:
    source = Path(__file__).parents[3] / "datasets" / "written" / "ru_general.jsonl"
    file = folder / "posts.jsonl"
    file.write_text("\n".join(source.read_text(encoding="utf-8").splitlines()[:40]) + "\n", encoding="utf-8")
    return file


def test_a_bound_decides_the_exit_code(influence: Any, tmp_path: Path) -> None:
    words = ["evaluate", _labelled(tmp_path), "--samples", "20", "--robustness", "0"]
    passed = influence(*words, "--min", "call:auc>=0.01", "--json", "--out", tmp_path / "out")
    assert passed.code == 0, passed.err
    assert json.loads(passed.out)["posts"] == 40
    assert (tmp_path / "out" / "evaluation.md").is_file()
    failed = influence(*words, "--min", "call:brier<=0")
    assert failed.code == 1
    assert "not reached: call:brier <= 0" in failed.err
    assert "Scores: all posts" in failed.out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["evaluate", "absent.jsonl"], "no JSONL file"),
        (["evaluate", "x", "--min", "lots"], "--min"),
        (["review"], "is no study"),
    ],
)
def test_what_cannot_be_used_is_named(influence: Any, words: list[str], message: str) -> None:
    ended = influence(*words)
    assert ended.code == 2
    assert ended.out == ""
    if message != "is no study":
        assert message in ended.err
