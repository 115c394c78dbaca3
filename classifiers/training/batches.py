"""Examples to tensors: targets, and masks of what is known."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from classifiers.encoding import Encoder, Window
from classifiers.examples import NOT_A_CALL, Example
from classifiers.model import SPAN_CHANNELS
from classifiers.scheme import CALL_SPAN, CALL_TYPES, CALLS, TECHNIQUES
from classifiers.tensors import padded

#: Place of a post's call among the classes; the last one is "`none` or `promotion`".
_PLACE: dict[str | None, int] = {None: -1, NOT_A_CALL: len(CALLS), **{name: i for i, name in enumerate(CALLS)}}
ANY = SPAN_CHANNELS.index("any")
OF_CALL = SPAN_CHANNELS.index(CALL_SPAN)
UNKNOWN = -1.0


@dataclass(frozen=True, slots=True)
class Batch:
    """B windows padded to T tokens, and their targets; -1 is "not known" and never enters a loss.

    `ids`, `mask` (B, T) int64; `call` (B,) int64, 3 where it is `none` or `promotion`; `manipulative` (B,),
    `call_types` (B, 11), `techniques` (B, 10), `spans` (B, T, 12) float32 of 0, 1 or -1; `weight` (B,) float32.
    """

    ids: Tensor
    mask: Tensor
    call: Tensor
    manipulative: Tensor
    call_types: Tensor
    techniques: Tensor
    spans: Tensor
    weight: Tensor

    def to(self, device: torch.device) -> "Batch":
        """The same on a device."""
        return Batch(*(getattr(self, name).to(device, non_blocking=True) for name in self.__slots__))


def make_batch(examples: Sequence[Example], windows: Sequence[Window], pad_id: int) -> Batch:
    """One batch of examples and their windows, in the same order."""
    ids, mask = padded(windows, pad_id)
    spans = torch.full((len(windows), ids.shape[1], len(SPAN_CHANNELS)), UNKNOWN)
    for row, (example, window) in enumerate(zip(examples, windows, strict=True)):
        if example.spans is not None:
            spans[row, : len(window)] = span_targets(example, window)
    return Batch(
        ids,
        mask,
        torch.tensor([_PLACE[e.call] for e in examples]),
        torch.tensor([_target(e.manipulative) for e in examples]),
        _multi_hot([e.call_types for e in examples], CALL_TYPES),
        torch.tensor([[_target(e.has(name)) for name in TECHNIQUES] for e in examples]),
        spans,
        torch.tensor([e.weight for e in examples], dtype=torch.float32),
    )


def span_targets(example: Example, window: Window) -> Tensor:
    """Targets (T, 12) of one window: 1 inside a span, 0 outside, -1 where it cannot be known.

    Where words are marked but not named, and the post has several techniques, a marked token says nothing about each
    of them; it still says that the post's other techniques are absent there. Where some techniques are not known of the
    post, neither are their spans, and a word without a mark may well be theirs. The words of calls are not known here.
    """
    offsets, own = window.places()
    targets = np.zeros((len(window), len(SPAN_CHANNELS)), dtype=np.float32)
    of_post = np.array([TECHNIQUES.index(name) for name in example.techniques or ()], dtype=np.int64)
    for span in example.spans or ():
        hit = own & (offsets[:, 0] < span.end) & (span.start < offsets[:, 1])
        targets[hit, ANY] = 1.0
        if span.technique is not None:
            targets[hit, TECHNIQUES.index(span.technique)] = 1.0
        else:
            unnamed = np.ix_(np.flatnonzero(hit), of_post)
            targets[unnamed] = np.where(targets[unnamed] == 1.0, 1.0, UNKNOWN)
    if example.known_techniques is not None:
        unasked = [place for place, name in enumerate(TECHNIQUES) if example.has(name) is None]
        targets[:, unasked] = UNKNOWN
        targets[targets[:, ANY] == 0.0, ANY] = UNKNOWN
    targets[~own] = UNKNOWN
    targets[:, OF_CALL] = UNKNOWN
    return torch.from_numpy(targets)


def shuffled_batches(
    examples: Sequence[Example], windows: Sequence[Window], encoder: Encoder, *, size: int, seed: int
) -> Iterator[Batch]:
    """Batches of similar length in random order; the same seed gives the same batches."""
    rng = random.Random(seed)
    order = list(range(len(examples)))
    rng.shuffle(order)
    # Sorting within large pools saves padding and still mixes the posts anew in every epoch.
    pool = size * 32
    groups = []
    for start in range(0, len(order), pool):
        part = sorted(order[start : start + pool], key=lambda i: len(windows[i]))
        groups += [part[a : a + size] for a in range(0, len(part), size)]
    rng.shuffle(groups)
    for group in groups:
        yield make_batch([examples[i] for i in group], [windows[i] for i in group], encoder.pad_id)


def _target(known: bool | None) -> float:
    return UNKNOWN if known is None else float(known)


def _multi_hot(rows: Sequence[Sequence[str] | None], names: Sequence[str]) -> Tensor:
    return torch.tensor(
        [[UNKNOWN] * len(names) if row is None else [float(name in row) for name in names] for row in rows]
    )
