"""Imports reconcile to the row, add nothing twice, and leave the study as it was when something is wrong."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from filelock import FileLock
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from influence.errors import InputError
from influence.intake import SKIPPED, find_files, import_paths
from influence.objects import text_object
from influence.records import ImportRecord
from influence.study import Study

quiet = settings(max_examples=6, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


def _csv(path: Path, *rows: str, header: str = "post_id,actor_id,text") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join((header, *rows)) + "\n", encoding="utf-8")
    return path


def _channel(path: Path, *numbers: int, more: dict[str, Any] | None = None) -> Path:
    messages = [
        {"id": number, "type": "message", "date_unixtime": "1772431200", "from_id": "channel55", "text": f"t{number}"}
        for number in numbers
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    content = {"name": "A", "type": "public_channel", "id": 55, "messages": messages, **(more or {})}
    path.write_text(json.dumps(content), encoding="utf-8")
    return path


def rows(study: Study, table: str) -> list[dict[str, Any]]:
    """The rows of a table as imported."""
    found: list[dict[str, Any]] = study.engine.fetch(study.raw(table)).to_pylist()
    return found


def state(study: Study) -> dict[str, bytes]:
    """Every file of the study that counts."""
    inside = [*study.folder.glob("tables/*/*"), *study.folder.glob("imports/*"), study.folder / "study.toml"]
    return {str(file.relative_to(study.folder)): file.read_bytes() for file in inside if file.is_file()}


def check(record: ImportRecord, read: int, kept: int, duplicates: int, rejected: int) -> None:
    """Compare the reconciliation of a record."""
    found = (record.read, record.kept, record.duplicates, record.rejected)
    assert found == (read, kept, duplicates, rejected)


def test_the_same_file_adds_nothing_the_second_time(study: Study, tmp_path: Path) -> None:
    file = _csv(tmp_path / "posts.csv", "1,7,#a", "2,7,b", "2,7,c", "3,,d")
    (first,) = study.import_(file, platform="x")
    check(first, 4, 2, 1, 1)
    assert first.parts == {"posts": 2, "actors": 1, "objects": 3, "rejects": 1}  # a hashtag and two texts
    before = state(study)
    (again,) = study.import_(file, platform="x")
    check(again, 4, 0, 3, 1)
    assert again.parts == {}
    assert "imported before" in again.notes[-1]
    moved = tmp_path / "elsewhere.csv"
    moved.write_bytes(file.read_bytes())
    check(study.import_(moved, platform="x")[0], 4, 0, 3, 1)
    assert state(study) == before


def test_of_two_rows_with_one_id_the_first_of_the_file_stays(study: Study, tmp_path: Path) -> None:
    lines = [f"{number % 500},7,{number}" for number in range(1500)]
    (record,) = study.import_(_csv(tmp_path / "posts.csv", *lines), platform="x")
    check(record, 1500, 500, 1000, 0)
    assert {row["post_id"]: row["text"] for row in rows(study, "posts")} == {f"x:{n}": str(n) for n in range(500)}


def test_files_that_overlap_reconcile(study: Study, tmp_path: Path) -> None:
    study.import_(_channel(tmp_path / "a" / "result.json", 1, 2, 3))
    (second,) = study.import_(_channel(tmp_path / "b" / "result.json", 2, 3, 4))
    check(second, 3, 1, 2, 0)
    assert len(rows(study, "posts")) == 4
    assert len(rows(study, "actors")) == 1


def test_what_follows_from_a_post_comes_once(study: Study, tmp_path: Path) -> None:
    header = "post_id,actor_id,text,reshared_actor"
    study.import_(_csv(tmp_path / "a.csv", "1,7,@one #x,", header=header), platform="x")
    # Another crawl of the same post: its text was changed since, but the first stays, and so do its mentions and tags.
    lines = ("1,7,@two #y,9", "2,7,@three #x,")
    (second,) = study.import_(_csv(tmp_path / "b.csv", *lines, header=header), platform="x")
    check(second, 2, 1, 1, 0)
    assert {row["target"] for row in rows(study, "interactions")} == {"x:@one", "x:@three"}
    tags = [row for row in rows(study, "objects") if row["kind"] == "hashtag"]
    assert {(row["post_id"], row["object"]) for row in tags} == {("x:1", "x"), ("x:2", "x")}
    texts = [row["object"] for row in rows(study, "objects") if row["kind"] == "text"]
    assert texts == [text_object("@one #x"), text_object("@three #x")] == [text_object("#x")] * 2


def test_new_reactions_to_a_known_post_are_taken(study: Study, tmp_path: Path) -> None:
    def reacted(*people: int) -> dict[str, Any]:
        recent = [{"from": "P", "from_id": f"user{person}", "date": "2026-03-02T10:00:00"} for person in people]
        reactions = [{"type": "emoji", "count": 9, "emoji": "x", "recent": recent}]
        message = {"id": 1, "type": "message", "date_unixtime": "1772431200", "from_id": "channel55", "text": "t"}
        return {"messages": [{**message, "reactions": reactions}]}

    study.import_(_channel(tmp_path / "a.json", more=reacted(1, 2)))
    study.import_(_channel(tmp_path / "b.json", more=reacted(2, 3)))
    assert sorted(row["source"] for row in rows(study, "interactions")) == ["telegram:1", "telegram:2", "telegram:3"]


def test_every_observation_of_an_account_is_kept_once(study: Study, tmp_path: Path) -> None:
    header = "actor_id,platform,handle,followers,followers_at"
    study.import_(_csv(tmp_path / "a.csv", "7,x,A,5,", "7,x,A,5,", "7,x,A,6,2026-03-01", header=header), table="actors")
    (second,) = study.import_(_csv(tmp_path / "b.csv", "7,x,A,5,", "8,x,,,", header=header), table="actors")
    check(second, 2, 1, 1, 0)
    assert sorted((row["actor_id"], row["followers"]) for row in rows(study, "actors") if row["followers"]) == [
        ("x:7", 5),
        ("x:7", 6),
    ]


def test_ids_that_repeat_between_accounts_are_joined_with_them(study: Study, tmp_path: Path) -> None:
    file = _csv(tmp_path / "posts.csv", "1,a,x", "1,b,y", "2,a,z", "1,a,x")
    (record,) = study.import_(file, platform="forum")
    check(record, 4, 3, 1, 0)
    assert {row["post_id"] for row in rows(study, "posts")} == {"forum:a/1", "forum:b/1", "forum:a/2"}
    assert any("repeat between accounts" in note for note in record.notes)
    check(study.import_(file, platform="forum")[0], 4, 0, 4, 0)
    # On X an id is never used twice: two accounts under one id are a fault of the file, not another post.
    (other,) = study.import_(file, platform="x")
    check(other, 4, 2, 2, 0)


# -- folders -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder as people have it."""
    top = tmp_path / "exports"
    _channel(top / "b" / "result.json", 1, 2)
    _csv(top / "a" / "posts.csv", "1,7,x", header="post_id,actor_id,text")
    _csv(top / "a" / "people.csv", "1,2", header="spalte,andere")
    (top / "a" / "empty.csv").touch()
    (top / "notes.txt").write_text("do not forget", encoding="utf-8")
    for name in ("LICENSE", "README.md", ".hidden.csv", "photos/p.jpg", ".git/config"):
        (top / name).parent.mkdir(exist_ok=True)
        (top / name).write_text("x", encoding="utf-8")
    return top


