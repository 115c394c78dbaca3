"""Agreement between rankings: Kendall's tau-b of each pair, with an interval."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy import stats

from graphs.inputs import check_confidence
from graphs.kernels import kernel

__all__ = ["AGREEMENT_SCHEMA", "compare_rankings", "kendall"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

AGREEMENT_SCHEMA = pa.schema(
    [
        pa.field("metric_a", pa.string(), nullable=False),
        pa.field("metric_b", pa.string(), nullable=False),
        pa.field("tau", pa.float64()),
        pa.field("low", pa.float64()),
        pa.field("high", pa.float64()),
        pa.field("n", pa.int64(), nullable=False),
        pa.field("reason_missing", pa.string()),
    ]
)

FEWEST = 8
"""With fewer accounts in common the interval of tau covers less than it says."""


@kernel
def _add(tree: IntArray, place: int, amount: int) -> None:  # pragma: no cover
    while place < len(tree):
        tree[place] += amount
        place += place & -place


@kernel
def _below(tree: IntArray, place: int) -> int:  # pragma: no cover
    total = 0
    while place > 0:
        total += tree[place]
        place -= place & -place
    return total


@kernel
def _concordance(x: IntArray, y: IntArray, order: IntArray, most: int) -> IntArray:  # pragma: no cover
    """Concordant less discordant partners of each node; `order` sorts by x, ranks from 1."""
    size = len(x)
    result = np.zeros(size, np.int64)
    for direction in range(2):
        tree = np.zeros(most + 1, np.int64)
        filled = 0
        start = 0
        while start < size:
            stop = start
            while stop < size and x[order[stop]] == x[order[start]]:
                stop += 1
            for at in range(start, stop):
                node = order[at]
                under = _below(tree, y[node] - 1)
                over = filled - _below(tree, y[node])
                result[node] += under - over if direction == 0 else over - under
            for at in range(start, stop):
                _add(tree, y[order[at]], 1)
            filled += stop - start
            start = stop
        order = order[::-1].copy()
    return result


def kendall(x: FloatArray, y: FloatArray, *, confidence: float = 0.95) -> tuple[float, float, float] | None:
    """Return Kendall's tau-b and its interval; None where one of the two holds ties only.

    Parameters
    ----------
    x, y
        Scores of the same accounts, finite.
    confidence
        Coverage of the interval.

    Returns
    -------
    tuple
        `tau, low, high`, each in [-1, 1]. The ends are NaN for fewer than eight accounts, and where both orders agree
        (or disagree) in every pair: such data hold no spread to estimate an interval from.

    Notes
    -----
    The variance is that of the ratio of U-statistics, by each account's influence on it (Brown & Benedetti 1977, ASE1),
    in O(n log n) time; Student's t on atanh(tau). The accounts count as a sample, so the interval says how far tau
    would move with other accounts from the same debate.

    References
    ----------
    Kendall (1945), Biometrika 33(3), 239-251. Brown & Benedetti (1977), JASA 72(358), 309-315.

    Examples
    --------
    >>> import numpy as np
    >>> kendall(np.array([1.0, 2.0, 3.0]), np.array([1.0, 3.0, 2.0]))[0].__round__(3)
    0.333
    """
    n = len(x)
    if n < 2:
        return None
    (ranks_x, ties_x), (ranks_y, ties_y) = _ranked(x), _ranked(y)
    untied_x, untied_y = float((n - ties_x).sum()), float((n - ties_y).sum())
    if not untied_x or not untied_y:
        return None
    order = np.argsort(ranks_x, kind="stable").astype(np.int64)
    sums = _concordance(ranks_x, ranks_y, order, int(ranks_y.max())).astype(np.float64)
    scale = float(np.sqrt(untied_x * untied_y))
    tau = float(np.clip(sums.sum() / scale, -1, 1))
    if n < FEWEST or 1 - abs(tau) < 1e-12:
        return tau, np.nan, np.nan
    influence = 2 * sums / scale - tau * ((n - ties_x) / untied_x + (n - ties_y) / untied_y)
    error = float(np.sqrt((influence**2).sum() * n / (n - 1)))
    half = float(stats.t.ppf((1 + confidence) / 2, n - 2)) * error / (1 - tau**2)
    low, high = (float(np.tanh(np.arctanh(tau) + side * half)) for side in (-1, 1))
    return tau, low, high


def _ranked(values: FloatArray) -> tuple[IntArray, IntArray]:
    """Return dense ranks from 1, and with how many (itself among them) each value is tied."""
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    return (place + 1).astype(np.int64), count[place].astype(np.int64)


def compare_rankings(leaders: pa.Table, *, confidence: float = 0.95) -> pa.Table:
    """Compare every two rankings of a table of leaders.

    Parameters
    ----------
    leaders
        Result of `rank_leaders`: `actor_id, metric, score`.
    confidence
        Coverage of the intervals.

    Returns
    -------
    pyarrow.Table
        `metric_a, metric_b, tau, low, high, n, reason_missing`, a row per pair of metrics in the order in which the
        table has them. `n` is how many accounts both rank; `tau` is Kendall's tau-b over these, in [-1, 1].

    Raises
    ------
    InputError
        If `confidence` is not in (0, 1).

    References
    ----------
    Dubois & Gaffney (2014), American Behavioral Scientist 58(10), 1260-1277: measures of influence name different
    leaders, so a ranking should not stand alone.
    """
    check_confidence(confidence)
    scores: dict[str, dict[str, float]] = {}
    for metric, actor, score in zip(
        *(leaders[name].to_pylist() for name in ("metric", "actor_id", "score")), strict=True
    ):
        scores.setdefault(metric, {})[actor] = score
    rows = [_row(a, b, scores[a], scores[b], confidence) for a, b in combinations(scores, 2)]
    return pa.Table.from_pylist(rows, schema=AGREEMENT_SCHEMA)


def _row(a: str, b: str, first: dict[str, float], second: dict[str, float], confidence: float) -> dict[str, object]:
    both = [actor for actor in first if actor in second]
    x, y = (np.array([of[actor] for actor in both], dtype=np.float64) for of in (first, second))
    row: dict[str, object] = {"metric_a": a, "metric_b": b, "n": len(both)}
    found = kendall(x, y, confidence=confidence)
    if found is None:
        return {**row, "reason_missing": "fewer than two accounts, or only ties, in a ranking"}
    row["tau"] = found[0]
    if np.isnan(found[1]):
        few = len(both) < FEWEST
        why = f"no interval from fewer than {FEWEST} accounts" if few else "no interval where all pairs agree"
        return {**row, "reason_missing": why}
    return {**row, "low": found[1], "high": found[2]}
