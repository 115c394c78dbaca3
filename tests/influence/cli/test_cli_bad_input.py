"""Bad input: one line that names file, row and remedy, exit 2, and a study of the same bytes as before."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from influence.study import Study

Run = Callable[..., Any]
Bytes = Callable[[Path], dict[str, bytes]]

MESSAGE = {"id": 7, "type": "message", "date": "2026-03-01T10:00:00", "from": "А", "from_id": "user1", "text": "Сәлем"}
EXPORT = {"name": "Топ", "type": "public_channel", "id": 5, "messages": [MESSAGE, {**MESSAGE, "id": 8}]}
GOOD = json.dumps(EXPORT, ensure_ascii=False).encode()
KAZAKH = "actor_id,text\nx:1,Бәріңіз келіңіздер\n"


def write(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    return path


def _empty(folder: Path) -> list[object]:
    return [write(folder / "result.json", b"")]


def _truncated(folder: Path) -> list[object]:
    return [write(folder / "result.json", GOOD[: len(GOOD) // 2])]


def _wrong_encoding(folder: Path) -> list[object]:
    # Windows-1251 alone would be read as that, with a note; this is neither that nor UTF-8.
    return [write(folder / "result.json", GOOD.replace("Сәлем".encode(), "Привет".encode("cp1251") + b"\x98"))]


def _utf16_without_mark(folder: Path) -> list[object]:
    return [write(folder / "posts.csv", KAZAKH.encode("utf-16-le")), "--table", "posts"]


def _missing_column(folder: Path) -> list[object]:
    return [write(folder / "audiences.csv", b"actor_id,measure\npress:a,circulation\n"), "--table", "audiences"]


def _missing_mapped_field(folder: Path) -> list[object]:
    return [write(folder / "posts.csv", KAZAKH.encode()), "--map", "text=message,actor_id=actor_id"]


def _unknown_column(folder: Path) -> list[object]:
    return [write(folder / "posts.csv", KAZAKH.encode()), "--map", "colour=text,actor_id=actor_id"]


def _no_data_inside(folder: Path) -> list[object]:
    (folder / "docs").mkdir()
    write(folder / "docs" / "readme.md", b"# nothing")
    return [folder / "docs"]


def _nothing_inside(folder: Path) -> list[object]:
    (folder / "empty").mkdir()
    return [folder / "empty"]


def _not_there(folder: Path) -> list[object]:
    return [folder / "nowhere.json"]


def _other_json(folder: Path) -> list[object]:
    return [write(folder / "package.json", b'{"name": "x", "version": "1"}')]


def _picture(folder: Path) -> list[object]:
    return [write(folder / "photo.bin", bytes(range(256)) * 4)]


def _unknown_format(folder: Path) -> list[object]:
    return [write(folder / "result.json", GOOD), "--format", "nonsense"]


def _unknown_table(folder: Path) -> list[object]:
    return [write(folder / "a.csv", b"a\n1\n"), "--table", "nonsense"]


def _unknown_zone(folder: Path) -> list[object]:
    return [write(folder / "result.json", GOOD), "--timezone", "Asia/Nowhere"]


def _broken_gzip(folder: Path) -> list[object]:
    return [write(folder / "result.json.gz", b"\x1f\x8b\x08\x00" + b"no gzip at all")]


def _broken_parquet(folder: Path) -> list[object]:
    return [write(folder / "posts.parquet", b"PAR1 and then nothing of the kind"), "--table", "posts"]


BAD = (
    _empty, _truncated, _wrong_encoding, _utf16_without_mark, _missing_column, _missing_mapped_field, _unknown_column,
    _no_data_inside, _nothing_inside, _not_there, _other_json, _picture, _unknown_format, _unknown_table,
    _unknown_zone, _broken_gzip, _broken_parquet,
)  # fmt: skip


@pytest.fixture
def filled(study: Study, fill: Any) -> Study:
    fill(study, posts=[{"post_id": "x:1", "actor_id": "x:1", "platform": "x"}])
    return study


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad.__name__.strip("_"))
def test_bad_files_change_nothing(
    influence: Run, filled: Study, tmp_path: Path, bytes_of: Bytes, bad: Callable[[Path], list[object]]
) -> None:
    files = tmp_path / "files"
    files.mkdir()
    words = bad(files)
    before = bytes_of(filled.folder)
    ended = influence("import", *words, "--study", filled.folder)
    assert ended.code == 2, ended.err
    assert ended.out == ""
    (line,) = ended.err.splitlines()
    assert line.startswith("influence: ")
    named = [Path(str(words[0])).name, *map(str, words[2:])]
    assert any(word.split("=")[0].split(",")[0] in line for word in named), line
    assert re.search(r"[.?] [A-Z-]+\w+|: \S+| (formats|tables) are ", line.removeprefix("influence: ")), "what to do"
    assert bytes_of(filled.folder) == before


def test_a_date_that_is_none_rejects_its_row_and_names_it(influence: Run, filled: Study, tmp_path: Path) -> None:
    rows = ["post_id,actor_id,created_at,text", "x:2,x:1,2026-03-01T10:00:00Z,a", 'x:3,x:1,31.02.2026 10:00,"b']
    file = write(tmp_path / "posts.csv", ("\n".join(rows) + '"\n').encode())
    ended = influence("import", file, "--table", "posts", "--study", filled.folder, "--json")
    assert ended.code == 0, ended.err
    (record,) = ended.json()["imports"]
    assert (record["read"], record["kept"], record["rejected"]) == (2, 1, 1)
    (reject,) = influence("show", "rejects", "--json", "--study", filled.folder).json()
    assert reject["source_file"].endswith("posts.csv")
    assert reject["line"] == 3
    assert "31.02.2026 10:00" in reject["reason"]
    shown = influence("import", file, "--table", "posts", "--study", filled.folder).out
    assert "read = kept + duplicates + rejected" in shown


def test_rejects_are_named_where_the_import_is_printed(influence: Run, filled: Study, tmp_path: Path) -> None:
    rows = "".join(f"x:{n},x:1,not a date {n % 2}\n" for n in range(20, 40))
    file = write(tmp_path / "posts.csv", f"post_id,actor_id,created_at\nx:19,x:1,2026-03-01\n{rows}".encode())
    out = influence("import", file, "--table", "posts", "--study", filled.folder).out
    assert "20 rows were rejected" in out
    assert "influence show rejects" in out
    assert "posts.csv:3: " in out


def test_files_before_a_bad_one_stay_imported_and_the_line_says_so(
    influence: Run, filled: Study, tmp_path: Path
) -> None:
    good, bad = write(tmp_path / "a.json", GOOD), write(tmp_path / "b.json", GOOD[:-40])
    ended = influence("import", good, bad, "--study", filled.folder)
    assert ended.code == 2
    (line,) = ended.err.splitlines()
    assert "b.json" in line
    assert "stay" in line
    assert len(Study.open(filled.folder).imports()) == 2


def test_two_imports_reconcile_and_the_second_adds_nothing(influence: Run, study: Study, tmp_path: Path) -> None:
    file = write(tmp_path / "result.json", GOOD)
    first = influence("import", file, "--study", study.folder, "--json").json()["imports"][0]
    again = influence("import", file, "--study", study.folder, "--json").json()["imports"][0]
    assert (first["read"], first["kept"], first["duplicates"]) == (2, 2, 0)
    assert (again["read"], again["kept"], again["duplicates"]) == (2, 0, 2)


@pytest.mark.parametrize("roster", ["handle,kind\na,nobody\n", "handle,colour\na,red\n", "handle,followers\na,many\n"])
def test_a_bad_roster_is_named_with_its_line(influence: Run, filled: Study, bytes_of: Bytes, roster: str) -> None:
    (filled.folder / "actors.csv").write_text(roster)
    before = bytes_of(filled.folder)
    ended = influence("reach", "--study", filled.folder)
    assert ended.code == 2
    (line,) = ended.err.splitlines()
    assert re.search(r"actors\.csv:[12]: ", line)
    assert bytes_of(filled.folder) == before


def test_no_permission_in_the_middle_of_a_commit(
    influence: Run, filled: Study, tmp_path: Path, bytes_of: Bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write(tmp_path / "result.json", GOOD)
    before = bytes_of(filled.folder)

    def refuse(source: object, target: object, **_: object) -> None:
        raise PermissionError(13, "Permission denied", str(source), None, str(target))

    with monkeypatch.context() as patched:
        patched.setattr("os.replace", refuse)
        ended = influence("import", file, "--study", filled.folder)
    assert ended.code == 2
    assert len(ended.err.splitlines()) == 1
    assert "permission" in ended.err
    assert bytes_of(filled.folder) == before
    assert influence("import", file, "--study", filled.folder).code == 0


@pytest.mark.parametrize(
    ("content", "words", "said"),
    [
        (b"", [], "texts.csv"),
        (b"message\nhello\n", [], "--column"),
        (b"text\nhello\n", ["--out", "labels.docx"], "--out"),
        (b"text\nhello\n", ["--max-fpr", "2"], "max_fpr"),
        (b"text\nhello\n", ["--model", "no/such/model"], "no/such/model"),
        (b"text\nhello\n", ["--out", "no/such/folder/labels.csv"], "no/such/folder"),
    ],
)
def test_texts_that_cannot_be_labelled(
    influence: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: bytes, words: list[str], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    write(tmp_path / "texts.csv", content)
    ended = influence("classify-texts", "texts.csv", *words)
    assert ended.code == 2, ended.err
    (line,) = ended.err.splitlines()
    assert said in line
    assert [file.name for file in tmp_path.iterdir()] == ["texts.csv"]
