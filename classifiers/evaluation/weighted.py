"""Measures as functions of weights: rank measures, F1, calibration error, risk against coverage."""

import numpy as np
from numpy.typing import NDArray

from classifiers.calibration import Floats
from classifiers.evaluation.bootstrap import Family, Measure

Bools = NDArray[np.bool_]


def divided(above: Floats, below: Floats) -> Floats:
    """Quotients, nan where there is nothing to divide by."""
    out = np.full(np.broadcast(above, below).shape, np.nan)
    np.divide(above, below, out=out, where=below > 0)
    return out


def mean_of_known(values: Floats) -> Floats:
    """Mean along the last axis over what is not nan; nan where nothing is."""
    known = ~np.isnan(values)
    return divided(np.where(known, values, 0.0).sum(axis=-1), known.sum(axis=-1).astype(np.float64))


class Ranked:
    """Posts in order of falling score, ties taken together."""

    def __init__(self, truth: Bools, scores: Floats) -> None:
        self.order = np.argsort(-scores, kind="stable")
        self.truth = truth[self.order].astype(np.float64)
        # No difference of scores is taken: -inf stands for a text without words.
        self.ends = np.flatnonzero(np.append(scores[self.order][1:] != scores[self.order][:-1], True))

    def curve(self, weights: Floats) -> tuple[Floats, Floats]:
        """Weights of the positives and of the negatives (B, k) above each of the k distinct scores, lowest last."""
        own = weights[:, self.order]
        above = np.cumsum(own, axis=1)[:, self.ends]
        hits = np.cumsum(own * self.truth, axis=1)[:, self.ends]
        return hits, above - hits

    def auc(self, weights: Floats) -> Floats:
        """Area under the ROC curve (B,)."""
        return _area(*self.curve(weights))

    def measures(self, weights: Floats, max_fpr: float) -> Floats:
        """AUC, average precision, recall at `max_fpr`, best F1: (B, 4)."""
        hits, false = self.curve(weights)
        positives, negatives = hits[:, -1:], false[:, -1:]
        precision = np.nan_to_num(divided(hits, hits + false))
        ap = divided((np.diff(hits, axis=1, prepend=0.0) * precision).sum(axis=1), positives[:, 0])
        within = np.where(false <= max_fpr * negatives + 1e-9, hits, 0.0).max(axis=1)
        f1 = divided(2 * hits, positives + hits + false)
        recall = np.where(negatives[:, 0] > 0, divided(within, positives[:, 0]), np.nan)
        best = np.where(positives[:, 0] > 0, np.nan_to_num(f1).max(axis=1), np.nan)
        return np.column_stack([_area(hits, false), ap, recall, best])


def _area(hits: Floats, false: Floats) -> Floats:
    before = np.concatenate([np.zeros((len(hits), 1)), hits[:, :-1]], axis=1)
    steps = np.diff(false, axis=1, prepend=0.0)
    return divided(((hits + before) / 2 * steps).sum(axis=1), hits[:, -1] * false[:, -1])


def ranking(prefix: str, truth: Bools, scores: Floats, *, max_fpr: float = 0.05) -> Family:
    """AUC, average precision, recall at a false-positive rate and best F1 of scores (n,) for a truth (n,)."""
    ranked, positive = Ranked(truth, scores), int(truth.sum())
    names = {
        "auc": "AUC",
        "ap": "average precision",
        "recall": f"recall at {100 * max_fpr:g}% FPR",
        "f1": "best F1",
    }
    measures = tuple(Measure(f"{prefix}:{key}", f"{prefix}: {name}", positive) for key, name in names.items())
    return Family(measures, lambda weights: ranked.measures(weights, max_fpr))


def mean_auc(measure: Measure, truth: Bools, scores: Floats) -> Family:
    """Mean AUC of columns (n, k); one that a resample lacks, or has everywhere, is left out there."""
    ranked = [Ranked(truth[:, i], scores[:, i]) for i in range(truth.shape[1])]
    return Family((measure,), lambda weights: mean_of_known(np.column_stack([r.auc(weights) for r in ranked]))[:, None])


