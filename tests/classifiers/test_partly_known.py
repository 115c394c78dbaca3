"""What is not known of a post moves nothing: no loss, no weight, no calibration, no score, no coefficient."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from classifiers.encoding import Encoder
from classifiers.evaluation.frame import Frame, truth_of
from classifiers.examples import NOT_A_CALL, Example, Span
from classifiers.inference import RawScores, TokenScores
from classifiers.model import SPAN_CHANNELS, Logits
from classifiers.scheme import CALL_TYPES, CALLS, TECHNIQUES
from classifiers.training.baseline import baseline_scores
from classifiers.training.batches import make_batch, span_targets
from classifiers.training.branch import fit_branch
from classifiers.training.calibrate import calibrate
from classifiers.training.config import LossWeights
from classifiers.training.loop import technique_weights
from classifiers.training.loss import summed_loss
from classifiers.training.tuning import load_backbone

TEXT = "враги везде, бойтесь"
FUD = Example(
    "1",
    TEXT,
    "ru",
    "s",
    call=NOT_A_CALL,
    techniques=("fud",),
    known_techniques=("fud", "cliche"),
    spans=(Span("fud", 0, 5),),
)


def test_three_states_of_a_technique() -> None:
    assert [FUD.has(name) for name in ("fud", "cliche", "euphoria")] == [True, False, None]
    assert not FUD.complete
    assert replace(FUD, known_techniques=None).complete
    assert replace(FUD, known_techniques=TECHNIQUES).complete
    assert not replace(FUD, techniques=None, known_techniques=None).complete


@pytest.fixture(scope="module")
def encoder(tiny_backbone: Path) -> Encoder:
    return Encoder(load_backbone(tiny_backbone)[1], window=64, prefix="")


def test_losses_do_not_depend_on_logits_of_what_is_unknown(encoder: Encoder) -> None:
    windows = encoder.windows([TEXT])
    batch = make_batch([FUD], windows, encoder.pad_id)
    shape = (1, batch.ids.shape[1], len(SPAN_CHANNELS))
    sizes = {"call": (1, len(CALLS)), "manipulative": (1,), "call_types": (1, len(CALL_TYPES))}
    sizes |= {"techniques": (1, len(TECHNIQUES)), "spans": shape}
    leaves = {name: torch.zeros(size, requires_grad=True) for name, size in sizes.items()}
    total, _ = summed_loss(Logits(**leaves), batch, LossWeights(), torch.ones(len(TECHNIQUES)), 1.0)
    torch.autograd.backward(total)
    moved = {name: leaf.grad for name, leaf in leaves.items()}
    techniques = moved["techniques"]
    assert techniques is not None
    assert {TECHNIQUES[i] for i in torch.nonzero(techniques[0]).reshape(-1).tolist()} == {"fud", "cliche"}
    spans = moved["spans"]
    assert spans is not None
    channels = {SPAN_CHANNELS[i] for i in torch.nonzero(spans.abs().sum((0, 1))).reshape(-1).tolist()}
    assert channels == {"fud", "cliche", "any"}
    assert not moved["manipulative"].any() if moved["manipulative"] is not None else True
    call = moved["call"]
    assert call is not None
    # It is no call: the call's logit falls; `none` and `promotion` rise alike, since which of them was not asked.
    assert call[0, CALLS.index("call")] > 0
    assert call[0, CALLS.index("none")] == call[0, CALLS.index("promotion")] < 0


def test_unmarked_words_may_belong_to_a_technique_that_was_not_asked_about(encoder: Encoder) -> None:
    (window,) = encoder.windows([TEXT])
    targets = span_targets(FUD, window)
    any_, inside = (
        targets[:, SPAN_CHANNELS.index("any")],
        torch.tensor([0 <= a < 5 and b > a for a, b in window.offsets]),
    )
    assert (any_[inside] == 1).all()
    assert (any_[~inside] == -1).all()
    assert (targets[:, SPAN_CHANNELS.index("euphoria")] == -1).all()
    whole = span_targets(replace(FUD, known_techniques=None), window)
    assert (whole[:, SPAN_CHANNELS.index("any")] == 0).any()


def test_weights_of_techniques_count_the_known_only() -> None:
    plenty = [replace(FUD, id=str(i), techniques=()) for i in range(8)]
    weights = technique_weights([FUD, FUD, *plenty], 6.0)
    assert weights[TECHNIQUES.index("fud")] == 4.0
    assert weights[TECHNIQUES.index("euphoria")] == 1.0


def _raw(scores: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> RawScores:
    n = len(scores)
    tokens = [TokenScores(np.zeros((0, 2), dtype=np.int64), np.zeros((0, len(SPAN_CHANNELS)))) for _ in range(n)]
    return RawScores(scores, scores, scores, np.zeros((n, len(CALL_TYPES))), np.tile(scores[:, None], 10), tokens)


def test_calibration_of_a_technique_is_that_of_the_posts_where_it_is_known() -> None:
    rng = np.random.default_rng(0)
    known = [
        Example(str(i), f"{TEXT} {i}", "ru", "s", call="none", techniques=("fud",) if i % 3 == 0 else (), real=True)
        for i in range(60)
    ]
    others = [replace(FUD, id=f"o{i}", techniques=(), known_techniques=("cliche",), real=True) for i in range(40)]
    scores = rng.normal(size=100) + np.array([float(e.has("fud") is True) for e in [*known, *others]])
    whole, part = calibrate([*known, *others], _raw(scores)), calibrate(known, _raw(scores[:60]))
    place = TECHNIQUES.index("fud")
    assert whole.techniques[place] == part.techniques[place]
    assert whole.technique_at[place] == part.technique_at[place]


def test_scores_over_the_ten_are_taken_where_all_are_known() -> None:
    frame = Frame([FUD, replace(FUD, id="2", known_techniques=None)])
    assert frame.techniques_known.tolist() == frame.spans_known.tolist() == [False, True]
    assert frame.call_known.all()
    assert not frame.call.any()
    assert truth_of(FUD) == "none"


def test_linear_models_are_those_of_the_posts_where_a_technique_is_known() -> None:
    known = [
        Example(str(i), f"{'враги' if i % 2 else 'дождь'} {i} слово", "ru", "s", techniques=("fud",) if i % 2 else ())
        for i in range(12)
    ]
    unknown = [replace(e, id=f"u{e.id}", techniques=(), known_techniques=("cliche",)) for e in known if e.has("fud")]
    asked = [Example("x", "враги слово", "ru", "s"), Example("y", "дождь слово", "ru", "s")]
    with_them, column = fit_branch([*known, *unknown]), 1 + TECHNIQUES.index("fud")
    scores = with_them.scores([e.text for e in asked])
    # Read as "no", the copies of the posts with the technique would cancel them out.
    assert scores[0, column] > 0.5 > -0.5 > scores[1, column]
    lines = baseline_scores([*known, *unknown], asked)
    assert lines["fud"][0] > 0.5 > -0.5 > lines["fud"][1]
    assert "cliche" not in lines
