"""Options that several commands share: one name, one help text each."""

from pathlib import Path
from typing import Annotated

import typer

__all__ = [
    "EVERYWHERE",
    "ConfidenceOption",
    "DebugOption",
    "EngineOption",
    "JsonOption",
    "MaxFprOption",
    "ModelOption",
    "NoStudyOption",
    "RuntimeOption",
    "SeedOption",
    "StudyOption",
    "WindowOption",
]

EVERYWHERE = "Options of every command"

StudyOption = Annotated[
    Path,
    typer.Option(
        "--study",
        envvar="INFLUENCE_STUDY",
        metavar="DIR",
        show_default="the current folder",
        help="The study folder.",
        rich_help_panel=EVERYWHERE,
    ),
]
NoStudyOption = Annotated[
    Path | None,
    typer.Option("--study", metavar="DIR", help="Not needed: no study is read or changed.", rich_help_panel=EVERYWHERE),
]
EngineOption = Annotated[
    str,
    typer.Option(
        "--engine",
        metavar="NAME",
        help="The engine that runs the tables: duckdb is the only one in this version.",
        rich_help_panel=EVERYWHERE,
    ),
]
JsonOption = Annotated[
    bool,
    typer.Option("--json", metavar="", help="Print one JSON document instead of text.", rich_help_panel=EVERYWHERE),
]
DebugOption = Annotated[
    bool,
    typer.Option("--debug", metavar="", help="Show the whole traceback of an error.", rich_help_panel=EVERYWHERE),
]
SeedOption = Annotated[
    int | None,
    typer.Option(
        "--seed",
        min=0,
        metavar="N",
        show_default="study.toml's",
        help="Seed of every random step: the same seed gives the same figures.",
        rich_help_panel=EVERYWHERE,
    ),
]
WindowOption = Annotated[
    str | None,
    typer.Option(
        "--window",
        metavar="A..B",
        show_default="study.toml's, else all times",
        help="Count only what was posted and done from day A to day B (2026-03-01..2026-04-15, both included, UTC); "
        "either side may be left out.",
    ),
]
ConfidenceOption = Annotated[
    float | None,
    typer.Option(
        "--confidence",
        metavar="P",
        show_default="0.95",
        help="Confidence of the intervals, between 0 and 1.",
    ),
]
ModelOption = Annotated[
    str | None,
    typer.Option("--model", metavar="DIR", show_default="the shipped model", help="Folder of another trained model."),
]
RuntimeOption = Annotated[
    str | None,
    typer.Option(
        "--runtime",
        envvar="INFLUENCE_RUNTIME",
        metavar="NAME",
        show_default="auto",
        help="What computes the model: onnx (ONNX Runtime, 8-bit, on the CPU), torch, or auto: torch on a GPU, else "
        "onnx.",
    ),
]
MaxFprOption = Annotated[
    float | None,
    typer.Option(
        "--max-fpr",
        metavar="P",
        show_default="study.toml's, else 0.05",
        help="Of all posts that are no call, at most this share may be labelled as one; what cannot be told within it "
        "is labelled undetermined.",
    ),
]
