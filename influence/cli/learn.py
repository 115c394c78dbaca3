"""The command that makes a model from labelled posts: `train`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from influence.cli.base import command, print_json
from influence.cli.options import EVERYWHERE, EngineOption, JsonOption, SeedOption

if TYPE_CHECKING:
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
    seed: SeedOption = None,
    study: Annotated[
        Path | None,
        typer.Option(
            "--study", metavar="DIR", help="Not needed: no study is read or changed.", rich_help_panel=EVERYWHERE
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

    settings = _settings(config, seed)
    with bars() as progress:
        progress(f"training; log in {out / 'training' / 'log.jsonl'}", 0, None)
        trained = train_model(data, backbone, out, settings)
    if json:
        scores = {"scores": trained.scores, "seconds": trained.seconds}
        print_json({"model": str(trained.folder), "name": trained.name, **scores})
        return
    from influence.cli.layouts import scores_grid

    print_grid(scores_grid(trained.scores))
    print(trained.folder)


def _settings(config: Path | None, seed: int | None) -> TrainingConfig:
    """Return the settings of a file (or the defaults), with another seed if one is given."""
    from classifiers.training import TrainingConfig, read_config

    settings = read_config(config) if config is not None else TrainingConfig()
    return settings if seed is None else settings.model_copy(update={"seed": seed})


def add_commands(app: typer.Typer) -> None:
    """Add the command of this group."""
    example = "train posts.jsonl --backbone intfloat/multilingual-e5-small --out my-model"
    command(app, "train", panel=PANEL, example=example)(train)
