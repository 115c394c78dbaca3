"""A network in ONNX's format, its large matrices in 8 bits."""

import contextlib
import copy
import logging
import tempfile
import warnings
from collections.abc import Iterator, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import torch
from torch import Tensor, nn

from classifiers.engines.base import OUTPUTS, Export
from classifiers.engines.bert_graph import OPSET, encoder_graph, is_bert, reaches
from classifiers.engines.probes import Probe
from classifiers.model import PostClassifier

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


class _Given(nn.Module):
    """Stands for an encoder whose states are known."""

    def forward(self, input_ids: Tensor, attention_mask: Tensor) -> SimpleNamespace:
        return SimpleNamespace(last_hidden_state=input_ids)


def exported(model: PostClassifier, probes: Sequence[Probe], *, weight_bits: int = 8) -> Export:
    """The network as an ONNX model.

    Parameters
    ----------
    model
        A network on the CPU. A BERT is written as fused operators (`bert_graph`), any other encoder is traced.
    probes
        Batches of real windows: they show which inputs of a product reach far.
    weight_bits
        Bits of a weight, 8 or 7 (see `processor.weight_bits`); of a BERT also `bert_graph.EXACT`: nothing is rounded.

    Raises
    ------
    Exception
        Whatever the exporter raises for an encoder that it cannot trace.

    Notes
    -----
    Weights have a scale for each column, activations are rounded to 8 bits as they come. In a traced network the second
    matrix of each feed-forward block stays in float32: what it reads has a few numbers far larger than the rest, and
    rounding them costs more than all other rounding together.
    """
    model.eval()
    with tempfile.TemporaryDirectory(prefix="influence-export-") as folder, _quiet():
        if is_bert(model.encoder):
            return Export(_fused(model, probes, Path(folder), weight_bits), equal_lengths=True)
        plain, small = Path(folder) / "plain.onnx", Path(folder) / "small.onnx"
        ids = torch.zeros((2, 16), dtype=torch.int64)
        _trace(_Plain(model), {"ids": ids, "mask": torch.ones_like(ids)}, plain)
        _quantise(plain, small, int(model.encoder.config.hidden_size), weight_bits)
        return Export(small.read_bytes(), equal_lengths=False)


def _fused(model: PostClassifier, probes: Sequence[Probe], folder: Path, weight_bits: int) -> bytes:
    """Encoder as a graph of our own, heads as they are traced, in one model."""
    import onnx
    from onnx.compose import merge_models

    tensors = [(torch.from_numpy(probe.ids), torch.from_numpy(probe.mask)) for probe in probes]
    encoder = encoder_graph(model.encoder, reaches(model.encoder, tensors), weight_bits=weight_bits)
    heads = copy.copy(model)
    heads._modules = {**model._modules, "encoder": _Given()}
    states = torch.zeros((2, 16, int(model.encoder.config.hidden_size)))
    file = folder / "heads.onnx"
    _trace(_Plain(heads), {"states": states, "mask": torch.ones((2, 16), dtype=torch.int64)}, file)
    traced = onnx.load(str(file))
    traced.ir_version = encoder.ir_version
    traced.opset_import.append(encoder.opset_import[1])
    # The names of the two may be the same for different things.
    traced = onnx.compose.add_prefix(traced, "heads/", rename_inputs=False, rename_outputs=False)
    merged = merge_models(encoder, traced, io_map=[("states", "states")])
    content: bytes = merged.SerializeToString()
    return content


def _trace(module: nn.Module, inputs: dict[str, Tensor], file: Path) -> None:
    axes = {0: "windows", 1: "tokens"}
    dynamic: dict[str, Any] = dict.fromkeys([*inputs, "spans"], axes)
    dynamic |= {name: {0: "windows"} for name in OUTPUTS[:4]}
    # The exporter by tracing: three times as fast as the newer one, and it needs no library besides onnx.
    torch.onnx.export(
        module,
        tuple(inputs.values()),
        str(file),
        dynamo=False,
        input_names=list(inputs),
        output_names=list(OUTPUTS),
        dynamic_axes=dynamic,
        opset_version=OPSET,
    )


def _quantise(plain: Path, small: Path, width: int, weight_bits: int) -> None:
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
        reduce_range=weight_bits < 8,
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
