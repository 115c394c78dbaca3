"""Records of JSON files, one after the other: an array, lines, or one document; streamed where larger than memory."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from influence.decoding import Encoding, encoding_of, open_utf8
from influence.errors import InputError

__all__ = ["Outline", "Record", "broken", "json_encoding", "outline", "records", "stream"]

_EXACT_UP_TO = 1 << 26
_DOCUMENT_UP_TO = 1 << 29


@dataclass(frozen=True)
class Record:
    """One record: its line (lines) or its number (an array), and its value or, if it is broken, why and its text."""

    line: int
    value: Any = None
    problem: str | None = None
    raw: str = ""


@dataclass(frozen=True)
class Outline:
    """What the first bytes of a JSON file show: its container and the paths of its keys, as `data.item.id`."""

    container: str
    paths: frozenset[str]

    def has(self, *paths: str) -> bool:
        """Say whether all of these paths are there."""
        return all(path in self.paths for path in paths)

    def has_any(self, *paths: str) -> bool:
        """Say whether any of these paths is there."""
        return any(path in self.paths for path in paths)


def outline(head: bytes) -> Outline | None:
    """Return what a file that starts with `head` holds, None if that is no JSON. Items of an array count as its top."""
    import ijson

    # In another encoding than UTF-8 the keys still show; what it is, is found out when the file is read.
    start = head.decode("utf-8", "replace").removeprefix("\ufeff").lstrip().encode()
    if start[:1] not in (b"{", b"["):
        return None
    paths = set()
    try:
        for path, event, _ in ijson.parse(io.BytesIO(start), multiple_values=True):
            if event == "map_key" or not path:
                continue
            paths.add(path)
    except (ijson.JSONError, ValueError):  # cut off at the end of `head`
        pass
    array = start[:1] == b"["
    if array:
        paths = {path.removeprefix("item.") for path in paths if path != "item"}
    return Outline("array" if array else "object", frozenset(paths)) if paths or array else None


def json_encoding(path: Path) -> Encoding:
    """Return the encoding of a JSON file; where none fits the whole, UTF-8, so that only the broken lines are lost."""
    try:
        return encoding_of(path)
    except InputError:
        return Encoding("utf-8")


def records(path: Path, encoding: Encoding) -> Iterator[Record]:
    """Yield the records of a file of JSON lines, of a JSON array, or of one JSON document.

    A broken line is yielded with its problem; a broken array or document raises InputError, since what stands before
    the break may be as wrong as the break.
    """
    with open_utf8(path, encoding) as file:
        start = file.read(1 << 16)
    text = start.lstrip()
    if text[:1] == b"[":
        yield from (Record(number, value) for number, value in enumerate(stream(path, encoding, "item"), 1))
    elif _is_lines(text):
        yield from _lines(path, encoding)
    else:
        yield Record(1, _document(path, encoding))


def _is_lines(text: bytes) -> bool:
    """Lines, unless the first line is the beginning of a document that is written over many lines."""
    first, newline, rest = text.partition(b"\n")
    if newline and first.rstrip()[-1:] in (b"[", b"{", b",", b":"):
        return False
    if not newline or rest.lstrip(b" \t\r\n")[:1] in (b"{", b""):
        return True
    return first.rstrip()[-1:] == b"}" and _parsed(first)[1] is None


def _lines(path: Path, encoding: Encoding) -> Iterator[Record]:
    with open_utf8(path, encoding) as file:
        for number, line in enumerate(file, 1):
            if line.strip():
                value, problem = _parsed(line)
                raw = "" if problem is None else line[:2000].decode("utf-8", "replace").strip()
                yield Record(number, value, problem, raw)


def _parsed(line: bytes) -> tuple[Any, str | None]:
    import orjson

    try:
        return orjson.loads(line), None
    except orjson.JSONDecodeError:
        pass
    # The standard library takes halves of surrogate pairs and numbers of any size, and says where it stopped.
    try:
        text = line.decode("utf-8").rstrip()
        return json.loads(text), None
    except UnicodeDecodeError as error:
        return None, f"not UTF-8 at byte {error.start + 1} of the line"
    except json.JSONDecodeError as error:
        if error.pos >= len(text):
            return None, f"no JSON: it breaks off after {len(text)} characters"
        return None, f"no JSON at character {error.pos + 1}: {error.msg}"
    except RecursionError:
        return None, "no JSON that can be read: its parts are nested too deep"


def _document(path: Path, encoding: Encoding) -> Any:
    with open_utf8(path, encoding) as file:
        text = file.read(_DOCUMENT_UP_TO)
    if len(text) == _DOCUMENT_UP_TO:
        raise InputError(f"{path} is one JSON document of more than 512 MB. Save it as JSON lines (one record a line).")
    value, problem = _parsed(text)
    if problem:
        raise broken(path, encoding, problem)
    return value


def stream(path: Path, encoding: Encoding, prefix: str) -> Iterator[Any]:
    """Yield the values that stand at `prefix` of one JSON document, without holding the document.

    Raises InputError where the document breaks off or is no JSON.
    """
    import ijson

    with open_utf8(path, encoding) as file:
        try:
            yield from ijson.items(file, prefix)
        except (ijson.JSONError, ValueError) as error:
            if isinstance(error, InputError):
                raise
            raise broken(path, encoding, str(error)) from error


def broken(path: Path, encoding: Encoding, reason: str) -> InputError:
    """Return the error of a JSON document that breaks off or is none, with the place where that is."""
    with open_utf8(path, encoding) as file:
        text = file.read(_EXACT_UP_TO)
    place, why = _place(text, len(text) == _EXACT_UP_TO, reason)
    return InputError(f"{path}{place}: {why}. Nothing of it was imported; export or download the file again.")


def _place(text: bytes, partial: bool, reason: str) -> tuple[str, str]:
    brief = re.sub(r"\s+", " ", reason.splitlines()[0] if reason else "").strip().rstrip(".")
    if partial:
        return "", f"the JSON is broken ({brief})"
    try:
        json.loads(text.decode("utf-8"))
    except UnicodeDecodeError as error:
        return f":{text[: error.start].count(10) + 1}", f"byte {error.start + 1} is not UTF-8"
    except json.JSONDecodeError as error:
        # Cut inside a number, a word or an escape, the parser complains a few characters before the end.
        if error.pos >= len(error.doc.rstrip()) - 8 or "Unterminated" in error.msg:
            return (
                f":{error.doc.count(chr(10)) + 1}",
                f"the JSON breaks off at the end of the file, after byte {len(text)}",
            )
        return f":{error.lineno}", f"the JSON is broken at character {error.colno} ({error.msg})"
    except RecursionError:
        pass
    return "", f"the JSON is broken ({brief})"
