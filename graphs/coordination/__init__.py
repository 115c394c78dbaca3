"""Coordinated sharing: who shares the same objects at nearly the same time, pair by pair and exactly."""

from graphs.coordination.counting import PairCounts, count_pairs
from graphs.coordination.joined import joined_edges, joined_events
from graphs.coordination.nullrun import coordination_null
from graphs.coordination.nulls import NULLS, SHUFFLED, SignificanceOptions, permuted
from graphs.coordination.options import OBJECT_KINDS, CoordinationOptions
from graphs.coordination.pairs import Considered, considered, coordinated_edges, pair_events
from graphs.coordination.shares import Shares, kinds_of, shares_of
from graphs.coordination.significance import Multiplicity, Significance, edge_significance

__all__ = [
    "NULLS",
    "OBJECT_KINDS",
    "SHUFFLED",
    "Considered",
    "CoordinationOptions",
    "Multiplicity",
    "PairCounts",
    "Shares",
    "Significance",
    "SignificanceOptions",
    "considered",
    "coordinated_edges",
    "coordination_null",
    "count_pairs",
    "edge_significance",
    "joined_edges",
    "joined_events",
    "kinds_of",
    "pair_events",
    "permuted",
    "shares_of",
]
