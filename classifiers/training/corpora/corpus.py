"""A corpus through its crosswalk: texts with what is known of them in our scheme, and nothing beyond."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from classifiers.errors import InputError
from classifiers.examples import Example, Span, fingerprint
from classifiers.language import detect_languages
from classifiers.training.corpora.crosswalk import Crosswalk, Lesson, fits, lesson, read_crosswalk
from classifiers.training.corpora.rows import article_spans, labels_of, language_of, passages, table_rows

if TYPE_CHECKING:
    from classifiers.training.config import Source


@dataclass(frozen=True, slots=True)
class Taught:
    """Examples of a corpus, and why texts were left out: `teaches nothing`, `copy`, `copies differ`."""

    examples: list[Example]
    left_out: Mapping[str, int]


def corpus_examples(source: "Source", data: Path) -> list[Example]:
    """Examples of a training source with a crosswalk; paths are relative to `data`.

    Raises
    ------
    InputError
        If the crosswalk or the corpus cannot be read, a label has no line there, or no text teaches anything.
    """
    if source.crosswalk is None:
        raise InputError(f"source {source.name!r} has no crosswalk. Name its TOML file.")
    crosswalk = read_crosswalk(source.crosswalk)
    texts = None if source.texts is None else data / source.texts
    found = teach(crosswalk, data / source.path, texts).examples
    if not found:
        raise InputError(f"{data / source.path}: no text of it teaches anything by {source.crosswalk}. Leave it out.")
    return found


def teach(crosswalk: Crosswalk, path: Path, texts: Path | None = None) -> Taught:
    """Read a corpus through a crosswalk.

    Parameters
    ----------
    path
        The corpus's table, or a folder of its parts; for articles the file of their spans.
    texts
        The file of the articles, where the corpus has spans of articles.

    Returns
    -------
    Taught
        Each text once. A text that stands there several times with labels that teach different things is left out.
    """
    if crosswalk.read.kind == "articles":
        if texts is None:
            raise InputError(f"{path}: spans without articles. Name their file as the source's texts.")
        every = list(_from_articles(crosswalk, path, texts))
    else:
        every = list(_from_table(crosswalk, path))
    kept, left_out = _without_copies(every)
    return Taught(_with_languages(kept), left_out)


def _from_table(crosswalk: Crosswalk, path: Path) -> Iterator[Example]:
    read = crosswalk.read
    for where, row in table_rows(path, read):
        if not row[read.text].strip() or not fits(row, read.only):
            continue
        try:
            found = lesson(crosswalk, labels_of(row[read.labels]), row)
        except ValueError as error:
            raise InputError(f"{path}: {where}: {error}") from error
        name = (row[read.id] if read.id else "") or where
        language = language_of(where.rpartition(":")[0], read)
        example = Example(name, row[read.text], language, crosswalk.corpus, group=row[read.group] if read.group else "")
        yield _taught(example, found)


def _from_articles(crosswalk: Crosswalk, spans: Path, articles: Path) -> Iterator[Example]:
    language = language_of(articles.name, crosswalk.read)
    for name, text, marked in article_spans(spans, articles):
        for place, passage, own in passages(text, marked, crosswalk.read.passage):
            found = lesson(crosswalk, sorted({label for label, _, _ in own}), {})
            example = Example(f"{name}:{place}", passage, language, crosswalk.corpus, group=name)
            named = [(crosswalk.meaning(label, {}).teaches, start, end) for label, start, end in own]
            yield _taught(example, found, tuple(Span(what, a, b) for what, a, b in named if what in found.present))


def _taught(example: Example, found: Lesson, spans: tuple[Span, ...] | None = None) -> Example:
    """What is known of a text; no spans where a label's words may well be those of a technique that is there."""
    known = found.known
    return replace(
        example,
        call=found.call,
        techniques=found.present if known else None,
        known_techniques=known if known else None,
        spans=spans if known and not set(found.hidden) & set(found.present) else None,
    )


def _without_copies(examples: Sequence[Example]) -> tuple[list[Example], dict[str, int]]:
    """Each text once, links and handles aside; what teaches nothing, or different things, is counted and left out."""
    left_out: Counter[str] = Counter()
    first: dict[str, Example] = {}
    lessons: dict[str, set[object]] = {}
    for example in examples:
        key = fingerprint(example.text)
        left_out["copy"] += key in first
        first.setdefault(key, example)
        lessons.setdefault(key, set()).add((example.call, example.techniques, example.known_techniques))
    kept = []
    for key, example in first.items():
        if len(lessons[key]) > 1:
            left_out["copies differ"] += 1
        elif example.call is None and example.techniques is None:
            left_out["teaches nothing"] += 1
        else:
            kept.append(example)
    return kept, dict(left_out)


def _with_languages(examples: list[Example]) -> list[Example]:
    unknown = [example for example in examples if not example.lang]
    codes = iter(detect_languages([example.text for example in unknown]))
    return [example if example.lang else replace(example, lang=next(codes)) for example in examples]
