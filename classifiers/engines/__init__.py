"""What computes: windows of token ids in, logits out. torch everywhere, ONNX Runtime with 8-bit arithmetic on CPUs.

Everything else (texts, windows, calibration, labels) is the same whichever engine computes.
"""

from classifiers.engines.base import Engine, Outputs, Rounding
from classifiers.engines.choose import RUNTIMES, choose_engine
from classifiers.engines.torch_engine import TorchEngine

__all__ = ["RUNTIMES", "Engine", "Outputs", "Rounding", "TorchEngine", "choose_engine"]
