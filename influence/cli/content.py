"""Commands about what is said: `classify`, `classify-texts`, `flags`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from influence.cli.base import command, named, open_study, print_json, print_result_json
from influence.cli.options import (
    ConfidenceOption,
    EngineOption,
    JsonOption,
    MaxFprOption,
    ModelOption,
    NoStudyOption,
    RuntimeOption,
    StudyOption,
    WindowOption,
)

__all__ = ["add_commands"]

PANEL = "Content"
SHOWN = 10


def classify(
    model: ModelOption = None,
    max_fpr: MaxFprOption = None,
    runtime: RuntimeOption = None,
    study: StudyOption = Path("."),
    engine: EngineOption = "duckdb",
    json: JsonOption = False,
) -> None:
    """Label every post: a call to act that is open, one that manipulates, or none."""
    from influence.display import bars, print_grid, print_lines
    from influence.pipeline import run_step

    _use(runtime)
    opened = open_study(study, engine)
    with bars() as progress:
        result = run_step(opened, "classify", {"model": model, "max_fpr": max_fpr}, progress=progress)
    if json:
        print_result_json(result, "labels")
        return
    from influence.cli.layouts import label_grid
    from influence.report.model_card import read_card

    labels = opened.engine.connection.read_parquet(str(result.file("labels")))
    counts = labels.group_by("lang", "label").agg(n=labels.count())
    unvalidated = read_card(result.run["params"]["model"]).unvalidated
    print_grid(label_grid(opened.engine.fetch(counts).to_pylist(), unvalidated))
    print_lines(["Post by post: influence show labels"])


def classify_texts(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Texts as CSV, JSONL or Parquet.")],
    column: Annotated[str, typer.Option("--column", metavar="NAME", help="The column that holds the texts.")] = "text",
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="FILE",
            show_default="beside FILE",
            help="Where the labels go; the ending (.jsonl, .csv, .parquet) says how.",
        ),
    ] = None,
    model: ModelOption = None,
    max_fpr: MaxFprOption = None,
    runtime: RuntimeOption = None,
    study: NoStudyOption = None,
    engine: EngineOption = "duckdb",
    json: JsonOption = False,
) -> None:
    """Label the texts of a file, without a study: its columns and those of the labels are written."""
    from influence.display import bars, print_lines
    from influence.texts import classify_texts as label_file

    _use(runtime)
    threshold = {} if max_fpr is None else {"max_fpr": max_fpr}
    with bars() as progress:
        report = label_file(file, column=column, out=out, model=model, progress=progress, **threshold)
    if json:
        print_json({"out": str(report.out), "rows": report.rows, "labels": report.labels, "seconds": report.seconds})
        return
    if report.remark:
        print_lines([report.remark])
    counts = ", ".join(f"{count:,} {label}" for label, count in report.labels.items())
    print_lines([f"{report.rows:,} texts in {report.seconds:,.1f} s: {counts}. Unreviewed labels of a model."])
    print(report.out)


def _use(runtime: str | None) -> None:
    """Let the model be computed by this runtime; no parameter of a result, since labels are the same to rounding."""
    if runtime is not None:
        os.environ["INFLUENCE_RUNTIME"] = runtime


def flags(
    window: WindowOption = None,
    min_posts: Annotated[
        int | None,
        typer.Option(
            "--min-posts",
            min=1,
            metavar="N",
            show_default="study.toml's, else 10",
            help="An account with fewer labelled posts is never flagged.",
        ),
    ] = None,
    min_rate: Annotated[
        float | None,
        typer.Option(
            "--min-rate",
            metavar="P",
            show_default="study.toml's, else 0.10",
            help="The lower end of the interval of its share of manipulative calls must be above this.",
        ),
    ] = None,
    confidence: ConfidenceOption = None,
    q: Annotated[
        float | None,
        typer.Option(
            "--q",
            metavar="P",
            show_default="study.toml's, else 0.05",
            help="Of the accounts flagged, the share that false alarms alone may explain; also the q-value below which "
            "another account counts as a coordinated partner.",
        ),
    ] = None,
    max_fpr: MaxFprOption = None,
    model: ModelOption = None,
    study: StudyOption = Path("."),
    engine: EngineOption = "duckdb",
    json: JsonOption = False,
) -> None:
    """Propose accounts for review: those whose share of manipulative calls is high beyond chance and false alarms.

    Each comes with its reasons, its evidence and what speaks against it. A flag is a proposal, never a finding.
    """
    from influence.display import PAGE, bars, print_lines
    from influence.flags import reviewed_evidence
    from influence.pipeline import run_step

    opened = open_study(study, engine)
    params = {"window": window, "min_posts": min_posts, "min_rate": min_rate, "confidence": confidence, "q": q}
    with bars() as progress:
        result = run_step(opened, "flags", {**params, "max_fpr": max_fpr, "model": model}, progress=progress)
    rows, considered = result.arrow("flags").to_pylist(), result.arrow("flags_considered").to_pylist()
    reviews = reviewed_evidence(opened, rows)
    if json:
        reviewed = {actor: one.as_dict() for actor, one in reviews.items()}
        print_result_json(result, "flags", considered=considered, reviewed=reviewed)
        return
    from influence.cli.flag_layouts import flag_lines, headline, sorted_by

    print_lines(headline(considered, result.run["params"]), pipe_width=PAGE)
    if not rows:
        return
    shown = rows[:SHOWN]
    lines = ["", *flag_lines(shown, named(opened, {row["actor_id"] for row in shown}), reviews), "", *sorted_by(rows)]
    if len(rows) > SHOWN:
        lines.append(f"{len(rows) - SHOWN:,} more: influence show flags --limit 0")
    print_lines(lines, pipe_width=PAGE)


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this group."""
    command(app, "classify", panel=PANEL, example="classify --max-fpr 0.05")(classify)
    command(app, "classify-texts", panel=PANEL, example="classify-texts posts.csv --column message --out labels.csv")(
        classify_texts
    )
    command(app, "flags", panel=PANEL, example="flags --min-posts 20")(flags)
