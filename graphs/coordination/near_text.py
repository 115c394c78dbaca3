"""Texts that are nearly the same, found by MinHash and checked exactly: copies with a word changed are one object.

Texts go by in batches. Of each different text the hashes of its bands stay in memory; the texts themselves lie in a
temporary file, from which those that may be alike are read again, one at a time.
"""

from __future__ import annotations

import hashlib
import tempfile
from array import array
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cmp_to_key, lru_cache
from pathlib import Path
from typing import IO, Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graphs.errors import InputError
from graphs.kernels import kernel

__all__ = ["group_texts", "near_text_objects"]

Words: TypeAlias = npt.NDArray[np.uint64]
Ints: TypeAlias = npt.NDArray[np.int64]

BANDS, ROWS = 21, 6
"""Two texts are compared if all hashes of a band agree: 99.8% of those of similarity 0.8, 28% of those of 0.5."""
SHINGLE = 5
_PRIME = np.uint64(1099511628211)
_OFFSET = np.uint64(14695981039346656037)


BATCH = 2_000
_COLUMNS = ("post_id", "actor_id", "text", "at")
_CACHED = 1_024
"""Texts whose shingles are kept: a group's representative is compared with each of its members."""
_PREFIX = 32


def near_text_objects(
    posts: Any,
    *,
    similarity: float = 0.8,
    min_length: int = 20,
    normalise: Callable[[str], str] = lambda text: " ".join(text.casefold().split()),
    folder: Path | None = None,
) -> pa.Table:
    """Return an object for each post whose text is nearly that of another post.

    Parameters
    ----------
    posts
        `post_id, actor_id, text, at`: an Arrow table, or a reader or any other source of record batches. How they
        are cut into batches changes nothing but the memory: of the posts their ids and times are held, of each
        different text some hundreds of bytes however long it is, and no text beyond its batch.
    similarity
        Least Jaccard similarity of two texts' sets of five letters in a row, in (0, 1].
    min_length
        Letters that a normalised text must have: short ones are alike by chance.
    normalise
        What is done to a text before it is compared.
    folder
        Where the temporary file of the texts lies while this runs; None: where the system has its own.

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
    _check(similarity, min_length)
    _check_columns(posts)
    kept, numbers = [], [np.empty(0, np.int64)]
    with _different_texts(min_length, folder) as texts:
        for batch in _batches(posts):
            _check_columns(batch)
            places = texts.add([normalise(text or "") for text in batch["text"].to_pylist()])
            own = pa.Table.from_batches([batch]) if isinstance(batch, pa.RecordBatch) else batch
            kept.append(own.select(["post_id", "actor_id", "at"]).filter(pa.array(places >= 0)))
            numbers.append(places[places >= 0])
        leader = texts.leaders(similarity)[np.concatenate(numbers)]
        common, place, count = np.unique(leader, return_inverse=True, return_counts=True)
        # A text that stands for one post alone needs no name.
        names = pa.array(
            [_digest(texts.text(i)) if n > 1 else None for i, n in zip(common, count, strict=True)], "string"
        )
    rows = pa.concat_tables(kept) if kept else _no_rows(posts)
    rows = rows.append_column("object", names.take(pa.array(place)))
    rows = rows.append_column("kind", pa.repeat(pa.scalar("near_text"), len(rows)))
    return rows.filter(rows["object"].is_valid()).select(["post_id", "actor_id", "kind", "object", "at"])


def _check_columns(posts: Any) -> None:
    """Raise InputError if a column is missing, where the source says which it has."""
    schema = getattr(posts, "schema", None)
    if schema is None:
        return
    names = list((schema() if callable(schema) else schema).names)
    missing = [name for name in _COLUMNS if name not in names]
    if missing:
        raise InputError(f"posts: there is no column {missing[0]!r}; the table has {', '.join(names)}.")


def _batches(posts: Any) -> Any:
    if isinstance(posts, pa.Table):
        return posts.to_batches(max_chunksize=BATCH)
    return posts


def _no_rows(posts: Any) -> pa.Table:
    at = posts.schema.field("at").type if isinstance(posts, pa.Table) else pa.timestamp("us", tz="UTC")
    return pa.schema([("post_id", pa.string()), ("actor_id", pa.string()), ("at", at)]).empty_table()


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
    _check(similarity, min_length)
    with _different_texts(min_length, None) as different:
        numbers = different.add(texts)
        leader = different.leaders(similarity)
    long = numbers >= 0
    # Numbers count up from 0, so that a text's number is its place here.
    where = np.flatnonzero(long)[np.unique(numbers[long], return_index=True)[1]]
    groups = np.full(len(texts), -1, np.int64)
    groups[long] = leader[numbers[long]]
    sizes = np.bincount(groups[long], minlength=len(leader))
    return [int(where[group]) if group >= 0 and sizes[group] > 1 else -1 for group in groups.tolist()]


def _check(similarity: float, min_length: int) -> None:
    if not 0 < similarity <= 1:
        raise InputError(f"similarity must lie in (0, 1], got {similarity!r}. 0.8 is usual.")
    if min_length < SHINGLE:
        raise InputError(f"min_length must be at least {SHINGLE} letters, got {min_length!r}.")


@contextmanager
def _different_texts(min_length: int, folder: Path | None) -> Iterator[_DifferentTexts]:
    with tempfile.TemporaryFile(dir=folder) as file:
        yield _DifferentTexts(_Pieces(file), min_length)


class _Pieces:
    """Pieces of bytes in a file, numbered as they come; a number and a place is all that is in memory."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._ends = array("q", [0])

    def __len__(self) -> int:
        return len(self._ends) - 1

    def append(self, piece: bytes) -> int:
        self._file.seek(self._ends[-1])
        self._file.write(piece)
        self._ends.append(self._ends[-1] + len(piece))
        return len(self) - 1

    def __getitem__(self, number: int) -> bytes:
        self._file.seek(self._ends[number])
        return self._file.read(self._ends[number + 1] - self._ends[number])


