"""Files as plain bytes: unpacked, and in UTF-8, whatever they were packed with and written in."""

from __future__ import annotations

import codecs
import gzip
import io
import re
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, cast

from influence.errors import InputError

__all__ = ["CHUNK", "EmptyFile", "Encoding", "cut", "encoding_of", "head", "open_bytes", "open_utf8"]

CHUNK = 1 << 20
_GZIP, _ZSTANDARD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"
_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_CONTROLS = bytes(byte for byte in range(32) if byte not in b"\t\n\r\f\v") + b"\x98"
_HIGH = bytes(range(128, 256))
# Letters of Russian and Ukrainian, quotation marks, dashes and the number sign, as Windows-1251 writes them.
_CYRILLIC = bytes(range(0xC0, 0x100)) + bytes.fromhex("a8b8aabaafbfb2b3a5b491929394969785abbbb9a0")


class EmptyFile(InputError):
    """A file without content: in a folder it is left out, alone it is an error."""


@dataclass(frozen=True)
class Encoding:
    """The encoding of a text file, by Python's name, and a remark for the user where it is not UTF-8."""

    name: str
    note: str | None = None


class _Counted(io.RawIOBase):
    """A stream of unpacked bytes whose faults become one clear line."""

    def __init__(self, path: Path, read: Callable[[int], bytes], close: Callable[[], None]) -> None:
        self._path, self._read, self._close = path, read, close

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview | bytearray) -> int:  # type: ignore[override]
        try:
            chunk = self._read(len(buffer))
        except (EOFError, zlib.error, gzip.BadGzipFile, _Broken) as error:
            raise InputError(
                f"{self._path}: the packed file is damaged ({error}). Copy or download it again."
            ) from error
        except OSError as error:
            raise InputError(f"{self._path} cannot be read: {error.strerror or error}.") from error
        buffer[: len(chunk)] = chunk
        return len(chunk)

    def close(self) -> None:
        if not self.closed:
            self._close()
        super().close()


class _Broken(Exception):
    """A Zstandard stream that is no such stream, or ends inside a frame."""


class _Zstandard:
    """Frames of Zstandard one after the other; unlike the library's own stream it notices a frame that breaks off."""

    def __init__(self, file: BinaryIO) -> None:
        import zstandard

        self._file, self._make, self._error = file, zstandard.ZstdDecompressor().decompressobj, zstandard.ZstdError
        self._frame = self._make()
        self._inside, self._ready, self._at = False, b"", 0

    def read(self, size: int) -> bytes:
        while self._at >= len(self._ready):
            packed = self._frame.unused_data if self._frame.eof else b""
            packed = packed or self._file.read(CHUNK)
            if not packed:
                if self._inside:
                    raise _Broken("it ends in the middle")
                return b""
            if self._frame.eof:
                self._frame = self._make()
            try:
                self._ready, self._at = self._frame.decompress(packed), 0
            except self._error as error:
                raise _Broken(str(error)) from error
            self._inside = not self._frame.eof
        self._at += size
        return self._ready[self._at - size : self._at]


def open_bytes(path: Path) -> BinaryIO:
    """Open a file for reading, unpacked where it is gzip or Zstandard (found from its first bytes).

    Raises InputError, also later while reading, if the file cannot be read or is damaged.
    """
    try:
        file = path.open("rb")
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from error
    start = file.peek(4)[:4] if isinstance(file, io.BufferedReader) else b""
    read: Callable[[int], bytes] = file.read
    if start[:2] == _GZIP:
        read = gzip.GzipFile(fileobj=file).read
    elif start == _ZSTANDARD:
        read = _Zstandard(file).read
    return cast(BinaryIO, io.BufferedReader(_Counted(path, read, file.close), CHUNK))


def encoding_of(path: Path) -> Encoding:
    """Find the encoding of a text file: UTF-8, UTF-16 by its mark, else Windows-1251 if it reads so.

    The whole file is looked at. Raises InputError, naming the row, if none fits.
    """
    with open_bytes(path) as file:
        start = file.read(4)
    for mark, name in _MARKS:
        if start.startswith(mark):
            return Encoding(name, None if name == "utf-8-sig" else f"{path.name} was read as UTF-16")
    row = _first_row_not_utf8(path)
    if row is None:
        return Encoding("utf-8")
    if _reads_as_cyrillic(path):
        return Encoding("cp1251", f"{path.name} was read as Windows-1251")
    raise InputError(
        f"{path}:{row}: the text is neither UTF-8 nor Windows-1251 (Cyrillic). "
        "Save the file as UTF-8 and import it again."
    )


