"""Labels: one row a text in order, defined for every text, verbatim evidence."""

from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers import CALL_TYPES, LABEL_SCHEMA, LABELS, TECHNIQUES, InputError
from classifiers.prediction import Classifier
from classifiers.scheme import CALL_SPAN

ODD = [
    "",
    " \n\t",
    "👍👍👍🔥",
    "…!?",
    "\0",
    "a\0b приходите",
    "\ud800 завтра \udfff митинг",
    "\u200b\u200c\u200dпри\u200bходите\ufeff",
    "انضموا إلينا غدا في الساحة",
    "הצטרפו אלינו",
    "а" * 5000,
    "</s><s>[SEP]<pad><mask> подпишите петицию",
    "é" * 3 + "e\u0301" * 3,
    "🇰🇿👩‍👩‍👧‍👦 келіңіздер 🇰🇿",
    "x",
]


def check(texts: list[str], table: pa.Table) -> None:
    """What holds for every table of labels."""
    assert table.schema.equals(LABEL_SCHEMA)
    assert table.num_rows == len(texts)
    table.validate(full=True)
    for text, row in zip(texts, table.to_pylist(), strict=True):
        assert row["label"] in LABELS
        assert row["call"] in ("none", "promotion", "call")
        assert 0 <= row["p_call"] <= 1
        assert 0 <= row["p_manipulative"] <= 1
        assert all(0 <= p <= 1 for p in row["p_techniques"].values())
        assert list(row["p_techniques"]) == list(TECHNIQUES)
        assert set(row["call_types"]) <= set(CALL_TYPES)
        assert (row["call"] == "call") == bool(row["call_types"])
        of_calls = [span for span in row["spans"] if span["technique"] == CALL_SPAN]
        of_techniques = [span for span in row["spans"] if span["technique"] != CALL_SPAN]
        assert {span["technique"] for span in of_techniques} <= set(row["techniques"]) <= set(TECHNIQUES)
        assert all(text[span["start"] : span["end"]] == span["quote"] for span in row["spans"])
        assert len(of_calls) <= (row["label"] != "none")
        assert all(0.15 <= span["score"] <= 1 for span in of_calls)
        assert all(span["score"] is None for span in of_techniques)
        if row["label"] == "manipulative":
            assert of_techniques
        if row["label"] in ("positive", "manipulative"):
            assert row["call"] == "call"


def test_written_posts_get_labels_with_evidence(shipped: Classifier, written: list[dict[str, Any]]) -> None:
    texts = [post["text"] for post in written[::20]]
    table = shipped.predict(texts)
    check(texts, table)
    assert set(table["model"].to_pylist()) == {shipped.name}
    assert {"positive", "none"} <= set(table["label"].to_pylist())


def test_odd_texts_have_a_defined_result(shipped: Classifier) -> None:
    table = shipped.predict(ODD)
    check(ODD, table)
    for row in table.to_pylist()[:5]:
        assert (row["label"], row["call"], row["p_call"], row["techniques"]) == ("none", "none", 0.0, [])


def test_nothing_in_gives_nothing_out(shipped: Classifier) -> None:
    check([], shipped.predict([]))


@settings(max_examples=8)
@given(texts=st.lists(st.text(st.characters(), max_size=120), max_size=6))
def test_any_text_can_be_labelled(shipped: Classifier, texts: list[str]) -> None:
    check(texts, shipped.predict(texts))


def test_order_batches_and_duplicates_change_nothing(shipped: Classifier, written: list[dict[str, Any]]) -> None:
    texts = [post["text"] for post in written[::90]]
    langs = [post["lang"] for post in written[::90]]
    once = shipped.predict(texts, langs)
    again = shipped.predict(texts[::-1] + texts, langs[::-1] + langs, batch_tokens=200)
    for name in ("p_call", "p_manipulative"):
        expected = np.array(once[name].to_pylist())
        np.testing.assert_allclose(again[name].to_pylist()[: len(texts)][::-1], expected, atol=1e-4)
        np.testing.assert_allclose(again[name].to_pylist()[len(texts) :], expected, atol=1e-4)


def test_identical_texts_are_read_once(shipped: Classifier, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[int] = []
    original = shipped.raw_scores

    def counted(texts: list[str], **rest: int) -> Any:
        read.append(len(texts))
        return original(texts, **rest)

    monkeypatch.setattr(shipped, "raw_scores", counted)
    assert shipped.predict(["Приходите все!"] * 50, ["ru"] * 49 + ["kk"]).num_rows == 50
    assert read == [1]


def test_progress_adds_up_to_the_number_of_texts(shipped: Classifier) -> None:
    done: list[int] = []
    shipped.predict(["а б в", "г д е", "а б в", ""], progress=done.append)
    assert sum(done) == 4


def test_a_given_language_is_kept_and_a_missing_one_found(shipped: Classifier) -> None:
    table = shipped.predict(["Приходите завтра на площадь"] * 2, ["uk", None])
    assert table["lang"].to_pylist() == ["uk", "ru"]


def test_an_appeal_at_the_end_of_a_long_post_is_seen(shipped: Classifier) -> None:
    filler = "Вчера в городе прошёл обычный день, ничего не случилось. " * 60
    appeal = "Друзья, приходите в субботу в 11:00 к библиотеке на субботник, приносите перчатки."
    without, with_appeal = shipped.predict([filler, filler + appeal], ["ru", "ru"])["p_call"].to_pylist()
    assert with_appeal > without


def test_a_stricter_rate_labels_fewer_calls(shipped: Classifier, written: list[dict[str, Any]]) -> None:
    texts, langs = [p["text"] for p in written[::40]], [p["lang"] for p in written[::40]]
    counts = [
        sum(call == "call" for call in shipped.predict(texts, langs, max_fpr=rate)["call"].to_pylist())
        for rate in (0.01, 0.05, 0.2)
    ]
    assert counts == sorted(counts)


@pytest.mark.parametrize(
    ("texts", "options", "says"),
    [
        ("one string", {}, "sequence of strings"),
        (["a", None], {}, r"texts\[1\]"),
        (["a"], {"langs": ["ru", "kk"]}, "langs has 2"),
        (["a"], {"max_fpr": 0.0}, "max_fpr"),
        (["a"], {"max_fpr": float("nan")}, "max_fpr"),
        (["a"], {"batch_tokens": 0}, "batch_tokens"),
    ],
)
def test_wrong_input_is_named(shipped: Classifier, texts: Any, options: dict[str, Any], says: str) -> None:
    with pytest.raises(InputError, match=says):
        shipped.predict(texts, **options)
