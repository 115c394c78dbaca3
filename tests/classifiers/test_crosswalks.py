"""A crosswalk teaches what a reading bore out and nothing beyond; corpora come through it with their spans in place."""

import json
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers import InputError
from classifiers.examples import NOT_A_CALL, fingerprint
from classifiers.labelled import read_labelled
from classifiers.scheme import TECHNIQUES
from classifiers.training import read_config
from classifiers.training.config import Source, TrainingConfig
from classifiers.training.corpora import read_crosswalk, teach
from classifiers.training.corpora.crosswalk import lesson
from classifiers.training.corpora.rows import passages
from classifiers.training.data import load_examples

ROOT = Path(__file__).parents[2]
BUNDLED = sorted((ROOT / "datasets" / "crosswalks").glob("*.toml"))

HEAD = """
corpus = "some"
title = "Some corpus"
source = "Somebody"
licence = "CC0"
"""
LOADED = """
[[labels]]
label = "Loaded"
teaches = "loaded_language"
read = 30
agreed = 24
reason = "the same"
"""
NAMES = """
[[labels]]
label = "Names"
hides = ["loaded_language"]
reason = "often loaded"
"""
NO_LOADED = """
[[absent]]
technique = "loaded_language"
read = 30
agreed = 30
reason = "plain"
"""


def written(folder: Path, *parts: str, head: str = HEAD) -> Path:
    """A crosswalk of these parts."""
    file = folder / "some.toml"
    file.write_text(head + "".join(parts), encoding="utf-8")
    return file


def table(folder: Path, *rows: tuple[str, str]) -> Path:
    """A CSV file of texts and their labels."""
    import csv

    file = folder / "some.csv"
    with file.open("w", encoding="utf-8", newline="") as lines:
        csv.writer(lines).writerows([("text", "label"), *rows])
    return file


@pytest.mark.parametrize("file", BUNDLED, ids=lambda file: file.stem)
def test_a_bundled_crosswalk_can_be_read_and_is_named_after_its_corpus(file: Path) -> None:
    crosswalk = read_crosswalk(file)
    assert crosswalk.corpus == file.stem
    assert crosswalk.teaches()
    named = [(line.label, tuple(line.where.items())) for line in crosswalk.labels]
    assert len(set(named)) == len(named)


def test_the_measured_recipe_names_each_bundled_crosswalk() -> None:
    sources = read_config(ROOT / "benchmarks" / "crosswalks.toml").used_sources()
    assert {source.crosswalk.resolve() for source in sources if source.crosswalk} == set(BUNDLED)


def test_what_is_hidden_is_unknown_and_what_is_absent_is_known(tmp_path: Path) -> None:
    crosswalk = read_crosswalk(written(tmp_path, LOADED, NAMES, NO_LOADED))
    rows = [
        ("враги везде", "['Loaded']"),
        ("рашисты", "['Names']"),
        ("дождь прошёл", "[]"),
        ("оба", "['Names', 'Loaded']"),
    ]
    found = {e.text: e for e in teach(crosswalk, table(tmp_path, *rows)).examples}
    assert "рашисты" not in found
    assert [found[text].has("loaded_language") for text in ("враги везде", "дождь прошёл", "оба")] == [
        True,
        False,
        True,
    ]
    assert all(e.has(name) is None for e in found.values() for name in TECHNIQUES if name != "loaded_language")
    assert all(e.call is None and not e.complete for e in found.values())


