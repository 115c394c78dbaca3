"""Labels for the texts of a file, without a study."""

from __future__ import annotations

import csv
import hashlib
import itertools
import json
import os
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from influence.errors import InputError
from influence.files import writing
from influence.progress import Progress, silent
from influence.text_parts import LabelParts, parts_key

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["TextsReport", "classify_texts"]

ROWS = 1000
# Distinct texts whose labels are remembered from block to block.
REMEMBERED = 10_000
LABEL_NAMES = frozenset(
    ["lang", "label", "call", "call_types", "p_call", "techniques", "p_techniques", "p_manipulative", "spans", "model"]
)
ENDINGS = (".jsonl", ".ndjson", ".csv", ".tsv", ".parquet")


@dataclass(frozen=True)
class TextsReport:
    """What `classify_texts` did: rows labelled, rows of each label, rows that could not be read, the file, seconds.

    `remark` is one line about a stopped run that was found, if there was one.
    """

    rows: int
    labels: dict[str, int]
    unreadable: int
    out: Path
    seconds: float
    remark: str | None = None


def classify_texts(
    file: str | Path,
    *,
    column: str = "text",
    out: str | Path | None = None,
    model: str | None = None,
    max_fpr: float = 0.05,
    progress: Progress = silent,
) -> TextsReport:
    """Label the texts of a CSV, JSONL or Parquet file and write its columns and those of `labels` to `out`.

    The file is streamed, so it may be larger than memory; `out` (beside the file if not given) stands whole or not at
    all, as JSONL, CSV or Parquet by its ending. In CSV, lists are written as JSON. Finished blocks are kept beside
    `out` until it stands: after a stop, the same call goes on from them.
    A column of the file that bears the name of one of the labels' columns becomes `<name>_input`.
    Raises InputError if the file cannot be read or has no such column.
    """
    source = Path(file)
    target = Path(out) if out else source.with_name(f"{source.name.split('.')[0]}.labels{_ending(source)}")
    _check_ending(target)
    if target.resolve() == source.resolve():
        raise InputError(f"{target}: the labels would be written over the texts. Name another file with --out.")
    rows = _rows(source, column)
    first = list(itertools.islice(rows, 1))  # what is wrong with the file is said before the model is loaded
    started, counts = time.perf_counter(), Counter[str]()
    fresh = target.with_name(f".{target.name}.{uuid.uuid4().hex}")
    try:
        with writing(target.parent):
            labeller = _Labeller(model, max_fpr)
            schema = str(labeller.schema)
            key = parts_key(source, labeller.basis, column=column, max_fpr=max_fpr, rows=ROWS, schema=schema)
            parts = LabelParts(target, key, labeller.schema)
            writer = _Writer(fresh, _ending(target), labeller.schema)
            try:
                for done in _label(itertools.chain(first, rows), writer, counts, labeller, column, parts):
                    progress("labelling texts", done, None)
            finally:
                writer.close()
            os.replace(fresh, target)
            parts.remove()
    finally:
        fresh.unlink(missing_ok=True)
    unreadable = counts.pop("unreadable", 0)
    labels = {name: counts[name] for name in ("positive", "manipulative", "undetermined", "none")}
    seconds = round(time.perf_counter() - started, 2)
    return TextsReport(sum(labels.values()), labels, unreadable, target, seconds, parts.remark)


class _Labeller:
    """Labels texts, each distinct one once as long as it is remembered.

    `schema` are the labels' columns; `basis` says all that they stand on besides the texts and the rate.
    """

    def __init__(self, model: str | None, max_fpr: float) -> None:
        from classifiers import LABEL_SCHEMA, load

        self._classifier, self._max_fpr = load(model), max_fpr
        self._known: dict[bytes, dict[str, Any]] = {}
        self.schema, self.basis = LABEL_SCHEMA, self._classifier.basis

    def label(self, texts: list[str]) -> list[dict[str, Any]]:
        """Return the labels of texts, in order."""
        new = {key: text for key, text in zip(_keys(texts), texts, strict=True) if key not in self._known}
        fresh = self._classifier.predict(list(new.values()), max_fpr=self._max_fpr).to_pylist() if new else []
        found = self._known | dict(zip(new, fresh, strict=True))
        return [found[key] for key in _keys(texts)]

    def remember(self, texts: list[str], labels: list[dict[str, Any]]) -> None:
        """Keep the labels of a block, whether computed now or by a run that was stopped: both go on alike."""
        for key, row in zip(_keys(texts), labels, strict=True):
            self._known.setdefault(key, row)
        for old in list(self._known)[: max(0, len(self._known) - REMEMBERED)]:
            del self._known[old]


def _keys(texts: list[str]) -> list[bytes]:
    return [hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest() for text in texts]


def _ending(file: Path) -> str:
    endings = [suffix.lower() for suffix in file.suffixes if suffix.lower() not in (".gz", ".zst")]
    return endings[-1] if endings else ""


def _check_ending(file: Path) -> None:
    if _ending(file) not in ENDINGS:
        raise InputError(f"{file}: the labels can be written as {', '.join(ENDINGS)}. Name such a file with --out.")


