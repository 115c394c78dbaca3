"""Reach, comparison with traditional media, and leaders, from tables of actors, posts and interactions.

Every public name is loaded at its first use, so that importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from graphs.adjacency import Graph, from_networkx, reshare_graph, to_networkx
    from graphs.comparison import compare_groups, compare_groups_by_platform
    from graphs.errors import ConvergenceError, GraphsError, InputError
    from graphs.leaders import rank_leaders
    from graphs.random_walk import pagerank
    from graphs.reach import estimate_reach
    from graphs.tables import as_ibis
    from graphs.unions import Union, union_bounds

__all__ = [
    "ConvergenceError",
    "Graph",
    "GraphsError",
    "InputError",
    "Union",
    "as_ibis",
    "compare_groups",
    "compare_groups_by_platform",
    "estimate_reach",
    "from_networkx",
    "pagerank",
    "rank_leaders",
    "reshare_graph",
    "to_networkx",
    "union_bounds",
]

_HOMES = {
    "ConvergenceError": "errors",
    "Graph": "adjacency",
    "GraphsError": "errors",
    "InputError": "errors",
    "Union": "unions",
    "as_ibis": "tables",
    "compare_groups": "comparison",
    "compare_groups_by_platform": "comparison",
    "estimate_reach": "reach",
    "from_networkx": "adjacency",
    "pagerank": "random_walk",
    "rank_leaders": "leaders",
    "reshare_graph": "adjacency",
    "to_networkx": "adjacency",
    "union_bounds": "unions",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
