"""Tables as the steps see them: handles resolved, actors merged, the roster laid over."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from influence import Study
from influence.errors import InputError
from influence.roster import platform_of, read_roster

ACTORS = [
    {"actor_id": "telegram:1", "platform": "telegram", "handle": "AqZhol", "name": "Ақ жол"},
    {"actor_id": "telegram:2", "platform": "telegram", "name": "Two"},
]


def _post(post_id: str, actor_id: str, **more: object) -> dict[str, object]:
    return {"post_id": post_id, "actor_id": actor_id, "platform": "telegram", **more}


def _all(study: Study, table: str, order: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = study.engine.fetch(study.table(table).order_by(order)).to_pylist()
    return rows


def test_the_latest_value_of_each_column_stands(study: Study, fill: Any, day: Any) -> None:
    fill(study, actors=[*ACTORS, {**ACTORS[0], "followers": 100, "followers_at": day(1)}])
    fill(study, actors=[{"actor_id": "telegram:1", "platform": "telegram", "followers": 120, "followers_at": day(5)}])
    first, second = _all(study, "actors", "actor_id")
    assert (first["followers"], first["followers_at"], first["name"]) == (120, day(5), "Ақ жол")
    assert (second["followers"], second["kind"]) == (None, "unknown")


def test_handles_become_ids_in_every_table(study: Study, fill: Any) -> None:
    fill(
        study,
        actors=[*ACTORS, {"actor_id": "telegram:aqzhol", "platform": "telegram", "handle": "aqzhol", "country": "KZ"}],
        posts=[_post("telegram:2/1", "telegram:2", reshared_actor="telegram:@AQZHOL")],
        interactions=[{"source": "telegram:2", "target": "telegram:@aqzhol", "kind": "reshare"}],
        audiences=[{"actor_id": "telegram:AqZhol", "measure": "readers", "value": 5}],
        overlaps=[{"actor_a": "telegram:aqzhol", "actor_b": "telegram:2", "share_a_in_b": 0.1}],
    )
    assert [row["actor_id"] for row in _all(study, "actors", "actor_id")] == ["telegram:1", "telegram:2"]
    assert _all(study, "actors", "actor_id")[0]["country"] == "KZ"
    assert _all(study, "posts", "post_id")[0]["reshared_actor"] == "telegram:1"
    assert _all(study, "interactions", "source")[0]["target"] == "telegram:1"
    assert _all(study, "audiences", "actor_id")[0]["actor_id"] == "telegram:1"
    assert _all(study, "overlaps", "actor_a")[0]["actor_a"] == "telegram:1"


def test_the_target_of_a_reply_is_the_author_of_the_post(study: Study, fill: Any) -> None:
    fill(study, interactions=[{"source": "telegram:2", "kind": "reply", "target_post": "telegram:1/7"}])
    assert _all(study, "interactions", "source") == []
    fill(study, posts=[_post("telegram:1/7", "telegram:1")])
    assert [row["target"] for row in _all(study, "interactions", "source")] == ["telegram:1"]


def test_the_roster_names_accounts_by_handle_address_or_name_and_keeps_those_it_alone_knows(
    study: Study, fill: Any
) -> None:
    fill(study, actors=ACTORS)
    (study.folder / "actors.csv").write_text(
        "handle,url,name,kind,followers,person,actor_id\n"
        ",https://t.me/aqzhol,,leader,7 500,p1,\n"
        ",,two,media,,,\n"
        ",,Қала газеті,media,,,press:qala\n",
        encoding="utf-8-sig",
    )
    found = {row["actor_id"]: row for row in _all(study, "actors", "actor_id")}
    assert [found[key]["kind"] for key in ("telegram:1", "telegram:2", "press:qala")] == ["leader", "media", "media"]
    assert (found["telegram:1"]["followers"], found["telegram:1"]["person"]) == (7500, "p1")
    assert (found["telegram:1"]["handle"], found["press:qala"]["platform"]) == ("AqZhol", "press")


def test_a_changed_roster_changes_the_state_of_the_study(study: Study, fill: Any) -> None:
    fill(study, actors=ACTORS)
    before = study.state_of(("actors",))
    (study.folder / "actors.csv").write_text("handle,kind\naqzhol,party\n", encoding="utf-8")
    assert study.state_of(("actors",)) != before
    assert _all(study, "actors", "actor_id")[0]["kind"] == "party"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("handle,kind\na,leader\nb,boss\n", r"actors\.csv:3: kind 'boss' is none of"),
        ("handle,followers\na,many\n", r"actors\.csv:2: followers 'many' is no count"),
        ("handle,followers_at\na,31.02.2024\n", r"actors\.csv:2: followers_at '31\.02\.2024' is no date"),
        ("handle,likes\na,1\n", r"actors\.csv:1: no column 'likes'"),
        ("kind\nleader\n", r"actors\.csv:2: the row names nobody"),
        ("handle\na,b\n", r"actors\.csv:2: more cells than columns"),
        ("url,kind\nhttp://[x,leader\n", r"actors\.csv:2: url 'http://\[x' is no address"),
    ],
)
def test_a_mistake_in_the_roster_is_named(tmp_path: Path, text: str, words: str) -> None:
    (tmp_path / "actors.csv").write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match=words):
        read_roster(tmp_path / "actors.csv")


def test_a_roster_in_another_encoding_is_named(tmp_path: Path) -> None:
    (tmp_path / "actors.csv").write_bytes("handle,name\na,Газета\n".encode("cp1251"))
    with pytest.raises(InputError, match="not UTF-8"):
        read_roster(tmp_path / "actors.csv")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("https://t.me/s/aqzhol", ("telegram", "aqzhol")),
        ("https://x.com/@name/", ("x", "name")),
        ("www.youtube.com/@name", ("youtube", "name")),
        ("https://example.org", (None, None)),
    ],
)
def test_the_address_of_a_profile_names_platform_and_handle(url: str, expected: tuple[str | None, str | None]) -> None:
    assert platform_of(url) == expected
