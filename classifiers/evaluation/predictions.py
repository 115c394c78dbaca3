"""What a model said of posts, whatever the model: scores that rank, labels that decide, or both."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa

from classifiers.calibration import Floats
from classifiers.errors import InputError
from classifiers.scheme import TECHNIQUES

if TYPE_CHECKING:
    from classifiers.inference import RawScores

# Log odds of a probability of 0 or 1 as floating point has it.
_SURE = 40.0


@dataclass(frozen=True, slots=True)
class Predictions:
    """What one model said of N posts, in their order.

    Attributes
    ----------
    model
        Its name in the tables.
    scores
        Log odds (N,), higher for "yes", above 0 counted as "yes": `call`, `manipulative` and each technique. Any may be
        missing; -inf is allowed, nan is not.
    labels
        A table as `Classifier.predict` returns it, or None: labels, techniques, spans, calibrated probabilities.
    """

    model: str
    scores: Mapping[str, Floats] = field(default_factory=dict)
    labels: pa.Table | None = None

    @classmethod
    def of_raw(cls, model: str, raw: "RawScores", labels: pa.Table | None = None) -> "Predictions":
        """From the raw scores of a network (`Classifier.raw_scores`, or out-of-fold ones)."""
        techniques = {name: raw.techniques[:, i] for i, name in enumerate(TECHNIQUES)}
        return cls(model, {"call": raw.call, "manipulative": raw.manipulative, **techniques}, labels)

    @classmethod
    def of_labels(cls, model: str, labels: pa.Table) -> "Predictions":
        """From labels alone: their calibrated probabilities rank as well."""
        techniques = labels["p_techniques"].combine_chunks()
        columns = {"call": labels["p_call"], "manipulative": labels["p_manipulative"]}
        columns |= {name: techniques.field(name) for name in TECHNIQUES}
        return cls(model, {name: log_odds(column.to_numpy()) for name, column in columns.items()}, labels)

    def check(self, count: int) -> None:
        """Raise InputError if something does not fit `count` posts, or a score is nan."""
        for name, column in self.scores.items():
            if np.shape(column) != (count,):
                raise InputError(f"{self.model}: {name} has shape {np.shape(column)} for {count} posts. Give one each.")
            if np.isnan(column).any():
                row = int(np.flatnonzero(np.isnan(column))[0])
                raise InputError(f"{self.model}: {name}[{row}] is nan. Leave out posts that the model did not read.")
        if self.labels is not None and self.labels.num_rows != count:
            raise InputError(f"{self.model}: {self.labels.num_rows} labels for {count} posts. Give one each, in order.")


def log_odds(probabilities: Floats) -> Floats:
    """log(p / (1 - p)), kept within ±40."""
    p = np.asarray(probabilities, dtype=np.float64)
    with np.errstate(divide="ignore"):
        return np.asarray(np.clip(np.log(p) - np.log1p(-p), -_SURE, _SURE))
