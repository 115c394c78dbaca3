"""Posts that call people to act: how many, in which language, by whom, for what, and the ones that were seen most."""

from __future__ import annotations

import math
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from influence.report.blocks import Block, Cell, DataTable, Posts, Prose, Section
from influence.report.context import Context, number_or_none
from influence.report.evidence import labelled_posts, post_block
from influence.report.figures import Family, Figure
from influence.report.numbers import wilson

if TYPE_CHECKING:
    import ibis.expr.types as ir

__all__ = ["CALLS", "Counted", "calls_section", "count_labels", "noise", "unvalidated_languages"]

CALLS = ("positive", "manipulative", "undetermined")
_LABELS = (*CALLS, "none")
_EXAMPLES = 6
_EXAMPLES_OF_ONE = 2
_TYPES = 12
_KIND_ORDER = ("leader", "media", "party", "ngo", "union", "state", "ordinary", "unknown")
_REST = "all"


@dataclass(frozen=True)
class Counted:
    """Posts by label: of all, by language and by kind of who posted. `figures` are those of all posts, by label."""

    total: Mapping[str, int]
    by_language: dict[str, dict[str, int]]
    by_kind: dict[str, dict[str, int]]
    figures: dict[str, Figure]

    @property
    def n(self) -> int:
        """Labelled posts."""
        return sum(self.total.values())


def _tally(rows: Sequence[Mapping[str, Any]], group: str, missing: str) -> dict[str, dict[str, int]]:
    found: dict[str, dict[str, int]] = {}
    for row in rows:
        labels = found.setdefault(row[group] or missing, {})
        labels[row["label"]] = labels.get(row["label"], 0) + row["n"]
    return found


def count_labels(ctx: Context) -> Counted | None:
    """Count the labelled posts and give the shares of all posts their numbers; None if posts were not labelled."""
    posts = labelled_posts(ctx)
    if posts is None:
        return None
    actors = ctx.material.study.table("actors").select("actor_id", actor_kind="kind")
    with_kind = posts.left_join(actors, "actor_id")
    counts = with_kind.group_by("lang", "actor_kind", "label").agg(n=with_kind.count())
    rows = ctx.material.fetch(counts)
    total: dict[str, int] = {}
    for row in rows:
        total[row["label"]] = total.get(row["label"], 0) + row["n"]
    counted = Counted(total, _tally(rows, "lang", "und"), _tally(rows, "actor_kind", "unknown"), {})
    for label in CALLS if counted.n else ():
        counted.figures[label] = _share(ctx, label, total.get(label, 0), counted.n, ctx.cat.plain("calls.group_all"))
    return counted


def unvalidated_languages(ctx: Context, present: Container[str] | None = None) -> Markup:
    """Return the languages in which the model was not validated, of those that are `present`, as a list."""
    languages = [lang for lang in ctx.material.card.unvalidated if present is None or lang in present]
    return ctx.cat.listed([ctx.cat.name("languages", lang) for lang in languages])


def _family(ctx: Context, key: str) -> Family:
    cat = ctx.cat
    definitions = [cat.plain(f"figures.{'types' if key == 'types' else 'share'}_definition")]
    if key == "labels":
        definitions += [f"{cat.name('labels', label)}: {cat.name('label_definitions', label)}" for label in CALLS]
    names = unvalidated_languages(ctx)
    if names:
        definitions.append(cat.plain("calls.unvalidated_figures", languages=names))
    return ctx.family(
        f"classify:{key}",
        cat.plain(f"figures.family_{key}"),
        " ".join(definitions),
        step="classify",
        interval=cat.plain("figures.interval_wilson"),
        tables=("posts",),
    )


def _share(ctx: Context, label: str, k: int, n: int, group: str) -> Figure:
    low, high = wilson(k, n)
    numbers = ctx.numbers
    shown, interval = numbers.share(k / n, low, high)
    return ctx.register.add(
        _family(ctx, "labels"),
        ctx.cat.plain("calls.share_what", label=ctx.cat.name("labels", label), group=group),
        k / n,
        low,
        high,
        n=n,
        n_of=ctx.cat.counted("posts_of", n),
        unit=ctx.cat.plain("calls.unit_share"),
        estimator=f"{numbers.count(k)} / {numbers.count(n)}",
        shown=shown,
        shown_interval=interval,
    )


