"""Tables of any kind by --map, and what follows from their rows."""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from influence.errors import InputError

Read = Callable[..., Any]

ROWS = [
    {"Kanal": "-1001234567890", "№": "7", "Күні": "2026-03-02 11:00:00", "Мәтін": "О, @Aq_Jol!\n2", "Қаралым": "1 200"},
    {"Kanal": "1234567890", "№": "8", "Күні": "02.03.2026 12:30", "Мәтін": "", "Қаралым": ""},
    {"Kanal": "@kosheler", "№": "1", "Күні": "2026-03-02", "Мәтін": 'ол айтты: "иә"; болды', "Қаралым": "0"},
]  # fmt: skip
MAPPING = {"actor_id": "Kanal", "post_id": "№", "created_at": "Күні", "text": "Мәтін", "views": "Қаралым"}


def _delimited(rows: list[dict[str, str]], delimiter: str, encoding: str = "utf-8") -> bytes:
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, list(rows[0]), delimiter=delimiter)
    writer.writeheader()
    writer.writerows(rows)
    return out.getvalue().encode(encoding)


def _workbook(rows: list[dict[str, str]]) -> bytes:
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(list(rows[0]))
    for row in rows:
        sheet.append(list(row.values()))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _parquet(rows: list[dict[str, str]]) -> bytes:
    out = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), out)
    return out.getvalue()


FORMS: dict[str, Callable[[list[dict[str, str]]], bytes]] = {
    "comma.csv": lambda rows: _delimited(rows, ","),
    "semicolon.csv": lambda rows: _delimited(rows, ";", "utf-8-sig"),
    "tab.tsv": lambda rows: _delimited(rows, "\t", "utf-16"),
    "bar.txt": lambda rows: _delimited(rows, "|"),
    "packed.csv.gz": lambda rows: gzip.compress(_delimited(rows, ",")),
    "lines.jsonl": lambda rows: "\n".join(map(json.dumps, rows)).encode(),
    "array.json": lambda rows: json.dumps(rows, ensure_ascii=False, indent=2).encode(),
    "table.parquet": _parquet,
    "book.xlsx": _workbook,
}


@pytest.mark.parametrize("name", FORMS)
def test_every_form_of_a_table_gives_the_same_posts(tmp_path: Path, content: Read, name: str) -> None:
    file = tmp_path / name
    file.write_bytes(FORMS[name](ROWS))
    found = content(file, mapping=MAPPING, platform="Telegram", timezone="Asia/Almaty")
    assert [post["post_id"] for post in found.posts] == [
        "telegram:1234567890/7",
        "telegram:1234567890/8",
        "telegram:kosheler/1",
    ]
    assert [post["actor_id"] for post in found.posts] == ["telegram:1234567890"] * 2 + ["telegram:@kosheler"]
    assert [post["views"] for post in found.posts] == [1200, None, 0]
    assert [post["text"] or "" for post in found.posts] == [row["Мәтін"] for row in ROWS]
    hours = [post["created_at"].astimezone(dt.UTC).strftime("%d %H:%M") for post in found.posts]
    assert hours == ["02 06:00", "02 07:30", "01 19:00"]
    assert found.acts == {("telegram:1234567890", "mention", "telegram:@aq_jol", "telegram:1234567890/7", None)}
    assert {row["actor_id"]: row["handle"] for row in found.actors} == {
        "telegram:1234567890": None,
        "telegram:@kosheler": "kosheler",
    }
    assert found.rejects == []


@pytest.fixture
def table(tmp_path: Path, content: Read) -> Callable[..., Any]:
    """Writes a CSV file and reads it; the mapping is given as in the command."""

    def run(text: str, *mapping: str, **options: Any) -> Any:
        file = tmp_path / "posts.csv"
        file.write_text(text, encoding="utf-8")
        return content(file, mapping=dict(pair.split("=", 1) for pair in mapping), **options)

    return run


def test_columns_of_the_contract_need_no_mapping(table: Read) -> None:
    found = table("post_id,actor_id,platform,text,other\n5,11,Twitter,сәлем,x\n")
    assert found.format == "mapped"
    assert (found.posts[0]["post_id"], found.posts[0]["actor_id"], found.posts[0]["platform"]) == ("x:5", "x:11", "x")


def test_cells_that_cannot_be_read_reject_their_row(table: Read) -> None:
    text = (
        "id,who,when,text,seen\n"
        '1,a,2026-03-01,"two\nlines",5\n'
        "2,a,31.02.2026 10:00,x,5\n"
        "3,a,2026-03-01,x,many\n"
        "4,,2026-03-01,x,5\n"
        "5,a,2026-03-01\n"
        "6,a,2026-03-01,x,-5\n"
        "\n"
        "7,a,2026-03-01,x,5\n"
    )
    found = table(text, "post_id=id", "actor_id=who", "created_at=when", "views=seen", platform="web")
    assert [post["post_id"] for post in found.posts] == ["web:1", "web:7"]
    assert [(row["line"], row["reason"]) for row in found.rejects] == [
        (4, "created_at '31.02.2026 10:00' is no date (column 'when')"),
        (5, "views 'many' is no count (column 'seen')"),
        (6, "actor_id is empty"),
        (7, "3 cells, but 5 columns"),
        (8, "views '-5' is no count (column 'seen')"),
    ]
    assert json.loads(found.rejects[0]["raw"])["when"] == "31.02.2026 10:00"