def test_folders_are_walked_and_what_is_left_out_is_said(study: Study, folder: Path) -> None:
    names = [str(file.relative_to(folder)) for file in find_files([folder])]
    assert names == ["a/empty.csv", "a/people.csv", "a/posts.csv", "b/result.json", "notes.txt"]
    records = study.import_(folder)
    assert [(Path(record.source).name, record.format) for record in records] == [
        ("empty.csv", SKIPPED),
        ("people.csv", SKIPPED),
        ("posts.csv", "mapped"),
        ("result.json", "telegram_desktop"),
        ("notes.txt", SKIPPED),
    ]
    assert "spalte, andere" in records[1].notes[0]
    assert any(note.startswith("5 files that hold no data") for note in records[2].notes)
    assert len(study.imports()) == 2


def test_a_mapping_is_for_the_tables_of_a_folder(study: Study, folder: Path) -> None:
    records = study.import_(folder, mapping={"actor_id": "spalte", "text": "andere"}, platform="web")
    assert [(Path(record.source).name, record.format, record.kept) for record in records if record.kept] == [
        ("people.csv", "mapped", 1),
        ("posts.csv", "mapped", 1),
        ("result.json", "telegram_desktop", 2),
    ]


def test_a_file_named_alone_must_be_usable(study: Study, folder: Path) -> None:
    with pytest.raises(InputError, match=r"people\.csv has no column for actor_id .* Its columns are: spalte, andere"):
        study.import_(folder / "a" / "people.csv")
    with pytest.raises(InputError, match=r"notes\.txt is of no format that is known .*telegram_desktop.*--map"):
        study.import_(folder / "notes.txt")
    with pytest.raises(InputError, match="there is no format 'vkontakte'; the formats are telegram_desktop"):
        study.import_(folder, format="vkontakte")


