"""Settings of a training run: a TOML file, checked when it is read."""

import tomllib
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from classifiers.errors import InputError

Share = Annotated[float, Field(ge=0, lt=1)]
Positive = Annotated[float, Field(gt=0)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Source(_Strict):
    """One labelled file.

    Attributes
    ----------
    format
        `posts`: one JSON object a line as in `datasets/written`; `calls`: the codebook's output with the text;
        `unlp2025`: the codebook's output, joined by id to the task's Parquet file `texts`.
    held_out
        Share of groups (a pair, or a single post) that are never trained on.
    held_out_fold
        The fold that is never trained on, where the file has folds.
    weight
        Weight of a post of this source in every loss.
    techniques
        Whether the source's technique labels are complete enough to learn from.
    real
        Whether people wrote these posts to each other; thresholds are only ever set on such posts.
    enriched
        Whether posts were sampled for appeal words, so that they say nothing about base rates.
    crosswalk
        The TOML file that says what labels of another corpus mean in our scheme, see
        `classifiers.training.corpora.crosswalk`; relative to the configuration. `path` (and `texts`) are the corpus's
        own files then, and `format` plays no part.
    licence, binding
        Its licence, and whether weights that were trained on it come under that licence.
    """

    name: str
    path: Path
    format: Literal["posts", "calls", "unlp2025"] = "posts"
    texts: Path | None = None
    crosswalk: Path | None = None
    held_out: Share = 0.0
    held_out_fold: int | None = None
    weight: Positive = 1.0
    techniques: bool = True
    real: bool = False
    enriched: bool = False
    licence: str = ""
    binding: bool = False


class LossWeights(_Strict):
    """Weight of each head in the summed loss."""

    call: float = 1.0
    promotion: float = 0.3
    verdict: float = 1.0
    call_types: float = 1.0
    techniques: float = 1.0
    spans: float = 0.5


class TrainingConfig(_Strict):
    """Everything that a run depends on besides the data and the backbone.

    Attributes
    ----------
    without
        Names of sources to leave out, e.g. `["unlp2025"]` for weights without a non-commercial licence.
    window
        Tokens of a post that are read in training (its beginning and its end), prefix included.
    frozen_layers
        The embeddings and this many lower layers stay as they are: cheaper, and what the encoder knows of languages
        with few labelled posts stays too. 0 trains everything.
    precision
        `bfloat16` for autocast, `float32` for none.
    pooling
        See `classifiers.model.PostClassifier`.
    layer_decay
        Each layer below the top learns at this share of the rate of the one above it.
    average
        Decay of the exponential moving average of the weights, which is what is kept; 0 keeps the last weights.
    folds
        Folds of a cross-validation: the model that is kept is trained on all posts, and calibrated and scored by
        networks that did not see them (so many more trainings). 0 holds posts out instead, as the sources say.
    runs
        Runs from the same start that see the posts in different orders; the mean of their weights is kept
        (Wortsman et al. 2022, Model soups, ICML).
    lexical
        Whether the model gets a lexical branch beside the network, see `classifiers.lexical`.
    augment
        Share of posts that are altered anew in each epoch, see `classifiers.training.augment`.
    bootstrap_samples
        Samples behind the intervals of the card's scores.
    technique_weight_limit
        A rare technique counts at most this many times as much as its absence.
    """

    name: str = "influence"
    seed: int = 0
    epochs: int = Field(5, ge=1)
    batch_size: int = Field(16, ge=1)
    window: int = Field(192, ge=16, le=8192)
    prefix: str = "query: "
    encoder_rate: Positive = 7e-5
    head_rate: Positive = 1e-3
    warmup_steps: int = Field(100, ge=0)
    weight_decay: float = Field(0.01, ge=0)
    dropout: Share = 0.1
    attention_dropout: Share = 0.1
    frozen_layers: int = Field(0, ge=0)
    pooling: Literal["mean", "attention"] = "mean"
    layer_decay: float = Field(1.0, gt=0, le=1)
    average: Share = 0.0
    folds: int = Field(0, ge=0, le=20)
    runs: int = Field(1, ge=1)
    augment: Share = 0.0
    lexical: bool = False
    max_gradient: Positive = 1.0
    precision: Literal["bfloat16", "float32"] = "bfloat16"
    technique_weight_limit: Positive = 6.0
    span_weight: Positive = 2.0
    loss: LossWeights = LossWeights()
    bootstrap_samples: int = Field(1000, ge=1)
    without: tuple[str, ...] = ()
    sources: tuple[Source, ...] = ()

    def used_sources(self) -> tuple[Source, ...]:
        """The sources that are not left out."""
        unknown = set(self.without) - {source.name for source in self.sources}
        if unknown:
            raise InputError(f"without names no source: got {sorted(unknown)!r}. Use names under [[sources]].")
        return tuple(source for source in self.sources if source.name not in self.without)


def read_config(file: Path) -> TrainingConfig:
    """Read a training configuration.

    Raises
    ------
    InputError
        If the file cannot be read, is no TOML, or has a setting that is unknown or out of range.
    """
    try:
        return _beside(TrainingConfig.model_validate(tomllib.loads(file.read_text(encoding="utf-8"))), file.parent)
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{file}: cannot be read ({error}). Give a TOML file of training settings.") from error
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{file}: is no TOML ({error}).") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"])
        raise InputError(f"{file}: {where}: {first['msg']}, got {first['input']!r}.") from error


def _beside(config: TrainingConfig, folder: Path) -> TrainingConfig:
    """The settings with crosswalks found from the folder of the configuration: they are part of it, not of the data."""
    sources = [
        source if source.crosswalk is None else source.model_copy(update={"crosswalk": folder / source.crosswalk})
        for source in config.sources
    ]
    return config.model_copy(update={"sources": tuple(sources)})
