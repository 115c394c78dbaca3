"""Expected spread without sampling, by looking at every way in which a small graph's edges can turn out."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from graphs.errors import InputError
from graphs.spread.network import as_influence_graph

__all__ = ["MOST_EDGES", "exact_spread"]

MOST_EDGES = 16
"""65,536 ways; each further edge doubles them."""


def exact_spread(graph: Any, ids: Iterable[str]) -> float:
    """Return the expected number of accounts that a post reaches which the given accounts start, themselves included.

    Raises
    ------
    InputError
        If more than `MOST_EDGES` edges have a probability between 0 and 1, no account is given, or one is not in the
        graph.

    Examples
    --------
    Two ways from a to d, each of them open with probability 1/4:

    >>> import pyarrow as pa
    >>> rows = {"author": ["a", "a", "b", "c"], "resharer": ["b", "c", "d", "d"], "p": [0.5] * 4}
    >>> exact_spread(pa.table(rows), ["a"])
    2.4375
    """
    network = as_influence_graph(graph)
    seeds = network.places(ids)
    if not len(seeds):
        raise InputError("a spread needs at least one actor that starts it.")
    _, targets, limits = network.outgoing()
    sources = np.sort(network.sources)
    chances = (limits.astype(np.float64) + 1) / 2.0**32
    open_ended = np.flatnonzero(chances < 1)
    if len(open_ended) > MOST_EDGES:
        raise InputError(f"{len(open_ended)} edges are uncertain; exact enumeration takes at most {MOST_EDGES}.")
    ways = np.arange(2 ** len(open_ended))
    live = np.ones((len(chances), len(ways)), np.bool_)
    weight = np.ones(len(ways))
    for bit, edge in enumerate(open_ended):
        live[edge] = (ways >> bit) & 1
        weight *= np.where(live[edge], chances[edge], 1 - chances[edge])
    reached = np.zeros((network.n_nodes, len(ways)), np.bool_)
    reached[seeds] = True
    for _ in range(len(chances)):  # a path has no more edges than there are
        for line in range(len(chances)):
            reached[targets[line]] |= reached[sources[line]] & live[line]
    return float(reached.sum(axis=0) @ weight)
