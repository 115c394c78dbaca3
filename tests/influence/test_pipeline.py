"""The steps: each runs when something it stands on has changed, and only then."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import pyarrow as pa
import pytest

import classifiers
from influence import Study, pipeline
from influence.errors import InputError, StudyError
from influence.pipeline import STEPS, is_fresh, parameters, run_all, run_step, windowed


class FakeClassifier:
    """Every text is an open call."""

    basis = "fake"

    def predict(
        self, texts: Sequence[str], *, max_fpr: float, progress: Callable[[int], None] | None = None
    ) -> pa.Table:
        row: dict[str, Any] = {"lang": "kk", "label": "positive", "call": "call", "p_call": 0.9, "p_manipulative": 0.1}
        row |= {"call_types": [], "techniques": [], "spans": [], "p_techniques": None, "model": "fake"}
        return pa.Table.from_pylist([row for _ in texts], schema=classifiers.LABEL_SCHEMA)


@pytest.fixture(autouse=True)
def fake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pipeline, "_model_state", lambda model: f"state of {model}")
    monkeypatch.setattr(classifiers, "load", lambda model: FakeClassifier(), raising=False)


def _actor(name: str, kind: str, followers: int) -> dict[str, object]:
    return {"actor_id": f"x:{name}", "platform": "x", "kind": kind, "followers": followers}


@pytest.fixture
def filled(study: Study, fill: Any, day: Any) -> Study:
    posts = [
        {"post_id": f"x:{name}{n}", "actor_id": f"x:{name}", "platform": "x", "created_at": day(n), "views": 10 * n}
        for name in ("a", "b")
        for n in range(1, 9)
    ]
    acts = [
        {"source": f"x:r{n % 5}", "target": "x:a", "kind": "reshare", "at": day(n), "target_post": f"x:a{n}"}
        for n in range(1, 9)
    ]
    actors = [_actor("a", "leader", 900), _actor("b", "media", 300)]
    fill(study, actors=actors, posts=[{**post, "text": post["post_id"]} for post in posts], interactions=acts)
    return study


def _ran(study: Study) -> dict[str, bool]:
    return {name: computed for name, _, computed in run_all(study)}


def test_every_step_runs_once_and_then_only_what_changed(filled: Study, fill: Any, day: Any) -> None:
    assert _ran(filled) == dict.fromkeys(STEPS, True)
    assert _ran(filled) == dict.fromkeys(STEPS, False)
    (filled.folder / "actors.csv").write_text("actor_id,kind\nx:b,state\n", encoding="utf-8")
    assert _ran(filled)["reach"] is True
    assert _ran(filled) == dict.fromkeys(STEPS, False)
    fill(filled, overlaps=[{"actor_a": "x:a", "actor_b": "x:b", "share_a_in_b": 0.2}])
    changed = _ran(filled)
    # Leaders are ranked by their simulated reach too, which stands on the step that counts audiences.
    assert (changed["reach"], changed["compare"], changed["leaders"]) == (True, True, True)
    assert (changed["cascades"], changed["classify"]) == (False, False)


def test_another_model_is_another_result(filled: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    run_all(filled)
    monkeypatch.setattr(pipeline, "_model_state", lambda model: "another")
    assert (is_fresh(filled, "classify"), is_fresh(filled, "flags"), is_fresh(filled, "reach")) == (False, False, True)


def test_leaders_by_labels_stand_on_the_classifier(filled: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = {"metrics": ("resharers", "fib_index")}
    run_step(filled, "leaders")
    assert not is_fresh(filled, "classify")
    run_step(filled, "leaders", asked)
    assert is_fresh(filled, "classify")
    monkeypatch.setattr(pipeline, "_model_state", lambda model: "another")
    assert not is_fresh(filled, "leaders", asked)
    assert is_fresh(filled, "leaders")


def test_a_step_runs_what_it_stands_on(filled: Study) -> None:
    run_step(filled, "compare")
    assert is_fresh(filled, "reach")
    assert not is_fresh(filled, "leaders")


def test_two_windows_are_two_results(filled: Study) -> None:
    whole = filled.reach().to_pylist()
    first = filled.reach(window="2026-03-01..2026-03-06").to_pylist()
    assert len(filled.results("reach")) == 2

    def exposed(rows: list[dict[str, Any]]) -> Any:
        return next(row for row in rows if (row["actor_id"], row["kind_of_reach"]) == ("x:a", "exposed"))

    assert (exposed(whole)["value"], exposed(whole)["n_observed"]) == (45.0, 8)
    assert (exposed(first)["value"], exposed(first)["n_observed"]) == (35.0, 6)


def test_the_last_day_of_a_window_is_in_it(filled: Study) -> None:
    posts = windowed(filled.table("posts"), "2026-03-02..2026-03-03", column="created_at")
    assert posts.count().to_pyarrow().as_py() == 4
    assert windowed(filled.table("posts"), "..2026-03-02", column="created_at").count().to_pyarrow().as_py() == 4


def test_the_run_says_how_a_result_came_to_be(filled: Study) -> None:
    run = run_step(filled, "reach", {"seed": 7}).run
    assert (run["params"]["seed"], run["seed"], run["rows"], run["step"]) == (7, 7, {"reach": 8}, "reach")
    assert {"version", "inputs", "started_at", "finished_at", "seconds", "engine"} <= run.keys()


def test_the_ratio_of_one_leader_to_one_outlet_is_that_of_their_followers(filled: Study) -> None:
    rows = filled.compare().to_pylist()
    (row,) = [
        row
        for row in rows
        if (row["measure"], row["kind_of_reach"], row["a"], row["b"]) == ("ratio", "potential", "x:a", "x:b")
    ]
    assert (row["value"], row["low"], row["high"]) == (3.0, 3.0, 3.0)


def test_shown_tables_are_those_of_the_latest_result(filled: Study) -> None:
    with pytest.raises(StudyError, match="influence leaders"):
        filled.show("leaders")
    leaders = filled.leaders()
    assert filled.show("leaders").count().to_pyarrow().as_py() == leaders.num_rows
    with pytest.raises(InputError, match="there is no table 'likes'"):
        filled.show("likes")


@pytest.mark.parametrize(
    ("step", "params", "words"),
    [
        ("reach", {"windw": "a"}, "no parameter 'windw'"),
        ("reach", {"window": "march"}, "Write it as"),
        ("count", {}, "no step 'count'"),
    ],
)
def test_an_unknown_step_or_parameter_is_named(study: Study, step: str, params: dict[str, object], words: str) -> None:
    with pytest.raises(InputError, match=words):
        parameters(study, step, params)


def test_an_empty_study_says_how_to_fill_it(study: Study) -> None:
    with pytest.raises(StudyError, match="influence import"):
        run_all(study)
