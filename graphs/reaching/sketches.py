"""Theta sketches of follower sets: distinct counts of unions, overlaps and differences, with bounds, in little memory.

A sketch keeps the smallest 64-bit hashes of a set. Sketches of parts of the data (files, nodes of a cluster) merge into
the sketch of the whole. Reference: Dasgupta, Lang, Rhodes & Thaler (2016), ICDT 2016, LIPIcs 48, 8:1-8:17.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import ibis.expr.types as ir

from graphs.errors import InputError
from graphs.figures import Figure

if TYPE_CHECKING:
    from datasketches import compact_theta_sketch

__all__ = ["THETA_SKETCH", "SketchSets", "merge_sketches", "sketch_sets"]

THETA_SKETCH = "theta sketch"
LOG_SIZE = 14
"""Each sketch keeps up to 2^14 hashes: 128 KiB, relative standard error 0.8%."""

_BATCH = 1_000_000
_DEVIATIONS = 2
"""Bounds are those of two standard deviations (95%)."""

Key = tuple[str, str]


@dataclass(frozen=True)
class SketchSets:
    """A compact theta sketch for every (member, platform)."""

    sketches: Mapping[Key, compact_theta_sketch]

    def figures(self, members: Iterable[str]) -> dict[str, Figure]:
        """Return the size of the union of the members' sets, by platform (accounts)."""
        return {platform: _figure(sketch) for platform, sketch in self._unions(members).items()}

    def both(self, members: Iterable[str], others: Iterable[str]) -> dict[str, Figure]:
        """Return, by platform, the accounts in the union of `members` and in that of `others`."""
        from datasketches import theta_intersection

        first, second = self._unions(members), self._unions(others)
        found = {}
        for platform in first.keys() & second.keys():
            common = theta_intersection()
            common.update(first[platform])
            common.update(second[platform])
            found[platform] = _figure(common.get_result())
        return found

    def beyond(self, members: Iterable[str], others: Iterable[str]) -> dict[str, Figure]:
        """Return, by platform, the accounts in the union of `members` and not in that of `others`."""
        from datasketches import theta_a_not_b

        first, second = self._unions(members), self._unions(others)
        return {
            platform: _figure(theta_a_not_b().compute(sketch, second[platform]) if platform in second else sketch)
            for platform, sketch in first.items()
        }

    def order(self, members: Iterable[str]) -> list[str]:
        """Return the members by the size of their sets, the largest first (ties by id)."""
        sizes = {member: sum(figure.value or 0 for figure in self.figures([member]).values()) for member in members}
        return sorted(sizes, key=lambda member: (-sizes[member], member))

    def _unions(self, members: Iterable[str]) -> dict[str, Any]:
        from datasketches import theta_union

        chosen = set(members)
        unions: dict[str, Any] = {}
        for (member, platform), sketch in self.sketches.items():
            if member in chosen:
                unions.setdefault(platform, theta_union(LOG_SIZE)).update(sketch)
        return {platform: union.get_result() for platform, union in unions.items()}


def sketch_sets(edges: ir.Table, *, batch_rows: int = _BATCH) -> SketchSets:
    """Build the sketches of every member's accounts, in Arrow batches: one slice of the accounts after another.

    Parameters
    ----------
    edges
        `member, platform, source`, as `graphs.reaching.accounts.edges_to` returns them; repeated rows do no harm.
    batch_rows
        Rows of one batch, about: with the sketches, all that is in memory. A slice is the accounts whose hash has one
        remainder, so that engines without streams of rows can do it.

    Raises
    ------
    InputError
        If `batch_rows` is not positive.
    """
    from datasketches import update_theta_sketch

    if batch_rows < 1:
        raise InputError(f"batch_rows must be at least 1, got {batch_rows!r}.")
    open_sketches: dict[Key, Any] = {}
    rows = edges.select("member", "platform", "source")
    slices = 1 + rows.count().to_pyarrow().as_py() // batch_rows
    remainder = rows.source.hash() % slices
    for place in range(slices):
        # Remainders of negative hashes are negative.
        batch = rows.filter((remainder == place) | (remainder == place - slices)).to_pyarrow()
        columns = [batch[name].to_pylist() for name in ("member", "platform", "source")]
        for member, platform, source in zip(*columns, strict=True):
            sketch = open_sketches.get((member, platform))
            if sketch is None:
                sketch = open_sketches[member, platform] = update_theta_sketch(LOG_SIZE)
            sketch.update(source)
    return SketchSets({key: sketch.compact() for key, sketch in open_sketches.items()})


def merge_sketches(parts: Iterable[SketchSets]) -> SketchSets:
    """Return the sketches of data that was sketched in parts, as of several files or the nodes of a cluster."""
    from datasketches import theta_union

    unions: dict[Key, Any] = {}
    for part in parts:
        for key, sketch in part.sketches.items():
            unions.setdefault(key, theta_union(LOG_SIZE)).update(sketch)
    return SketchSets({key: union.get_result() for key, union in unions.items()})


def _figure(sketch: Any) -> Figure:
    value, low, high = (
        float(x)
        for x in (sketch.get_estimate(), sketch.get_lower_bound(_DEVIATIONS), sketch.get_upper_bound(_DEVIATIONS))
    )
    exact = low == value == high
    return Figure(value, low, high, "follower_list" if exact else THETA_SKETCH, "followers", round(value), not exact)
