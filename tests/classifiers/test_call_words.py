"""The words that carry a call: verbatim, those that the token scores point at, or those whose loss costs most."""

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import classifiers
from classifiers import InputError
from classifiers.calibration import Floats, sigmoid
from classifiers.call_words import pointed_words, words_of_calls
from classifiers.evidence import Evidence
from classifiers.examples import Example
from classifiers.inference import TokenScores
from classifiers.loading import SHIPPED
from classifiers.model import SPAN_CHANNELS
from classifiers.normalise import normalise
from classifiers.prediction import Classifier
from classifiers.scheme import CALL_SPAN
from classifiers.segments import sentences
from classifiers.storage import shard_files
from classifiers.training.call_words import FEWEST_QUOTES, add_call_words, fit_call_words, main
from classifiers.training.config import Source, TrainingConfig
from classifiers.training.data import load_examples

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


def by_letters(text: str, log_odds: Sequence[float]) -> TokenScores:
    """Tokens of one letter each with these log odds of standing in a quote, again from the start when they end."""
    offsets = np.array([(i, i + 1) for i, c in enumerate(text) if not c.isspace()], dtype=np.int64).reshape(-1, 2)
    scores = np.zeros((len(offsets), len(SPAN_CHANNELS)))
    scores[:, SPAN_CHANNELS.index(CALL_SPAN)] = sigmoid(np.resize(np.array(log_odds), len(offsets)))
    return TokenScores(offsets, scores)


@given(st.lists(st.sampled_from(FILLER), min_size=1, max_size=8), st.data())
def test_the_sentence_with_the_strongest_tokens_is_pointed_at(parts: list[str], data: st.DataObject) -> None:
    text = " ".join([*parts, "Подпишите петицию!", *parts])
    places = sentences(text)
    start, end = data.draw(st.sampled_from(places))
    tokens = by_letters(text, [-3.0])
    inside = (tokens.offsets[:, 0] >= start) & (tokens.offsets[:, 1] <= end)
    tokens.scores[inside, SPAN_CHANNELS.index(CALL_SPAN)] = sigmoid(np.array(1.5))
    span = pointed_words(text, tokens)
    assert span is not None
    assert start <= span.start < span.end <= end
    assert span.quote == text[span.start : span.end]
    assert span.score == pytest.approx(float(sigmoid(np.array(1.5))), abs=1e-4)


@settings(max_examples=200)
@given(st.text(st.characters(), max_size=80), st.lists(st.floats(-8, 8), min_size=1, max_size=20))
def test_any_scores_point_at_verbatim_words_or_at_none(text: str, log_odds: list[float]) -> None:
    span = pointed_words(text, by_letters(text, log_odds))
    if span is not None:
        assert text[span.start : span.end] == span.quote
        assert span.score is not None
        assert 0.15 <= span.score <= 1
        span.quote.encode()


def test_tokens_that_point_nowhere_give_no_words() -> None:
    text = "Сегодня тепло. Подпишите петицию!"
    assert pointed_words(text, by_letters(text, [-4.0])) is None
    assert pointed_words("", by_letters("", [1.0])) is None


def test_a_model_that_was_not_taught_the_words_leaves_sentences_out(shipped: Classifier) -> None:
    plain = shipped.with_settings(shipped.settings.model_copy(update={"call_words": False}))
    text = "Погода сегодня тёплая. Приходите в субботу на субботник, перчатки дадим. Новости читайте завтра."
    quotes = []
    for model in (shipped, plain):
        (row,) = model.predict([text]).to_pylist()
        (span,) = [span for span in row["spans"] if span["technique"] == CALL_SPAN]
        quotes.append(span["quote"])
    assert quotes[0] == quotes[1]
    assert span["score"] > 1  # log odds lost, where the other is a probability


def quoted_posts(count: int) -> list[Example]:
    """Posts of several sentences, one of them quoted."""
    rng = np.random.default_rng(1)
    posts = []
    for number in range(count):
        around = rng.choice(FILLER, 4).tolist()
        quote = f"Подпишите петицию номер {number}!"
        text = " ".join([*around[:2], quote, *around[2:]])
        start = text.index(quote)
        posts.append(Example(str(number), text, "ru", "made", call="call", quote=(start, start + len(quote))))
    return posts


