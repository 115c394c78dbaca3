"""From an encoder of Hugging Face to a trained network."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import AutoConfig, AutoModel, AutoTokenizer
from transformers.utils import logging as transformers_logging

from classifiers.encoding import Encoder
from classifiers.errors import InputError
from classifiers.examples import Example
from classifiers.model import PostClassifier
from classifiers.training.config import TrainingConfig
from classifiers.training.data import training_part
from classifiers.training.dropout import pool_dropout
from classifiers.training.loop import Run, seed_everything


def load_backbone(
    backbone: str | Path, *, attention_dropout: float | None = None, device: torch.device | None = None
) -> tuple[Any, Any]:
    """Encoder and fast tokenizer of a folder or of a name on the hub.

    Raises
    ------
    InputError
        If there is no such encoder, or its tokenizer is not a fast one (spans need offsets).
    """
    try:
        with _quiet():
            return _backbone(backbone, attention_dropout, device)
    except (OSError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise InputError(
            f"backbone {str(backbone)!r} cannot be loaded ({reason}). Give a folder or a hub name of an encoder."
        ) from error


def _backbone(backbone: str | Path, attention_dropout: float | None, device: torch.device | None) -> tuple[Any, Any]:
    config = AutoConfig.from_pretrained(backbone)
    if attention_dropout is not None and hasattr(config, "attention_probs_dropout_prob"):
        config.attention_probs_dropout_prob = attention_dropout
    # On a CPU the fused attention is the faster one (a fifth less a step) only where no attention is dropped.
    fused = not attention_dropout or (device is not None and device.type != "cpu")
    attention = "sdpa" if fused else "eager"
    encoder = AutoModel.from_pretrained(backbone, config=config, attn_implementation=attention, dtype="float32")
    tokenizer = AutoTokenizer.from_pretrained(backbone)
    if not getattr(tokenizer, "is_fast", False):
        raise ValueError("it has no fast tokenizer, and spans need the offsets of one")
    return encoder, tokenizer


@contextmanager
def _quiet() -> Iterator[None]:
    """No bars and no load reports: a pooler that is missing is one that we do not use."""
    level = transformers_logging.get_verbosity()
    bars = transformers_logging.is_progress_bar_enabled()
    transformers_logging.set_verbosity_error()  # type: ignore[no-untyped-call]
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        transformers_logging.set_verbosity(level)
        if bars:
            transformers_logging.enable_progress_bar()  # type: ignore[no-untyped-call]


def fine_tune(
    examples: list[Example], backbone: str | Path, out: Path, config: TrainingConfig
) -> tuple[PostClassifier, Encoder, Any, float]:
    """Train on the examples that are not held out; continues from a checkpoint in `out`.

    Returns
    -------
    The trained network, its encoder of texts, its tokenizer, and the seconds of training.
    """
    own = training_part(examples)
    if not own:
        raise InputError("no labelled post is left to train on: everything is held out. Lower held_out.")
    states, seconds = [], 0.0
    for number in range(config.runs):
        folder = out if config.runs == 1 else out / f"run{number}"
        folder.mkdir(parents=True, exist_ok=True)
        model, encoder, tokenizer = _untrained(backbone, config)
        run = Run(model, encoder, own, config, folder, order=number)
        run.run()
        seconds += run.seconds
        states.append({name: tensor.cpu() for name, tensor in model.state_dict().items()})
    model.cpu().load_state_dict(mean_state(states))
    model.eval()
    return model, encoder, tokenizer, seconds


def _untrained(backbone: str | Path, config: TrainingConfig) -> tuple[PostClassifier, Encoder, Any]:
    """The network before its first step: every run of a configuration starts from the same heads."""
    seed_everything(config.seed)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network, tokenizer = load_backbone(backbone, attention_dropout=config.attention_dropout, device=device)
    encoder = Encoder(tokenizer, window=min(config.window, _longest_input(network, tokenizer)), prefix=config.prefix)
    model = PostClassifier(network, dropout=config.dropout, pooling=config.pooling)
    if device.type == "cpu":
        pool_dropout(model)
    return model, encoder, tokenizer


def mean_state(states: Sequence[Mapping[str, Tensor]]) -> dict[str, Tensor]:
    """The mean of the weights of several runs from one start."""
    return {
        name: torch.stack([state[name] for state in states]).mean(0) if tensor.is_floating_point() else tensor
        for name, tensor in states[0].items()
    }


def _longest_input(network: Any, tokenizer: Any) -> int:
    """Tokens that the encoder can read; models of the RoBERTa family lose some positions to padding."""
    positions = int(getattr(network.config, "max_position_embeddings", 512))
    if "roberta" in str(getattr(network.config, "model_type", "")):
        positions -= int(network.config.pad_token_id or 0) + 1
    return min(positions, int(getattr(tokenizer, "model_max_length", positions)))
