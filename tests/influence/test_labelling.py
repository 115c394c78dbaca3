"""Labelling a study's posts: every text once, whatever is stopped, repeated or added."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, cast

import pyarrow as pa
import pytest

from classifiers import LABEL_SCHEMA
from influence import Study, labelling
from influence.labelling import label_posts


class FakeClassifier:
    """Labels by the first letter and counts what it was asked; stands in for an hour of a real model."""

    def __init__(self, name: str = "fake", stop_after: int | None = None) -> None:
        self.name, self.stop_after = name, stop_after
        self.asked: list[str] = []

    def predict(
        self, texts: Sequence[str], *, max_fpr: float, progress: Callable[[int], None] | None = None
    ) -> pa.Table:
        if self.stop_after is not None and len(self.asked) >= self.stop_after:
            raise KeyboardInterrupt
        self.asked += texts
        row: dict[str, Any] = {"lang": "kk", "call": "none", "p_call": 0.1, "p_manipulative": 0.2, "model": self.name}
        row |= {"call_types": [], "techniques": [], "spans": [], "p_techniques": None}
        labels = ["positive" if text.startswith("!") else "none" for text in texts]
        return pa.Table.from_pylist([{**row, "label": label} for label in labels], schema=LABEL_SCHEMA)


def _posts(*texts: str | None) -> list[dict[str, object]]:
    return [
        {"post_id": f"x:{text}-{number}", "actor_id": "x:a", "platform": "x", "text": text}
        for number, text in enumerate(texts)
    ]


def _labels(study: Study, model: FakeClassifier) -> dict[str, str]:
    rows = study.engine.fetch(label_posts(study, cast(Any, model), key=model.name, max_fpr=0.05)).to_pylist()
    return {row["post_id"]: row["label"] for row in rows}


def test_every_post_with_a_text_gets_the_label_of_its_text(study: Study, fill: Any) -> None:
    fill(study, posts=_posts("!come", "news", "!come", "", None))
    model = FakeClassifier()
    labels = _labels(study, model)
    assert labels == {"x:!come-0": "positive", "x:news-1": "none", "x:!come-2": "positive", "x:-3": "none"}
    assert sorted(model.asked) == ["", "!come", "news"]


def test_texts_labelled_before_are_not_labelled_again(study: Study, fill: Any) -> None:
    fill(study, posts=_posts("a", "b"))
    model = FakeClassifier()
    _labels(study, model)
    fill(study, posts=[{**_posts("c")[0], "post_id": "x:c"}])
    assert len(_labels(study, model)) == 3
    assert sorted(model.asked) == ["a", "b", "c"]
    other = FakeClassifier("another model")
    _labels(study, other)
    assert len(other.asked) == 3


def test_what_was_labelled_before_a_stop_is_kept(study: Study, fill: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(labelling, "CHUNK", 2)
    fill(study, posts=_posts(*"abcdefg"))
    with pytest.raises(KeyboardInterrupt):
        _labels(study, FakeClassifier(stop_after=4))
    rest = FakeClassifier()
    assert len(_labels(study, rest)) == 7
    assert len(rest.asked) == 3