def test_if_no_row_can_be_taken_the_file_is_refused(table: Read) -> None:
    with pytest.raises(InputError, match=r"posts\.csv:2: created_at '31\.02\.2026' is no date.* No row of the file"):
        table("actor_id,created_at\na,31.02.2026\nb,soon\n", platform="web")


def test_a_missing_column_is_named_with_those_that_are_there(table: Read) -> None:
    with pytest.raises(
        InputError, match=r"has no column 'body', which --map text=body asks for\. Its columns are: user, 'a, b'\."
    ):
        table('user,"a, b"\n1,2\n', "actor_id=user", "text=body")
    with pytest.raises(
        InputError, match=r"no column for actor_id .* --map actor_id=user_id --map created_at=timestamp"
    ):
        table("user_id,timestamp,message\n1,2,3\n")
    with pytest.raises(InputError, match=r"table posts has no column 'user'.* --map actor_id=user\."):
        table("user,text\n1,2\n", "user=actor_id")


def test_fields_can_be_joined_and_texts_given(table: Read) -> None:
    found = table(
        "page,n,t\np1,7,a\np2,7,b\n", "post_id=page+n", "actor_id=page", "text=t", "lang==kk", platform="facebook"
    )
    assert [post["post_id"] for post in found.posts] == ["facebook:p1/7", "facebook:p2/7"]
    assert {post["lang"] for post in found.posts} == {"kk"}


def test_posts_without_id_get_one_that_depends_on_them_only(table: Read) -> None:
    first = table("who,text\na,x\na,y\nb,x\na,x\n", "actor_id=who", platform="web")
    ids = [post["post_id"] for post in first.posts]
    assert len(set(ids)) == 3
    assert ids[0] == ids[3]
    assert table("text,who\nx,b\n", "actor_id=who", platform="web").posts[0]["post_id"] == ids[2]


def test_reshares_and_replies(table: Read) -> None:
    text = "ch,id,from,of,to,text\n55,1,Orda_News,9,,@third\n55,2,,,1,@third\n55,3,Қала жаңалықтары,,,\n"
    mapping = ("actor_id=ch", "post_id=id", "reshared_actor=from", "reshared_post=of", "reply_to=to")
    found = table(text, *mapping, platform="telegram")
    assert found.acts == {
        ("telegram:55", "reshare", "telegram:@orda_news", "telegram:55/1", "telegram:orda_news/9"),
        ("telegram:55", "reply", None, "telegram:55/2", "telegram:55/1"),
        ("telegram:55", "mention", "telegram:@third", "telegram:55/2", None),
        ("telegram:55", "reshare", "telegram:name/Қала жаңалықтары", "telegram:55/3", None),
    }
    assert found.things == {("telegram:55/1", "reshare", "telegram:orda_news/9")}
    assert {row["actor_id"] for row in found.actors} == {
        "telegram:55", "telegram:@orda_news", "telegram:name/Қала жаңалықтары",
    }  # fmt: skip


def test_rows_may_say_who_their_accounts_are(table: Read) -> None:
    text = "acc,nick,title,subs,day,type,link,profile\n55,@Orda,Орда,12.5K,2026-03-01,media,https://t.me/Orda/1,https://t.me/Orda\n"
    text += "55,@Orda,Орда,12.5K,2026-03-01,media,https://t.me/Orda/2,https://t.me/Orda\n56,,,,,red,https://t.me/x/1,\n"
    mapping = ("actor_id=acc", "handle=nick", "actor.name=title", "followers=subs", "followers_at=day", "kind=type")
    found = table(text, *mapping, "url=link", "actor.url=profile")
    (orda,) = [row for row in found.actors if row["actor_id"] == "telegram:55"]
    assert (orda["handle"], orda["name"], orda["followers"], orda["kind"]) == ("Orda", "Орда", 12_500, "media")
    assert orda["url"] == "https://t.me/Orda"
    assert found.posts[0]["url"] == "https://t.me/Orda/1"
    assert found.posts[0]["platform"] == "telegram"
    assert any("'red' is none of" in note for note in found.notes)
    assert any("taken to be telegram" in note for note in found.notes)


def test_an_account_may_be_known_by_handle_or_name_only(table: Read) -> None:
    assert table("nick,text\n@Orda,a\n", "handle=nick", platform="x").posts[0]["actor_id"] == "x:@orda"
    assert table("t,text\nОрда ТВ,a\n", "name=t", platform="x").posts[0]["actor_id"] == "x:name/Орда ТВ"
    assert table("t,text\nОрда ТВ,a\n", "name=t", platform="tv").posts[0]["actor_id"] == "tv:Орда ТВ"


