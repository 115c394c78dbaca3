"""`coordination` and `flags` stay within eighty columns, on a terminal and in a pipe, and cut no name and no figure."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from influence.cli.flag_layouts import flag_lines
from influence.cli.together_layouts import clusters_grid, edges_grid, grid_grid, null_lines
from influence.display import PAGE, Grid, print_grid, print_lines

names = st.text(st.characters(categories=["L", "N"]), min_size=1, max_size=50)
Show = Callable[[Any], str]


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def _piped(what: Any) -> str:
    return _shown(what, io.StringIO())


def _on_terminal(what: Any) -> str:
    with pytest.MonkeyPatch.context() as patched:
        for name in ("FORCE_COLOR", "TTY_COMPATIBLE", "TTY_INTERACTIVE", "LINES"):
            patched.delenv(name, raising=False)
        patched.setenv("COLUMNS", str(PAGE))
        patched.setenv("TERM", "xterm-256color")
        return re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", _shown(what, Terminal()))


def _shown(what: Any, file: io.StringIO) -> str:
    if isinstance(what, Grid):
        print_grid(what, file=file, pipe_width=PAGE)
    else:
        print_lines(what, file=file, pipe_width=PAGE)
    return file.getvalue()


def _edge(source: str, target: str, **other: Any) -> dict[str, Any]:
    figures = {"weight": 1_234_567, "mean_gap_s": 3599.9, "p_value": 1.2e-300, "q_value": 1.2e-298, "cluster": 1234}
    return {"source": source, "target": target, **figures, "stands_in": 20, "cells": 20, "fragile": True, **other}


def _cluster(actors: list[str]) -> dict[str, Any]:
    figures = {"density": 0.123, "q_value": 1.2e-298, "median_gap_s": 3599.9, "stability": 0.5, "fragile": True}
    counts = {"cluster": 123, "n_actors": 12_345, "n_objects": 123_456, "n_posts": 1_234_567}
    return {**counts, **figures, "actors": actors, "one_author": actors[0], "against": [f"fans: {actors[0]} " * 4]}


@pytest.mark.parametrize("show", [_piped, _on_terminal])
@settings(max_examples=40, deadline=None)
@given(st.lists(names, min_size=2, max_size=6))
def test_pairs_and_clusters_fit_a_page_and_names_are_whole(show: Show, actors: list[str]) -> None:
    pairs = show(edges_grid([_edge(actors[0], actors[1])], {}, total=12_345))
    clusters = show(clusters_grid([_cluster(actors)], {}, {"null": "none"}, total=12_345))
    for text in (pairs, clusters):
        assert max(map(cell_len, text.splitlines())) <= PAGE
        assert "1.2e-298" in text
        assert "…" not in text
    letters = "".join(pairs.split())
    assert all(set(name) <= set(letters) for name in actors[:2])


@pytest.mark.parametrize("show", [_piped, _on_terminal])
@pytest.mark.parametrize("edges", [7, 123_456_789])
def test_the_grid_of_settings_keeps_the_chosen_one(show: Show, edges: int) -> None:
    rows = [
        {"window_s": window, "min_weight": weight, "edges": edges, "clusters_stand": 12, "reason_missing": None}
        | {"chosen": (window, weight) == (60.0, 8.0)}
        for window in (10.0, 60.0, 300.0)
        for weight in (1.0, 2.0, 3.0, 5.0, 8.0, 16.0)
    ]
    text = show(grid_grid(rows, 12))
    assert max(map(cell_len, text.splitlines())) <= PAGE
    assert f"{edges:,}* (12)" in text
    assert ("Not shown for lack of width" in text) == (edges > 7)


@pytest.mark.parametrize("show", [_piped, _on_terminal])
@settings(max_examples=40, deadline=None)
@given(st.lists(st.text(st.characters(categories=["L", "P", "Zs"]), max_size=200), max_size=5))
def test_flags_fit_a_page_under_their_indent(show: Show, reasons: list[str]) -> None:
    row = {"actor_id": "x:1", "score": 1.5, "reasons": reasons, "against": reasons, "coordinated_with": ["x:2"] * 9}
    text = show(flag_lines([{**row, "evidence": [f"telegram:2057718403/{n}" for n in range(9)]}], {}, {}))
    lines = text.splitlines()
    assert max(map(cell_len, lines)) <= PAGE
    assert all(line.startswith("    ") for line in lines[1:] if line.strip())
    assert "telegram:2057718403/3" in text  # an id is never broken


@pytest.mark.parametrize(("rule", "any_runs"), [("q_value", 0), ("weight", 20)])
def test_shuffled_data_are_told_with_the_rate_and_its_interval(rule: str, any_runs: int) -> None:
    row = {"null": "objects_within_activity", "rule": rule, "threshold": 1.0, "runs": 20, "edges_observed": 44}
    row |= {"edges_by_chance": 31.5, "low": 20.0, "high": 40.0, "runs_with_any": any_runs, "chosen": True}
    row |= {"false_positive_rate": any_runs / 20, "false_positive_low": 0.0, "false_positive_high": 0.16}
    words = " ".join(null_lines([{**row, "suffices": False}]))
    assert f"in {any_runs} of 20 runs ({any_runs / 20:.0%}; 95% interval 0%–16%)" in words
    assert ("By weight alone nothing does" in words) == (rule == "weight")
    assert null_lines([]) == []