def _check_columns(source: Path, column: str, names: list[str]) -> None:
    if column not in names:
        raise InputError(f"{source}: no column {column!r}; its columns are {', '.join(names)}. Name one with --column.")


def _rows(source: Path, column: str) -> Iterator[Any]:
    """Yield the rows of a file as dictionaries, and None for each that cannot be read."""
    from influence.decoding import head
    from influence.readers.json_records import json_encoding, records
    from influence.readers.tabular import batches, columns_of, kind_of

    if not source.is_file():
        raise InputError(f"{source} is no file. Name a CSV, JSON or Parquet file.")
    start = head(source)
    kind = kind_of(source, start)
    if not start.strip() or kind is None:
        raise InputError(f"{source} is empty or no table. Give a CSV, JSON lines, Parquet or XLSX file.")
    names = columns_of(source, kind)
    _check_columns(source, column, names)
    if kind == "json":  # as they are, numbers as numbers
        for record in records(source, json_encoding(source)):
            yield record.value if isinstance(record.value, dict) else None
        return
    for batch in batches(source, kind, names):
        yield from batch.table.to_pylist()
        yield from (None for _ in range(batch.rejects.num_rows))


def _label(
    rows: Iterator[Any], writer: _Writer, counts: Counter[str], labeller: _Labeller, column: str, parts: LabelParts
) -> Iterator[int]:
    """Label and write the rows, a thousand at a time; yield how many were written so far."""
    done = 0
    for number in itertools.count():
        block = list(itertools.islice(rows, ROWS))
        if not block:
            return
        good = [row for row in block if row is not None]
        counts["unreadable"] += len(block) - len(good)
        texts = [_text(row.get(column)) for row in good]
        labels = parts.block(number, partial(labeller.label, texts))
        labeller.remember(texts, labels)
        # A column that bears the name of one of ours is kept beside it.
        kept = [
            {f"{name}_input" if name in LABEL_NAMES else name: value for name, value in row.items()} for row in good
        ]
        writer.write([{**row, **labelled} for row, labelled in zip(kept, labels, strict=True)])
        counts.update(row["label"] for row in labels)
        done += len(good)
        yield done


def _text(value: Any) -> str:
    return value if isinstance(value, str) else "" if value is None else str(value)


class _Writer:
    """Writes rows as JSONL, CSV, TSV or Parquet; the first rows set the columns of the tables."""

    def __init__(self, file: Path, ending: str, labels: pa.Schema) -> None:
        self.file, self.ending, self.labels = file, ending, labels
        self._text: IO[str] | None = None
        self._parquet: Any = None
        self._names: list[str] = []

    def write(self, rows: list[dict[str, Any]]) -> None:
        """Append rows."""
        if not self._names:
            self._open(rows)
        if self._parquet is not None:
            self._parquet.write_table(self._table(rows))
        elif self._text is not None and self.ending in (".jsonl", ".ndjson"):
            self._text.writelines(json.dumps(row, ensure_ascii=False, default=str) + "\n" for row in rows)
        elif self._text is not None:
            self._csv.writerows([_cell(row.get(name)) for name in self._names] for row in rows)

    def _open(self, rows: list[dict[str, Any]]) -> None:
        given = [name for name in dict.fromkeys(key for row in rows for key in row) if name not in self.labels.names]
        self._names = [*given, *self.labels.names]
        if self.ending == ".parquet":
            import pyarrow as pa
            import pyarrow.parquet as pq

            own = [(name, _type([row.get(name) for row in rows])) for name in given]
            self._schema = pa.schema([*(pa.field(*field) for field in own), *self.labels])
            self._parquet = pq.ParquetWriter(self.file, self._schema, compression="zstd")
            return
        self._text = self.file.open("w", encoding="utf-8", newline="")
        if self.ending in (".csv", ".tsv"):
            self._csv = csv.writer(self._text, delimiter="," if self.ending == ".csv" else "\t")
            self._csv.writerow(self._names)

    def _table(self, rows: list[dict[str, Any]]) -> pa.Table:
        import pyarrow as pa

        texts = {field.name for field in self._schema if field.type == pa.string()} - set(self.labels.names)
        plain = [{name: _cell_text(row.get(name)) if name in texts else row.get(name) for name in row} for row in rows]
        try:
            return pa.Table.from_pylist(plain, schema=self._schema)
        except (pa.ArrowInvalid, pa.ArrowTypeError) as error:
            raise InputError(
                f"the columns change their kind within the file ({error}). Write JSON lines: --out NAME.jsonl"
            ) from error

    def close(self) -> None:
        """Finish the file; without any row it is empty."""
        if self._parquet is not None:
            self._parquet.close()
        elif self._text is not None:
            self._text.close()
        else:
            self.file.touch()


def _type(values: list[Any]) -> pa.DataType:
    """Return the Arrow type of a column, text where the values are of several kinds or nested."""
    import pyarrow as pa

    try:
        kind = pa.array(values, from_pandas=True).type
    except (pa.ArrowInvalid, pa.ArrowTypeError):
        return pa.string()
    return pa.string() if pa.types.is_nested(kind) or pa.types.is_null(kind) else kind


def _cell(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, (list, dict)) else value


def _cell_text(value: Any) -> str | None:
    return value if value is None or isinstance(value, str) else str(_cell(value))
