"""The words that carry a call: a sentence or clause of the post, verbatim.

A model whose span head was fitted to what annotators quoted points at them, with scores that it has anyway
(`pointed_words`). Any other model is asked by leaving sentences out (`words_of_calls`), which reads the post again.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from classifiers.calibration import Floats, sigmoid
from classifiers.encoding import shortened
from classifiers.evidence import Evidence, quotable
from classifiers.inference import TokenScores
from classifiers.model import SPAN_CHANNELS
from classifiers.scheme import CALL_SPAN
from classifiers.segments import Place, pieces

#: Pieces of a post that are tried by leaving them out. Trying all of them finds no better ones (docs/classifiers.md)
#: and takes time with the square of the post's length.
CANDIDATES: Final = 2
# Log odds that must be lost with the words; less is within what rounding and chance do to them.
_LEAST = 0.5

_OF_CALL = SPAN_CHANNELS.index(CALL_SPAN)
# So many tokens stand for a sentence: its strongest ones. The mean of all would favour short sentences.
_STRONGEST = 3
# Below this no sentence is the call: fewer than one post in a hundred that annotators quoted from lies there.
_LEAST_POINTED = 0.15

LogOdds = Callable[[Sequence[str]], Floats]
"""Log odds (N,) of a call of N texts: of the whole model, whatever computes it."""


@dataclass(frozen=True, slots=True)
class _Post:
    """A text as it is read, with its pieces; beyond `cut`, places in the text as given lie `gap` further on."""

    read: str
    cut: int
    gap: int
    pieces: list[Place]

    def without(self, place: Place) -> str:
        return f"{self.read[: place[0]]} {self.read[place[1] :]}"

    def given(self, place: Place) -> Place:
        shift = self.gap if place[0] >= self.cut else 0
        return place[0] + shift, place[1] + shift


def pointed_words(text: str, tokens: TokenScores) -> Evidence | None:
    """The sentence (or clause) of a post that its token scores point at; None where they point at none.

    Parameters
    ----------
    text
        A post that the model holds for a call.
    tokens
        Its token scores; the channel `call` says how likely a token stands in the words that an annotator would quote.

    Returns
    -------
    Evidence or None
        With `quote == text[start:end]`. The `score`, from 0.15 to 1, is the probability at the mean log odds of the
        three strongest tokens of the sentence; of all sentences, it has the highest.
    """
    post = _post(text)
    places = [post.given(place) for place in post.pieces]
    if not places or not len(tokens.offsets):
        return None
    scores = sigmoid(sentence_log_odds(tokens, places))
    best = int(np.argmax(scores))
    return _evidence(text, places[best], float(scores[best])) if scores[best] >= _LEAST_POINTED else None


def sentence_log_odds(tokens: TokenScores, places: Sequence[Place]) -> Floats:
    """Mean log odds (S,) of the three strongest tokens of each of S places; minus infinity where there is no token."""
    scores = tokens.scores[:, _OF_CALL].clip(1e-6, 1 - 1e-6)
    log_odds = np.log(scores) - np.log1p(-scores)
    found = np.full(len(places), -np.inf)
    for number, (start, end) in enumerate(places):
        own = log_odds[(tokens.offsets[:, 0] < end) & (start < tokens.offsets[:, 1])]
        if len(own):
            found[number] = np.sort(own)[-_STRONGEST:].mean()
    return found


def words_of_calls(texts: Sequence[str], calls: Floats, log_odds: LogOdds) -> list[Evidence | None]:
    """The sentence (or clause) of each post that carries its call; None where the call rests on the whole post.

    Parameters
    ----------
    texts
        N posts that the model holds for calls.
    calls
        Log odds (N,) of a call of these texts.
    log_odds
        Computes the log odds of a call of other texts.

    Returns
    -------
    list of Evidence or None
        One a post, with `quote == text[start:end]` and the `score`: by how much the log odds of a call fall when the
        words are left out, at least 0.5. None where no piece takes so much with it.

    Notes
    -----
    Occlusion (Zeiler & Fergus 2014) by sentences: each is scored alone, which costs as much as the post, and the two
    that are most of a call by themselves are left out one at a time. The one whose loss costs most is the evidence: by
    construction, the words without which the model would decide otherwise, and not only words that it looked at.

    References
    ----------
    Zeiler & Fergus (2014), Visualizing and understanding convolutional networks, ECCV. DeYoung et al. (2020), ERASER:
    a benchmark to evaluate rationalized NLP models, ACL.
    """
    posts = [_post(text) for text in texts]
    candidates = _candidates(posts, log_odds)
    tried = [(number, place) for number, places in enumerate(candidates) for place in places]
    left = log_odds([posts[number].without(place) for number, place in tried]) if tried else np.zeros(0)
    best: list[tuple[float, Place] | None] = [None] * len(posts)
    for (number, place), without in zip(tried, left.tolist(), strict=True):
        lost = float(calls[number]) - without
        known = best[number]
        if lost >= _LEAST and (known is None or lost > known[0]):
            best[number] = lost, place
    return [
        None if found is None else _evidence(text, post.given(found[1]), found[0])
        for text, post, found in zip(texts, posts, best, strict=True)
    ]


def _post(text: str) -> _Post:
    read, cut, gap = shortened(text)
    # A piece across the place where the middle of a long text was left out stands nowhere in that text.
    return _Post(read, cut, gap, [(a, b) for a, b in pieces(read) if not gap or not a < cut < b])


def _candidates(posts: Sequence[_Post], log_odds: LogOdds) -> list[list[Place]]:
    """The pieces of each post to be left out: all, or those that are most of a call by themselves."""
    many = [(number, place) for number, post in enumerate(posts) if _many(post) for place in post.pieces]
    alone = log_odds([posts[number].read[a:b] for number, (a, b) in many]) if many else np.zeros(0)
    ranked: list[list[tuple[float, Place]]] = [[] for _ in posts]
    for (number, place), score in zip(many, alone.tolist(), strict=True):
        ranked[number].append((-score, place))
    return [
        [place for _, place in sorted(own)[:CANDIDATES]] if _many(post) else post.pieces
        for post, own in zip(posts, ranked, strict=True)
    ]


def _many(post: _Post) -> bool:
    return len(post.pieces) > CANDIDATES


def _evidence(text: str, place: Place, score: float) -> Evidence | None:
    found = quotable(text, *place)
    return None if found is None else Evidence(CALL_SPAN, *found, text[found[0] : found[1]], round(score, 4))
