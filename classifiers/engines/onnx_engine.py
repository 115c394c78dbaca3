"""The network as ONNX Runtime computes it on a CPU, with 8-bit matrix products, exported once and kept."""

import logging
import os
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers.engines.base import OUTPUTS, Outputs
from classifiers.engines.cache import cache_folder, read_entry, write_entry
from classifiers.engines.torch_engine import TorchEngine
from classifiers.model import PostClassifier

#: Changes when the way of exporting does: older exports are then left alone, and made again under the new name.
VERSION = 1
# Rounding moves a logit by a few hundredths; an export that computes something else is far beyond this.
_AGREES_WITHIN = 0.25

_log = logging.getLogger(__name__)


class OnnxEngine:
    """Runs an exported network.

    Parameters
    ----------
    content
        The model in ONNX's format, with inputs `ids` and `mask` and the outputs of `Outputs`.
    threads
        Threads of one matrix product; None is one for each core that this process may use.
    """

    name = "onnx"

    def __init__(self, content: bytes, *, threads: int | None = None) -> None:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads or _cores()
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        # Batches differ in shape: memory laid out for one of them would be kept for each.
        options.enable_mem_pattern = False
        self._session: Any = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])

    def __call__(self, ids: NDArray[np.int64], mask: NDArray[np.int64]) -> Outputs:
        """Logits of a batch; see `Engine`."""
        return Outputs(*self._session.run(list(OUTPUTS), {"ids": ids, "mask": mask}))


def open_onnx(model: PostClassifier, sha256: str) -> OnnxEngine:
    """The engine of a network from the cache, or exported now and put there.

    Raises
    ------
    Exception
        Whatever the exporter or the runtime raises, and RuntimeError where an export does not agree with the network.
    """
    import onnxruntime

    file = cache_folder() / f"{sha256[:32]}-{VERSION}-{onnxruntime.__version__}.onnx"
    content = read_entry(file)
    if content is not None:
        return OnnxEngine(content)
    if file.exists():
        _log.warning("%s is damaged; it is made again.", file)
    from classifiers.engines.export import exported

    content = exported(model)
    engine = OnnxEngine(content)
    _check(engine, model)
    _keep(file, content)
    return engine


def _keep(file: Path, content: bytes) -> None:
    try:
        write_entry(file, content)
    except OSError as error:
        _log.warning(
            "%s cannot be written (%s): the model is converted each time. Set XDG_CACHE_HOME to a folder that can.",
            error.filename or file,
            error.strerror or error,
        )


def _check(engine: OnnxEngine, model: PostClassifier) -> None:
    """Compare an export with its network on batches of several shapes, padding included."""
    random, vocabulary = np.random.default_rng(0), int(model.encoder.config.vocab_size)
    for rows, tokens in ((1, 12), (3, 33)):
        ids = random.integers(0, vocabulary, (rows, tokens))
        mask = np.ones_like(ids)
        mask[1:, tokens // 2 :] = 0
        ours, theirs = engine(ids, mask), TorchEngine(model)(ids, mask)
        for name in OUTPUTS[:4]:
            found, expected = getattr(ours, name), getattr(theirs, name)
            off = float(np.abs(found - expected).mean())
            if found.shape != expected.shape or not off <= _AGREES_WITHIN * max(1.0, float(np.abs(expected).mean())):
                raise RuntimeError(f"the exported model does not agree with the network: {name} is off by {off:.3g}")


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
