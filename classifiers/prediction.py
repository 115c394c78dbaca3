"""Texts in, labels with their evidence out."""

import hashlib
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from classifiers.calibration import Floats, sigmoid
from classifiers.call_words import pointed_words, words_of_calls
from classifiers.encoding import Encoder
from classifiers.engines import Engine, TorchEngine
from classifiers.engines.choose import exact_engine
from classifiers.errors import InputError
from classifiers.evidence import Evidence, find_spans, strongest_span
from classifiers.inference import RawScores, TokenScores, raw_scores, with_branch
from classifiers.kazakh.restoration import basis as restoration
from classifiers.language import detect_languages
from classifiers.lexical import LexicalBranch
from classifiers.model import PostClassifier
from classifiers.normalise import VERSION as READING
from classifiers.readings import Text, as_read
from classifiers.schema import LABEL_SCHEMA
from classifiers.scheme import CALL_TYPES, TECHNIQUES, derive_label
from classifiers.second_look import undecided
from classifiers.settings import Calibration, ModelSettings

# Distinct texts that are held in memory with their token scores at a time.
_CHUNK = 1024
# Posts whose call words are looked for at a time: each is scored several times over.
_EXPLAINED = 128
# A manipulative call must show the words that speak for it; below this no token does.
_WEAKEST_EVIDENCE = 0.2


@dataclass(frozen=True, slots=True)
class Post:
    """What is known of a text before its language decides on thresholds."""

    has_words: bool
    call: float
    promotion: float
    p_manipulative: float
    p_techniques: Floats
    call_types: list[str]
    techniques: list[str]
    spans: list[Evidence]
    fallback: list[Evidence]
    tokens: TokenScores


