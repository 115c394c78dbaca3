"""Windows hold every token of a text, and offsets point into the text as it was given."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from transformers import AutoTokenizer

from classifiers.encoding import LONGEST_TEXT, Encoder, batches

anything = st.text(st.characters(), max_size=300)


@pytest.fixture(scope="module")
def encoder(tiny_backbone: Path) -> Encoder:
    return Encoder(AutoTokenizer.from_pretrained(tiny_backbone), window=32, overlap=8, prefix="query: ")


@given(text=anything)
def test_windows_cover_the_tokens_in_order(encoder: Encoder, text: str) -> None:
    ((ids, offsets),) = encoder.tokens([text])
    windows = encoder.windows([text])
    assert all(len(window) <= 32 and len(window.ids) == len(window.offsets) for window in windows)
    seen = {pair for window in windows for pair in window.offsets}
    assert set(offsets) <= seen | {(0, 0)}
    assert all(0 <= a <= b <= len(text) for a, b in offsets)
    assert len(ids) == len(offsets)


def test_offsets_are_code_points_of_the_original(encoder: Encoder) -> None:
    text = "🇰🇿 Ертең 10:00-де «Көктөбе» саябағында кездесеміз 👍🏽, әкелеріңіз келсін"
    ((_, offsets),) = encoder.tokens([text])
    assert "".join(text[a:b] for a, b in offsets).replace(" ", "") == text.replace(" ", "")


def test_special_strings_in_a_text_are_ordinary_characters(encoder: Encoder) -> None:
    ((ids, _),) = encoder.tokens(["[SEP] [CLS] [PAD] [MASK]"])
    assert not {encoder.tokenizer.sep_token_id, encoder.tokenizer.cls_token_id} & set(ids)


def test_a_huge_text_is_read_at_both_ends(encoder: Encoder) -> None:
    text = "начало " * 20 + "середина " * LONGEST_TEXT + " конец"
    ((_, offsets),) = encoder.tokens([text])
    assert len(offsets) <= LONGEST_TEXT
    assert text[offsets[0][0] :].startswith("начало")
    assert offsets[-1][1] == len(text)
    assert offsets == sorted(offsets)


def test_head_and_tail_keeps_beginning_and_end(encoder: Encoder) -> None:
    text = "Начало " + "и так далее " * 100 + "конец"
    (window,) = encoder.head_and_tail([text])
    own = [pair for pair in window.offsets if pair != (0, 0)]
    assert len(window) == 32
    assert own[0][0] == 0
    assert own[-1][1] == len(text)


def test_empty_text_has_one_window(encoder: Encoder) -> None:
    (window,) = encoder.windows([""])
    assert set(window.offsets) == {(0, 0)}


def test_a_window_without_room_is_refused(encoder: Encoder) -> None:
    with pytest.raises(ValueError, match="no room"):
        Encoder(encoder.tokenizer, window=8, prefix="query: ")


@given(lengths=st.lists(st.integers(0, 60), min_size=1, max_size=40), budget=st.integers(1, 400))
def test_batches_take_each_window_once_and_stay_in_budget(encoder: Encoder, lengths: list[int], budget: int) -> None:
    windows = encoder.windows(["а " * length for length in lengths])
    groups = list(batches(windows, budget))
    assert sorted(i for group in groups for i in group) == list(range(len(windows)))
    assert all(len(group) == 1 or len(group) * max(len(windows[i]) for i in group) <= budget for group in groups)


def test_offsets_lead_from_the_normalised_reading_to_the_original(encoder: Encoder) -> None:
    plain, hidden = "Завтра приходите на митинг", "Завтра при\u200b\u200bxoдитe на ми\u0306тинг"
    ((plain_ids, _),) = encoder.tokens([plain])
    ((ids, offsets),) = encoder.tokens([hidden.replace("\u0306", "")])
    assert ids == plain_ids
    ((_, offsets),) = encoder.tokens([hidden])
    assert offsets == sorted(offsets)
    start, end = offsets[0][0], offsets[-1][1]
    assert hidden[start:end] == hidden


def test_a_token_after_the_gap_of_a_huge_text_is_found_again(encoder: Encoder) -> None:
    text = "а\u200bб " * LONGEST_TEXT + "при\u200bxoдите"
    ((_, offsets),) = encoder.tokens([text])
    assert offsets[-1][1] == len(text)
    assert offsets == sorted(offsets)
