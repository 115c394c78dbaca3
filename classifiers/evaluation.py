"""Scores of a model on labelled posts that it never saw, a language each, with bootstrap intervals."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from classifiers.calibration import Floats
from classifiers.examples import Example
from classifiers.metrics import (
    auc,
    average_precision,
    bootstrapped,
    expected_calibration_error,
    macro_f1,
    recall_at_fpr,
)
from classifiers.scheme import TECHNIQUES
from classifiers.spans import span_counts, span_f1

Rows = NDArray[np.int64]
Scores = Mapping[str, Floats]
Wanted = Callable[[Example], bool]

_THREE = ("none", "positive", "manipulative")
_REAL, _ENRICHED, _WRITTEN = "real posts", "real posts, sampled for appeal words", "written posts"
_RANKING = {"AUC": auc, "average precision": average_precision, "recall at 5% FPR": recall_at_fpr}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the card: a measure of a model on a set of posts.

    `value` with its 95% interval, None where it cannot be computed; `n` posts, of which `positive` are what the
    measure looks for (calls, manipulative calls, posts with a technique or a span).
    """

    posts: str
    language: str
    measure: str
    model: str
    value: float | None
    low: float | None
    high: float | None
    n: int
    positive: int


def as_records(rows: Sequence[Row]) -> list[dict[str, object]]:
    """Rows as plain dictionaries, for the card."""
    return [asdict(row) for row in rows]


