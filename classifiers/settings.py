"""What a model folder says about itself in `classifier.json`: how to read texts, calibration, thresholds, card."""

import json
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from classifiers.calibration import POOLED, NegativeScores, Platt
from classifiers.errors import InputError
from classifiers.scheme import TECHNIQUES

FILE = "classifier.json"
FORMAT = 1


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class PlattSettings(_Strict):
    """A fitted `Platt`; the default leaves a logit as it is."""

    slope: float = 1.0
    intercepts: dict[str, float] = {POOLED: 0.0}

    def build(self) -> Platt:
        """The calibration itself."""
        return Platt(self.slope, self.intercepts)

    @classmethod
    def of(cls, platt: Platt) -> "PlattSettings":
        """Settings of a fitted calibration, rounded to six digits."""
        return cls(slope=round(platt.slope, 6), intercepts={k: round(v, 6) for k, v in platt.intercepts.items()})


class Calibration(_Strict):
    """Everything that was fitted on validated posts after training.

    Attributes
    ----------
    negatives
        Calibrated `p_call` of real posts that are no calls, a language; from these come the call thresholds.
    open_calls
        Calibrated `p_manipulative` of real open calls; from these comes the threshold of `manipulative`.
    cautious
        Languages whose real posts hold too few calls to know the recall: their call threshold is that of half the
        false-positive rate, since their negatives cannot be checked against calls either.
    positive_below
        A call is open below this `p_manipulative`; not fitted, there are too few real manipulative calls for that.
    technique_at
        Ten probabilities from which a technique is listed.
    span_at, span_grow_at
        A span has a token of at least `span_at`, and grows over neighbours of at least `span_grow_at`.
    """

    call: PlattSettings = PlattSettings()
    verdict: PlattSettings = PlattSettings()
    techniques: tuple[PlattSettings, ...] = (PlattSettings(),) * len(TECHNIQUES)
    negatives: dict[str, list[float]] = {}
    open_calls: list[float] = []
    cautious: tuple[str, ...] = ()
    positive_below: float = 0.3
    technique_at: tuple[float, ...] = (0.5,) * len(TECHNIQUES)
    call_type_at: float = 0.5
    span_at: float = 0.5
    span_grow_at: float = 0.35

    def call_thresholds(self, language: str, max_fpr: float) -> tuple[float, float]:
        """`(unsure_at, call_at)` of a language.

        From `call_at` on a post is a call within the rate. Between the two it cannot be told: it would pass at one and
        a half times the rate, or is more likely a call than not.
        """
        negatives = NegativeScores(self.negatives)
        if language in self.cautious:
            max_fpr = max_fpr / 2
        call_at = negatives.threshold(language, max_fpr)
        looser = negatives.threshold(language, min(1.5 * max_fpr, 0.999))
        return min(call_at, looser, 0.5), call_at

    def manipulative_at(self, max_fpr: float) -> float:
        """The `p_manipulative` from which on a call is manipulative: likely, and rare among open calls."""
        return max(0.5, NegativeScores({POOLED: self.open_calls}).threshold(POOLED, max_fpr))


class LexicalScales(_Strict):
    """How the lexical branch is added to the network: log odds of the network plus `ratios[name]` times its own."""

    ratios: dict[str, float]


class ModelSettings(_Strict):
    """Contents of `classifier.json`; `call_words` says whether the span head was fitted to the words of calls."""

    format: int = FORMAT
    name: str
    sha256: str = ""
    prefix: str = ""
    window: int = Field(ge=16)
    overlap: int = Field(48, ge=0)
    pooling: Literal["mean", "attention"] = "mean"
    lexical: LexicalScales | None = None
    call_words: bool = False
    calibration: Calibration = Calibration()
    card: dict[str, Any] = {}

    @property
    def version(self) -> str:
        """Name and short hash of the weights: what the column `model` says."""
        return f"{self.name}-{self.sha256[:8]}" if self.sha256 else self.name


def write_settings(settings: ModelSettings, folder: Path) -> None:
    """Write `classifier.json`."""
    text = json.dumps(settings.model_dump(), ensure_ascii=False, indent=1)
    (folder / FILE).write_text(text + "\n", encoding="utf-8")


def read_settings(folder: Path) -> ModelSettings:
    """Read `classifier.json`.

    Raises
    ------
    InputError
        If the folder is none, is no model of ours, or was written by a newer version.
    """
    file = folder / FILE
    if not folder.is_dir():
        raise InputError(f"{folder}: no such folder. Give a folder that `train` wrote, or none for the shipped model.")
    if not file.is_file():
        raise InputError(f"{folder}: is no model of ours ({FILE} is missing). Give a folder that `train` wrote.")
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
        found = values.get("format") if isinstance(values, dict) else None
        if isinstance(found, int) and found > FORMAT:
            raise InputError(f"{file}: format {found} is newer than {FORMAT}. Update this program.")
        return ModelSettings.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"]))
        raise InputError(f"{file}: {where}: {first['msg']}. Copy the model again.") from error
    except (OSError, UnicodeDecodeError, json.JSONDecodeError) as error:
        raise InputError(f"{file}: cannot be read ({error}). Copy the model again.") from error
