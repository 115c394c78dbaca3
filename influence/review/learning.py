"""Reviewed posts as labelled posts to train on, with where they come from."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from influence.errors import CheckFailed, InputError, StudyError
from influence.files import write_text, writing
from influence.review.decision import Settled
from influence.review.store import ReviewStore

if TYPE_CHECKING:
    from classifiers.training import TrainingConfig
    from influence.study import Study

__all__ = ["Reviewed", "reviewed_posts", "train_with_reviews"]


@dataclass(frozen=True)
class Reviewed:
    """Labelled posts in the format of `datasets/written`, and what the card says of where they come from."""

    source: str
    rows: list[dict[str, Any]]
    provenance: dict[str, Any]


def reviewed_posts(study: Study) -> Reviewed:
    """What people settled about the posts of a study, to train on.

    Posts on which reviewers differ, and those of which the study has no text (any more), are left out and counted. The
    provenance names no reviewer: R1 is who decided first, each with the number of posts.

    Raises CheckFailed if the chain of decisions is broken, StudyError if nothing is settled.
    """
    store = ReviewStore(study.folder)
    chain = store.verify()
    if chain.broken:
        raise CheckFailed(f"{store.file}: {chain.broken}. Nothing is trained on it; copy it back from a backup.")
    settled = store.settled()
    usable = {one.post_id: one for one in settled if one.decision is not None}
    posts = study.table("posts")
    wanted = posts.filter(posts.post_id.isin(sorted(usable))).select("post_id", "text", "lang") if usable else None
    found = study.engine.fetch(wanted).to_pylist() if wanted is not None else []
    rows = [_row(usable[post["post_id"]], post) for post in sorted(found, key=lambda p: p["post_id"]) if post["text"]]
    if not rows:
        raise StudyError(
            f"{study.folder}: no reviewed post to train on ({len(settled)} were decided on). "
            "Import decisions: influence review --import decisions.csv"
        )
    own = [usable[row["id"]] for row in rows]
    provenance = {
        "study": study.settings.name,
        "posts": len(rows),
        "decisions": chain.decisions,
        "reviewers": _numbered(own),
        "left_out": {"disputed": len(settled) - len(usable), "without text": len(usable) - len(rows)},
        "verdict_unclear": sum(row["call"] == "call" and row["label"] is None for row in rows),
        "first": min(one.first for one in own).date().isoformat(),
        "last": max(one.last for one in own).date().isoformat(),
        "status": dict(sorted(Counter(one.status for one in settled).items())),
        "head": chain.head,
    }
    return Reviewed(f"review:{study.settings.name}", _with_languages(rows), provenance)


def _numbered(settled: Sequence[Settled]) -> dict[str, int]:
    """Posts of each reviewer, who is a number by the time of the first decision: a card travels, names need not."""
    posts = Counter(name for one in sorted(settled, key=lambda one: (one.first, one.post_id)) for name in one.reviewers)
    return {f"R{number}": count for number, count in enumerate(posts.values(), 1)}


def _row(one: Settled, post: dict[str, Any]) -> dict[str, Any]:
    from classifiers.scheme import CALL_SPAN

    decision = one.decision
    assert decision is not None
    for span in decision.spans or ():
        if post["text"][span["start"] : span["end"]] != span["quote"]:
            raise InputError(
                f"post {one.post_id}: the quote {span['quote']!r} does not stand there. Decide on it again."
            )
    label = decision.verdict if decision.verdict in ("positive", "manipulative") else None
    return {
        "id": one.post_id,
        "lang": post["lang"],
        "text": post["text"],
        "label": "none" if decision.call != "call" else label,
        "call": decision.call,
        "call_types": list(decision.call_types),
        "techniques": None if decision.techniques is None else list(decision.techniques),
        "spans": [dict(span) for span in decision.spans or () if span["technique"] != CALL_SPAN],
        "pair": None,
    }


def _with_languages(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Fill in the languages that the source did not give."""
    from classifiers import LANGUAGES, detect_languages

    unknown = [row for row in rows if row["lang"] not in LANGUAGES]
    for row, language in zip(unknown, detect_languages([row["text"] for row in unknown]), strict=True):
        row["lang"] = language
    return rows


def train_with_reviews(
    study: Study, data: Path, backbone: str, out: Path, settings: TrainingConfig, **options: Any
) -> Any:
    """Train as `classifiers.training.train` does, on labelled files and on the reviewed posts of a study.

    Reviewed posts weigh as much as the heaviest real source, a fifth of them (by a hash of their ids) is held out. The
    card of the model says which study they are of, how many they are, how many people reviewed them and when. Their
    texts stand in the model folder only while training runs.
    """
    from classifiers.training import train

    reviewed = reviewed_posts(study)
    file = (out / "training" / "reviewed.jsonl").resolve()
    with writing(out):
        file.parent.mkdir(parents=True, exist_ok=True)
        write_text(file, "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in reviewed.rows))
    whole, base = _with_source(settings, data, reviewed.source, file)
    trained = train(base, backbone, out, whole, **options)
    file.unlink()
    _note(trained.folder, reviewed)
    return trained


def _with_source(settings: TrainingConfig, data: Path, name: str, file: Path) -> tuple[TrainingConfig, Path]:
    from classifiers.training.config import Source
    from classifiers.training.run import OWN_HELD_OUT, with_own_sources

    whole, base = (settings, data) if settings.sources else with_own_sources(settings, data)
    weight = max((source.weight for source in whole.used_sources() if source.real), default=1.0)
    own = Source(name=name, path=file, held_out=OWN_HELD_OUT, weight=weight, real=True, licence="posts of a study")
    return whole.model_copy(update={"sources": (*whole.sources, own)}), base


def _note(folder: Path, reviewed: Reviewed) -> None:
    """Write the provenance of the reviewed posts into the card."""
    from classifiers.settings import read_settings, write_settings

    settings = read_settings(folder)
    training = dict(settings.card["training"])
    sources = {name: dict(source) for name, source in training["sources"].items()}
    sources[reviewed.source]["reviewed"] = reviewed.provenance
    card = {**settings.card, "training": {**training, "sources": sources}}
    write_settings(settings.model_copy(update={"card": card}), folder)
