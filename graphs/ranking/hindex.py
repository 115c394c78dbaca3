"""The h-index of reshares: h posts with at least h reshares each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import ibis.expr.types as ir
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graphs.kernels import kernel
from graphs.tables import pick

__all__ = ["Counts", "h_index", "post_counts"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Counts:
    """How many posts of each account were reshared how often: rows sorted by account, then by `reshares`, falling."""

    ids: pa.Array
    account: IntArray
    reshares: IntArray
    posts: IntArray

    def replicate(self, generator: np.random.Generator) -> FloatArray:
        """Return the h-indices when posts are drawn anew: each is there Poisson(1) times."""
        return h_index(self.account, self.reshares, generator.poisson(self.posts), len(self.ids))

    def observed(self) -> FloatArray:
        """Return the h-indices of the posts as they are."""
        return h_index(self.account, self.reshares, self.posts, len(self.ids))


@kernel
def _largest(account: IntArray, reshares: IntArray, posts: IntArray, size: int) -> FloatArray:  # pragma: no cover
    result = np.zeros(size)
    seen = np.zeros(size, np.int64)
    for row in range(len(account)):
        who = account[row]
        seen[who] += posts[row]
        result[who] = max(result[who], min(seen[who], reshares[row]))
    return result


def h_index(account: IntArray, reshares: IntArray, posts: IntArray, size: int) -> FloatArray:
    """Return the h-index of each of `size` accounts.

    Parameters
    ----------
    account, reshares, posts
        Rows: this account has so many posts that were reshared so often; `reshares` falls within an account.
    size
        How many accounts there are.

    References
    ----------
    Hirsch (2005), PNAS 102(46), 16569-16572. DeVerna et al. (2024), PLOS ONE, 10.1371/journal.pone.0302201: the
    FIB-index is the h-index of the reshares of posts with low-credibility content.

    Examples
    --------
    Posts with 5, 3, 3 and 1 reshares: three have at least three.

    >>> import numpy as np
    >>> h_index(np.array([0, 0, 0]), np.array([5, 3, 1]), np.array([1, 2, 1]), 1).tolist()
    [3.0]
    """
    return _largest(
        np.asarray(account, np.int64), np.asarray(reshares, np.int64), np.asarray(posts, np.int64), int(size)
    )


def post_counts(interactions: Any, flagged: ir.Table | None = None) -> Counts:
    """Return how often the posts of each account were reshared by others, counted in the engine.

    An account counts once for a post, however often it reshares it: an index must not be for one to make alone.
    `flagged` (`post_id`) restricts the posts. Reshares that do not name the post are left out.
    """
    columns = {"source": "string", "target": "string", "kind": "string"}
    rows = pick(interactions, "interactions", columns, {"target_post": "string"})
    rows = rows.filter(
        rows.kind == "reshare", rows.source != rows.target, rows.target.notnull(), rows.target_post.notnull()
    )
    if flagged is not None:
        rows = rows.semi_join(flagged, rows.target_post == flagged.post_id)
    of_post = rows.group_by("target", "target_post").agg(reshares=rows.source.nunique())
    table = of_post.group_by("target", "reshares").agg(posts=of_post.count())
    found = table.order_by("target", table.reshares.desc()).to_pyarrow()
    names = found["target"].cast(pa.string()).combine_chunks().dictionary_encode()
    if isinstance(names, pa.ChunkedArray):
        names = pa.concat_arrays([pa.array([], names.type), *names.chunks])
    return Counts(
        names.dictionary,
        np.asarray(names.indices, dtype=np.int64),
        np.asarray(found["reshares"], dtype=np.int64),
        np.asarray(found["posts"], dtype=np.int64),
    )