class Classifier:
    """A model that labels posts; made by `load`.

    Attributes
    ----------
    name
        Name and short hash of the weights; the column `model` of its labels.
    card
        What it was trained on, its licence, its scores on held-out posts, and `unvalidated`: the languages for which
        there are too few validated labels to vouch for a figure.
    network, encoder, settings
        The network, what cuts texts into its windows, and the contents of `classifier.json`.
    engine, exact
        What computes the network: torch, or ONNX Runtime; and what reads posts near a threshold again, if that engine
        rounds (else None).
    looked_again
        Distinct texts that `exact` has read so far in `predict`.
    """

    def __init__(
        self,
        model: PostClassifier,
        encoder: Encoder,
        settings: ModelSettings,
        engine: Engine | None = None,
        lexical: LexicalBranch | None = None,
    ) -> None:
        self.network = model
        self.engine: Engine = engine or TorchEngine(model)
        self.exact = exact_engine(self.engine, model)
        self.looked_again = 0
        self.encoder = encoder
        self.lexical = lexical
        self.settings = settings
        self.name: str = settings.version
        self.card: dict[str, Any] = dict(settings.card)

    def predict(
        self,
        texts: Sequence[str],
        langs: Sequence[str | None] | None = None,
        *,
        max_fpr: float = 0.05,
        batch_tokens: int = 768,
        call_words: bool = True,
        progress: Callable[[int], None] | None = None,
    ) -> pa.Table:
        """Label texts.

        Parameters
        ----------
        texts
            Posts; identical ones are computed once. Kazakh ones without their letters or in Latin ones are read as they
            are spelt properly (`restoration.restored`); places and quotes are of the text as given.
        langs
            Language of each text where it is known; None is detected.
        max_fpr
            Highest share of posts without a call that may be labelled a call, in (0, 1).
        batch_tokens
            Padded tokens that the network reads at once; bounds the memory.
        call_words
            Whether `spans` also holds the words that carry a call, of every post labelled as one or `undetermined`.
            A model that was not taught them reads such posts again, several times; labels are the same either way.
        progress
            Called with the number of texts done since the last call.

        Returns
        -------
        pa.Table
            One row a text in order, with the columns of `LABEL_SCHEMA`. `p_call` is the calibrated probability of a
            call, `p_manipulative` that of manipulation given a call (for every post), `spans` are half-open ranges of
            code points with `quote == text[start:end]`; one of `technique` `call` is the words that carry the call,
            with a `score` (`call_words.pointed_words`). A call without one rests on the whole post.

        Raises
        ------
        InputError
            If a text is no string, `langs` has another length, or a number is out of its range.
        """
        languages = _checked(texts, langs, max_fpr, batch_tokens)
        unknown = [i for i, language in enumerate(languages) if language is None]
        for i, found in zip(unknown, detect_languages([texts[i] for i in unknown]), strict=True):
            languages[i] = found
        known = [language or "und" for language in languages]
        rows_of: dict[Text, list[int]] = {}
        for row, text in enumerate(as_read(texts, known)):
            rows_of.setdefault(text, []).append(row)
        labels: list[dict[str, Any]] = [{}] * len(texts)
        languages_of = [{known[row] for row in rows} for rows in rows_of.values()]
        for posts in self._posts(list(rows_of), languages_of, max_fpr, batch_tokens):
            for text, post in posts.items():
                for row in rows_of[text]:
                    labels[row] = self._label(post, known[row], max_fpr)
            if call_words:
                called = [text for text in posts if any(labels[row]["label"] != "none" for row in rows_of[text])]
                for text, words in self._call_words(called, posts, batch_tokens):
                    for row in rows_of[text]:
                        if labels[row]["label"] != "none":
                            labels[row]["spans"].append(asdict(words))
            if progress:
                progress(sum(len(rows_of[text]) for text in posts))
        return pa.Table.from_pylist(labels, schema=LABEL_SCHEMA)

    @property
    def basis(self) -> str:
        """All that its labels stand on besides texts and rates: weights and settings, reading, what computes."""
        settings = hashlib.sha256(self.settings.model_dump_json().encode()).hexdigest()
        computes = [engine.identity for engine in (self.engine, self.exact) if engine]
        return " | ".join([settings, f"reading {READING}", restoration(), *computes])

    def raw_scores(self, texts: Sequence[str], *, batch_tokens: int = 768) -> RawScores:
        """Uncalibrated scores of texts: what calibration and evaluation start from."""
        return self._raw_scores(self.engine, texts, batch_tokens)

    def _raw_scores(self, engine: Engine, texts: Sequence[str], batch_tokens: int) -> RawScores:
        if self.lexical is None or self.settings.lexical is None:
            return raw_scores(engine, self.encoder, texts, batch_tokens=batch_tokens)
        # Beside the network, which leaves the interpreter alone while it computes.
        with ThreadPoolExecutor(1) as pool:
            lexical = pool.submit(self.lexical.scores, texts)
            raw = raw_scores(engine, self.encoder, texts, batch_tokens=batch_tokens)
        return with_branch(raw, lexical.result(), self.settings.lexical)

    def labels_of(
        self, texts: Sequence[str], raw: RawScores, langs: Sequence[str], *, max_fpr: float = 0.05
    ) -> pa.Table:
        """Labels of N texts by this model's calibration from raw scores of theirs: out-of-fold ones, for example."""
        posts = describe(texts, raw, self.settings.calibration)
        labels = [self._label(post, language, max_fpr) for post, language in zip(posts, langs, strict=True)]
        return pa.Table.from_pylist(labels, schema=LABEL_SCHEMA)

    def with_settings(self, settings: ModelSettings) -> "Classifier":
        """The same weights with other settings: another calibration, another card."""
        return Classifier(self.network, self.encoder, settings, self.engine, self.lexical)

    def _posts(
        self, texts: list[Text], languages: Sequence[Collection[str]], max_fpr: float, batch_tokens: int
    ) -> Iterator[dict[Text, Post]]:
        """What is known of each text, as many of them as are held in memory at a time."""
        for start in range(0, len(texts), _CHUNK):
            chunk = texts[start : start + _CHUNK]
            read = [text.read for text in chunk]
            raw = self.raw_scores(read, batch_tokens=batch_tokens)
            raw = self._looked_at_again(read, raw, languages[start : start + _CHUNK], max_fpr, batch_tokens)
            raw = replace(raw, tokens=[text.tokens_of(own) for text, own in zip(chunk, raw.tokens, strict=True)])
            posts = describe([text.given for text in chunk], raw, self.settings.calibration)
            yield dict(zip(chunk, posts, strict=True))

    def _call_words(
        self, texts: list[Text], posts: Mapping[Text, Post], batch_tokens: int
    ) -> Iterator[tuple[Text, Evidence]]:
        """The words that carry the call of each of the texts that has such words."""
        if self.settings.call_words:
            pointed = ((text, pointed_words(text.given, posts[text].tokens)) for text in texts)
            yield from ((text, words) for text, words in pointed if words is not None)
            return

        def log_odds(others: Sequence[str]) -> Floats:
            return self._raw_scores(self.engine, others, batch_tokens).call

        for start in range(0, len(texts), _EXPLAINED):
            part = texts[start : start + _EXPLAINED]
            calls = np.array([posts[text].call for text in part])
            found = words_of_calls([text.read for text in part], calls, log_odds)
            given = ((text, text.evidence_of(words)) for text, words in zip(part, found, strict=True))
            yield from ((text, words) for text, words in given if words is not None)

    def _looked_at_again(
        self,
        texts: Sequence[str],
        raw: RawScores,
        languages: Sequence[Collection[str]],
        max_fpr: float,
        batch_tokens: int,
    ) -> RawScores:
        """The scores, those of posts that the engine's rounding leaves undecided computed exactly."""
        if self.exact is None or self.engine.rounding is None:
            return raw
        calibration = self.settings.calibration
        rows = undecided(raw, languages, calibration=calibration, rounding=self.engine.rounding, max_fpr=max_fpr)
        if not len(rows):
            return raw
        self.looked_again += len(rows)
        return raw.replaced(rows, self._raw_scores(self.exact, [texts[i] for i in rows], batch_tokens))

    def _label(self, post: Post, language: str, max_fpr: float) -> dict[str, Any]:
        calibration = self.settings.calibration
        p_call = float(calibration.call.build()([post.call], [language])[0]) if post.has_words else 0.0
        unsure_at, call_at = calibration.call_thresholds(language, max_fpr)
        manipulative_at = calibration.manipulative_at(max_fpr)
        is_call = p_call >= call_at
        spans, techniques = post.spans, post.techniques
        if is_call and post.p_manipulative >= manipulative_at and not spans:
            spans = post.fallback
            techniques = [name for name in TECHNIQUES if name in {*techniques, *(s.technique for s in spans)}]
        label = derive_label(
            p_call,
            post.p_manipulative,
            [span.technique for span in spans],
            call_at=call_at,
            call_unsure_at=unsure_at,
            manipulative_at=manipulative_at,
            positive_below=min(calibration.positive_below, manipulative_at),
        )
        return {
            "lang": language,
            "label": label,
            "call": "call" if is_call else "promotion" if post.has_words and post.promotion > 0 else "none",
            "call_types": post.call_types if is_call else [],
            "p_call": p_call,
            "techniques": techniques,
            "p_techniques": dict(zip(TECHNIQUES, post.p_techniques.tolist(), strict=True)),
            "p_manipulative": post.p_manipulative,
            "spans": [asdict(span) for span in spans],
            "model": self.name,
        }


