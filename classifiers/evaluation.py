"""Scores of a model on labelled posts that it never saw, a language each, with bootstrap intervals."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np
import pyarrow as pa

from classifiers.calibration import Floats
from classifiers.examples import Example
from classifiers.metrics import (
    Score,
    auc,
    average_precision,
    bootstrapped,
    expected_calibration_error,
    macro_f1,
    recall_at_fpr,
    score,
)
from classifiers.scheme import TECHNIQUES
from classifiers.spans import span_f1

_THREE = ("none", "positive", "manipulative")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the card: a measure of a model on a set of posts."""

    posts: str
    language: str
    measure: str
    model: str
    value: float | None
    low: float | None
    high: float | None
    n: int
    positive: int

    @classmethod
    def of(cls, posts: str, language: str, measure: str, model: str, found: Score) -> "Row":
        """A row of a score, rounded to four digits; nan becomes None."""
        figures = [None if np.isnan(x) else round(float(x), 4) for x in (found.value, found.low, found.high)]
        return cls(posts, language, measure, model, figures[0], figures[1], figures[2], found.n, found.positive)


Scores = Mapping[str, Floats]


def ranking_rows(examples: Sequence[Example], scores: Scores, model: str) -> list[Row]:
    """How well scores rank posts, thresholds left aside.

    Parameters
    ----------
    scores
        `call`, `manipulative` and the ten techniques: one score a post (N,), higher for "yes"; any may be missing.
    """
    return [
        *_call_rows(examples, scores, model),
        *_verdict_rows(examples, scores, model),
        *_technique_rows(examples, scores, model),
    ]


def _call_rows(examples: Sequence[Example], scores: Scores, model: str) -> Iterator[Row]:
    if "call" not in scores:
        return
    sets: dict[str, Callable[[Example], bool]] = {
        "real posts": lambda e: e.real and not e.enriched and e.call is not None,
        "real posts, sampled for appeal words": lambda e: e.real and e.enriched and e.call is not None,
        "written posts": lambda e: not e.real and e.call is not None,
    }
    measures = {"call: AUC": auc, "call: average precision": average_precision, "call: recall at 5% FPR": recall_at_fpr}
    for name, wanted in sets.items():
        for language, rows in _by_language(examples, wanted):
            labels = [examples[i].call == "call" for i in rows]
            for measure, function in measures.items():
                found = score(function, labels, scores["call"][rows], [examples[i].group for i in rows])
                if not np.isnan(found.value):
                    yield Row.of(name, language, measure, model, found)


def _verdict_rows(examples: Sequence[Example], scores: Scores, model: str) -> Iterator[Row]:
    if "manipulative" not in scores:
        return
    for name, real in (("real calls", True), ("written calls", False)):
        for language, rows in _by_language(examples, lambda e, r=real: e.real == r and e.manipulative is not None):  # type: ignore[misc]
            labels = [bool(examples[i].manipulative) for i in rows]
            for measure, function in {"verdict: AUC": auc, "verdict: average precision": average_precision}.items():
                found = score(function, labels, scores["manipulative"][rows], [examples[i].group for i in rows])
                if not np.isnan(found.value):
                    yield Row.of(name, language, measure, model, found)


def _technique_rows(examples: Sequence[Example], scores: Scores, model: str) -> Iterator[Row]:
    for language, rows in _by_language(examples, lambda e: e.real and e.techniques is not None):
        values = []
        for name in TECHNIQUES:
            labels = [name in (examples[i].techniques or ()) for i in rows]
            if name in scores and any(labels):
                values.append((labels, scores[name][rows]))
        if values:
            yield Row.of("real posts", language, "techniques: mean AUC", model, _mean_auc(values, len(rows)))


