"""What every engine is: a callable from padded token ids to logits, all of it numpy."""

import json
from dataclasses import asdict, dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from classifiers.scheme import CALLS

#: Names of the logits, in the order in which `classifiers.model.Logits` has them.
OUTPUTS = ("call", "manipulative", "call_types", "techniques", "spans")
_CALL, _PROMOTION, _NONE = CALLS.index("call"), CALLS.index("promotion"), CALLS.index("none")


@dataclass(frozen=True, slots=True)
class Outputs:
    """Logits of B windows of T tokens, float32.

    `call` (B, 3), `manipulative` (B,), `call_types` (B, 11), `techniques` (B, 10), `spans` (B, T, 12).
    """

    call: NDArray[np.float32]
    manipulative: NDArray[np.float32]
    call_types: NDArray[np.float32]
    techniques: NDArray[np.float32]
    spans: NDArray[np.float32]

    def call_log_odds(self) -> NDArray[np.float64]:
        """Log odds (B,) of a call against everything else."""
        of = self.call.astype(np.float64)
        return np.asarray(of[:, _CALL] - np.logaddexp(of[:, _NONE], of[:, _PROMOTION]))

    def promotion_log_odds(self) -> NDArray[np.float64]:
        """Log odds (B,) of promotion against none."""
        of = self.call.astype(np.float64)
        return np.asarray(of[:, _PROMOTION] - of[:, _NONE])


@dataclass(frozen=True, slots=True)
class Rounding:
    """How far an engine's arithmetic moves log odds: root mean squares over the probes, each at least 0."""

    call: float
    manipulative: float


@dataclass(frozen=True, slots=True)
class Export:
    """A converted network.

    Attributes
    ----------
    content
        The model in ONNX's format, with inputs `ids`, `mask` (B, T) int64 and the outputs of `Outputs`.
    equal_lengths
        Whether its attention has no mask, so that all windows of a batch must be of one length.
    rounding
        How far its log odds are off on the probes; None before that is measured.
    """

    content: bytes
    equal_lengths: bool
    rounding: Rounding | None = None

    def packed(self) -> bytes:
        """All of it as one entry of the cache: a line of JSON, then the model."""
        described = {"equal_lengths": self.equal_lengths, "rounding": self.rounding and asdict(self.rounding)}
        return json.dumps(described).encode() + b"\n" + self.content

    @classmethod
    def unpacked(cls, entry: bytes) -> "Export":
        """What `packed` packed."""
        line, _, content = entry.partition(b"\n")
        described = json.loads(line)
        rounding = Rounding(**described["rounding"]) if described["rounding"] else None
        return cls(content, bool(described["equal_lengths"]), rounding)


class Engine(Protocol):
    """Computes the logits of a batch of windows."""

    @property
    def name(self) -> str:
        """`torch` or `onnx`."""

    @property
    def identity(self) -> str:
        """Runtime, version and arithmetic: two engines of one identity give the same logits."""

    @property
    def rounding(self) -> Rounding | None:
        """How far the logits are off; None where they are exact to the arithmetic of float32."""

    @property
    def equal_lengths(self) -> bool:
        """Whether batches of windows of one length are computed faster than padded ones."""

    def __call__(self, ids: NDArray[np.int64], mask: NDArray[np.int64]) -> Outputs:
        """Logits for token ids (B, T) under an attention mask (B, T) of ones and zeros."""


def first_line(error: Exception) -> str:
    """What an exporter or a runtime complains of, in one line of at most 200 characters."""
    return (str(error).splitlines() or [""])[0][:200] or type(error).__name__
