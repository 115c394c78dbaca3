"""A reviewer's decision about one post, and what the decisions about it come to."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal

from influence.errors import InputError

__all__ = ["ROLES", "VERDICTS", "Decision", "Recorded", "Settled", "settle"]

VERDICTS = ("positive", "manipulative", "unclear")
ROLES = ("review", "adjudication")

Status = Literal["single", "agreed", "adjudicated", "disputed"]


@dataclass(frozen=True)
class Decision:
    """What a reviewer said of a post, on each axis of the label scheme.

    `call` is `none`, `promotion` or `call`; `verdict` is one of VERDICTS for a call and None for others. `call_types`
    is only for calls. `techniques` and `spans` are None where the reviewer was not asked; a span is
    `technique, start, end, quote` in code points of the post's text; for the words that carry a call, `technique` is
    `call`. `blind`: neither the model's labels nor those of
    other reviewers were shown. `model` is the version that was shown, None if none was. An `adjudication` settles what
    reviewers disagree on.

    Raises InputError if a value is none of the scheme's.
    """

    post_id: str
    reviewer: str
    call: str
    verdict: str | None = None
    call_types: tuple[str, ...] = ()
    techniques: tuple[str, ...] | None = None
    spans: tuple[Mapping[str, Any], ...] | None = None
    comment: str = ""
    blind: bool = False
    model: str | None = None
    role: str = "review"

    def __post_init__(self) -> None:
        from classifiers import CALL_TYPES, CALLS, TECHNIQUES
        from classifiers.scheme import CALL_SPAN

        for name in ("post_id", "reviewer"):
            if not getattr(self, name).strip():
                raise InputError(f"{name} is empty. Say whose decision it is, and on which post.")
        _among("call", [self.call], CALLS)
        _among("call type", self.call_types, CALL_TYPES)
        _among("technique", self.techniques or (), TECHNIQUES)
        _among("role", [self.role], ROLES)
        if self.call == "call":
            _among("verdict", [self.verdict or ""], VERDICTS)
        elif self.verdict is not None or self.call_types:
            raise InputError(f"call is {self.call!r}: verdict and call_types are for calls only. Leave them empty.")
        marked = (*(self.techniques or ()), *((CALL_SPAN,) if self.call == "call" else ()))
        for span in self.spans or ():
            _check_span(span, marked)

    def labels(self) -> dict[str, Any]:
        """The labels alone: two decisions with the same ones agree."""
        kept = asdict(self)
        return {name: kept[name] for name in ("call", "verdict", "call_types", "techniques", "spans")}

    def canonical(self) -> str:
        """The decision as one line of JSON that does not depend on the order of anything."""
        return json.dumps(asdict(self), ensure_ascii=False, sort_keys=True, separators=(",", ":"))


@dataclass(frozen=True)
class Recorded:
    """A decision in its place in the chain: number, time (UTC), hash of the one before, and its own."""

    number: int
    at: dt.datetime
    decision: Decision
    previous: str
    hash: str


@dataclass(frozen=True)
class Settled:
    """What the decisions about a post come to.

    `decision` holds what reviewers agree on (None while they do not agree on call and verdict); `reviewers` are all who
    decided, `first` and `last` the times of the decisions that count.
    """

    post_id: str
    status: Status
    decision: Decision | None
    reviewers: tuple[str, ...]
    first: dt.datetime
    last: dt.datetime


def settle(recorded: Iterable[Recorded]) -> list[Settled]:
    """What the decisions come to, one entry a post, in the order of their first decisions.

    Of each reviewer the latest decision counts. An adjudication settles a post until a reviewer decides again. Of
    several reviewers who agree on call and verdict, techniques and spans on which they differ are taken as not asked,
    and only the types that all of them gave are kept.
    """
    of_post: dict[str, list[Recorded]] = {}
    for one in recorded:
        of_post.setdefault(one.decision.post_id, []).append(one)
    return [_settled(post, own) for post, own in of_post.items()]


def _settled(post: str, own: list[Recorded]) -> Settled:
    reviewers = tuple(dict.fromkeys(one.decision.reviewer for one in own))
    if own[-1].decision.role == "adjudication":
        return Settled(post, "adjudicated", own[-1].decision, reviewers, own[0].at, own[-1].at)
    latest = list({one.decision.reviewer: one for one in own if one.decision.role == "review"}.values())
    decisions = [one.decision for one in latest]
    first, last = min(one.at for one in latest), max(one.at for one in latest)
    if len({(d.call, d.verdict) for d in decisions}) > 1:
        return Settled(post, "disputed", None, reviewers, first, last)
    if len(decisions) == 1:
        return Settled(post, "single", decisions[0], reviewers, first, last)
    types = tuple(name for name in decisions[0].call_types if all(name in d.call_types for d in decisions))
    common = replace(decisions[0], call_types=types)
    if len({tuple(sorted(d.techniques)) if d.techniques is not None else None for d in decisions}) > 1:
        common = replace(common, techniques=None, spans=None)
    elif len({json.dumps(d.spans, sort_keys=True) for d in decisions}) > 1:
        common = replace(common, spans=None)
    return Settled(post, "agreed", common, reviewers, first, last)


def _among(what: str, given: Iterable[str], allowed: Iterable[str]) -> None:
    for name in given:
        if name not in allowed:
            raise InputError(f"{what} {name!r} is none of {', '.join(allowed)}. Take one of these.")


def _check_span(span: Mapping[str, Any], techniques: Iterable[str]) -> None:
    try:
        technique, start, end, quote = span["technique"], span["start"], span["end"], span["quote"]
        named = set(span) - {"score"} == {"technique", "start", "end", "quote"}
        fits = named and 0 <= start < end and len(quote) == end - start
    except (KeyError, TypeError) as error:
        raise InputError(f"span {span!r}: give technique, start, end and quote.") from error
    if not fits or technique not in techniques:
        raise InputError(
            f"span {span!r}: its quote must be as long as end - start, its technique one of the decision's, or "
            "'call' for the words that carry a call."
        )
