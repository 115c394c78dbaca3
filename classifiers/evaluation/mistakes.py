"""Typical mistakes of a model: the most confident ones of each kind, with the text where it may be passed on."""

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from classifiers.evaluation.frame import Frame
from classifiers.evaluation.predictions import Predictions
from classifiers.examples import Example
from classifiers.scheme import TECHNIQUES

KINDS = ("false call", "missed call", "wrong verdict", "false technique", "missed technique")

#: Characters of an excerpt.
_EXCERPT = 160
# So that ten mistakes show more than one weakness.
_OF_ONE_TECHNIQUE = 3


_OPEN = re.compile(r"\b(?:CC0|CC BY)\b(?! ?-)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Mistake:
    """One mistake: what annotators said, what the model said, and the probability that it gave to its answer's axis.

    `p` is `p_call` for calls, `p_manipulative` for verdicts, the technique's for techniques. `excerpt` is None where
    the text may not be passed on; `description` says what can be said without it.
    """

    kind: str
    id: str
    source: str
    language: str
    truth: str
    given: str
    p: float
    excerpt: str | None
    description: str


def typical_mistakes(
    frame: Frame, given: Predictions, *, may_show: Sequence[bool] | None = None, each: int = 10
) -> list[Mistake]:
    """Up to `each` mistakes of each kind, the most confident first.

    `may_show` says of each post whether its text may stand in a card; None: of none.
    """
    if given.labels is None:
        return []
    rows = given.labels.to_pylist()
    shown = may_show if may_show is not None else [False] * len(rows)
    found: list[Mistake] = []
    for kind, candidates in zip(KINDS, _candidates(frame, rows), strict=True):
        ordered = sorted(candidates, key=lambda c: (-c[0], c[1]))
        for i, truth, label, p in _varied(ordered, each):
            found.append(_mistake(kind, frame.examples[i], truth, label, p, show=bool(shown[i])))
    return found


_Candidate = tuple[float, int, str, str, float]


def _candidates(frame: Frame, rows: list[dict[str, object]]) -> Iterator[list[_Candidate]]:
    p_call = [float(str(row["p_call"])) for row in rows]
    called = np.array([row["call"] == "call" for row in rows], dtype=bool)
    known, call = frame.call_known, frame.call
    examples = frame.examples
    yield [
        (p_call[i], i, str(examples[i].call), "call", p_call[i])
        for i in np.flatnonzero(known & ~call & called).tolist()
    ]
    yield [
        (-p_call[i], i, "call", str(rows[i]["label"]), p_call[i])
        for i in np.flatnonzero(known & call & ~called).tolist()
    ]
    yield list(_verdicts(frame, rows))
    techniques = list(_techniques(frame, rows))
    yield [c for c in techniques if c[3] != "–"]
    yield [c for c in techniques if c[3] == "–"]


def _verdicts(frame: Frame, rows: list[dict[str, object]]) -> Iterator[_Candidate]:
    for i in np.flatnonzero(frame.verdict_known & frame.call):
        truth, given_p = str(frame.label[i]), rows[i]["p_manipulative"]
        if given_p is None:  # labels of another origin may lack it
            continue
        p = float(str(given_p))
        given = "manipulative" if p >= 0.5 else "positive"
        if given != truth:
            yield abs(p - 0.5), int(i), truth, given, p


def _techniques(frame: Frame, rows: list[dict[str, object]]) -> Iterator[_Candidate]:
    """Techniques that were listed without the annotators, and those they named that were not listed ("–")."""
    for i in np.flatnonzero(frame.techniques_known):
        listed, p_techniques = rows[i]["techniques"], rows[i]["p_techniques"]
        if not isinstance(listed, list) or not isinstance(p_techniques, dict):
            continue
        for place, name in enumerate(TECHNIQUES):
            p = float(p_techniques[name] or 0.0)
            if name in listed and not frame.techniques[i, place]:
                yield p, int(i), "–", name, p
            elif frame.techniques[i, place] and name not in listed:
                yield -p, int(i), name, "–", p


def _varied(ordered: Iterable[_Candidate], each: int) -> Iterator[tuple[int, str, str, float]]:
    seen: dict[str, int] = {}
    taken = 0
    for _, i, truth, given, p in ordered:
        name = truth if truth in TECHNIQUES else given if given in TECHNIQUES else None
        if name is not None:
            seen[name] = seen.get(name, 0) + 1
            if seen[name] > _OF_ONE_TECHNIQUE:
                continue
        yield i, truth, given, p
        taken += 1
        if taken == each:
            return


def _mistake(kind: str, example: Example, truth: str, given: str, p: float, *, show: bool) -> Mistake:
    text = " ".join(example.text.split())
    excerpt = text if len(text) <= _EXCERPT else f"{text[: _EXCERPT - 1].rstrip()}…"
    types = f", asks to {', '.join(example.call_types)}" if example.call_types else ""
    description = f"{example.lang} post of {len(example.text):,} characters{types}"
    source, language = example.source, example.lang
    return Mistake(
        kind, example.id, source, language, truth, given, round(float(p), 3), excerpt if show else None, description
    )


def may_pass_on(licence: str) -> bool:
    """Whether texts under a licence may stand in a card: CC0 or CC BY, without further conditions.

    >>> may_pass_on("CC BY 4.0"), may_pass_on("texts CC BY 4.0"), may_pass_on("CC BY-NC-SA 4.0"), may_pass_on("")
    (True, True, False, False)
    """
    return _OPEN.search(licence) is not None
