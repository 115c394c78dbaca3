"""Verbatim spans of a text as evidence for a technique."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from classifiers.calibration import Floats
from classifiers.inference import TokenScores
from classifiers.model import SPAN_CHANNELS
from classifiers.scheme import TECHNIQUES

_ANY = SPAN_CHANNELS.index("any")
_EDGE = " \t\r\n\u00a0.,;:-–—|/\\*_~`"
# Shorter than this, a quote shows nothing.
_SHORTEST = 3


@dataclass(frozen=True, slots=True)
class Evidence:
    """Half-open range of code points of the text; `quote` is `text[start:end]`.

    `technique` is a technique, or `call` for the words that carry a call; only these have a `score`.
    """

    technique: str
    start: int
    end: int
    quote: str
    score: float | None = None


def find_spans(
    text: str, tokens: TokenScores, p_techniques: Floats, listed: Sequence[str], *, at: float, grow_at: float
) -> list[Evidence]:
    """Spans of the techniques that are listed for a post, in reading order, without overlap within a technique.

    Each marked run of words goes to the listed technique that fits it best. A listed technique that gets none of
    them is looked for by its own scores; it may remain without a span.
    """
    if not listed or not len(tokens.offsets):
        return []
    columns = [TECHNIQUES.index(name) for name in listed]
    found = []
    for first, last in _runs(tokens.scores[:, _ANY], at, grow_at):
        best = columns[int(np.argmax(_fit(tokens, p_techniques, first, last)[columns]))]
        found += _quoted(text, tokens, first, last, TECHNIQUES[best])
    for column in columns:
        if TECHNIQUES[column] not in {span.technique for span in found}:
            for first, last in _runs(tokens.scores[:, column], at, grow_at):
                found += _quoted(text, tokens, first, last, TECHNIQUES[column])
    return sorted(set(found), key=lambda span: (span.start, span.end, span.technique))


def strongest_span(text: str, tokens: TokenScores, p_techniques: Floats, *, least: float) -> list[Evidence]:
    """The one span that speaks most for manipulation, if any token reaches `least`; else nothing."""
    if not len(tokens.offsets) or tokens.scores[:, _ANY].max() < least:
        return []
    high = float(tokens.scores[:, _ANY].max())
    runs = list(_runs(tokens.scores[:, _ANY], high, high / 2))
    for first, last in runs:
        best = int(np.argmax(_fit(tokens, p_techniques, first, last)))
        if quoted := _quoted(text, tokens, first, last, TECHNIQUES[best]):
            return quoted
    return []


def _fit(tokens: TokenScores, p_techniques: Floats, first: int, last: int) -> Floats:
    """How well each technique explains a run: log of its mean token score times the post's probability."""
    own = tokens.scores[first : last + 1, : len(TECHNIQUES)].mean(axis=0)
    return np.asarray(np.log(own + 1e-6) + np.log(p_techniques + 1e-6))


def _runs(scores: Floats, at: float, grow_at: float) -> Iterator[tuple[int, int]]:
    """First and last token of each run above `grow_at` that reaches `at` (hysteresis keeps a phrase in one piece)."""
    grown = np.concatenate([[False], scores >= min(at, grow_at), [False]])
    edges = np.flatnonzero(grown[1:] != grown[:-1])
    for first, end in zip(edges[::2].tolist(), edges[1::2].tolist(), strict=True):
        if scores[first:end].max() >= at:
            yield first, end - 1


def _quoted(text: str, tokens: TokenScores, first: int, last: int, technique: str) -> list[Evidence]:
    """The run as evidence, widened to whole words and trimmed at its edges; nothing if too little remains."""
    start, end = int(tokens.offsets[first, 0]), int(tokens.offsets[last, 1])
    while start > 0 and text[start - 1].isalnum() and text[start].isalnum():
        start -= 1
    while end < len(text) and text[end - 1].isalnum() and text[end].isalnum():
        end += 1
    found = quotable(text, start, end)
    return [] if found is None else [Evidence(technique, *found, text[found[0] : found[1]])]


def quotable(text: str, start: int, end: int) -> tuple[int, int] | None:
    """The part of a range that can stand as a quote, trimmed at its edges; None if too little remains."""
    start, end = _without_surrogates(text, start, end)
    while start < end and text[start] in _EDGE:
        start += 1
    while start < end and text[end - 1] in _EDGE:
        end -= 1
    return (start, end) if sum(c.isalnum() for c in text[start:end]) >= _SHORTEST else None


def _without_surrogates(text: str, start: int, end: int) -> tuple[int, int]:
    """The longest part without a lone surrogate or NUL, which no file of results could hold."""
    bad = [i for i in range(start, end) if text[i] == "\0" or "\ud800" <= text[i] <= "\udfff"]
    edges = [start - 1, *bad, end]
    parts = [(a + 1, b) for a, b in pairwise(edges)]
    return max(parts, key=lambda part: part[1] - part[0])
