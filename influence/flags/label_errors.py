"""How often labels are wrong, as a model's card gives it: what a rate of labels is to be corrected for."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special, stats

__all__ = ["ErrorRate", "LabelErrors", "read_label_errors"]

ENOUGH = 20
"""Posts from which on a group or a language of the card speaks for itself."""
REAL, APPEALS, WRITTEN, ALL = "real posts", "real posts, sampled for appeal words", "written posts", "all posts"
_NODES = 64
_FALSE, _FOUND, _DERIVED = "manipulative:false", "manipulative:tpr", "label_abstaining"


@dataclass(frozen=True)
class ErrorRate:
    """`hits` among `of` held-out posts of a group (`posts`, as the card has it) in a language."""

    posts: str
    language: str
    hits: int
    of: int

    @property
    def posterior(self) -> tuple[float, float]:
        """Both parameters of the Beta posterior from Jeffreys' prior."""
        return self.hits + 0.5, self.of - self.hits + 0.5

    @property
    def mean(self) -> float:
        """Mean of the posterior, in (0, 1)."""
        a, b = self.posterior
        return a / (a + b)

    def nodes(self, *, order: Sequence[int] | None = None) -> NDArray[np.float64]:
        """Equally likely values of the posterior, ascending or in another order; shape (64,)."""
        values = np.asarray(special.betaincinv(*self.posterior, (np.arange(_NODES) + 0.5) / _NODES))
        return values if order is None else values[np.asarray(order)]

    def tail(self, hits: int, of: int) -> float:
        """Chance of at least `hits` among `of` new posts with the rate that these held-out posts leave possible.

        Beta-binomial. The rate is drawn anew for each account: accounts differ in what they write, as samples of
        held-out posts do.

        >>> round(ErrorRate("real posts", "all", hits=1, of=20).tail(3, 5), 4)
        0.0092
        """
        return float(stats.betabinom.sf(hits - 1, of, *self.posterior)) if hits else 1.0


@dataclass(frozen=True)
class LabelErrors:
    """What a model's card says of its label `manipulative`.

    `false`: of posts labelled positive or manipulative that are no manipulative calls, those labelled manipulative, by
    group and language. `found`: of manipulative calls, those labelled so (real posts, all languages). `unvalidated`:
    languages in which the card cannot vouch for a figure. `max_fpr`: the setting that this was measured at.
    """

    false: tuple[ErrorRate, ...] = ()
    found: ErrorRate | None = None
    unvalidated: frozenset[str] = frozenset()
    max_fpr: float | None = None

    def typical(self, language: str | None) -> ErrorRate | None:
        """The rate to correct with: real posts in that language where they are enough, else in all; None if none."""
        own = [rate for rate in self.false if rate.posts in (REAL, ALL)]
        for wanted in (language, "all"):
            for rate in own:
                if rate.language == wanted and (rate.of >= ENOUGH or wanted == "all"):
                    return rate
        return None

    def chance_of(
        self, manipulative: int, taken_for_calls: int, language: str | None
    ) -> tuple[float, ErrorRate] | None:
        """The chance that false alarms alone give so many labels `manipulative` among posts taken for calls.

        Taken from the group of held-out posts that makes it likeliest, posts that were written to be mistaken among
        them: nobody knows how hard an account's posts are. None if the card says nothing.
        """
        usable = [rate for rate in self.false if rate.language in ("all", language) and rate.of >= ENOUGH]
        typical = self.typical(language)
        if not usable and typical is not None:
            usable = [typical]
        found = [(rate.tail(manipulative, taken_for_calls), rate) for rate in usable]
        return max(found, key=lambda pair: pair[0]) if found else None

    def joint_nodes(self, rate: ErrorRate) -> tuple[NDArray[np.float64], NDArray[np.float64] | None]:
        """Equally likely pairs of false-alarm rate and share found (independent); None if misses are not known."""
        if self.found is None:
            return rate.nodes(), None
        # A stride that is coprime to the number of nodes pairs low with high values evenly, without a random draw.
        order = [(27 * index + 13) % _NODES for index in range(_NODES)]
        return rate.nodes(), self.found.nodes(order=order)


def read_label_errors(model: str | None) -> LabelErrors:
    """Return what the card of a model (its folder; None: the shipped one) says of the label `manipulative`.

    Cards hold the counts themselves. From cards that were written before they did, the counts are worked out of
    precision, recall and numbers of posts; groups for which that is not possible are left out. A model without
    scores gives an empty statement.
    """
    from classifiers.loading import SHIPPED
    from classifiers.settings import read_settings

    card = read_settings(Path(model) if model else SHIPPED).card
    scores = [row for row in card.get("scores") or () if row.get("model", "model") == "model" and row.get("key")]
    groups: dict[tuple[str, str], dict[str, Mapping[str, Any]]] = {}
    for row in scores:
        if row["posts"] in (REAL, APPEALS, WRITTEN, ALL):
            groups.setdefault((row["posts"], row["language"]), {})[row["key"]] = row
    false = tuple(rate for where, rows in groups.items() for rate in _false(where, rows))
    at = (card.get("thresholds") or {}).get("max_fpr")
    return LabelErrors(
        false=false,
        found=next((rate for name in (REAL, ALL) for rate in _found((name, "all"), groups)), None),
        unvalidated=frozenset(card.get("unvalidated") or ()),
        max_fpr=None if at is None else float(at),
    )


def _counted(where: tuple[str, str], row: Mapping[str, Any]) -> ErrorRate:
    return ErrorRate(*where, hits=int(row["positive"]), of=int(row["n"]))


def _false(where: tuple[str, str], rows: Mapping[str, Mapping[str, Any]]) -> Iterator[ErrorRate]:
    if _FALSE in rows:
        yield _counted(where, rows[_FALSE])
        return
    alarms, positive = _labelled_wrongly(rows), _labelled(rows, "positive")
    if alarms is not None and positive is not None and alarms + positive:
        yield ErrorRate(*where, hits=alarms, of=alarms + positive)


def _found(
    where: tuple[str, str], groups: Mapping[tuple[str, str], Mapping[str, Mapping[str, Any]]]
) -> Iterator[ErrorRate]:
    rows = groups.get(where, {})
    if _FOUND in rows:
        yield _counted(where, rows[_FOUND])
    elif (row := rows.get(f"{_DERIVED}:manipulative:recall")) is not None and row["value"] is not None:
        yield ErrorRate(*where, hits=round(row["value"] * row["positive"]), of=int(row["positive"]))


def _labelled(rows: Mapping[str, Mapping[str, Any]], label: str) -> int | None:
    """Posts with a label, from its precision and recall; None where they do not tell."""
    precision, recall = (rows.get(f"{_DERIVED}:{label}:{name}") for name in ("precision", "recall"))
    if precision is None or precision["value"] is None:
        # Precision is missing where no post has the label, if the others were scored at all.
        return 0 if f"{_DERIVED}:f1" in rows else None
    if recall is None or not precision["value"] or not recall["value"]:
        return None
    labelled: int = round(recall["value"] * recall["positive"] / precision["value"])
    return labelled


def _labelled_wrongly(rows: Mapping[str, Mapping[str, Any]]) -> int | None:
    labelled, recall = _labelled(rows, "manipulative"), rows.get(f"{_DERIVED}:manipulative:recall")
    if labelled is None or not labelled:
        return labelled
    return labelled - round(recall["value"] * recall["positive"]) if recall else None
