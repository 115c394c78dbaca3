"""Every figure of the page is in the results, has one number, and is defined."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from influence.pipeline import run_step
from influence.report.catalogue import load_catalogue
from influence.report.numbers import wilson
from influence.study import Study

Report = tuple[str, dict[str, Any]]
ReportOf = Callable[[Study], Report]
Figures = dict[str, dict[str, Any]]
Folder = Callable[[Study, str], Path]


def numbers_of(table: pa.Table, *columns: str) -> set[float]:
    """All numbers of some columns."""
    return {value for column in columns for value in table[column].to_pylist() if value is not None}


def result(study: Study, step: str, table: str, folder: Folder) -> pa.Table:
    return pq.read_table(folder(study, step) / f"{table}.parquet")


@pytest.mark.parametrize(
    ("command", "step", "table", "columns"),
    [
        ("influence reach", "reach", "reach", ("value", "low", "high")),
        ("influence compare", "compare", "comparison", ("value", "low", "high")),
        ("influence leaders", "leaders", "leaders", ("rank", "rank_low", "rank_high")),
        ("influence flags", "flags", "flags", ("rate", "rate_low", "rate_high")),
    ],
)
def test_figures_are_those_of_the_results(
    full_study: Study,
    figures: Figures,
    results_folder: Folder,
    command: str,
    step: str,
    table: str,
    columns: tuple[str, ...],
) -> None:
    known = numbers_of(result(full_study, step, table, results_folder), *columns)
    found = [figure for figure in figures.values() if figure["command"].startswith(command)]
    assert found
    for figure in found:
        assert {figure[end] for end in ("value", "low", "high")} - {None} <= known


def test_shares_of_labels_are_counts_of_the_labels(full_study: Study, figures: Figures, results_folder: Folder) -> None:
    labels = result(full_study, "classify", "labels", results_folder).to_pylist()
    found = [figure for figure in figures.values() if figure["what"].endswith("posts in Kazakh")]
    assert len(found) == 3
    n = sum(row["lang"] == "kk" for row in labels)
    for label, figure in zip(("positive", "manipulative", "undetermined"), found, strict=True):
        k = sum(row["lang"] == "kk" and row["label"] == label for row in labels)
        assert figure["n"] == n
        assert figure["value"] == k / n
        assert (figure["low"], figure["high"]) == wilson(k, n)


def test_each_number_is_given_once_in_order_and_defined(html: str, figures: Figures) -> None:
    found = figures
    assert list(found) == [f"R-{place:03d}" for place in range(1, len(found) + 1)]
    for figure in found.values():
        assert figure["definition"]
        assert figure["window"]
        assert figure["sources"]
        assert figure["command"].startswith("influence ")
        assert figure["what"]
        assert figure["unit"]
    rows = re.findall(r'<tr id="(R-\d+)">', html)
    assert sorted(rows) == list(found)


def test_every_numbered_figure_is_shown_before_the_register(html: str, figures: Figures) -> None:
    body = html.partition('<section id="figures"')[0]
    shown = set(re.findall(r'href="#(R-\d+)"', body))
    assert shown == set(figures)


def test_every_percentage_of_the_summary_has_n_and_interval(html: str) -> None:
    summary = html.partition('<section id="summary"')[2].partition("</section>")[0]
    sentence = next(
        item for item in re.findall(r"<li>(.*?)</li>", summary, re.DOTALL) if "call people to act openly" in item
    )
    assert re.search(r"Of 420\u00a0labelled posts", sentence)
    assert len(re.findall(r"\([\d.]+%; (95% interval )?[\d.]+–[\d.]+%\)", sentence)) == 2


def test_the_summary_claims_no_more_than_its_intervals(html: str) -> None:
    summary = html.partition('<section id="summary"')[2].partition("</section>")[0]
    sentences = re.findall(r"<li>(.*?)</li>", summary, re.DOTALL)
    assert 3 <= len(sentences) <= 5
    assert "a typical leader reached 3.3 times what a typical outlet reached (95% interval 1.12–9.6" in sentences[0]
    assert "stays below ten times" in sentences[0]
    assert "leaders together reach" in sentences[1]
    assert "outlets reach together" in sentences[1]
    assert "the data do not tell which side reaches more" in sentences[1]


def test_missing_figures_say_why(html: str) -> None:
    reach = html.partition('<section id="reach"')[2].partition("</section>")[0]
    assert reach.count("not known") == 4
    assert "<dd>no post has a view count</dd>" in reach
    assert "<dd>no interactions on posts</dd>" in reach


def test_read_equals_kept_duplicates_and_rejected(html: str, full_study: Study) -> None:
    data = html.partition('<section id="data"')[2].partition("</section>")[0]
    total = re.search(r"<tfoot>(.*?)</tfoot>", data, re.DOTALL)
    assert total is not None
    read, kept, duplicates, rejected = (int(n.replace(",", "")) for n in re.findall(r'"v">([\d,]+)<', total.group(1)))
    assert read == kept + duplicates + rejected == sum(record.read for record in full_study.imports())


@pytest.mark.parametrize("step", ["reach", "compare", "leaders", "classify", "flags"])
def test_one_step_is_enough_and_the_others_are_named_with_their_commands(
    study_with: Callable[..., Study], report_of: ReportOf, step: str
) -> None:
    page, document = report_of(study_with(step))
    missing = re.findall(r'class="missing-part">.*?<code>influence ([a-z]+)</code>', page)
    assert missing == [
        name
        for name in ("compare", "reach", "leaders", "cascades", "coordination", "classify", "flags")
        if name != step
    ]
    assert document["figures"]
    assert all(figure["command"].startswith(f"influence {step}") for figure in document["figures"].values())


def test_results_older_than_the_data_are_marked(html: str, full_study: Study, report_of: ReportOf) -> None:
    assert 'class="warning"' not in html
    record = next((full_study.folder / "imports").glob("*.json"))
    text = record.read_text(encoding="utf-8")
    record.write_text(text.replace('"finished_at": ""', '"finished_at": "2031-01-01T00:00:00+00:00"'), encoding="utf-8")
    assert report_of(full_study)[0].count("Data came into the study after this was computed") == 5


def test_open_ends_are_null_in_json_and_words_on_the_page(
    full_study: Study, report_of: ReportOf, results_folder: Folder
) -> None:
    file = results_folder(full_study, "compare") / "comparison.parquet"
    rows = pq.read_table(file).to_pylist()
    rows[0] |= {"value": 40.0, "low": 12.0, "high": None, "reason_missing": "the second figure may be 0"}
    rows[6] |= {"value": None, "low": 0.5, "high": math.inf}
    pq.write_table(pa.Table.from_pylist(rows, schema=pq.read_schema(file)), file)
    page, document = report_of(full_study)
    found = document["figures"]
    assert (found["R-001"]["value"], found["R-001"]["low"], found["R-001"]["high"]) == (40.0, 12.0, None)
    assert (found["R-003"]["value"], found["R-003"]["high"], found["R-003"]["open_ended"]) == (None, None, True)
    assert "at least 12.0" in page
    assert "leaders reach more, how much more is open" in page
    assert "the second figure may be 0" in page


def test_results_of_the_steps_themselves(study: Study, fill_with: Callable[..., None], report_of: ReportOf) -> None:
    at = dt.datetime(2026, 3, 2, tzinfo=dt.UTC)
    actors = {"telegram:1": "leader", "telegram:2": "leader", "telegram:3": "media", "press:4": "media"}
    fill_with(
        study,
        actors=[
            {
                "actor_id": actor,
                "platform": actor.partition(":")[0],
                "name": f"N{actor}",
                "kind": kind,
                "followers": 900,
            }
            for actor, kind in actors.items()
        ],
        posts=[
            {
                "post_id": f"{actor}/{n}",
                "actor_id": actor,
                "platform": "telegram",
                "created_at": at,
                "text": "a",
                "views": n,
            }
            for actor in ("telegram:1", "telegram:3")
            for n in range(10, 30)
        ],
        interactions=[
            {"source": f"telegram:{50 + n}", "target": f"telegram:{1 + n % 3}", "kind": "reshare", "at": at}
            for n in range(20)
        ],
        audiences=[
            {"actor_id": "press:4", "medium": "newspaper", "measure": "readers", "value": 500, "source": "A survey"}
        ],
    )
    for step in ("reach", "compare", "leaders"):
        run_step(study, step)
    page, document = report_of(study)
    assert "A survey" in page
    known: set[float] = set()
    for step, table, columns in (
        ("reach", "reach", ("value", "low", "high")),
        ("compare", "comparison", ("value", "low", "high")),
        ("leaders", "leaders", ("rank", "rank_low", "rank_high")),
        ("leaders", "leaders_agreement", ("tau", "low", "high")),
    ):
        found = study.result(step)
        assert found is not None
        known |= numbers_of(found.arrow(table), *columns)
    for figure in document["figures"].values():
        assert {figure[end] for end in ("value", "low", "high")} - {None} <= known


def test_the_catalogue_names_every_kind_label_and_technique() -> None:
    from classifiers import CALL_TYPES, LABELS, TECHNIQUES
    from influence.tables import ACTOR_KINDS, INTERACTION_KINDS

    cat = load_catalogue("en")
    for group, keys in {
        "kinds": ACTOR_KINDS,
        "kinds_many": ACTOR_KINDS,
        "nouns": ACTOR_KINDS,
        "labels": LABELS,
        "label_definitions": LABELS,
        "call_types": CALL_TYPES,
        "techniques": TECHNIQUES,
        "interaction_kinds": INTERACTION_KINDS,
    }.items():
        assert set(keys) <= set(cat.texts[group]), group
