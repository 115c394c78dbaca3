"""The network as torch computes it: float32 on a CPU, bfloat16 where a GPU has it."""

import contextlib

import numpy as np
import torch
from numpy.typing import NDArray

from classifiers.engines.base import OUTPUTS, Outputs
from classifiers.model import PostClassifier


class TorchEngine:
    """Runs the network where its weights lie; matrix products in half precision on a GPU."""

    name = "torch"
    rounding = None
    equal_lengths = False

    def __init__(self, model: PostClassifier) -> None:
        self.model = model

    @property
    def identity(self) -> str:
        """torch's version and the kind of device."""
        return f"torch {torch.__version__} {self._device.type}"

    def __call__(self, ids: NDArray[np.int64], mask: NDArray[np.int64]) -> Outputs:
        """Logits of a batch; see `Engine`."""
        device = self._device
        self.model.eval()
        with torch.inference_mode(), _half(device):
            logits = self.model(torch.from_numpy(ids).to(device), torch.from_numpy(mask).to(device)).float()
        return Outputs(*(getattr(logits, name).cpu().numpy() for name in OUTPUTS))

    @property
    def _device(self) -> torch.device:
        return next(self.model.parameters()).device


def _half(device: torch.device) -> contextlib.AbstractContextManager[object]:
    if device.type != "cuda":
        return contextlib.nullcontext()
    kind = torch.bfloat16 if torch.cuda.is_bf16_supported() else torch.float16
    return torch.autocast("cuda", dtype=kind)
