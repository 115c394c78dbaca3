"""Labels for the texts of a file, without a study."""

from __future__ import annotations

import csv
import json
import os
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from influence.errors import InputError
from influence.progress import Progress, silent
from influence.study import writing

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["TextsReport", "classify_texts"]

ROWS = 1000
ENDINGS = (".jsonl", ".ndjson", ".csv", ".tsv", ".parquet")


@dataclass(frozen=True)
class TextsReport:
    """What `classify_texts` did: rows labelled, rows of each label, where they were written, seconds."""

    rows: int
    labels: dict[str, int]
    out: Path
    seconds: float


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
    all, as JSONL, CSV or Parquet by its ending. In CSV, lists are written as JSON.
    Raises InputError if the file cannot be read, has no such column or already has columns of the labels.
    """
    source = Path(file)
    target = Path(out) if out else source.with_name(f"{source.name.split('.')[0]}.labels{_ending(source)}")
    _check_ending(target)
    if target.resolve() == source.resolve():
        raise InputError(f"{target}: the labels would be written over the texts. Name another file with --out.")
    batches = _batches(source, column)
    started, counts = time.perf_counter(), dict.fromkeys(("positive", "manipulative", "undetermined", "none"), 0)
    fresh = target.with_name(f".{target.name}.{uuid.uuid4().hex}")
    try:
        with writing(target.parent):
            _label(batches, fresh, _ending(target), counts, _labeller(column, model, max_fpr), progress)
            os.replace(fresh, target)
    finally:
        fresh.unlink(missing_ok=True)
    return TextsReport(sum(counts.values()), counts, target, round(time.perf_counter() - started, 2))


def _ending(file: Path) -> str:
    endings = [suffix.lower() for suffix in file.suffixes if suffix.lower() not in (".gz", ".zst")]
    return endings[-1] if endings else ""


def _check_ending(file: Path) -> None:
    if _ending(file) not in ENDINGS:
        raise InputError(f"{file}: the labels can be written as {', '.join(ENDINGS)}. Name such a file with --out.")


def _batches(source: Path, column: str) -> Iterator[pa.Table]:
    from influence.readers.tabular import read_tables

    return _checked(source, column, read_tables(source, rows=ROWS))


def _checked(source: Path, column: str, batches: Iterator[pa.Table]) -> Iterator[pa.Table]:
    from classifiers import LABEL_SCHEMA

    for number, batch in enumerate(batches):
        if number == 0:
            if column not in batch.column_names:
                there = ", ".join(batch.column_names)
                raise InputError(f"{source}: no column {column!r}; its columns are {there}. Name one with --column.")
            taken = [name for name in batch.column_names if name in LABEL_SCHEMA.names]
            # `lang` of the input would be silently replaced by what the detector says.
            batch_names = [f"{name}_input" if name in taken else name for name in batch.column_names]
        yield batch.rename_columns(batch_names)


def _labeller(column: str, model: str | None, max_fpr: float) -> Callable[[pa.Table, Callable[[int], None]], pa.Table]:
    from classifiers import load

    classifier = load(model)

    def label(batch: pa.Table, report: Callable[[int], None]) -> pa.Table:
        texts = ["" if text is None else str(text) for text in batch[column].to_pylist()]
        return classifier.predict(texts, max_fpr=max_fpr, progress=report)

    return label


def _label(
    batches: Iterator[pa.Table],
    file: Path,
    ending: str,
    counts: dict[str, int],
    label: Callable[[pa.Table, Callable[[int], None]], pa.Table],
    progress: Progress,
) -> None:
    writer: _Writer | None = None
    done = 0
    try:
        for batch in batches:
            before = done
            labels = label(batch, lambda more, before=before: progress("labelling texts", before + more, None))
            for name in labels.column_names:
                batch = batch.append_column(labels.schema.field(name), labels[name])
            writer = writer or _Writer(file, ending, batch.schema)
            writer.write(batch)
            for value in labels["label"].to_pylist():
                counts[value] += 1
            done += batch.num_rows
            progress("labelling texts", done, None)
    finally:
        if writer is not None:
            writer.close()
    if writer is None:
        file.touch()


class _Writer:
    """Writes Arrow batches as JSONL, CSV, TSV or Parquet."""

    def __init__(self, file: Path, ending: str, schema: pa.Schema) -> None:
        self.ending = ending
        if ending == ".parquet":
            import pyarrow.parquet as pq

            self._parquet = pq.ParquetWriter(file, schema, compression="zstd")
            return
        self._text = file.open("w", encoding="utf-8", newline="")
        if ending in (".csv", ".tsv"):
            self._csv = csv.writer(self._text, delimiter="," if ending == ".csv" else "\t")
            self._csv.writerow(schema.names)

    def write(self, batch: pa.Table) -> None:
        if self.ending == ".parquet":
            self._parquet.write_table(batch)
            return
        for row in batch.to_pylist():
            if self.ending in (".jsonl", ".ndjson"):
                self._text.write(json.dumps(row, ensure_ascii=False, default=str) + "\n")
            else:
                self._csv.writerow([_cell(value) for value in row.values()])

    def close(self) -> None:
        if self.ending == ".parquet":
            self._parquet.close()
        else:
            self._text.close()


def _cell(value: Any) -> Any:
    return json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, (list, dict)) else value
