"""How surely a cluster is found again when the objects are drawn anew."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import sparse

from graphs.coordination.groups import Floats, Ints, group_accounts
from graphs.coordination.inside import EdgeEvents
from graphs.errors import InputError

__all__ = ["best_jaccard", "cluster_stability"]


def best_jaccard(labels: Ints, found: Ints, groups: int) -> Floats:
    """Return for each group of `labels` the Jaccard index of the most similar group of `found`, shape (groups,).

    Both have the group of each account, -1 for none. The index is |A and B| / |A or B|, in [0, 1].

    Examples
    --------
    >>> import numpy as np
    >>> best_jaccard(np.array([0, 0, 0, 1, 1]), np.array([0, 0, 1, 1, 1]), 2).round(3).tolist()
    [0.667, 0.667]
    """
    best = np.zeros(groups)
    both = (labels >= 0) & (found >= 0)
    if not both.any():
        return best
    sizes, found_sizes = np.bincount(labels[labels >= 0], minlength=groups), np.bincount(found[found >= 0])
    pairs, common = np.unique(np.stack([labels[both], found[both]]), axis=1, return_counts=True)
    union = sizes[pairs[0]] + found_sizes[pairs[1]] - common
    np.maximum.at(best, pairs[0], common / union)
    return best


def cluster_stability(
    events: EdgeEvents,
    *,
    source: Ints,
    target: Ints,
    labels: Ints,
    least: float,
    method: str = "communities",
    resamples: int = 100,
    seed: int = 0,
) -> Floats:
    """Return how surely each cluster is found again when objects are drawn with replacement.

    Parameters
    ----------
    events
        All events of the edges that the clusters were made of.
    source, target
        Shape (edges,): codes of these edges' accounts.
    labels
        Shape (accounts,): the cluster of each account, -1 for none.
    least
        Events that an edge must have in a resample to stay. Where edges were chosen by a q-value: the smallest weight
        that was chosen, since the test itself is not repeated.
    method, seed
        As for `group_accounts`.
    resamples
        How many times objects are drawn.

    Returns
    -------
    array of float64
        Shape (clusters,): the mean over the resamples of the Jaccard index of the most similar cluster, in [0, 1].

    Raises
    ------
    InputError
        If `resamples` is below 1.

    Notes
    -----
    Objects are drawn, not shares: shares of one object come together. Hennig reads 0.75 and more as a stable cluster,
    below 0.6 as one not to be trusted; 0.5 and less is a cluster that dissolves. A cluster that stands on a single
    object is missing in a resample with probability (1 - 1/n)^n, about 0.37.

    References
    ----------
    Hennig (2007), Computational Statistics & Data Analysis 52(1), 258-271.
    """
    if resamples < 1:
        raise InputError(f"resamples must be at least 1, got {resamples!r}.")
    groups = int(labels.max(initial=-1)) + 1
    total = np.zeros(groups)
    if not groups:
        return total
    _, thing = np.unique(events.object, return_inverse=True)
    things = int(thing.max(initial=-1)) + 1
    ones = np.ones(len(events.edge))
    counts = sparse.csr_array((ones, (events.edge, thing)), shape=(len(source), max(things, 1)))
    random = np.random.default_rng(seed)
    for _ in range(resamples):
        drawn = random.multinomial(things, np.full(things, 1 / things)).astype(np.float64)
        weight = counts @ drawn
        stays = weight >= max(least, 1)
        found = _regrouped(source[stays], target[stays], weight[stays], len(labels), method, seed)
        total += best_jaccard(labels, found, groups)
    stability: npt.NDArray[np.float64] = total / resamples
    return stability


def _regrouped(source: Ints, target: Ints, weight: Floats, accounts: int, method: str, seed: int) -> Ints:
    if not len(source):
        return np.full(accounts, -1, np.int64)
    return group_accounts(source, target, weight, accounts, method=method, seed=seed)
