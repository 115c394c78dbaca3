"""Commands about the whole job and what came of it: `run`, `show`, `report`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from influence.cli.base import Command, command, open_study, print_json
from influence.cli.options import EngineOption, JsonOption, SeedOption, StudyOption
from influence.errors import InputError

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from influence.study import Study

__all__ = ["add_commands"]

PANEL = "The job"
SHOWN = 20
STANDARD_OUTPUT = "-"


def run(
    seed: SeedOption = None,
    study: StudyOption = Path("."),
    engine: EngineOption = "duckdb",
    json: JsonOption = False,
) -> None:
    """Do every step that is out of date: reach, compare, leaders, cascades, coordination, classify,
    flags, action.

    It can be stopped at any moment; the next run goes on with the steps that are missing.
    """
    from influence.display import bars, print_grid

    opened = open_study(study, engine, seed=seed)
    with bars() as progress:
        outcomes = opened.run(progress=progress)
    if json:
        steps = [{"step": name, "computed": computed, "run": result.run} for name, result, computed in outcomes]
        print_json({"steps": steps})
        return
    from influence.cli.layouts import steps_grid

    print_grid(steps_grid(outcomes))


class _OptionalFiles(Command):
    """A command whose `--csv` and `--json` may stand without a file: standard output then."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        return super().parse_args(ctx, with_files(args, self._with_value()))

    def _with_value(self) -> set[str]:
        return {opt for param in self.params if not getattr(param, "is_flag", True) for opt in param.opts}


def with_files(args: list[str], with_value: set[str]) -> list[str]:
    """Return the arguments with `-` after each `--csv` and `--json` that no file follows.

    What follows is a file only after the table's name: `show --csv posts` means the table `posts`.
    `with_value` are the options that take a value.
    """
    done: list[str] = []
    named, i = False, 0
    while i < len(args):
        word, rest = args[i], args[i + 1 :]
        done.append(word)
        i += 1
        if word == "--":
            return [*done, *rest]
        if word in ("--csv", "--json"):
            is_file = bool(rest) and named and (rest[0] == STANDARD_OUTPUT or not rest[0].startswith("-"))
            done.append(rest[0] if is_file else STANDARD_OUTPUT)
            i += is_file
        elif word in with_value:
            done += rest[:1]
            i += 1
        elif not word.startswith("-"):
            named = True
    return done


def _file_option(name: str, what: str) -> Any:
    return typer.Option(f"--{name}", metavar="FILE", help=what)


def show(
    table: Annotated[
        str,
        typer.Argument(
            metavar="TABLE",
            help="actors, posts, interactions, objects, audiences, overlaps, actions, rejects, or a result: reach, "
            "comparison, comparison_by_platform, leaders, leaders_agreement, leader_proposals, cascades, "
            "cascade_firsts, coordination_edges, coordination_clusters, coordination_evidence, coordination_null, "
            "coordination_grid, coordination_looked_at, labels, flags, action.",
        ),
    ],
    csv: Annotated[str | None, _file_option("csv", "Write CSV to FILE; without a file, print it.")] = None,
    json: Annotated[str | None, _file_option("json", "Write a JSON array to FILE; without a file, print it.")] = None,
    parquet: Annotated[str | None, _file_option("parquet", "Write Parquet to FILE.")] = None,
    limit: Annotated[
        int | None,
        typer.Option(
            "--limit", min=0, metavar="N", show_default=f"{SHOWN}, all for files", help="Only the first N rows; 0: all."
        ),
    ] = None,
    params: Annotated[
        str | None,
        typer.Option(
            "--params",
            metavar="HASH|A=B",
            show_default="the latest result",
            help="Of a result table: the result of these parameters, by its hash or as window_s=60,null=none.",
        ),
    ] = None,
    listed: Annotated[
        bool,
        typer.Option("--list", metavar="", help="List the results that there are of this table, with their hashes."),
    ] = False,
    study: StudyOption = Path("."),
    engine: EngineOption = "duckdb",
) -> None:
    """Show a table of the study or write it to a file.

    The same step with other parameters is another result: --list says which there are, --params names one.
    """
    from influence.show import ordered

    wanted = [(kind, file) for kind, file in (("csv", csv), ("json", json), ("parquet", parquet)) if file is not None]
    if len(wanted) > 1:
        raise InputError("show writes one format at a time: give one of --csv, --json, --parquet.")
    opened = open_study(study, engine)
    if listed:
        _list(opened, table)
        return
    rows = ordered(table, opened.show(table, params=params))
    if wanted:
        _export(opened, rows.limit(limit) if limit else rows, *wanted[0])
    else:
        _print(opened, table, rows, SHOWN if limit is None else limit)


def _list(study: Study, table: str) -> None:
    from influence.cli.layouts import results_grid
    from influence.display import print_grid

    print_grid(results_grid(table, study.results_of(table)))


def _export(study: Study, rows: ir.Table, kind: str, file: str) -> None:
    import sys

    from influence.show import export

    if file == STANDARD_OUTPUT:
        export(study, rows, None, kind)
        return
    count = export(study, rows, Path(file), kind)
    # The rows went to a file; what a person reads about it must not end up in a pipe of figures.
    print(f"{file}: {count:,} rows", file=sys.stderr)


def _print(study: Study, name: str, rows: ir.Table, limit: int) -> None:
    from influence.display import print_grid
    from influence.show import grid_of

    total = int(study.engine.connection.to_pyarrow(rows.count()).as_py())
    print_grid(grid_of(study.engine.fetch(rows.limit(limit) if limit else rows), total=total, name=name))


def report(
    format: Annotated[
        str, typer.Option("--format", metavar="NAME", help="html: one file that opens in any browser.")
    ] = "html",
    lang: Annotated[str, typer.Option("--lang", metavar="CODE", help="The report's language: en.")] = "en",
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FILE", show_default="in the study", help="Where the report is written."),
    ] = None,
    study: StudyOption = Path("."),
    engine: EngineOption = "duckdb",
    json: JsonOption = False,
) -> None:
    """Write the report: leaders against media, reach, calls to act, proposals for review, definitions, sources."""
    from influence.display import bars

    opened = open_study(study, engine)
    with bars() as progress:
        files = opened.report(out=out, format=format, lang=lang, progress=progress)
    if json:
        print_json({"files": [str(file) for file in files]})
        return
    for file in reversed(files):  # the report itself last: where the eye is
        print(file)


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this group."""
    command(app, "run", panel=PANEL, example="run --study my-study")(run)
    command(app, "show", panel=PANEL, example="show reach --csv reach.csv", cls=_OptionalFiles)(show)
    command(app, "report", panel=PANEL, example="report --out report.html")(report)
