"""The lines of the score tables: which measures are taken on which posts."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from classifiers.calibration import Floats, sigmoid
from classifiers.evaluation import weighted
from classifiers.evaluation.bootstrap import Family, Measure
from classifiers.evaluation.frame import THREE, Frame, Row, Rows, Subset
from classifiers.evaluation.predictions import Predictions
from classifiers.evaluation.rates import share_row
from classifiers.scheme import TECHNIQUES
from classifiers.spans import span_counts, word_counts

_FORCED = "three labels: macro-F1, no abstention"
_ABSTAINING = "three labels: macro-F1, undetermined counts as wrong"


def score_rows(frame: Frame, given: Predictions, *, max_fpr: float = 0.05) -> list[Row]:
    """All score lines of one model."""
    return [*ranking_rows(frame, given, max_fpr=max_fpr), *label_rows(frame, given)]


def ranking_rows(frame: Frame, given: Predictions, *, max_fpr: float = 0.05) -> Iterator[Row]:
    """How well scores rank posts, thresholds left aside; above 0 is "yes" for the labels without abstention."""
    scores = given.scores
    if "call" in scores:
        for subset in frame.subsets(frame.call_known, base_rates=True):
            yield from _ranked(frame, given.model, subset, "call", frame.call, scores["call"], max_fpr)
    yield from _technique_ranking(frame, given)
    if "manipulative" in scores:
        for subset in frame.subsets(frame.verdict_known, noun="calls"):
            column = scores["manipulative"]
            yield from _ranked(frame, given.model, subset, "verdict", frame.manipulative, column, max_fpr)
    if "call" in scores and "manipulative" in scores:
        forced = forced_labels(scores["call"], scores["manipulative"])
        yield from _three_labels(frame, given.model, forced, "label", _FORCED)
        yield from _risk(frame, given.model, scores["call"], scores["manipulative"])
        yield from _pairs(frame, given.model, forced)


def label_rows(frame: Frame, given: Predictions) -> Iterator[Row]:
    """How the labels do at the thresholds that they were made with."""
    table = given.labels
    if table is None:
        return
    label = np.array(table["label"].to_pylist(), dtype=object)
    yield from _operating_point(frame, given.model, table, label)
    yield from _manipulative_labels(frame, given.model, label)
    yield from _three_labels(frame, given.model, label, "label_abstaining", _ABSTAINING)
    listed = np.array([[name in row for name in TECHNIQUES] for row in table["techniques"].to_pylist()], dtype=bool)
    listed = listed.reshape(len(frame.examples), len(TECHNIQUES))
    yield from _technique_f1(frame, given.model, listed, "techniques:f1", "techniques: macro-F1", each=True)
    yield from _spans(frame, given.model, table["spans"].to_pylist())


def forced_labels(call: Floats, manipulative: Floats) -> NDArray[np.object_]:
    """One of the three labels for each post, from log odds (N,): no post is left undetermined."""
    kind = np.where(manipulative > 0, "manipulative", "positive")
    return np.where(call > 0, kind, "none").astype(object)


def confidence_of(call: Floats, manipulative: Floats) -> tuple[Floats, NDArray[np.object_]]:
    """Probability of the likeliest of the three labels, and which one it is."""
    p_call, p_manipulative = sigmoid(call), sigmoid(manipulative)
    all_three = np.column_stack([1 - p_call, p_call * (1 - p_manipulative), p_call * p_manipulative])
    return all_three.max(axis=1), np.array(THREE, dtype=object)[all_three.argmax(axis=1)]


def _ranked(
    frame: Frame, model: str, subset: Subset, prefix: str, truth: NDArray[np.bool_], scores: Floats, max_fpr: float
) -> Iterator[Row]:
    own = truth[subset.rows]
    if own.any() and not own.all():
        yield from frame.rows(model, subset, [weighted.ranking(prefix, own, scores[subset.rows], max_fpr=max_fpr)])


def _technique_ranking(frame: Frame, given: Predictions) -> Iterator[Row]:
    names = [name for name in TECHNIQUES if name in given.scores]
    if not names:
        return
    columns = [TECHNIQUES.index(name) for name in names]
    scores, truth = np.column_stack([given.scores[name] for name in names]), frame.techniques[:, columns]
    for subset in frame.subsets(frame.techniques_known):
        own, of_post = truth[subset.rows], scores[subset.rows]
        has = np.any(own, axis=1)
        positive = int(has.sum())
        families = [
            weighted.mean_auc(Measure("techniques:auc", "techniques: mean AUC", positive), own, of_post),
            weighted.mean_auc(
                Measure("techniques:any_auc", "any technique: AUC", positive),
                np.asarray(has)[:, None],
                of_post.max(axis=1)[:, None],
            ),
        ]
        yield from frame.rows(given.model, subset, families)
    even = np.zeros_like(frame.techniques)
    even[:, columns] = scores > 0
    yield from _technique_f1(
        frame, given.model, even, "techniques:f1_even", "techniques: macro-F1 at even odds", each=False
    )


def _technique_f1(
    frame: Frame, model: str, given: NDArray[np.bool_], key: str, name: str, *, each: bool
) -> Iterator[Row]:
    for subset in frame.subsets(frame.techniques_known):
        truth, own = frame.techniques[subset.rows], given[subset.rows]
        families = [weighted.label_scores(Measure(key, name, int(truth.any(axis=1).sum())), truth, own)]
        if each and subset.language == "all":
            for i, technique in enumerate(TECHNIQUES):
                one = Measure(f"technique:{technique}:f1", f"technique {technique}: F1", int(truth[:, i].sum()))
                families.append(weighted.label_scores(one, truth[:, [i]], own[:, [i]]))
        yield from frame.rows(model, subset, families)


def _operating_point(frame: Frame, model: str, table: pa.Table, label: NDArray[np.object_]) -> Iterator[Row]:
    called = np.array([call == "call" for call in table["call"].to_pylist()], dtype=bool)
    p_call = np.array(table["p_call"].to_pylist(), dtype=np.float64)
    unsure = label == "undetermined"
    for subset in frame.subsets(frame.call_known, base_rates=True):
        truth = frame.call[subset.rows]
        calls, others = subset.rows[truth], subset.rows[~truth]
        yield from _share(frame, model, subset, "call:tpr", "labelled call, of calls", calls, called)
        yield from _share(frame, model, subset, "call:fpr", "labelled call, of other posts", others, called)
        yield from _share(frame, model, subset, "label:undetermined", "labelled undetermined", subset.rows, unsure)
        own, positive = p_call[subset.rows], int(truth.sum())
        ece = Measure("call:ece", "p_call: expected calibration error", positive)
        brier = Measure("call:brier", "p_call: Brier score", positive)
        families = [weighted.calibration_error(ece, truth, own), weighted.mean(brier, (own - truth) ** 2)]
        yield from frame.rows(model, subset, families)


def _manipulative_labels(frame: Frame, model: str, label: NDArray[np.object_]) -> Iterator[Row]:
    """How often the label `manipulative` is missed, and is wrong: what a rate of such labels is corrected with."""
    name, taken = label == "manipulative", np.isin(label.astype(str), ("positive", "manipulative"))
    for subset in frame.subsets(frame.label_known, base_rates=True):
        truth = frame.label[subset.rows] == "manipulative"
        real, others = subset.rows[truth], subset.rows[~truth]
        mistaken = others[taken[others]]
        yield from _share(frame, model, subset, "manipulative:tpr", "labelled manipulative, of such calls", real, name)
        yield from _share(frame, model, subset, "manipulative:fpr", "labelled manipulative, of others", others, name)
        said = "labelled manipulative, of others taken for calls"
        yield from _share(frame, model, subset, "manipulative:false", said, mistaken, name)


def _three_labels(frame: Frame, model: str, given: NDArray[np.object_], key: str, name: str) -> Iterator[Row]:
    for subset in frame.subsets(frame.label_known):
        truth = frame.label[subset.rows]
        if len(set(truth)) > 1:
            family = weighted.class_scores(key, name, truth, given[subset.rows], THREE)
            yield from frame.rows(model, subset, [family])


def _risk(frame: Frame, model: str, call: Floats, manipulative: Floats) -> Iterator[Row]:
    confidence, likeliest = confidence_of(call, manipulative)
    wrong = likeliest != frame.label
    for subset in frame.subsets(frame.label_known):
        measure = Measure("label:aurc", "three labels: area under risk-coverage", int(wrong[subset.rows].sum()))
        family: Family = weighted.area_under_risk(measure, confidence[subset.rows], wrong[subset.rows])
        yield from frame.rows(model, subset, [family])


def _spans(frame: Frame, model: str, spans: list[list[dict[str, Any]]]) -> Iterator[Row]:
    # Annotators marked techniques: the words of a call are no span of theirs.
    ranges = [[(s["start"], s["end"]) for s in of_post if s["technique"] in TECHNIQUES] for of_post in spans]
    characters, words = span_counts(frame.examples, ranges), word_counts(frame.examples, ranges)
    for subset in frame.subsets(frame.spans_known):
        positive = int((characters[subset.rows, 1] > 0).sum())
        families = [
            weighted.overlap_f1(Measure("spans:f1", "spans: F1 over characters", positive), characters[subset.rows]),
            weighted.overlap_f1(Measure("spans:word_f1", "spans: F1 over words", positive), words[subset.rows]),
        ]
        yield from frame.rows(model, subset, families)


def _pairs(frame: Frame, model: str, labels: NDArray[np.object_]) -> Iterator[Row]:
    """Side-swapped pairs: the same truth on both sides must give the same label."""
    sides: dict[str, list[int]] = {}
    for i, example in enumerate(frame.examples):
        if example.pair is not None and frame.label[i] is not None:
            sides.setdefault(frame.group[i], []).append(i)
    swapped = [rows for rows in sides.values() if len(rows) == 2 and frame.label[rows[0]] == frame.label[rows[1]]]
    same = np.zeros(len(frame.examples), dtype=bool)
    for first, second in swapped:
        same[first] = labels[first] == labels[second]
    rows = np.array([first for first, _ in swapped], dtype=np.int64)
    subset = Subset("written posts" if frame.kinds else "all posts", "all", rows)
    name = "side-swapped pairs with equal label"
    yield from _share(frame, model, subset, "pairs:consistency", name, rows, same)


def _share(
    frame: Frame, model: str, subset: Subset, key: str, name: str, rows: Rows, hits: NDArray[np.bool_]
) -> Iterator[Row]:
    if len(rows):
        yield share_row(frame, model, subset, Measure(key, name, int(hits[rows].sum())), rows)
