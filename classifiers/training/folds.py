"""Cross-validation: every post is scored by a network that never saw it, and the one that is kept saw them all."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers.calibration import Floats
from classifiers.engines import TorchEngine
from classifiers.errors import InputError
from classifiers.examples import Example
from classifiers.inference import RawScores, TokenScores, raw_scores, with_branch
from classifiers.model import SPAN_CHANNELS
from classifiers.scheme import TECHNIQUES
from classifiers.settings import LexicalScales
from classifiers.training.branch import branch_scales, fit_branch
from classifiers.training.config import TrainingConfig
from classifiers.training.splits import fold_numbers, parts
from classifiers.training.tuning import fine_tune

SCORES = "scores.npz"
_TOKEN_STEPS = 255
_COLUMNS = ("call", "promotion", "manipulative", "call_types", "techniques")


@dataclass(frozen=True, slots=True)
class OutOfFold:
    """What networks said of N posts that they were not trained on.

    Attributes
    ----------
    folds
        Fold (N,) of each post.
    raw
        Scores of the networks alone.
    lexical
        Log odds (N, outputs) of lexical branches that were fitted without the post's fold; None without branches.
    seconds
        Training time of all folds.
    """

    folds: NDArray[np.int64]
    raw: RawScores
    lexical: Floats | None
    seconds: float

    def together(self) -> tuple[RawScores, LexicalScales | None]:
        """Network and branch added as in the model, and the scales by which they were."""
        if self.lexical is None:
            return self.raw, None
        scales = branch_scales(self.raw, self.lexical)
        return with_branch(self.raw, self.lexical, scales), scales


def cross_validate(examples: Sequence[Example], backbone: str | Path, out: Path, config: TrainingConfig) -> OutOfFold:
    """Train a network for each of `config.folds` folds on the other posts and score the fold with it.

    What a fold's network said stands in `out/fold<k>/scores.npz`; a fold that has the file is not trained again.
    """
    folds = fold_numbers(examples, config.folds)
    scores: list[RawScores] = []
    order: list[int] = []
    lexical = np.zeros((len(examples), 1 + len(TECHNIQUES))) if config.lexical else None
    seconds = 0.0
    for number, rest, rows in parts(examples, folds):
        own = [examples[row] for row in rows]
        file = out / f"fold{number}" / SCORES
        if not file.exists():
            _score_fold(rest, own, backbone, file, config)
        raw, of_fold = read_scores(file, own)
        scores.append(raw)
        order += rows
        seconds += of_fold
        if lexical is not None:
            lexical[rows] = fit_branch(rest).scores([e.text for e in own])
    return OutOfFold(folds, _in_order(scores, order), lexical, seconds)


def _score_fold(
    rest: list[Example], own: list[Example], backbone: str | Path, file: Path, config: TrainingConfig
) -> None:
    model, encoder, _, seconds = fine_tune(rest, backbone, file.parent, config)
    raw = raw_scores(TorchEngine(model), encoder, [e.text for e in own], batch_tokens=4096)
    write_scores(file, own, raw, seconds)


def write_scores(file: Path, examples: Sequence[Example], raw: RawScores, seconds: float) -> None:
    """Keep the scores of posts by their names; token scores in steps of 1/255."""
    tokens = raw.tokens
    none = TokenScores(np.zeros((0, 2), dtype=np.int64), np.zeros((0, len(SPAN_CHANNELS))))
    beside = file.with_name(f"{file.name}.part.npz")
    np.savez_compressed(
        beside,
        id=np.array([_name(e) for e in examples]),
        call=raw.call,
        promotion=raw.promotion,
        manipulative=raw.manipulative,
        call_types=raw.call_types,
        techniques=raw.techniques,
        tok_of=np.arange(len(tokens)),
        tok_n=np.array([len(t.offsets) for t in tokens], dtype=np.int64),
        tok_off=np.concatenate([none.offsets, *(t.offsets for t in tokens)]).astype(np.int32),
        tok_sc=np.round(np.concatenate([none.scores, *(t.scores for t in tokens)]) * _TOKEN_STEPS).astype(np.uint8),
        seconds=np.array(seconds),
    )
    beside.replace(file)


def read_scores(file: Path, examples: Sequence[Example]) -> tuple[RawScores, float]:
    """Scores of posts that `write_scores` kept, in the order of `examples`, and the seconds of training.

    Raises
    ------
    InputError
        If the file cannot be read or lacks a post: the data or the folds have changed since.
    """
    try:
        with np.load(file) as stored:
            kept: dict[str, NDArray[Any]] = {name: stored[name] for name in stored.files}
        row_of = {str(name): row for row, name in enumerate(kept["id"])}
        rows = [row_of[_name(e)] for e in examples]
    except KeyError as error:
        raise InputError(f"{file}: has no scores of {error.args[0]!r}. The data have changed: delete it.") from error
    except (OSError, ValueError) as error:
        raise InputError(f"{file}: cannot be read ({error}). Delete it; the fold is then trained again.") from error
    tokens = [TokenScores(np.zeros((0, 2), dtype=np.int64), np.zeros((0, len(SPAN_CHANNELS))))] * len(row_of)
    ends = np.cumsum(kept["tok_n"])
    for row, end, count in zip(kept["tok_of"], ends, kept["tok_n"], strict=True):
        of_post = slice(int(end - count), int(end))
        offsets, steps = kept["tok_off"][of_post], kept["tok_sc"][of_post]
        tokens[int(row)] = TokenScores(offsets.astype(np.int64), steps / _TOKEN_STEPS)
    own = {name: np.asarray(kept[name][rows], dtype=np.float64) for name in _COLUMNS}
    found = RawScores(**own, tokens=[tokens[row] for row in rows])
    return found, float(kept.get("seconds", np.array(0.0)))


def _name(example: Example) -> str:
    return f"{example.source}|{example.id}"


def _in_order(scores: Sequence[RawScores], order: Sequence[int]) -> RawScores:
    """Scores of the folds, one after the other, put back into the order of the posts."""
    back = np.argsort(np.array(order))
    columns = {name: np.concatenate([getattr(raw, name) for raw in scores])[back] for name in _COLUMNS}
    tokens = [of for raw in scores for of in raw.tokens]
    return RawScores(**columns, tokens=[tokens[row] for row in back])
