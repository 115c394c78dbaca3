"""The step that looks for coordination: settings, result tables, results by their parameters."""

from __future__ import annotations

from typing import Any

import pytest

from influence import Study
from influence.coordination import TABLES, parse_kinds, parse_null
from influence.errors import InputError
from influence.pipeline import RESULT_TABLES, is_fresh, run_step


@pytest.fixture
def shared(study: Study, fill: Any, day: Any) -> Study:
    """Three accounts that share six links a minute apart at the most, and ten that share one of them each."""
    rows = [(f"x:g{who}", f"u{n}", day(n).replace(second=who)) for n in range(1, 7) for who in range(3)]
    rows += [(f"x:o{who}", f"u{1 + who % 6}", day(8).replace(minute=who)) for who in range(10)]
    rows += [(f"x:o{who}", f"v{who}", day(9)) for who in range(10)]
    objects = [
        {"post_id": f"x:p{place}", "actor_id": actor, "kind": "url", "object": thing, "at": at}
        for place, (actor, thing, at) in enumerate(rows)
    ]
    fill(study, actors=[{"actor_id": "x:g0", "platform": "x", "name": "Gee", "kind": "leader"}], objects=objects)
    return study


QUICK = {"resamples": 5, "null_runs": 2}


def test_the_step_makes_its_tables_and_finds_the_group(shared: Study) -> None:
    params = {**QUICK, "null": "hypergeometric"}
    result = run_step(shared, "coordination", params)
    assert set(TABLES) == {name for name, step in RESULT_TABLES.items() if step == "coordination"}
    assert set(result.run["rows"]) == set(TABLES)
    rows = result.arrow("coordination_clusters").to_pylist()
    assert [row["actors"] for row in rows] == [["x:g0", "x:g1", "x:g2"]]
    assert rows[0]["q_value"] < 0.05
    assert is_fresh(shared, "coordination", params)


def test_two_windows_are_two_results_that_can_be_named(shared: Study) -> None:
    wide = run_step(shared, "coordination", {**QUICK, "window_s": 30.0, "null": "none"})
    narrow = run_step(shared, "coordination", {**QUICK, "window_s": 1.0, "null": "none"})
    assert len(shared.results_of("coordination_edges")) == 2
    # Within a second g0 meets g1 and g1 meets g2, but g0 does not meet g2.
    counts = {
        wanted: shared.engine.fetch(shared.show("coordination_edges", params=wanted)).num_rows
        for wanted in (None, "window_s=30", "window_s=1,null=none", wide.folder.name, narrow.folder.name[:9])
    }
    assert list(counts.values()) == [2, 3, 2, 3, 2]
    with pytest.raises(InputError, match="no result"):
        shared.show("coordination_edges", params="window_s=7")
    with pytest.raises(InputError, match="no parameter 'window_z'"):
        shared.show("coordination_edges", params="window_z=7")
    with pytest.raises(InputError, match="no parameters"):
        shared.show("posts", params="window_s=7")


def test_names_that_there_are_not_are_refused() -> None:
    assert parse_null("permutation") == "times_within_objects"
    assert parse_kinds(("url", "text", "url")) == ("text", "url")
    with pytest.raises(InputError, match="'vibes'"):
        parse_null("vibes")
    with pytest.raises(InputError, match="'smell'"):
        parse_kinds(("smell",))


def test_study_toml_sets_the_search(shared: Study) -> None:
    file = shared.folder / "study.toml"
    file.write_text(
        f"{file.read_text(encoding='utf-8')}\n[coordination]\nwindow_s = 1\nnull = 'none'\n", encoding="utf-8"
    )
    again = Study.open(shared.folder)
    assert again.coordination(**QUICK).num_rows == 2
    file.write_text(file.read_text(encoding="utf-8").replace("window_s = 1", "windows = 1"), encoding="utf-8")
    with pytest.raises(InputError, match="windows"):
        Study.open(shared.folder)
