"""Texts of strangers: shown as they are, and never anything else than text."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st
from markupsafe import escape

from influence.pipeline import parameters
from influence.report.safe import clean, marked, name_markup, shorten, spans_of, visible
from influence.study import Study

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</style><style>@import url(//evil.example/x.css);</style>",
    "javascript:alert(1)",
    "{{ 7*7 }} {% raw %}",
    "\u202eevil\u202c \u2066x\u2069",
    "&lt;b&gt; &amp; &#60;",
    "line\x00one\x1b[31m\u2028two",
    "<svg/onload=alert(1)>",
    "]]><!--",
)
BIDI = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"


class Tags(HTMLParser):
    """Names of the start tags, and the text."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.words = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)

    def handle_data(self, data: str) -> None:
        self.words += data


@given(st.text())
def test_a_name_is_text_in_one_isolated_element(text: str) -> None:
    found = Tags(str(name_markup(text)))
    assert found.tags <= {"bdi"}
    assert found.words == clean(text)
    assert not set(found.words) & set(BIDI)


@given(st.text())
def test_what_hides_is_shown_as_its_code_point(text: str) -> None:
    html = str(visible(text))
    assert Tags(html).tags <= {"span"}
    assert not set(html) & set(BIDI)
    for char in set(text) & set(BIDI):
        assert f"U+{ord(char):04X}" in html


@given(st.text(max_size=60), st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60)), max_size=6))
def test_marking_keeps_every_character(text: str, places: list[tuple[int, int]]) -> None:
    found = spans_of([{"start": start, "end": end, "technique": "fud"} for start, end in places], text)
    assert all(0 <= start < end <= len(text) for start, end, _ in found)
    html = str(marked(text, found, {}))
    for tag in ("<mark>", "</mark>", ' <span class="technique">fud</span>'):
        html = html.replace(tag, "")
    assert html == str(visible(text))


def test_spans_by_place_by_words_and_those_that_do_not_stand_in_the_text() -> None:
    text = "Қала тұрғындары, бүгін барлығы шығыңдар"
    spans = [
        {"technique": "bandwagon", "start": 17, "end": 31, "quote": "бүгін барлығы "},
        {"technique": "fud", "quote": "Қала"},
        {"technique": "euphoria", "quote": "жоқ сөз"},
        {"technique": "cliche", "start": 3, "end": 900},
    ]
    assert spans_of(spans, text) == [(0, 4, "fud"), (17, 31, "bandwagon")]
    assert spans_of(None, text) == spans_of("[]", text) == []


@given(st.text(max_size=200), st.integers(2, 40))
def test_shortening_bounds_the_length(text: str, width: int) -> None:
    assert len(shorten(text, width)) <= 4 * width


def test_hostile_strings_stay_text_everywhere(
    study: Study, fill_with: Callable[..., None], report_of: Callable[[Study], tuple[str, Any]]
) -> None:
    fill_hostile(study, fill_with)
    save_hostile(study)
    page = report_of(study)[0]
    assert Tags(page).tags <= {
        *("html", "head", "meta", "title", "style", "body", "header", "nav", "main", "section", "article", "figure"),
        *(
            "figcaption",
            "a",
            "p",
            "h1",
            "h2",
            "h3",
            "h4",
            "ol",
            "ul",
            "li",
            "dl",
            "dt",
            "dd",
            "div",
            "span",
            "br",
            "bdi",
        ),
        *("table", "caption", "thead", "tbody", "tfoot", "tr", "th", "td", "sup", "mark", "code", "strong"),
        *("svg", "g", "path", "line", "text", "circle", "rect"),
    }
    assert page.count("<style>") == page.count("</style>") == 1
    assert not set(page) & set(BIDI)
    for hostile in HOSTILE:
        if hostile.isprintable():
            assert page.count(str(escape(hostile))) > 5, hostile


def fill_hostile(study: Study, fill_with: Callable[..., None]) -> None:
    """Rows in which every text is hostile."""
    at = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
    fill_with(
        study,
        actors=[{"actor_id": f"x:{text}", "platform": "x", "name": text, "kind": "leader"} for text in HOSTILE]
        + [{"actor_id": "x:paper", "platform": "x", "name": "paper", "kind": "media"}],
        posts=[
            {
                "post_id": f"x:{text}/1",
                "actor_id": f"x:{text}",
                "platform": text,
                "created_at": at,
                "text": f"{text} go {text}",
                "views": 10,
                "url": f"javascript:{text}",
                "lang": text,
            }
            for text in HOSTILE
        ],
        audiences=[
            {"actor_id": "x:paper", "medium": text, "measure": text, "value": 5, "period": text, "source": text}
            for text in HOSTILE
        ],
        rejects=[{"source_file": text, "reason": text, "raw": text} for text in HOSTILE],
    )