def _mean_auc(values: list[tuple[list[bool], Floats]], n: int) -> Score:
    columns = [(np.array(labels), found) for labels, found in values]

    def mean(rows: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> float:
        return float(np.nanmean([auc(labels[rows], found[rows]) for labels, found in columns]))

    value, low, high = bootstrapped(mean, [str(i) for i in range(n)], samples=300)
    return Score(value, low, high, n, sum(int(labels.sum()) for labels, _ in columns))


def label_rows(examples: Sequence[Example], labels: pa.Table, model: str) -> list[Row]:
    """How the labels themselves do: those of `Classifier.predict` for the texts of `examples`, in order."""
    columns = {name: labels[name].to_pylist() for name in ("label", "call", "p_call", "techniques", "spans")}
    return [
        *_operating_rows(examples, columns, model),
        *_three_label_rows(examples, columns["label"], model, "three labels: macro-F1, undetermined counts as wrong"),
        *_listed_technique_rows(examples, columns, model),
    ]


def forced_label_rows(examples: Sequence[Example], scores: Scores, model: str) -> list[Row]:
    """Three labels without abstention: a call above log odds 0, manipulative above log odds 0."""
    if "call" not in scores or "manipulative" not in scores:
        return []
    forced = np.where(scores["call"] <= 0, "none", np.where(scores["manipulative"] > 0, "manipulative", "positive"))
    return list(_three_label_rows(examples, forced.tolist(), model, "three labels: macro-F1, no abstention"))


def _operating_rows(examples: Sequence[Example], columns: Mapping[str, list[object]], model: str) -> Iterator[Row]:
    called = np.array([call == "call" for call in columns["call"]], dtype=np.float64)
    p_call = np.array(columns["p_call"], dtype=np.float64)
    for language, rows in _by_language(examples, lambda e: e.real and e.call is not None and not e.enriched):
        labels = np.array([examples[i].call == "call" for i in rows])
        shares = {"labelled call, of calls": labels, "labelled call, of other posts": ~labels}
        for measure, members in shares.items():
            if members.any():
                yield _share("real posts", language, measure, model, called[rows][members])
        found = score(expected_calibration_error, labels, p_call[rows], samples=300)
        yield Row.of("real posts", language, "p_call: expected calibration error", model, found)
    for language, rows in _by_language(examples, lambda e: e.real and e.enriched and e.call in ("none", "promotion")):
        name = "real posts, sampled for appeal words"
        yield _share(name, language, "labelled call, of other posts", model, called[rows])


def _share(posts: str, language: str, measure: str, model: str, values: Floats) -> Row:
    value, low, high = bootstrapped(lambda rows: float(values[rows].mean()), [str(i) for i in range(len(values))])
    return Row.of(posts, language, measure, model, Score(value, low, high, len(values), int(values.sum())))


def _three_label_rows(examples: Sequence[Example], labels: Sequence[object], model: str, measure: str) -> Iterator[Row]:
    for name, real in (("real posts", True), ("written posts", False)):
        for language, rows in _by_language(examples, lambda e, r=real: e.real == r and _truth(e) is not None):  # type: ignore[misc]
            truth = [str(_truth(examples[i])) for i in rows]
            given = [str(labels[i]) for i in rows]
            if set(truth) < set(_THREE):
                continue
            value, low, high = bootstrapped(
                lambda part, t=truth, g=given: macro_f1([t[i] for i in part], [g[i] for i in part], _THREE),  # type: ignore[misc]
                [examples[i].group for i in rows],
                samples=500,
            )
            found = Score(value, low, high, len(rows), sum(label != "none" for label in truth))
            yield Row.of(name, language, measure, model, found)


def _truth(example: Example) -> str | None:
    if example.call is None or (example.call == "call" and example.manipulative is None):
        return None
    return "none" if example.call != "call" else "manipulative" if example.manipulative else "positive"


def _listed_technique_rows(
    examples: Sequence[Example], columns: Mapping[str, list[object]], model: str
) -> Iterator[Row]:
    for language, rows in _by_language(examples, lambda e: e.real and e.techniques is not None):
        truth = np.array([[t in (examples[i].techniques or ()) for t in TECHNIQUES] for i in rows])
        given = np.array([[t in columns["techniques"][i] for t in TECHNIQUES] for i in rows])  # type: ignore[operator]
        value, low, high = bootstrapped(
            lambda part, t=truth, g=given: _mean_f1(t[part], g[part]),  # type: ignore[misc]
            [str(i) for i in rows],
        )
        found = Score(value, low, high, len(rows), int(truth.sum()))
        yield Row.of("real posts", language, "techniques: macro-F1", model, found)
    for language, rows in _by_language(examples, lambda e: e.real and e.spans is not None):
        ranges = [[(s["start"], s["end"]) for s in columns["spans"][i]] for i in rows]  # type: ignore[attr-defined]
        own = [examples[i] for i in rows]
        value, low, high = bootstrapped(
            lambda part, o=own, r=ranges: span_f1([o[i] for i in part], [r[i] for i in part]),  # type: ignore[misc]
            [str(i) for i in rows],
            samples=200,
        )
        found = Score(value, low, high, len(rows), sum(bool(e.spans) for e in own))
        yield Row.of("real posts", language, "spans: F1 over characters", model, found)


def _mean_f1(truth: np.ndarray, given: np.ndarray) -> float:  # type: ignore[type-arg]
    total = truth.sum(0) + given.sum(0)
    hits = 2 * (truth & given).sum(0)
    return float(np.mean(hits[total > 0] / total[total > 0])) if (total > 0).any() else float("nan")


def pair_row(examples: Sequence[Example], labels: Sequence[str], model: str) -> Row | None:
    """Share of side-swapped pairs (same truth on both sides) that get the same label; None without a pair."""
    sides: dict[str, list[int]] = {}
    for i, example in enumerate(examples):
        if example.pair is not None:
            sides.setdefault(example.group, []).append(i)
    swapped = [
        rows for rows in sides.values() if len(rows) == 2 and _truth(examples[rows[0]]) == _truth(examples[rows[1]])
    ]
    if not swapped:
        return None
    same = np.array([labels[a] == labels[b] for a, b in swapped], dtype=np.float64)
    return _share("written posts", "all", "side-swapped pairs with equal label", model, same)


def _by_language(examples: Sequence[Example], wanted: Callable[[Example], bool]) -> Iterator[tuple[str, list[int]]]:
    rows = [i for i, example in enumerate(examples) if wanted(example)]
    languages = sorted({examples[i].lang for i in rows})
    for language in languages:
        yield language, [i for i in rows if examples[i].lang == language]
    if len(languages) > 1:
        yield "all", rows


def as_records(rows: Sequence[Row]) -> list[dict[str, object]]:
    """Rows as plain dictionaries, for the card."""
    return [asdict(row) for row in rows]
