"""The cap on bursts: of an object that thousands share at once, only the first shares of each stretch are compared."""

from __future__ import annotations

import numpy as np
import pyarrow.compute as pc

from graphs.coordination.options import CoordinationOptions
from graphs.coordination.shares import Shares

__all__ = ["capped"]


def capped(shares: Shares, options: CoordinationOptions) -> tuple[Shares, int, int]:
    """Return the shares within the cap, how many were left out, and of how many objects.

    Time is cut into stretches of `window_s` from 1970 on (single instants if the window is 0); of each object and
    stretch the first `burst_cap` shares stay, by time, then by the post's and the account's id.
    """
    cap = options.burst_cap
    if cap is None or not shares.size:
        return shares, 0, 0
    stretch = shares.at // max(options.window_us, 1)
    starts = np.flatnonzero(np.r_[True, (np.diff(shares.object) != 0) | (np.diff(stretch) != 0)])
    if (np.diff(np.r_[starts, shares.size]) <= cap).all():
        return shares, 0, 0
    order = _ordered(shares)
    ordered = shares.take(order)
    number = np.arange(shares.size) - np.repeat(starts, np.diff(np.r_[starts, shares.size]))
    dropped = number >= cap
    return ordered.take(~dropped), int(dropped.sum()), int(np.unique(ordered.object[dropped]).size)


def _ordered(shares: Shares) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """Return positions by object, time, post id, account id, so that what the cap keeps depends on no order of rows."""
    rank = np.empty(len(shares.posts), np.int64)
    rank[pc.sort_indices(shares.posts).to_numpy()] = np.arange(len(shares.posts))
    return np.lexsort((shares.actor, rank[shares.post], shares.at, shares.object))
