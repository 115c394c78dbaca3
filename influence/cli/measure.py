"""Commands that measure reach: `reach`, `compare`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from influence.cli.base import command, named, open_study, print_result_json
from influence.cli.options import ConfidenceOption, EngineOption, JsonOption, SeedOption, StudyOption, WindowOption
from influence.errors import InputError

if TYPE_CHECKING:
    from influence.audience_templates import Assumed
    from influence.records import Result
    from influence.study import Study

__all__ = ["add_commands"]

PANEL = "Measure"
SHOWN = 20

ReplicatesOption = Annotated[
    int | None,
    typer.Option("--replicates", min=1, metavar="N", show_default="1000", help="Resamples behind each interval."),
]


def _run(study: Study, step: str, params: dict[str, Any]) -> Result:
    from influence.display import bars
    from influence.pipeline import run_step

    with bars() as progress:
        return run_step(study, step, params, progress=progress)


def reach(
    window: WindowOption = None,
    confidence: ConfidenceOption = None,
    replicates: ReplicatesOption = None,
    seed: SeedOption = None,
    study: StudyOption = Path("."),
    engine: EngineOption = "duckdb",
    json: JsonOption = False,
) -> None:
    """Estimate the reach of every actor, kind by kind, with intervals.

    Potential: who follows. Exposed: who was likely shown a post. Engaged: who acted on one. Simulated: how
    far a post spreads by resharing. A kind that the data cannot give is left empty and says why.
    """
    opened = open_study(study, engine, seed=seed)
    result = _run(opened, "reach", {"window": window, "confidence": confidence, "replicates": replicates})
    if json:
        print_result_json(result, "reach")
        return
    from influence.cli.layouts import reach_grid
    from influence.display import print_grid

    rows, total = _top_of_reach(opened, result)
    actors = named(opened, {row["actor_id"] for row in rows})
    assumed = _assumed(opened, {row["estimator"] for row in rows})
    level = result.run["params"]["confidence"]
    print_grid(reach_grid(rows, actors, total=total, confidence=level, assumed=assumed))


def _assumed(study: Study, estimators: set[str | None]) -> list[str]:
    """Return what the figures shown assume, a line each, with who says so."""
    used, lines = " ".join(filter(None, estimators)), []
    if "times readers per copy" in used:
        for medium, given in study.settings.audiences.readers().items():
            of = f" of {medium}" if medium else ""
            lines.append(f"Readers per copy{of}: {_range(given)} ({given.source})")
    if "assumed_view_rate" in used:
        for platform, given in study.settings.audiences.rates().items():
            lines.append(f"Shown a post, of the followers on {platform}: {_range(given)} ({given.source})")
    return lines


def _range(given: Assumed) -> str:
    return f"{given.typical:g} ({given.low:g}–{given.high:g})"


def _top_of_reach(study: Study, result: Result) -> tuple[list[dict[str, Any]], int]:
    """Return the rows of the actors with the largest reach, and how many actors there are."""
    table = study.engine.connection.read_parquet(str(result.file("reach")))
    largest = table.group_by("actor_id").agg(largest=table.value.max())
    top = largest.order_by(largest.largest.desc(nulls_first=False), "actor_id").limit(SHOWN)
    ids = study.engine.fetch(top)["actor_id"].to_pylist()
    places = {actor: place for place, actor in enumerate(ids)}
    rows = study.engine.fetch(table.filter(table.actor_id.isin(ids))).to_pylist() if ids else []
    total = int(study.engine.connection.to_pyarrow(table.actor_id.nunique()).as_py() or 0)
    return sorted(rows, key=lambda row: places[row["actor_id"]]), total


def compare(
    kinds: Annotated[
        str,
        typer.Option("--kinds", metavar="A,B", help="The two kinds of actors to compare, the first with the second."),
    ] = "leader,media",
    by: Annotated[
        str,
        typer.Option(
            "--by", metavar="WHAT", help="reach; or action: activity around calls to act, and what people did."
        ),
    ] = "reach",
    window: WindowOption = None,
    confidence: ConfidenceOption = None,
    replicates: ReplicatesOption = None,
    seed: SeedOption = None,
    study: StudyOption = Path("."),
    engine: EngineOption = "duckdb",
    json: JsonOption = False,
) -> None:
    """Compare the reach of leaders with that of media: ratios, differences, unions, each with its interval."""
    if by not in ("reach", "action"):
        raise InputError(f"--by {by!r}: compare by reach or by action.")
    opened = open_study(study, engine, seed=seed)
    params = {"kinds": parse_kinds(kinds), "window": window, "confidence": confidence, "replicates": replicates}
    if by == "action":
        _compare_action(opened, params, json)
        return
    result = _run(opened, "compare", params)
    if json:
        print_result_json(result, "comparison")
        return
    _print_comparison(opened, result)


def _compare_action(study: Study, params: dict[str, Any], json: bool) -> None:
    from influence.cli.action import print_action

    result = _run(study, "action", params)
    if json:
        print_result_json(result, "action")
    else:
        print_action(study, result)


def _print_comparison(study: Study, result: Result) -> None:
    """Print the rows of the two groups; those of single accounts and of other kinds are counted."""
    from graphs.comparison import group_name
    from influence.cli.layouts import brackets, comparison_grids
    from influence.display import print_grid, print_lines

    rows = result.arrow("comparison").to_pylist()
    sides = {side for row in rows for side in (row["a"], row["b"]) if side}
    actors = named(study, sides)
    groups = {"", *(name for kind in result.run["params"]["kinds"] for name in (kind, group_name(kind)))}
    of_groups = [row for row in rows if row["a"] in groups and row["b"] in groups]
    for grid in comparison_grids(of_groups, actors):
        print_grid(grid)
        print()
    if any(row["n_a"] == 0 or (row["b"] and row["n_b"] == 0) for row in of_groups):
        print_lines([f"Who is a leader and who is a medium, the roster says: {study.folder / study.settings.roster}"])
    print_lines([brackets(result.run["params"]["confidence"]), *_pairs(rows, result.run["params"]["kinds"])])
    if len(rows) > len(of_groups):
        rest = f"{len(rows) - len(of_groups):,} more rows, account by account and for other kinds"
        print_lines([f"{rest}: influence show comparison --limit 0"])


def _pairs(rows: Sequence[Mapping[str, Any]], kinds: Sequence[str]) -> list[str]:
    """Return a line for each kind of reach on the pairs of single actors: how many have no row, how many no figure."""
    from graphs.comparison import group_name

    groups = {"", *kinds, *map(group_name, kinds)}
    members = {
        (row["kind_of_reach"], row["a"]): row["n_a"] + row["left_out"]
        for row in rows
        if row["measure"] == "union" and not row["b"]
    }
    lines = []
    for kind in dict.fromkeys(row["kind_of_reach"] for row in rows):
        pairs = [row for row in rows if row["kind_of_reach"] == kind and row["measure"] == "ratio"]
        pairs = [row for row in pairs if row["a"] not in groups and ":" in row["a"] and ":" in row["b"]]
        everybody = members.get((kind, group_name(kinds[0])), 0) * members.get((kind, group_name(kinds[1])), 0)
        empty = sum(row["value"] is None and row["low"] is None and row["high"] is None for row in pairs)
        if everybody and (empty or everybody > len(pairs)):
            left = f"{everybody - len(pairs):,} of {everybody:,} pairs without a row" if everybody > len(pairs) else ""
            without = f"{empty:,} of {len(pairs):,} listed pairs without a figure" if empty else ""
            lines.append(f"Pairs by {kind} reach: {'; '.join(filter(None, (left, without)))}.")
    return lines


def parse_kinds(text: str) -> tuple[str, str]:
    """Read `leader,media`.

    Raises InputError if these are not two different kinds of actors.
    """
    from influence.tables import ACTOR_KINDS

    kinds = tuple(kind.strip() for kind in text.split(","))
    if len(kinds) != 2 or len(set(kinds)) != 2 or not set(kinds) <= set(ACTOR_KINDS):
        raise InputError(f"--kinds {text!r}: give two different kinds of {', '.join(ACTOR_KINDS)}, as leader,media.")
    return kinds[0], kinds[1]


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this group."""
    command(app, "reach", panel=PANEL, example="reach --window 2026-03-01..2026-04-15")(reach)
    command(app, "compare", panel=PANEL, example="compare --kinds leader,media")(compare)
