"""Groups of accounts that edges join: connected parts, and communities within them."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from scipy import sparse
from scipy.sparse import csgraph

from graphs.coordination.louvain import communities
from graphs.errors import InputError

__all__ = ["Floats", "Ints", "connected_parts", "group_accounts", "groups_of", "share_in_one_part"]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]


def connected_parts(source: Ints, target: Ints, accounts: int) -> Ints:
    """Return the connected part of each account, shape (accounts,); -1 for an account without an edge.

    Examples
    --------
    >>> import numpy as np
    >>> connected_parts(np.array([0, 3]), np.array([1, 4]), 5).tolist()
    [0, 0, -1, 1, 1]
    """
    matrix = sparse.coo_array((np.ones(len(source), np.bool_), (source, target)), shape=(accounts, accounts))
    _, labels = csgraph.connected_components(matrix.tocsr(), directed=False)
    joined = np.zeros(accounts, np.bool_)
    joined[source] = joined[target] = True
    parts = np.full(accounts, -1, np.int64)
    parts[joined] = np.unique(labels[joined], return_inverse=True)[1]
    return parts


def group_accounts(
    source: Ints, target: Ints, weight: Floats, accounts: int, *, method: str = "communities", seed: int = 0
) -> Ints:
    """Return the group of each account, shape (accounts,); -1 for an account that is in none.

    Parameters
    ----------
    source, target, weight
        Shape (edges,): codes of two accounts in [0, accounts), and how strongly they are joined, above 0.
    accounts
        How many accounts there are.
    method
        `communities`: Louvain within each connected part. `components`: the connected parts themselves.
    seed
        Of Louvain's order of accounts. The same seed gives the same groups.

    Returns
    -------
    array of int64
        Groups of two accounts or more, numbered from 0 by descending size, then by their smallest code.

    Raises
    ------
    InputError
        If there is no such method.

    Notes
    -----
    Modularity is optimised in each connected part by itself, so a group does not depend on accounts that nothing joins
    with it, and the resolution limit is that of the part. Louvain can leave a community that falls apart; it is divided
    into its connected parts.

    Examples
    --------
    Two triangles joined by one weak edge are two communities and one part.

    >>> import numpy as np
    >>> source, target = np.array([0, 0, 1, 3, 3, 4, 2]), np.array([1, 2, 2, 4, 5, 5, 3])
    >>> weight = np.array([5.0] * 6 + [1.0])
    >>> group_accounts(source, target, weight, 6).tolist()
    [0, 0, 0, 1, 1, 1]
    >>> group_accounts(source, target, weight, 6, method="components").tolist()
    [0, 0, 0, 0, 0, 0]
    """
    if method not in ("communities", "components"):
        raise InputError(f"method must be communities or components, got {method!r}.")
    parts = connected_parts(source, target, accounts)
    if method == "components" or not len(source):
        return _numbered(parts)
    return _numbered(_divided(source, target, communities(source, target, weight, parts, seed=seed)))


def _divided(source: Ints, target: Ints, labels: Ints) -> Ints:
    """Return the groups with each one that falls apart divided; whom no edge of its group joins is in none."""
    inside = (labels[source] == labels[target]) & (labels[source] >= 0)
    return connected_parts(source[inside], target[inside], len(labels))


def _numbered(labels: Ints) -> Ints:
    """Return the groups numbered by descending size, then by their smallest code."""
    found, first, of, sizes = np.unique(labels, return_index=True, return_inverse=True, return_counts=True)
    place = np.empty(len(found), np.int64)
    order = np.lexsort((first, -sizes, found < 0))  # "in none" comes last
    place[order] = np.arange(len(found))
    numbered: Ints = np.where(labels < 0, -1, place[of])
    return numbered


def groups_of(labels: Ints) -> list[Ints]:
    """Return the codes of the accounts of each group, in the order of the groups."""
    order = np.argsort(labels, kind="stable")
    inside = order[labels[order] >= 0]
    if not len(inside):
        return []
    return np.split(inside, np.flatnonzero(np.diff(labels[inside])) + 1)


def share_in_one_part(source: Ints, target: Ints, labels: Ints, groups: int) -> Floats:
    """Return the share of each group's accounts that edges among them join in one part, shape (groups,).

    `labels` has the group of each account, -1 for none. 0 where no edge joins any two of a group.
    """
    parts = _divided(source, target, labels)
    inside = parts >= 0
    largest = np.zeros(groups)
    if inside.any():
        owner = np.zeros(int(parts.max()) + 1, np.int64)
        owner[parts[inside]] = labels[inside]
        np.maximum.at(largest, owner, np.bincount(parts[inside]))
    sizes = np.bincount(labels[labels >= 0], minlength=groups)
    shares: Floats = largest / np.maximum(sizes, 1)
    return shares
