"""Exported models kept in the user's cache folder: each whole or not at all, none taken damaged."""

import contextlib
import hashlib
import os
import sys
import uuid
from pathlib import Path

_DIGEST = hashlib.sha256().digest_size


def cache_folder() -> Path:
    """The folder for exported models: `$XDG_CACHE_HOME`, or where the platform keeps such files."""
    if given := os.environ.get("XDG_CACHE_HOME"):
        base = Path(given)
    elif sys.platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    elif os.name == "nt" and "LOCALAPPDATA" in os.environ:
        base = Path(os.environ["LOCALAPPDATA"])
    else:
        base = Path.home() / ".cache"
    return base / "influence" / "engines"


def read_entry(file: Path) -> bytes | None:
    """The content of an entry; None where there is none, or it is not what was written."""
    try:
        content = file.read_bytes()
    except OSError:
        return None
    digest, content = content[:_DIGEST], content[_DIGEST:]
    return content if hashlib.sha256(content).digest() == digest else None


def write_entry(file: Path, content: bytes) -> None:
    """Write an entry whole or not at all; two processes that write the same one do not disturb each other.

    Raises
    ------
    OSError
        If the folder cannot be written or the disk is full; no part of the entry remains then.
    """
    file.parent.mkdir(parents=True, exist_ok=True)
    fresh = file.with_name(f".{file.name}.{uuid.uuid4().hex}")
    try:
        with fresh.open("xb") as opened:
            opened.write(hashlib.sha256(content).digest())
            opened.write(content)
            opened.flush()
            os.fsync(opened.fileno())
        os.replace(fresh, file)
    finally:
        with contextlib.suppress(OSError):
            fresh.unlink(missing_ok=True)
