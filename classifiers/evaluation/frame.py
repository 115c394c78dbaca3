"""Labelled posts as arrays, and the sets of them that a measure is taken on."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from classifiers.evaluation.bootstrap import Family, intervals
from classifiers.examples import Example
from classifiers.scheme import TECHNIQUES

Rows = NDArray[np.int64]
Bools = NDArray[np.bool_]

THREE = ("none", "positive", "manipulative")


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the card: a measure of a model on a set of posts.

    `value` with its 95% interval, None where it cannot be computed; `n` posts, of which `positive` are what the
    measure looks for (calls, manipulative calls, posts with a technique or a span). `key` is how `--min` names it.
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
    key: str = ""


def as_records(rows: Sequence[Row]) -> list[dict[str, object]]:
    """Rows as plain dictionaries, for the card."""
    return [asdict(row) for row in rows]


@dataclass(frozen=True, slots=True)
class Subset:
    """Posts that a row speaks of."""

    posts: str
    language: str
    rows: Rows


def truth_of(example: Example) -> str | None:
    """The label of a post by its annotators; None where they were not asked or could not tell."""
    if example.call is None or (example.call == "call" and example.manipulative is None):
        return None
    return "none" if example.call != "call" else "manipulative" if example.manipulative else "positive"


class Frame:
    """N labelled posts as arrays.

    Parameters
    ----------
    examples
        The posts.
    kinds
        Whether it is known which posts are real, sampled for appeal words, or written for the purpose; they are never
        mixed then. If not, all are one set.
    samples, seed
        Bootstrap samples behind each interval, and their seed.
    """

    def __init__(self, examples: Sequence[Example], *, kinds: bool = True, samples: int = 1000, seed: int = 0) -> None:
        self.examples = list(examples)
        self.kinds, self.samples, self.seed = kinds, samples, seed
        self.lang = self._objects([e.lang for e in examples])
        self.source = self._objects([e.source for e in examples])
        self.group = self._objects([e.group or f"{e.source}/{e.pair or e.id}" for e in examples])
        self.real = np.array([e.real for e in examples], dtype=bool)
        self.enriched = np.array([e.enriched for e in examples], dtype=bool)
        self.call = np.array([e.call == "call" for e in examples], dtype=bool)
        self.call_known = np.array([e.call is not None for e in examples], dtype=bool)
        self.manipulative = np.array([e.manipulative is True for e in examples], dtype=bool)
        self.verdict_known = np.array([e.manipulative is not None for e in examples], dtype=bool)
        self.label = self._objects([truth_of(e) for e in examples])
        self.label_known = np.array([truth is not None for truth in self.label], dtype=bool)
        self.techniques = np.array(
            [[name in (e.techniques or ()) for name in TECHNIQUES] for e in examples], dtype=bool
        ).reshape(len(self.examples), len(TECHNIQUES))
        self.techniques_known = np.array([e.complete for e in examples], dtype=bool)
        self.spans_known = np.array([e.spans is not None and e.known_techniques is None for e in examples], dtype=bool)

    @staticmethod
    def _objects(values: Sequence[str | None]) -> NDArray[np.object_]:
        found = np.empty(len(values), dtype=object)
        found[:] = values
        return found

    def subsets(self, known: Bools, *, noun: str = "posts", base_rates: bool = False) -> Iterator[Subset]:
        """The sets of posts with a known truth: each kind, its languages, and each source where there are several.

        With `base_rates`, posts that were sampled for appeal words are a set of their own.
        """
        for name, member in self._kinds(noun, base_rates):
            yield from self._languages(name, np.flatnonzero(known & member))
        sources = sorted(set(self.source[known]))
        if len(sources) > 1:
            for source in sources:
                yield Subset(f"source {source}", "all", np.flatnonzero(known & (self.source == source)))

    def _kinds(self, noun: str, base_rates: bool) -> Iterator[tuple[str, Bools]]:
        if not self.kinds:
            yield f"all {noun}", np.ones(len(self.examples), dtype=bool)
            return
        yield f"real {noun}", self.real & ~(self.enriched & base_rates)
        if base_rates:
            yield f"real {noun}, sampled for appeal words", self.real & self.enriched
        yield f"written {noun}", ~self.real

    def _languages(self, name: str, rows: Rows) -> Iterator[Subset]:
        """Each language of the posts, and `all` where there are several."""
        languages = sorted(set(self.lang[rows]))
        for language in languages:
            yield Subset(name, language, rows[self.lang[rows] == language])
        if len(languages) > 1:
            yield Subset(name, "all", rows)

    def rows(self, model: str, subset: Subset, families: Sequence[Family]) -> Iterator[Row]:
        """The lines of all measures on one set; what cannot be computed on it has no line."""
        found = intervals(families, list(self.group[subset.rows]), samples=self.samples, seed=self.seed)
        for measure, numbers in found:
            value, low, high = (None if np.isnan(x) else round(float(x), 4) for x in numbers)
            if value is not None:
                size = len(subset.rows)
                yield Row(
                    subset.posts,
                    subset.language,
                    measure.name,
                    model,
                    value,
                    low,
                    high,
                    size,
                    measure.positive,
                    measure.key,
                )
