"""Text as codes: equal texts, and no others, get equal numbers, in the order in which they first come.

A hash table of millions of texts is larger than the processor's cache, and each look-up waits for memory. Here the
texts' hashes are put into parts by their first bits, so that the table of a part stays in the cache.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from graphs.kernels import kernel

__all__ = ["codes_and_names", "few_codes"]

_PART = 1 << 14
"""Texts whose hashes are looked at together: 12 bytes each, and as much again for their table."""

_Hashes = npt.NDArray[np.uint64]
_Ints = npt.NDArray[np.int32]
_Bytes = npt.NDArray[np.uint8]


class Room(NamedTuple):
    """Memory to work in, which several columns may use one after the other: new memory costs time."""

    hashes: _Hashes
    parted: _Hashes
    rows: _Ints

    @classmethod
    def of(cls, size: int) -> Room:
        """Return room for so many texts: 20 bytes each."""
        return cls(np.empty(size, np.uint64), np.empty(size, np.uint64), np.empty(size, np.int32))

    def up_to(self, size: int) -> Room:
        """Return the first part of it."""
        return Room(self.hashes[:size], self.parted[:size], self.rows[:size])


def codes_and_names(
    column: pa.ChunkedArray, *, room: Room | None = None, part: int = _PART
) -> tuple[npt.NDArray[np.int32], pa.Array]:
    """Return the codes of a column of text without nulls, and the text of each code, in the order of first appearance.

    Parameters
    ----------
    column
        Fewer than 2**31 texts.
    room
        For at least as many texts; None takes its own.
    part
        How many texts are looked at together; changes nothing but the time.

    Notes
    -----
    What `column.dictionary_encode()` gives. Texts are told apart by 64-bit hashes, and each is then compared with the
    text of its code: should two texts have one hash, `few_codes` does the work.
    """
    texts = pa.chunked_array([chunk for chunk in column.chunks if len(chunk)], pa.string())
    if not texts.num_chunks:
        return np.empty(0, np.int32), pa.array([], pa.string())
    room = Room.of(len(texts)) if room is None else room
    start = 0
    for chunk in texts.chunks:
        _hash(*_buffers(chunk), room.hashes[start : start + len(chunk)])
        start += len(chunk)
    codes = _first_of_equal(room.up_to(start), (start // part).bit_length())
    first = _numbered(codes)
    if first.size == len(texts):
        return codes, texts.combine_chunks()
    names = texts.take(pa.array(first)).combine_chunks()
    return (codes, names) if _all_named(texts, codes, names) else few_codes(texts)


def few_codes(texts: pa.ChunkedArray) -> tuple[npt.NDArray[np.int32], pa.Array]:
    """Return what `codes_and_names` gives; the faster way where there are a few different texts."""
    coded = texts.dictionary_encode()
    if not coded.num_chunks:
        return np.empty(0, np.int32), pa.array([], pa.string())
    # All chunks of a column that is coded at once share one dictionary; the last one has all of it.
    codes = np.concatenate([chunk.indices.to_numpy() for chunk in coded.chunks])
    return codes.astype(np.int32, copy=False), coded.chunks[-1].dictionary


def _buffers(texts: pa.StringArray) -> tuple[_Ints, _Bytes]:
    """Return where each text starts and the last one ends, and the bytes of all."""
    _, ends, data = texts.buffers()
    starts = np.frombuffer(ends, np.int32)[texts.offset : texts.offset + len(texts) + 1]
    return starts, np.empty(0, np.uint8) if data is None else np.frombuffer(data, np.uint8)


@kernel
def _hash(starts: _Ints, data: _Bytes, out: _Hashes) -> None:
    """Write a hash per text: FNV-1a, its bits then mixed as MurmurHash3 does at the end."""
    for i in range(out.size):
        value = np.uint64(0xCBF29CE484222325)
        for k in range(starts[i], starts[i + 1]):
            value = (value ^ np.uint64(data[k])) * np.uint64(0x100000001B3)
        value = (value ^ (value >> np.uint64(33))) * np.uint64(0xFF51AFD7ED558CCD)
        value = (value ^ (value >> np.uint64(33))) * np.uint64(0xC4CEB9FE1A85EC53)
        out[i] = value ^ (value >> np.uint64(33))


@kernel
def _part(room: Room, bits: int) -> npt.NDArray[np.int64]:
    """Write the hashes and their places, part by part; return where each part starts and the last one ends."""
    hashes, parted, rows = room
    starts = np.zeros((1 << bits) + 1, np.int64)
    # Twice, since a shift by 64 bits is not defined.
    shift = np.uint64(63 - bits)
    for value in hashes:
        starts[np.int64((value >> np.uint64(1)) >> shift) + 1] += 1
    starts = np.cumsum(starts)
    following = starts[:-1].copy()
    for i in range(hashes.size):
        part = np.int64((hashes[i] >> np.uint64(1)) >> shift)
        place = following[part]
        parted[place], rows[place] = hashes[i], i
        following[part] = place + 1
    return starts


@kernel
def _first_of_equal(room: Room, bits: int) -> _Ints:
    """Return for each hash the first place of an equal one; `2**bits` parts are looked at one after the other."""
    hashes, parted, rows = room
    starts = _part(room, bits)
    table = np.empty(4 * max(1, np.diff(starts).max()), np.int64)
    first = np.empty(hashes.size, np.int32)
    for part in range(starts.size - 1):
        # From twice to four times the part, since a part with a frequent text is far larger than the others.
        slots = 2
        while slots < 2 * (starts[part + 1] - starts[part]):
            slots *= 2
        table[:slots] = -1
        for k in range(starts[part], starts[part + 1]):
            slot = np.int64(parted[k] & np.uint64(slots - 1))
            while table[slot] >= 0 and parted[table[slot]] != parted[k]:
                slot = (slot + 1) & (slots - 1)
            if table[slot] < 0:
                table[slot] = k
            first[rows[k]] = rows[table[slot]]
    return first


@kernel
def _numbered(first: _Ints) -> _Ints:
    """Put a code in the place of each first place, in their order; return where each code first comes."""
    places, found = np.empty(first.size, np.int32), 0
    for i in range(first.size):
        if first[i] == i:
            places[found] = i
            first[i] = found
            found += 1
        else:
            # This is a code already, since it comes earlier.
            first[i] = first[first[i]]
    return places[:found].copy()


def _all_named(texts: pa.ChunkedArray, codes: npt.NDArray[np.int32], names: pa.StringArray) -> bool:
    """Return whether each text is the name of its code."""
    start = 0
    for chunk in texts.chunks:
        if not names.take(pa.array(codes[start : start + len(chunk)])).equals(chunk):
            return False
        start += len(chunk)
    return True
