"""Texts as a model reads them beside the texts as they were given; what is found in the one is said of the other."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from classifiers.evidence import Evidence, quotable
from classifiers.inference import TokenScores
from classifiers.kazakh.restoration import restored_all
from classifiers.normalise import Reading

__all__ = ["Text", "as_read"]


@dataclass(frozen=True, slots=True)
class Text:
    """A text as it was given, and what a model reads of it; equal where both are."""

    given: str
    read: str
    reading: Reading = field(compare=False)

    def tokens_of(self, tokens: TokenScores) -> TokenScores:
        """Token scores of what is read, their places being those of the text as given."""
        if self.reading.places is None:
            return tokens
        places = [self.reading.original(start, end) for start, end in tokens.offsets.tolist()]
        return TokenScores(np.array(places, dtype=np.int64).reshape(-1, 2), tokens.scores)

    def evidence_of(self, found: Evidence | None) -> Evidence | None:
        """Evidence in what is read as evidence in the text as given; None where nothing can be quoted."""
        if found is None or self.reading.places is None:
            return found
        place = quotable(self.given, *self.reading.original(found.start, found.end))
        if place is None:
            return None
        return Evidence(found.technique, *place, self.given[place[0] : place[1]], found.score)


def as_read(texts: Sequence[str], languages: Sequence[str]) -> list[Text]:
    """The texts as they are read: Kazakh ones with their letters."""
    kazakh = list(dict.fromkeys(text for text, language in zip(texts, languages, strict=True) if language == "kk"))
    restored = dict(zip(kazakh, restored_all(kazakh), strict=True))
    readings = [
        restored[text] if language == "kk" else Reading(text) for text, language in zip(texts, languages, strict=True)
    ]
    return [Text(text, reading.text, reading) for text, reading in zip(texts, readings, strict=True)]
