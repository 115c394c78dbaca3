"""`python -m classifiers.training`: train, calibrate and score a model from a configuration."""

import argparse
import sys
from pathlib import Path

from classifiers.errors import ClassifiersError


def main(arguments: list[str] | None = None) -> int:
    """Parse the command line, train, and print where the model is; returns the exit code."""
    parser = argparse.ArgumentParser(prog="python -m classifiers.training", description=__doc__)
    parser.add_argument("data", type=Path, help="folder of the configuration's sources, or JSONL of labelled posts")
    parser.add_argument("--config", type=Path, help="TOML file of settings")
    parser.add_argument("--backbone", required=True, help="folder or hub name of an encoder")
    parser.add_argument("--out", type=Path, required=True, help="model folder to write")
    parser.add_argument("--no-baseline", action="store_true", help="leave the lexical baseline out")
    given = parser.parse_args(arguments)

    from classifiers.training.run import train

    try:
        done = train(given.data, given.backbone, given.out, given.config, baseline=not given.no_baseline)
    except ClassifiersError as error:
        print(error, file=sys.stderr)
        return 2
    print(f"{done.folder}: {done.name}, trained in {done.seconds:.0f} s")
    return 0


if __name__ == "__main__":
    sys.exit(main())
