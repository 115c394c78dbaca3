"""Scores of the card: perfect where the model is, at chance where it guesses, and nothing is invented."""

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
import pytest

from classifiers.calibration import Floats
from classifiers.evaluation import Predictions, Report, Row, evaluate_scores
from classifiers.examples import Example, Span
from classifiers.schema import LABEL_SCHEMA
from classifiers.scheme import TECHNIQUES
from classifiers.training.card import score_table, with_table


def posts(count: int = 90) -> list[Example]:
    """A third calls, half of these manipulative, in two languages."""
    made = []
    for i in range(count):
        call = i % 3 == 0
        manipulative = bool(i % 2) if call else None
        techniques = ("fud",) if manipulative else ()
        spans = (Span("fud", 0, 4),) if manipulative else ()
        language = "ru" if i % 4 < 2 else "uk"
        made.append(
            Example(
                id=str(i),
                text="пост о деле",
                lang=language,
                source="s",
                call="call" if call else "none",
                manipulative=manipulative,
                techniques=techniques,
                spans=spans,
                group=f"s/{i}",
                real=True,
            )
        )
    return made


def truth_scores(examples: list[Example]) -> dict[str, np.ndarray[tuple[int, ...], np.dtype[np.float64]]]:
    """Scores that know the truth."""
    scores = {
        "call": np.array([1.0 if e.call == "call" else -1.0 for e in examples]),
        "manipulative": np.array([1.0 if e.manipulative else -1.0 for e in examples]),
    }
    return scores | {name: np.array([float(name in (e.techniques or ())) for e in examples]) for name in TECHNIQUES}


def true_labels(examples: list[Example]) -> pa.Table:
    """The table of a model that knows the truth."""
    rows = []
    for e in examples:
        label = "none" if e.call != "call" else "manipulative" if e.manipulative else "positive"
        span = {"technique": "fud", "start": 0, "end": 4, "quote": e.text[:4]}
        rows.append(
            {
                "label": label,
                "call": e.call,
                "p_call": float(e.call == "call"),
                "techniques": list(e.techniques or ()),
                "spans": [span] if e.spans else [],
            }
        )
    return pa.Table.from_pylist(rows, schema=LABEL_SCHEMA)


def scored(
    examples: list[Example], scores: Mapping[str, Floats] | None = None, labels: pa.Table | None = None
) -> Report:
    """An evaluation with few samples."""
    return evaluate_scores(examples, [Predictions("m", scores or {}, labels)], samples=50)


def by_measure(rows: list[Row], language: str = "all") -> dict[str, float | None]:
    """Values by measure."""
    return {row.measure: row.value for row in rows if row.language == language}


def test_a_model_that_knows_scores_one() -> None:
    examples = posts()
    found = by_measure(scored(examples, truth_scores(examples)).scores)
    assert {found[name] for name in ("call: AUC", "call: average precision", "verdict: AUC")} == {1.0}
    labels = by_measure(scored(examples, labels=true_labels(examples)).scores)
    assert labels["labelled call, of calls"] == 1.0
    assert labels["labelled call, of other posts"] == 0.0
    assert labels["techniques: macro-F1"] == 1.0
    assert labels["spans: F1 over characters"] == 1.0
    assert labels["p_call: expected calibration error"] == 0.0
    assert found["three labels: macro-F1, no abstention"] == 1.0
    assert labels["three labels: macro-F1, undetermined counts as wrong"] == 1.0


def test_a_model_that_guesses_is_at_chance() -> None:
    examples = posts(900)
    noise = np.random.default_rng(0).random(len(examples))
    assert by_measure(scored(examples, {"call": noise}).scores)["call: AUC"] == pytest.approx(0.5, abs=0.06)


def test_a_language_without_calls_has_no_ranking() -> None:
    examples = [e for e in posts() if e.lang == "ru" or e.call != "call"]
    languages = {row.language for row in scored(examples, truth_scores(examples)).scores if "call" in row.measure}
    assert languages == {"ru", "all"}


def test_pairs_with_the_same_truth_are_compared() -> None:
    pairs = [Example(str(i), "т", "ru", "s", "none", group=f"s/{i // 2}", pair=str(i // 2)) for i in range(4)]
    scores = {"call": np.array([-1.0, -1.0, -1.0, 1.0]), "manipulative": np.zeros(4)}
    (row,) = [row for row in scored(pairs, scores).scores if "pairs" in row.measure]
    assert (row.value, row.n, row.positive) == (0.5, 2, 1)
    assert not any("pairs" in row.measure for row in scored(posts(), truth_scores(posts())).scores)


def test_intervals_hold_the_value() -> None:
    examples = posts()
    noise = np.random.default_rng(1).normal(truth_scores(examples)["call"])
    for row in scored(examples, {"call": noise}).scores:
        assert row.value is not None
        assert row.low is not None
        assert row.high is not None
        assert row.low <= row.value <= row.high
        assert row.positive < row.n


def test_the_table_shows_interval_and_count_and_replaces_the_old_one() -> None:
    record = {
        "posts": "real posts",
        "language": "ru",
        "measure": "call: AUC",
        "model": "model",
        "value": 0.912,
        "low": 0.85,
        "high": 0.96,
        "n": 100,
        "positive": 7,
    }
    table = score_table([record, {**record, "model": "TF-IDF", "value": None}])
    assert "| call: AUC | ru | 100 (7) | 0.91 [0.85, 0.96] | – |" in table
    card = with_table("a\n<!-- scores: begin -->\nold\n<!-- scores: end -->\nb\n", table)
    assert "old" not in card
    assert table in card
    assert with_table(card, table) == card
    with pytest.raises(ValueError, match="no <!--"):
        with_table("plain", table)
