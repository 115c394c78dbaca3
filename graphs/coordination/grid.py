"""Windows and thresholds around the chosen ones: what stands in one setting only is fragile."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graphs.coordination.groups import Ints, connected_parts, share_in_one_part
from graphs.coordination.inside import codes_of
from graphs.coordination.options import CoordinationOptions
from graphs.coordination.pairs import coordinated_edges
from graphs.coordination.shares import Shares
from graphs.errors import InputError

__all__ = ["GRID_SCHEMA", "Standing", "grid_of_settings", "usual_weights", "usual_windows"]

_COUNT = pa.int64()
GRID_SCHEMA = pa.schema(
    [
        pa.field("window_s", pa.float64(), nullable=False),
        pa.field("min_weight", pa.float64(), nullable=False),
        pa.field("chosen", pa.bool_(), nullable=False),
        *(pa.field(name, _COUNT) for name in ("edges", "accounts", "largest_weight", "parts", "edges_stand")),
        pa.field("clusters_stand", _COUNT),
        pa.field("reason_missing", pa.string()),
    ]
)

_HALF = 0.5


@dataclass(frozen=True)
class Standing:
    """What of the chosen edges and clusters stands in how many cells of the grid.

    Attributes
    ----------
    table
        A row per cell, of `GRID_SCHEMA`.
    cells
        Cells that could be computed.
    edges, clusters
        Shapes (edges,), (clusters,): in how many of the cells each stands.
    fragile_edges, fragile_clusters
        Which of them stand in none of the cells that are stricter than the chosen one.
    """

    table: pa.Table
    cells: int
    edges: Ints
    clusters: Ints
    fragile_edges: npt.NDArray[np.bool_]
    fragile_clusters: npt.NDArray[np.bool_]


def usual_windows(window_s: float) -> tuple[float, ...]:
    """Return a sixth, a half, one, two and five times the window, in seconds; a window of 0 has the first minute."""
    if window_s == 0:
        return (0.0, 10.0, 60.0)
    return tuple(round(window_s * factor, 6) for factor in (1 / 6, 1 / 2, 1, 2, 5))


def usual_weights(min_weight: float) -> tuple[float, ...]:
    """Return the least weights 1, 2, 3, 5, the chosen one, and one above it, sorted."""
    more = {2.0 * min_weight} if min_weight >= 5 else set()
    return tuple(sorted({1.0, 2.0, 3.0, 5.0, float(min_weight), *more}))


def grid_of_settings(
    shares: Shares,
    edges: pa.Table,
    labels: Ints,
    options: CoordinationOptions,
    *,
    windows: Sequence[float] | None = None,
    weights: Sequence[float] | None = None,
) -> Standing:
    """Count edges over windows and least weights, and see where the chosen edges and clusters stand.

    Parameters
    ----------
    shares, options
        As given to `coordinated_edges`.
    edges
        `source, target` of the edges found with `options`.
    labels
        Shape (accounts,): the cluster of each account of `shares.actors`, -1 for none.
    windows
        Windows in seconds; None: `usual_windows`. The chosen one is always among them.
    weights
        Least numbers of events; None: `usual_weights`. The chosen one is always among them.

    Returns
    -------
    Standing
        An edge stands in a cell if it has the cell's weight within the cell's window. A cluster stands if edges of the
        cell among its own accounts join half of them, and two at least, in one part. Both are fragile if they stand in
        none of the cells that are stricter than the chosen setting: a narrower window or a larger least weight, the
        other at least as strict.

    Notes
    -----
    Cells ask for weight alone; the test against chance is not repeated in them. All windows are swept with the same
    rule of participation, applied within each. A window that holds too many pairs of shares to count is left empty
    with its reason.

    Raises
    ------
    InputError
        For a window or a least weight that is out of range.
    """
    spans = sorted({float(options.window_s), *(windows if windows is not None else usual_windows(options.window_s))})
    least = sorted(
        {float(options.min_weight), *(weights if weights is not None else usual_weights(options.min_weight))}
    )
    groups = int(labels.max(initial=-1)) + 1
    source, target = codes_of(edges, shares.actors)
    sizes = np.bincount(labels[labels >= 0], minlength=groups)
    enough = np.maximum(2, np.ceil(sizes * _HALF)) / np.maximum(sizes, 1)
    rows: list[dict[str, object]] = []
    stands: list[tuple[bool, npt.NDArray[np.bool_], npt.NDArray[np.bool_]]] = []
    for window in spans:
        wide = replace(options, window_s=window, min_weight=1, subgraph="all", fast_window_s=None, speed_weighted=False)
        try:
            found = coordinated_edges(shares, wide)
        except InputError as error:
            rows += [_empty(window, weight, options, str(error)) for weight in least]
            continue
        cell = codes_of(found, shares.actors)
        weight_of = _looked_up(source, target, *cell, found["weight"].to_numpy(), len(shares.actors))
        for weight in least:
            keep = found["weight"].to_numpy() >= weight
            ends = cell[0][keep], cell[1][keep]
            edge_stands = weight_of >= max(weight, 1)
            joined = share_in_one_part(*ends, labels, groups) >= enough
            rows.append(_cell(window, weight, options, ends, found["weight"].to_numpy()[keep], len(shares.actors)))
            rows[-1] |= {"edges_stand": int(edge_stands.sum()), "clusters_stand": int(joined.sum())}
            stands.append((_stricter(window, weight, options), edge_stands, joined))
    return _standing(rows, stands, len(source), groups)


def _with(chosen: float, others: Sequence[float]) -> list[float]:
    return sorted({float(chosen), *map(float, others)})


def _standing(
    rows: list[dict[str, object]],
    stands: list[tuple[bool, npt.NDArray[np.bool_], npt.NDArray[np.bool_]]],
    edges: int,
    groups: int,
) -> Standing:
    counts = np.zeros(edges, np.int64), np.zeros(groups, np.int64)
    firm = np.zeros(edges, np.bool_), np.zeros(groups, np.bool_)
    for stricter, *stand in stands:
        for place, which in enumerate(stand):
            counts[place][which] += 1
            if stricter:
                firm[place][which] = True
    table = pa.Table.from_pylist(rows, schema=GRID_SCHEMA)
    return Standing(table, len(stands), *counts, ~firm[0], ~firm[1])


def _stricter(window: float, weight: float, options: CoordinationOptions) -> bool:
    as_strict = window <= options.window_s and weight >= options.min_weight
    return as_strict and (window < options.window_s or weight > options.min_weight)


def _is_chosen(window: float, weight: float, options: CoordinationOptions) -> bool:
    return window == options.window_s and weight == options.min_weight


def _cell(
    window: float, weight: float, options: CoordinationOptions, ends: tuple[Ints, Ints], weights: Ints, accounts: int
) -> dict[str, object]:
    parts = connected_parts(*ends, accounts)
    return {
        "window_s": window,
        "min_weight": weight,
        "chosen": _is_chosen(window, weight, options),
        "edges": len(ends[0]),
        "accounts": int((parts >= 0).sum()),
        "largest_weight": int(weights.max(initial=0)),
        "parts": int(parts.max(initial=-1)) + 1,
    }


def _empty(window: float, weight: float, options: CoordinationOptions, reason: str) -> dict[str, object]:
    chosen = _is_chosen(window, weight, options)
    return {"window_s": window, "min_weight": weight, "chosen": chosen, "reason_missing": reason}


def _looked_up(source: Ints, target: Ints, of: Ints, to: Ints, weight: Ints, accounts: int) -> Ints:
    """Return the weights of edges (source, target) among those from `of` to `to`, 0 where there is none."""
    keys, wanted = of * accounts + to, source * accounts + target
    order = np.argsort(keys)
    place = np.searchsorted(keys[order], wanted)
    place[place == len(keys)] = 0
    if not len(keys):
        return np.zeros(len(wanted), np.int64)
    found: Ints = np.where(keys[order][place] == wanted, weight[order][place], 0)
    return found