class Evaluation:
    """Scores one model on posts.

    Parameters
    ----------
    examples
        Labelled posts (N).
    model
        Its name in the rows.
    samples
        Bootstrap samples behind each interval; pairs of posts are drawn together.
    """

    def __init__(self, examples: Sequence[Example], model: str, *, samples: int = 1000) -> None:
        self.examples = examples
        self.model = model
        self.samples = samples

    def ranking(self, scores: Scores) -> list[Row]:
        """How well scores rank posts, thresholds left aside.

        `scores` has `call`, `manipulative` and the ten techniques: one number a post (N,), higher for "yes"; any of
        them may be missing. Above 0 counts as "yes" for the three labels without abstention.
        """
        found = [*self._call_ranking(scores), *self._technique_ranking(scores), *self._verdict_ranking(scores)]
        if "call" in scores and "manipulative" in scores:
            kind = np.where(scores["manipulative"] > 0, "manipulative", "positive")
            forced = np.where(scores["call"] > 0, kind, "none")
            found += self._three_labels(forced, "three labels: macro-F1, no abstention")
            found += self._pairs(forced)
        return found

    def labels(self, table: pa.Table) -> list[Row]:
        """How the labels of `Classifier.predict` for the texts do, in order, at its default thresholds."""
        label = np.array(table["label"].to_pylist(), dtype=object)
        return [
            *self._operating_point(table),
            *self._three_labels(label, "three labels: macro-F1, undetermined counts as wrong"),
            *self._listed_techniques(table["techniques"].to_pylist()),
            *self._spans(table["spans"].to_pylist()),
        ]

    def _call_ranking(self, scores: Scores) -> Iterator[Row]:
        if "call" not in scores:
            return
        truth = np.array([example.call == "call" for example in self.examples])
        for posts, wanted in _CALL_SETS.items():
            for language, rows in self._languages(wanted):
                for name, metric in _RANKING.items():
                    yield from self._ranked(posts, language, f"call: {name}", rows, truth, scores["call"], metric)

    def _verdict_ranking(self, scores: Scores) -> Iterator[Row]:
        if "manipulative" not in scores:
            return
        truth = np.array([example.manipulative is True for example in self.examples])
        sets: dict[str, Wanted] = {
            "real calls": lambda e: e.real and e.manipulative is not None,
            "written calls": lambda e: not e.real and e.manipulative is not None,
        }
        for posts, wanted in sets.items():
            for language, rows in self._languages(wanted):
                for name, metric in list(_RANKING.items())[:2]:
                    column = scores["manipulative"]
                    yield from self._ranked(posts, language, f"verdict: {name}", rows, truth, column, metric)

    def _ranked(
        self,
        posts: str,
        language: str,
        measure: str,
        rows: Rows,
        truth: NDArray[np.bool_],
        scores: Floats,
        metric: Callable[[NDArray[np.bool_], Floats], float],
    ) -> Iterator[Row]:
        if 0 < truth[rows].sum() < len(rows):
            positive = int(truth[rows].sum())
            yield self._row(posts, language, measure, rows, lambda part: metric(truth[part], scores[part]), positive)

    def _technique_ranking(self, scores: Scores) -> Iterator[Row]:
        truth = self._technique_truth()
        columns = [(truth[:, i], scores[name]) for i, name in enumerate(TECHNIQUES) if name in scores]

        def mean_auc(part: Rows) -> float:
            # A technique that a sample happens to lack, or to hold everywhere, has no AUC there.
            found = [auc(labels[part], own[part]) for labels, own in columns]
            found = [value for value in found if not np.isnan(value)]
            return float(np.mean(found)) if found else float("nan")

        if columns:
            for language, rows in self._languages(_real_with_techniques):
                positive = int(truth[rows].any(axis=1).sum())
                yield self._row(_REAL, language, "techniques: mean AUC", rows, mean_auc, positive)

    def _operating_point(self, table: pa.Table) -> Iterator[Row]:
        called = np.array([call == "call" for call in table["call"].to_pylist()])
        p_call = np.array(table["p_call"].to_pylist(), dtype=np.float64)
        truth = np.array([example.call == "call" for example in self.examples])
        for posts in (_REAL, _ENRICHED):
            for language, rows in self._languages(_CALL_SETS[posts]):
                calls, others = rows[truth[rows]], rows[~truth[rows]]
                yield from self._share(posts, language, "labelled call, of calls", calls, called)
                yield from self._share(posts, language, "labelled call, of other posts", others, called)
        for language, rows in self._languages(_CALL_SETS[_REAL]):

            def error(part: Rows) -> float:
                return expected_calibration_error(truth[part], p_call[part])

            positive = int(truth[rows].sum())
            yield self._row(_REAL, language, "p_call: expected calibration error", rows, error, positive)

    def _three_labels(self, given: NDArray[np.object_ | np.str_], measure: str) -> Iterator[Row]:
        truth = np.array([_truth(example) for example in self.examples], dtype=object)
        guess = given.astype(object)
        for posts, real in ((_REAL, True), (_WRITTEN, False)):
            for language, rows in self._languages(_known_label(real)):
                if set(truth[rows]) == set(_THREE):

                    def score(part: Rows) -> float:
                        return macro_f1(truth[part], guess[part], _THREE)

                    yield self._row(posts, language, measure, rows, score, int((truth[rows] != "none").sum()))

    def _listed_techniques(self, listed: list[list[str]]) -> Iterator[Row]:
        truth = self._technique_truth()
        given = np.array([[name in of_post for name in TECHNIQUES] for of_post in listed], dtype=bool)

        def mean_f1(part: Rows) -> float:
            total = truth[part].sum(0) + given[part].sum(0)
            hits = 2 * (truth[part] & given[part]).sum(0)
            return float(np.mean(hits[total > 0] / total[total > 0])) if (total > 0).any() else float("nan")

        for language, rows in self._languages(_real_with_techniques):
            yield self._row(_REAL, language, "techniques: macro-F1", rows, mean_f1, int(truth[rows].any(axis=1).sum()))

    def _spans(self, spans: list[list[dict[str, int]]]) -> Iterator[Row]:
        counts = span_counts(self.examples, [[(s["start"], s["end"]) for s in of_post] for of_post in spans])
        for language, rows in self._languages(lambda e: e.real and e.spans is not None):
            positive = int((counts[rows, 1] > 0).sum())
            measure = "spans: F1 over characters"
            yield self._row(_REAL, language, measure, rows, lambda part: span_f1(counts[part]), positive)

    def _pairs(self, labels: NDArray[np.object_ | np.str_]) -> Iterator[Row]:
        """Side-swapped pairs: the same truth on both sides must give the same label."""
        sides: dict[str, list[int]] = {}
        for i, example in enumerate(self.examples):
            if example.pair is not None:
                sides.setdefault(example.group, []).append(i)
        swapped = [
            (first, second)
            for first, second in (rows for rows in sides.values() if len(rows) == 2)
            if _truth(self.examples[first]) == _truth(self.examples[second])
        ]
        same = np.zeros(len(self.examples), dtype=bool)
        for first, second in swapped:
            same[first] = labels[first] == labels[second]
        rows = np.array([first for first, _ in swapped], dtype=np.int64)
        yield from self._share(_WRITTEN, "all", "side-swapped pairs with equal label", rows, same)

    def _share(self, posts: str, language: str, measure: str, rows: Rows, hits: NDArray[np.bool_]) -> Iterator[Row]:
        if len(rows):
            yield self._row(
                posts, language, measure, rows, lambda part: float(hits[part].mean()), int(hits[rows].sum())
            )

    def _row(
        self, posts: str, language: str, measure: str, rows: Rows, metric: Callable[[Rows], float], positive: int
    ) -> Row:
        groups = [self.examples[i].group for i in rows]
        found = bootstrapped(lambda part: metric(rows[part]), groups, samples=self.samples)
        value, low, high = (None if np.isnan(x) else round(float(x), 4) for x in found)
        return Row(posts, language, measure, self.model, value, low, high, len(rows), positive)

    def _languages(self, wanted: Wanted) -> Iterator[tuple[str, Rows]]:
        """Each language among the wanted posts with its rows, and `all` where there are several."""
        rows = np.array([i for i, example in enumerate(self.examples) if wanted(example)], dtype=np.int64)
        of = np.array([self.examples[i].lang for i in rows], dtype=object)
        languages = sorted(set(of))
        for language in languages:
            yield language, rows[of == language]
        if len(languages) > 1:
            yield "all", rows

    def _technique_truth(self) -> NDArray[np.bool_]:
        return np.array([[name in (e.techniques or ()) for name in TECHNIQUES] for e in self.examples], dtype=bool)


_CALL_SETS: dict[str, Wanted] = {
    _REAL: lambda e: e.real and not e.enriched and e.call is not None,
    _ENRICHED: lambda e: e.real and e.enriched and e.call is not None,
    _WRITTEN: lambda e: not e.real and e.call is not None,
}


def _real_with_techniques(example: Example) -> bool:
    return example.real and example.techniques is not None


def _known_label(real: bool) -> Wanted:
    return lambda example: example.real == real and _truth(example) is not None


def _truth(example: Example) -> str | None:
    if example.call is None or (example.call == "call" and example.manipulative is None):
        return None
    return "none" if example.call != "call" else "manipulative" if example.manipulative else "positive"
