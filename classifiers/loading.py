"""Open a model: the shipped one, or a folder that training wrote."""

from pathlib import Path
from typing import TYPE_CHECKING

from classifiers.errors import InputError
from classifiers.settings import FILE, ModelSettings, read_settings

if TYPE_CHECKING:
    from classifiers.encoding import Encoder
    from classifiers.model import PostClassifier
    from classifiers.prediction import Classifier

#: The model that ships with the package.
SHIPPED = Path(__file__).parent / "default"


def load(model: str | Path | None = None, *, device: str | None = None, runtime: str | None = None) -> "Classifier":
    """Open a model.

    Parameters
    ----------
    model
        A folder that training wrote; None is the shipped model.
    device
        Where torch computes: `cpu`, `cuda`, …; None is the GPU if there is one.
    runtime
        `torch`, `onnx` (ONNX Runtime on the CPU, 8-bit arithmetic; the model is converted at first use and kept in the
        user's cache folder) or `auto`: torch on a GPU or a device that is named, else ONNX Runtime. None is what the
        environment variable `INFLUENCE_RUNTIME` says, else `auto`.

    Raises
    ------
    InputError
        If the folder is no model of ours, is damaged, or there is no such device or runtime.
    """
    folder = SHIPPED if model is None else Path(model)
    settings = read_settings(folder)

    from classifiers.prediction import Classifier
    from classifiers.storage import digest

    if settings.sha256 and digest(folder) != settings.sha256:
        raise InputError(f"{folder}: the weights do not match {FILE} (damaged or mixed up). Copy the model again.")
    from classifiers.engines.choose import choose_engine, runtime_asked_for
    from classifiers.lexical import load_lexical

    asked = runtime_asked_for(runtime)
    if asked == "onnx":
        device = device or "cpu"
    elif asked == "auto" and device is not None:
        asked = "torch"
    network, encoder = _build(folder, settings)
    network = network.to(_device(device)).eval()
    engine = choose_engine(network, encoder, settings.sha256, asked)
    return Classifier(network, encoder, settings, engine, load_lexical(folder) if settings.lexical else None)


def _build(folder: Path, settings: ModelSettings) -> "tuple[PostClassifier, Encoder]":
    from transformers import AutoConfig, AutoModel, AutoTokenizer

    from classifiers.encoding import Encoder
    from classifiers.model import PostClassifier
    from classifiers.storage import dequantised, load_shards

    try:
        # A model folder is data: nothing in it is ever run as code.
        config = AutoConfig.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        network = AutoModel.from_config(config, attn_implementation="eager")  # type: ignore[no-untyped-call]
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        model = PostClassifier(network, pooling=settings.pooling)
        model.load_state_dict(dequantised(load_shards(folder)))
    except InputError:
        raise
    except (OSError, ValueError, KeyError, RuntimeError) as error:
        reason = (str(error).splitlines() or [repr(error)])[0]
        raise InputError(f"{folder}: cannot be opened as a model ({reason}). Copy the model again.") from error
    encoder = Encoder(tokenizer, window=settings.window, overlap=settings.overlap, prefix=settings.prefix)
    return model, encoder


def _device(name: str | None) -> str:
    import torch

    if name is None:
        return "cuda" if torch.cuda.is_available() else "cpu"
    try:
        torch.empty(0, device=name)
    except (RuntimeError, AssertionError) as error:
        reason = (str(error).splitlines() or [repr(error)])[0]
        raise InputError(f"device {name!r} cannot be used ({reason}). Use cpu, or leave it out.") from error
    return name
