"""Accounts that share objects independently of each other, and groups planted among them: the truth is known."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graphs.coordination.shares import Shares

__all__ = ["Planted", "World", "independent_shares", "plant", "shares_from_arrays"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

DAY = 86_400.0


@dataclass(frozen=True, kw_only=True)
class World:
    """How independent accounts post: heavy-tailed activity and popularity, a day's rhythm, and bursts.

    `kind` is what makes times: `objects`, every object has a birth and is shared in bursts after it, whoever shares it;
    `accounts`, every account posts at hours of its own and in sessions, whatever it shares.
    """

    kind: str
    accounts: int = 1_000
    shares: int = 8_000
    objects: int = 1_000
    days: int = 7
    activity: float = 1.0
    """Spread (standard deviation of logs) of the accounts' shares."""
    popularity: float = 0.9
    """Exponent of Zipf's law of the objects' shares."""


def _rhythm(random: np.random.Generator, size: int, peak: npt.ArrayLike, days: int) -> Floats:
    """Return times of days with a night: hours around each one's peak, spread 4 h."""
    hour = np.mod(np.asarray(peak) + 4 * random.standard_normal(size), 24)
    return np.asarray(random.integers(days, size=size) * DAY + hour * 3600, np.float64)


def independent_shares(world: World, random: np.random.Generator) -> tuple[Ints, Ints, Floats]:
    """Return accounts, objects and times (seconds) of shares without any coordination; a post has one share."""
    rate = np.exp(world.activity * random.standard_normal(world.accounts))
    actor = random.choice(world.accounts, world.shares, p=rate / rate.sum())
    weight = np.arange(1, world.objects + 1, dtype=np.float64) ** -world.popularity
    thing = random.choice(world.objects, world.shares, p=weight / weight.sum())
    if world.kind == "objects":
        birth = _rhythm(random, world.objects, 14.0, world.days)
        speed = np.exp(9.0 + 1.5 * random.standard_normal(world.objects))
        return actor, thing, birth[thing] + speed[thing] * random.exponential(1.0, world.shares)
    peak = 14 + 3 * random.standard_normal(world.accounts)
    # Sessions: a third of the posts come within minutes of the account's last one.
    at = _rhythm(random, world.shares, peak[actor], world.days)
    order = np.lexsort((at, actor))
    follows = np.zeros(world.shares, np.bool_)
    follows[1:] = (np.diff(actor[order]) == 0) & (random.random(world.shares - 1) < 1 / 3)
    lag = np.where(follows, random.exponential(120.0, world.shares), 0.0)
    starts = np.flatnonzero(~follows)
    session = np.cumsum(~follows) - 1
    total = np.cumsum(lag)
    at[order] = at[order][starts][session] + total - total[starts][session]
    return actor, thing, at


@dataclass(frozen=True, kw_only=True)
class Planted:
    """A group that acts together: `size` accounts share `objects` of the world's within `gap_s` seconds of each other.

    `part` of their shares are such; the others are as everybody's. `popular` objects are drawn by their shares among
    the others; those that are not are shared by the group alone.
    """

    size: int
    objects: int
    part: float
    gap_s: float
    popular: bool = True


def plant(
    world: World, group: Planted, actor: Ints, thing: Ints, at: Floats, random: np.random.Generator
) -> tuple[Ints, Ints, Floats]:
    """Return the shares with those of a group added: the accounts `world.accounts` and following.

    Each member joins each of the group's objects, at a time drawn from those of this object's shares (of all, where the
    object is the group's alone), plus its own delay, uniform in [0, gap_s].
    """
    members = world.accounts + np.arange(group.size)
    if group.popular:
        shared, count = np.unique(thing, return_counts=True)
        chosen = random.choice(shared, group.objects, replace=False, p=count / count.sum())
        start = np.array([random.choice(at[thing == one]) for one in chosen])
    else:
        chosen, start = world.objects + np.arange(group.objects), random.choice(at, group.objects)
    who, what = np.repeat(members, group.objects), np.tile(chosen, group.size)
    when = np.tile(start, group.size) + random.uniform(0, group.gap_s, len(who))
    own = round(len(who) * (1 - group.part) / group.part)
    drawn = random.integers(len(at), size=own)
    return (
        np.concatenate([actor, who, random.choice(members, own)]),
        np.concatenate([thing, what, thing[drawn]]),
        np.concatenate([at, when, random.choice(at, own) if world.kind == "accounts" else at[drawn]]),
    )


def shares_from_arrays(actor: Ints, thing: Ints, at: Floats, accounts: int) -> Shares:
    """Return shares as the search takes them, one post each, without a detour through a table."""
    order = np.lexsort((at, thing))
    count = len(order)
    return Shares(
        actor=actor[order].astype(np.int32),
        object=thing[order].astype(np.int32),
        at=np.rint(at[order] * 1e6).astype(np.int64),
        post=np.arange(count, dtype=np.int32),
        own=np.zeros(count, np.bool_),
        actors=pa.array([f"x:{i:06d}" for i in range(accounts)]),
        objects=pa.array([f"u{i:06d}" for i in range(int(thing.max(initial=-1)) + 1)]),
        kinds=pa.array(["url"] * (int(thing.max(initial=-1)) + 1)),
        posts=pa.array([f"p{i}" for i in range(count)]),
        read=count,
    )