def _chunks(path: Path) -> Iterator[bytes]:
    with open_bytes(path) as file:
        while chunk := file.read(CHUNK):
            yield chunk


def _first_row_not_utf8(path: Path) -> int | None:
    decoder, row = codecs.getincrementaldecoder("utf-8")(), 1
    for chunk in _chunks(path):
        try:
            decoder.decode(chunk)
        except UnicodeDecodeError as error:
            return row + error.object[: error.start].count(b"\n")
        row += chunk.count(b"\n")
    try:
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return row
    return None


def _reads_as_cyrillic(path: Path) -> bool:
    """Say whether bytes make sense as Windows-1251: nearly all are Cyrillic, in words of their own, in usual case."""
    high = plausible = beside_latin = inner = initial = 0
    for chunk in _chunks(path):
        if len(chunk.translate(None, _CONTROLS)) != len(chunk):
            return False
        high += len(chunk) - len(chunk.translate(None, _HIGH))
        plausible += len(chunk) - len(chunk.translate(None, _CYRILLIC))
        beside_latin += len(re.findall(rb"[A-Za-z][\xc0-\xff]|[\xc0-\xff][A-Za-z]", chunk))
        inner += len(re.findall(rb"[\xe0-\xff][\xc0-\xdf]", chunk))
        initial += len(re.findall(rb"[\xc0-\xdf][\xe0-\xff]", chunk))
    # KOI8 has its capitals where Windows-1251 has its small letters: words would begin small and go on in capitals.
    return plausible >= 0.8 * high and beside_latin <= 0.2 * high and inner <= initial


class _Recoded(io.RawIOBase):
    """A byte stream in another encoding, handed on as UTF-8."""

    def __init__(self, path: Path, file: BinaryIO, encoding: str) -> None:
        self._path, self._file, self._ready = path, file, b""
        self._decoder = codecs.getincrementaldecoder(encoding)()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview | bytearray) -> int:  # type: ignore[override]
        while not self._ready:
            chunk = self._file.read(CHUNK)
            try:
                self._ready = self._decoder.decode(chunk, final=not chunk).encode("utf-8", "replace")
            except UnicodeError as error:
                raise InputError(f"{self._path}: {error}. Save the file as UTF-8 and import it again.") from error
            if not chunk:
                break
        size = min(len(buffer), len(self._ready))
        buffer[:size], self._ready = self._ready[:size], self._ready[size:]
        return size

    def close(self) -> None:
        self._file.close()
        super().close()


@contextmanager
def _recoded(path: Path, encoding: str) -> Iterator[BinaryIO]:
    file = open_bytes(path)
    if encoding == "utf-8":
        with file:
            yield file
        return
    with io.BufferedReader(_Recoded(path, file, encoding), CHUNK) as recoded:
        yield cast(BinaryIO, recoded)


def open_utf8(path: Path, encoding: Encoding) -> AbstractContextManager[BinaryIO]:
    """Open a text file as a stream of UTF-8 bytes without a mark at its start."""
    return _recoded(path, encoding.name)


def head(path: Path, size: int = 1 << 16) -> bytes:
    """Return the first unpacked bytes of a file, recoded to UTF-8 if a mark says that they are UTF-16.

    Raises EmptyFile if there are none, InputError if the file cannot be read.
    """
    with open_bytes(path) as file:
        start = file.read(size)
    if not start.strip():
        raise EmptyFile(f"{path} is empty. Export it again, or name another file.")
    for mark, name in _MARKS:
        if start.startswith(mark):
            return start[: len(start) // 2 * 2].decode(name, "ignore").encode()
    return start


def cut(text: str, length: int = 500) -> str:
    """Return a text short enough for a message or the table of rejects."""
    return text if len(text) <= length else text[: length - 1] + "…"
