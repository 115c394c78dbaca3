"""The command about people's decisions: `review`."""

from __future__ import annotations

from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from influence.cli.base import command, open_study, print_json
from influence.cli.options import EngineOption, JsonOption, StudyOption
from influence.errors import CheckFailed, InputError

__all__ = ["add_commands"]

PANEL = "Content"


def review(
    verify: Annotated[
        bool,
        typer.Option(
            "--verify",
            metavar="",
            help="Compute the chain of decisions again; exit with 1 if one was changed or removed.",
        ),
    ] = False,
    import_: Annotated[
        Path | None,
        typer.Option(
            "--import",
            metavar="FILE",
            show_default="none",
            help="Record the decisions of a spreadsheet (CSV or JSONL): post_id, reviewer, call, verdict, call_types, "
            "techniques, spans, comment, blind, model, role, at.",
        ),
    ] = None,
    export: Annotated[
        Path | None,
        typer.Option("--export", metavar="FILE", show_default="none", help="Write all decisions as CSV or JSONL."),
    ] = None,
    head: Annotated[
        str | None,
        typer.Option(
            "--head",
            metavar="HASH",
            show_default="none",
            help="With --verify: a hash noted earlier must be in the chain.",
        ),
    ] = None,
    study: StudyOption = Path("."),
    engine: EngineOption = "duckdb",
    json: JsonOption = False,
) -> None:
    """Take in, hand out and verify what people decided about posts. Decisions are only ever added.

    `influence train --study DIR` learns from them.
    """
    from influence.review.exchange import export_decisions, import_decisions
    from influence.review.store import ReviewStore

    if not verify and import_ is None and export is None:
        raise InputError("nothing to do. Give --import FILE, --export FILE or --verify.")
    opened = open_study(study, engine)
    store, said = ReviewStore(opened.folder), dict[str, Any]()
    if import_ is not None:
        said["import"] = asdict(import_decisions(opened, import_))
    if export is not None:
        said["export"] = {"file": str(export), "decisions": export_decisions(opened, export)}
    chain = store.verify(head=head)
    said["chain"] = asdict(chain)
    said["posts"] = dict(Counter(one.status for one in store.settled())) if chain.broken is None else {}
    if json:
        print_json(said)
    else:
        _print(said)
    if chain.broken:
        raise CheckFailed(f"{store.file}: {chain.broken}. Copy it back from a backup.")


def _print(said: dict[str, Any]) -> None:
    from influence.display import print_lines

    lines = []
    if done := said.get("import"):
        lines.append(
            f"{done['read']:,} decisions read: {done['recorded']:,} recorded, {done['known']:,} known already."
        )
    if done := said.get("export"):
        lines.append(f"{done['decisions']:,} decisions written: {done['file']}")
    chain = said["chain"]
    if chain["broken"] is None:
        posts = ", ".join(f"{count:,} {status}" for status, count in said["posts"].items()) or "none"
        lines += [f"{chain['decisions']:,} decisions, the chain is whole. Posts: {posts}.", f"head {chain['head']}"]
    print_lines(lines)


def add_commands(app: typer.Typer) -> None:
    """Add the command of this group."""
    command(app, "review", panel=PANEL, example="review --import decisions.csv --study my-study")(review)