def test_files_before_one_that_cannot_be_used_stay(study: Study, folder: Path, tmp_path: Path) -> None:
    broken = _channel(tmp_path / "broken.json", 5)
    broken.write_bytes(broken.read_bytes()[:-30])
    with pytest.raises(InputError, match=r"broken\.json.*breaks off.*The 2 files before it are imported and stay so"):
        study.import_(folder / "a" / "posts.csv", folder / "b", broken, folder / "a")
    assert len(study.imports()) == 2
    assert len(rows(study, "posts")) == 3


def test_what_a_study_holds_is_not_imported_into_one(study: Study, folder: Path) -> None:
    sources = study.folder / "sources"
    shutil.copytree(folder, sources)
    study.import_(study.folder)
    names = [str(file.relative_to(study.folder)) for file in find_files([study.folder])]
    assert names == ["actors.csv", *(f"sources/{file.relative_to(folder)}" for file in find_files([folder]))]


def test_progress_is_told(study: Study, folder: Path) -> None:
    told: list[tuple[str, int, int | None]] = []
    study.import_(folder, progress=lambda *said: told.append(said))
    assert ("importing result.json", 2, None) in told


# -- bad input ---------------------------------------------------------------------------------------------------------


def _bad(name: str, content: bytes) -> Callable[[Path], Path]:
    def make(folder: Path) -> Path:
        (folder / name).write_bytes(content)
        return folder / name

    return make


def _empty_folder(folder: Path) -> Path:
    (folder / "inside").mkdir(parents=True)
    (folder / "inside" / "README.md").write_text("x", encoding="utf-8")
    return folder / "inside"


def _strangers(folder: Path) -> Path:
    (folder / "inside").mkdir(parents=True)
    (folder / "inside" / "notes.txt").write_text("do not forget", encoding="utf-8")
    return folder / "inside"