class _DifferentTexts:
    """Texts, each once, numbered from 0 as they come: in memory are digests, places in the file, and band keys."""

    def __init__(self, pieces: _Pieces, min_length: int) -> None:
        self._pieces, self._least = pieces, min_length
        self._numbers: dict[bytes, int] = {}
        self._keys: list[Words] = []

    def add(self, texts: Iterable[str]) -> Ints:
        """Take texts in and return their numbers, -1 for those that are too short."""
        numbers, new = [], []
        for text in texts:
            if len(text) < self._least:
                numbers.append(-1)
                continue
            raw = text.encode("utf-8", "surrogatepass")
            digest = hashlib.blake2b(raw, digest_size=16).digest()
            number = self._numbers.setdefault(digest, len(self._numbers))
            if number == len(self._pieces):
                self._pieces.append(raw)
                new.append(_signature_of(_shingles(_points(text))))
            numbers.append(number)
        self._keys.append(_band_keys(new))
        return np.array(numbers, np.int64)

    def text(self, number: int) -> str:
        return self._pieces[number].decode("utf-8", "surrogatepass")

    def leaders(self, similarity: float) -> Ints:
        """Return for each text the number of its representative. No text can be added afterwards."""
        leaders = np.arange(len(self._numbers))
        keys = _colliding(self._keys)
        shingles = lru_cache(_CACHED)(lambda piece: np.frombuffer(self._pieces[piece], np.uint64))
        found: list[dict[int, list[tuple[int, int, int]]]] = [{} for _ in range(BANDS)]
        # A text that shares no band with another is compared with none, and none with it.
        for place, number in enumerate(self._alphabetical(np.flatnonzero((keys >= 0).any(axis=1)))):
            bands = [(band, int(key)) for band, key in enumerate(keys[number]) if key >= 0]
            candidates = sorted({other for band, key in bands for other in found[band].get(key, ())})
            own = _shingles(_points(self.text(number)))
            likeness = [_jaccard(own, shingles(piece)) for *_, piece in candidates]
            best = int(np.argmax(likeness)) if likeness else -1
            if best >= 0 and likeness[best] >= similarity:
                leaders[number] = candidates[best][1]
                continue
            leader = (place, number, self._pieces.append(own.tobytes()))
            for band, key in bands:
                found[band].setdefault(key, []).append(leader)
        return leaders

    def _alphabetical(self, numbers: Ints) -> list[int]:
        """Return the texts in order, without holding more of each than its beginning."""
        beginnings = np.array([self._pieces[number][:_PREFIX] for number in numbers], f"S{_PREFIX}")
        order = np.argsort(beginnings, kind="stable")
        beginnings, numbers = beginnings[order], numbers[order]
        cuts = np.flatnonzero(beginnings[1:] != beginnings[:-1]) + 1
        by_text = cmp_to_key(self._compare)
        return [number for alike in np.split(numbers, cuts) for number in sorted(alike.tolist(), key=by_text)]

    def _compare(self, one: int, other: int) -> int:
        first, second = self._pieces[one], self._pieces[other]
        return (first > second) - (first < second)


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


_random = np.random.default_rng(20251127)  # a fixed choice: the groups are part of the result
_MULTIPLIERS = _random.integers(1, 2**63, BANDS * ROWS, dtype=np.uint64) * np.uint64(2) + np.uint64(1)
_OFFSETS = _random.integers(0, 2**63, BANDS * ROWS, dtype=np.uint64)


def _signature_of(shingles: Words) -> npt.NDArray[np.uint32]:
    """Return the least hashes of a text's shingles, shape (BANDS * ROWS,)."""
    signature = np.empty(BANDS * ROWS, np.uint32)
    _signature(shingles, _MULTIPLIERS, _OFFSETS, signature)
    return signature


def _band_keys(signatures: Sequence[npt.NDArray[np.uint32]]) -> Words:
    """Return one key per text and band, shape (texts, BANDS)."""
    bands = np.array(signatures, np.uint64).reshape(len(signatures), BANDS, ROWS)
    keys = np.zeros((len(signatures), BANDS), np.uint64)
    for row in range(ROWS):
        keys = (keys ^ bands[:, :, row]) * _PRIME
        keys ^= keys >> np.uint64(29)
    return keys


def _colliding(keys: Sequence[Words]) -> npt.NDArray[np.int32]:
    """Return the keys of all batches as small numbers, -1 where no other text has the key in that band."""
    numbered = np.empty((sum(map(len, keys)), BANDS), np.int32)
    for band in range(BANDS):
        own = np.concatenate([np.empty(0, np.uint64), *(batch[:, band] for batch in keys)])
        _, numbers, counts = np.unique(own, return_inverse=True, return_counts=True)
        numbered[:, band] = np.where(counts[numbers] > 1, numbers, -1)
    return numbered