def class_scores(
    prefix: str, name: str, truth: NDArray[np.object_], given: NDArray[np.object_], classes: tuple[str, ...]
) -> Family:
    """Macro-F1 over classes, and precision, recall and F1 of each; a class that neither side names is left out."""
    of_truth = np.column_stack([truth == label for label in classes])
    of_given = np.column_stack([given == label for label in classes])
    counts = np.concatenate([of_truth & of_given, of_truth, of_given], axis=1).astype(np.float64)
    size = len(classes)

    def score(weights: Floats) -> Floats:
        both, wanted, found = np.split(weights @ counts, [size, 2 * size], axis=1)
        f1 = divided(2 * both, wanted + found)
        return np.column_stack([mean_of_known(f1), divided(both, found), divided(both, wanted), f1])

    measures = [Measure(f"{prefix}:f1", name, int((truth != "none").sum()))]
    for kind in ("precision", "recall", "f1"):
        for place, label in enumerate(classes):
            shown = "F1" if kind == "f1" else kind
            title = f"{shown} of {label}{name.partition('macro-F1')[2]}"
            measures.append(Measure(f"{prefix}:{label}:{kind}", title, int(of_truth[:, place].sum())))
    return Family(tuple(measures), score)


def label_scores(measure: Measure, truth: Bools, given: Bools) -> Family:
    """Macro-F1 of labels that are no alternatives: columns (n, k) of truth and of what was given."""
    counts = np.concatenate([truth & given, truth, given], axis=1).astype(np.float64)

    def score(weights: Floats) -> Floats:
        both, wanted, found = np.split(weights @ counts, 3, axis=1)
        return mean_of_known(divided(2 * both, wanted + found))[:, None]

    return Family((measure,), score)


def overlap_f1(measure: Measure, counts: NDArray[np.int64]) -> Family:
    """F1 over units of text from counts (n, 3): in both, marked by annotators, found."""

    def score(weights: Floats) -> Floats:
        both, marked, found = np.split(weights @ counts.astype(np.float64), 3, axis=1)
        return divided(2 * both, marked + found)

    return Family((measure,), score)


def mean(measure: Measure, values: Floats) -> Family:
    """Mean of a number of each post (n,)."""
    return Family((measure,), lambda weights: divided(weights @ values, weights.sum(axis=1))[:, None])


def calibration_error(measure: Measure, truth: Bools, probabilities: Floats, *, bins: int = 10) -> Family:
    """Expected calibration error over bins with equally many posts; the bins are those of all posts.

    References
    ----------
    Naeini, Cooper & Hauskrecht (2015), AAAI.
    """
    parts = np.array_split(np.argsort(probabilities, kind="stable"), max(1, min(bins, len(truth))))
    gaps = np.zeros((len(truth), len(parts)))
    for place, part in enumerate(parts):
        gaps[part, place] = truth[part].astype(np.float64) - probabilities[part]

    def score(weights: Floats) -> Floats:
        return divided(np.abs(weights @ gaps).sum(axis=1), weights.sum(axis=1))[:, None]

    return Family((measure,), score)


def risk_curve(confidence: Floats, wrong: Bools) -> tuple[Floats, Floats]:
    """Coverage and risk (share of wrong answers) when only the most confident posts are answered, one step a post."""
    order = np.argsort(-confidence, kind="stable")
    answered = np.arange(1, len(order) + 1, dtype=np.float64)
    return answered / max(len(order), 1), np.cumsum(wrong[order]) / answered


def area_under_risk(measure: Measure, confidence: Floats, wrong: Bools) -> Family:
    """Area under the risk-coverage curve (AURC): mean risk over all coverages; lower is better.

    References
    ----------
    Geifman, Uziel & El-Yaniv (2019), ICLR.
    """
    order = np.argsort(-confidence, kind="stable")
    mistakes = wrong[order].astype(np.float64)

    def score(weights: Floats) -> Floats:
        own = weights[:, order]
        answered = np.cumsum(own, axis=1)
        risk = np.nan_to_num(divided(np.cumsum(own * mistakes, axis=1), answered))
        return divided((risk * own).sum(axis=1), own.sum(axis=1))[:, None]

    return Family((measure,), score)
