"""Texts to raw scores: logits of a post, and token scores for its spans."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from classifiers.calibration import Floats, sigmoid
from classifiers.encoding import Encoder, Window, batches
from classifiers.engines import Engine, Outputs
from classifiers.lexical import OUTPUTS
from classifiers.model import SPAN_CHANNELS
from classifiers.scheme import CALL_TYPES, TECHNIQUES
from classifiers.settings import LexicalScales


@dataclass(frozen=True, slots=True)
class TokenScores:
    """Tokens of one text: `offsets` (T, 2) code points, ascending; `scores` (T, 12) in [0, 1], by span channel."""

    offsets: NDArray[np.int64]
    scores: Floats


@dataclass(frozen=True, slots=True)
class RawScores:
    """Uncalibrated scores of N texts: log odds of a call, of promotion against none, of manipulation (N,),
    of call types (N, 11) and techniques (N, 10); and the token scores of each text.
    """

    call: Floats
    promotion: Floats
    manipulative: Floats
    call_types: Floats
    techniques: Floats
    tokens: list[TokenScores]

    def replaced(self, rows: NDArray[np.intp], exact: "RawScores") -> "RawScores":
        """The scores with those of some texts, given by their numbers in ascending order, taken from others."""
        columns: dict[str, Floats] = {}
        for name in ("call", "promotion", "manipulative", "call_types", "techniques"):
            columns[name] = getattr(self, name).copy()
            columns[name][rows] = getattr(exact, name)
        tokens = list(self.tokens)
        for row, own in zip(rows.tolist(), exact.tokens, strict=True):
            tokens[row] = own
        return RawScores(**columns, tokens=tokens)


def raw_scores(
    engine: Engine,
    encoder: Encoder,
    texts: Sequence[str],
    *,
    batch_tokens: int,
    progress: Callable[[int], None] | None = None,
) -> RawScores:
    """Scores of texts, in order; a long text gets the highest score of its windows.

    `progress` is called with the number of texts that were finished since the last call.
    """
    windows = encoder.windows(texts)
    flat = np.full((len(texts), 3 + len(CALL_TYPES) + len(TECHNIQUES)), -np.inf)
    parts: list[list[tuple[NDArray[np.int64], Floats]]] = [[] for _ in texts]
    left = np.bincount([window.text for window in windows], minlength=len(texts))
    for group in batches(windows, batch_tokens, equal_lengths=engine.equal_lengths):
        members = [windows[i] for i in group]
        outputs = engine(*encoder.padded(members))
        rows, spans = _flattened(outputs), sigmoid(outputs.spans)
        for window, row, tokens in zip(members, rows, spans, strict=True):
            flat[window.text] = np.maximum(flat[window.text], row)
            parts[window.text].append(_own_tokens(window, tokens))
            left[window.text] -= 1
        if progress:
            progress(sum(int(left[text] == 0) for text in {window.text for window in members}))
    types, techniques = flat[:, 3 : 3 + len(CALL_TYPES)], flat[:, 3 + len(CALL_TYPES) :]
    return RawScores(flat[:, 0], flat[:, 1], flat[:, 2], types, techniques, [_joined(part) for part in parts])


def _flattened(outputs: Outputs) -> Floats:
    call, promotion = outputs.call_log_odds(), outputs.promotion_log_odds()
    return np.column_stack([call, promotion, outputs.manipulative, outputs.call_types, outputs.techniques])


def _own_tokens(window: Window, scores: Floats) -> tuple[NDArray[np.int64], Floats]:
    offsets, own = window.places()
    return offsets[own], scores[: len(window)][own]


def _joined(parts: list[tuple[NDArray[np.int64], Floats]]) -> TokenScores:
    """Tokens of all windows in reading order; one that stands in two windows keeps the higher score."""
    if len(parts) == 1:
        return TokenScores(*parts[0])
    offsets = np.concatenate([part[0] for part in parts])
    scores = np.concatenate([part[1] for part in parts])
    unique, where = np.unique(offsets, axis=0, return_inverse=True)
    highest = np.zeros((len(unique), len(SPAN_CHANNELS)))
    np.maximum.at(highest, where.reshape(-1), scores)
    return TokenScores(unique, highest)


def with_branch(raw: RawScores, lexical: Floats, scales: LexicalScales) -> RawScores:
    """Scores of the network with those (N, outputs) of the lexical branch added by their scales."""
    own = lexical * [scales.ratios.get(name, 0.0) for name in OUTPUTS]
    return replace(raw, call=raw.call + own[:, 0], techniques=raw.techniques + own[:, 1:])