def calls_section(ctx: Context, counted: Counted | None) -> Section:
    """Return the section on posts that call people to act."""
    posts = labelled_posts(ctx)
    if counted is None or posts is None:
        return ctx.not_made("calls", "classify")
    section = ctx.section("calls")
    section.blocks += ctx.opening("classify", ctx.cat("calls.intro"))
    if not counted.n:
        section.blocks.append(Prose(ctx.cat("calls.none"), style="note"))
        return section
    section.blocks += _warnings(ctx, counted)
    section.blocks.append(_language_table(ctx, counted))
    section.blocks += _kind_table(ctx, counted) + _types_table(ctx, posts)
    for label in ("positive", "manipulative"):
        section.blocks += _examples(ctx, posts, label)
    model = _model(ctx, posts)
    if model:
        section.blocks.append(Prose(ctx.cat("calls.model", model=model), style="note"))
    return section


def noise(ctx: Context, counted: Counted) -> tuple[float, int] | None:
    """Return the false-positive rate that the model was set to, and how many posts it allows to be labelled wrongly."""
    rate = number_or_none(ctx.material.params("classify").get("max_fpr"))
    return None if rate is None else (rate, math.ceil(rate * counted.n))


def _warnings(ctx: Context, counted: Counted) -> list[Block]:
    cat = ctx.cat
    blocks: list[Block] = []
    allowed = noise(ctx, counted)
    if allowed is not None:
        found = sum(counted.total.get(label, 0) for label in ("positive", "manipulative"))
        said = {"max_fpr": ctx.numbers.percent(allowed[0]), "n": cat.counted("post", counted.n)}
        text = cat("calls.noise", most=ctx.numbers.count(allowed[1]), found=ctx.numbers.count(found), **said)
        more = cat("calls.noise_all" if found <= allowed[1] else "calls.noise_some")
        blocks.append(Prose(Markup("{} {} {}").format(text, more, cat("calls.threshold")), style="note"))
    names = unvalidated_languages(ctx, counted.by_language)
    if names:
        blocks.append(Prose(cat("calls.unvalidated", languages=names), style="warning"))
    elif not ctx.material.card.found:
        blocks.append(Prose(cat("calls.no_card"), style="note"))
    return blocks


def _label_columns(ctx: Context) -> list[str]:
    return [ctx.cat.name("labels_many", label) for label in CALLS]


def _count_cells(
    ctx: Context, labels: Mapping[str, int], group: str, figures: Mapping[str, Figure] | None = None
) -> list[Cell]:
    n = sum(labels.values())
    cells = [Cell(ctx.numbers.count(n))]
    for label in CALLS:
        k = labels.get(label, 0)
        figure = figures[label] if figures else _share(ctx, label, k, n, group)
        cells.append(Cell(ctx.numbers.count(k), small=f"{figure.shown} ({figure.shown_interval})", figure=figure))
    return cells


def _language_table(ctx: Context, counted: Counted) -> DataTable:
    cat, rows = ctx.cat, []
    for lang, labels in sorted(counted.by_language.items(), key=lambda pair: (-sum(pair[1].values()), pair[0])):
        name = cat.name("languages", lang)
        tag = cat.plain("calls.unvalidated_tag") if lang in ctx.material.card.unvalidated else ""
        group = cat.plain("calls.group_language", language=name)
        group = cat.plain("calls.unvalidated_group", group=group) if tag else group
        rows.append([Cell(name, tag=tag), *_count_cells(ctx, labels, group)])
    total = [Cell(cat.plain("calls.all_languages")), *_count_cells(ctx, counted.total, "", counted.figures)]
    return DataTable(
        cat.plain("calls.table_language"),
        [cat.plain("calls.column_language"), cat.plain("calls.column_posts"), *_label_columns(ctx)],
        rows,
        numeric=(1, 2, 3, 4),
        total=total,
    )


