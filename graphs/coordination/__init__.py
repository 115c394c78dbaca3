"""Coordinated sharing: who shares the same objects at nearly the same time, pair by pair and exactly."""

from graphs.coordination.joined import joined_edges, joined_events
from graphs.coordination.kernel import PairCounts, count_pairs
from graphs.coordination.options import OBJECT_KINDS, CoordinationOptions
from graphs.coordination.pairs import Considered, considered, coordinated_edges, pair_events
from graphs.coordination.shares import Shares, kinds_of, shares_of

__all__ = [
    "OBJECT_KINDS",
    "Considered",
    "CoordinationOptions",
    "PairCounts",
    "Shares",
    "considered",
    "coordinated_edges",
    "count_pairs",
    "joined_edges",
    "joined_events",
    "kinds_of",
    "pair_events",
    "shares_of",
]
