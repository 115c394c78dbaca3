"""Decisions are only added, a change shows, disagreement settles nothing, and a file taken in twice adds nothing."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from influence.errors import CheckFailed, InputError, StudyError
from influence.review.exchange import export_decisions, import_decisions
from influence.review.learning import reviewed_posts
from influence.review.store import Decision, ReviewStore
from influence.study import Study

CALL: dict[str, Any] = {"call": "call", "verdict": "positive", "call_types": ("attend",)}


def decision(post: str = "t:1", reviewer: str = "a", **values: Any) -> Decision:
    return Decision(post, reviewer, **{"call": "none", **values})


@pytest.fixture
def filled(study: Study, fill: Callable[..., object], day: Callable[[int], dt.datetime]) -> Study:
    rows = [
        {
            "post_id": f"t:{i}",
            "actor_id": "t:a",
            "platform": "t",
            "created_at": day(i),
            "text": f"Пост {i}",
            "lang": "ru",
        }
        for i in range(1, 5)
    ]
    fill(study, posts=rows)
    return study


def test_a_chain_that_was_written_is_whole(tmp_path: Path) -> None:
    store = ReviewStore(tmp_path)
    assert (store.verify().decisions, store.decisions(), store.file.exists()) == (0, [], False)
    store.record(decision(), decision(reviewer="b"))
    head = store.verify().head
    store.record(decision("t:2", **CALL))
    assert store.verify(head=head).broken is None
    assert store.verify().decisions == 3
    assert "cut off" in (store.verify(head="f" * 64).broken or "")
    assert [one.decision.post_id for one in store.decisions("t:2")] == ["t:2"]


@pytest.mark.parametrize(
    "tampering",
    [
        "UPDATE decisions SET decision = replace(decision, '\"none\"', '\"promotion\"') WHERE number = 2",
        "UPDATE decisions SET at = '2020-01-01T00:00:00+00:00' WHERE number = 2",
        "UPDATE decisions SET reviewer = 'z' WHERE number = 2",
        "DELETE FROM decisions WHERE number = 2",
    ],
)
def test_a_change_is_refused_and_shows_when_forced(tmp_path: Path, tampering: str) -> None:
    store = ReviewStore(tmp_path)
    store.record(*(decision(f"t:{i}") for i in range(3)))
    connection = sqlite3.connect(store.file)
    with pytest.raises(sqlite3.IntegrityError, match="append-only"):
        connection.execute(tampering)
    connection.executescript("DROP TRIGGER never_changed; DROP TRIGGER never_deleted;" + tampering)
    connection.close()
    broken = store.verify().broken
    assert broken is not None
    assert "decision 2" in broken


def test_disagreement_is_disputed_until_it_is_settled(tmp_path: Path) -> None:
    store = ReviewStore(tmp_path)
    store.record(decision())
    assert store.settled()[0].status == "single"
    store.record(decision(reviewer="b", **CALL))
    assert (store.settled()[0].status, store.settled()[0].decision) == ("disputed", None)
    store.record(decision(reviewer="c", role="adjudication", **CALL))
    settled = store.settled()[0]
    assert settled.status == "adjudicated"
    assert settled.decision is not None
    assert settled.decision.verdict == "positive"
    store.record(decision(reviewer="a", **CALL))
    assert (store.settled()[0].status, store.settled()[0].reviewers) == ("agreed", ("a", "b", "c"))


def test_techniques_that_reviewers_differ_on_are_not_known(tmp_path: Path) -> None:
    store = ReviewStore(tmp_path)
    store.record(decision(techniques=("fud",)), decision(reviewer="b", techniques=()))
    found = store.settled()[0].decision
    assert found is not None
    assert found.techniques is None


@pytest.mark.parametrize(
    "values",
    [{"call": "maybe"}, {"call": "call"}, {"verdict": "positive"}, {"techniques": ("magic",)}, {"role": "boss"}],
)
def test_what_the_scheme_does_not_have_is_refused(values: dict[str, Any]) -> None:
    with pytest.raises(InputError):
        decision(**values)


def test_a_file_goes_in_once_and_comes_out_whole(filled: Study, tmp_path: Path) -> None:
    file = tmp_path / "d.csv"
    file.write_text(
        "post_id,reviewer,call,verdict,call_types,techniques\nt:1,a,none,,,\nt:2,a,call,manipulative,attend;donate,fud\n"
    )
    assert import_decisions(filled, file).recorded == 2
    again = import_decisions(filled, file)
    assert (again.recorded, again.known) == (0, 2)
    for name in ("out.csv", "out.jsonl"):
        assert export_decisions(filled, tmp_path / name) == 2
        assert import_decisions(filled, tmp_path / name).recorded == 0


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ("t:9,a,none,", ":2: post 't:9' is not in this study"),
        ("t:1,a,perhaps,", ":2: call 'perhaps'"),
        ("t:1,,none,", "reviewer"),
    ],
)
def test_a_bad_row_is_named_and_nothing_is_taken(filled: Study, tmp_path: Path, row: str, message: str) -> None:
    file = tmp_path / "d.csv"
    file.write_text(f"post_id,reviewer,call,verdict\n{row}\nt:1,a,none,\n")
    with pytest.raises(InputError, match=message):
        import_decisions(filled, file)
    assert ReviewStore(filled.folder).decisions() == []


def test_only_settled_posts_are_trained_on(filled: Study) -> None:
    with pytest.raises(StudyError, match="no reviewed post"):
        reviewed_posts(filled)
    store = ReviewStore(filled.folder)
    store.record(decision(), decision("t:2"), decision("t:2", "b", **CALL), decision("t:3", **CALL))
    found = reviewed_posts(filled)
    assert [(row["id"], row["label"]) for row in found.rows] == [("t:1", "none"), ("t:3", "positive")]
    assert found.provenance["posts"] == 2
    assert found.provenance["status"] == {"disputed": 1, "single": 2}
    assert found.provenance["left_out"] == {"disputed": 1, "without text": 0}
    assert found.provenance["reviewers"] == {"R1": 2}
    connection = sqlite3.connect(store.file)
    connection.executescript("DROP TRIGGER never_deleted; DELETE FROM decisions WHERE number = 1")
    connection.close()
    with pytest.raises(CheckFailed, match="is missing"):
        reviewed_posts(filled)


def test_words_of_a_call_are_kept_and_exported_and_not_trained_on(filled: Study, tmp_path: Path) -> None:
    words = {"technique": "call", "start": 0, "end": 4, "quote": "Пост", "score": 2.5}
    doubt = {"technique": "fud", "start": 0, "end": 4, "quote": "Пост"}
    given = {**CALL, "techniques": ("fud",), "spans": (words, doubt)}
    ReviewStore(filled.folder).record(decision(**given))
    (row,) = reviewed_posts(filled).rows
    assert row["spans"] == [doubt]
    export_decisions(filled, tmp_path / "d.jsonl")
    assert import_decisions(filled, tmp_path / "d.jsonl").known == 1
    with pytest.raises(InputError, match="'call' for the words"):
        decision(spans=(words,))
