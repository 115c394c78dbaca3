"""Fine-tune any encoder of Hugging Face on labelled posts, calibrate it, and write a model folder."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from transformers import AutoConfig, AutoModel, AutoTokenizer
from transformers.utils import logging as transformers_logging

from classifiers.encoding import Encoder
from classifiers.errors import InputError
from classifiers.examples import Example
from classifiers.loading import load
from classifiers.model import PostClassifier
from classifiers.saving import save
from classifiers.settings import ModelSettings
from classifiers.training.assess import assess
from classifiers.training.branch import add_branch
from classifiers.training.config import Source, TrainingConfig, read_config
from classifiers.training.data import held_out_part, load_examples, training_part
from classifiers.training.loop import Run, seed_everything

#: Share of a user's own file that is held out for calibration and scores.
OWN_HELD_OUT = 0.2


@dataclass(frozen=True, slots=True)
class Trained:
    """What a training run left behind: the model folder, its seconds of training, and the scores of its card."""

    folder: Path
    name: str
    seconds: float
    scores: list[dict[str, Any]]


def train(
    data: str | Path,
    backbone: str | Path,
    out: str | Path,
    config: TrainingConfig | str | Path | None = None,
    *,
    baseline: bool = True,
) -> Trained:
    """Train, calibrate and score a model; an interrupted run goes on where its last epoch ended.

    Parameters
    ----------
    data
        The folder that the configuration's sources lie in. Without sources in it: a JSONL file in the format of
        `datasets/written`, or a folder of such files, taken as real posts of which a fifth is held out.
    backbone
        A folder or a hub name of any encoder with a fast tokenizer.
    out
        The model folder to write; it holds the checkpoint and the log (`log.jsonl`) as well while training runs.
    config
        Settings, or the TOML file that has them; None is the default.
    baseline
        Whether the lexical baseline is fitted for comparison.

    Raises
    ------
    InputError
        If the data, the backbone or the configuration cannot be used.
    """
    settings = read_config(Path(config)) if isinstance(config, str | Path) else config or TrainingConfig()
    folder, base = Path(out), Path(data)
    if not settings.sources:
        settings, base = with_own_sources(settings, base)
    examples = load_examples(settings, base)
    model, encoder, tokenizer, seconds = fine_tune(examples, backbone, folder / "training", settings)
    found = ModelSettings(name=settings.name, prefix=settings.prefix, window=encoder.window, pooling=settings.pooling)
    save(model, tokenizer, found, folder)
    if settings.lexical:
        aside = held_out_part(examples)
        add_branch(folder, training_part(examples), [e for e in aside if e.real] or aside or examples)
    card = {"licence": _licence(settings), "training": _provenance(settings, examples, backbone, seconds)}
    classifier = assess(
        load(folder, runtime="torch"),
        folder,
        training_part(examples),
        held_out_part(examples),
        card,
        baseline=baseline,
        samples=settings.bootstrap_samples,
    )
    return Trained(folder, classifier.name, seconds, list(classifier.card.get("scores", [])))


def with_own_sources(settings: TrainingConfig, data: Path) -> tuple[TrainingConfig, Path]:
    """The settings with each JSONL file of `data` as a source of real posts, and the folder that they lie in."""
    files = [data] if data.is_file() else sorted(data.glob("*.jsonl"))
    if not files:
        raise InputError(f"{data}: no JSONL file of labelled posts. Give one, or a folder of them.")
    sources = tuple(Source(name=file.stem, path=Path(file.name), held_out=OWN_HELD_OUT, real=True) for file in files)
    return settings.model_copy(update={"sources": sources}), files[0].parent


def _licence(settings: TrainingConfig) -> str:
    """Licences that the weights come under by the sources that they were trained on."""
    binding = sorted({source.licence for source in settings.used_sources() if source.binding})
    return ", ".join(binding) or "free of the licences of the sources"


def _provenance(
    settings: TrainingConfig, examples: list[Example], backbone: str | Path, seconds: float
) -> dict[str, Any]:
    sources = {}
    for source in settings.used_sources():
        own = [example for example in examples if example.source == source.name]
        sources[source.name] = {
            "trained_on": len(training_part(own)),
            "held_out": len(held_out_part(own)),
            "licence": source.licence,
            "real": source.real,
            **({"crosswalk": source.crosswalk.stem} if source.crosswalk is not None else {}),
        }
    kept = settings.model_dump(mode="json", exclude={"sources"})
    return {"backbone": Path(backbone).name, "seconds": round(seconds), "sources": sources, "settings": kept}


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
    # "eager" is the faster one on a CPU with padded batches of short texts: 671 against 456 tokens/s in training.
    attention = "eager" if device is None or device.type == "cpu" else "sdpa"
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
    return PostClassifier(network, dropout=config.dropout, pooling=config.pooling), encoder, tokenizer


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