def describe(texts: Sequence[str], raw: RawScores, calibration: Calibration) -> Iterator[Post]:
    """What the scores say of each text, thresholds of its language left out."""
    p_manipulative = calibration.verdict.build()(raw.manipulative)
    p_techniques = np.column_stack(
        [settings.build()(raw.techniques[:, i]) for i, settings in enumerate(calibration.techniques)]
    )
    p_types = sigmoid(raw.call_types)
    at, grow_at = calibration.span_at, calibration.span_grow_at
    for i, text in enumerate(texts):
        if not any(c.isalnum() for c in text):
            yield Post(False, -np.inf, 0.0, 0.0, np.zeros(len(TECHNIQUES)), [], [], [], [], raw.tokens[i])
            continue
        techniques = _reaching(TECHNIQUES, p_techniques[i], calibration.technique_at)
        spans = find_spans(text, raw.tokens[i], p_techniques[i], techniques, at=at, grow_at=grow_at)
        # Only a manipulative call is asked for a span of last resort, and none is manipulative below one half.
        ask = not spans and p_manipulative[i] >= 0.5
        yield Post(
            True,
            float(raw.call[i]),
            float(raw.promotion[i]),
            float(p_manipulative[i]),
            p_techniques[i],
            _types(p_types[i], calibration.call_type_at),
            techniques,
            spans,
            strongest_span(text, raw.tokens[i], p_techniques[i], least=_WEAKEST_EVIDENCE) if ask else [],
            raw.tokens[i],
        )


def _reaching(names: Sequence[str], probabilities: Floats, least: Sequence[float]) -> list[str]:
    return [name for name, p, at in zip(names, probabilities, least, strict=True) if p >= at]


def _types(probabilities: Floats, at: float) -> list[str]:
    """Types of a call, given that it is one: those from `at` on, or else the likeliest."""
    likely = _reaching(CALL_TYPES, probabilities, [at] * len(CALL_TYPES))
    return likely or [CALL_TYPES[int(np.argmax(probabilities))]]


def _checked(
    texts: Sequence[str], langs: Sequence[str | None] | None, max_fpr: float, batch_tokens: int
) -> list[str | None]:
    if isinstance(texts, str):
        raise InputError(f"texts must be a sequence of strings, got one string {texts[:40]!r}. Put it into a list.")
    for row, text in enumerate(texts):
        if not isinstance(text, str):
            raise InputError(f"texts[{row}] is no string, got {text!r}. Leave such rows out, or give ''.")
    if langs is not None and len(langs) != len(texts):
        raise InputError(f"langs has {len(langs)} entries for {len(texts)} texts. Give one a text, None if unknown.")
    if not 0 < max_fpr < 1:
        raise InputError(f"max_fpr must lie between 0 and 1, got {max_fpr!r}.")
    if batch_tokens < 1:
        raise InputError(f"batch_tokens must be at least 1, got {batch_tokens!r}.")
    return [None] * len(texts) if langs is None else list(langs)
