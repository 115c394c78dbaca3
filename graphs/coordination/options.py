"""What counts as coordinated: the window, who takes part, which edges stay."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from graphs.errors import InputError

__all__ = ["OBJECT_KINDS", "CoordinationOptions", "Subgraph"]

Subgraph = Literal["all", "heavy", "fast", "fast_context"]

OBJECT_KINDS = ("url", "text", "near_text", "hashtag", "media", "reshare")
"""Kinds of objects that two accounts can share."""

_LONGEST_WINDOW = 366 * 86_400.0


@dataclass(frozen=True, kw_only=True)
class CoordinationOptions:
    """Options of the search for coordinated pairs. The defaults are a minute and two shares an account.

    Parameters
    ----------
    window_s
        Seconds between two shares of one object that still count together, the end included; microseconds are kept.
    min_participation
        Shares that an account must have, and shares in events that one side of an event must have. The rule of
        CooRTweet's `detect_groups`: an event stays if the post on either side is one of an account that has at least so
        many shares among the posts of all events. 1 keeps every event.
    min_weight
        Events that an edge must have.
    edge_weight
        Quantile of the edges' weights, in [0, 1], that `subgraph` compares with.
    subgraph
        `all` edges; `heavy`: weight above the quantile; `fast`: weight within `fast_window_s` above the quantile of
        those weights; `fast_context`: all edges among the neighbours of accounts on such fast edges. They are
        CooRTweet's 0, 1, 2, 3.
    fast_window_s
        A narrower window, whose events are counted apart as `weight_fast`.
    speed_weighted
        Let an event count `1 - gap / window_s` instead of 1 where `edge_weight` and `min_weight` are compared with:
        column `speed_weight`. An event of gap 0 counts 1, one at the window's end 0.
    burst_cap
        Shares of one object that are looked at in each stretch of `window_s`, counted from 1970; the earliest stay. A
        window, which meets two stretches, then holds twice as many at the most. None looks at all of them.
    kinds
        Kinds of objects to look at; None is all that the table has.

    Raises
    ------
    InputError
        For a value out of range.
    """

    window_s: float = 60.0
    min_participation: int = 2
    min_weight: float = 1
    edge_weight: float = 0.5
    subgraph: Subgraph = "all"
    fast_window_s: float | None = None
    speed_weighted: bool = False
    burst_cap: int | None = None
    kinds: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        _check_seconds("window_s", self.window_s)
        _check_whole("min_participation", self.min_participation, least=0)
        if not (math.isfinite(self.min_weight) and self.min_weight >= 0):
            raise InputError(f"min_weight must be a number from 0 on, got {self.min_weight!r}.")
        if not 0 <= self.edge_weight <= 1:
            raise InputError(f"edge_weight is a quantile between 0 and 1, got {self.edge_weight!r}. 0.5 is the median.")
        if self.subgraph not in ("all", "heavy", "fast", "fast_context"):
            raise InputError(f"subgraph must be all, heavy, fast or fast_context, got {self.subgraph!r}.")
        if self.burst_cap is not None:
            _check_whole("burst_cap", self.burst_cap, least=2)
        self._check_fast()

    def _check_fast(self) -> None:
        if self.fast_window_s is None:
            if self.subgraph in ("fast", "fast_context"):
                raise InputError(f"subgraph {self.subgraph!r} needs fast_window_s, the narrower window in seconds.")
            return
        _check_seconds("fast_window_s", self.fast_window_s)
        if self.fast_window_s > self.window_s:
            raise InputError(
                f"fast_window_s ({self.fast_window_s:g}) must not be longer than window_s ({self.window_s:g})."
            )

    @property
    def window_us(self) -> int:
        """The window in whole microseconds."""
        return round(self.window_s * 1_000_000)

    @property
    def fast_window_us(self) -> int | None:
        """The narrower window in whole microseconds."""
        return None if self.fast_window_s is None else round(self.fast_window_s * 1_000_000)


def _check_seconds(name: str, value: float) -> None:
    if not 0 <= value <= _LONGEST_WINDOW:
        raise InputError(f"{name} must lie between 0 and {_LONGEST_WINDOW:.0f} seconds (a year), got {value!r}.")


def _check_whole(name: str, value: int, *, least: int) -> None:
    if isinstance(value, bool) or int(value) != value or value < least:
        raise InputError(f"{name} must be a whole number from {least} on, got {value!r}.")
