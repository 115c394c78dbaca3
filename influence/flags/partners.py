"""With whom an account was found coordinated, where coordination was looked for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from influence.records import Result
    from influence.study import Study

__all__ = ["STEP", "Partners", "coordination_beside", "read_partners"]

STEP = "coordination"
_EDGES, _CLUSTERS = "coordination_edges", "coordination_clusters"


@dataclass(frozen=True)
class Partners:
    """Partners of each account beyond chance, and its cluster, with the `q` that they were taken at."""

    q: float
    of: Mapping[str, Sequence[str]] = field(default_factory=dict)
    cluster: Mapping[str, str] = field(default_factory=dict)


def coordination_beside(study: Study, window: str | None) -> Result | None:
    """Return the latest coordination result of the same window, None if there is none.

    Coordination is read where it is there; it is not made for the flags' sake, since not every study has the objects.
    """
    for result in reversed(study.results(STEP)):
        same = result.run.get("params", {}).get("window") in (window, window or "all times")
        if same and result.file(_EDGES).is_file():
            return result
    return None


def read_partners(study: Study, result: Result | None, actors: Sequence[str], *, q: float) -> Partners | None:
    """Return the partners of these accounts whose pairs have a q-value below `q`; None if coordination was not run.

    An edge without a q-value is no evidence and is left out.
    """
    if result is None:
        return None
    edges = study.engine.connection.read_parquet(str(result.file(_EDGES)))
    wanted, found = list(actors), dict[str, list[str]]()
    near = edges.filter((edges.q_value < q) & (edges.source.isin(wanted) | edges.target.isin(wanted)))
    for row in study.engine.fetch(near.select("source", "target").distinct()).to_pylist():
        for own, other in ((row["source"], row["target"]), (row["target"], row["source"])):
            if own in wanted and own != other:
                found.setdefault(own, []).append(other)
    of = {actor: sorted(set(others)) for actor, others in found.items()}
    return Partners(q, of, _clusters(study, result, set(of), q))


def _clusters(study: Study, result: Result, actors: set[str], q: float) -> dict[str, str]:
    """Clusters are few: each is a row that lists its accounts."""
    file = result.file(_CLUSTERS)
    if not actors or not file.is_file():
        return {}
    clusters = study.engine.connection.read_parquet(str(file))
    found: dict[str, str] = {}
    rows: list[dict[str, Any]] = study.engine.fetch(clusters.select("cluster", "actors", "q_value")).to_pylist()
    for row in sorted(rows, key=lambda row: str(row["cluster"])):
        if row["q_value"] is None or row["q_value"] < q:
            for actor in actors.intersection(row["actors"] or ()):
                found.setdefault(actor, str(row["cluster"]))
    return found