def _kind_table(ctx: Context, counted: Counted) -> list[Block]:
    cat, rows = ctx.cat, []
    if len(counted.by_kind) < 2:
        return []
    order = {kind: place for place, kind in enumerate(_KIND_ORDER)}
    for kind, labels in sorted(counted.by_kind.items(), key=lambda pair: order.get(pair[0], 99)):
        name = cat.name("kinds_many", kind)
        rows.append([Cell(name), *_count_cells(ctx, labels, cat.plain("calls.group_kind", kind=name.lower()))])
    columns = [cat.plain("calls.column_kind"), cat.plain("calls.column_posts"), *_label_columns(ctx)]
    return [DataTable(cat.plain("calls.table_kind"), columns, rows, numeric=(1, 2, 3, 4))]


def _types_table(ctx: Context, posts: ir.Table) -> list[Block]:
    """How many calls ask for which action, of all posts that bear one of the labels of a call."""
    if "call_types" not in posts.columns or not posts.call_types.type().is_array():
        return []
    calls = posts.filter(posts.label.isin(CALLS))
    n = int(ctx.material.fetch(calls.aggregate(n=calls.count()))[0]["n"])
    named = calls.select(kind_of_call=calls.call_types.unnest())
    counts = ctx.material.fetch(named.group_by("kind_of_call").agg(k=named.count()))
    rows, cat = [], ctx.cat
    for row in sorted(counts, key=lambda row: (-row["k"], str(row["kind_of_call"])))[:_TYPES]:
        name = cat.name("call_types", str(row["kind_of_call"]))
        figure = _type_figure(ctx, name, row["k"], n)
        small = f"{figure.shown} ({figure.shown_interval})"
        rows.append([Cell(name), Cell(ctx.numbers.count(row["k"]), small=small, figure=figure)])
    if not rows:
        return []
    columns = [cat.plain("calls.column_type"), cat.plain("calls.column_posts")]
    note = Markup("{} {}").format(cat("common.n", n=ctx.numbers.count(n)) + ".", cat("calls.types_note"))
    return [DataTable(cat.plain("calls.table_types"), columns, rows, numeric=(1,), note=note)]


def _type_figure(ctx: Context, name: str, k: int, n: int) -> Figure:
    low, high = wilson(k, n)
    numbers = ctx.numbers
    shown, interval = numbers.share(k / n, low, high)
    return ctx.register.add(
        _family(ctx, "types"),
        ctx.cat.plain("calls.share_what", label=name, group=ctx.cat.plain("calls.group_calls")),
        k / n,
        low,
        high,
        n=n,
        n_of=ctx.cat.counted("posts_of", n),
        unit=ctx.cat.plain("calls.unit_share"),
        estimator=f"{numbers.count(k)} / {numbers.count(n)}",
        shown=shown,
        shown_interval=interval,
    )


def _examples(ctx: Context, posts: ir.Table, label: str) -> list[Block]:
    """The posts with a label that were seen most, at most two of an account and each text once."""
    import ibis

    own = posts.filter((posts.label == label) & posts.reshared_post.isnull() & posts.reshared_actor.isnull())
    fitting = own.p_manipulative if label == "manipulative" else 1 - own.p_manipulative
    table = own.mutate(sure=own.p_call * fitting, likely=(own.p_call >= 0.5) & (fitting >= 0.5))
    order = [
        ibis.desc("likely", nulls_first=False),
        ibis.desc("views", nulls_first=False),
        ibis.desc("sure", nulls_first=False),
        "post_id",
    ]
    for group, most in (("text", 1), ("actor_id", _EXAMPLES_OF_ONE)):
        placed = table.mutate(place=ibis.row_number().over(ibis.window(group_by=group, order_by=order)))
        table = placed.filter(placed.place < most).drop("place")
    rows = ctx.material.fetch(table.order_by(order).limit(_EXAMPLES))
    if not rows:
        return []
    ctx.material.know(row["actor_id"] for row in rows)
    heading = ctx.cat.plain(f"calls.examples_{label}")
    return [Posts(heading, [post_block(ctx, row) for row in rows], note=ctx.cat("calls.examples_note"))]


def _model(ctx: Context, posts: ir.Table) -> str:
    if "model" not in posts.columns:
        return ""
    named = ctx.material.fetch(posts.select("model").distinct())
    return ", ".join(sorted(str(row["model"]) for row in named if row["model"]))
