"""Tables other than posts, given in the contract's columns or by --map."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from influence.errors import InputError

Read = Callable[..., Any]


@pytest.fixture
def table(tmp_path: Path, content: Read) -> Callable[..., Any]:
    """Writes a CSV file and reads it as a table of the contract."""

    def run(text: str, *mapping: str, **options: Any) -> Any:
        file = tmp_path / "rows.csv"
        file.write_text(text, encoding="utf-8")
        return content(file, mapping=dict(pair.split("=", 1) for pair in mapping), **options)

    return run


def test_audiences_bring_their_media(table: Read) -> None:
    text = 'Newspaper,"Copies, 2013"\nThe Daily,"1,674,306"\nAt Noon,0\nThe Daily,lots\n'
    found = table(text, "actor_id=Newspaper", "value=Copies, 2013", "period==2013", table="audiences")
    assert found.primary == "audiences"
    assert [(row["actor_id"], row["measure"], row["value"], row["period"]) for row in found.audiences] == [
        ("press:The Daily", "circulation", 1_674_306.0, "2013"),
        ("press:At Noon", "circulation", 0.0, "2013"),
    ]
    assert {(row["actor_id"], row["platform"], row["kind"]) for row in found.actors} == {
        ("press:The Daily", "press", "media"),
        ("press:At Noon", "press", "media"),
    }
    assert found.rejects[0]["reason"] == "value 'lots' is no number (column 'Copies, 2013')"
    assert "taken to be 'circulation'" in found.notes[0]


def test_audiences_in_the_columns_of_the_contract(table: Read) -> None:
    text = (
        "actor_id,medium,measure,value,period,population,source,name\n"
        'tv:arna,tv,rating,"7,4",2026-W10,412000,survey,Арна\n'
        "radio:iin,radio,monthly reach,26000,2026-03,412000,survey,\n"
    )
    found = table(text)
    assert found.primary == "audiences"
    assert [(row["actor_id"], row["value"], row["population"]) for row in found.audiences] == [
        ("tv:arna", 7.4, 412_000),
        ("radio:iin", 26_000.0, 412_000),
    ]
    assert {row["actor_id"]: row["name"] for row in found.actors} == {"tv:arna": "Арна", "radio:iin": None}


def test_a_value_that_measures_nothing_known_is_asked_about(table: Read) -> None:
    with pytest.raises(InputError, match="--map measure==circulation"):
        table("a,b\nThe Daily,5\n", "actor_id=a", "value=b", table="audiences")


def test_shares_are_from_0_to_1(table: Read) -> None:
    text = "actor_a,actor_b,share_a_in_b,n\npress:a,tv:b,0.25,400\npress:a,tv:b,25%,\npress:a,tv:b,25,\npress:a,,0.1,\n"
    found = table(text)
    assert found.primary == "overlaps"
    assert [row["share_a_in_b"] for row in found.overlaps] == [0.25, 0.25]
    assert [row["reason"] for row in found.rejects] == [
        "share_a_in_b '25' is no share; write 0.35 or 35%",
        "actor_b is empty",
    ]


def test_actors(table: Read) -> None:
    text = (
        "actor_id,platform,handle,name,kind,followers,followers_at,url\n,telegram,@Orda,Орда,Media,12 500,2026-03-01,\n"
    )
    text += "55,x,,Б,boss,1,,\n,,,,leader,,,https://x.com/Dana\n,,,,,,,\n"
    found = table(text)
    assert found.primary == "actors"
    orda, dana = found.actors
    assert (orda["actor_id"], orda["handle"], orda["kind"], orda["followers"]) == (
        "telegram:@orda",
        "Orda",
        "media",
        12_500,
    )
    assert orda["followers_at"] == dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
    assert (dana["actor_id"], dana["platform"], dana["kind"]) == ("x:@dana", "x", "leader")
    assert [row["reason"].partition(" is none")[0] for row in found.rejects] == ["kind 'boss'"]


def test_interactions(table: Read) -> None:
    text = "source,target,kind,at,post_id,target_post\n1,Dana,Follow,2026-03-01,,\n1,2,like,,,\n1,2,reply,,5,6\n"
    found = table(text, platform="x")
    assert found.primary == "interactions"
    assert found.acts == {("x:1", "follow", "x:@dana", None, None), ("x:1", "reply", "x:2", "x:5", "x:6")}
    assert found.rejects[0]["reason"].startswith("kind 'like' is none of reshare, reply")
    edges = table(
        "Source,Target\n1,2\n", "source=Source", "target=Target", "kind==follow", table="interactions", platform="x"
    )
    assert edges.acts == {("x:1", "follow", "x:2", None, None)}


def test_actions(table: Read) -> None:
    text = "action,count,at,actor_id,post_id,source\n"
    text += 'signature,"1,234",2026-03-01,telegram:55,,petition\nmoney,-5,,,,\nmoney,7.5,,,,\n'
    found = table(text)
    assert [(row["action"], row["count"], row["actor_id"]) for row in found.actions] == [
        ("signature", 1234.0, "telegram:55"),
        ("money", 7.5, None),
    ]
    assert found.rejects[0]["reason"] == "count -5.0 is below 0"
    assert [row["actor_id"] for row in found.actors] == ["telegram:55"]


def test_objects(table: Read) -> None:
    found = table("post_id,actor_id,kind,object\n7,55,url,https://a.kz\n", platform="telegram")
    assert found.things == {("telegram:55/7", "url", "https://a.kz")}


@pytest.mark.parametrize("name", ["rejects", "people"])
def test_tables_that_cannot_be_given(table: Read, name: str) -> None:
    with pytest.raises(InputError, match=name):
        table("source_file,reason\na,b\n", table=name)