def test_a_label_holds_where_its_row_fits(tmp_path: Path) -> None:
    sure = LOADED.replace('"Loaded"', '"Call"\nwhere = { kind = ["a", "b"] }').replace("loaded_language", "call")
    other = '\n[[labels]]\nlabel = "Call"\nreason = "mixed"\n'
    none = LOADED.replace('"Loaded"', '"No"').replace("loaded_language", "not_a_call").replace("24", "28")
    crosswalk = read_crosswalk(written(tmp_path, sure, other, none))
    assert lesson(crosswalk, ["Call"], {"kind": "b"}).call == "call"
    assert lesson(crosswalk, ["Call"], {"kind": "c"}).call is None
    assert lesson(crosswalk, ["No"], {}).call == NOT_A_CALL
    assert lesson(crosswalk, ["Call", "No"], {"kind": "a"}).call is None
    with pytest.raises(InputError, match="no line for label 'Maybe'"):
        lesson(crosswalk, ["Maybe"], {})


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (LOADED.replace("agreed = 24", "agreed = 19"), "19 of 30 rows agreed"),
        (LOADED.replace("read = 30", "read = 29"), "it takes 30 rows"),
        (LOADED.replace("agreed = 24", "agreed = 31"), "31 of 30"),
        (LOADED + NO_LOADED.replace("agreed = 30", "agreed = 26"), "absence of loaded_language: 26 of 30"),
        (LOADED.replace("loaded_language", "not_a_call"), "24 of 30"),
        (LOADED.replace("loaded_language", "magic"), "'magic' is none of"),
        (LOADED.replace('reason = "the same"', 'reason = ""'), "labels.0.reason"),
        (NAMES.replace("hides", "hide"), "labels.0.hide"),
        ("labels = [", "is no TOML"),
    ],
)
def test_a_line_that_its_reading_does_not_bear_out_is_refused(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(InputError, match=says):
        read_crosswalk(written(tmp_path, text))


def test_copies_are_dropped_and_copies_that_differ_teach_nothing(tmp_path: Path) -> None:
    crosswalk = read_crosswalk(written(tmp_path, LOADED, NO_LOADED))
    rows = [("Враги!", "Loaded"), ("враги https://x.org", "Loaded"), ("Дождь", "Loaded"), ("дождь", ""), ("Снег", "")]
    found = teach(crosswalk, table(tmp_path, *rows))
    assert [(e.text, e.has("loaded_language")) for e in found.examples] == [("Враги!", True), ("Снег", False)]
    assert found.left_out == {"copy": 2, "copies differ": 1}


@st.composite
def articles(draw: st.DrawFn) -> tuple[str, list[tuple[str, int, int]]]:
    """A text of some lines and spans anywhere in it."""
    text = draw(st.text(alphabet="ab \n,я𝕏", min_size=1, max_size=120))
    places = st.integers(0, len(text) - 1)
    pairs = draw(st.lists(st.tuples(places, places), max_size=6))
    return text, sorted(((f"L{i}", min(a, b), max(a, b) + 1) for i, (a, b) in enumerate(pairs)), key=lambda s: s[1:])


@given(articles(), st.integers(1, 60))
def test_passages_keep_every_letter_and_every_span_where_it_stood(
    article: tuple[str, list[tuple[str, int, int]]], size: int
) -> None:
    text, spans = article
    found = list(passages(text, spans, size))
    assert "".join("".join(body.split()) for _, body, _ in found) == "".join(text.split())
    assert all(text[place : place + len(body)] == body for place, body, _ in found)
    marked = {label: body[a:b] for _, body, own in found for label, a, b in own}
    assert marked == {label: text[a:b].strip() for label, a, b in spans if text[a:b].strip()}


@given(st.lists(st.text(alphabet="ab", min_size=1, max_size=30), min_size=1, max_size=12), st.integers(5, 50))
def test_passages_without_spans_are_as_long_as_asked_unless_a_line_is_longer(lines: list[str], size: int) -> None:
    found = list(passages("\n".join(lines), [], size))
    assert all(len(body) <= max(size, max(map(len, lines))) for _, body, _ in found)


def write_articles(folder: Path, spans: list[dict[str, Any]]) -> tuple[Path, Path]:
    text = "Враги везде.\nДождь прошёл.\nРашисты здесь."
    pq.write_table(pa.Table.from_pylist([{"article": "a", "text": text}]), folder / "articles.parquet")
    schema = pa.schema(
        [("article", pa.string()), ("technique", pa.string()), ("start", pa.int64()), ("end", pa.int64())]
    )
    pq.write_table(pa.Table.from_pylist(spans, schema=schema), folder / "spans.parquet")
    return folder / "spans.parquet", folder / "articles.parquet"


READ = '\n[read]\nkind = "articles"\npassage = 100\n'


def test_spans_of_a_passage_where_others_would_mark_more_are_unknown(tmp_path: Path) -> None:
    crosswalk = read_crosswalk(written(tmp_path, READ, LOADED, NAMES, NO_LOADED))
    loaded = {"article": "a", "technique": "Loaded", "start": 0, "end": 5}
    (known,) = teach(crosswalk, *write_articles(tmp_path, [loaded])).examples
    assert [(s.technique, known.text[s.start : s.end]) for s in known.spans or ()] == [("loaded_language", "Враги")]
    (unknown,) = teach(
        crosswalk, *write_articles(tmp_path, [loaded, {"article": "a", "technique": "Names", "start": 27, "end": 34}])
    ).examples
    assert unknown.has("loaded_language") is True
    assert unknown.spans is None


@pytest.mark.parametrize(
    ("span", "says"),
    [
        ({"article": "a", "technique": "Loaded", "start": 5, "end": 999}, "lies outside article a"),
        ({"article": "b", "technique": "Loaded", "start": 0, "end": 5}, "article b has no text"),
        ({"article": "a", "technique": "Other", "start": 0, "end": 5}, "no line for label 'Other'"),
    ],
)
def test_spans_that_do_not_fit_are_named(tmp_path: Path, span: dict[str, Any], says: str) -> None:
    crosswalk = read_crosswalk(written(tmp_path, READ, LOADED, NO_LOADED))
    with pytest.raises(InputError, match=says):
        teach(crosswalk, *write_articles(tmp_path, [span]))


def test_a_table_that_does_not_fit_is_named(tmp_path: Path) -> None:
    crosswalk = read_crosswalk(written(tmp_path, '\n[read]\ntext = "content"\n', LOADED))
    with pytest.raises(InputError, match=r"some\.csv: no column 'content'"):
        teach(crosswalk, table(tmp_path, ("а", "Loaded")))
    with pytest.raises(InputError, match="absent"):
        teach(crosswalk, tmp_path / "absent.csv")
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="no file"):
        teach(crosswalk, tmp_path / "empty")
    crosswalk = read_crosswalk(written(tmp_path, LOADED))
    with pytest.raises(InputError, match=r"some\.csv:1: labels '\[Loaded' are no list"):
        teach(crosswalk, table(tmp_path, ("а", "[Loaded")))


