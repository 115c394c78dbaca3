"""The network as ONNX Runtime computes it on a CPU, with 8-bit matrix products, exported once and kept."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers.encoding import Encoder
from classifiers.engines.base import OUTPUTS, Engine, Export, Outputs, Rounding, first_line
from classifiers.engines.cache import cache_folder, read_entry, write_entry
from classifiers.engines.probes import Probe, probes
from classifiers.engines.processor import cores, weight_bits
from classifiers.engines.torch_engine import TorchEngine
from classifiers.model import PostClassifier

#: Changes when the way of exporting does: older exports are then left alone, and made again under the new name.
VERSION = 3
# Rounding moves a logit by a few hundredths; an export that computes something else is far beyond this.
_AGREES_WITHIN = 0.25
# What the order of float32 sums may change.
_EXACT_WITHIN = 1e-3

_log = logging.getLogger(__name__)


class OnnxEngine:
    """Runs an exported network.

    Parameters
    ----------
    export
        The network, converted.
    threads
        Threads of one matrix product; None is one for each core that this process may use.

    Attributes
    ----------
    rounding
        How far its log odds are off on the probes; None if that was not measured.
    equal_lengths
        Whether the model has no mask in its attention; padded batches are computed length by length then.
    """

    name = "onnx"

    def __init__(self, export: Export, *, threads: int | None = None) -> None:
        import onnxruntime
        from onnxruntime import GraphOptimizationLevel

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads or cores()
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # Batches differ in shape: memory laid out for one of them would be kept for each.
        options.enable_mem_pattern = False
        self.equal_lengths = export.equal_lengths
        if self.equal_lengths:
            # Its operators are fused already; what the runtime would fuse besides is slower than the parts.
            options.graph_optimization_level = GraphOptimizationLevel.ORT_ENABLE_BASIC
        self._session: Any = onnxruntime.InferenceSession(export.content, options, providers=["CPUExecutionProvider"])
        self.rounding = export.rounding
        self.identity = f"onnxruntime {onnxruntime.__version__} export {VERSION} weights {weight_bits()} bits"

    def __call__(self, ids: NDArray[np.int64], mask: NDArray[np.int64]) -> Outputs:
        """Logits of a batch; see `Engine`."""
        if not self.equal_lengths or mask.all():
            return self._run(ids, mask)
        lengths = mask.sum(axis=1)
        parts: list[tuple[NDArray[np.intp], Outputs]] = []
        for length in np.unique(lengths):
            rows = np.flatnonzero(lengths == length)
            parts.append((rows, self._run(ids[rows, :length], mask[rows, :length])))
        return _together(parts, ids.shape)

    def _run(self, ids: NDArray[np.int64], mask: NDArray[np.int64]) -> Outputs:
        return Outputs(*self._session.run(list(OUTPUTS), {"ids": ids, "mask": mask}))


class ExactOnnxEngine:
    """A BERT in float32 as ONNX Runtime computes it, twice as fast as torch; converted when it is first needed.

    Where the conversion fails torch computes. Nothing is kept on disk: converting takes a second.
    """

    name = "onnx"
    rounding = None

    def __init__(self, model: PostClassifier) -> None:
        import onnxruntime

        self._model = model
        self._engine: Engine | None = None
        self.identity = f"onnxruntime {onnxruntime.__version__} export {VERSION} float32"

    @property
    def equal_lengths(self) -> bool:
        """Whether batches of windows of one length are computed faster than padded ones."""
        return self._opened().equal_lengths

    def __call__(self, ids: NDArray[np.int64], mask: NDArray[np.int64]) -> Outputs:
        """Logits of a batch; see `Engine`."""
        return self._opened()(ids, mask)

    def _opened(self) -> Engine:
        if self._engine is None:
            self._engine = self._converted()
        return self._engine

    def _converted(self) -> Engine:
        from classifiers.engines.bert_graph import EXACT
        from classifiers.engines.export import exported

        exact = TorchEngine(self._model)
        try:
            engine = OnnxEngine(exported(self._model, [], weight_bits=EXACT))
            _check(engine, exact, int(self._model.encoder.config.vocab_size), within=_EXACT_WITHIN)
        except Exception as error:  # as in `choose_engine`: labels must come all the same
            _log.warning("No exact conversion (%s); torch reads posts near a threshold again.", first_line(error))
            return exact
        return engine


def _together(parts: Sequence[tuple[NDArray[np.intp], Outputs]], shape: tuple[int, ...]) -> Outputs:
    """The outputs of rows that were computed apart; padding has span logits of 0, which nobody reads."""
    found: dict[str, NDArray[np.float32]] = {}
    for name in OUTPUTS:
        inner = getattr(parts[0][1], name).shape[1:]
        whole = np.zeros((shape[0], shape[1], *inner[1:]) if name == "spans" else (shape[0], *inner), dtype=np.float32)
        for rows, outputs in parts:
            values = getattr(outputs, name)
            if name == "spans":
                whole[rows, : values.shape[1]] = values
            else:
                whole[rows] = values
        found[name] = whole
    return Outputs(**found)


def open_onnx(model: PostClassifier, sha256: str, encoder: Encoder) -> OnnxEngine:
    """The engine of a network from the cache, or exported now and put there with what its rounding was measured to be.

    Raises
    ------
    Exception
        Whatever the exporter or the runtime raises, and RuntimeError where an export does not agree with the network.
    """
    import onnxruntime

    bits = weight_bits()
    file = cache_folder() / f"{sha256[:32]}-{VERSION}-{bits}bit-{onnxruntime.__version__}.onnx"
    entry = read_entry(file)
    if entry is not None:
        return OnnxEngine(Export.unpacked(entry))
    if file.exists():
        _log.warning("%s is damaged; it is made again.", file)
    from classifiers.engines.export import exported

    batches = probes(encoder)
    export = exported(model, batches, weight_bits=bits)
    engine, exact = OnnxEngine(export), TorchEngine(model)
    _check(engine, exact, int(model.encoder.config.vocab_size))
    engine.rounding = measured(engine, exact, batches)
    _keep(file, replace(export, rounding=engine.rounding).packed())
    return engine


def measured(engine: Engine, exact: Engine, batches: Sequence[Probe]) -> Rounding:
    """How far an engine's log odds are from those of an exact one: root mean squares over probes."""
    pairs = [(engine(probe.ids, probe.mask), exact(probe.ids, probe.mask)) for probe in batches]
    call = np.concatenate([ours.call_log_odds() - theirs.call_log_odds() for ours, theirs in pairs])
    verdict = np.concatenate([ours.manipulative - theirs.manipulative for ours, theirs in pairs]).astype(np.float64)
    return Rounding(float(np.sqrt(np.mean(call**2))), float(np.sqrt(np.mean(verdict**2))))


def _keep(file: Path, content: bytes) -> None:
    try:
        write_entry(file, content)
    except OSError as error:
        _log.warning(
            "%s cannot be written (%s): the model is converted each time. Set XDG_CACHE_HOME to a folder that can.",
            error.filename or file,
            error.strerror or error,
        )


def _check(engine: Engine, exact: Engine, vocabulary: int, *, within: float = _AGREES_WITHIN) -> None:
    """Compare an export with its network on batches of several shapes, padding included."""
    random = np.random.default_rng(0)
    for rows, tokens in ((1, 12), (3, 33)):
        ids = random.integers(0, vocabulary, (rows, tokens))
        mask = np.ones_like(ids)
        mask[1:, tokens // 2 :] = 0
        ours, theirs = engine(ids, mask), exact(ids, mask)
        for name in OUTPUTS[:4]:
            found, expected = getattr(ours, name), getattr(theirs, name)
            off = float(np.abs(found - expected).mean())
            if found.shape != expected.shape or not off <= within * max(1.0, float(np.abs(expected).mean())):
                raise RuntimeError(f"the exported model does not agree with the network: {name} is off by {off:.3g}")
