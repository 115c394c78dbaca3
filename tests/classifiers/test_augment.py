"""Altered posts keep what their annotators said."""

import random
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from classifiers.examples import Example, Span
from classifiers.kazakh.spelling import LATIN_2021, RUSSIAN_KEYBOARD, respell
from classifiers.normalise import normalise
from classifiers.training import augment
from classifiers.training.augment import altered

texts = st.one_of(
    st.sampled_from(
        [
            "Келіңіздер, сағат 18:00-де жиналамыз! https://a.kz/b?c=1 @keldi",
            "Come at 10, bring 2 friends! +7 700 123 45 67",
            "Қызылорда қаласы, İzmir, straße",
            "",
        ]
    ),
    st.text("абвәғқі 0123@/.:!httpsAB", max_size=40),
)


@st.composite
def examples(draw: st.DrawFn) -> Example:
    text = draw(texts)
    places = st.integers(0, len(text))
    spans = [sorted(draw(st.tuples(places, places))) for _ in range(draw(st.integers(0, 3)))]
    marked = tuple(Span("cliche", start, end) for start, end in spans if start < end)
    return Example("1", text, "kk", "s", call="call", techniques=("cliche",), spans=marked, group="g")


@given(examples(), st.integers(0, 10**6))
def test_an_altered_post_keeps_its_labels_and_is_altered_alike_again(before: Example, seed: int) -> None:
    after = altered(before, random.Random(seed))
    assert (after.id, after.call, after.techniques, after.group) == (before.id, before.call, before.techniques, "g")
    assert after == altered(before, random.Random(seed))
    assert all(0 <= span.start < span.end <= len(after.text) for span in after.spans or ())


@given(examples(), st.integers(0, 10**6))
def test_spans_keep_their_words(before: Example, seed: int) -> None:
    for change in augment._CHANGES:
        new = change(before.text, before.spans or (), random.Random(seed))
        assert len(new.starts) == len(before.text) + 1
        assert list(new.starts) == sorted(new.starts)
        for span in before.spans or ():
            start, end = new.place(span.start, span.end)
            # What a span says is what the same change makes of its words, if nothing beside them matters to it.
            if change in (augment._small, augment._large, augment._softer):
                alone = change(before.text[span.start : span.end], (), random.Random(seed)).text
                assert new.text[start:end] == alone
            if change is augment._masked:
                bare = before.text[span.start : span.end]
                assert start < end
                assert Counter(c for c in new.text[start:end] if c in "вәғқі!") == Counter(
                    c for c in "".join(_outside_masks(before, span.start, span.end)) if c in "вәғқі!"
                ), bare


def _outside_masks(example: Example, start: int, end: int) -> list[str]:
    bounds = {place for span in example.spans or () for place in (span.start, span.end)}
    hidden = {
        i
        for first, last, _ in augment._to_mask(example.text)
        if bounds.isdisjoint(range(first + 1, last))
        for i in range(first, last)
    }
    return [example.text[i] for i in range(start, end) if i not in hidden]


@given(st.text(max_size=60), st.data())
def test_respelling_moves_a_place_to_the_same_words(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(start, len(text)))
    for letters in (RUSSIAN_KEYBOARD, LATIN_2021):
        new = respell(text, letters)
        first, last = new.place(start, end)
        assert new.text[first:last] == respell(text[start:end], letters).text


def test_links_handles_and_numbers_are_masked_and_marked_words_follow() -> None:
    text = "Звоните +7 700 123 45 67 или пишите @ivan: https://a.kz/12 сейчас"
    at = text.index("сейчас")
    new = augment._masked(text, (), random.Random(0))
    assert new.text == "Звоните <number> или пишите @user: <url> сейчас"
    start, end = new.place(at, at + 6)
    assert new.text[start:end] == "сейчас"


def test_lookalike_letters_are_undone_by_normalising() -> None:
    text = "Приходите на площадь, корреспондент напишет об этом"
    new = augment._lookalikes(text, (), random.Random(5)).text
    assert new != text
    assert normalise(new).text == text


def test_every_form_occurs() -> None:
    before = Example("1", "Қош келіңіз, достар! 15-те @keldi https://a.kz", "kk", "s")
    seen = [altered(before, random.Random(seed)).text for seed in range(300)]
    assert sum(text.isascii() or "kel" in text.lower() for text in seen if "<url>" not in text) > 10
    assert any("Кош келиниз" in text for text in seen)
    assert any("<url>" in text for text in seen)
    assert any(text.isupper() for text in seen)
    assert any(text == text.lower() for text in seen)
