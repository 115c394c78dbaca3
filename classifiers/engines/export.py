"""A network in ONNX's format, its large matrices in 8 bits."""

import contextlib
import logging
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from classifiers.engines.base import OUTPUTS
from classifiers.model import PostClassifier

_OPSET = 17
# Below this many numbers a matrix is kept as it is: heads decide, and cost nothing.
_SMALLEST = 65_536


class _Plain(nn.Module):
    """The network with its logits as a tuple, which is what the exporter takes."""

    def __init__(self, model: PostClassifier) -> None:
        super().__init__()
        self.model = model

    def forward(self, ids: Tensor, mask: Tensor) -> tuple[Tensor, ...]:
        logits = self.model(ids, mask)
        return tuple(getattr(logits, name) for name in OUTPUTS)


def exported(model: PostClassifier) -> bytes:
    """The network as an ONNX model with inputs `ids`, `mask` (B, T) int64 and the outputs of `Outputs`.

    Parameters
    ----------
    model
        A network on the CPU, with any encoder that the exporter can trace.

    Raises
    ------
    Exception
        Whatever the exporter raises for an encoder that it cannot trace.

    Notes
    -----
    Weights are int8 with a scale for each column, activations are rounded to 8 bits as they come. The second matrix of
    each feed-forward block stays in float32: what it reads has a few numbers far larger than the rest, and rounding
    them costs more than all other rounding together.
    """
    model.eval()
    with tempfile.TemporaryDirectory(prefix="influence-export-") as folder, _quiet():
        plain, small = Path(folder) / "plain.onnx", Path(folder) / "small.onnx"
        _export(model, plain)
        _quantise(plain, small, int(model.encoder.config.hidden_size))
        return small.read_bytes()


def _export(model: PostClassifier, file: Path) -> None:
    ids = torch.zeros((2, 16), dtype=torch.int64)
    axes = {0: "windows", 1: "tokens"}
    dynamic: dict[str, Any] = {"ids": axes, "mask": axes, "spans": axes}
    dynamic |= {name: {0: "windows"} for name in OUTPUTS[:4]}
    # The exporter by tracing: three times as fast as the newer one, and it needs no library besides onnx.
    torch.onnx.export(
        _Plain(model),
        (ids, torch.ones_like(ids)),
        str(file),
        dynamo=False,
        input_names=["ids", "mask"],
        output_names=list(OUTPUTS),
        dynamic_axes=dynamic,
        opset_version=_OPSET,
    )


def _quantise(plain: Path, small: Path, width: int) -> None:
    import onnx
    from onnxruntime.quantization import QuantType, quantize_dynamic

    graph = onnx.load(str(plain)).graph
    shapes = {tensor.name: tuple(tensor.dims) for tensor in graph.initializer}
    products = [node for node in graph.node if node.op_type == "MatMul"]
    kept = [node.name for node in products if not _in_8_bits(shapes.get(node.input[1], ()), width)]
    quantize_dynamic(
        str(plain),
        str(small),
        per_channel=True,
        weight_type=QuantType.QInt8,
        op_types_to_quantize=["MatMul"],
        nodes_to_exclude=kept,
        extra_options={"MatMulConstBOnly": True},
    )


def _in_8_bits(shape: tuple[int, ...], width: int) -> bool:
    return len(shape) == 2 and shape[0] * shape[1] >= _SMALLEST and shape[0] <= width


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without the remarks of the exporter, which are about its own future and tracing, not about this model."""
    before = logging.root.manager.disable
    logging.disable(logging.CRITICAL)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(before)