BAD: dict[str, tuple[Callable[[Path], Path], dict[str, Any], str]] = {
    "empty": (_bad("a.json", b""), {}, r"a\.json is empty\. Export it again"),
    "empty with map": (_bad("a.csv", b"\n"), {"mapping": {"actor_id": "a"}}, r"a\.csv is empty"),
    "truncated": (
        _bad("result.json", b'{"name": "A", "type": "public_channel", "id": 5, "messages": [{"id": 1,'),
        {},
        r"result\.json:1: the JSON breaks off at the end of the file, after byte 71\. Nothing of it was imported",
    ),
    "no JSON": (
        _bad("result.json", b'{"name": "A", "type": "public_channel", "id": 5,\n "messages": [{"id": 1, \'a\': 2}]}'),
        {},
        r"result\.json:2: the JSON is broken at character 25",
    ),
    "not UTF-8": (
        _bad("result.json", b'{"name": "A", "type": "public_channel", "id": 5,\n "messages": [{"text": "caf\xe9"}]}'),
        {},
        r"result\.json:2: byte \d+ is not UTF-8",
    ),
    "wrong encoding": (
        _bad("a.csv", b"actor_id,text\n1,ok\n2,caf\xe9 d\xe9j\xe0 vu\n"),
        {},
        r"a\.csv:3: the text is neither UTF-8 nor Windows-1251 \(Cyrillic\)\. Save the file as UTF-8",
    ),
    "no column": (_bad("a.csv", b"user,body\n1,x\n"), {}, r"a\.csv has no column for actor_id .*: user, body\..*--map"),
    "wrong column": (
        _bad("a.csv", b"user,body\n1,x\n"),
        {"mapping": {"actor_id": "author"}},
        r"a\.csv has no column 'author'.*: user, body\.",
    ),
    "no such column": (
        _bad("a.csv", b"user,body\n1,x\n"),
        {"mapping": {"author": "user"}},
        r"--map author=user: table posts has no column 'author'",
    ),
    "no date": (
        _bad("a.csv", b"actor_id,created_at,text\n1,31.02.2024 10:00,x\n"),
        {},
        r"a\.csv:2: created_at '31\.02\.2024 10:00' is no date",
    ),
    "empty folder": (_empty_folder, {}, r"inside: the folder holds no file that could be imported"),
    "a folder of strangers": (_strangers, {}, r"nothing could be imported; left out: .*notes\.txt is of no format"),
    "no such file": (lambda folder: folder / "none.json", {}, r"none\.json does not exist"),
    "no such table": (_bad("a.csv", b"a\n1\n"), {"table": "people"}, r"there is no table 'people'"),
    "no such zone": (
        _bad("a.csv", b"actor_id,text\n1,x\n"),
        {"timezone": "Mars"},
        r"--timezone 'Mars' is no time zone",
    ),
    "damaged gzip": (_bad("a.csv.gz", b"\x1f\x8b\x08\x00broken"), {}, r"a\.csv\.gz: the packed file is damaged"),
    "an image": (_bad("a.bin", b"\x89PNG\r\n\x1a\n\x00\x00"), {}, r"a\.bin is of no format that is known"),
    "an empty array": (_bad("a.json", b"[]"), {}, r"a\.json"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_line_and_leaves_the_study_as_it_was(study: Study, tmp_path: Path, case: str) -> None:
    study.import_(_channel(tmp_path / "good" / "result.json", 1, 2))
    before = state(study)
    make, options, message = BAD[case]
    (tmp_path / "bad").mkdir()
    with pytest.raises(InputError, match=message) as caught:
        study.import_(make(tmp_path / "bad"), **options)
    assert "\n" not in str(caught.value)
    assert state(study) == before
    assert list((study.folder / ".scratch").glob("*")) == []


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="the superuser may read and write everything")
def test_no_permission_is_one_line(study: Study, tmp_path: Path) -> None:
    file = _csv(tmp_path / "posts.csv", "1,7,x")
    file.chmod(0)
    with pytest.raises(InputError, match=r"posts\.csv cannot be read: Permission denied"):
        study.import_(file)
    file.chmod(0o600)
    study.folder.chmod(0o500)
    with pytest.raises(InputError, match="may not be written: no permission"):
        study.import_(file)
    study.folder.chmod(0o700)


# -- what is left of a killed import -----------------------------------------------------------------------------------


def test_what_a_killed_import_left_is_removed(study: Study, tmp_path: Path) -> None:
    study.import_(_csv(tmp_path / "a.csv", "1,7,x"), platform="x")
    orphan = study.folder / "tables" / "posts" / "part-0123456789abcdef.parquet"
    orphan.write_bytes(b"half")
    dead, alive = (study.folder / ".scratch" / name for name in ("dead", "alive"))
    for place in (dead, alive):
        place.mkdir(parents=True)
        (place / "in-use").touch()
    with FileLock(alive / "in-use"):
        study.import_(_csv(tmp_path / "b.csv", "2,7,x"), platform="x")
    assert not orphan.exists()
    assert not dead.exists()
    assert alive.exists()
    assert len(rows(study, "posts")) == 2


# -- properties --------------------------------------------------------------------------------------------------------

some_rows = st.lists(
    st.tuples(st.integers(1, 8), st.sampled_from(["7", "8", ""]), st.text("ab#@ ", max_size=6)), max_size=12
)


@given(files=st.lists(some_rows, min_size=1, max_size=4), order=st.randoms(use_true_random=False))
@quiet
def test_any_files_reconcile_and_their_order_does_not_change_how_much_there_is(
    tmp_path_factory: pytest.TempPathFactory, files: list[list[tuple[int, str, str]]], order: Any
) -> None:
    folder = tmp_path_factory.mktemp("files")
    usable = [lines for lines in files if any(actor for _, actor, _ in lines) or not lines]
    paths = []
    for number, lines in enumerate(usable):
        paths.append(_csv(folder / f"{number}.csv", *(f'{post},{actor},"{text}"' for post, actor, text in lines)))
    counts = []
    for turn in range(2):
        study = Study.create(folder / f"study{turn}")
        records = import_paths(study, paths, platform="x") if paths else []
        for record, lines in zip(records, usable if turn == 0 else [], strict=False):
            assert record.read == len(lines)
            assert record.rejected == sum(not actor for _, actor, _ in lines)
        posts = rows(study, "posts")
        assert len(posts) == sum(record.kept for record in study.imports())
        assert len({row["post_id"] for row in posts}) == len(posts)
        for name in ("posts", "actors", "interactions", "objects", "rejects"):
            assert len(rows(study, name)) == sum(record.parts.get(name, 0) for record in study.imports())
        counts.append({row["post_id"] for row in posts})
        order.shuffle(paths)
    assert counts[0] == counts[1]
