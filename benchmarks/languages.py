"""How often the language of a post is found: confusion by length on real, written and altered texts, as Markdown.

    python benchmarks/languages.py [--texts FOLDER] [--posts FILE] [--sample 4000] [--seed 1] [--peer]

Without options it uses what ships: the written posts, Kazakh ones among them altered, and sentences of look-alike
languages. `--texts` is a folder with kk.parquet, ru.parquet, en.parquet (column `text`), of which only the fifth that
`classifiers.training.languages` leaves out is used. `--posts` is a Parquet file of posts with `content` and `lang`.
`--peer` times and scores lingua, limited to our languages, beside it. Length is that of the words, without links,
handles and hashtags. A sentence-level mixture is a written Kazakh and a written Russian sentence side by side.
"""

import argparse
import json
import random
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pyarrow.parquet as pq

from classifiers.evaluation.perturb import with_typos
from classifiers.kazakh.spelling import LATIN_2018, LATIN_2021, RUSSIAN_KEYBOARD, chat_latin, respell
from classifiers.language import LANGUAGES, detect_languages, words_of
from classifiers.training.languages import drawn_texts
from lookalikes import SENTENCES

WRITTEN = Path(__file__).parents[1] / "datasets" / "written"
BANDS = ((1, 20), (20, 60), (60, 200), (200, None))
Detect = Callable[[Sequence[str]], list[str]]


@dataclass(frozen=True, slots=True)
class Case:
    """A text of a known language, and where it is from."""

    source: str
    language: str
    text: str

    @property
    def length(self) -> int:
        """Characters of its words and the blanks between them."""
        return len(" ".join(words_of(self.text)))


def written() -> Iterator[Case]:
    """The written posts."""
    for file in sorted(WRITTEN.glob("*.jsonl")):
        for line in file.read_text("utf-8").splitlines():
            row = json.loads(line)
            yield Case("written", row["lang"], row["text"])


def held_out_texts(folder: Path, sample: int, rng: random.Random) -> Iterator[Case]:
    """Texts that no weight was estimated from."""
    for language in ("kk", "ru", "en"):
        texts = drawn_texts(folder / f"{language}.parquet", sample, rng, held_out=True)
        yield from (Case("texts", language, text) for text in texts)


def posts(file: Path) -> Iterator[Case]:
    """Posts whose language is given in the file."""
    for row in pq.read_table(file, columns=["content", "lang"]).to_pylist():
        yield Case("posts", row["lang"], row["content"])


def altered(cases: Sequence[Case], rng: random.Random) -> Iterator[Case]:
    """Kazakh texts in other spellings."""
    ways: dict[str, Callable[[str], str]] = {
        "without its letters": lambda text: respell(text, RUSSIAN_KEYBOARD).text,
        "Latin 2021": lambda text: respell(text, LATIN_2021).text,
        "Latin 2018": lambda text: respell(text, LATIN_2018).text,
        "Latin of chats": lambda text: respell(text, chat_latin(rng)).text,
        "typing mistakes": with_typos,
        "without its letters, mistakes": lambda text: with_typos(respell(text, RUSSIAN_KEYBOARD).text),
    }
    for name, way in ways.items():
        yield from (replace(c, source=f"{c.source}, {name}", text=way(c.text)) for c in cases if c.language == "kk")
    way = ways["without its letters"]
    yield from (
        replace(c, source=f"{c.source}, without its letters", text=way(c.text)) for c in cases if c.language == "mix"
    )


def sentence_mixtures(cases: Sequence[Case], number: int, rng: random.Random) -> Iterator[Case]:
    """A Kazakh and a Russian sentence of written posts, at least twenty characters each, in either order."""
    of = {
        language: [
            sentence
            for case in cases
            if case.language == language
            for sentence in re.split(r"(?<=[.!?])\s+", case.text)
            if len(" ".join(words_of(sentence))) >= 20
        ]
        for language in ("kk", "ru")
    }
    for _ in range(number):
        both = [rng.choice(of["kk"]), rng.choice(of["ru"])]
        rng.shuffle(both)
        yield Case("two sentences", "mix", " ".join(both))


def lookalikes() -> Iterator[Case]:
    """Sentences of other languages, whose right answer is `und`."""
    for name, sentences in SENTENCES.items():
        yield from (Case(name, "und", sentence) for sentence in sentences)


