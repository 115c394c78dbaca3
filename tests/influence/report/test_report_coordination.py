"""Coordination in the report: what was shared can be read, is text and nothing else, and fits the screen."""

from __future__ import annotations

import csv
import re
import subprocess
from collections.abc import Callable, Sequence
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from influence.pipeline import run_step
from influence.study import Study

Report = Callable[[Study], tuple[str, dict[str, Any]]]

HOSTILE = '<script>alert(1)</script> "><img src=x onerror=alert(1)> \u202eтұрыңыз'
LONG = "Ертең сағат алтыда алаңға бәріміз барайық, " * 12
WITH_NUMBER = "Қоңырау шалыңыз +7 701 555 01 23 немесе @dana_s, бәріміз бірге барамыз"
LINK = "https://example.org/" + "a" * 300
DIGEST = re.compile(r"\b[0-9a-f]{32}\b")


class Section(HTMLParser):
    """The tags in the section of coordination, and its words: each element's on lines of its own."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.words = ""
        section = re.search(r'<section[^>]*id="coordination".*?</section>', html, re.DOTALL)
        assert section is not None
        self.feed(section.group(0))
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)

    def handle_endtag(self, tag: str) -> None:
        self.words += "\n"

    def handle_data(self, data: str) -> None:
        self.words += data


def _study(folder: Path, texts: Sequence[str], *, pseudonymise: bool = False) -> Study:
    """Three accounts write the same texts seconds apart."""
    file = folder / "posts.csv"
    with file.open("w", encoding="utf-8", newline="") as out:
        lines = csv.writer(out)
        lines.writerow(["post_id", "actor_id", "created_at", "text"])
        for number, text in enumerate(texts):
            for who in range(3):
                lines.writerow([10 * number + who, 900 + who, f"2026-03-{number + 1:02d}T10:00:0{who}Z", text])
    study = Study.create(folder / "study")
    study.import_(file, platform="x", pseudonymise=pseudonymise)
    run_step(study, "coordination", {"null": "none", "resamples": 2, "null_runs": 2})
    return study


@pytest.fixture
def coordinated(tmp_path: Path) -> Study:
    return _study(tmp_path, [HOSTILE, LONG, f"Мына жерді қараңыз {LINK}"])


def test_shared_texts_are_read_as_words_and_are_nothing_but_text(coordinated: Study, report_of: Report) -> None:
    html, _ = report_of(coordinated)
    found = Section(html)
    assert '<script>alert(1)</script> "><img src=x onerror=alert(1)>' in found.words
    assert not {"script", "img"} & found.tags
    assert "\u202e" not in html
    assert not DIGEST.search(found.words)
    assert f"{LONG[:60]}" in found.words
    assert LONG[:110] not in found.words
    assert "…" in found.words


def test_a_text_is_masked_as_the_study_has_it(
    tmp_path: Path, report_of: Report, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INFLUENCE_KEY", "0123456789abcdef0123456789abcdef")
    html, _ = report_of(_study(tmp_path, [WITH_NUMBER, LONG], pseudonymise=True))
    words = Section(html).words
    assert "бәріміз бірге барамыз" in words
    assert "555 01 23" not in html
    assert "dana_s" not in html


def test_a_text_whose_post_is_gone_keeps_its_name(coordinated: Study, report_of: Report) -> None:
    posts = coordinated.table("posts").limit(0)
    with pytest.MonkeyPatch.context() as patched:
        table = Study.table
        patched.setattr(Study, "table", lambda self, name: posts if name == "posts" else table(self, name))
        html, _ = report_of(coordinated)
    assert DIGEST.search(Section(html).words)


MEASURE = """<!doctype html><body><script>
async function all() {
  const found = [];
  for (const width of [1280, 390, 320]) {
    const frame = document.createElement("iframe");
    frame.style.cssText = `border:0;height:9000px;width:${width}px`;
    const loaded = new Promise((done) => frame.addEventListener("load", done));
    frame.src = "report.html";
    document.body.appendChild(frame);
    await loaded;
    const tables = [...frame.contentDocument.querySelectorAll("#coordination .stacked")];
    found.push(`${tables.length} tables ${tables.filter((one) => one.scrollWidth > one.clientWidth).length} sideways`);
    frame.remove();
  }
  document.body.textContent = found.join();
}
all();
</script>"""


def test_no_table_of_clusters_or_evidence_scrolls_sideways(
    coordinated: Study, report_of: Report, browse: Callable[..., subprocess.CompletedProcess[str]], tmp_path: Path
) -> None:
    (tmp_path / "report.html").write_text(report_of(coordinated)[0], encoding="utf-8")
    measure = tmp_path / "measure.html"
    measure.write_text(MEASURE, encoding="utf-8")
    found = browse("--dump-dom", "--virtual-time-budget=20000", measure.as_uri())
    assert "<body>" + ",".join(["2 tables 0 sideways"] * 3) + "</body>" in found.stdout
