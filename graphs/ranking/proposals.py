"""Accounts that the roster does not name and that rank as surely as a leader whom it names."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from graphs.errors import InputError
from graphs.tables import pick

__all__ = ["PROPOSALS_SCHEMA", "propose_leaders"]

AUDIENCES = frozenset({"followers", "views"})
"""Metrics of how large an audience is, not of what it did."""

PROPOSALS_SCHEMA = pa.schema(
    [
        pa.field("actor_id", pa.string(), nullable=False),
        pa.field("metrics", pa.list_(pa.string()), nullable=False),
        pa.field("best_rank", pa.int64(), nullable=False),
        pa.field("p_top_k", pa.float64(), nullable=False),
        pa.field("reasons", pa.list_(pa.string()), nullable=False),
    ]
)


def propose_leaders(leaders: pa.Table, actors: Any, *, top_k: int = 10, least: float = 0.8) -> pa.Table:
    """Propose accounts for the roster: a question to a person, never a finding.

    Parameters
    ----------
    leaders
        Result of `rank_leaders`.
    actors
        Table of the data contract; `kind` says whom the roster names.
    top_k
        The same as that of the ranking.
    least
        Least `p_top_k` of a proposal.

    Returns
    -------
    pyarrow.Table
        `actor_id, metrics, best_rank, p_top_k, reasons`, the surest first. An account is proposed if its kind is
        `unknown` or it is no actor at all, and by some metric its `p_top_k` is at least `least` and at least that of
        a leader on the roster (where the roster names one that is ranked by it). `p_top_k` is the largest of these
        metrics'. A metric that ranks no more than `top_k` accounts proposes nobody: everyone is among the first then.
        A large audience alone (`followers`, `views`) makes no leader: at least one metric must rest on what others did.

    Raises
    ------
    InputError
        If `least` is not in (0, 1].

    Examples
    --------
    >>> import pyarrow as pa
    >>> from graphs import rank_leaders
    >>> edges = [(f"x:{fan}", "x:star") for fan in range(30)] + [("x:1", "x:a"), ("x:2", "x:b")]
    >>> rows = pa.table({"source": [s for s, _ in edges], "target": [t for _, t in edges], "kind": ["reshare"] * 32})
    >>> ranking = rank_leaders(interactions=rows, metrics=["resharers"], top_k=1)
    >>> propose_leaders(ranking, pa.table({"actor_id": ["x:a"], "kind": ["leader"]}), top_k=1)["actor_id"].to_pylist()
    ['x:star']
    """
    if not 0 < least <= 1:
        raise InputError(f"least must be above 0 and at most 1, got {least!r}. Write 0.8 for 80%.")
    kinds = _kinds(actors)
    sizes = {row["values"]: row["counts"] for row in pc.value_counts(leaders["metric"]).to_pylist()}
    found: dict[str, list[tuple[str, dict[str, Any]]]] = {}
    for metric, rows in _by_metric(_in_question(leaders, kinds, least)).items():
        if sizes[metric] <= top_k:
            continue
        named = [row["p_top_k"] for row in rows if kinds.get(row["actor_id"]) == "leader"]
        bar = max(least, min(named, default=0.0))
        for row in rows:
            if kinds.get(row["actor_id"], "unknown") == "unknown" and row["p_top_k"] >= bar and row["score"] > 0:
                found.setdefault(row["actor_id"], []).append((_reason(row, named, top_k), row))
    acted = {actor: reasons for actor, reasons in found.items() if {row["metric"] for _, row in reasons} - AUDIENCES}
    proposals = [_proposal(actor, reasons) for actor, reasons in acted.items()]
    proposals.sort(key=lambda row: (-row["p_top_k"], row["best_rank"], row["actor_id"]))
    return pa.Table.from_pylist(proposals, schema=PROPOSALS_SCHEMA)


def _in_question(leaders: pa.Table, kinds: dict[str, str], least: float) -> pa.Table:
    """Return the rows that can matter: those sure enough, and those of leaders on the roster."""
    named = pa.array([actor for actor, kind in kinds.items() if kind == "leader"], pa.string())
    return leaders.filter(
        pc.or_(pc.greater_equal(leaders["p_top_k"], least), pc.is_in(leaders["actor_id"], value_set=named))
    )


def _kinds(actors: Any) -> dict[str, str]:
    table = pick(actors, "actors", {"actor_id": "string"}, {"kind": "string"})
    rows = table.filter(table.kind.notnull(), table.kind != "unknown").distinct().to_pyarrow().to_pylist()
    return {row["actor_id"]: row["kind"] for row in rows}


def _by_metric(leaders: pa.Table) -> dict[str, list[dict[str, Any]]]:
    rows: dict[str, list[dict[str, Any]]] = {}
    for row in leaders.to_pylist():
        rows.setdefault(row["metric"], []).append(row)
    return rows


def _reason(row: dict[str, Any], named: list[float], top_k: int) -> str:
    rank = f"rank {row['rank']} ({row['rank_low']} to {row['rank_high']})"
    sure = f"by {row['metric']} {rank}, among the first {top_k} with probability {row['p_top_k']:.2f}"
    below = sum(p <= row["p_top_k"] for p in named)
    if not named:
        return f"{sure}; the roster names no leader that this ranks"
    return f"{sure}; at least as surely as {below} of {len(named)} leaders on the roster"


def _proposal(actor: str, reasons: list[tuple[str, dict[str, Any]]]) -> dict[str, Any]:
    return {
        "actor_id": actor,
        "metrics": [row["metric"] for _, row in reasons],
        "best_rank": min(row["rank"] for _, row in reasons),
        "p_top_k": max(row["p_top_k"] for _, row in reasons),
        "reasons": [text for text, _ in reasons],
    }
