"""Make a synthetic study with known truth, of any size.

    python benchmarks/synthesise.py --preset demo --out datasets/demo
    python benchmarks/synthesise.py --preset large --out big --as parquet --seed 7

The same parameters give the same files, byte for byte. As a library:

    from synthesise import preset, synthesise
    study = synthesise(preset("small", seed=3))
    study.posts, study.interactions, study.truth.reach
"""

import argparse
import sys
from pathlib import Path

HERE = str(Path(__file__).resolve().parent)
if HERE not in sys.path:
    # With PYTHONSAFEPATH set, as the Makefile does, a script's own folder is not searched.
    sys.path.insert(0, HERE)

from synthesis.files import write_exports, write_tables, write_truth  # noqa: E402
from synthesis.parameters import PRESETS, Parameters, preset  # noqa: E402
from synthesis.study import SyntheticStudy, synthesise  # noqa: E402
from synthesis.truth import Truth  # noqa: E402

__all__ = [
    "PRESETS",
    "Parameters",
    "SyntheticStudy",
    "Truth",
    "main",
    "preset",
    "synthesise",
    "write_exports",
    "write_tables",
    "write_truth",
]


def main(arguments: list[str] | None = None) -> int:
    """Make a study as the command line says; return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--preset", choices=sorted(PRESETS), default="small")
    parser.add_argument("--out", type=Path, required=True, help="folder to write into")
    parser.add_argument("--as", dest="kind", choices=("exports", "parquet", "csv"), default="exports")
    parser.add_argument("--texts", type=Path, help="folder of written posts (default: those of the project)")
    for name in ("seed", "people", "leaders", "outlets", "posts"):
        parser.add_argument(f"--{name}", type=int, help="in place of the preset's")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", help="any other parameter")
    given = parser.parse_args(arguments)
    try:
        study = synthesise(preset(given.preset, **_changes(given)), given.texts)
    except (ValueError, TypeError, FileNotFoundError) as error:
        parser.error(str(error))
    if given.kind == "exports":
        written = write_exports(study, given.out)
    else:
        written = write_tables(study, given.out, given.kind)
        write_truth(study, given.out / "truth")
    for name, rows in written.items():
        print(f"{rows:>9,}  {given.out / name}")
    return 0


def _changes(given: argparse.Namespace) -> dict[str, int | float]:
    """Return the parameters that the command line changes."""
    names = ("seed", "people", "leaders", "outlets", "posts")
    changes: dict[str, int | float] = {name: getattr(given, name) for name in names if getattr(given, name) is not None}
    for assignment in given.set:
        name, equals, value = assignment.partition("=")
        if not equals:
            raise ValueError(f"--set {assignment!r} is no NAME=VALUE")
        changes[name] = float(value) if "." in value else int(value)
    return changes


if __name__ == "__main__":
    sys.exit(main())
