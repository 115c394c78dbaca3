"""The command about who acts together: `coordination`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from influence.cli.base import command, named, open_study, print_result_json
from influence.cli.options import EngineOption, JsonOption, SeedOption, StudyOption
from influence.errors import InputError

if TYPE_CHECKING:
    from influence.records import Result
    from influence.study import Study

__all__ = ["add_commands"]

PANEL = "Measure"
SHOWN_CLUSTERS = 10
SHOWN_EDGES = 10
_TOML = "study.toml's, else "


def coordination(
    window: Annotated[
        str | None,
        typer.Option(
            "--window",
            metavar="S",
            show_default=f"{_TOML}60",
            help="Seconds between two shares of one thing that count together, the end included.",
        ),
    ] = None,
    min_participation: Annotated[
        int | None,
        typer.Option(
            "--min-participation",
            min=0,
            metavar="N",
            show_default=f"{_TOML}2",
            help="Shares that an account must have to be looked at.",
        ),
    ] = None,
    objects: Annotated[
        str | None,
        typer.Option(
            "--objects",
            metavar="A,B",
            show_default=f"{_TOML}all that the data have",
            help="Kinds of things shared: url, text, near_text, hashtag, media, reshare.",
        ),
    ] = None,
    null: Annotated[
        str | None,
        typer.Option(
            "--null",
            metavar="NAME",
            show_default=f"{_TOML}configuration_model",
            help="What chance is taken to be: configuration_model, hypergeometric, hypergeometric_by_popularity, "
            "times_within_objects (or permutation), objects_within_activity, or none: pairs by weight, without a test.",
        ),
    ] = None,
    min_weight: Annotated[
        float | None,
        typer.Option(
            "--min-weight", min=0, metavar="N", show_default=f"{_TOML}1", help="Events that a pair must have."
        ),
    ] = None,
    edge_weight: Annotated[
        float | None,
        typer.Option(
            "--edge-weight",
            min=0,
            max=1,
            metavar="Q",
            show_default="no quantile",
            help="Only pairs whose weight exceeds this quantile of all weights.",
        ),
    ] = None,
    max_q: Annotated[
        float | None,
        typer.Option(
            "--max-q", metavar="Q", show_default=f"{_TOML}0.05", help="Pairs with a q-value below this make clusters."
        ),
    ] = None,
    burst_cap: Annotated[
        int | None,
        typer.Option(
            "--burst-cap",
            min=2,
            metavar="N",
            show_default=f"{_TOML}none",
            help="Shares of one thing that are looked at in each stretch of the window; what is cut is said.",
        ),
    ] = None,
    period: Annotated[
        str | None,
        typer.Option(
            "--period",
            metavar="A..B",
            show_default="study.toml's window, else all times",
            help="Look only at what was shared from day A to day B (2026-03-01..2026-04-15, both included, UTC).",
        ),
    ] = None,
    seed: SeedOption = None,
    study: StudyOption = Path("."),
    engine: EngineOption = "duckdb",
    json: JsonOption = False,
) -> None:
    """Find accounts that share the same things within seconds, more often than chance explains.

    Pairs with their p- and q-values under a null model that you name, clusters of them with their evidence, and what
    speaks against coordination. Each setting is a result of its own: influence show coordination_edges --list.
    """
    from influence.coordination import parse_kinds, parse_null
    from influence.display import bars
    from influence.pipeline import run_step

    opened = open_study(study, engine, seed=seed)
    params: dict[str, Any] = {
        "window_s": None if window is None else parse_seconds(window),
        "min_participation": min_participation,
        "objects": None if objects is None else parse_kinds(tuple(kind.strip() for kind in objects.split(","))),
        "null": None if null is None else parse_null(null),
        "min_weight": min_weight,
        "edge_weight": edge_weight,
        "subgraph": None if edge_weight is None else "heavy",
        "max_q": max_q,
        "burst_cap": burst_cap,
        "window": period,
    }
    with bars() as progress:
        result = run_step(opened, "coordination", params, progress=progress)
    if json:
        print_result_json(result, "coordination_edges")
        return
    _print(opened, result)


def parse_seconds(text: str) -> float:
    """Read a number of seconds.

    Raises InputError if it is none.
    """
    if ".." in text:
        raise InputError(
            f"--window {text!r}: of this command it is seconds, as 60. Give the days with --period {text}."
        )
    try:
        return float(text.strip().removesuffix("s"))
    except ValueError as error:
        raise InputError(f"--window {text!r} is no number of seconds. Write it as 60.") from error


def _print(study: Study, result: Result) -> None:
    from influence.cli.together_layouts import (
        clusters_grid,
        edges_grid,
        grid_grid,
        looked_at_lines,
        null_lines,
        searched,
    )
    from influence.display import PAGE, print_grid, print_lines

    params = result.run["params"]
    counts = dict(
        zip(*(result.arrow("coordination_looked_at")[name].to_pylist() for name in ("what", "count")), strict=True)
    )
    clusters = result.arrow("coordination_clusters")
    shown = clusters.slice(0, SHOWN_CLUSTERS).to_pylist()
    edges = study.engine.connection.read_parquet(str(result.file("coordination_edges")))
    order = ["q_value", "p_value", edges["weight"].desc(), "source", "target"]
    top = study.engine.fetch(edges.order_by(order).limit(SHOWN_EDGES)).to_pylist()
    ids = {name for row in shown for name in row["actors"]} | {row[end] for row in top for end in ("source", "target")}
    authors = {row["one_author"] for row in shown if row["one_author"]}
    actors = named(study, ids | authors)
    print_lines([searched(params), *looked_at_lines(counts), ""], pipe_width=PAGE)
    total = int(result.run["rows"]["coordination_edges"])
    print_grid(edges_grid(top, actors, total=total), pipe_width=PAGE)
    print()
    print_grid(clusters_grid(shown, actors, params, total=clusters.num_rows), pipe_width=PAGE)
    print()
    print_grid(grid_grid(result.arrow("coordination_grid").to_pylist(), len(clusters)), pipe_width=PAGE)
    print_lines(null_lines(result.arrow("coordination_null").to_pylist()), pipe_width=PAGE)


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this group."""
    command(app, "coordination", panel=PANEL, example="coordination --window 30 --objects url,text")(coordination)
