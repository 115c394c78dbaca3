"""A labelled post: what its annotators said, and what they were not asked."""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass

from classifiers.scheme import TECHNIQUES

#: `call` of a post that is known to be no call, but not whether it is `none` or `promotion`.
NOT_A_CALL = "not_a_call"


@dataclass(frozen=True, slots=True)
class Span:
    """Half-open range of code points; `technique` is None where the source marks words without naming why."""

    technique: str | None
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Example:
    """A post and what its annotators said; None is "not asked", which no loss may read as "no".

    `call` may be `NOT_A_CALL`. Where annotators were asked about some of the ten techniques only, `known_techniques`
    names those; None is all ten (where `techniques` is given at all). Spans are known for the same techniques. `quote`
    is the place of the words that annotators quoted as the call, in code points; None is "no call" or "not asked".
    """

    id: str
    text: str
    lang: str
    source: str
    call: str | None = None
    manipulative: bool | None = None
    call_types: tuple[str, ...] | None = None
    techniques: tuple[str, ...] | None = None
    known_techniques: tuple[str, ...] | None = None
    spans: tuple[Span, ...] | None = None
    quote: tuple[int, int] | None = None
    group: str = ""
    weight: float = 1.0
    held_out: bool = False
    real: bool = False
    enriched: bool = False
    pair: str | None = None
    fold: int | None = None

    @property
    def is_call(self) -> bool | None:
        """Whether it is a call; None is "not asked"."""
        return None if self.call is None else self.call == "call"

    def has(self, technique: str) -> bool | None:
        """Whether it has a technique; None is "not asked"."""
        if self.techniques is None or (self.known_techniques is not None and technique not in self.known_techniques):
            return None
        return technique in self.techniques

    @property
    def complete(self) -> bool:
        """Whether all ten techniques are known: only then do scores over the ten mean what they say."""
        return all(self.has(technique) is not None for technique in TECHNIQUES)


def fraction(group: str) -> float:
    """A number in [0, 1) that depends on the name alone: the same post is held out on every machine."""
    return int.from_bytes(hashlib.blake2b(group.encode(), digest_size=8).digest()) / 2**64


def fingerprint(text: str) -> str:
    """Letters and digits alone, links and handles left out: what makes two posts the same post."""
    return re.sub(r"\W+", "", re.sub(r"https?://\S+|@\w+", "", text.casefold()))


def calibration_half(examples: Sequence[Example]) -> list[bool]:
    """Which of the held-out posts are to calibrate on; the others are for the scores that depend on calibration.

    Every kind of post (source, language, call, verdict) is halved by itself, since some are so rare that chance would
    put nearly all of them on one side. Posts of a group stay together. The split depends on the posts' names alone.
    """
    first = {example.group: example for example in reversed(examples)}
    kinds: dict[tuple[str, str, bool, bool | None], list[str]] = {}
    for group, example in first.items():
        kind = (example.source, example.lang, example.call == "call", example.manipulative)
        kinds.setdefault(kind, []).append(group)
    chosen: set[str] = set()
    for groups in kinds.values():
        ordered = sorted(groups, key=lambda group: fraction(f"half/{group}"))
        # Which side gets the odd one out is drawn as well, or the first half would get the only post of each kind.
        chosen.update(ordered[int(fraction(f"odd/{ordered[0]}") < 0.5) :: 2])
    return [example.group in chosen for example in examples]
