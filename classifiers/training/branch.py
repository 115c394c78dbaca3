"""Give a model folder its lexical branch, and calibrate and score it anew.

python -m classifiers.training.branch MODEL DATA --config benchmarks/train_default.toml
"""

import sys
from collections.abc import Sequence
from pathlib import Path

from classifiers.calibration import Floats
from classifiers.errors import InputError
from classifiers.examples import Example
from classifiers.inference import RawScores
from classifiers.lexical import OUTPUTS, LexicalBranch, fit_lexical, save_lexical
from classifiers.loading import load
from classifiers.scheme import TECHNIQUES
from classifiers.settings import LexicalScales, read_settings, write_settings
from classifiers.storage import LEXICAL, digest
from classifiers.training.assess import assess
from classifiers.training.config import TrainingConfig
from classifiers.training.data import held_out_part, load_examples, training_part
from classifiers.training.on_folder import run_on_folder

#: Weight of the branch for calls beside the network, both made equally wide. In a cross-validation over three folds of
#: real posts (with another network, of 12 layers) 0.4 had nearly the best average precision (.69; best .70 at 0.75, the
#: network alone .63); above it false calls rose quickly on texts full of appeal words that are no calls.
SHARE = 0.4


def fit_branch(examples: Sequence[Example]) -> LexicalBranch:
    """The branch fitted on examples; what was not asked of a post teaches nothing."""
    labels = {name: [example.has(name) for example in examples] for name in TECHNIQUES}
    labels["call"] = [example.is_call for example in examples]
    return fit_lexical([e.text for e in examples], labels)


def add_branch(folder: Path, trained_on: Sequence[Example], scaled_on: Sequence[Example]) -> None:
    """Fit the branch, write it into the folder, and set how network and branch are added.

    Log odds of the two are made equally wide on `scaled_on`, posts that neither was trained on, and added, for calls
    with `SHARE` of the branch: no label is used for that, so nothing is fitted to them.
    """
    branch = fit_branch(trained_on)
    plain = read_settings(folder).model_copy(update={"lexical": None})
    (folder / LEXICAL).unlink(missing_ok=True)
    write_settings(plain.model_copy(update={"sha256": digest(folder)}), folder)
    texts = [e.text for e in scaled_on]
    raw = load(folder, runtime="torch").raw_scores(texts)
    write_branch(folder, branch, branch_scales(raw, branch.scores(texts)))


def branch_scales(raw: RawScores, scores: Floats) -> LexicalScales:
    """How network and branch are added, from their scores (N) and (N, outputs) of the same unseen posts."""
    ratios = {"call": SHARE * raw.call.std() / max(scores[:, 0].std(), 1e-9)}
    for column, name in enumerate(OUTPUTS[1:]):
        ratios[name] = raw.techniques[:, column].std() / max(scores[:, column + 1].std(), 1e-9)
    return LexicalScales(ratios={name: round(float(value), 4) for name, value in ratios.items()})


def write_branch(folder: Path, branch: LexicalBranch, scales: LexicalScales) -> None:
    """Write a branch and its scales into a model folder, in the place of another where there is one."""
    save_lexical(branch, folder)
    settings = read_settings(folder).model_copy(update={"lexical": scales, "sha256": digest(folder)})
    write_settings(settings, folder)


def _added(model: Path, data: Path, settings: TrainingConfig, config: Path) -> None:
    examples = load_examples(settings, data)
    own, aside = training_part(examples), held_out_part(examples)
    if not aside:
        raise InputError(f"{config}: no post is held out, so nothing can be calibrated. Set held_out, and folds = 0.")
    add_branch(model, own, [e for e in aside if e.real] or aside)
    assess(load(model, runtime="torch"), model, own, aside, {}, samples=settings.bootstrap_samples)


def main(arguments: list[str] | None = None) -> int:
    """Parse the command line, add the branch, calibrate and score; returns the exit code."""
    done = "lexical branch added, calibrated and scored"
    return run_on_folder("classifiers.training.branch", __doc__, _added, done, arguments)


if __name__ == "__main__":
    sys.exit(main())
