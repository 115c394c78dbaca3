"""The commands about models: `train` makes one from labelled posts, `evaluate` says how good one is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from influence.cli.base import command, open_study, print_json
from influence.cli.options import (
    EVERYWHERE,
    EngineOption,
    JsonOption,
    MaxFprOption,
    ModelOption,
    NoStudyOption,
    SeedOption,
)
from influence.errors import CheckFailed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from classifiers.evaluation import Report
    from classifiers.training import TrainingConfig

__all__ = ["add_commands"]

PANEL = "Content"


def train(
    data: Annotated[
        Path,
        typer.Argument(
            metavar="DATA", help="Labelled posts: a JSONL file, or a folder of them or of --config's sources."
        ),
    ],
    backbone: Annotated[
        str,
        typer.Option("--backbone", metavar="NAME_OR_DIR", help="The encoder to start from: a hub name, or a folder."),
    ],
    out: Annotated[Path, typer.Option("--out", metavar="DIR", help="The folder that the model is written to.")],
    config: Annotated[
        Path | None,
        typer.Option(
            "--config", metavar="FILE", show_default="the defaults", help="Settings (TOML): sources, epochs, rates."
        ),
    ] = None,
    without: Annotated[
        list[str] | None,
        typer.Option(
            "--without",
            metavar="SOURCE",
            show_default="none",
            help="A source of the settings (or a file's name without .jsonl) that is left out, besides those the "
            "settings leave out: unlp2025 for weights free of its licence. May be given several times.",
        ),
    ] = None,
    seed: SeedOption = None,
    study: Annotated[
        Path | None,
        typer.Option(
            "--study",
            metavar="DIR",
            show_default="none",
            help="A study whose reviewed posts are trained on besides DATA; it is not changed.",
            rich_help_panel=EVERYWHERE,
        ),
    ] = None,
    engine: EngineOption = "duckdb",
    json: JsonOption = False,
) -> None:
    """Train a model on labelled posts, calibrate it and score it on posts kept aside.

    It can be stopped; the same command goes on where the last epoch ended. It takes hours on a processor.
    """
    from classifiers.training import train as train_model
    from influence.display import bars, print_grid
    from influence.review.learning import train_with_reviews

    settings = _settings(config, seed)
    settings = settings.model_copy(update={"without": (*settings.without, *(without or ()))})
    with bars() as progress:
        progress(f"training; log in {out / 'training' / 'log.jsonl'}", 0, None)
        if study is None:
            trained = train_model(data, backbone, out, settings)
        else:
            trained = train_with_reviews(open_study(study, engine), data, backbone, out, settings)
    if json:
        scores = {"scores": trained.scores, "seconds": trained.seconds}
        print_json({"model": str(trained.folder), "name": trained.name, **scores})
        return
    from influence.cli.layouts import scores_grid

    print_grid(scores_grid(trained.scores))
    print(trained.folder)


def evaluate(
    data: Annotated[
        Path,
        typer.Argument(
            metavar="DATA", help="Labelled posts: a JSONL file, or a folder of them or of --config's sources."
        ),
    ],
    model: ModelOption = None,
    max_fpr: MaxFprOption = None,
    minimum: Annotated[
        list[str] | None,
        typer.Option(
            "--min",
            metavar="SCORE",
            show_default="none",
            help="A score to reach, else the exit code is 1: call:ap>=0.7, call:fpr@kk<=0.05, or a bare number for the "
            "macro-F1 of the three labels (label:f1). May be given several times.",
        ),
    ] = None,
    baseline: Annotated[
        Path | None,
        typer.Option(
            "--baseline",
            metavar="TRAIN_DATA",
            show_default="none",
            help="Labelled posts to fit a lexical baseline (TF-IDF) on, scored in the same tables. With --config the "
            "folder of its sources: those that are not held out are taken.",
        ),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(
            "--config",
            metavar="FILE",
            show_default="none: all posts",
            help="Settings of a training run (TOML): only the posts that it holds out are evaluated on.",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(
            "--out",
            metavar="FOLDER",
            show_default="nothing is written",
            help="Folder for evaluation.md (all tables), evaluation.json and the figures.",
        ),
    ] = None,
    samples: Annotated[
        int, typer.Option("--samples", min=1, metavar="N", help="Bootstrap samples behind each interval.")
    ] = 1000,
    robustness: Annotated[
        int,
        typer.Option(
            "--robustness",
            min=0,
            metavar="N",
            help="So many posts are written otherwise (no Kazakh letters, Latin letters, typing mistakes, emoji, "
            "masking) and labelled again; 0: none.",
        ),
    ] = 400,
    show_texts: Annotated[
        bool,
        typer.Option(
            "--show-texts",
            metavar="",
            help="Show the texts of typical mistakes whatever their licence: for your own eyes.",
        ),
    ] = False,
    seed: SeedOption = None,
    study: NoStudyOption = None,
    engine: EngineOption = "duckdb",
    json: JsonOption = False,
) -> None:
    """Score a model on labelled posts: intervals, false calls by subgroup, calibration, robustness, mistakes.

    Evaluate on posts that the model was not trained on; nothing else says how it does on new ones.
    """
    import classifiers
    from classifiers.evaluation import parse_minimum
    from influence.display import bars

    bounds = [parse_minimum(text) for text in minimum or ()]
    with bars() as progress:
        report = classifiers.evaluate(
            data,
            model,
            config=config,
            baseline=baseline,
            max_fpr=0.05 if max_fpr is None else max_fpr,
            samples=samples,
            seed=seed or 0,
            robustness_posts=robustness,
            show_texts=show_texts,
            progress=progress,
        )
    files = report.write(out) if out is not None else []
    if json:
        print_json(report.as_dict())
    else:
        _show(report, files)
    failed = [failure for bound in bounds if (failure := bound.failure(report.scores, report.model))]
    if failed:
        raise CheckFailed(f"not reached: {'; '.join(failed)}.")


def _show(report: Report, files: Sequence[Path]) -> None:
    from influence.cli.evaluation_layouts import evaluation_grids
    from influence.display import print_grid, print_lines

    for grid in evaluation_grids(report):
        print_grid(grid)
        print_lines([""])
    if not files:
        print_lines(["All tables, figures and typical mistakes: --out FOLDER"])
    for file in files:
        print(file)


def _settings(config: Path | None, seed: int | None) -> TrainingConfig:
    """Return the settings of a file (or the defaults), with another seed if one is given."""
    from classifiers.training import TrainingConfig, read_config

    settings = read_config(config) if config is not None else TrainingConfig()
    return settings if seed is None else settings.model_copy(update={"seed": seed})


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this group."""
    example = "train posts.jsonl --backbone intfloat/multilingual-e5-small --out my-model"
    command(app, "train", panel=PANEL, example=example)(train)
    words = "evaluate held-out.jsonl --model my-model --min call:ap>=0.7 --out evaluation"
    command(app, "evaluate", panel=PANEL, example=words)(evaluate)
