"""Scores: macro-F1, AUC, average precision, recall at a false-positive rate, calibration error."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike


def auc(labels: ArrayLike, scores: ArrayLike) -> float:
    """Area under the ROC curve: the chance that a positive scores above a negative, ties counted half."""
    y, s = np.asarray(labels).astype(bool), np.asarray(scores, dtype=np.float64)
    if y.all() or not y.any():
        return float("nan")
    _, inverse, counts = np.unique(s, return_inverse=True, return_counts=True)
    ranks = (np.cumsum(counts) - (counts - 1) / 2)[inverse]
    return float((ranks[y].sum() - y.sum() * (y.sum() + 1) / 2) / (y.sum() * (~y).sum()))


def average_precision(labels: ArrayLike, scores: ArrayLike) -> float:
    """Area under the precision-recall curve as a step function, ties taken together."""
    y, s = np.asarray(labels).astype(bool), np.asarray(scores, dtype=np.float64)
    if not y.any():
        return float("nan")
    order = np.argsort(-s, kind="stable")
    hits = np.cumsum(y[order])
    last = np.append(np.diff(s[order]) != 0, True)
    precision = hits[last] / (np.flatnonzero(last) + 1)
    recall = hits[last] / y.sum()
    return float((np.diff(recall, prepend=0.0) * precision).sum())


def recall_at_fpr(labels: ArrayLike, scores: ArrayLike, max_fpr: float = 0.05) -> float:
    """Highest recall of any threshold whose false-positive rate on these very posts is at most `max_fpr`."""
    y, s = np.asarray(labels).astype(bool), np.asarray(scores, dtype=np.float64)
    if y.all() or not y.any():
        return float("nan")
    negatives = np.sort(s[~y])[::-1]
    allowed = int(np.floor(max_fpr * len(negatives) + 1e-9))
    bound = negatives[allowed] if allowed < len(negatives) else -np.inf
    return float((s[y] > bound).mean())


def macro_f1(truth: ArrayLike, predicted: ArrayLike, classes: Sequence[str]) -> float:
    """Mean F1 of `classes`; a class that neither side names is left out."""
    t, p = np.asarray(truth, dtype=object), np.asarray(predicted, dtype=object)
    scores = []
    for name in classes:
        total = (t == name).sum() + (p == name).sum()
        if total:
            scores.append(2 * ((t == name) & (p == name)).sum() / total)
    return float(np.mean(scores)) if scores else float("nan")


def best_f1_threshold(labels: ArrayLike, scores: ArrayLike) -> tuple[float, float]:
    """The threshold (a score of the sample) with the best F1, and that F1; `(inf, nan)` without a positive."""
    y, s = np.asarray(labels).astype(bool), np.asarray(scores, dtype=np.float64)
    if not y.any():
        return float("inf"), float("nan")
    order = np.argsort(-s, kind="stable")
    hits = np.cumsum(y[order])
    f1 = 2 * hits / (np.arange(1, len(y) + 1) + y.sum())
    f1 = np.where(np.append(np.diff(s[order]) != 0, True), f1, -1.0)
    best = int(np.argmax(f1))
    return float(s[order][best]), float(f1[best])


def expected_calibration_error(labels: ArrayLike, probabilities: ArrayLike, bins: int = 10) -> float:
    """Mean distance between probability and frequency over bins with equally many posts.

    References
    ----------
    Naeini, Cooper & Hauskrecht (2015), AAAI.
    """
    y, p = np.asarray(labels, dtype=np.float64), np.asarray(probabilities, dtype=np.float64)
    if not len(y):
        return float("nan")
    parts = np.array_split(np.argsort(p, kind="stable"), min(bins, len(y)))
    return float(sum(len(part) * abs(y[part].mean() - p[part].mean()) for part in parts) / len(y))
