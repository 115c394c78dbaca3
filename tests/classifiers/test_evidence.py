"""Evidence is verbatim, whole words, and of a technique that is listed."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from classifiers.evidence import Evidence, find_spans, strongest_span
from classifiers.inference import TokenScores
from classifiers.model import SPAN_CHANNELS
from classifiers.scheme import TECHNIQUES

TEXT = "Враги уже у ворот, а предатели молчат. Приходите в субботу к библиотеке."


def tokens_of(
    text: str, any_scores: dict[str, float], named: dict[str, tuple[str, float]] | None = None
) -> TokenScores:
    """Tokens of three code points; a token that touches a word of `any_scores` has its score."""
    offsets = np.array([(a, min(a + 3, len(text))) for a in range(0, len(text), 3)], dtype=np.int64).reshape(-1, 2)
    scores = np.full((len(offsets), len(SPAN_CHANNELS)), 0.01)
    for word, score in any_scores.items():
        at = text.index(word)
        scores[(offsets[:, 0] < at + len(word)) & (offsets[:, 1] > at), SPAN_CHANNELS.index("any")] = score
    for word, (technique, score) in (named or {}).items():
        at = text.index(word)
        inside = (offsets[:, 0] < at + len(word)) & (offsets[:, 1] > at)
        scores[inside, TECHNIQUES.index(technique)] = score
    return TokenScores(offsets, scores)


FLAT = np.full(len(TECHNIQUES), 0.5)


def test_a_marked_phrase_becomes_whole_words_of_the_best_technique() -> None:
    tokens = tokens_of(TEXT, {"предатели молч": 0.9}, {"предатели молч": ("loaded_language", 0.8)})
    (span,) = find_spans(TEXT, tokens, FLAT, ["fud", "loaded_language"], at=0.5, grow_at=0.3)
    assert span.technique == "loaded_language"
    assert span.quote == "предатели молчат"
    assert TEXT[span.start : span.end] == span.quote


def test_a_phrase_with_a_weak_middle_stays_in_one_piece() -> None:
    tokens = tokens_of(TEXT, {"Враги уже у ворот": 0.4, "Враги": 0.9})
    (span,) = find_spans(TEXT, tokens, FLAT, ["fud"], at=0.5, grow_at=0.3)
    assert span.quote.startswith("Враги уже у ворот")


def test_nothing_listed_and_nothing_marked_give_no_span() -> None:
    marked = tokens_of(TEXT, {"Враги": 0.9})
    assert find_spans(TEXT, marked, FLAT, [], at=0.5, grow_at=0.3) == []
    assert find_spans(TEXT, tokens_of(TEXT, {}), FLAT, ["fud"], at=0.5, grow_at=0.3) == []


def test_a_technique_left_over_is_found_by_its_own_scores() -> None:
    named = {"предатели": ("loaded_language", 0.9), "ворот": ("appeal_to_fear", 0.9)}
    tokens = tokens_of(TEXT, {"предатели": 0.9}, named)
    found = find_spans(TEXT, tokens, FLAT, ["appeal_to_fear", "loaded_language"], at=0.5, grow_at=0.3)
    assert {span.technique for span in found} == {"appeal_to_fear", "loaded_language"}


def test_the_strongest_span_is_one_or_none() -> None:
    assert strongest_span(TEXT, tokens_of(TEXT, {"предатели": 0.35}), FLAT, least=0.2)[0].quote == "предатели"
    assert strongest_span(TEXT, tokens_of(TEXT, {"предатели": 0.1}), FLAT, least=0.2) == []


@given(
    text=st.text(st.characters(), min_size=1, max_size=80),
    seed=st.integers(0, 1000),
    listed=st.lists(st.sampled_from(TECHNIQUES), unique=True, max_size=4),
)
def test_every_quote_is_verbatim_and_can_be_written(text: str, seed: int, listed: list[str]) -> None:
    tokens = tokens_of(text, {})
    noise = np.random.default_rng(seed).random(tokens.scores.shape)
    found: list[Evidence] = find_spans(text, TokenScores(tokens.offsets, noise), FLAT, listed, at=0.7, grow_at=0.4)
    for span in found + strongest_span(text, TokenScores(tokens.offsets, noise), FLAT, least=0.2):
        assert text[span.start : span.end] == span.quote
        assert span.quote.encode("utf-8")
        assert "\0" not in span.quote
    assert {span.technique for span in found} <= set(listed)
