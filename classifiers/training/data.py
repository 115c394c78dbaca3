"""Labelled files to examples: what is known of a post, what is not, and whether it is held out."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from classifiers.errors import InputError
from classifiers.examples import NOT_A_CALL, Example, Span, fingerprint, fraction
from classifiers.scheme import CALL_SPAN, CALL_TYPES, CALLS, TECHNIQUES
from classifiers.training.config import Source, TrainingConfig
from classifiers.training.corpora import corpus_examples

Row = dict[str, Any]


def load_examples(config: TrainingConfig, data: Path) -> list[Example]:
    """All examples of the used sources, in file order; paths are relative to `data`.

    With `folds` nothing is held out of the model that is kept. Else a post outside the held-out part whose text also
    stands in it is dropped: nothing held out is ever trained on.

    Raises
    ------
    InputError
        If a file is missing, a line is no JSON object, or a label is none of the scheme's.
    """
    examples = [example for source in config.used_sources() for example in _source_examples(source, data)]
    if config.folds:
        examples = [replace(example, held_out=False) for example in examples]
    if not examples:
        raise InputError(f"{data}: no labelled post found. Name at least one file under [[sources]].")
    kept_aside = {fingerprint(example.text) for example in examples if example.held_out}
    return [e for e in examples if e.held_out or fingerprint(e.text) not in kept_aside]


def read_posts(file: Path) -> list[Example]:
    """Examples of one file in the format of `datasets/written`, none held out."""
    return list(_source_examples(Source(name=file.stem, path=file), Path()))


def training_part(examples: Sequence[Example]) -> list[Example]:
    """The examples that may be trained on."""
    return [example for example in examples if not example.held_out]


def held_out_part(examples: Sequence[Example]) -> list[Example]:
    """The examples that must never be trained on."""
    return [example for example in examples if example.held_out]


def _source_examples(source: Source, data: Path) -> Iterator[Example]:
    if source.crosswalk is not None:
        for example in corpus_examples(source, data):
            yield _placed(example, source, {})
        return
    file = data / source.path
    texts = _unlp_rows(data / source.texts) if source.texts else {}
    map_row = _MAPPERS[source.format]
    for number, row in _json_lines(file):
        try:
            example = map_row(row, texts)
            _check(example)
        except (KeyError, TypeError, ValueError) as error:
            reason = f"{error.args[0]!r} is missing" if isinstance(error, KeyError) else str(error)
            raise InputError(f"{file}:{number}: {reason}. Correct the row, or leave the source out.") from error
        yield _placed(example, source, row)


def _placed(example: Example, source: Source, row: Row) -> Example:
    group = f"{source.name}/{example.group or example.pair or example.id}"
    held_out = fraction(group) < source.held_out
    if source.held_out_fold is not None:
        held_out = int(row["fold"]) == source.held_out_fold
    return replace(
        example,
        source=source.name,
        group=group,
        weight=source.weight,
        held_out=held_out,
        real=source.real,
        enriched=source.enriched,
        fold=int(row["fold"]) if source.held_out_fold is not None else None,
        techniques=example.techniques if source.techniques else None,
        spans=example.spans if source.techniques else None,
    )


def _json_lines(file: Path) -> Iterator[tuple[int, Row]]:
    try:
        lines = file.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{file}: cannot be read ({error}). Give a JSONL file of labelled posts.") from error
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except json.JSONDecodeError as error:
            raise InputError(f"{file}:{number}: is no JSON ({error}), got {line[:60]!r}.") from error
        if not isinstance(row, dict):
            raise InputError(f"{file}:{number}: is no JSON object, got {line[:60]!r}.")
        yield number, row


def _from_posts(row: Row, _: dict[str, Row]) -> Example:
    label = row.get("label")
    is_call = row["call"] == "call"
    # The words that a model found to carry a call are no annotation of a technique.
    given = [span for span in row.get("spans") or () if span["technique"] != CALL_SPAN]
    named = tuple(_found_span(span, row["text"]) for span in given)
    techniques = row.get("techniques")
    asked = row.get("known_techniques")
    return Example(
        id=str(row["id"]),
        text=row["text"],
        lang=row.get("lang") or "und",
        source="",
        call=row["call"],
        known_techniques=None if asked is None else tuple(asked),
        manipulative=label == "manipulative" if is_call and label in ("positive", "manipulative") else None,
        call_types=tuple(row["call_types"]) if is_call and row.get("call_types") else None,
        techniques=None if techniques is None else tuple(techniques),
        spans=None if techniques is None or (techniques and not named) else named,
        quote=_quoted(row) if is_call else None,
        pair=row.get("pair"),
    )


def _found_span(span: Row, text: str) -> Span:
    start = span["start"] if "start" in span else text.find(span["quote"])
    if start < 0:
        raise ValueError(f"span {span['quote']!r} does not stand in the text")
    return Span(span["technique"], start, span["end"] if "end" in span else start + len(span["quote"]))


def _from_calls(row: Row, _: dict[str, Row]) -> Example:
    is_call = row["call"] == "call"
    verdict = row.get("verdict")
    second = row.get("second") or {}
    # Where two annotators differ on the verdict there is nothing to learn it from.
    agreed = not second or second.get("verdict") == verdict
    known = is_call and agreed and verdict in ("positive", "manipulative")
    techniques = row.get("techniques")
    return Example(
        id=str(row["id"]),
        text=row["text"],
        lang=row.get("lang") or "und",
        source="",
        call=row["call"],
        manipulative=verdict == "manipulative" if known else None,
        call_types=tuple(row["types"]) if is_call and row.get("types") else None,
        techniques=None if techniques is None else tuple(techniques),
        quote=_quoted(row) if is_call else None,
    )


def _quoted(row: Row) -> tuple[int, int] | None:
    """The place of the words that the annotator quoted as the call; None where they were not copied verbatim."""
    quote = row.get("quote")
    start = row["text"].find(quote) if isinstance(quote, str) and quote else -1
    return None if start < 0 else (start, start + len(quote or ""))


def _from_unlp(row: Row, texts: dict[str, Row]) -> Example:
    if row["id"] not in texts:
        raise ValueError(f"id {row['id']!r} does not stand in the file of texts")
    task = texts[row["id"]]
    techniques = tuple(task["techniques"] if task["techniques"] is not None else ())
    marked = task["trigger_words"] if task["trigger_words"] is not None else ()
    only = techniques[0] if len(techniques) == 1 else None
    return replace(
        _from_calls({**row, "text": task["content"]}, {}),
        techniques=techniques,
        spans=tuple(Span(only, int(start), int(end)) for start, end in marked),
    )


def _unlp_rows(file: Path) -> dict[str, Row]:
    import pyarrow.parquet as pq

    try:
        rows = pq.read_table(file, columns=["id", "content", "techniques", "trigger_words"]).to_pylist()
    except (OSError, ValueError) as error:
        raise InputError(f"{file}: cannot be read as Parquet ({error}).") from error
    return {row["id"]: row for row in rows}


_MAPPERS: dict[str, Callable[[Row, dict[str, Row]], Example]] = {
    "posts": _from_posts,
    "calls": _from_calls,
    "unlp2025": _from_unlp,
}


def _check(example: Example) -> None:
    if not isinstance(example.text, str):
        raise ValueError(f"text is no string, got {example.text!r}")
    _check_names("call", () if example.call is None else (example.call,), (*CALLS, NOT_A_CALL))
    _check_names("call type", example.call_types or (), CALL_TYPES)
    _check_names("technique", (*(example.techniques or ()), *(example.known_techniques or ())), TECHNIQUES)
    for span in example.spans or ():
        _check_names("technique", () if span.technique is None else (span.technique,), TECHNIQUES)


def _check_names(what: str, names: Sequence[str], allowed: Sequence[str]) -> None:
    for name in names:
        if name not in allowed:
            raise ValueError(f"{what} {name!r} is none of {', '.join(allowed)}")
