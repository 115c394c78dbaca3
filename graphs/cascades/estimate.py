"""Size, depth, breadth and structural virality of cascades, with their spread over plausible trees."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy import stats

from graphs.cascades.items import Cascades, collect
from graphs.errors import InputError
from graphs.inputs import check_confidence

__all__ = ["CASCADES_SCHEMA", "DELAYS", "FIRSTS_SCHEMA", "CascadeTables", "estimate_cascades"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

DELAYS = {"power_law": (300.0, 1.242), "exponential": (3600.0, 0.0)}
"""Laws of the delay: the seconds of their scale, and the exponent (Zhao et al. 2015 measured both for the first)."""

SHORTEST = 1e-3
"""Least scale of a delay, in seconds: data have no finer times."""

_TEXT, _COUNT, _NUMBER = pa.string(), pa.int64(), pa.float64()
CASCADES_SCHEMA = pa.schema(
    [
        pa.field("post_id", _TEXT, nullable=False),
        pa.field("actor_id", _TEXT, nullable=False),
        pa.field("size", _COUNT, nullable=False),
        *(pa.field(name, _NUMBER, nullable=False) for name in ("depth", "depth_low", "depth_high", "breadth")),
        *(pa.field(name, _NUMBER, nullable=False) for name in ("virality", "virality_low", "virality_high")),
        pa.field("star_virality", _NUMBER, nullable=False),
        pa.field("first_resharer", _TEXT),
        pa.field("minutes_to_half", _NUMBER),
        pa.field("trees", _COUNT, nullable=False),
        pa.field("reason_missing", _TEXT),
    ]
)
FIRSTS_SCHEMA = pa.schema(
    [
        pa.field("actor_id", _TEXT, nullable=False),
        pa.field("first_count", _COUNT, nullable=False),
        pa.field("cascades", _COUNT, nullable=False),
        *(pa.field(name, _NUMBER, nullable=False) for name in ("share", "low", "high")),
    ]
)


@dataclass(frozen=True)
class CascadeTables:
    """`cascades`: a row per item. `firsts`: a row per account that reshared, who comes first and how often."""

    cascades: pa.Table
    firsts: pa.Table


def estimate_cascades(
    *,
    interactions: Any,
    posts: Any = None,
    actors: Any = None,
    trees: int = 100,
    min_size: int = 2,
    delay: str = "power_law",
    scale: float | None = None,
    exponent: float | None = None,
    tie_weight: float = 10.0,
    audience_weight: float | None = None,
    confidence: float = 0.95,
    seed: int = 0,
) -> CascadeTables:
    """Measure how every item spread, over plausible trees: the data credit the original and hide the chain.

    Parameters
    ----------
    interactions, posts, actors
        Tables of the data contract: interactions of kind `reshare` with `target_post`, posts with `reshared_post`; the
        posts' times and authors, `follow` interactions and follower counts are used where there are any.
    trees
        Trees drawn of each cascade. Fewer of one so large that they would not fit (column `trees`).
    min_size
        Least number of accounts in a cascade, the author among them.
    delay, scale, exponent
        How the weight of a parent falls with the seconds since it shared. `power_law`: level up to `scale` (300), then
        `(seconds / scale) ** -exponent` (1.242, Zhao et al. 2015). `exponential`: `exp(-seconds / scale)` (3600).
    tie_weight
        Factor, at least 1, for a parent whom the account is known to follow, or of whom it reshared another item.
    audience_weight
        Power of the parent's audience: its followers, at least those who were seen to reshare it, at least 1. With 0
        all parents are alike, and trees are far too deep: most people have it from the author. None: 0.7 in cascades
        of up to 30 accounts, 1 from 100 on, in between by the logarithm of the size (measured on synthetic studies).
    confidence
        Share of the trees between `low` and `high`.
    seed
        Same seed, same result.

    Returns
    -------
    CascadeTables
        `cascades`: `post_id, actor_id` (the author), `size` (accounts, author included), `depth, depth_low,
        depth_high` (edges), `breadth` (accounts at the broadest depth), `virality, virality_low, virality_high` (mean
        distance of all pairs, at least `star_virality` = 2 (n - 1) / n, that of a star; 1 for two accounts),
        `first_resharer`, `minutes_to_half` (from the original to half of the dated reshares), `trees`,
        `reason_missing` (why one of the two before is null); largest first. Values are medians over the trees.
        `firsts`: `actor_id, first_count` (items that it was the first to reshare; at one moment several may be),
        `cascades` (that it reshared in), `share, low, high` (Wilson's interval).

    Raises
    ------
    InputError
        For an option out of range.

    Notes
    -----
    Candidates for the parent of a reshare are the author and all who shared strictly before it, each with its weight;
    they are drawn exactly, from prefix sums over time with rejection. Of several reshares by one account the first
    counts; reshares of oneself are left out. A reshare before its original hangs on the author. One without a time may
    hang on the author or on any candidate, and nothing hangs on it. Where the data name a reshare as what was
    reshared, that is the parent.
    The intervals are the spread over trees given the weights; they do not hold the error of the weights
    (docs/leaders.md says how often the truth lay inside where it is known).

    References
    ----------
    Goel, Anderson, Hofman & Watts (2016), Management Science 62(1), 180-196. DeVerna et al. (2024), arXiv 2410.21554.
    Zhao, Erdogdu, He, Rajaraman & Leskovec (2015), KDD, 10.1145/2783258.2783401, on delays.

    Examples
    --------
    >>> import pyarrow as pa
    >>> rows = pa.table({"source": ["x:b", "x:c"], "target": ["x:a"] * 2, "kind": ["reshare"] * 2,
    ...                  "target_post": ["x:1"] * 2})
    >>> found = estimate_cascades(interactions=rows).cascades
    >>> found.select(["post_id", "size", "depth", "virality"]).to_pylist()
    [{'post_id': 'x:1', 'size': 3, 'depth': 1.0, 'virality': 1.3333333333333333}]
    """
    settings = _settings(delay, scale, exponent, tie_weight, audience_weight)
    if trees < 1 or min_size < 2:
        raise InputError(f"trees must be at least 1 and min_size at least 2, got {trees!r} and {min_size!r}.")
    check_confidence(confidence)
    data = collect(interactions=interactions, posts=posts, actors=actors, min_size=min_size)
    if not len(data.items):
        return CascadeTables(CASCADES_SCHEMA.empty_table(), FIRSTS_SCHEMA.empty_table())
    from graphs.cascades.trees import measure_trees

    seeds = np.random.default_rng([seed, len(data.items)]).integers(0, 2**31 - 1, len(data.items))
    tail = (1 - confidence) / 2
    measured, drawn = measure_trees(
        data.bounds, data.account, data.at, data.known, data.audience, data.ties, settings, trees, tail, seeds
    )
    return CascadeTables(_cascades(data, measured, drawn), _firsts(data, confidence))


def _settings(
    delay: str, scale: float | None, exponent: float | None, tie: float, audience: float | None
) -> FloatArray:
    if delay not in DELAYS:
        raise InputError(f"there is no delay {delay!r}; choose from {', '.join(DELAYS)}.")
    usual = DELAYS[delay]
    flat = usual[0] if scale is None else scale
    power = usual[1] if exponent is None or delay == "exponential" else exponent
    if not (np.isfinite(flat) and flat >= SHORTEST):
        raise InputError(f"scale must be at least {SHORTEST:g} seconds, got {flat!r}.")
    if not (np.isfinite(tie) and tie >= 1):
        raise InputError(f"tie_weight must be a number, at least 1, got {tie!r}. With 1 ties do not count.")
    if delay == "power_law" and not 0.01 <= power <= 10:
        raise InputError(f"exponent must lie between 0.01 and 10, got {power!r}. Zhao et al. (2015) measured 1.242.")
    if audience is not None and not 0 <= audience <= 4:
        raise InputError(f"audience_weight must lie between 0 and 4, got {audience!r}. With 1 it is proportional.")
    return np.array([flat, power, tie, -1.0 if audience is None else audience], dtype=np.float64)


def _cascades(data: Cascades, measured: FloatArray, trees: IntArray) -> pa.Table:
    size = np.diff(data.bounds)
    first, half = _first_and_half(data)
    reason = np.full(len(size), None, object)
    reason[~data.created] = "the time of the original is not known"
    reason[first < 0] = "no reshare has a time"
    columns = {
        "post_id": data.items,
        "actor_id": data.accounts.take(pa.array(data.account[data.bounds[:-1]])),
        "size": size,
        **dict(zip(("depth", "depth_low", "depth_high", "breadth"), measured[:, :4].T, strict=True)),
        **dict(zip(("virality", "virality_low", "virality_high"), measured[:, 6:].T, strict=True)),
        "star_virality": 2 * (size - 1) / size,
        "first_resharer": data.accounts.take(pa.array(np.maximum(first, 0), mask=first < 0)),
        "minutes_to_half": pa.array(half, mask=np.isnan(half)),
        "trees": trees,
        "reason_missing": pa.array(reason, pa.string()),
    }
    order = np.argsort(-size, kind="stable")
    return pa.table(columns, schema=CASCADES_SCHEMA).take(pa.array(order))


def _first_and_half(data: Cascades) -> tuple[IntArray, FloatArray]:
    """Return the first dated resharer (-1: none), and the minutes from the original to half of the dated reshares."""
    number = len(data.items)
    start = data.bounds[:-1]
    dated = np.isfinite(data.at)
    dated[start] = False
    counts = np.add.reduceat(dated, start)
    first = np.where(counts > 0, data.account[start + 1], -1)
    half = np.full(number, np.nan)
    known = (counts > 0) & data.created
    # Dated reshares come first, by time.
    middle = start + (counts + 1) // 2
    half[known] = np.maximum(data.at[middle[known]] - data.at[start[known]], 0) / 60
    return first.astype(np.int64), half


def _firsts(data: Cascades, confidence: float) -> pa.Table:
    start, size = data.bounds[:-1], np.diff(data.bounds)
    resharer = np.ones(len(data.account), bool)
    resharer[start] = False
    earliest = np.repeat(data.at[start + 1], size)
    number = len(data.accounts)
    times = np.bincount(data.account[resharer], minlength=number)
    came = np.bincount(data.account[resharer & (data.at == earliest)], minlength=number)
    chosen = np.flatnonzero(times)
    n, k = times[chosen], came[chosen]
    low, high = _wilson(k, n, confidence)
    columns = {
        "actor_id": data.accounts.take(pa.array(chosen)),
        "first_count": k,
        "cascades": n,
        "share": k / n,
        "low": low,
        "high": high,
    }
    return pa.table(columns, schema=FIRSTS_SCHEMA).take(pa.array(np.lexsort((chosen, -n, -k))))


def _wilson(k: IntArray, n: IntArray, confidence: float) -> tuple[FloatArray, FloatArray]:
    """Return Wilson's interval of a share (1927, JASA 22(158), 209-212); it holds the share also at 0 and 1."""
    z = float(stats.norm.ppf((1 + confidence) / 2))
    p = k / n
    centre = (p + z**2 / (2 * n)) / (1 + z**2 / n)
    half = z / (1 + z**2 / n) * np.sqrt(p * (1 - p) / n + z**2 / (4 * n**2))
    return np.clip(np.minimum(centre - half, p), 0, 1), np.clip(np.maximum(centre + half, p), 0, 1)
