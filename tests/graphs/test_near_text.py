"""Near-duplicate texts: members resemble their representative, copies are found, order changes nothing."""

from __future__ import annotations

import random
from itertools import pairwise

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from graphs.coordination.near_text import group_texts, near_text_objects
from graphs.errors import InputError

SENTENCE = "алаң жиын ертең бүгін қала халық бірге дауыс тілек жаңалық көше үкімет билік сайлау митинг петиция қол"
WORDS = SENTENCE.split()


def likeness(one: str, other: str) -> float:
    sets = [{text[i : i + 5] for i in range(max(len(text) - 4, 1))} for text in (one, other)]
    return len(sets[0] & sets[1]) / len(sets[0] | sets[1])


sayings = st.lists(st.sampled_from(WORDS[:6]), min_size=1, max_size=9).map(" ".join)


@settings(max_examples=60, deadline=None)
@given(st.lists(sayings, max_size=25), st.sampled_from((0.5, 0.8, 1.0)))
def test_every_member_resembles_its_representative(texts: list[str], least: float) -> None:
    groups = group_texts(texts, similarity=least, min_length=5)
    for text, group in zip(texts, groups, strict=True):
        if group >= 0:
            assert groups[group] == group
            assert likeness(text, texts[group]) >= least
    alone = [text for text, group in zip(texts, groups, strict=True) if group < 0 and len(text) >= 5]
    assert len(set(alone)) == len(alone)  # equal texts are never alone


@settings(max_examples=30, deadline=None)
@given(st.lists(sayings, max_size=20), st.randoms(use_true_random=False))
def test_the_order_of_texts_changes_nothing(texts: list[str], chance: random.Random) -> None:
    mixed = list(texts)
    chance.shuffle(mixed)

    def named(given_texts: list[str]) -> set[tuple[str, str | None]]:
        groups = group_texts(given_texts, min_length=5)
        return {(t, None if g < 0 else given_texts[g]) for t, g in zip(given_texts, groups, strict=True)}

    assert named(texts) == named(mixed)


def test_copies_with_a_word_changed_are_found_among_thousands() -> None:
    chance = random.Random(1)
    texts = [" ".join(chance.choices(WORDS, k=30)) + f" {number}" for number in range(2000)]
    copies = []
    for text in texts[:200]:
        words = text.split()
        words[chance.randrange(30)] = "өзгертілді"
        copies.append(" ".join(words))
    groups = group_texts([*texts, *copies])
    near = [number for number in range(200) if likeness(texts[number], copies[number]) >= 0.8]
    together = [number for number in near if groups[number] == groups[2000 + number] >= 0]
    assert len(near) > 100
    assert len(together) >= 0.98 * len(near)
    assert sum(group >= 0 for group in groups[200:2000]) == 0


def test_objects_of_posts() -> None:
    posts = pa.table(
        {
            "post_id": ["x:1", "x:2", "x:3", "x:4", "x:5"],
            "actor_id": ["x:a", "x:b", "x:c", "x:d", "x:e"],
            "text": [
                "Ертең алаңға бәріміз барайық",
                "ертең АЛАҢҒА бәріміз барайық!!",
                "Мүлдем басқа сөздер мұнда",
                "ия",
                None,
            ],
            "at": pa.array([0, 1, 2, 3, 4], pa.timestamp("us", tz="UTC")),
        }
    )
    objects = near_text_objects(posts)
    assert objects["post_id"].to_pylist() == ["x:1", "x:2"]
    assert len(set(objects["object"].to_pylist())) == 1
    assert set(objects["kind"].to_pylist()) == {"near_text"}
    assert near_text_objects(posts.slice(0, 0)).num_rows == 0


def _posts(texts: list[str]) -> pa.Table:
    columns = {name: [f"x:{i}" for i in range(len(texts))] for name in ("post_id", "actor_id")}
    at = pa.array(range(len(texts)), pa.timestamp("us", tz="UTC"))
    return pa.table({**columns, "text": pa.array(texts, pa.string()), "at": at})


@settings(max_examples=60, deadline=None)
@given(st.lists(sayings, max_size=25), st.lists(st.integers(0, 25), max_size=6), st.sampled_from((0.5, 0.8)))
def test_how_posts_are_cut_into_batches_changes_nothing(texts: list[str], cuts: list[int], least: float) -> None:
    posts = _posts(texts)
    whole = near_text_objects(posts, similarity=least, min_length=5)
    ends = sorted({0, *(cut for cut in cuts if cut < len(texts)), len(texts)})
    parts = [posts.slice(one, other - one).combine_chunks().to_batches()[0] for one, other in pairwise(ends)]
    stream = near_text_objects(iter(parts), similarity=least, min_length=5)
    assert stream.equals(whole) or stream.num_rows == whole.num_rows == 0
    reader = pa.RecordBatchReader.from_batches(posts.schema, iter(parts))
    assert near_text_objects(reader, similarity=least, min_length=5).equals(whole)
    expected = group_texts(texts, similarity=least, min_length=5)
    assert whole["post_id"].to_pylist() == [f"x:{i}" for i, group in enumerate(expected) if group >= 0]
    names = dict(zip(whole["post_id"].to_pylist(), whole["object"].to_pylist(), strict=True))
    pairs = {(expected[int(post[2:])], name) for post, name in names.items()}
    assert len(pairs) == len({group for group, _ in pairs}) == len({name for _, name in pairs})  # a name a group


def test_options_out_of_range_are_refused() -> None:
    with pytest.raises(InputError, match="similarity"):
        group_texts([], similarity=0)
    with pytest.raises(InputError, match="min_length"):
        group_texts([], min_length=1)
    with pytest.raises(InputError, match="actor_id"):
        near_text_objects(pa.table({"post_id": ["x:1"]}))
