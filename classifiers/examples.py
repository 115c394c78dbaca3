"""A labelled post: what its annotators said, and what they were not asked."""

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Span:
    """Half-open range of code points; `technique` is None where the source marks words without naming why."""

    technique: str | None
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Example:
    """A post and what its annotators said; None is "not asked", which no loss may read as "no"."""

    id: str
    text: str
    lang: str
    source: str
    call: str | None = None
    manipulative: bool | None = None
    call_types: tuple[str, ...] | None = None
    techniques: tuple[str, ...] | None = None
    spans: tuple[Span, ...] | None = None
    group: str = ""
    weight: float = 1.0
    held_out: bool = False
    real: bool = False
    enriched: bool = False
    pair: str | None = None


def fraction(group: str) -> float:
    """A number in [0, 1) that depends on the name alone: the same post is held out on every machine."""
    return int.from_bytes(hashlib.blake2b(group.encode(), digest_size=8).digest()) / 2**64


def in_calibration_half(example: Example) -> bool:
    """Whether a held-out post is one to calibrate on; the others are for the reported scores."""
    return fraction(f"half/{example.group}") < 0.5
