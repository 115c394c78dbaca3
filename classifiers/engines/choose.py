"""Which engine computes: the fastest that is there, and torch where another one fails."""

import logging
import os

from classifiers.encoding import Encoder
from classifiers.engines.base import Engine, first_line
from classifiers.engines.torch_engine import TorchEngine
from classifiers.errors import InputError
from classifiers.model import PostClassifier

#: What can be asked for. `auto` is torch on a GPU and ONNX Runtime on a CPU.
RUNTIMES = ("auto", "torch", "onnx")
#: Names the runtime where the caller does not.
VARIABLE = "INFLUENCE_RUNTIME"

_log = logging.getLogger(__name__)


def runtime_asked_for(runtime: str | None) -> str:
    """The runtime that is given, else that of the environment, else `auto`.

    Raises
    ------
    InputError
        If it is none of `RUNTIMES`.
    """
    name = runtime or os.environ.get(VARIABLE) or "auto"
    if name not in RUNTIMES:
        where = "" if runtime else f" (from {VARIABLE})"
        raise InputError(f"there is no runtime {name!r}{where}; there are {', '.join(RUNTIMES)}.")
    return name


def choose_engine(model: PostClassifier, encoder: Encoder, sha256: str, runtime: str) -> Engine:
    """The engine for a network whose weights lie where they are to be used.

    Parameters
    ----------
    model
        The network, on its device.
    encoder
        What cuts texts into its windows; a conversion is measured on such windows.
    sha256
        Hash of its weights, which names its export in the cache; an unnamed model is not exported.
    runtime
        One of `RUNTIMES`.

    Notes
    -----
    An encoder that cannot be exported, or whose export does not agree with it, is computed by torch; that is said in
    one line of the log, which Python prints where no logging is set up.
    """
    on_gpu = next(model.parameters()).device.type != "cpu"
    if runtime == "torch" or not sha256 or (runtime == "auto" and on_gpu):
        return TorchEngine(model)
    from classifiers.engines.onnx_engine import open_onnx

    try:
        return open_onnx(model, sha256, encoder)
    except Exception as error:  # exporters and runtimes raise everything there is; labels must come all the same
        _log.warning("ONNX Runtime cannot be used (%s); torch computes, which takes longer.", first_line(error))
        return TorchEngine(model)


def exact_engine(engine: Engine, model: PostClassifier) -> Engine | None:
    """What reads again, in float32, the posts that a rounding engine cannot decide; None for one that does not round.

    The fused graph of a BERT is used in float32 too; any other network is read by torch.
    """
    if not engine.rounding:
        return None
    from classifiers.engines.onnx_engine import ExactOnnxEngine, OnnxEngine

    return ExactOnnxEngine(model) if isinstance(engine, OnnxEngine) and engine.equal_lengths else TorchEngine(model)
