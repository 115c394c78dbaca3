"""How much of its scores a model loses when the same posts are written otherwise."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from classifiers.calibration import Floats
from classifiers.evaluation import weighted
from classifiers.evaluation.bootstrap import Family, Measure, intervals
from classifiers.evaluation.frame import THREE, Frame
from classifiers.evaluation.perturb import PERTURBATIONS, Perturbation
from classifiers.evaluation.predictions import Predictions
from classifiers.evaluation.scores import forced_labels
from classifiers.examples import Example, fraction

#: Labels texts; the language of each is left for the model to find, as it is in use.
Predict = Callable[[list[str]], pa.Table]


@dataclass(frozen=True, slots=True)
class Loss:
    """A measure before and after posts were written otherwise, and the change with its 95% interval (paired).

    `n` posts, of which `changed` have another text afterwards.
    """

    perturbation: str
    measure: str
    before: float
    after: float
    change: float
    low: float | None
    high: float | None
    n: int
    changed: int


def robustness(
    examples: Sequence[Example], predict: Predict, *, limit: int = 400, samples: int = 1000, seed: int = 0
) -> list[Loss]:
    """Loss of each score by each way of writing, on up to `limit` posts that a hash of their name picks."""
    chosen = _chosen(examples, limit)
    if not chosen:
        return []
    before = Predictions.of_labels("before", predict([example.text for example in chosen]))
    found: list[Loss] = []
    for way in PERTURBATIONS:
        rows = [i for i, e in enumerate(chosen) if not way.languages or e.lang in way.languages]
        texts = [way.rewrite(chosen[i].text) for i in rows]
        changed = sum(text != chosen[i].text for i, text in zip(rows, texts, strict=True))
        if changed:
            after = Predictions.of_labels("after", predict(texts))
            own = [chosen[i] for i in rows]
            kept = {name: column[rows] for name, column in before.scores.items()}
            found += _losses(way, own, kept, dict(after.scores), changed, samples=samples, seed=seed)
    return found


def _chosen(examples: Sequence[Example], limit: int) -> list[Example]:
    """Calls first, since they are rare: at most half of the posts; then others, in the order of a hash."""
    known = [e for e in examples if e.call is not None]
    ordered = sorted(known, key=lambda e: fraction(f"robustness/{e.group}/{e.id}"))
    calls = [e for e in ordered if e.call == "call"][: limit // 2]
    return calls + [e for e in ordered if e.call != "call"][: limit - len(calls)]


def _losses(
    way: Perturbation,
    examples: list[Example],
    before: dict[str, Floats],
    after: dict[str, Floats],
    changed: int,
    *,
    samples: int,
    seed: int,
) -> Iterator[Loss]:
    frame = Frame(examples, kinds=False, samples=samples, seed=seed)
    pairs = [
        (rows, _families(frame, rows, before, name), _families(frame, rows, after, name))
        for rows, name in ((np.flatnonzero(frame.call_known), "call"), (np.flatnonzero(frame.label_known), "labels"))
    ]
    for rows, first, second in pairs:
        for one, other in zip(first, second, strict=True):
            found = intervals([_paired(one, other)], list(frame.group[rows]), samples=samples, seed=seed)
            size = len(one.measures)
            for place, measure in enumerate(one.measures):
                was, now, change = (found[place + k * size][1] for k in range(3))
                if not np.isnan(change[0]) and measure.key in _SHOWN:
                    low, high = (None if np.isnan(x) else round(x, 4) for x in change[1:])
                    values = (round(was[0], 4), round(now[0], 4), round(change[0], 4))
                    yield Loss(way.name, measure.name, *values, low, high, len(rows), changed)


_SHOWN = ("call:auc", "call:ap", "call:recall", "label:f1")


def _families(frame: Frame, rows: np.ndarray, scores: dict[str, Floats], name: str) -> list[Family]:
    if name == "call":
        truth = frame.call[rows]
        return [weighted.ranking("call", truth, scores["call"][rows])] if truth.any() and not truth.all() else []
    truth = frame.label[rows]
    if len(set(truth)) < 2:
        return []
    forced = forced_labels(scores["call"][rows], scores["manipulative"][rows])
    return [weighted.class_scores("label", "three labels: macro-F1, no abstention", truth, forced, THREE)]


def _paired(before: Family, after: Family) -> Family:
    """Before, after and the difference on the same resample: what both share cancels."""

    def score(weights: Floats) -> Floats:
        was, now = before.score(weights), after.score(weights)
        return np.column_stack([was, now, now - was])

    measures = before.measures
    return Family((*measures, *measures, *(Measure(m.key, m.name, m.positive) for m in measures)), score)
