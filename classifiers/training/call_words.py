"""Teach a finished network which words carry a call, from what annotators quoted.

python -m classifiers.training.call_words MODEL DATA --config benchmarks/train_default.toml
"""

import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from classifiers.encoding import Encoder
from classifiers.errors import InputError
from classifiers.examples import Example
from classifiers.loading import load
from classifiers.model import SPAN_CHANNELS, PostClassifier
from classifiers.scheme import CALL_SPAN
from classifiers.settings import read_settings, write_settings
from classifiers.storage import replace_tensors
from classifiers.training.config import TrainingConfig
from classifiers.training.data import load_examples, training_part
from classifiers.training.on_folder import run_on_folder

#: With fewer quotes than this nothing is fitted; the words are found by leaving sentences out then.
FEWEST_QUOTES = 50
# Strong, since tokens of one post are alike: of 3e-4 … 3e-2, in a cross-validation by posts, the best (F1 .595 … .547).
_INVERSE_PENALTY = 3e-4
_OF_CALL = SPAN_CHANNELS.index(CALL_SPAN)

Floats = NDArray[np.float32]


def fit_call_words(model: PostClassifier, encoder: Encoder, examples: Sequence[Example]) -> bool:
    """Fit the channel `call` of the span head to the quotes of examples; whether there were enough of them.

    The network stays as it is: a logistic regression on its token states, every post with the same weight, so that long
    posts do not decide. Labels of posts are not looked at.
    """
    quoted = [example for example in examples if example.quote is not None]
    if len(quoted) < FEWEST_QUOTES:
        return False
    states, inside, weights = _tokens(model, encoder, quoted)
    mean, scale = states.mean(axis=0), states.std(axis=0).clip(min=1e-6)
    from sklearn.linear_model import LogisticRegression

    fitted = LogisticRegression(C=_INVERSE_PENALTY, max_iter=500)
    fitted.fit((states - mean) / scale, inside, sample_weight=weights)
    direction = fitted.coef_[0] / scale
    with torch.no_grad():
        model.spans.weight[_OF_CALL] = torch.from_numpy(direction.astype(np.float32))
        model.spans.bias[_OF_CALL] = float(fitted.intercept_[0] - direction @ mean)
    return True


def _tokens(
    model: PostClassifier, encoder: Encoder, examples: Sequence[Example]
) -> tuple[Floats, NDArray[np.bool_], Floats]:
    """States (T, width) of all tokens of the posts, whether each stands in the quote, and its weight (mean 1)."""
    states: list[Floats] = []
    inside: list[NDArray[np.bool_]] = []
    of_post: list[int] = []
    for window in encoder.windows([example.text for example in examples]):
        offsets, own = window.places()
        start, end = examples[window.text].quote or (0, 0)
        states.append(_states(model, window.ids)[own])
        inside.append((offsets[own, 0] < end) & (start < offsets[own, 1]))
        of_post += [window.text] * int(own.sum())
    counts = np.bincount(of_post, minlength=len(examples))
    weights = 1 / counts[of_post]
    return np.concatenate(states), np.concatenate(inside), (weights / weights.mean()).astype(np.float32)


def _states(model: PostClassifier, ids: Sequence[int]) -> Floats:
    model.eval()
    device = next(model.parameters()).device
    tokens = torch.tensor([list(ids)], device=device)
    with torch.inference_mode():
        found = model.encoder(input_ids=tokens, attention_mask=torch.ones_like(tokens)).last_hidden_state
    return np.asarray(found[0].float().cpu().numpy())


def add_call_words(folder: Path, examples: Sequence[Example]) -> None:
    """Fit the channel of a model folder and write it there.

    Raises
    ------
    InputError
        If the folder is no model of ours, or fewer than `FEWEST_QUOTES` posts have a quote.
    """
    classifier = load(folder, runtime="torch")
    if not fit_call_words(classifier.network, classifier.encoder, examples):
        raise InputError(f"{folder}: fewer than {FEWEST_QUOTES} posts have a `quote`, too few to learn from.")
    state = classifier.network.state_dict()
    sha256 = replace_tensors(folder, {name: state[name].cpu() for name in ("spans.weight", "spans.bias")})
    write_settings(read_settings(folder).model_copy(update={"call_words": True, "sha256": sha256}), folder)


def _taught(model: Path, data: Path, settings: TrainingConfig, _: Path) -> None:
    add_call_words(model, training_part(load_examples(settings, data)))


def main(arguments: list[str] | None = None) -> int:
    """Parse the command line and teach the words; returns the exit code."""
    return run_on_folder("classifiers.training.call_words", __doc__, _taught, "words of calls taught", arguments)


if __name__ == "__main__":
    sys.exit(main())
