"""Texts to token windows, with offsets into the original text in Unicode code points."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers.normalise import normalise

# A text longer than this many code points is read at its beginning and its end: no call needs a megabyte of context,
# and one pasted book must not hold up the labelling of a million posts.
LONGEST_TEXT = 20_000


@dataclass(frozen=True, slots=True)
class Window:
    """A run of tokens of one text, special tokens included.

    `ids` is what the encoder reads; `offsets[i]` is the half-open range of token `i` in the text, `(0, 0)` for
    special and prefix tokens.
    """

    text: int
    ids: list[int]
    offsets: list[tuple[int, int]]

    def __len__(self) -> int:
        return len(self.ids)

    def places(self) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
        """The offsets (T, 2), and which of the tokens (T,) are of the text: not special ones, nor of the prefix."""
        offsets = np.array(self.offsets, dtype=np.int64).reshape(-1, 2)
        return offsets, offsets[:, 1] > offsets[:, 0]


class Encoder:
    """Cuts texts into windows of at most `window` tokens.

    Parameters
    ----------
    tokenizer
        A fast tokenizer of transformers; special strings inside a text (`</s>`) are read as ordinary characters.
    window
        Tokens in a window, prefix and special tokens included.
    overlap
        Tokens that two neighbouring windows share.
    prefix
        Text put in front of every window (`query: ` for the E5 family); it never shifts an offset.
    """

    def __init__(self, tokenizer: Any, *, window: int, overlap: int = 48, prefix: str = "query: ") -> None:
        self.tokenizer = tokenizer
        self.window = window
        self._fast = tokenizer.backend_tokenizer
        self._fast.encode_special_tokens = True
        self._fast.no_truncation()
        self._fast.no_padding()
        first = tokenizer.cls_token_id if tokenizer.cls_token_id is not None else tokenizer.bos_token_id
        last = tokenizer.sep_token_id if tokenizer.sep_token_id is not None else tokenizer.eos_token_id
        head = self._fast.encode(prefix.strip(), add_special_tokens=False).ids if prefix.strip() else []
        self._head: list[int] = ([] if first is None else [first]) + head
        self._tail: list[int] = [] if last is None else [last]
        self.pad_id: int = tokenizer.pad_token_id if tokenizer.pad_token_id is not None else 0
        self._room = window - len(self._head) - len(self._tail)
        if self._room < 8:
            raise ValueError(f"a window of {window} tokens leaves no room for text")
        self._step = max(1, self._room - min(overlap, self._room // 2))

    def tokens(self, texts: Sequence[str]) -> Iterator[tuple[list[int], list[tuple[int, int]]]]:
        """Token ids and offsets of each text, without prefix and special tokens.

        What is read is the normalised text; the offsets are places in the text as it was given.
        """
        cuts = [shortened(text) for text in texts]
        readings = [normalise(text) for text, _, _ in cuts]
        encodings = self._fast.encode_batch([reading.text for reading in readings], add_special_tokens=False)
        for encoding, reading, (_, cut, gap) in zip(encodings, readings, cuts, strict=True):
            offsets = encoding.offsets
            if reading.places is not None:
                offsets = [reading.original(a, b) for a, b in offsets]
            if gap:
                offsets = [(a + gap, b + gap) if a >= cut else (a, min(b, cut)) for a, b in offsets]
            yield encoding.ids, offsets

    def windows(self, texts: Sequence[str]) -> list[Window]:
        """All windows of all texts, in order; a text without a token has one window without tokens of its own."""
        made = []
        for number, (ids, offsets) in enumerate(self.tokens(texts)):
            starts = [0, *range(self._step, max(1, len(ids) - self._room + self._step), self._step)]
            made += [self._framed(number, ids[a : a + self._room], offsets[a : a + self._room]) for a in starts]
        return made

    def head_and_tail(self, texts: Sequence[str]) -> list[Window]:
        """One window a text: all of it, or its beginning and its end (appeals stand at the end of long posts)."""
        made = []
        for number, (ids, offsets) in enumerate(self.tokens(texts)):
            if len(ids) > self._room:
                end = self._room // 3
                ids = ids[: self._room - end] + ids[-end:]
                offsets = offsets[: self._room - end] + offsets[-end:]
            made.append(self._framed(number, ids, offsets))
        return made

    def padded(self, windows: Sequence[Window]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Token ids and attention mask (B, T) of windows of unequal length."""
        shape = len(windows), max(len(window) for window in windows)
        ids, mask = np.full(shape, self.pad_id, dtype=np.int64), np.zeros(shape, dtype=np.int64)
        for row, window in enumerate(windows):
            ids[row, : len(window)] = window.ids
            mask[row, : len(window)] = 1
        return ids, mask

    def _framed(self, number: int, ids: list[int], offsets: list[tuple[int, int]]) -> Window:
        before, after = [(0, 0)] * len(self._head), [(0, 0)] * len(self._tail)
        return Window(number, self._head + ids + self._tail, before + offsets + after)


def shortened(text: str) -> tuple[str, int, int]:
    """The text that is read, the code point at which its second half starts, and how many were left out there."""
    if len(text) <= LONGEST_TEXT:
        return text, len(text), 0
    half = LONGEST_TEXT // 2
    return text[:half] + text[-half:], half, len(text) - 2 * half


def batches(windows: Sequence[Window], batch_tokens: int, *, equal_lengths: bool = False) -> Iterator[list[int]]:
    """Numbers of windows in groups of similar (or equal) length whose padded size stays within `batch_tokens`.

    Longest first, so that a batch that does not fit in memory fails at once and not after an hour.
    """
    order = sorted(range(len(windows)), key=lambda i: -len(windows[i]))
    group: list[int] = []
    for number in order:
        longest = len(windows[group[0]]) if group else 0
        other = equal_lengths and len(windows[number]) != longest
        if group and (other or longest * (len(group) + 1) > batch_tokens):
            yield group
            group = []
        group.append(number)
    if group:
        yield group
