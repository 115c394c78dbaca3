"""Reach, comparison with traditional media, leaders and cascades, from tables of actors, posts and interactions.

Every public name is loaded at its first use, so that importing the package costs nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from graphs.action import compare_action
    from graphs.adjacency import Graph, from_networkx, graph_from_arrays, reshare_graph, to_networkx
    from graphs.cascades.estimate import estimate_cascades
    from graphs.comparison import compare_groups, compare_groups_by_platform
    from graphs.errors import ConvergenceError, GraphsError, InputError
    from graphs.random_walk import pagerank
    from graphs.ranking.agreement import compare_rankings
    from graphs.ranking.leaders import rank_leaders
    from graphs.ranking.proposals import propose_leaders
    from graphs.reaching.estimate import estimate_reach
    from graphs.reaching.library import engaged_reach, exposed_reach, potential_reach
    from graphs.reaching.unions import Union, union_bounds
    from graphs.spread.estimate import Spread, simulated_reach
    from graphs.spread.exact import exact_spread
    from graphs.spread.learning import learn_probabilities
    from graphs.spread.monte_carlo import simulate_cascades
    from graphs.spread.network import InfluenceGraph, influence_graph
    from graphs.spread.rows import SpreadOptions, learnt_spread, net_spread
    from graphs.spread.sampling import forecast_spread
    from graphs.tables import as_ibis

__all__ = [
    "ConvergenceError",
    "Graph",
    "GraphsError",
    "InfluenceGraph",
    "InputError",
    "Spread",
    "SpreadOptions",
    "Union",
    "as_ibis",
    "compare_action",
    "compare_groups",
    "compare_groups_by_platform",
    "compare_rankings",
    "engaged_reach",
    "estimate_cascades",
    "estimate_reach",
    "exact_spread",
    "exposed_reach",
    "forecast_spread",
    "from_networkx",
    "graph_from_arrays",
    "influence_graph",
    "learn_probabilities",
    "learnt_spread",
    "net_spread",
    "pagerank",
    "potential_reach",
    "propose_leaders",
    "rank_leaders",
    "reshare_graph",
    "simulate_cascades",
    "simulated_reach",
    "to_networkx",
    "union_bounds",
]

_HOMES = {
    "ConvergenceError": "errors",
    "Graph": "adjacency",
    "GraphsError": "errors",
    "InfluenceGraph": "spread.network",
    "InputError": "errors",
    "Spread": "spread.estimate",
    "SpreadOptions": "spread.rows",
    "Union": "reaching.unions",
    "as_ibis": "tables",
    "compare_action": "action",
    "compare_groups": "comparison",
    "compare_groups_by_platform": "comparison",
    "compare_rankings": "ranking.agreement",
    "engaged_reach": "reaching.library",
    "estimate_cascades": "cascades.estimate",
    "estimate_reach": "reaching.estimate",
    "exact_spread": "spread.exact",
    "exposed_reach": "reaching.library",
    "forecast_spread": "spread.sampling",
    "from_networkx": "adjacency",
    "graph_from_arrays": "adjacency",
    "influence_graph": "spread.network",
    "learn_probabilities": "spread.learning",
    "learnt_spread": "spread.rows",
    "net_spread": "spread.rows",
    "pagerank": "random_walk",
    "potential_reach": "reaching.library",
    "propose_leaders": "ranking.proposals",
    "rank_leaders": "ranking.leaders",
    "reshare_graph": "adjacency",
    "simulate_cascades": "spread.monte_carlo",
    "simulated_reach": "spread.estimate",
    "to_networkx": "adjacency",
    "union_bounds": "reaching.unions",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
