"""Audience templates: readers per copy and view rates from published studies, with the source of each figure.

A template is a CSV file beside study.toml or one of those in `datasets/audience_templates`, whose datasheet has the
format.
"""

from __future__ import annotations

import csv
import importlib.resources
import io
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from influence.errors import StudyError

__all__ = ["ANY_MEDIUM", "Assumed", "Template", "bundled_templates", "read_template", "read_templates"]

ANY_MEDIUM = ""
"""The medium of readers per copy that hold for every medium without figures of its own."""

_REST = ("low", "typical", "high", "source", "year", "note")
_COLUMNS: Mapping[str, tuple[str, ...]] = {
    "readers_per_copy": ("medium", "country", *_REST),
    "view_rates": ("platform", *_REST),
}
_MOST = {"readers_per_copy": 1000.0, "view_rates": 100.0}


@dataclass(frozen=True)
class Assumed:
    """What is assumed of a medium or a platform: three numbers in order, and who says so."""

    low: float
    typical: float
    high: float
    source: str

    @property
    def range(self) -> tuple[float, float, float]:
        """The three numbers."""
        return self.low, self.typical, self.high


@dataclass(frozen=True)
class Template:
    """Readers per copy by medium and view rates by platform, in lower case."""

    readers_per_copy: Mapping[str, Assumed] = field(default_factory=dict)
    view_rates: Mapping[str, Assumed] = field(default_factory=dict)


def bundled_templates() -> list[str]:
    """Return the names of the templates that come with the program."""
    folder = importlib.resources.files("influence._data") / "audience_templates"
    return sorted(item.name.removesuffix(".csv") for item in folder.iterdir() if item.name.endswith(".csv"))


def read_templates(names: Sequence[str], folder: Path, *, country: str | None = None) -> Template:
    """Read templates in their order; of a medium or platform that two of them know, the first counts.

    Parameters
    ----------
    names
        Files, relative to `folder` (that of study.toml), or names of bundled templates. A file wins over a name.
    country
        Which rows count where a file has a medium for several countries; rows without a country count everywhere.

    Raises
    ------
    StudyError
        Naming the file, the row, the value and the remedy.
    """
    readers: dict[str, Assumed] = {}
    rates: dict[str, Assumed] = {}
    for name in names:
        found = read_template(name, folder, country=country)
        readers = {**found.readers_per_copy, **readers}
        rates = {**found.view_rates, **rates}
    return Template(readers, rates)


def read_template(name: str, folder: Path, *, country: str | None = None) -> Template:
    """Read one template; parameters and errors are those of `read_templates`."""
    where, text = _text(name, folder)
    kind, rows = _rows(where, text)
    found: dict[str, Assumed] = {}
    countries: dict[str, str] = {}
    for place, row in rows:
        key, assumed = _assumed(f"{where}, line {place}", kind, row)
        land = row.get("country", "").strip().lower()
        if country is not None and land not in ("", country.strip().lower()):
            continue
        # A row of the country asked for is nearer to the question than one that says no country.
        if key in found and country is not None and countries[key] != land:
            if not land:
                continue
        elif key in found:
            raise StudyError(
                f"{where}, line {place}: a second row for {key or 'any medium'!r} "
                f"({row.get('country') or 'no country'}). "
                + ("Keep one row." if kind == "view_rates" else 'Keep one, or say country = "…" under [audiences].')
            )
        found[key], countries[key] = assumed, land
    return Template(readers_per_copy=found) if kind == "readers_per_copy" else Template(view_rates=found)


def _text(name: str, folder: Path) -> tuple[str, str]:
    """Return how a template is called in messages, and what stands in it."""
    path = folder / name
    if path.is_file():
        try:
            return str(path), path.read_text(encoding="utf-8-sig")
        except UnicodeDecodeError as error:
            raise StudyError(f"{path}: not UTF-8 ({error}). Save it as CSV in UTF-8.") from error
        except OSError as error:
            raise StudyError(f"{path} cannot be read: {error.strerror}.") from error
    names = bundled_templates()
    if name not in names:
        raise StudyError(
            f"audiences.template: there is no file {path}, and no bundled template of that name; "
            f"bundled are {', '.join(names)}."
        )
    file = importlib.resources.files("influence._data") / "audience_templates" / f"{name}.csv"
    return f"template {name}", file.read_text(encoding="utf-8")


def _rows(where: str, text: str) -> tuple[str, Iterator[tuple[int, dict[str, str]]]]:
    """Return which kind of template it is, and its rows with their line numbers."""
    reader = csv.reader(io.StringIO(text, newline=""))
    lines = _lines(where, reader)
    _, names = next(lines, (0, []))
    header = [name.strip().lower() for name in names]
    kind = "view_rates" if "platform" in header else "readers_per_copy"
    missing = [name for name in _COLUMNS[kind] if name not in header and name not in ("country", "year", "note")]
    if missing:
        raise StudyError(
            f"{where}: no column {missing[0]!r}. The columns are {', '.join(_COLUMNS['readers_per_copy'])}; "
            f"or {', '.join(_COLUMNS['view_rates'])}."
        )

    def rows() -> Iterator[tuple[int, dict[str, str]]]:
        for place, cells in lines:
            if len(cells) != len(header):
                raise StudyError(
                    f"{where}, line {place}: {len(cells)} cells, but {len(header)} columns. "
                    "Put text that has commas in quotation marks."
                )
            yield place, dict(zip(header, cells, strict=True))

    return kind, rows()


def _lines(where: str, reader: Iterator[list[str]]) -> Iterator[tuple[int, list[str]]]:
    """Yield the rows that say something, with the line that each ends on."""
    while True:
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise StudyError(f"{where}: no CSV ({error}). Save it as CSV with commas.") from error
        if any(cell.strip() for cell in cells) and not cells[0].lstrip().startswith("#"):
            yield getattr(reader, "line_num", 0), cells


def _assumed(where: str, kind: str, row: Mapping[str, str]) -> tuple[str, Assumed]:
    """Return the medium or platform of a row in lower case, and what is assumed of it."""
    key = row["medium" if kind == "readers_per_copy" else "platform"].strip().lower()
    if kind == "view_rates" and not key:
        raise StudyError(f"{where}: no platform. Name it as the study does: instagram, vk, facebook.")
    low, typical, high = (_number(where, name, row[name]) for name in ("low", "typical", "high"))
    least = low >= 0 if kind == "view_rates" else low > 0
    if not (least and low <= typical <= high <= _MOST[kind] and typical > 0):
        remedy = (
            "Shares of the followers: 0.05 is 5%." if kind == "view_rates" else "Readers of one copy, as 1.8, 2.3, 2.9."
        )
        raise StudyError(f"{where}: low <= typical <= high and above 0, got {low:g}, {typical:g}, {high:g}. {remedy}")
    source = row["source"].strip()
    if not source:
        raise StudyError(f"{where}: no source. A figure without a source is not citable: write who published it.")
    year = row.get("year", "").strip()
    return key, Assumed(low, typical, high, f"{source}, {year}" if year and year not in source else source)


def _number(where: str, name: str, text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise StudyError(f"{where}: {name} is {text.strip()!r}. Write a number with a decimal point, as 2.3.")
    return number
