"""What every engine is: a callable from padded token ids to logits, all of it numpy."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

#: Names of the logits, in the order in which `classifiers.model.Logits` has them.
OUTPUTS = ("call", "manipulative", "call_types", "techniques", "spans")


@dataclass(frozen=True, slots=True)
class Outputs:
    """Logits of B windows of T tokens, float32.

    `call` (B, 3), `manipulative` (B,), `call_types` (B, 11), `techniques` (B, 10), `spans` (B, T, 11).
    """

    call: NDArray[np.float32]
    manipulative: NDArray[np.float32]
    call_types: NDArray[np.float32]
    techniques: NDArray[np.float32]
    spans: NDArray[np.float32]


class Engine(Protocol):
    """Computes the logits of a batch of windows."""

    @property
    def name(self) -> str:
        """`torch` or `onnx`."""

    def __call__(self, ids: NDArray[np.int64], mask: NDArray[np.int64]) -> Outputs:
        """Logits for token ids (B, T) under an attention mask (B, T) of ones and zeros."""
