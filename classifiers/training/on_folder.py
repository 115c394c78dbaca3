"""Commands that add something to a model folder from the posts that it was trained on: MODEL DATA --config FILE."""

import argparse
import sys
from collections.abc import Callable
from pathlib import Path

from classifiers.errors import ClassifiersError
from classifiers.training.config import TrainingConfig, read_config

#: Does the work: the model folder, the folder of the sources, the settings and the file that they come from.
Work = Callable[[Path, Path, TrainingConfig, Path], None]


def run_on_folder(module: str, description: str | None, work: Work, done: str, arguments: list[str] | None) -> int:
    """Parse the command line of `python -m MODULE`, do the work and say what was done; returns the exit code."""
    parser = argparse.ArgumentParser(prog=f"python -m {module}", description=description)
    parser.add_argument("model", type=Path, help="model folder that training wrote")
    parser.add_argument("data", type=Path, help="folder of the configuration's sources")
    parser.add_argument("--config", type=Path, required=True, help="the settings that the network was trained with")
    given = parser.parse_args(arguments)
    try:
        work(given.model, given.data, read_config(given.config), given.config)
    except ClassifiersError as error:
        print(error, file=sys.stderr)
        return 2
    print(f"{given.model}: {done}")
    return 0
