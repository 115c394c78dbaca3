"""A picture of clusters: accounts as signs, pairs as lines, laid out the same way each time, without a script."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from markupsafe import Markup, escape

from influence.report.charts import COLOURS, GRID, INK, MUTED, SHAPES
from influence.report.safe import shorten

__all__ = ["Line", "Node", "Words", "network_picture"]

_OTHER = "#5f6b52"
_NAMES_UP_TO = 24
"""Accounts up to which each one bears its name; beyond, names would cover the lines."""
_RING_UP_TO = 14
"""Accounts of a cluster up to which they stand on a ring; more are spread by the strength of their lines."""
_LETTERS = 20
WIDE, NARROW = 820, 344


class Node(NamedTuple):
    """An account: its id, name, kind, and how many posts it has in the cluster's events."""

    actor_id: str
    name: str
    kind: str
    posts: int


class Line(NamedTuple):
    """A pair: the two ids, events, and the q-value (None: not tested)."""

    source: str
    target: str
    weight: int
    q_value: float | None


class Words(NamedTuple):
    """What stands in the picture: `cluster` with its number, and the names of the three lines of the legend."""

    cluster: str
    sure: str
    less_sure: str
    untested: str


@dataclass(frozen=True)
class _Placed:
    """A cluster with the places of its accounts around its middle, in units of the picture."""

    number: int
    nodes: Sequence[Node]
    lines: Sequence[Line]
    at: Mapping[str, tuple[float, float]]
    radius: float
    named: bool

    @property
    def box(self) -> tuple[float, float]:
        """Width and height with room for names and number."""
        room = 92.0 if self.named else 14.0
        return 2 * (self.radius + room), 2 * self.radius + (66.0 if self.named else 44.0)


def network_picture(
    clusters: Sequence[tuple[int, Sequence[Node], Sequence[Line]]], words: Words, *, label: str
) -> tuple[Markup, Markup]:
    """Return the wide and the narrow picture of clusters.

    Parameters
    ----------
    clusters
        Number, accounts and pairs of each, in the order in which they are to stand.
    words, label
        What stands in the picture, and what a screen reader says of it.

    Notes
    -----
    The kind of an account is its sign and colour, its size the posts, a line's width the events. A line is solid where
    q < 0.001, dashed where q is larger, dotted where nothing was tested, so that it can be read in grey.
    """
    named = sum(len(nodes) for _, nodes, _ in clusters) <= _NAMES_UP_TO
    placed = [_place(number, nodes, lines, named) for number, nodes, lines in clusters]
    return _picture(placed, words, label, WIDE, "wide"), _picture(placed, words, label, NARROW, "narrow")


def _place(number: int, nodes: Sequence[Node], lines: Sequence[Line], named: bool) -> _Placed:
    ids = [node.actor_id for node in nodes]
    radius = 16.0 + 15.0 * math.sqrt(len(ids))
    if len(ids) <= _RING_UP_TO:
        turns = [2 * math.pi * (place + 0.5) / len(ids) for place in range(len(ids))]
        at = {name: (radius * math.cos(turn), radius * math.sin(turn)) for name, turn in zip(ids, turns, strict=True)}
    else:
        at = _spread(ids, lines, radius)
    return _Placed(number, nodes, lines, at, radius, named)


def _spread(ids: Sequence[str], lines: Sequence[Line], radius: float) -> dict[str, tuple[float, float]]:
    import networkx as nx

    graph = nx.Graph()
    graph.add_nodes_from(ids)
    graph.add_weighted_edges_from((line.source, line.target, line.weight) for line in lines)
    found = nx.spring_layout(graph, seed=0, iterations=100, scale=radius)
    return {name: (float(x), float(y)) for name, (x, y) in found.items()}


def _picture(placed: Sequence[_Placed], words: Words, label: str, width: int, style: str) -> Markup:
    parts: list[str] = []
    x = y = below = 0.0
    for cluster in placed:
        wide, high = cluster.box
        if x and x + wide > width:
            x, y = 0.0, y + below
            below = 0.0
        scale = min(1.0, width / wide)
        middle = x + scale * wide / 2, y + scale * (high / 2 + 10)
        parts.append(_drawn(cluster, words, middle, scale))
        x, below = x + scale * wide, max(below, scale * high)
    y += below + 10
    tested = any(line.q_value is not None for cluster in placed for line in cluster.lines)
    legend, height = _legend(words, y, width, tested)
    drawn = Markup("".join([*parts, legend]))
    opening = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {} {}" class="chart {}" role="img" aria-label="{}">'
    return Markup(opening + "{}</svg>").format(width, round(height), style, label, drawn)


