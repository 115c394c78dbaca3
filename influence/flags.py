"""Accounts proposed for review: on rates with their intervals, never on one post."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import ibis
import numpy as np
import pyarrow as pa
from numpy.typing import NDArray
from scipy import special

from influence.errors import InputError

if TYPE_CHECKING:
    import ibis.expr.types as ir

__all__ = ["FLAGS_SCHEMA", "BetaPriors", "beta_priors", "propose_flags", "shrunk_rates"]

FLAGS_SCHEMA = pa.schema(
    [
        ("actor_id", pa.string()),
        ("score", pa.float64()),
        ("manipulative_calls", pa.int64()),
        ("posts", pa.int64()),
        ("rate", pa.float64()),
        ("rate_low", pa.float64()),
        ("rate_high", pa.float64()),
        ("reach", pa.float64()),
        ("coordinated_with", pa.list_(pa.string())),
        ("reasons", pa.list_(pa.string())),
        ("evidence", pa.list_(pa.string())),
        ("against", pa.list_(pa.string())),
        ("reach_kind", pa.string()),
        ("kind", pa.string()),
    ]
)
_EVIDENCE = 10
_MIN_ACTORS_OF_KIND = 5


@dataclass(frozen=True)
class BetaPriors:
    """Beta priors (`alpha`, `beta`) and how probable each is given the data (`weight`, sums to 1); shape (priors,)."""

    alpha: NDArray[np.float64]
    beta: NDArray[np.float64]
    weight: NDArray[np.float64]


def beta_priors(successes: NDArray[np.int64], trials: NDArray[np.int64]) -> BetaPriors:
    """Return the Beta priors that the counts of many accounts make probable.

    The prior's mean (0.001–0.9) and its weight in posts (1–200) are laid on a grid, even on the logit and the log
    scale, and each node is weighed by the beta-binomial likelihood of all counts. Averaging over the nodes, rather than
    taking the best one, keeps the intervals as wide as they must be when a kind has few accounts.

    References: Skellam (1948), J. R. Stat. Soc. B 10(2), 257–261; Gelman et al. (2013), Bayesian Data Analysis, 5.3.
    """
    means = special.expit(np.linspace(special.logit(0.001), special.logit(0.9), 25))
    weights = np.exp(np.linspace(0.0, np.log(200.0), 15))
    mean, weight = (grid.ravel() for grid in np.meshgrid(means, weights))
    a, b = mean * weight, (1 - mean) * weight
    # Accounts with equal counts share one term: there are far fewer pairs (k, n) than accounts.
    pairs, times = np.unique(np.stack([successes, trials]), axis=1, return_counts=True)
    k, n = pairs[0][:, None], pairs[1][:, None]
    likelihood = np.sum(times[:, None] * (special.betaln(k + a, n - k + b) - special.betaln(a, b)), axis=0)
    posterior = np.exp(likelihood - likelihood.max())
    posterior /= posterior.sum()
    kept = posterior > 1e-4
    return BetaPriors(a[kept], b[kept], posterior[kept] / posterior[kept].sum())


def shrunk_rates(
    successes: NDArray[np.int64], trials: NDArray[np.int64], priors: BetaPriors, *, confidence: float = 0.95
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return posterior mean, low and high end (equal tails) of each account's rate, averaged over the priors."""
    if not 0 < confidence < 1:
        raise InputError(f"confidence must be between 0 and 1, got {confidence!r}.")
    a = priors.alpha + successes[:, None]
    b = priors.beta + (trials - successes)[:, None]
    tail = (1 - confidence) / 2

    def quantile(share: float) -> NDArray[np.float64]:
        low, high = np.zeros(len(a)), np.ones(len(a))
        for _ in range(30):  # bisection: to 1e-9
            middle = (low + high) / 2
            below = special.betainc(a, b, middle[:, None]) @ priors.weight < share
            low, high = np.where(below, middle, low), np.where(below, high, middle)
        return high

    return (a / (a + b)) @ priors.weight, quantile(tail), quantile(1 - tail)


def propose_flags(
    *,
    labels: ir.Table,
    posts: ir.Table,
    actors: ir.Table,
    reach: pa.Table,
    min_posts: int = 10,
    min_rate: float = 0.10,
    confidence: float = 0.95,
) -> pa.Table:
    """Return the accounts whose share of manipulative calls is above `min_rate` even at the low end of its interval.

    Counted are an account's own posts, not what it reshares; shares are shrunk to those of its kind (the kinds of the
    roster; pooled over all where a kind has fewer than five accounts). `score` is the lower estimate of how many times
    people met a manipulative call of this account: `rate_low × posts × reach`, where `reach` is the typical post's
    (exposed) where it is known, else the accounts engaged, else the followers: `reach_kind` says which. Flags are
    proposals: a person has to confirm each. Sorted by score, the highest first; no row where no account qualifies.
    """
    counts = _counts(labels, posts, actors).to_pyarrow()
    if counts.num_rows == 0:
        return FLAGS_SCHEMA.empty_table()
    k, n = (np.asarray(counts[name].to_numpy(), dtype=np.int64) for name in ("manipulative", "posts"))
    kinds = np.asarray(counts["kind"].to_pylist(), dtype=object)
    possible = (n >= min_posts) & (k > 0)
    rates = np.zeros((3, len(k)))
    for kind in set(kinds[possible]):
        members = kinds == kind
        priors = beta_priors(*((k[members], n[members]) if members.sum() >= _MIN_ACTORS_OF_KIND else (k, n)))
        asked = members & possible
        rates[:, asked] = shrunk_rates(k[asked], n[asked], priors, confidence=confidence)
    flagged = np.flatnonzero(possible & (rates[1] > min_rate))
    evidence = _evidence(labels, posts, [counts["actor_id"][int(i)].as_py() for i in flagged])
    reaches = _reach_of(reach)
    rows = []
    for i in flagged:
        account = {name: counts[name][int(i)].as_py() for name in counts.column_names}
        account |= {"rate": rates[0, i], "rate_low": rates[1, i], "rate_high": rates[2, i]}
        account |= {"evidence": evidence.get(account["actor_id"], []), "confidence": confidence}
        rows.append(_flag(account, *reaches.get(account["actor_id"], (None, None))))
    rows.sort(key=lambda row: (-float(str(row["score"])), str(row["actor_id"])))
    return pa.Table.from_pylist(rows, schema=FLAGS_SCHEMA)