def test_a_corpus_is_a_source_whose_copies_of_held_out_posts_are_not_trained_on(tmp_path: Path) -> None:
    written(tmp_path, LOADED, NO_LOADED)
    table(tmp_path, ("Враги везде!", "Loaded"), ("Совсем другое", ""), ("Третье", ""))
    post = {"id": "1", "lang": "ru", "text": "враги везде", "call": "none", "label": "none"}
    (tmp_path / "posts.jsonl").write_text(json.dumps(post), encoding="utf-8")
    (tmp_path / "settings.toml").write_text(
        '[[sources]]\nname = "posts"\npath = "posts.jsonl"\nheld_out = 0.999999\n'
        '[[sources]]\nname = "some"\npath = "some.csv"\ncrosswalk = "some.toml"\nweight = 0.5\n',
        encoding="utf-8",
    )
    examples = load_examples(read_config(tmp_path / "settings.toml"), tmp_path)
    assert [(e.source, e.text, e.held_out) for e in examples] == [
        ("posts", "враги везде", True),
        ("some", "Совсем другое", False),
        ("some", "Третье", False),
    ]
    assert {e.weight for e in examples if e.source == "some"} == {0.5}
    asked = read_labelled(tmp_path, tmp_path / "settings.toml")
    assert [e.text for e in asked.examples] == ["враги везде"]
    assert [e.text for e in asked.train] == ["Совсем другое", "Третье"]
    assert len({fingerprint(e.text) for e in examples}) == 3


def test_a_corpus_that_teaches_nothing_is_named(tmp_path: Path) -> None:
    source = Source(name="some", path=Path("some.csv"), crosswalk=written(tmp_path, LOADED, NAMES))
    table(tmp_path, ("а", "Names"))
    with pytest.raises(InputError, match="no text of it teaches anything"):
        load_examples(TrainingConfig(sources=(source,)), tmp_path)
