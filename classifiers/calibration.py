"""Logits to probabilities that mean what they say, and thresholds that hold a false-positive rate."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
POOLED = "pooled"


def sigmoid(logits: ArrayLike) -> Floats:
    """1 / (1 + exp(-x)), without overflow."""
    x = np.asarray(logits, dtype=np.float64)
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * x)))


@dataclass(frozen=True, slots=True)
class Platt:
    """`p = sigmoid(slope * logit + intercept)`, with an intercept of its own for groups that had enough labels.

    `intercepts` always has the key `pooled`, used for every group that is not named.
    """

    slope: float
    intercepts: Mapping[str, float]

    def __call__(self, logits: ArrayLike, groups: Sequence[str] | None = None) -> Floats:
        """Probabilities of logits (N,), each by its group's intercept."""
        x = np.asarray(logits, dtype=np.float64)
        pooled = self.intercepts[POOLED]
        shift = pooled if groups is None else np.array([self.intercepts.get(g, pooled) for g in groups])
        return sigmoid(self.slope * x + shift)


def fit_platt(
    logits: ArrayLike,
    labels: ArrayLike,
    groups: Sequence[str] | None = None,
    *,
    least_positive: int = 10,
    least_negative: int = 50,
) -> Platt:
    """Platt scaling with one slope for all and an intercept for each group with enough labels of both kinds.

    Parameters
    ----------
    logits, labels
        N logits and N labels of 0 or 1, with at least one of each.
    groups
        The group (language) of each; None pools all.
    least_positive, least_negative
        A group with fewer labels of either kind gets the pooled intercept.

    Notes
    -----
    One slope, because a handful of positives in a language cannot tell a slope from noise; an intercept each,
    because base rates and the model's lean differ. A weak prior (slope 1, a group's intercept near the pooled one)
    keeps separable samples finite.

    References
    ----------
    Platt (1999), Probabilistic outputs for support vector machines.
    """
    x, y = np.asarray(logits, dtype=np.float64), np.asarray(labels, dtype=np.float64)
    if len(x) != len(y) or len(np.unique(y)) != 2:
        raise ValueError(f"calibration needs labels of both kinds, got {len(x)} logits and labels {np.unique(y)}")
    names = _own_groups(y, groups, least_positive, least_negative)
    member = np.array([[g == name for name in names] for g in (groups or [POOLED] * len(x))], dtype=np.float64)
    design = np.column_stack([x, np.ones(len(x)), member.reshape(len(x), len(names))])
    # Precision of the prior: (slope - 1), pooled intercept (none), deviations of the groups.
    prior = np.array([0.1, 1e-6, *[0.5] * len(names)])
    start = np.array([1.0, 0.0, *[0.0] * len(names)])
    solved = _newton(design, y, prior, start)
    intercepts = {POOLED: float(solved[1])} | {
        name: float(solved[1] + shift) for name, shift in zip(names, solved[2:], strict=True)
    }
    return Platt(float(max(solved[0], 1e-3)), intercepts)


def _own_groups(y: Floats, groups: Sequence[str] | None, positive: int, negative: int) -> list[str]:
    of = np.array(groups or [])
    return [
        str(name)
        for name in np.unique(of)
        if (y[of == name] == 1).sum() >= positive and (y[of == name] == 0).sum() >= negative
    ]


def _newton(design: Floats, y: Floats, prior: Floats, start: Floats) -> Floats:
    """Maximum a posteriori of a logistic regression with an independent normal prior around `start`."""

    def loss(weights: Floats) -> float:
        z = design @ weights
        return float(np.logaddexp(0, z).sum() - y @ z + 0.5 * prior @ (weights - start) ** 2)

    weights = start.copy()
    for _ in range(100):
        p = sigmoid(design @ weights)
        gradient = design.T @ (p - y) + prior * (weights - start)
        hessian = (design * (p * (1 - p))[:, None]).T @ design + np.diag(prior)
        step = np.linalg.solve(hessian, gradient)
        size, now = 1.0, loss(weights)
        while loss(weights - size * step) > now and size > 1e-6:
            size /= 2
        weights = weights - size * step
        if np.abs(size * step).max() < 1e-9:
            break
    return weights


@dataclass(frozen=True, slots=True)
class NegativeScores:
    """Calibrated probabilities of labelled negatives a language, from which thresholds are read.

    `scores` maps a language to its sorted scores; the key `pooled` holds those of all.
    """

    scores: Mapping[str, Sequence[float]]

    def threshold(self, language: str, max_fpr: float) -> float:
        """The lowest score from which on a negative is met with probability of at most `max_fpr`.

        Of n exchangeable negatives and the next one, the next one is among the k+1 highest with probability
        (k+1)/(n+1) at most; the threshold lies just above the (k+1)-th highest for the largest such k+1. Languages
        with too few negatives for the rate asked use the pooled ones; where these are too few as well, nothing
        passes (infinity).

        References
        ----------
        Vovk, Gammerman & Shafer (2005), Algorithmic Learning in a Random World, chapter 2.
        """
        if not 0 < max_fpr < 1:
            raise ValueError(f"max_fpr must lie in (0, 1), got {max_fpr!r}")
        for name in (language, POOLED):
            scores = self.scores.get(name, ())
            allowed = int(np.floor(max_fpr * (len(scores) + 1) + 1e-9))
            if allowed >= 1:
                return float(np.nextafter(sorted(scores)[-allowed], np.inf))
        return float("inf")