def confusion(cases: Sequence[Case], found: Sequence[str], *, other: bool = False) -> str:
    """One line for each source, language and band of length; for look-alikes, one for each language."""
    lines = ["| texts | language | characters | n | right | " + " | ".join(LANGUAGES) + " |"]
    lines.append("|---|---|---|--:|--:|" + "--:|" * len(LANGUAGES))
    rows: dict[tuple[str, str, str], Counter[str]] = {}
    for case, answer in zip(cases, found, strict=True):
        if (case.language == "und") == other:
            rows.setdefault((case.source, case.language, "any" if other else _band(case.length)), Counter())[
                answer
            ] += 1
    order = {name: i for i, (name, *_) in enumerate(rows)}
    bands = [_band(low) for low, _ in BANDS]
    for (source, language, band), counts in sorted(
        rows.items(), key=lambda r: (order[r[0][0]], LANGUAGES.index(r[0][1]), bands.index(r[0][2]) if not other else 0)
    ):
        n = counts.total()
        cells = " | ".join(str(counts[name]) if counts[name] else "" for name in LANGUAGES)
        lines.append(f"| {source} | {language} | {band} | {n:,} | {100 * counts[language] / n:.1f}% | {cells} |")
    return "\n".join(lines)


def _band(length: int) -> str:
    for low, high in BANDS:
        if high is None or length < high:
            return f"{low}-{high - 1}" if high else f"{low} on"
    raise AssertionError(length)


def mixtures(cases: Sequence[Case], found: Sequence[str]) -> str:
    """Precision and recall of `mix` among written mixtures, Kazakh and Russian posts."""
    own = [(c.language, f) for c, f in zip(cases, found, strict=True) if c.source == "written" and c.language != "en"]
    hits = sum(pair == ("mix", "mix") for pair in own)
    named, true = sum(f == "mix" for _, f in own), sum(truth == "mix" for truth, _ in own)
    return (
        f"Mixtures among {len(own):,} written posts: precision {hits}/{named} = {100 * hits / max(named, 1):.1f}%, "
        f"recall {hits}/{true} = {100 * hits / max(true, 1):.1f}%."
    )


def speed(detect: Detect, cases: Sequence[Case]) -> str:
    """Posts a second of processor time, the first call left out."""
    texts = [case.text for case in cases]
    detect(texts[:100])
    lines = []
    for name, own in (("all", texts), ("of up to 200 characters", [text for text in texts if len(text) <= 200])):
        started = time.process_time()
        detect(own)
        taken = time.process_time() - started
        mean = sum(map(len, own)) / len(own)
        lines.append(f"{len(own):,} texts {name}, {mean:.0f} characters on average: {len(own) / taken:,.0f} a second.")
    return "\n".join(lines)


def lingua() -> Detect:
    """The peer, limited to our languages."""
    from lingua import Language, LanguageDetectorBuilder

    codes = {Language.KAZAKH: "kk", Language.RUSSIAN: "ru", Language.UKRAINIAN: "uk", Language.ENGLISH: "en"}
    detector = LanguageDetectorBuilder.from_languages(*codes).build()

    def detect(texts: Sequence[str]) -> list[str]:
        cleaned = [" ".join(words_of(text)) for text in texts]
        return ["und" if x is None else codes[x] for x in detector.detect_languages_in_parallel_of(cleaned)]

    return detect


def gather(options: argparse.Namespace) -> list[Case]:
    """All cases that the options ask for; those without a word are left out."""
    rng = random.Random(options.seed)
    cases = list(written())
    if options.texts:
        cases += held_out_texts(options.texts, options.sample, rng)
    cases += list(altered(cases, rng))  # before it is added to: the alterations are drawn from this very list
    if options.posts:
        cases += posts(options.posts)
    cases += list(sentence_mixtures(cases, 500, rng))
    cases += lookalikes()
    return [case for case in cases if case.length]


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--texts", type=Path, help="folder with kk.parquet, ru.parquet, en.parquet")
    parser.add_argument("--posts", type=Path, help="Parquet file of posts with content and lang")
    parser.add_argument("--sample", type=int, default=4000, help="texts of each language (default 4000)")
    parser.add_argument("--seed", type=int, default=1, help="of the sample and the alterations (default 1)")
    parser.add_argument("--peer", action="store_true", help="score lingua as well")
    options = parser.parse_args()
    cases = gather(options)
    detectors: dict[str, Detect] = {"classifiers": detect_languages}
    if options.peer:
        detectors["lingua"] = lingua()
    for name, detect in detectors.items():
        found = detect([case.text for case in cases])
        print(f"## {name}\n\n{confusion(cases, found)}\n\n{confusion(cases, found, other=True)}\n")
        print(f"{mixtures(cases, found)}\n\n{speed(detect, cases)}\n", flush=True)


if __name__ == "__main__":
    main()
