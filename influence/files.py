"""Files written whole or not at all, and what the system refuses as one clear line."""

from __future__ import annotations

import contextlib
import errno
import hashlib
import json
import os
import uuid
from collections.abc import Iterator
from pathlib import Path

from influence.errors import InputError

__all__ = ["content_hash", "sync", "write_text", "writing"]


def content_hash(value: object) -> str:
    """Return a hash (64 hexadecimal digits) of anything that JSON can hold; the order of keys does not matter."""
    text = json.dumps(value, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


@contextlib.contextmanager
def writing(folder: Path) -> Iterator[None]:
    """Turn what the system refuses into one clear line.

    Raises InputError where the folder may not be written or the disk is full.
    """
    try:
        yield
    except PermissionError as error:
        raise InputError(
            f"{error.filename or folder} may not be written: no permission. Choose another folder."
        ) from error
    except OSError as error:
        if error.errno not in {errno.ENOSPC, errno.EROFS, errno.EDQUOT, errno.ENOTDIR, errno.EEXIST}:
            raise
        raise InputError(f"{error.filename or folder} cannot be written: {error.strerror}.") from error


def write_text(path: Path, text: str) -> None:
    """Write a text file whole or not at all."""
    fresh = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
    fresh.write_text(text, encoding="utf-8")
    sync(fresh)
    os.replace(fresh, path)


def sync(path: Path) -> None:
    """Wait until a file's content is on the disk."""
    with path.open("rb") as file:
        os.fsync(file.fileno())
