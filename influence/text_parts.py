"""Labels of a file of texts kept block by block beside the output, so that a stop costs one block at most."""

from __future__ import annotations

import glob
import hashlib
import json
import os
import shutil
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from influence.files import content_hash, write_text

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["LabelParts", "parts_key"]


def parts_key(source: Path, basis: str, **options: object) -> str:
    """Return a hash of all that the labels depend on: the file's content, `Classifier.basis`, the options."""
    with source.open("rb") as opened:
        digest = hashlib.file_digest(opened, "sha256").hexdigest()
    return content_hash([digest, basis, options])


class LabelParts:
    """The finished blocks of one output file, in the hidden folder `.<name>.parts` beside it.

    A block counts once its file bears its number; it is written under another name and renamed. `remark` says in one
    line that work of a stopped run goes on, or that it was for another file, model, runtime or options and is done
    anew.
    """

    def __init__(self, target: Path, key: str, schema: pa.Schema) -> None:
        self.folder = target.with_name(f".{target.name}.parts")
        self.remark: str | None = None
        self._key, self._schema = key, schema
        if not self.folder.is_dir():
            return
        # A killed run leaves its unfinished output too.
        for unfinished in target.parent.glob(f".{glob.escape(target.name)}.{'[0-9a-f]' * 32}"):
            unfinished.unlink(missing_ok=True)
        try:
            same = json.loads((self.folder / "key.json").read_text(encoding="utf-8")) == key
        except (OSError, ValueError):
            same = False
        if same:
            self.remark = f"A stopped run is continued: {len(list(self.folder.glob('*.parquet')))} blocks were done."
        else:
            shutil.rmtree(self.folder)
            changed = "The file, the model, the runtime or the options have changed since a stopped run"
            self.remark = f"{changed}: all is labelled anew."

    def block(self, number: int, make: Callable[[], list[dict[str, Any]]]) -> list[dict[str, Any]]:
        """Return the labels of a block: those kept, else those that `make` gives, which are kept."""
        import pyarrow as pa
        import pyarrow.parquet as pq

        file = self.folder / f"{number:08d}.parquet"
        if file.is_file():
            rows: list[dict[str, Any]] = pq.read_table(file).to_pylist()
            return rows
        rows = make()
        if not self.folder.is_dir():
            self.folder.mkdir()
            write_text(self.folder / "key.json", json.dumps(self._key))
        fresh = self.folder / f".{uuid.uuid4().hex}"
        pq.write_table(pa.Table.from_pylist(rows, schema=self._schema), fresh, compression="zstd")
        os.replace(fresh, file)
        return rows

    def remove(self) -> None:
        """Remove the blocks: the output stands."""
        shutil.rmtree(self.folder, ignore_errors=True)
