"""Commands about who spreads what: `leaders`, `cascades`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from influence.cli.base import command, named, open_study, print_result_json
from influence.cli.options import ConfidenceOption, EngineOption, JsonOption, SeedOption, StudyOption, WindowOption
from influence.errors import InputError

if TYPE_CHECKING:
    from influence.records import Result
    from influence.study import Study

__all__ = ["add_commands"]

PANEL = "Measure"
SHOWN = 20
SHOWN_PROPOSALS = 10


def _run(study: Study, step: str, params: dict[str, Any]) -> Result:
    from influence.display import bars
    from influence.pipeline import run_step

    with bars() as progress:
        return run_step(study, step, params, progress=progress)


def leaders(
    metrics: Annotated[
        str | None,
        typer.Option(
            "--metrics",
            metavar="A,B",
            show_default="all but fib_index",
            help="What to rank by: resharers, pagerank, betweenness, core, h_index, fib_index, simulated, followers, "
            "views.",
        ),
    ] = None,
    top_k: Annotated[
        int | None,
        typer.Option(
            "--top-k", min=1, metavar="N", show_default="10", help="Say how likely each is among the first N."
        ),
    ] = None,
    window: WindowOption = None,
    replicates: Annotated[
        int | None,
        typer.Option(
            "--replicates", min=1, metavar="N", show_default="200", help="Resamples behind each rank interval."
        ),
    ] = None,
    seed: SeedOption = None,
    study: StudyOption = Path("."),
    engine: EngineOption = "duckdb",
    json: JsonOption = False,
) -> None:
    """Rank who is reshared, with rank intervals and the probability of being among the first.

    Says how well the rankings agree, and proposes accounts for the roster that rank as surely as its leaders.
    """
    opened = open_study(study, engine, seed=seed)
    wanted = None if metrics is None else parse_metrics(metrics)
    params = {"metrics": wanted, "top_k": top_k, "window": window, "replicates": replicates}
    result = _run(opened, "leaders", params)
    if json:
        print_result_json(result, "leaders")
        return
    _print_leaders(opened, result)


def parse_metrics(text: str) -> tuple[str, ...]:
    """Read `resharers,core`.

    Raises InputError if one of them is no metric.
    """
    from graphs.ranking.leaders import METRICS

    metrics = tuple(dict.fromkeys(name.strip() for name in text.split(",")))
    wrong = [name for name in metrics if name not in METRICS]
    if wrong:
        raise InputError(f"--metrics {text!r}: there is no metric {wrong[0]!r}; choose from {', '.join(METRICS)}.")
    return metrics


def _print_leaders(study: Study, result: Result) -> None:
    from influence.cli.spread_layouts import agreement_grid, leaders_grid, not_ranked, proposals_grid
    from influence.display import print_grid, print_lines

    rows, total, ranked = _top_of_leaders(study, result)
    proposals = result.arrow("leader_proposals")
    shown = proposals.slice(0, SHOWN_PROPOSALS).to_pylist()
    actors = named(study, {row["actor_id"] for row in [*rows, *shown]})
    params = result.run["params"]
    print_grid(leaders_grid(rows, actors, top_k=int(params["top_k"]), total=total))
    print_lines(not_ranked(params["metrics"], ranked))
    agreement = result.arrow("leaders_agreement").to_pylist()
    if agreement:
        print()
        print_grid(agreement_grid(agreement))
    if shown:
        print()
        print_grid(proposals_grid(shown, actors, top_k=int(params["top_k"]), total=proposals.num_rows))
        print_lines([f"A proposal, no finding: add whom you accept to {study.settings.roster} with kind leader."])


def _top_of_leaders(study: Study, result: Result) -> tuple[list[dict[str, Any]], int, set[str]]:
    """Return the rows of the actors that stand first by some metric, how many are ranked, and by which metrics."""
    table = study.engine.connection.read_parquet(str(result.file("leaders")))
    best = table.group_by("actor_id").agg(best=table["rank"].min(), mean=table["rank"].mean())
    ids = study.engine.fetch(best.order_by("best", "mean", "actor_id").limit(SHOWN))["actor_id"].to_pylist()
    places = {actor: place for place, actor in enumerate(ids)}
    rows = study.engine.fetch(table.filter(table.actor_id.isin(ids))).to_pylist() if ids else []
    total = int(study.engine.connection.to_pyarrow(table.actor_id.nunique()).as_py() or 0)
    ranked = set(study.engine.fetch(table.select("metric").distinct())["metric"].to_pylist())
    return sorted(rows, key=lambda row: (places[row["actor_id"]], row["metric"])), total, ranked


def cascades(
    trees: Annotated[
        int | None,
        typer.Option("--trees", min=1, metavar="N", show_default="100", help="Plausible trees drawn of each cascade."),
    ] = None,
    min_size: Annotated[
        int | None,
        typer.Option(
            "--min-size", min=2, metavar="N", show_default="2", help="Least number of accounts, the author included."
        ),
    ] = None,
    window: WindowOption = None,
    confidence: ConfidenceOption = None,
    seed: SeedOption = None,
    study: StudyOption = Path("."),
    engine: EngineOption = "duckdb",
    json: JsonOption = False,
) -> None:
    """Measure how each post spread: size, depth, breadth, structural virality, and who reshared it first.

    Resharing data credit the original and hide the chain, so plausible trees are drawn and their spread is given.
    """
    opened = open_study(study, engine, seed=seed)
    params = {"trees": trees, "min_size": min_size, "window": window, "confidence": confidence}
    result = _run(opened, "cascades", params)
    if json:
        print_result_json(result, "cascades")
        return
    from influence.cli.spread_layouts import cascades_grid, firsts_grid
    from influence.display import print_grid, print_lines

    found, firsts = result.arrow("cascades"), result.arrow("cascade_firsts")
    if not found.num_rows:
        print_lines(["No cascade: no reshare in the window names the post that it reshares, or none is large enough."])
        return
    rows, first_rows = found.slice(0, SHOWN).to_pylist(), firsts.slice(0, SHOWN_PROPOSALS).to_pylist()
    ids = {row["actor_id"] for row in [*rows, *first_rows]} | {row["first_resharer"] for row in rows}
    actors = named(opened, {actor_id for actor_id in ids if actor_id})
    share = result.run["params"]["confidence"]
    print_grid(cascades_grid(rows, actors, total=found.num_rows, confidence=share))
    if first_rows:
        print()
        print_grid(firsts_grid(first_rows, actors, total=firsts.num_rows, confidence=share))


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this group."""
    command(app, "leaders", panel=PANEL, example="leaders --metrics resharers,h_index --top-k 10")(leaders)
    command(app, "cascades", panel=PANEL, example="cascades --trees 200 --min-size 5")(cascades)
