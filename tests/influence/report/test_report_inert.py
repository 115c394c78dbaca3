"""Texts of strangers: shown as they are, and never anything else than text."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import pyarrow as pa
import pytest
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


@pytest.mark.parametrize("hostile", HOSTILE)
def test_hostile_strings_stay_text_everywhere(
    study: Study, fill: Callable[..., Any], page: Callable[[Study], str], hostile: str
) -> None:
    from influence.flags import FLAGS_SCHEMA

    fill(
        study,
        actors=[{"actor_id": f"x:{hostile}", "platform": "x", "name": hostile, "kind": kind} for kind in ("leader",)]
        + [{"actor_id": "x:paper", "platform": "x", "name": hostile, "kind": "media"}],
        posts=[
            {
                "post_id": f"x:{hostile}/1",
                "actor_id": f"x:{hostile}",
                "platform": hostile,
                "created_at": dt.datetime(2026, 3, 1, tzinfo=dt.UTC),
                "text": f"{hostile} go {hostile}",
                "views": 10,
                "url": f"javascript:{hostile}",
                "lang": hostile,
            }
        ],
        audiences=[
            {
                "actor_id": "x:paper",
                "medium": hostile,
                "measure": hostile,
                "value": 5,
                "period": hostile,
                "source": hostile,
            }
        ],
        rejects=[{"source_file": hostile, "reason": hostile, "raw": hostile}],
    )
    save(study, hostile, FLAGS_SCHEMA)
    html = page(study)
    assert Tags(html).tags <= {
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
    assert html.count("<style>") == html.count("</style>") == 1
    assert "49" not in Tags(html.partition("<h1>")[2].partition("</h1>")[0]).words
    assert not set(html) & set(BIDI)
    if hostile.isprintable():
        assert str(escape(hostile)) in html


def save(study: Study, hostile: str, flags: pa.Schema) -> None:
    """Results in which every text is hostile."""
    run = {"started_at": "2030-01-01T00:00:00+00:00", "finished_at": "2030-01-01T00:00:00+00:00"}
    actor, post = f"x:{hostile}", f"x:{hostile}/1"
    figure = {"value": 5.0, "low": 4.0, "high": 6.0, "estimator": hostile, "n_observed": 3}
    reach = [
        {"actor_id": name, "kind_of_reach": "exposed", **figure, "reason_missing": None} for name in (actor, "x:paper")
    ] + [
        {
            "actor_id": actor,
            "kind_of_reach": "potential",
            "value": None,
            "low": None,
            "high": None,
            "reason_missing": hostile,
        }
    ]
    ratio = {
        "measure": "ratio",
        "kind_of_reach": "exposed",
        "value": 2.0,
        "low": 1.5,
        "high": 3.0,
        "estimator": hostile,
    }
    pairs = [{**ratio, "a": "leader", "b": "media"}, {**ratio, "a": actor, "b": "x:paper"}]
    rank = {
        "actor_id": actor,
        "metric": hostile,
        "score": 1.0,
        "rank": 1,
        "rank_low": 1,
        "rank_high": 1,
        "p_top_k": 1.0,
    }
    spans = [{"technique": hostile, "start": 0, "end": len(hostile), "quote": hostile}]
    label = {"post_id": post, "lang": hostile, "label": "manipulative", "p_call": 0.9, "p_manipulative": 0.9}
    flag = {"actor_id": actor, "score": 1.0, "manipulative_calls": 1, "posts": 1, "rate": 0.5, "rate_low": 0.2}
    flag |= {
        "rate_high": 0.8,
        "reach": 5.0,
        "reasons": [hostile],
        "evidence": [post],
        "against": [hostile],
        "reach_kind": "exposed",
    }
    tables = {
        "reach": ("reach", pa.Table.from_pylist(reach)),
        "compare": ("comparison", pa.Table.from_pylist(pairs)),
        "leaders": ("leaders", pa.Table.from_pylist([rank])),
        "classify": (
            "labels",
            pa.Table.from_pylist([{**label, "spans": spans, "call_types": [hostile], "model": hostile}]),
        ),
        "flags": ("flags", pa.Table.from_pylist([flag], schema=flags)),
    }
    for step, (name, table) in tables.items():
        study.save_result(step, parameters(study, step), {name: table}, run)