def test_quotes_teach_the_words_and_nothing_else(tiny: Path) -> None:
    model = classifiers.load(tiny, runtime="torch")
    before = {name: tensor.clone() for name, tensor in model.network.state_dict().items()}
    posts = quoted_posts(FEWEST_QUOTES + 20)
    assert fit_call_words(model.network, model.encoder, posts[20:])
    for name, tensor in model.network.state_dict().items():
        rows = slice(0, -1) if name.startswith("spans.") else slice(None)
        assert tensor[rows].equal(before[name][rows]), name
    unseen = model.raw_scores([post.text for post in posts[:20]])
    for post, tokens in zip(posts[:20], unseen.tokens, strict=True):
        span = pointed_words(post.text, tokens)
        assert span is not None
        assert span.quote == post.text[slice(*(post.quote or (0, 0)))]


def test_few_quotes_teach_nothing(tiny: Path, tmp_path: Path) -> None:
    model = classifiers.load(tiny, runtime="torch")
    before = model.network.spans.weight.clone()
    assert not fit_call_words(model.network, model.encoder, quoted_posts(FEWEST_QUOTES - 1))
    assert model.network.spans.weight.equal(before)
    folder = shutil.copytree(tiny, tmp_path / "model")
    with pytest.raises(InputError, match="fewer than 50 posts have a `quote`"):
        add_call_words(folder, quoted_posts(3))


def test_a_folder_is_taught_in_the_file_that_holds_the_head(tmp_path: Path) -> None:
    folder = shutil.copytree(SHIPPED, tmp_path / "model")
    add_call_words(folder, quoted_posts(FEWEST_QUOTES))
    changed = [a.name for a, b in zip(shard_files(folder), shard_files(SHIPPED), strict=True) if not same_bytes(a, b)]
    assert len(changed) == 1
    taught = classifiers.load(folder, device="cpu")  # the hash fits the weights
    assert taught.settings.call_words
    assert taught.name != classifiers.load(device="cpu").name


def same_bytes(a: Path, b: Path) -> bool:
    return a.read_bytes() == b.read_bytes()


@pytest.mark.parametrize("form", ["calls", "posts"])
def test_quotes_are_read_where_they_are_verbatim(tmp_path: Path, form: str) -> None:
    text = "Сегодня тепло. Подпишите петицию!"
    rows: list[dict[str, Any]] = [
        {"id": 1, "call": "call", "text": text, "quote": "Подпишите петицию"},
        {"id": 2, "call": "call", "text": f"{text} 2", "quote": "Подпишите её"},
        {"id": 3, "call": "none", "text": f"{text} 3", "quote": "Подпишите петицию"},
        {"id": 4, "call": "call", "text": f"{text} 4", "quote": ""},
        {"id": 5, "call": "call", "text": f"{text} 5"},
    ]
    (tmp_path / "some.jsonl").write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    source = Source.model_validate({"name": "some", "path": "some.jsonl", "format": form})
    found = load_examples(TrainingConfig(sources=(source,)), tmp_path)
    assert [post.quote for post in found] == [(15, 32), None, None, None, None]


def test_the_command_says_in_one_line_what_it_did_or_lacks(
    tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = shutil.copytree(tiny, tmp_path / "model")
    config = tmp_path / "settings.toml"
    config.write_text('[[sources]]\nname = "made"\npath = "made.jsonl"\nformat = "calls"\n', encoding="utf-8")
    for count, code in ((3, 2), (FEWEST_QUOTES, 0)):
        posts = quoted_posts(count)
        rows = [{"id": p.id, "call": "call", "text": p.text, "quote": p.text[slice(*(p.quote or ()))]} for p in posts]
        (tmp_path / "made.jsonl").write_text("\n".join(map(json.dumps, rows)), encoding="utf-8")
        assert main([str(folder), str(tmp_path), "--config", str(config)]) == code
        said = capsys.readouterr()
        assert (said.err if code else said.out).count("\n") == 1
        assert classifiers.load(folder, runtime="torch").settings.call_words == (not code)
