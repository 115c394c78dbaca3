"""The texts that posts are made of: the written posts, with their labels, and short replies without a call."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from synthesis.phrases import COMMENTS
from synthesis.sets import Ints
from synthesis.wording import names_somewhere, newsworthy

__all__ = ["LABELS", "TextPool", "Texts", "load_texts"]

LABELS = ("none", "positive", "manipulative")

WRITTEN = Path(__file__).resolve().parents[2] / "datasets" / "written"


@dataclass(frozen=True, slots=True)
class Texts:
    """All texts of a study; a post refers to one by its place here."""

    ids: tuple[str, ...]
    texts: tuple[str, ...]
    languages: tuple[str, ...]
    topics: tuple[str, ...]
    labels: Ints
    """Places in `LABELS`."""
    rows: tuple[dict[str, Any], ...]
    """The written posts as labelled; empty for short replies."""
    written: int
    """The first so many are written posts, the rest short replies."""


def load_texts(folder: Path | None = None) -> Texts:
    """Read the written posts that fit any place and time, one of each pair, and add the short replies.

    Raises FileNotFoundError if the folder holds no written posts.
    """
    folder = folder or WRITTEN
    files = sorted(folder.glob("*.jsonl"))
    if not files:
        raise FileNotFoundError(f"no *.jsonl with written posts in {folder}")
    rows: list[dict[str, Any]] = []
    pairs: set[str] = set()
    for file in files:
        for line in file.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            if names_somewhere(row["text"]) or row["pair"] in pairs:
                continue
            if row["pair"]:
                pairs.add(row["pair"])
            rows.append(row)
    replies: list[dict[str, Any]] = [
        {"id": f"reply-{index:03d}", "lang": lang, "text": text, "topic": "", "label": "none"}
        for index, (lang, text) in enumerate(COMMENTS)
    ]
    return Texts(
        ids=tuple(row["id"] for row in rows + replies),
        texts=tuple(row["text"] for row in rows + replies),
        languages=tuple(row["lang"] for row in rows + replies),
        topics=tuple(row["topic"] for row in rows + replies),
        labels=np.asarray([LABELS.index(row["label"]) for row in rows + replies]),
        rows=tuple(rows),
        written=len(rows),
    )


class TextPool:
    """Hands out written texts by label and language, each once before any comes again."""

    def __init__(self, texts: Texts, rng: np.random.Generator) -> None:
        self._order = rng.permutation(texts.written)
        self._uses = np.zeros(texts.written, dtype=np.int64)
        self._labels = texts.labels[: texts.written]
        self._languages = np.asarray(texts.languages[: texts.written])
        self._topics = np.asarray(texts.topics[: texts.written])
        self._voice = np.asarray([newsworthy(text) for text in texts.texts[: texts.written]])

    def take(self, label: int, language: str, count: int, topics: Sequence[str] = (), *, reports: bool = False) -> Ints:
        """Return `count` texts: unused before used, then reports or else personal texts, then those of the topics.

        Raises ValueError if no text has the label and language.
        """
        pool = self._order[(self._labels[self._order] == label) & (self._languages[self._order] == language)]
        if not len(pool):
            raise ValueError(f"no written post is labelled {LABELS[label]!r} in language {language!r}")
        off_topic = ~np.isin(self._topics[pool], list(topics))
        voice = self._voice[pool] * (-1 if reports else 1)
        ranked = pool[np.lexsort((off_topic, voice, self._uses[pool]))]
        chosen = np.resize(ranked, count)
        np.add.at(self._uses, chosen, 1)
        return np.asarray(chosen, dtype=np.int64)
