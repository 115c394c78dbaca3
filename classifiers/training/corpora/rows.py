"""Rows of a corpus's files, as text, and articles cut into passages."""

import ast
import csv
import sys
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING, Any

from classifiers.errors import InputError

if TYPE_CHECKING:
    from classifiers.training.corpora.crosswalk import Reading

Row = dict[str, str]
#: A span of an article: its label, and where it stands (half-open, code points).
Marked = tuple[str, int, int]

_BATCH = 10_000


def table_rows(path: Path, read: "Reading") -> Iterator[tuple[str, Row]]:
    """Each row of the corpus's table with where it stands (`file:row`); an empty cell is an empty string.

    Raises
    ------
    InputError
        If there is no such file, it cannot be read, or a column that the crosswalk names is missing.
    """
    wanted = {read.text, read.labels, *read.only, *(name for name in (read.id, read.group) if name)}
    for file in _files(path, read.files):
        for number, row in enumerate(_rows(file), 1):
            if missing := sorted(wanted - set(row)):
                raise InputError(f"{file}: no column {missing[0]!r}. It has {', '.join(map(str, row))}.")
            yield f"{file.name}:{number}", row


def labels_of(cell: str) -> list[str]:
    """The labels of a cell: a list in brackets, or the cell itself; none where it is empty.

    >>> labels_of("['Doubt', 'Slogans']"), labels_of("Call-to-action"), labels_of("[]")
    (['Doubt', 'Slogans'], ['Call-to-action'], [])
    """
    if not cell.startswith("["):
        return [cell] if cell else []
    try:
        found = ast.literal_eval(cell)
    except (ValueError, SyntaxError) as error:
        raise ValueError(f"labels {cell[:60]!r} are no list") from error
    return [str(label) for label in found]


def language_of(name: str, read: "Reading") -> str:
    """The language that the crosswalk gives to a file; empty where the detector is to say."""
    return next((code for pattern, code in read.languages.items() if fnmatch(name, pattern)), "")


def article_spans(spans: Path, articles: Path) -> Iterator[tuple[str, str, list[Marked]]]:
    """Each article's name and text, and its spans.

    Raises
    ------
    InputError
        If a file cannot be read, or a span lies outside its article.
    """
    marked: dict[str, list[Marked]] = defaultdict(list)
    for row in _rows(spans):
        marked[row["article"]].append((row["technique"], int(row["start"]), int(row["end"])))
    for row in _rows(articles):
        own = sorted(marked.pop(row["article"], []), key=lambda one: one[1:])
        for label, start, end in own:
            if not 0 <= start < end <= len(row["text"]):
                raise InputError(
                    f"{spans}: span {label} {start}–{end} lies outside article {row['article']}, which has "
                    f"{len(row['text'])} characters. Give spans and articles of one release."
                )
        yield row["article"], row["text"], own
    if marked:
        raise InputError(f"{spans}: article {min(marked)} has no text in {articles}. Give both of one release.")


def passages(text: str, spans: Sequence[Marked], size: int) -> Iterator[tuple[int, str, list[Marked]]]:
    """Cut an article at ends of lines into passages of `size` characters, as far as its lines and spans allow.

    Yields the place of each passage, its text (verbatim, without blanks around it), and its spans in its own places. No
    span is ever cut: a passage grows until none stands across its end. White space at the edges of a span is left out.

    Examples
    --------
    >>> list(passages("One.\\nTwo!\\n", [("Doubt", 5, 9)], 4))
    [(0, 'One.', []), (5, 'Two!', [('Doubt', 0, 4)])]
    """
    start = 0
    ends = [place + 1 for place, letter in enumerate(text) if letter == "\n"] + [len(text)]
    crossed = _crossed(spans)
    for number, end in enumerate(ends):
        after = ends[number + 1] if number + 1 < len(ends) else None
        if after is not None and (after - start <= size or crossed(end)):
            continue
        body = text[start:end]
        place = start + len(body) - len(body.lstrip())
        body = body.strip()
        if body:
            own = [(label, *_trimmed(text, a, b)) for label, a, b in spans if start <= a < end]
            yield place, body, [(label, a - place, b - place) for label, a, b in own if a < b]
        start = end


def _crossed(spans: Sequence[Marked]) -> Any:
    """Whether a span stands across a place: it begins before and ends after it."""
    ordered = sorted((start, end) for _, start, end in spans)
    starts = [start for start, _ in ordered]
    farthest: list[int] = []
    for _, end in ordered:
        farthest.append(max(end, farthest[-1] if farthest else 0))

    def crossed(place: int) -> bool:
        before = bisect_right(starts, place - 1)
        return before > 0 and farthest[before - 1] > place

    return crossed


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    piece = text[start:end]
    return start + len(piece) - len(piece.lstrip()), end - (len(piece) - len(piece.rstrip()))


def _files(path: Path, patterns: Sequence[str]) -> list[Path]:
    files = sorted(f for pattern in patterns for f in path.glob(pattern)) if path.is_dir() else [path]
    if not files:
        raise InputError(f"{path}: no file {' or '.join(patterns)}. Give the folder or the file of the corpus.")
    return files


def _rows(file: Path) -> Iterator[Row]:
    try:
        if file.suffix == ".parquet":
            yield from _parquet(file)
        else:
            csv.field_size_limit(sys.maxsize)
            with file.open(encoding="utf-8-sig", newline="") as lines:
                for row in csv.DictReader(lines):
                    yield {str(name): value or "" for name, value in row.items()}
    except (OSError, ValueError, csv.Error) as error:
        raise InputError(f"{file}: cannot be read ({error}). Give the corpus's own CSV or Parquet file.") from error


def _parquet(file: Path) -> Iterator[Row]:
    import pyarrow.parquet as pq

    with pq.ParquetFile(file) as table:
        for batch in table.iter_batches(_BATCH):
            for row in batch.to_pylist():
                yield {name: "" if value is None else str(value) for name, value in row.items()}
