"""Reliability of the probabilities, and risk against coverage: the numbers behind the two figures."""

from dataclasses import dataclass

import numpy as np

from classifiers.evaluation.frame import Frame
from classifiers.evaluation.predictions import Predictions
from classifiers.evaluation.rates import exact_interval
from classifiers.evaluation.scores import confidence_of
from classifiers.evaluation.weighted import risk_curve

_BINS = 10
# Points of a risk-coverage curve that are kept: enough for a smooth line.
_POINTS = 100


@dataclass(frozen=True, slots=True)
class Bin:
    """Posts of one kind whose `p_call` is alike: mean probability, and the share of calls with a 95% interval."""

    model: str
    posts: str
    language: str
    p_mean: float
    share: float
    low: float
    high: float
    n: int


@dataclass(frozen=True, slots=True)
class Point:
    """Share of the posts that are answered, most confident first, and the share of wrong answers among them."""

    model: str
    posts: str
    coverage: float
    risk: float


def reliability(frame: Frame, given: Predictions) -> list[Bin]:
    """Ten bins of equally many posts for each kind of posts and language with at least fifty; ties of `p_call` stay."""
    if given.labels is None:
        return []
    p_call = np.array(given.labels["p_call"].to_pylist(), dtype=np.float64)
    found = []
    for subset in frame.subsets(frame.call_known, base_rates=True):
        rows = subset.rows
        if len(rows) < 5 * _BINS or subset.posts.startswith("source "):
            continue
        for part in np.array_split(rows[np.argsort(p_call[rows], kind="stable")], _BINS):
            calls = int(frame.call[part].sum())
            low, high = exact_interval(calls, len(part))
            numbers = (round(float(p_call[part].mean()), 4), round(calls / len(part), 4), round(low, 4), round(high, 4))
            found.append(Bin(given.model, subset.posts, subset.language, *numbers, len(part)))
    return found


def risk_coverage(frame: Frame, given: Predictions) -> list[Point]:
    """The risk-coverage curve of the three labels, for each kind of posts."""
    if "call" not in given.scores or "manipulative" not in given.scores:
        return []
    confidence, likeliest = confidence_of(given.scores["call"], given.scores["manipulative"])
    widest: dict[str, np.ndarray[tuple[int, ...], np.dtype[np.int64]]] = {}
    for subset in frame.subsets(frame.label_known):
        if not subset.posts.startswith("source ") and len(subset.rows) > len(widest.get(subset.posts, ())):
            widest[subset.posts] = subset.rows
    found = []
    for posts, rows in widest.items():
        coverage, risk = risk_curve(confidence[rows], (likeliest != frame.label)[rows])
        kept = np.unique(np.linspace(0, len(rows) - 1, min(_POINTS, len(rows))).round().astype(int))
        found += [Point(given.model, posts, round(float(coverage[i]), 4), round(float(risk[i]), 4)) for i in kept]
    return found
