"""The lexical branch: words and character n-grams beside the network, which they see nothing of.

A small encoder smooths over the words that calls are made with; a linear model of n-grams knows nothing else. Their
log odds are added. N-grams are hashed, so that the model is one table of numbers and holds no text of anybody.
"""

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classifiers.calibration import Floats
from classifiers.errors import InputError
from classifiers.normalise import normalise
from classifiers.scheme import TECHNIQUES
from classifiers.storage import LEXICAL

#: What the branch has an opinion on, in the order of its columns.
OUTPUTS: tuple[str, ...] = ("call", *TECHNIQUES)

_WORDS, _CHARACTERS = 2**17, 2**18


@dataclass(frozen=True, slots=True)
class LexicalBranch:
    """A linear model of hashed n-grams.

    Attributes
    ----------
    idf
        Weight (F,) of each of the hashed n-grams; 0 for one that was too rare to learn from.
    weights
        Coefficients (outputs, F) int8, to be multiplied by `scale` (outputs,).
    bias
        Log odds (outputs,) of a text without a known n-gram.
    """

    idf: NDArray[np.float32]
    weights: NDArray[np.int8]
    scale: NDArray[np.float32]
    bias: NDArray[np.float32]

    def scores(self, texts: Sequence[str]) -> Floats:
        """Log odds (N, outputs) of texts."""
        if not len(texts):
            return np.zeros((0, len(self.bias)))
        return self.scores_of(counts(texts))

    def scores_of(self, matrix: Any) -> Floats:
        """Log odds (N, outputs) of texts from their counts (N, F)."""
        matrix = weighted(matrix, self.idf)
        # One output at a time: the whole table in float64 would take fifty megabytes for nothing.
        columns = [matrix @ row.astype(np.float32) * scale for row, scale in zip(self.weights, self.scale, strict=True)]
        return np.asarray(np.stack(columns, axis=1) + self.bias, dtype=np.float64)


def counts(texts: Sequence[str]) -> Any:
    """Damped counts (N, F) of the hashed n-grams of the normalised texts: 1 + log of how often each occurs."""
    from scipy import sparse

    read = [normalise(text).text for text in texts]
    parts = [hasher.transform(read) for hasher in _hashers()]
    matrix = sparse.hstack(parts, format="csr")
    matrix.data = (1 + np.log(matrix.data)).astype(np.float32)
    return matrix


def weighted(matrix: Any, idf: NDArray[np.float32]) -> Any:
    """The counts times their weights, words and characters each of length 1 for a text."""
    from scipy import sparse
    from sklearn.preprocessing import normalize

    scaled = (matrix @ sparse.diags_array(idf)).tocsr()
    parts = [scaled[:, :_WORDS], scaled[:, _WORDS:]]
    return sparse.hstack([normalize(part) for part in parts], format="csr").astype(np.float32)


@functools.cache
def _hashers() -> tuple[Any, Any]:
    from sklearn.feature_extraction.text import HashingVectorizer

    shared = {"alternate_sign": False, "norm": None, "dtype": np.float32}
    return (
        HashingVectorizer(ngram_range=(1, 2), n_features=_WORDS, **shared),
        HashingVectorizer(analyzer="char_wb", ngram_range=(2, 5), n_features=_CHARACTERS, **shared),
    )


def fit_lexical(texts: Sequence[str], labels: Mapping[str, Sequence[bool | None]]) -> LexicalBranch:
    """Fit the branch on labelled texts.

    Parameters
    ----------
    texts
        N texts.
    labels
        For each of `OUTPUTS`, N labels; None is "not asked". An output without labels of both kinds stays at 0.

    Notes
    -----
    Balanced logistic regression with an L2 penalty (C = 4) on n-grams weighted by their inverse document frequency;
    words in fewer than two texts and character n-grams in fewer than three are left out.

    References
    ----------
    Weinberger et al. (2009), Feature hashing for large scale multitask learning, ICML.
    """
    return fit_counts(counts(texts), labels)


def fit_counts(matrix: Any, labels: Mapping[str, Sequence[bool | None]]) -> LexicalBranch:
    """Fit the branch on the counts (N, F) of texts, as `fit_lexical` does on texts."""
    seen = np.asarray((matrix > 0).sum(axis=0)).reshape(-1)
    least = np.concatenate([np.full(_WORDS, 2), np.full(_CHARACTERS, 3)])
    idf = np.where(seen >= least, np.log((1 + matrix.shape[0]) / (1 + seen)) + 1, 0).astype(np.float32)
    features = weighted(matrix, idf)
    weights, bias = np.zeros((len(OUTPUTS), len(idf))), np.zeros(len(OUTPUTS))
    for row, name in enumerate(OUTPUTS):
        known = [i for i, label in enumerate(labels.get(name, ())) if label is not None]
        wanted = [bool(labels[name][i]) for i in known]
        if len(set(wanted)) == 2:
            weights[row], bias[row] = _regression(features[known], wanted)
    scale = (np.abs(weights).max(axis=1) / 127).clip(min=1e-12)
    packed = np.round(weights / scale[:, None]).astype(np.int8)
    return LexicalBranch(idf, packed, scale.astype(np.float32), bias.astype(np.float32))


def _regression(features: Any, labels: Sequence[bool]) -> tuple[Floats, float]:
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(class_weight="balanced", C=4.0, solver="liblinear", random_state=0)
    model.fit(features.astype(np.float64), labels)
    return np.asarray(model.coef_[0], dtype=np.float64), float(model.intercept_[0])


def save_lexical(branch: LexicalBranch, folder: Path) -> None:
    """Write the branch into a model folder; only n-grams that are known are stored."""
    from safetensors.numpy import save_file

    used = np.flatnonzero(branch.idf > 0)
    tensors: dict[str, NDArray[Any]] = {
        "features": used.astype(np.int32),
        "idf": branch.idf[used].astype(np.float16),
        "weights": np.ascontiguousarray(branch.weights[:, used]),
        "scale": branch.scale,
        "bias": branch.bias,
    }
    save_file(tensors, folder / LEXICAL)
    (folder / LEXICAL).chmod(0o644)


def load_lexical(folder: Path) -> LexicalBranch | None:
    """The branch of a model folder; None where it has none.

    Raises
    ------
    InputError
        If the file is damaged.
    """
    from safetensors import SafetensorError
    from safetensors.numpy import load_file

    file = folder / LEXICAL
    if not file.is_file():
        return None
    try:
        stored = load_file(file)
        idf = np.zeros(_WORDS + _CHARACTERS, dtype=np.float32)
        idf[stored["features"]] = stored["idf"].astype(np.float32)
        weights = np.zeros((len(OUTPUTS), len(idf)), dtype=np.int8)
        weights[:, stored["features"]] = stored["weights"]
        return LexicalBranch(idf, weights, stored["scale"], stored["bias"])
    except (OSError, SafetensorError, KeyError, IndexError, ValueError) as error:
        raise InputError(f"{file}: cannot be read ({error}). Copy the model again.") from error
