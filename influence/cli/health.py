"""The command that looks after the installation and a study: `doctor`."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from influence.cli.base import command, open_study, print_json
from influence.cli.options import EVERYWHERE, EngineOption, JsonOption, ModelOption
from influence.errors import CheckFailed

__all__ = ["add_commands"]

PANEL = "The job"


def doctor(
    study: Annotated[
        Path | None,
        typer.Option(
            "--study",
            envvar="INFLUENCE_STUDY",
            metavar="DIR",
            show_default="the current folder, if it is one",
            help="The study folder to examine beside the installation.",
            rich_help_panel=EVERYWHERE,
        ),
    ] = None,
    model: ModelOption = None,
    engine: EngineOption = "duckdb",
    json: JsonOption = False,
) -> None:
    """Examine the installation, the model and the study; exit with 1 if a check failed."""
    from influence.doctor import examine

    here = Path(".")
    folder = study or (here if (here / "study.toml").exists() else None)
    findings = examine(open_study(folder, engine) if folder else None, model=model)
    failed = [finding for finding in findings if finding.status == "failed"]
    if json:
        print_json({"ok": not failed, "findings": [asdict(finding) for finding in findings]})
    else:
        from influence.cli.layouts import findings_grid
        from influence.display import print_grid

        print_grid(findings_grid(findings))
    if failed:
        raise CheckFailed(f"{len(failed)} of {len(findings)} checks failed: {', '.join(f.check for f in failed)}.")


def add_commands(app: typer.Typer) -> None:
    """Add the command of this group."""
    command(app, "doctor", panel=PANEL, example="doctor --study my-study")(doctor)
