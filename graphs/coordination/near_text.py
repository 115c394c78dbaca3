"""Texts that are nearly the same, found by MinHash and checked exactly: copies with a word changed are one object."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from graphs.errors import InputError
from graphs.kernels import kernel

__all__ = ["group_texts", "near_text_objects"]

Words: TypeAlias = npt.NDArray[np.uint64]

BANDS, ROWS = 21, 6
"""Two texts are compared if all hashes of a band agree: 99.8% of those of similarity 0.8, 28% of those of 0.5."""
SHINGLE = 5
_PRIME = np.uint64(1099511628211)
_OFFSET = np.uint64(14695981039346656037)


def near_text_objects(
    posts: Any,
    *,
    similarity: float = 0.8,
    min_length: int = 20,
    normalise: Callable[[str], str] = lambda text: " ".join(text.casefold().split()),
) -> pa.Table:
    """Return an object for each post whose text is nearly that of another post.

    Parameters
    ----------
    posts
        Arrow table `post_id, actor_id, text, at`.
    similarity
        Least Jaccard similarity of two texts' sets of five letters in a row, in (0, 1].
    min_length
        Letters that a normalised text must have: short ones are alike by chance.
    normalise
        What is done to a text before it is compared.

    Returns
    -------
    pyarrow.Table
        `post_id, actor_id, kind, object, at`, kind `near_text`; posts whose text is like no other have no row.

    Raises
    ------
    InputError
        For a column that is missing or a value out of range.

    See Also
    --------
    group_texts : how texts are grouped.
    """
    missing = [name for name in ("post_id", "actor_id", "text", "at") if name not in posts.column_names]
    if missing:
        raise InputError(f"posts: there is no column {missing[0]!r}; the table has {', '.join(posts.column_names)}.")
    texts = [normalise(text or "") for text in posts["text"].to_pylist()]
    groups = group_texts(texts, similarity=similarity, min_length=min_length)
    representative = pa.array([None if group < 0 else _digest(texts[group]) for group in groups], pa.string())
    columns = {
        "post_id": posts["post_id"],
        "actor_id": posts["actor_id"],
        "kind": pa.repeat(pa.scalar("near_text"), len(texts)),
        "object": representative,
        "at": posts["at"],
    }
    return pa.table(columns).filter(pc.is_valid(representative))


def _digest(text: str) -> str:
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=16).hexdigest()


def group_texts(texts: Sequence[str], *, similarity: float = 0.8, min_length: int = 20) -> list[int]:
    """Return for each text the position of the text that stands for its group, -1 if it is like no other.

    Parameters
    ----------
    texts
        Normalised texts.
    similarity, min_length
        As of `near_text_objects`.

    Raises
    ------
    InputError
        If `similarity` is not in (0, 1] or `min_length` is below 5.

    Notes
    -----
    In alphabetical order, a text joins the most similar of the groups whose representative it resembles, else it is a
    representative itself. So every member is at least `similarity` to its representative, and the order of the posts
    changes nothing; members of one group can be less alike among themselves, and two alike texts may end in two groups.
    Candidates come from the bands of MinHash signatures (Broder 1997; bands: Leskovec, Rajaraman & Ullman, Mining of
    Massive Datasets, section 3.4); what is a candidate is compared exactly.

    References
    ----------
    Broder (1997), Compression and Complexity of Sequences, 21-29.

    Examples
    --------
    >>> group_texts(["ертең алаңға бәріміз барайық", "ертең алаңға бәріміз барайық!", "бүгін ауа райы жылы болады"])
    [0, 0, -1]
    """
    if not 0 < similarity <= 1:
        raise InputError(f"similarity must lie in (0, 1], got {similarity!r}. 0.8 is usual.")
    if min_length < SHINGLE:
        raise InputError(f"min_length must be at least {SHINGLE} letters, got {min_length!r}.")
    first: dict[str, int] = {}
    for place, text in enumerate(texts):
        if len(text) >= min_length:
            first.setdefault(text, place)
    distinct = sorted(first)
    leaders = _leaders(distinct, similarity)
    led = {text: distinct[leader] for text, leader in zip(distinct, leaders, strict=True)}
    sizes: dict[str, int] = defaultdict(int)
    for text in texts:
        if text in led:
            sizes[led[text]] += 1
    return [first[led[text]] if text in led and sizes[led[text]] > 1 else -1 for text in texts]


def _leaders(texts: Sequence[str], similarity: float) -> list[int]:
    """Return for each of some different texts the position of its representative."""
    shingles = [_shingles(_points(text)) for text in texts]
    keys = _colliding(_band_keys(shingles))
    found: list[dict[int, list[int]]] = [{} for _ in range(BANDS)]
    leaders = []
    for place, own in enumerate(shingles):
        bands = [(band, int(key)) for band, key in enumerate(keys[place]) if key >= 0]
        candidates = sorted({other for band, key in bands for other in found[band].get(key, ())})
        likeness = [_jaccard(own, shingles[other]) for other in candidates]
        best = int(np.argmax(likeness)) if likeness else -1
        if best >= 0 and likeness[best] >= similarity:
            leaders.append(candidates[best])
            continue
        leaders.append(place)
        for band, key in bands:
            found[band].setdefault(key, []).append(place)
    return leaders


def _points(text: str) -> npt.NDArray[np.uint32]:
    return np.frombuffer(text.encode("utf-32-le", "surrogatepass"), np.uint32)


@kernel
def _shingles(points: npt.NDArray[np.uint32]) -> Words:
    """Return the sorted, different hashes of a text's runs of five letters (FNV-1a)."""
    n = max(points.size - SHINGLE + 1, 1)
    hashes = np.empty(n, np.uint64)
    for i in range(n):
        value = _OFFSET
        for j in range(i, min(i + SHINGLE, points.size)):
            value = (value ^ np.uint64(points[j])) * _PRIME
        hashes[i] = value ^ (value >> np.uint64(32))
    return np.unique(hashes)