def save_hostile(study: Study) -> None:
    """Results in which every text is hostile."""
    tables: dict[str, tuple[str, list[dict[str, object]]]] = {
        "reach": ("reach", [*(row for text in HOSTILE for row in reach_rows(text)), *reach_rows("paper")]),
        "compare": ("comparison", [row for text in HOSTILE for row in ratio_rows(text)]),
        "leaders": ("leaders", [rank_row(text, rank) for rank, text in enumerate(HOSTILE, start=1)]),
        "classify": ("labels", [label_row(text) for text in HOSTILE]),
        "flags": ("flags", [flag_row(text) for text in HOSTILE]),
    }
    run = {"started_at": "2030-01-01T00:00:00+00:00", "finished_at": "2030-01-01T00:00:00+00:00"}
    for step, (name, rows) in tables.items():
        study.save_result(step, parameters(study, step), {name: pa.Table.from_pylist(rows)}, run)


def reach_rows(text: str) -> list[dict[str, object]]:
    common = {"actor_id": f"x:{text}", "estimator": text, "n_observed": 3, "reason_missing": text}
    return [
        {**common, "kind_of_reach": "exposed", "value": 5.0, "low": 4.0, "high": 6.0},
        {**common, "kind_of_reach": "potential", "value": None, "low": None, "high": None},
    ]


def ratio_rows(text: str) -> list[dict[str, object]]:
    ratio = {"measure": "ratio", "kind_of_reach": "exposed", "value": 2.0, "low": 1.5, "high": 3.0, "estimator": text}
    return [{**ratio, "a": "leader", "b": "media"}, {**ratio, "a": f"x:{text}", "b": "x:paper"}]


def rank_row(text: str, rank: int) -> dict[str, object]:
    spread = {"score": 1.0, "rank": rank, "rank_low": 1, "rank_high": 10, "p_top_k": 1.0}
    return {"actor_id": f"x:{text}", "metric": "resharers", **spread}


def label_row(text: str) -> dict[str, object]:
    spans = [{"technique": text, "start": 0, "end": len(text), "quote": text}]
    common = {"lang": text, "label": "manipulative", "p_call": 0.9, "p_manipulative": 0.9, "model": text}
    return {"post_id": f"x:{text}/1", **common, "spans": spans, "call_types": [text]}


def flag_row(text: str) -> dict[str, object]:
    counts = {"score": 1.0, "manipulative_calls": 1, "posts": 1, "rate": 0.5, "rate_low": 0.2, "rate_high": 0.8}
    words = {"reasons": [text], "evidence": [f"x:{text}/1"], "against": [text], "reach_kind": "exposed", "kind": text}
    return {"actor_id": f"x:{text}", **counts, "reach": 5.0, **words}


@given(st.text(max_size=60), st.lists(st.tuples(st.integers(0, 60), st.integers(1, 20)), max_size=4))
def test_words_of_a_call_are_underlined_and_nothing_of_the_text_is_lost(
    text: str, places: list[tuple[int, int]]
) -> None:
    spans = [(a, min(a + n, len(text)), "fud") for a, n in places if a < len(text)]
    calls = [(len(text) // 3, len(text), "call")] if text else []
    plain = str(marked(text, [], {}))
    both = str(marked(text, [*spans, *calls], {"call": "the call"}))
    names = ' <span class="technique">the call</span>', ' <span class="technique">fud</span>'
    for tag in (*names, '<span class="call-words">', "<mark>", "</mark>", "</span>"):
        both, plain = both.replace(tag, ""), plain.replace("</span>", "")
    assert both == plain


def test_a_technique_within_the_words_of_a_call_is_marked_there_and_named_apart() -> None:
    shown = marked("Все на митинг!", [(0, 14, "call"), (4, 6, "fud")], {"call": "the call", "fud": "doubt"})
    assert shown == (
        '<span class="call-words">Все </span><mark><span class="call-words">на</span> '
        '<span class="technique">doubt</span></mark><span class="call-words"> митинг!</span> '
        '<span class="technique">the call</span>'
    )
