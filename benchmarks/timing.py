"""A measured ratio: ours and a peer in turn, in one run."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

__all__ = ["Timing", "paired", "timed"]


@dataclass(frozen=True)
class Timing:
    """Median seconds of ours and of the peer, and what was done."""

    what: str
    ours: float
    peer: float
    peer_name: str

    def __str__(self) -> str:
        return (
            f"{self.what}: {self.ours:.3f} s, {self.peer_name} {self.peer:.3f} s, "
            f"{self.peer / self.ours:.1f} times as fast"
        )


def timed(function: Callable[[], Any]) -> float:
    """Return the seconds that a call takes."""
    started = time.perf_counter()
    function()
    return time.perf_counter() - started


def paired(ours: Callable[[], Any], peer: Callable[[], Any], runs: int) -> tuple[float, float]:
    """Return the median seconds of ours and of the peer, each called `runs` times in turn."""
    seconds = [(timed(ours), timed(peer)) for _ in range(runs)]
    return statistics.median(first for first, _ in seconds), statistics.median(second for _, second in seconds)