def _drawn(cluster: _Placed, words: Words, middle: tuple[float, float], scale: float) -> str:
    at = {name: (middle[0] + scale * x, middle[1] + scale * y) for name, (x, y) in cluster.at.items()}
    heaviest = max(line.weight for line in cluster.lines)
    ordered = sorted(cluster.lines, key=lambda line: line.weight)
    parts = [_line(at[line.source], at[line.target], line, heaviest) for line in ordered]
    most = max(node.posts for node in cluster.nodes)
    parts += [
        _sign(at[node.actor_id], node.kind, 3.5 + 3.5 * math.sqrt(node.posts / max(most, 1))) for node in cluster.nodes
    ]
    if cluster.named:
        parts += [_name(at[node.actor_id], middle, node.name) for node in cluster.nodes]
    top = middle[1] - scale * cluster.radius - 14
    title = words.cluster.format(n=cluster.number)
    parts.append(_text(middle[0], top, title, "middle", MUTED, 12))
    return "".join(parts)


def _line(one: tuple[float, float], other: tuple[float, float], line: Line, heaviest: int) -> str:
    width = 0.8 + 3.2 * line.weight / heaviest
    return (
        f'<line x1="{one[0]:.1f}" y1="{one[1]:.1f}" x2="{other[0]:.1f}" y2="{other[1]:.1f}" stroke="{MUTED}" '
        f'stroke-width="{width:.1f}" stroke-opacity="0.55"{_dashes(line.q_value)}/>'
    )


def _dashes(q_value: float | None) -> str:
    if q_value is None:
        return ' stroke-dasharray="1.5 3"'
    return "" if q_value < 0.001 else ' stroke-dasharray="6 3"'


def _sign(at: tuple[float, float], kind: str, size: float) -> str:
    x, y = at
    colour, shape = COLOURS.get(kind, _OTHER), SHAPES.get(kind, "diamond")
    edge = 'stroke="#ffffff" stroke-width="1"'
    if shape == "circle":
        return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{size:.1f}" fill="{colour}" {edge}/>'
    if shape == "square":
        corner = f'x="{x - size:.1f}" y="{y - size:.1f}"'
        return f'<rect {corner} width="{2 * size:.1f}" height="{2 * size:.1f}" fill="{colour}" {edge}/>'
    d = f"M{x - size:.1f},{y:.1f}L{x:.1f},{y - size:.1f}L{x + size:.1f},{y:.1f}L{x:.1f},{y + size:.1f}Z"
    return f'<path d="{d}" fill="{colour}" {edge}/>'


def _name(at: tuple[float, float], middle: tuple[float, float], name: str) -> str:
    right = at[0] >= middle[0]
    x = at[0] + (11 if right else -11)
    return _text(x, at[1] + 4, shorten(name, _LETTERS), "start" if right else "end", INK, 11)


def _text(x: float, y: float, words: str, anchor: str, colour: str, size: float) -> str:
    where = f'x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"'
    return f'<text {where} fill="{colour}" font-size="{size:g}">{escape(words)}</text>'


def _legend(words: Words, y: float, width: int, tested: bool) -> tuple[str, float]:
    """Return the legend of the lines, one under another where the picture is narrow, and where it ends."""
    rows = [(0.0, words.sure), (0.01, words.less_sure)] if tested else [(None, words.untested)]
    parts, x, y = (
        [f'<line x1="0" y1="{y:.1f}" x2="{width}" y2="{y:.1f}" stroke="{GRID}" stroke-width="1"/>'],
        4.0,
        y + 18,
    )
    for q_value, text in rows:
        line = Line("", "", 1, q_value)
        parts.append(_line((x, y - 4), (x + 34, y - 4), line, 2))
        parts.append(_text(x + 42, y, text, "start", MUTED, 12))
        if width == NARROW:
            y += 18
        else:
            x += 60 + 7.0 * len(text)
    return "".join(parts), y + (0 if width == NARROW else 12)
