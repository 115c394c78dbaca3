"""How often the true tree lies in the intervals over drawn trees: synthetic studies know who had it from whom.

python benchmarks/cascade_truth.py --preset small --seeds 4
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

HERE = str(Path(__file__).resolve().parent)
if HERE not in sys.path:
    sys.path.insert(0, HERE)

import numpy as np  # noqa: E402
import numpy.typing as npt  # noqa: E402
import pyarrow.compute as pc  # noqa: E402

from graphs import estimate_cascades  # noqa: E402
from graphs.cascades.trees import tree_measures  # noqa: E402
from synthesis.parameters import PRESETS, Parameters, preset  # noqa: E402
from synthesis.study import SyntheticStudy, synthesise  # noqa: E402

__all__ = ["compare", "true_trees"]


def true_trees(study: SyntheticStudy) -> dict[str, npt.NDArray[np.int64]]:
    """Return by post the tree of the reshares that were collected, as parents, the author at 0.

    A reshare whose parent was not collected hangs on its nearest ancestor that was.
    """
    events = study.truth.events
    events = events.filter(pc.equal(events["kind"], "reshare")).sort_by([("post_id", "ascending"), ("at", "ascending")])
    of_post: dict[str, list[dict[str, Any]]] = {}
    for row in events.select(["post_id", "source", "target", "shown_by", "observed"]).to_pylist():
        of_post.setdefault(row["post_id"], []).append(row)
    return {post: tree for post, rows in of_post.items() if len(tree := _tree(rows)) > 1}


def _tree(rows: Sequence[dict[str, Any]]) -> npt.NDArray[np.int64]:
    """Return the parents; rows are by time, so a parent stands before its children."""
    author = rows[0]["target"]
    above: dict[str, str] = {}
    place = {author: 0}
    parents = [-1]
    for row in rows:
        who = row["source"]
        if who == author or who in above:
            continue
        above[who] = row["shown_by"]
        if not row["observed"]:
            continue
        up = row["shown_by"]
        while up not in place:
            up = above.get(up, author)
        parents.append(place[up])
        place[who] = len(place)
    return np.array(parents, np.int64)


def compare(study: SyntheticStudy, *, min_size: int = 5, **options: Any) -> list[dict[str, float]]:
    """Return for each cascade the true depth and virality, what was estimated, and whether the intervals hold them."""
    truth = true_trees(study)
    found = estimate_cascades(
        interactions=study.interactions, posts=study.posts, actors=study.actors, min_size=min_size, **options
    ).cascades
    rows = []
    for row in found.to_pylist():
        tree = truth.get(row["post_id"])
        if tree is None or len(tree) != row["size"]:
            continue  # an account was collected at a later act than its first: not the same accounts
        depth, _, virality = tree_measures(tree)
        rows.append(
            {
                "size": float(row["size"]),
                "virality": virality,
                "error": row["virality"] - virality,
                "star_error": row["star_virality"] - virality,
                "inside": float(row["virality_low"] - 1e-9 <= virality <= row["virality_high"] + 1e-9),
                "depth_inside": float(row["depth_low"] <= depth <= row["depth_high"]),
            }
        )
    return rows


def _parameters(name: str, seed: int) -> Parameters:
    """Return the parameters of a preset; `deep` is `small` with larger audiences that pass more on."""
    if name != "deep":
        return preset(name, seed=seed)
    return replace(
        preset("small", seed=seed), people=120_000, x_share=0.6, posts=250, x_interactions=16_000,
        telegram_interactions=2_000, reproduction=0.5, x_mix=(0.1, 0.8, 0.06, 0.04),
    )  # fmt: skip


def main(arguments: list[str] | None = None) -> int:
    """Print a line per size of cascade."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--preset", choices=[*sorted(PRESETS), "deep"], default="small")
    parser.add_argument("--seeds", type=int, default=4)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--audience-weight", type=float)
    parser.add_argument("--tie-weight", type=float, default=10.0)
    parser.add_argument("--min-size", type=int, default=5)
    given = parser.parse_args(arguments)
    options = {"audience_weight": given.audience_weight, "tie_weight": given.tie_weight, "min_size": given.min_size}
    rows = [
        row
        for seed in range(given.first_seed, given.first_seed + given.seeds)
        for row in compare(synthesise(_parameters(given.preset, seed)), **options)
    ]
    print("size      cascades  true virality  estimate-true  star-true  virality inside  depth inside")
    for low, high in ((0, 9), (10, 29), (30, 99), (100, 10**9), (0, 10**9)):
        some = [row for row in rows if low <= row["size"] <= high]
        if some:
            names = ("virality", "error", "star_error", "inside", "depth_inside")
            mean = [float(np.mean([row[name] for row in some])) for name in names]
            label = f"{low}-{high}" if high < 10**9 else f"{low}+"
            columns = (f"{value:>{width}.3f}" for value, width in zip(mean, (14, 14, 10, 16, 13), strict=True))
            print(f"{label:<8} {len(some):>9,} {' '.join(columns)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
