"""Null models: what is held fixed, what is shuffled, and the shuffling itself.

Every model is named after what it shuffles and within what. A coincidence that a model explains is no evidence against
it; one that it does not explain speaks for something that the model leaves out, of which coordination is one.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from graphs.coordination.multiple import Correction, check_level
from graphs.coordination.shares import Shares
from graphs.errors import InputError

__all__ = ["NULLS", "SHUFFLED", "NullModel", "SignificanceOptions", "Slots", "permuted", "slots_of"]

NullModel = Literal[
    "times_within_objects",
    "objects_within_activity",
    "hypergeometric",
    "hypergeometric_by_popularity",
    "configuration_model",
]

NULLS: tuple[str, ...] = get_args(NullModel)
"""All null models; the first two are about timing and can be shuffled, the others about who shares what at any time."""

SHUFFLED = NULLS[:2]


@dataclass(frozen=True, kw_only=True)
class SignificanceOptions:
    """What chance is taken to be, and how it is computed.

    Parameters
    ----------
    null
        - `times_within_objects`: the times of an object's shares are shuffled among them. Held fixed: who shared what,
          how often, and each object's bursts. Chance is whatever follows from sharing the same objects.
        - `objects_within_activity`: the contents of posts are shuffled among the posts of each stretch of `block_s`
          seconds. Held fixed: when each account posts, and how popular each object is in each stretch.
        - `hypergeometric`: objects drawn at random for each account, all alike; time plays no role.
        - `hypergeometric_by_popularity`: the same among objects of about the same number of accounts.
        - `configuration_model`: objects drawn by their popularity and the account's activity; time plays no role.
    method
        `exact` computes the null distribution; `resampling` shuffles (the first two models only) until an edge has been
        reached `stop_after` times, at most `resamples` times. Its p-values are at least 1/(resamples + 1).
    correction
        See `graphs.coordination.multiple.q_values`.
    level
        False discovery rate that will be asked for: pairs that could never reach it are not counted as tests.
    block_s
        Stretch in seconds of `objects_within_activity`, counted from 1970; infinity for all of the time. An object's
        life should not be much shorter than this, nor the window longer.
    universe
        Objects that could have been shared, for `hypergeometric`; None takes those in the table.
    seed
        Of the shuffling.

    Raises
    ------
    InputError
        For a value out of range.
    """

    null: NullModel = "times_within_objects"
    method: Literal["exact", "resampling"] = "exact"
    correction: Correction = "benjamini_hochberg"
    level: float = 0.05
    block_s: float = 86_400.0
    universe: int | None = None
    resamples: int = 1_000
    stop_after: int = 20
    seed: int = 0

    def __post_init__(self) -> None:
        _check_choice("null", self.null, NULLS)
        _check_choice("method", self.method, ("exact", "resampling"))
        _check_choice("correction", self.correction, get_args(Correction))
        check_level(self.level)
        if self.method == "resampling" and self.null not in SHUFFLED:
            raise InputError(f"{self.null} is not shuffled. Use the exact method, or one of {', '.join(SHUFFLED)}.")
        if not self.block_s > 0:
            raise InputError(f"block_s must be a positive number of seconds, got {self.block_s!r}.")
        for name in ("resamples", "stop_after"):
            if getattr(self, name) < 1:
                raise InputError(f"{name} must be at least 1, got {getattr(self, name)!r}.")
        if self.universe is not None and self.universe < 1:
            raise InputError(f"universe must be a positive number of objects, got {self.universe!r}.")


def _check_choice(name: str, value: Any, choices: tuple[str, ...]) -> None:
    if value not in choices:
        raise InputError(f"{name} must be one of {', '.join(choices)}, got {value!r}.")


@dataclass(frozen=True)
class Slots:
    """Posts as places that contents are put into: one element per post, sorted by block, then time.

    `of_share` is the slot of each share, shape (shares,). `block` numbers the stretches of time with posts, from 0.
    """

    actor: npt.NDArray[np.int32]
    at: npt.NDArray[np.int64]
    post: npt.NDArray[np.int32]
    block: npt.NDArray[np.int64]
    of_share: npt.NDArray[np.int64]


def slots_of(shares: Shares, block_s: float) -> Slots:
    """Return the posts of some shares as slots; one post of two accounts or times is two slots."""
    order = np.lexsort((shares.post, shares.actor, shares.at))
    actor, at, post = shares.actor[order], shares.at[order], shares.post[order]
    new = np.ones(len(order), np.bool_)
    new[1:] = (np.diff(at) != 0) | (np.diff(actor) != 0) | (np.diff(post) != 0)
    of_share = np.empty(len(order), np.int64)
    of_share[order] = np.cumsum(new) - 1
    at = at[new]
    if math.isinf(block_s):
        block = np.zeros(len(at), np.int64)
    else:
        stretch = np.floor_divide(at, max(1, round(block_s * 1_000_000)))
        block = np.unique(stretch, return_inverse=True)[1].astype(np.int64)
    return Slots(actor[new], at, post[new], block, of_share)


def permuted(shares: Shares, options: SignificanceOptions, random: np.random.Generator) -> Shares:
    """Return the shares, shuffled once as the null model says.

    Parameters
    ----------
    shares
        As `graphs.coordination.shares.shares_of` gives them.
    options
        `null` and, for `objects_within_activity`, `block_s` are used.
    random
        Where the shuffling comes from.

    Returns
    -------
    Shares
        Sorted by object and time again. `times_within_objects` keeps the accounts and the times of each object exactly;
        `objects_within_activity` keeps the accounts and times of all posts, and the shares of each object in each
        stretch. Shares of a post that is itself the object stay where they are: the first act is no answer to itself.

    Raises
    ------
    InputError
        If the model is not one that shuffles.
    """
    free = np.flatnonzero(~shares.own)
    if options.null == "times_within_objects":
        # Times shuffled among the shares of an object are the same as accounts shuffled among its times.
        order = np.lexsort((random.random(len(free)), shares.object[free]))
        actor, post = shares.actor.copy(), shares.post.copy()
        actor[free], post[free] = shares.actor[free][order], shares.post[free][order]
        return replace(shares, actor=actor, post=post)
    if options.null != "objects_within_activity":
        raise InputError(f"{options.null} is not shuffled. Use one of {', '.join(SHUFFLED)}.")
    slots = slots_of(shares.take(~shares.own), options.block_s)
    goes_to = np.empty(len(slots.at), np.int64)
    goes_to[np.lexsort((random.random(len(slots.at)), slots.block))] = np.arange(len(slots.at))
    to = goes_to[slots.of_share]
    actor, at, post = shares.actor.copy(), shares.at.copy(), shares.post.copy()
    actor[free], at[free], post[free] = slots.actor[to], slots.at[to], slots.post[to]
    order = np.lexsort((at, shares.object))
    return replace(
        shares,
        actor=actor[order],
        object=shares.object[order],
        at=at[order],
        post=post[order],
        own=shares.own[order],
    )