def _own(posts: ir.Table) -> ir.Table:
    return posts.filter(posts.reshared_post.isnull() & posts.reshared_actor.isnull())


def _counts(labels: ir.Table, posts: ir.Table, actors: ir.Table) -> ir.Table:
    """Per account: own labelled posts and how many bear which label, its kind, languages, first and last day."""
    own = _own(posts).select("post_id", "actor_id", "created_at")
    rows = own.join(labels.select("post_id", "label", "call", "lang"), "post_id")
    counted = rows.group_by("actor_id").agg(
        posts=rows.count(),
        manipulative=(rows.label == "manipulative").sum(),
        positive=(rows.label == "positive").sum(),
        undetermined=(rows.label == "undetermined").sum(),
        days=rows.created_at.date().nunique(),
        languages=rows.lang.nunique(),
    )
    kinds = actors.select("actor_id", "kind")
    joined = counted.left_join(kinds, "actor_id")
    return joined.select(*counted.columns, kind=ibis.coalesce(joined.kind, ibis.literal("unknown"))).order_by(
        "actor_id"
    )


def _evidence(labels: ir.Table, posts: ir.Table, actors: list[str]) -> dict[str, list[str]]:
    """Return, per account, its manipulative calls that the model is surest of, at most ten."""
    if not actors:
        return {}
    own = _own(posts).filter(posts.actor_id.isin(actors)).select("post_id", "actor_id")
    rows = own.join(labels.filter(labels.label == "manipulative"), "post_id")
    sure = rows.p_call * rows.p_manipulative
    place = ibis.row_number().over(group_by="actor_id", order_by=[sure.desc(), rows.post_id])
    top = rows.select("actor_id", "post_id", place=place)
    found: dict[str, list[str]] = {}
    for row in top.filter(top.place < _EVIDENCE).order_by("actor_id", "place").to_pyarrow().to_pylist():
        found.setdefault(row["actor_id"], []).append(row["post_id"])
    return found


def _reach_of(reach: pa.Table) -> dict[str, tuple[float, str]]:
    """Return of each actor the figure nearest to `people met by one post`, and which kind of reach it is."""
    found: dict[str, tuple[float, str]] = {}
    for wanted in ("exposed", "engaged", "potential"):
        for row in reach.select(["actor_id", "kind_of_reach", "value"]).to_pylist():
            if row["kind_of_reach"] == wanted and row["value"] is not None:
                found.setdefault(row["actor_id"], (row["value"], wanted))
    return found


_REACH_WORDS = {
    "exposed": "a typical post is shown {:,.0f} times",
    "engaged": "{:,.0f} accounts engaged with its posts",
    "potential": "{:,.0f} followers",
}


def _flag(account: dict[str, Any], reach: float | None, reach_kind: str | None) -> dict[str, object]:
    k, n = account["manipulative"], account["posts"]
    percent = f"{account['confidence']:.0%}"
    reasons = [
        f"{k} of {n} own posts are manipulative calls: {account['rate']:.0%} "
        f"({percent} interval {account['rate_low']:.0%}–{account['rate_high']:.0%}, shrunk to accounts of kind "
        f"{account['kind']!r})"
    ]
    if reach is not None and reach_kind is not None:
        reasons.append(_REACH_WORDS[reach_kind].format(reach))
    return {
        **{name: account[name] for name in ("actor_id", "posts", "rate", "rate_low", "rate_high", "evidence", "kind")},
        "score": float(account["rate_low"] * n * (reach if reach is not None else 1.0)),
        "manipulative_calls": k,
        "reach": reach,
        "reach_kind": reach_kind,
        "coordinated_with": [],
        "reasons": reasons,
        "against": _against(account, reach),
    }


def _against(account: dict[str, Any], reach: float | None) -> list[str]:
    """What speaks against the flag, or keeps a reader from judging it."""
    words = ["labels are a model's and unreviewed; coordination with other accounts was not examined"]
    if account["positive"]:
        words.append(f"{account['positive']} of its {account['posts']} posts are open calls")
    if account["undetermined"]:
        words.append(f"{account['undetermined']} calls could not be told to be open or manipulative")
    if account["days"] is not None and account["days"] <= 2:
        words.append(f"all posts are from {account['days']} day(s): it may be one event")
    if reach is None:
        words.append("its reach is not known")
    return words
