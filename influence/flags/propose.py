"""From labels to proposals: who is above the threshold beyond chance and beyond false alarms, the worst first."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from influence.errors import InputError
from influence.flags.counts import account_counts, evidence_of, main_languages, particulars, weeks_of
from influence.flags.judging import Accounts, Judged, corrected_for_misses, judge
from influence.flags.label_errors import LabelErrors
from influence.flags.partners import Partners
from influence.flags.words import against, reasons

if TYPE_CHECKING:
    import ibis.expr.types as ir

__all__ = ["CONSIDERED_SCHEMA", "FLAGS_SCHEMA", "Proposed", "propose_flags"]

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
        ("reach_low", pa.float64()),
        ("reach_high", pa.float64()),
        ("cluster", pa.string()),
        ("posts_per_week", pa.float64()),
        ("calls", pa.int64()),
        ("expected_false_alarms", pa.float64()),
        ("p_false_alarms", pa.float64()),
        ("q_false_alarms", pa.float64()),
        ("corrected_rate", pa.float64()),
        ("corrected_low", pa.float64()),
        ("corrected_high", pa.float64()),
    ]
)
_COUNTS = ("accounts", "enough_posts", "labelled_manipulative", "above_rate", "explained_by_false_alarms", "flagged")
CONSIDERED_SCHEMA = pa.schema([("kind", pa.string()), *((name, pa.int64()) for name in _COUNTS)])
_KINDS_OF_REACH = ("exposed", "engaged", "potential")


@dataclass(frozen=True)
class Proposed:
    """`flags`: a row per proposed account, the worst first. `considered`: how many were looked at, by kind and all."""

    flags: pa.Table
    considered: pa.Table


def propose_flags(
    *,
    labels: ir.Table,
    posts: ir.Table,
    actors: ir.Table,
    reach: pa.Table,
    errors: LabelErrors | None = None,
    partners: Callable[[Sequence[str]], Partners | None] = lambda actors: None,
    min_posts: int = 10,
    min_rate: float = 0.10,
    confidence: float = 0.95,
    q: float = 0.05,
    max_fpr: float | None = None,
) -> Proposed:
    """Return the accounts whose share of manipulative calls is high beyond chance and beyond false alarms.

    Parameters
    ----------
    labels, posts, actors
        Tables of the data contract. Counted are an account's own posts, not what it reshares.
    reach
        `actor_id, kind_of_reach, value, low, high`.
    errors
        How often labels are wrong; None: not known, and said so in each flag.
    partners
        Gives the coordinated partners of accounts; None where coordination was not examined.
    min_posts, min_rate, confidence, q
        See `judge`.
    max_fpr
        The setting that the labels were made with.

    Notes
    -----
    `score`, by which flags are sorted, is the expected harm: `rate_low × posts_per_week × reach`, how many times a
    week people meet a manipulative call of the account, at the least. `reach` is of one kind for all flags where there
    is a kind that all have: people shown a typical post (exposed), else accounts engaged, else followers; else each
    has the nearest that it has. Without any reach one person a post is counted. Posts per week are taken over the span
    of the whole study, since an account that posted on one day only is no worse for it. Flags are proposals: a person
    has to confirm each.
    """
    for name, value in (("min_rate", min_rate), ("confidence", confidence), ("q", q)):
        if not 0 < value < 1:
            raise InputError(f"{name} must be between 0 and 1, got {value!r}.")
    counts = account_counts(labels, posts, actors)
    accounts, ids = _accounts(counts, main_languages(labels, posts)), counts["actor_id"].to_pylist()
    errors = errors or LabelErrors()
    limits = {"min_posts": min_posts, "min_rate": min_rate, "confidence": confidence, "q": q}
    judged = judge(accounts, errors, **limits)  # type: ignore[arg-type]
    flagged = [int(i) for i in np.flatnonzero(judged.flagged)]
    named = [ids[i] for i in flagged]
    evidence, more = evidence_of(labels, posts, named), particulars(labels, posts, named, errors.unvalidated)
    reaches, weeks, found = _reach_of(reach, named), weeks_of(labels, posts) if named else None, partners(named)
    rows = []
    for i in flagged:
        account = {name: counts[name][i].as_py() for name in counts.column_names} | more.get(ids[i], {})
        row = _figures(account, accounts, judged, i, errors, confidence) | reaches[ids[i]]
        row |= _harm(row, weeks) | {"evidence": evidence.get(ids[i], [])}
        row |= {"coordinated_with": None if found is None else list(found.of.get(ids[i], ()))}
        row |= {"cluster": None if found is None else found.cluster.get(ids[i])}
        rate = errors.typical(accounts.languages[i])
        row["reasons"] = reasons(row, rate=rate, confidence=confidence)
        at = (errors.max_fpr, max_fpr)
        row["against"] = against(row, account, min_posts=min_posts, rate=rate, partners=found, measured_at=at)
        rows.append(row)
    rows.sort(key=lambda row: (-float(row["score"]), str(row["actor_id"])))
    return Proposed(pa.Table.from_pylist(rows, schema=FLAGS_SCHEMA), _considered(accounts, judged))


def _accounts(counts: pa.Table, languages: Mapping[str, str | None]) -> Accounts:
    def whole(name: str) -> NDArray[np.int64]:
        return np.asarray(counts[name].to_numpy(), dtype=np.int64)

    kinds, own = np.empty(counts.num_rows, dtype=object), np.empty(counts.num_rows, dtype=object)
    kinds[:] = counts["kind"].to_pylist()
    own[:] = [languages.get(actor) for actor in counts["actor_id"].to_pylist()]
    manipulative = whole("manipulative")
    return Accounts(
        manipulative,
        whole("posts"),
        manipulative + whole("positive"),
        whole("manipulative_texts"),
        whole("taken_texts"),
        kinds,
        own,
    )


def _figures(
    account: Mapping[str, Any], accounts: Accounts, judged: Judged, i: int, errors: LabelErrors, confidence: float
) -> dict[str, Any]:
    typical, calls, known = errors.typical(accounts.languages[i]), int(accounts.calls[i]), not np.isnan(judged.p[i])
    mean, low, high = (float(x) for x in judged.rate[i])
    corrected = corrected_for_misses(accounts, i, errors, confidence=confidence) or (None, None, None)
    return {
        "actor_id": account["actor_id"],
        "kind": account["kind"],
        "manipulative_calls": account["manipulative"],
        "posts": account["posts"],
        "calls": calls,
        **dict(zip(("rate", "rate_low", "rate_high"), (mean, low, high), strict=True)),
        **dict(zip(("corrected_rate", "corrected_low", "corrected_high"), corrected, strict=True)),
        "expected_false_alarms": typical.mean * calls if typical is not None and known else None,
        "p_false_alarms": float(judged.p[i]) if known else None,
        "q_false_alarms": float(judged.q[i]) if known else None,
    }


def _reach_of(reach: pa.Table, actors: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return of each actor one figure of reach and its kind: of a kind that all have, else the nearest that it has."""
    figures: dict[str, dict[str, dict[str, Any]]] = {actor: {} for actor in actors}
    for row in reach.select(["actor_id", "kind_of_reach", "value", "low", "high"]).to_pylist():
        if row["actor_id"] in figures and row["value"] is not None:
            figures[row["actor_id"]].setdefault(row["kind_of_reach"], row)
    common = [kind for kind in _KINDS_OF_REACH if all(kind in own for own in figures.values())]
    found = {}
    for actor, own in figures.items():
        kind = next((kind for kind in common or _KINDS_OF_REACH if kind in own), None)
        row = own[kind] if kind else {"value": None, "low": None, "high": None}
        found[actor] = {
            "reach": row["value"],
            "reach_kind": kind,
            "reach_low": row["low"],
            "reach_high": row["high"],
        }
    return found


def _harm(row: Mapping[str, Any], weeks: float | None) -> dict[str, float | None]:
    """Return the score; without dates it is over all posts instead of over those of a week."""
    per_week = None if weeks is None else row["posts"] / weeks
    people = 1.0 if row["reach"] is None else row["reach"]
    posts = row["posts"] if per_week is None else per_week
    return {"posts_per_week": per_week, "score": float(row["rate_low"] * posts * people)}


def _considered(accounts: Accounts, judged: Judged) -> pa.Table:
    """Return how many accounts came how far, by kind and for all."""
    steps = (
        np.ones(len(accounts.posts), dtype=bool),
        judged.enough,
        judged.enough & (accounts.manipulative > 0),
        judged.above,
        judged.above & ~judged.flagged,
        judged.flagged,
    )
    rows = []
    for kind in [*sorted(set(accounts.kinds)), "all"]:
        members = np.ones(len(accounts.posts), dtype=bool) if kind == "all" else accounts.kinds == kind
        rows.append({"kind": kind, **{n: int((s & members).sum()) for n, s in zip(_COUNTS, steps, strict=True)}})
    return pa.Table.from_pylist(rows, schema=CONSIDERED_SCHEMA)
