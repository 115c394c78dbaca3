"""Packed files and encodings."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from influence.decoding import EmptyFile, Encoding, encoding_of, head, open_bytes, open_utf8
from influence.errors import InputError

RUSSIAN = "дата;автор;текст\n2026-03-01;Игорь;«Выходите на субботник» — завтра, в 18:00!\n"

quiet = settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


def _zstandard(data: bytes) -> bytes:
    half = len(data) // 2
    pack = zstandard.ZstdCompressor().compress
    return pack(data[:half]) + pack(data[half:])


@pytest.mark.parametrize("pack", [bytes, gzip.compress, _zstandard])
def test_packed_files_are_read_as_they_are(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    data = bytes(range(256)) * 20_000
    file = tmp_path / "file.bin"
    file.write_bytes(pack(data))
    with open_bytes(file) as opened:
        assert opened.read() == data


@given(data=st.binary(min_size=1), size=st.integers(1, 50))
@quiet
def test_reading_in_pieces_gives_the_same(tmp_path: Path, data: bytes, size: int) -> None:
    for name, pack in (("a", gzip.compress), ("b", _zstandard)):
        file = tmp_path / name
        file.write_bytes(pack(data))
        with open_bytes(file) as opened:
            assert b"".join(iter(lambda: opened.read(size), b"")) == data


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.ZstdCompressor().compress])
def test_a_packed_file_that_breaks_off_is_named(tmp_path: Path, pack: Callable[[bytes], bytes]) -> None:
    file = tmp_path / "posts.csv.gz"
    file.write_bytes(pack(RUSSIAN.encode() * 1000)[:-20])
    with pytest.raises(InputError, match="packed file is damaged"), open_bytes(file) as opened:
        opened.read()


def test_what_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        open_bytes(tmp_path / "none.csv")


@pytest.mark.parametrize("content", [b"", b" \n\n"])
def test_an_empty_file_has_no_head(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "empty.csv"
    file.write_bytes(content)
    with pytest.raises(EmptyFile, match=r"empty\.csv is empty"):
        head(file)


@pytest.mark.parametrize(
    ("encoding", "found"),
    [("utf-8", "utf-8"), ("utf-8-sig", "utf-8-sig"), ("utf-16", "utf-16"), ("cp1251", "cp1251")],
)
def test_the_encoding_is_found(tmp_path: Path, encoding: str, found: str) -> None:
    file = tmp_path / "posts.csv"
    file.write_bytes(RUSSIAN.encode(encoding))
    known = encoding_of(file)
    assert known.name == found
    assert (known.note is None) == found.startswith("utf-8")
    with open_utf8(file, known) as opened:
        assert opened.read().decode() == RUSSIAN


@pytest.mark.parametrize(
    "content",
    [
        "café, déjà vu, garçon, naïve, über, señor\n".encode("latin-1") * 3,
        RUSSIAN.encode("koi8-r", "ignore"),
        RUSSIAN.encode("cp866", "ignore"),
        RUSSIAN.encode()[:-30] + b"\xff" + RUSSIAN.encode(),
        RUSSIAN.encode("cp1251") + b"\x00\x01",
    ],
)
def test_another_encoding_is_an_error_that_names_the_row(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "posts.csv"
    file.write_bytes(b"a,b\n" + content)
    with pytest.raises(InputError, match=r"posts\.csv:\d+: the text is neither UTF-8 nor Windows-1251"):
        encoding_of(file)


@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=2000))
@quiet
def test_every_text_survives_utf16(tmp_path: Path, text: str) -> None:
    file = tmp_path / "posts.csv"
    file.write_bytes(text.encode("utf-16"))
    with open_utf8(file, Encoding("utf-16")) as opened:
        assert opened.read().decode() == text


def test_a_mark_is_no_part_of_the_first_name(tmp_path: Path, content: Callable[..., Any]) -> None:
    file = tmp_path / "posts.csv"
    for encoding in ("utf-8-sig", "utf-16"):
        file.write_text("actor_id,text\n1,а\n", encoding=encoding)
        assert content(file, platform="x").posts[0]["text"] == "а"
