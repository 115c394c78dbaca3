"""Shares with exact intervals, and how often posts without a call are labelled as one, subgroup by subgroup."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from classifiers.evaluation.bootstrap import Measure
from classifiers.evaluation.frame import Frame, Row, Rows, Subset

#: Upper ends (characters) of the bands of length.
LENGTHS = (100, 300, 1000)

# Surface signs of an appeal, for a subgroup only: second-person imperatives and "let us" of the four languages.
_APPEALS: Mapping[str, re.Pattern[str]] = {
    "kk": re.compile(
        r"\b\w{2,}(?:ыңыз|іңіз|ңыз|ңіз|ыңыздар|іңіздер|ыңдар|іңдер|ңдар|ңдер|айық|ейік|йық|йік)\b|\b(?:кел|бар|қой)\b",
        re.I,
    ),
    "ru": re.compile(
        r"\b(?!(?:сайте|лайте|чате|свете|дайте знать)\b)\w{2,}(?:йте|ите|ьте)(?:сь)?\b|\bдавайте\b|\bпусть\b", re.I
    ),
    "uk": re.compile(r"\b\w{2,}(?:йте|іть|ьте)(?:ся)?\b|\bдавайте\b|\bнехай\b", re.I),
    "en": re.compile(
        r"(?:^|[.!?\n]\s*)(?:please\s+)?(?:join|come|sign|vote|call|write|share|donate|help|stop|boycott|stand|spread|tell|"
        r"retweet|rt|support|volunteer|bring|give|send|report|register|march|protest|go|get|let's|do)\b",
        re.I,
    ),
}
_BY_LANGUAGE = {"kk": ("kk",), "mix": ("kk", "ru"), "ru": ("ru",), "uk": ("uk", "ru"), "en": ("en",)}


@dataclass(frozen=True, slots=True)
class Rate:
    """False calls of one subgroup: of `n` posts without a call, `labelled` were labelled as one.

    `rate` lies within `low` and `high` (95%, exact); `target` is the rate that was asked for. `above` says whether even
    the lower end is higher than that.
    """

    model: str
    posts: str
    by: str
    group: str
    n: int
    labelled: int
    rate: float
    low: float
    high: float
    target: float
    above: bool


def exact_interval(hits: float, n: float, confidence: float = 0.95) -> tuple[float, float]:
    """Clopper-Pearson interval of a share; `(0, 1)` for nothing seen.

    References
    ----------
    Clopper & Pearson (1934), Biometrika 26(4), 404-413.

    >>> tuple(round(x, 3) for x in exact_interval(0, 20))
    (0.0, 0.168)
    """
    from scipy.stats import beta

    tail = (1 - confidence) / 2
    low = float(beta.ppf(tail, hits, n - hits + 1)) if hits > 0 else 0.0
    high = float(beta.ppf(1 - tail, hits + 1, n - hits)) if hits < n else 1.0
    return low, high


def share_row(frame: Frame, model: str, subset: Subset, measure: Measure, rows: Rows) -> Row:
    """The line of a share; posts of a group count as one observation for the interval, which is exact at 0 and 1."""
    value = measure.positive / len(rows)
    independent = len(set(frame.group[rows]))
    low, high = exact_interval(value * independent, independent)
    return Row(
        subset.posts,
        subset.language,
        measure.name,
        model,
        round(value, 4),
        round(low, 4),
        round(high, 4),
        len(rows),
        measure.positive,
        measure.key,
    )


def false_calls(
    frame: Frame, model: str, called: NDArray[np.bool_], *, max_fpr: float, topics: Sequence[str | None] | None = None
) -> list[Rate]:
    """Rates of false calls by language, source, imperative wording, length and topic, for each kind of posts."""
    found = []
    for posts, rows in _negatives(frame):
        for by, names in _groupings(frame, topics):
            own = names[rows]
            for group in sorted({str(name) for name in own if name is not None}):
                members = rows[own == group]
                found.append(_rate(model, posts, by, group, called[members], max_fpr))
        found.append(_rate(model, posts, "all", "all", called[rows], max_fpr))
    return found


def has_appeal_words(text: str, language: str) -> bool:
    """Whether a text has the wording of an appeal on its surface; a subgroup, no label.

    >>> has_appeal_words("Приходите в субботу", "ru"), has_appeal_words("Дождь идёт", "ru")
    (True, False)
    """
    return any(_APPEALS[name].search(text) for name in _BY_LANGUAGE.get(language, tuple(_APPEALS)))


def length_band(text: str) -> str:
    """The band of a text's length in characters."""
    lower = 0
    for upper in LENGTHS:
        if len(text) < upper:
            return f"{lower}-{upper - 1}"
        lower = upper
    return f"{lower} and more"


def _negatives(frame: Frame) -> Iterator[tuple[str, Rows]]:
    done = set()
    for subset in frame.subsets(frame.call_known, base_rates=True):
        if subset.posts in done or subset.posts.startswith("source "):
            continue
        done.add(subset.posts)
        every = [s.rows for s in frame.subsets(frame.call_known, base_rates=True) if s.posts == subset.posts]
        rows = max(every, key=len)
        rows = rows[~frame.call[rows]]
        if len(rows):
            yield subset.posts, rows


def _groupings(frame: Frame, topics: Sequence[str | None] | None) -> Iterator[tuple[str, NDArray[np.object_]]]:
    def column(values: Sequence[str | None]) -> NDArray[np.object_]:
        made = np.empty(len(values), dtype=object)
        made[:] = values
        return made

    yield "language", frame.lang
    yield "source", frame.source
    words = ["yes" if has_appeal_words(e.text, e.lang) else "no" for e in frame.examples]
    yield "imperative wording", column(words)
    yield "length", column([length_band(e.text) for e in frame.examples])
    if topics is not None and any(topics):
        yield "topic", column(list(topics))


def _rate(model: str, posts: str, by: str, group: str, called: NDArray[np.bool_], target: float) -> Rate:
    hits, n = int(called.sum()), len(called)
    low, high = exact_interval(hits, n)
    numbers = (round(hits / n, 4), round(low, 4), round(high, 4))
    return Rate(model, posts, by, group, n, hits, *numbers, target, low > target)
