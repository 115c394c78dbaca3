"""Blocks become one HTML page: a template that escapes all, one style sheet, no script, nothing from outside."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources

import jinja2
from markupsafe import Markup

from influence.report.blocks import Section
from influence.report.context import Context
from influence.report.headline import Head
from influence.report.safe import without_hidden

__all__ = ["render"]


def _environment() -> jinja2.Environment:
    # Read through importlib.resources, so that it works from a zipped installation too.
    folder = resources.files("influence.report") / "templates"

    def load(name: str) -> str:
        return (folder / name).read_text(encoding="utf-8")

    return jinja2.Environment(
        loader=jinja2.FunctionLoader(load),
        autoescape=True,
        finalize=without_hidden,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render(ctx: Context, head: Head, sections: Sequence[Section], figures_file: str) -> str:
    """Return the page."""
    style = (resources.files("influence.report") / "assets" / "report.css").read_text(encoding="utf-8")
    template = _environment().get_template("report.html.j2")
    return template.render(
        cat=ctx.cat,
        head=head,
        sections=sections,
        families=ctx.register.by_family(),
        estimator=ctx.estimator,
        figures_file=figures_file,
        style=Markup(style),  # ours, and without a closing tag: a test looks
    )
