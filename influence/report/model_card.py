"""What the model that labelled the posts says of itself, read without loading it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

__all__ = ["ModelCard", "read_card"]


@dataclass(frozen=True)
class ModelCard:
    """Languages in which the model was not validated, and whether its card was found at all."""

    found: bool
    unvalidated: tuple[str, ...]


def read_card(model: str | None) -> ModelCard:
    """Return the card of a model folder, of the shipped model if None; one without a word where there is none."""
    from classifiers.errors import ClassifiersError
    from classifiers.loading import SHIPPED
    from classifiers.settings import read_settings

    try:
        card = read_settings(Path(model) if model else SHIPPED).card
    except ClassifiersError:  # the labels may come from another machine than the report
        return ModelCard(False, ())
    unvalidated = card.get("unvalidated") or ()
    named = [str(lang) for lang in unvalidated] if isinstance(unvalidated, list | tuple) else []
    # What is in no known language was never validated, whatever the model.
    return ModelCard(True, tuple(dict.fromkeys([*named, "und"])))
