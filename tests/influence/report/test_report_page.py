"""The page as a whole: self-contained, inert, accessible, the same for the same study."""

from __future__ import annotations

import itertools
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from influence.errors import InputError
from influence.pipeline import parameters
from influence.report import write_report
from influence.study import Study

Report = tuple[str, dict[str, Any]]


class Elements(HTMLParser):
    """Start tags with their attributes, and the text outside of style."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.words: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "br"):
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag, f"</{tag}> closes nothing"

    def handle_data(self, data: str) -> None:
        if "style" not in self.open:
            self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())


def test_the_page_asks_for_nothing_from_outside(html: str) -> None:
    for tag, attrs in Elements(html).tags:
        assert tag not in ("script", "link", "iframe", "object", "embed", "form", "img", "image", "base", "use")
        for name, value in attrs.items():
            assert not name.startswith("on"), f"<{tag} {name}>"
            assert name not in ("src", "srcset", "action", "formaction", "ping", "background", "style"), (
                f"<{tag} {name}>"
            )
            if name.endswith("href"):
                assert re.fullmatch(r"#[\w-]+", value or ""), f"<{tag} {name}={value!r}>"
    style = re.search(r"<style>(.*?)</style>", html, re.DOTALL)
    assert style is not None
    assert not re.search(r"@import|url\(|expression\(|</", style.group(1))
    assert "default-src 'none'" in html


def test_tags_close_and_the_page_says_its_language_and_title(html: str) -> None:
    elements = Elements(html)
    assert elements.open == []
    tags = [tag for tag, _ in elements.tags]
    assert tags.count("h1") == tags.count("main") == tags.count("title") == 1
    assert ("html", {"lang": "en"}) in elements.tags


def test_headings_do_not_skip_a_level(html: str) -> None:
    levels = [int(tag[1]) for tag, _ in Elements(html).tags if re.fullmatch(r"h[1-6]", tag)]
    assert levels[0] == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))


def test_tables_have_captions_and_scopes_and_charts_have_words(html: str) -> None:
    elements = Elements(html)
    tags = [tag for tag, _ in elements.tags]
    assert tags.count("table") == tags.count("caption") > 8
    assert all("scope" in attrs for tag, attrs in elements.tags if tag == "th")
    charts = [attrs for tag, attrs in elements.tags if tag == "svg" and "chart" in (attrs.get("class") or "")]
    assert len(charts) == 8  # ratios and three kinds of reach, each drawn for wide and for narrow screens
    assert all(attrs["role"] == "img" and "Айгерім" in (attrs["aria-label"] or "") for attrs in charts[2:])
    assert all("0.86 (0.21–3.4)" in (attrs["aria-label"] or "") for attrs in charts[:2])


def test_ids_are_unique_and_every_link_leads_somewhere(html: str) -> None:
    tags = Elements(html).tags
    ids = [attrs["id"] for _, attrs in tags if "id" in attrs]
    assert len(ids) == len(set(ids))
    links = {(attrs["href"] or "")[1:] for tag, attrs in tags if tag == "a"}
    assert links <= set(ids)


def test_the_same_study_gives_the_same_page(
    full_report: Report, full_study: Study, report_of: Callable[[Study], Report]
) -> None:
    assert report_of(full_study) == full_report


def test_files_are_written_whole_and_a_report_that_fails_leaves_the_earlier_one(
    full_study: Study, html: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    report, figures = write_report(full_study)
    assert report == full_study.folder / "report" / "report.html"
    assert sorted(path.name for path in report.parent.iterdir()) == ["figures.json", "report.html"]
    assert json.loads(figures.read_text(encoding="utf-8"))["study"] == full_study.settings.name
    written = report.read_text(encoding="utf-8")
    assert re.sub(r"Made on .*? with", "", written) == re.sub(r"Made on .*? with", "", html)

    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("the power went")

    monkeypatch.setattr("influence.report.render.render", broken)
    with pytest.raises(RuntimeError, match="the power went"):
        write_report(full_study)
    assert report.read_text(encoding="utf-8") == written


@pytest.mark.parametrize(
    ("out", "report", "figures"),
    [
        ("spring.html", "spring.html", "spring.figures.json"),
        ("new/report.html", "new/report.html", "new/figures.json"),
        ("folder", "folder/report.html", "folder/figures.json"),
    ],
)
def test_the_report_goes_where_it_is_asked_to(
    full_study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, out: str, report: str, figures: str
) -> None:
    monkeypatch.setattr("influence.report.write.build", lambda *_, **__: ("page", {}))
    assert write_report(full_study, out=tmp_path / out) == [tmp_path / report, tmp_path / figures]
    assert (tmp_path / report).read_text(encoding="utf-8") == "page"


@pytest.mark.parametrize("options", [{"format": "docx"}, {"lang": "kk"}])
def test_formats_and_languages_that_do_not_exist_name_those_that_do(full_study: Study, options: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=r"in this version; use --(format html|lang en)"):
        write_report(full_study, **options)
    assert not (full_study.folder / "report").exists()


def test_a_study_without_results_is_refused(study: Study) -> None:
    with pytest.raises(InputError, match="influence run"):
        write_report(study)


def test_no_place_of_this_machine_stands_in_the_report(html: str, master: Path) -> None:
    assert str(master.parent) not in html
    assert "export.json" in html
    assert "folder/export.json" not in html
    assert "influence classify --model model" in html


def test_languages_in_which_the_model_was_not_validated_are_marked_everywhere(
    html: str,
    full_study: Study,
    tmp_path: Path,
    make_model: Callable[..., Path],
    report_of: Callable[[Study], Report],
) -> None:
    assert 'class="tag">unvalidated' not in html
    params = {**parameters(full_study, "classify"), "model": str(make_model(tmp_path / "another", "kk"))}
    found = full_study.results("classify")[-1]
    full_study.save_result("classify", params, {"labels": found.arrow("labels")}, found.run)
    shutil.rmtree(found.folder)
    page = report_of(full_study)[0]
    parts = {name: page.partition(f'<section id="{name}"')[2].partition("</section>")[0] for name in ("calls", "flags")}
    assert "not validated in: Kazakh" in parts["calls"]
    assert re.search(
        r'<th scope="row"><span class="v">Kazakh</span> <span class="tag">unvalidated</span>', parts["calls"]
    )
    assert "its labels in Kazakh are unvalidated" in parts["flags"]
    assert "Labels in Kazakh are unvalidated" in page.partition('<section id="limits"')[2]
    for kazakh in re.findall(r'lang="kk">.*?</article>', page, re.DOTALL):
        assert '<span class="tag">unvalidated</span>' in kazakh


def test_a_report_needs_no_neural_network(full_study: Study) -> None:
    code = (
        "import sys; from influence.study import Study; from influence.report import write_report; "
        "write_report(Study.open(sys.argv[1])); print(sorted({'torch', 'transformers'} & set(sys.modules)))"
    )
    command = [sys.executable, "-c", code, str(full_study.folder)]
    found = subprocess.run(command, capture_output=True, text=True, check=True, timeout=300)
    assert found.stdout.strip() == "[]"