@kernel
def _jaccard(one: Words, other: Words) -> float:
    i = j = common = 0
    while i < one.size and j < other.size:
        if one[i] == other[j]:
            common += 1
            i += 1
            j += 1
        elif one[i] < other[j]:
            i += 1
        else:
            j += 1
    return common / (one.size + other.size - common)


@kernel
def _signature(shingles: Words, multipliers: Words, offsets: Words, out: npt.NDArray[np.uint32]) -> None:
    for k in range(multipliers.size):
        least = np.uint64(0xFFFFFFFFFFFFFFFF)
        for shingle in shingles:
            least = min(least, (shingle * multipliers[k] + offsets[k]) >> np.uint64(32))
        out[k] = least


def _band_keys(shingles: Sequence[Words]) -> npt.NDArray[np.uint64]:
    """Return one key per text and band, shape (texts, BANDS)."""
    random = np.random.default_rng(20251127)  # a fixed choice: the groups are part of the result
    multipliers = random.integers(1, 2**63, BANDS * ROWS, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
    offsets = random.integers(0, 2**63, BANDS * ROWS, dtype=np.uint64)
    signatures = np.empty((len(shingles), BANDS * ROWS), np.uint32)
    for place, own in enumerate(shingles):
        _signature(own, multipliers, offsets, signatures[place])
    bands = signatures.reshape(len(shingles), BANDS, ROWS).astype(np.uint64)
    keys = np.zeros((len(shingles), BANDS), np.uint64)
    for row in range(ROWS):
        keys = (keys ^ bands[:, :, row]) * _PRIME
        keys ^= keys >> np.uint64(29)
    return keys


def _colliding(keys: npt.NDArray[np.uint64]) -> npt.NDArray[np.int64]:
    """Return keys as small numbers, -1 where no other text has the key in that band."""
    numbered = np.empty(keys.shape, np.int64)
    for band in range(keys.shape[1]):
        _, numbers, counts = np.unique(keys[:, band], return_inverse=True, return_counts=True)
        numbered[:, band] = np.where(counts[numbers] > 1, numbers, -1)
    return numbered
