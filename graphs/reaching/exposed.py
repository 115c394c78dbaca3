"""Exposed reach: people likely shown a post."""

from __future__ import annotations

from collections.abc import Mapping

import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graphs.errors import InputError
from graphs.figures import Figures, text_where
from graphs.reaching.medians import GroupMedians, group_medians

__all__ = [
    "ASSUMED_VIEW_RATE",
    "MEDIAN_VIEWS",
    "WORLD",
    "ViewRates",
    "assume_view_rates",
    "check_view_rates",
    "exposed_figures",
    "put_medians",
]

MEDIAN_VIEWS = "median_post_views"
ASSUMED_VIEW_RATE = "assumed_view_rate"
WORLD = 8.3e9
"""People on earth: no interval of people ends above it."""

ViewRates = Mapping[str, tuple[float, float, float]]
"""By platform the share of followers that a post is shown to: low, typical, high. Above 1 where others see it too."""

_MOST_RATE = 100.0


def exposed_figures(ids: pa.Array, posts: ir.Table, confidence: float, population: float | None) -> Figures:
    """Return the median views of a post of each actor, with its interval.

    Parameters
    ----------
    ids
        The actors, sorted and distinct.
    posts
        As `graphs.inputs.posts_of` returns them.
    """
    figures = Figures(ids, "exposed", "no view counts")
    views = posts.select(actor_id=posts.actor_id, value=posts.views)
    medians = group_medians(views, confidence=confidence, ceiling=population or WORLD)
    put_medians(figures, medians, MEDIAN_VIEWS)
    return figures


def put_medians(
    figures: Figures, medians: GroupMedians, estimator: str, *, wanted: npt.NDArray[np.bool_] | None = None
) -> None:
    """Write medians over posts into `figures`, for all actors or for those where `wanted` (along `figures`) is true."""
    at, known = figures.positions(medians.ids)
    chosen = np.flatnonzero(known)
    if wanted is not None:
        at, chosen = at[wanted[at]], chosen[wanted[at]]
    n = medians.n[chosen]
    reason = text_where(n == 1, "one post only: no interval")
    figures.put(
        at, medians.value[chosen], medians.low[chosen], medians.high[chosen], n,
        estimator=estimator, basis="post", reason=reason,
    )  # fmt: skip


def check_view_rates(view_rates: ViewRates | None) -> dict[str, tuple[float, float, float]]:
    """Return the view rates by platform in lower case.

    Raises InputError unless each is three numbers, 0 <= low <= typical <= high, and above 0.
    """
    checked: dict[str, tuple[float, float, float]] = {}
    for platform, given in (view_rates or {}).items():
        try:
            low, typical, high = (float(rate) for rate in given)
        except (TypeError, ValueError):
            low = typical = high = np.nan
        if not (0 <= low <= typical <= high <= _MOST_RATE and typical > 0):
            raise InputError(
                f"view_rates of {platform!r} must be three shares of the followers, low <= typical <= high, above 0, "
                f"got {given!r}. Write (0.1, 0.2, 0.4) for 10% to 40%, typically 20%."
            )
        checked[platform.lower()] = (low, typical, high)
    return checked


def assume_view_rates(
    exposed: Figures, potential: Figures, rates: Mapping[str, tuple[float, float, float]], population: float | None
) -> None:
    """Fill in exposed reach where no views are known, from the followers and a view rate that the user gave.

    The range is that of the rate (and of the followers, where these are a range): what was assumed, no sampling
    interval.
    """
    empty = np.isnan(exposed.value) & np.isnan(exposed.low) & np.isnan(exposed.high)
    known = empty & ~np.isnan(potential.value)
    if not rates or not known.any():
        return
    at = np.flatnonzero(known)
    platforms = [str(exposed.ids[int(i)].as_py()).partition(":")[0].lower() for i in at]
    given = np.array([rates.get(platform, (np.nan,) * 3) for platform in platforms])
    at, given = at[~np.isnan(given[:, 0])], given[~np.isnan(given[:, 0])]
    # Followers in excess of the population are elsewhere; no post is shown to more people than there are.
    followers = np.stack([potential.low[at], potential.value[at], potential.high[at]])
    low, value, high = np.minimum(followers * given.T, population or WORLD)
    reason = text_where(np.isnan(high), "the number of followers has no upper end")
    exposed.put(at, value, low, high, potential.n[at], estimator=ASSUMED_VIEW_RATE, basis="post", reason=reason)
