"""Labelled files to evaluate on, with what the score tables and the mistakes need besides the labels."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from classifiers.errors import InputError
from classifiers.evaluation.mistakes import may_pass_on
from classifiers.examples import Example, fingerprint


@dataclass(frozen=True, slots=True)
class LabelledPosts:
    """N labelled posts: `topics` (N) or None where unknown, and whether each text `may_show` in a card.

    `kinds` says whether it is known which posts are real, sampled for appeal words, or written for the purpose.
    `train` are the posts of the same sources that are not held out.
    """

    examples: list[Example]
    topics: list[str | None]
    may_show: list[bool]
    kinds: bool
    train: list[Example]


def read_labelled(data: str | Path, config: str | Path | None = None) -> LabelledPosts:
    """Labelled posts of a JSONL file, a folder of such files, or the held-out ones of a training configuration.

    Each file is either in the format of `datasets/written` (`label`, `call`, …) or the codebook's output with the text
    (`call`, `verdict`, …); which of them shows in its first row.

    Raises
    ------
    InputError
        If a file cannot be read, has no posts, or with `config` no post is held out.
    """
    from classifiers.training.config import TrainingConfig, read_config
    from classifiers.training.data import held_out_part, load_examples, training_part

    base = Path(data)
    if config is not None:
        settings = read_config(Path(config))
        if not settings.sources:
            raise InputError(f"{config}: names no sources. Add [[sources]], or leave --config out.")
        if settings.folds:
            raise InputError(
                f"{config}: folds = {settings.folds} trains on every post; the card has out-of-fold scores. "
                "Leave --config out, or set folds = 0 for a model that was trained so."
            )
        examples = load_examples(settings, base)
        asked, rest = held_out_part(examples), training_part(examples)
        if not asked:
            raise InputError(f"{config}: no post is held out. Set held_out of a source, or leave --config out.")
    else:
        files = _files(base)
        settings = TrainingConfig(sources=tuple(_source(file) for file in files))
        base = files[0].parent
        asked, rest = load_examples(settings, base), []
    extra = _extra(settings.used_sources(), base)
    own = [extra.get((e.source, e.id), {}) for e in asked]
    topics = [str(row["topic"]) if row.get("topic") else None for row in own]
    return LabelledPosts(asked, topics, [bool(row.get("show")) for row in own], config is not None, rest)


def without_copies(train: Sequence[Example], asked: Iterable[Example]) -> list[Example]:
    """Training posts whose text, links and handles aside, does not stand among the posts that are asked about."""
    known = {fingerprint(example.text) for example in asked}
    return [example for example in train if fingerprint(example.text) not in known]


def _files(data: Path) -> list[Path]:
    files = [data] if data.is_file() else sorted(data.glob("*.jsonl"))
    if not files:
        raise InputError(f"{data}: no JSONL file of labelled posts. Give one, or a folder of them.")
    return files


def _source(file: Path) -> Any:
    from classifiers.training.config import Source

    row = next(_rows(file), {})
    form = "calls" if "verdict" in row and "label" not in row else "posts"
    return Source(name=file.stem, path=Path(file.name), format=form, real=True)


def _extra(sources: Iterable[Any], base: Path) -> dict[tuple[str, str], dict[str, Any]]:
    """Topic of a row, and whether its text may be shown, by source and id: the row decides, else its source."""
    found: dict[tuple[str, str], dict[str, Any]] = {}
    for source in sources:
        if source.crosswalk is not None:
            continue  # a corpus of others: no topics, and its texts are shown to nobody
        whole = getattr(source, "ship_text", None)
        for row in _rows(base / source.path):
            show = row.get("ship_text", whole)
            if show is None:
                show = may_pass_on(str(row.get("licence") or source.licence))
            found[source.name, str(row.get("id"))] = {"topic": row.get("topic"), "show": bool(show)}
    return found


def _rows(file: Path) -> Iterator[dict[str, Any]]:
    """The rows of a file that are objects; complaints about others come from the reader of examples."""
    try:
        with file.open(encoding="utf-8") as lines:
            for line in lines:
                try:
                    row = json.loads(line) if line.strip() else None
                except json.JSONDecodeError:
                    continue
                if isinstance(row, dict):
                    yield row
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{file}: cannot be read ({error}). Give a JSONL file of labelled posts.") from error
