"""The page in a browser: no errors, nothing wider than the screen, text that can be read on a phone."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

Browse = Callable[..., subprocess.CompletedProcess[str]]

WIDTHS = (1280, 390, 320)

MEASURE = """<!doctype html><body><script>
function measured(frame) {
  const page = frame.contentDocument, root = page.documentElement;
  const width = (element) => element.getBoundingClientRect().width;
  const drawn = [...page.querySelectorAll("svg.chart")].filter((svg) => width(svg) > 0);
  const texts = drawn.flatMap((svg) => [...svg.querySelectorAll("text")].map((text) => ({
    size: parseFloat(text.getAttribute("font-size")) * width(svg) / svg.viewBox.baseVal.width,
    box: text.getBoundingClientRect(), words: text.textContent,
  })));
  const outside = texts.filter(({box}) => box.left < -1 || box.right > root.clientWidth + 1);
  return {
    width: root.clientWidth, scrolled: root.scrollWidth, charts: drawn.length,
    smallest: Math.min(...texts.map(({size}) => size)), outside: outside.map(({words}) => words),
  };
}
async function all(widths) {
  const found = [];
  for (const width of widths) {
    const frame = document.createElement("iframe");
    frame.style.cssText = `border:0;height:99000px;width:${width}px`;
    const loaded = new Promise((done) => frame.addEventListener("load", done));
    frame.src = "report.html";
    document.body.appendChild(frame);
    await loaded;
    found.push(measured(frame));
    frame.remove();
  }
  document.body.textContent = JSON.stringify(found);
}
all(WIDTHS);
</script>"""


def test_nothing_is_wider_than_the_screen_and_charts_can_be_read(browse: Browse, html: str, tmp_path: Path) -> None:
    (tmp_path / "report.html").write_text(html, encoding="utf-8")
    measure = tmp_path / "measure.html"
    measure.write_text(MEASURE.replace("WIDTHS", str(list(WIDTHS))), encoding="utf-8")
    found = browse("--dump-dom", "--virtual-time-budget=20000", measure.as_uri())
    measured = re.search(r"<body>(\[.*\])</body>", found.stdout)
    assert measured is not None, found.stdout[-500:]
    layouts = json.loads(measured.group(1))
    assert [layout["width"] for layout in layouts] == list(WIDTHS)
    for layout in layouts:
        assert layout["scrolled"] <= layout["width"]
        assert layout["charts"] == 4
        assert layout["smallest"] >= 10
        assert layout["outside"] == []


def test_the_console_stays_silent(browse: Browse, html: str, tmp_path: Path) -> None:
    report = tmp_path / "report.html"
    report.write_text(html, encoding="utf-8")
    options = ("--enable-logging=stderr", "--log-level=0", "--dump-dom", report.as_uri())
    found = browse(*options)
    assert "CONSOLE" not in found.stderr
    assert "</html>" in found.stdout