def test_nested_fields_of_json(tmp_path: Path, content: Read) -> None:
    file = tmp_path / "posts.jsonl"
    records = [{"user": {"id": 7}, "n": 1, "stats": {"views": 3}}, {"user": {"id": 8}, "n": 2, "stats": None}]
    file.write_text("\n".join(map(json.dumps, records)), encoding="utf-8")
    mapping = {"actor_id": "user.id", "post_id": "n", "views": "stats.views"}
    found = content(file, mapping=mapping, platform="web")
    assert [(post["actor_id"], post["views"]) for post in found.posts] == [("web:7", 3), ("web:8", None)]
    with pytest.raises(InputError, match=r"has no field 'stats\.shown' in any record"):
        content(file, mapping={**mapping, "shares": "stats.shown"}, platform="web")


def test_types_of_parquet_are_taken_as_they_are(tmp_path: Path, content: Read) -> None:
    file = tmp_path / "posts.parquet"
    when = dt.datetime(2026, 3, 2, 6, 0, 0, 5)
    columns = {
        "actor_id": pa.array([55, 56], pa.uint32()),
        "post_id": pa.array([7.0, 8.0]),
        "created_at": pa.array([when, None], pa.timestamp("ns")),
        "views": pa.array([1.0, None], pa.float32()),
        "reactions": pa.array(["3", "4"]).dictionary_encode(),
        "shares": pa.array([True, False]),
        "user": pa.array([{"name": "A"}, {"name": "B"}]),
    }
    pq.write_table(pa.table(columns), file)
    found = content(file, mapping={"actor.name": "user.name"}, platform="telegram", timezone="Asia/Almaty")
    first, second = found.posts
    assert (first["post_id"], first["views"], first["reactions"], first["shares"]) == ("telegram:55/7", 1, 3, 1)
    assert first["created_at"] == dt.datetime(2026, 3, 2, 1, 0, 0, 5, dt.UTC)
    assert (second["created_at"], second["views"]) == (None, None)
    assert {row["name"] for row in found.actors} == {"A", "B"}


def test_a_quotation_mark_that_is_never_closed_is_noticed(table: Read) -> None:
    with pytest.raises(InputError, match=r"posts\.csv:3: a quotation mark is opened and never closed"):
        table('actor_id,text\n1,a\n2,"b\n3,c\n4,d\n', platform="web")


def test_an_unknown_platform_is_web_and_said(table: Read) -> None:
    found = table("who,text\n1,a\n", "actor_id=who")
    assert found.posts[0]["actor_id"] == "web:1"
    assert "written as web" in found.notes[0]


def test_windows_1251_is_found(tmp_path: Path, content: Read) -> None:
    file = tmp_path / "posts.csv"
    file.write_bytes("автор;текст\nИгорь;Приходите завтра\n".encode("cp1251"))
    found = content(file, mapping={"actor_id": "автор", "text": "текст"}, platform="web")
    assert found.posts[0]["text"] == "Приходите завтра"
    assert found.notes == ("posts.csv was read as Windows-1251",)


@pytest.mark.parametrize("damage", [b"PAR1 but no table PAR1", b"PK\x03\x04 no workbook"])
def test_damaged_binary_tables_are_refused(tmp_path: Path, content: Read, damage: bytes) -> None:
    file = tmp_path / "posts.parquet"
    file.write_bytes(damage)
    with pytest.raises(InputError, match=r"posts\.parquet"):
        content(file, mapping={"actor_id": "a", "text": "b"})


cells = st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n"), max_size=20)
times = st.datetimes(dt.datetime(2000, 1, 1), dt.datetime(2060, 1, 1)).map(lambda time: time.replace(tzinfo=dt.UTC))
posts = st.fixed_dictionaries(
    {
        "post_id": st.uuids().map(str),
        "actor_id": st.from_regex(r"[0-9a-f]{6}z", fullmatch=True),
        "created_at": times.map(dt.datetime.isoformat),
        "text": cells,
        "views": st.none() | st.integers(0, 10**18 - 1),
    }
)


@given(rows=st.lists(posts, min_size=1, max_size=20, unique_by=lambda row: str(row["post_id"])))
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_rows_come_back_as_they_were_written(tmp_path: Path, content: Read, rows: list[dict[str, Any]]) -> None:
    file = tmp_path / "posts.csv"
    text = [{name: "" if value is None else str(value) for name, value in row.items()} for row in rows]
    file.write_bytes(_delimited(text, ","))
    found = content(file, platform="web").posts
    assert [post["post_id"] for post in found] == [f"web:{row['post_id']}" for row in rows]
    assert [post["text"] for post in found] == [row["text"] for row in rows]
    assert [post["views"] for post in found] == [row["views"] for row in rows]
    assert [post["created_at"].isoformat() for post in found] == [row["created_at"] for row in rows]
