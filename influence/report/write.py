"""The report as one self-contained HTML file, and beside it its figures for machines."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from influence.errors import InputError
from influence.progress import Progress, silent
from influence.report.catalogue import LANGUAGES, load_catalogue

if TYPE_CHECKING:
    from influence.report.blocks import Section
    from influence.report.catalogue import Catalogue
    from influence.report.context import Context
    from influence.study import Study

__all__ = ["FORMATS", "LANGUAGES", "build", "write_report"]

FORMATS = ("html",)


def write_report(
    study: Study,
    *,
    out: str | Path | None = None,
    format: str = "html",
    lang: str = "en",
    progress: Progress = silent,
) -> list[Path]:
    """Write the report of a study and return the files: the report, and its figures as JSON.

    Parameters
    ----------
    study
        A study of which at least one step was run. What was not run is named in the report, with the command for it.
    out
        The file to write, or a folder; `report/report.html` in the study if None. The figures go beside it.
    format, lang
        `html` and `en` are what this version has.

    Raises
    ------
    InputError
        If no step was run, for a format or a language that there is none of, or where nothing may be written.
    """
    from influence.files import write_text, writing

    if format not in FORMATS:
        raise InputError(f"there is no report format {format!r} in this version; use --format {', '.join(FORMATS)}.")
    catalogue = load_catalogue(lang)
    target = _target(study, out)
    figures = target.with_name("figures.json" if target.name == "report.html" else f"{target.stem}.figures.json")
    html, document = build(study, catalogue, made=dt.datetime.now(dt.UTC), figures_file=figures.name, progress=progress)
    with writing(target.parent):
        target.parent.mkdir(parents=True, exist_ok=True)
        write_text(figures, json.dumps(document, ensure_ascii=False, indent=1, allow_nan=False) + "\n")
        write_text(target, html)
    return [target, figures]


def _target(study: Study, out: str | Path | None) -> Path:
    if out is None:
        return study.folder / "report" / "report.html"
    path = Path(out)
    return path if path.suffix.lower() in (".html", ".htm") and not path.is_dir() else path / "report.html"


def build(
    study: Study,
    catalogue: Catalogue,
    *,
    made: dt.datetime,
    figures_file: str = "figures.json",
    progress: Progress = silent,
) -> tuple[str, dict[str, Any]]:
    """Return the report as HTML and its figures as a JSON document; the same study and `made` give the same."""
    from influence.report.context import Context
    from influence.report.headline import head
    from influence.report.material import gather
    from influence.report.render import render

    progress("collecting the data", 0, None)
    ctx = Context(gather(study), catalogue)
    sections = _sections(ctx, progress)
    progress("drawing the report", 0, None)
    html = render(ctx, head(ctx, made), sections, figures_file)
    return html, _document(ctx, made)


def _sections(ctx: Context, progress: Progress) -> list[Section]:
    """Make the sections. Figures are numbered in the order of the page; the summary, made last, stands first."""
    from influence.report.action import action_section
    from influence.report.appendix import data_section, definitions_section, limits_section, methods_section
    from influence.report.blocks import Bullets
    from influence.report.calls import calls_section, count_labels
    from influence.report.cascades import cascades_section
    from influence.report.comparison import read_comparison, sides_of
    from influence.report.coordinated import coordination_section
    from influence.report.flagged import flags_section, read_flags
    from influence.report.headline import summary
    from influence.report.media import compare_section
    from influence.report.ranking import leaders_section, read_ranking
    from influence.report.reach import reach_section, read_reach
    from influence.report.reach_charts import chart_of_largest, charts_of_kinds

    progress("leaders against media", 0, None)
    comparison, reach, ranking, sides = read_comparison(ctx), read_reach(ctx), read_ranking(ctx), sides_of(ctx)
    charts = charts_of_kinds(ctx, reach, (sides.a, sides.b))
    largest = [] if charts else chart_of_largest(ctx, reach)
    sections = [
        compare_section(ctx, comparison, charts),
        reach_section(ctx, reach, largest),
        leaders_section(ctx, ranking),
        cascades_section(ctx),
        coordination_section(ctx),
    ]
    progress("posts that call people to act", 0, None)
    counted, flags = count_labels(ctx), read_flags(ctx)
    sections += [calls_section(ctx, counted), action_section(ctx), flags_section(ctx, flags, reach)]
    first = ctx.section("summary")
    first.blocks.append(Bullets(summary(ctx, comparison, ranking, counted, flags)))
    end = [limits_section(ctx, counted), methods_section(ctx, ranking), definitions_section(ctx), data_section(ctx)]
    return [first, *sections, *end]


def _document(ctx: Context, made: dt.datetime) -> dict[str, Any]:
    from influence import __version__

    return {
        "study": ctx.material.study.settings.name,
        "version": __version__,
        "made_at": made.isoformat(timespec="seconds"),
        "language": ctx.cat.lang,
        "figures": {figure.number: figure.record() for figure in ctx.register.figures},
    }
