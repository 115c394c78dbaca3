"""Fine-tune any encoder of Hugging Face on labelled posts, calibrate it, and write a model folder."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from classifiers.errors import InputError
from classifiers.examples import Example
from classifiers.loading import load
from classifiers.prediction import Classifier
from classifiers.saving import save
from classifiers.settings import ModelSettings
from classifiers.training.assess import assess, assess_folds
from classifiers.training.branch import add_branch, fit_branch, write_branch
from classifiers.training.call_words import fit_call_words
from classifiers.training.config import Source, TrainingConfig, read_config
from classifiers.training.data import held_out_part, load_examples, training_part
from classifiers.training.folds import OutOfFold, cross_validate
from classifiers.training.tuning import fine_tune

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
    taught = fit_call_words(model, encoder, training_part(examples))
    found = ModelSettings(
        name=settings.name,
        prefix=settings.prefix,
        window=encoder.window,
        pooling=settings.pooling,
        call_words=taught,
    )
    save(model, tokenizer, found, folder)
    card = {"licence": _licence(settings), "training": _provenance(settings, examples, backbone, seconds)}
    if settings.folds:
        found_out = cross_validate(examples, backbone, folder / "training", settings)
        classifier = finish_with_folds(folder, examples, found_out, settings, card, baseline=baseline)
        return Trained(folder, classifier.name, seconds + found_out.seconds, list(classifier.card["scores"]))
    if settings.lexical:
        aside = held_out_part(examples)
        add_branch(folder, training_part(examples), [e for e in aside if e.real] or aside or examples)
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


def finish_with_folds(
    folder: Path,
    examples: Sequence[Example],
    found: OutOfFold,
    settings: TrainingConfig,
    card: dict[str, Any],
    *,
    baseline: bool = True,
) -> Classifier:
    """Give a network that saw all posts its lexical branch, and calibration and card from out-of-fold scores."""
    raw, scales = found.together()
    if scales is not None:
        write_branch(folder, fit_branch(examples), scales)
    classifier = load(folder, runtime="torch")
    return assess_folds(
        classifier, folder, examples, found.folds, raw, card, baseline=baseline, samples=settings.bootstrap_samples
    )


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
