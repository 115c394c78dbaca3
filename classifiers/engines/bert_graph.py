"""A BERT written as an ONNX graph of fused operators, its large products in 8 bits or in float32.

Written operator by operator, since two things that make it fast and exact cannot be had from a traced network:
attention without a mask (windows of a batch are of one length), and the split of each feed-forward block by the size of
its inputs.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import onnx
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

OPSET = 17
#: Bits of a weight that is not rounded.
EXACT = 32
_IR = 10
_CONTRIB = "com.microsoft"
# One in so many inputs of a feed-forward product stays in float32: those that reach farthest.
_ONE_IN = 96
# Inputs beyond this quantile of the inputs' reach are scaled down to it.
_REACH = 0.98

Array = NDArray[Any]


@dataclass(slots=True)
class Graph:
    """Nodes and constants as they are added; every method returns the name of what it made."""

    weight_bits: int
    nodes: list[Any] = field(default_factory=list)
    constants: list[Any] = field(default_factory=list)

    def constant(self, values: Array) -> str:
        """A constant tensor."""
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(values), name))
        return name

    def node(self, kind: str, *inputs: str, ours: bool = True, outputs: int = 1, **attributes: Any) -> str:
        """A node of the runtime's own operators, or of ONNX's if `ours` is false; the name of its first output."""
        name = f"n{len(self.nodes)}"
        names = [name, *(f"{name}_{i}" for i in range(1, outputs))]
        domain = _CONTRIB if ours else ""
        self.nodes.append(helper.make_node(kind, inputs, names, name, domain=domain, **attributes))
        return name

    def weights(self, matrix: Array) -> tuple[str, str, str]:
        """A matrix (K, N) as int8 with a scale for each column: names of the numbers, the scales, the zeros."""
        most = 2 ** (self.weight_bits - 1) - 1
        scale = (np.abs(matrix).max(axis=0) / most).clip(min=1e-12).astype(np.float32)
        packed = np.round(matrix / scale).clip(-most, most).astype(np.int8)
        return self.constant(packed), self.constant(scale), self.constant(np.zeros(len(scale), dtype=np.int8))

    @property
    def exact(self) -> bool:
        """Whether nothing is rounded."""
        return self.weight_bits == EXACT

    def product(self, source: str, matrix: Array, bias: Array) -> str:
        """The product of a tensor and a matrix (K, N) plus a bias (N,); both are rounded to 8 bits unless `exact`."""
        if self.exact:
            return self.node("Gemm", source, self.constant(matrix), self.constant(bias), ours=False)
        numbers, scale, zeros = self.weights(matrix)
        return self.node("DynamicQuantizeMatMul", source, numbers, scale, zeros, self.constant(bias))


def encoder_graph(encoder: Any, reach: Mapping[str, Array], *, weight_bits: int) -> onnx.ModelProto:
    """The graph of a BERT: input `ids` (B, T) int64, output `states` (B, T, width).

    Parameters
    ----------
    encoder
        A `BertModel` that `is_bert` takes.
    reach
        The largest magnitude of each input of the linear layers named `…intermediate.dense` and `…output.dense`, as
        `reaches` finds them.
    weight_bits
        8, or 7 on processors whose 8-bit products saturate; `EXACT` rounds nothing, and `reach` is not looked at.

    Notes
    -----
    A product rounds its inputs with one scale for all of them. A few inputs reach ten times as far as the others,
    always the same ones, and would leave the others with a tenth of the steps. So one in 96 inputs of the second matrix
    of a feed-forward block, those that reach farthest, is computed apart in float32; inputs of the first one that reach
    beyond the 98th percentile are scaled down to it, their weights up.

    References
    ----------
    Dettmers et al. (2022), LLM.int8(): 8-bit matrix multiplication for transformers at scale, NeurIPS.
    Xiao et al. (2023), SmoothQuant: accurate and efficient post-training quantization for large language models, ICML.
    """
    graph = Graph(weight_bits)
    state = {name: tensor.detach().float().numpy() for name, tensor in encoder.state_dict().items()}
    config = encoder.config
    flat = _embedded(graph, state, config)
    for number in range(int(config.num_hidden_layers)):
        prefix = f"encoder.layer.{number}."
        layer = {name.removeprefix(prefix): values for name, values in state.items() if name.startswith(prefix)}
        attended = _attended(graph, layer, config, flat)
        own = {name.removeprefix(prefix): values for name, values in reach.items() if name.startswith(prefix)}
        flat = _fed_forward(graph, layer, config, attended, own)
    graph.node("Reshape", flat, _shape(graph, int(config.hidden_size)), ours=False)
    graph.nodes[-1].output[0] = "states"
    axes = ["windows", "tokens"]
    return helper.make_model(
        helper.make_graph(
            graph.nodes,
            "encoder",
            [helper.make_tensor_value_info("ids", TensorProto.INT64, axes)],
            [helper.make_tensor_value_info("states", TensorProto.FLOAT, [*axes, int(config.hidden_size)])],
            graph.constants,
        ),
        opset_imports=[helper.make_opsetid("", OPSET), helper.make_opsetid(_CONTRIB, 1)],
        ir_version=_IR,
    )


def is_bert(encoder: Any) -> bool:
    """Whether an encoder is one that `encoder_graph` knows: BERT with learnt places and the exact GELU."""
    config = encoder.config
    return (
        getattr(config, "model_type", "") == "bert"
        and getattr(config, "position_embedding_type", "absolute") == "absolute"
        and getattr(config, "hidden_act", "") == "gelu"
        and not getattr(config, "is_decoder", False)
    )


def reaches(encoder: Any, batches: Sequence[tuple[Any, Any]]) -> dict[str, Array]:
    """Largest magnitude of each input of the feed-forward layers over batches of token ids and masks (tensors)."""
    import torch

    found: dict[str, Array] = {}
    handles = []

    def watch(name: str) -> Any:
        def look(_: Any, given: tuple[Any, ...]) -> None:
            most = given[0].abs().reshape(-1, given[0].shape[-1]).amax(0).numpy()
            found[name] = np.maximum(found.get(name, most), most)

        return look

    for name, module in encoder.named_modules():
        if name.endswith(("intermediate.dense", "output.dense")) and "attention" not in name:
            handles.append(module.register_forward_pre_hook(watch(name)))
    try:
        with torch.inference_mode():
            for ids, mask in batches:
                encoder(input_ids=ids, attention_mask=mask)
    finally:
        for handle in handles:
            handle.remove()
    return found


def _shape(graph: Graph, width: int) -> str:
    """The shape (B, T, width), from the ids."""
    shape = graph.node("Shape", "ids", ours=False)
    return graph.node("Concat", shape, graph.constant(np.array([width], dtype=np.int64)), ours=False, axis=0)


def _embedded(graph: Graph, state: Mapping[str, Array], config: Any) -> str:
    """Embeddings of the tokens (B·T, width)."""
    places = state["embeddings.position_embeddings.weight"] + state["embeddings.token_type_embeddings.weight"][0]
    words = graph.node("Gather", graph.constant(state["embeddings.word_embeddings.weight"]), "ids", ours=False)
    length = graph.node("Shape", "ids", ours=False, start=1)
    zero = graph.constant(np.array([0], dtype=np.int64))
    place = graph.node("Slice", graph.constant(places), zero, length, zero, ours=False)
    total = graph.node("Add", words, place, ours=False)
    flat = graph.node("Reshape", total, graph.constant(np.array([-1, config.hidden_size])), ours=False)
    scale, shift = (graph.constant(state[f"embeddings.LayerNorm.{name}"]) for name in ("weight", "bias"))
    return graph.node("LayerNormalization", flat, scale, shift, ours=False, epsilon=config.layer_norm_eps)


def _attended(graph: Graph, layer: Mapping[str, Array], config: Any, source: str) -> str:
    names = [f"attention.self.{name}" for name in ("query", "key", "value")]
    shape = _shape(graph, int(config.hidden_size))
    products = _products(graph, source, [layer[f"{name}.weight"].T for name in names])
    parts = [graph.node("Reshape", product, shape, ours=False) for product in products]
    bias = graph.constant(np.concatenate([layer[f"{name}.bias"] for name in names]))
    attended = graph.node("MultiHeadAttention", *parts, bias, num_heads=int(config.num_attention_heads))
    flat = graph.node("Reshape", attended, graph.constant(np.array([-1, config.hidden_size])), ours=False)
    mixed = graph.product(flat, layer["attention.output.dense.weight"].T, layer["attention.output.dense.bias"])
    return _added(graph, layer, "attention.output", config, mixed, source)


def _products(graph: Graph, source: str, matrices: Sequence[Array]) -> list[str]:
    """The products of one tensor and several matrices; it is rounded once for all of them."""
    if graph.exact:
        return [graph.node("MatMul", source, graph.constant(matrix), ours=False) for matrix in matrices]
    rounded = graph.node("DynamicQuantizeLinear", source, ours=False, outputs=3)
    found = []
    for matrix in matrices:
        numbers, scale, zeros = graph.weights(matrix)
        inputs = rounded, numbers, f"{rounded}_1", scale, f"{rounded}_2", zeros
        found.append(graph.node("MatMulIntegerToFloat", *inputs))
    return found


def _fed_forward(graph: Graph, layer: Mapping[str, Array], config: Any, source: str, reach: Mapping[str, Array]) -> str:
    first, bias = layer["intermediate.dense.weight"].T, layer["intermediate.dense.bias"]
    second = layer["output.dense.weight"].T
    if graph.exact:
        wide = graph.node("Gelu", graph.product(source, first, bias))
        return _added(graph, layer, "output", config, graph.product(wide, second, layer["output.dense.bias"]), source)
    by_reach = np.argsort(-reach["output.dense"], kind="stable")
    far, near = np.split(by_reach, [max(1, len(by_reach) // _ONE_IN)])
    near = np.sort(near)
    own = reach["intermediate.dense"]
    smooth = np.maximum(1, own / max(float(np.quantile(own, _REACH)), 1e-6)).astype(np.float32)
    scaled = graph.node("Mul", source, graph.constant(1 / smooth), ours=False)
    wide = graph.node("Gelu", graph.product(scaled, smooth[:, None] * first[:, near], bias[near]))
    many = graph.product(wide, second[near], layer["output.dense.bias"])
    few = graph.node("Gemm", source, graph.constant(first[:, far]), graph.constant(bias[far]), ours=False)
    few = graph.node("Gelu", few)
    rest = graph.node("Gemm", few, graph.constant(second[far]), source, ours=False)
    return _added(graph, layer, "output", config, many, rest)


def _added(graph: Graph, layer: Mapping[str, Array], name: str, config: Any, new: str, before: str) -> str:
    """The sum of what is new and what was before, normalised."""
    # Apart, since the runtime's fusion of the two takes three times as long as they do.
    total = graph.node("Add", new, before, ours=False)
    constants = [graph.constant(layer[f"{name}.LayerNorm.{part}"]) for part in ("weight", "bias")]
    return graph.node("LayerNormalization", total, *constants, ours=False, epsilon=config.layer_norm_eps)
