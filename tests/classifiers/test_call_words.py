"""The words that carry a call: verbatim, and those whose loss costs most, whatever computes the scores."""

from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers.calibration import Floats
from classifiers.call_words import words_of_calls
from classifiers.evidence import Evidence
from classifiers.normalise import normalise
from classifiers.prediction import Classifier
from classifiers.scheme import CALL_SPAN

FILLER = ["Сегодня тепло.", "Ветер стих.", "Күн жылы.", "It rained.", "Так и живём!", "Вот новости\n", "Погода 🔥"]


def by_word(word: str, weight: float = 4.0) -> "Scorer":
    return Scorer({word: weight})


class Scorer:
    """Log odds that are a sum over words of the normalised text, as often as they stand there; counts what it reads."""

    def __init__(self, weights: dict[str, float]) -> None:
        self.weights, self.read = weights, 0

    def __call__(self, texts: Sequence[str]) -> Floats:
        self.read += len(texts)
        folded = [normalise(text).text.casefold() for text in texts]
        return np.array([sum(w * text.count(word) for word, w in self.weights.items()) - 1.0 for text in folded])


def found(text: str, scorer: Scorer) -> Evidence | None:
    (only,) = words_of_calls([text], scorer([text]), scorer)
    return only


@given(st.lists(st.sampled_from(FILLER), max_size=8), st.lists(st.sampled_from(FILLER), max_size=8))
def test_the_sentence_with_the_call_is_found_wherever_it_stands(before: list[str], after: list[str]) -> None:
    text = " ".join([*before, "Подпишите петицию!", *after])
    span = found(text, by_word("подпишите"))
    assert span is not None
    assert (span.technique, span.quote) == (CALL_SPAN, "Подпишите петицию!")
    assert text[span.start : span.end] == span.quote
    assert span.score == 4.0


@pytest.mark.parametrize(
    "written",
    [
        "Под\u200bпишите пети\u00adцию!",
        "Пoдпишитe петицию!",
        "\u202eПодпишите петицию!\u202c",
        "По\u0301дпишите петицию!",
    ],
)
def test_hidden_characters_stay_in_the_quote_and_move_nothing(written: str) -> None:
    text = f"Сегодня тепло. {written} Ветер стих."
    span = found(text, by_word("подпишите"))
    assert span is not None
    assert text[span.start : span.end] == span.quote
    assert "петицию" in normalise(span.quote).text


@settings(max_examples=200)
@given(st.lists(st.text(st.characters(), max_size=60), max_size=4), st.integers(0, 2**32 - 1))
def test_any_text_has_verbatim_words_or_none(texts: list[str], seed: int) -> None:
    noise = np.random.default_rng(seed)
    spans = words_of_calls(texts, np.full(len(texts), 2.0), lambda others: noise.normal(0, 2, len(others)))
    assert len(spans) == len(texts)
    for text, span in zip(texts, spans, strict=True):
        if span is not None:
            assert text[span.start : span.end] == span.quote
            assert span.score is not None
            assert span.score >= 0.5
            span.quote.encode()  # no lone surrogate: a file must be able to hold it


def test_a_call_that_rests_on_the_whole_post_has_no_words() -> None:
    said_by_all = Scorer({"тепло": 0.3, "ветер": 0.3, "жылы": 0.3})
    assert found("Сегодня тепло. Ветер стих. Күн жылы.", said_by_all) is None
    assert words_of_calls([], np.zeros(0), said_by_all) == []


def test_a_sentence_alone_is_its_own_evidence() -> None:
    span = found("Подпишите петицию", by_word("подпишите"))
    assert span is not None
    assert (span.start, span.end) == (0, 17)


def test_the_number_of_texts_read_does_not_grow_with_the_square_of_the_post() -> None:
    scorer, text = by_word("подпишите"), "Сегодня тепло. " * 100 + "Подпишите петицию!"
    span = found(text, scorer)
    assert span is not None
    assert scorer.read == 1 + 101 + 2


def test_places_behind_the_part_of_a_long_text_that_is_not_read() -> None:
    text = "Сегодня тепло. " * 3000 + "Подпишите петицию! Ветер стих."
    span = found(text, by_word("подпишите"))
    assert span is not None
    assert span.quote == text[span.start : span.end] == "Подпишите петицию!"


def test_the_shipped_model_points_at_the_call(shipped: Classifier) -> None:
    text = "Погода сегодня тёплая. Приходите в субботу на субботник, перчатки дадим. Новости читайте завтра."
    with_words, without = (shipped.predict([text], call_words=on).to_pylist()[0] for on in (True, False))
    assert with_words["label"] != "none"
    (span,) = [span for span in with_words["spans"] if span["technique"] == CALL_SPAN]
    assert "Приходите в субботу" in span["quote"]
    kept = [span for span in with_words["spans"] if span["technique"] != CALL_SPAN]
    assert {**with_words, "spans": kept} == without


def test_words_are_those_of_each_text_in_a_batch(shipped: Classifier) -> None:
    texts = [f"Привет, это сообщение номер {i}. Подпишите петицию до среды! Погода тёплая." for i in range(6)]
    together = shipped.predict(texts).to_pylist()
    for text, row in zip(texts, together, strict=True):
        (alone,) = shipped.predict([text]).to_pylist()
        assert [(s["start"], s["end"]) for s in row["spans"]] == [(s["start"], s["end"]) for s in alone["spans"]]
