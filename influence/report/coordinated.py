"""Coordination: what was looked for, the clusters with their evidence and what speaks against it, how robust it is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import ibis
from markupsafe import Markup

from influence.report.blocks import Block, Bullets, Cell, Chart, DataTable, Prose, Section
from influence.report.context import Context, number_or_none
from influence.report.figures import Family
from influence.report.network import Line, Node, Words, network_picture
from influence.report.safe import clean, name_markup, shorten

__all__ = ["coordination_section"]

_CLUSTERS, _EVIDENCE, _OBJECTS_EACH, _NAMED = 12, 4, 5, 6
_DRAWN = 200
"""Accounts in the picture at most; more cannot be told apart."""
_HALF = 0.5
_EXCERPT, _POSTS = 100, 3
_TEXTS = ("text", "near_text")

Row = Mapping[str, Any]


def coordination_section(ctx: Context) -> Section:
    """Return the section on accounts that share the same things at nearly the same time."""
    table = ctx.material.rows("coordination")
    if table is None:
        return ctx.not_made("coordination", "coordination")
    section, cat = ctx.section("coordination"), ctx.cat
    params = ctx.material.params("coordination")
    section.blocks += ctx.opening("coordination", _looked_for(ctx, params))
    clusters = ctx.material.further("coordination", "coordination_clusters")
    found = ctx.material.fetch(table.aggregate(n=table.count(), inside=table.cluster.count()))[0]
    section.blocks.append(Prose(_found(ctx, params, int(found["n"]), len(clusters))))
    if clusters:
        ctx.material.know({actor for row in clusters[:_CLUSTERS] for actor in row["actors"]})
        ctx.material.know(row["one_author"] for row in clusters[:_CLUSTERS])
        section.blocks += [*_chart(ctx, table, clusters), _table(ctx, params, clusters), _against(ctx, clusters)]
        section.blocks += _evidence(ctx, clusters)
    section.blocks += [*_grid(ctx, len(clusters)), *_shuffled(ctx)]
    section.blocks.append(Prose(cat("coordination.limit"), style="note"))
    return section


def _looked_for(ctx: Context, params: Row) -> Markup:
    cat = ctx.cat
    kinds = params.get("objects")
    names = [cat.name("object_kinds", kind) for kind in kinds] if kinds else [cat.plain("coordination.all_kinds")]
    null = str(params.get("null"))
    test = (
        cat("coordination.untested")
        if null == "none"
        else cat("coordination.tested", null=cat.name("null_models", null), q=_threshold(params))
    )
    seconds = _seconds(ctx, params.get("window_s"))
    least = ctx.numbers.count(number_or_none(params.get("min_participation")) or 0)
    return cat("coordination.intro", seconds=seconds, kinds=cat.listed(names), least=least, test=test)


def _found(ctx: Context, params: Row, pairs: int, clusters: int) -> Markup:
    cat, null = ctx.cat, str(params.get("null"))
    rows = [row for row in ctx.material.further("coordination", "coordination_null") if row["chosen"]]
    count = int(rows[0]["edges_observed"]) if rows else pairs
    rule = (
        cat.plain("coordination.by_weight") if null == "none" else cat.plain("coordination.by_q", q=_threshold(params))
    )
    figure = ctx.register.add(
        _family(ctx, params),
        cat.plain("coordination.pairs_what", rule=rule),
        float(count),
        n=pairs,
        n_of=cat.counted("pair", pairs),
        unit=cat.plain("coordination.pairs_unit"),
        shown=ctx.numbers.count(count),
    )
    ref = Markup('<a class="ref" href="#{0}">{0}</a>').format(figure.number)
    return cat(
        "coordination.found",
        pairs=cat.counted("pair", count),
        all=ctx.numbers.count(pairs),
        rule=rule,
        ref=ref,
        clusters=cat.counted("cluster", clusters),
    )


def _threshold(params: Row) -> str:
    return f"{number_or_none(params.get('max_q')) or 0.05:g}"


def _seconds(ctx: Context, value: object) -> str:
    return ctx.cat.counted("second", number_or_none(value) or 0)


def _family(ctx: Context, params: Row) -> Family:
    cat = ctx.cat
    return ctx.family(
        "coordination",
        cat.plain("coordination.family"),
        cat.plain("coordination.definition", seconds=_seconds(ctx, params.get("window_s"))),
        step="coordination",
        interval=cat.plain("common.no_interval"),
        tables=("objects",),
    )


# -- the picture ------------------------------------------------------------------------------------------------------


def _chart(ctx: Context, edges: Any, clusters: Sequence[Row]) -> list[Block]:
    drawn: list[Row] = []
    for row in clusters:
        if sum(len(one["actors"]) for one in drawn) + len(row["actors"]) > _DRAWN:
            break
        drawn.append(row)
    cat = ctx.cat
    if not drawn:
        return [Prose(cat("coordination.too_large", most=ctx.numbers.count(_DRAWN)), style="note")]
    lines = _lines(ctx, edges, [row["cluster"] for row in drawn])
    labels = _labels(ctx, [actor for row in drawn for actor in row["actors"]])
    picture = [
        (row["cluster"], _nodes(ctx, row, lines[row["cluster"]], labels), lines[row["cluster"]]) for row in drawn
    ]
    label = cat.plain("coordination.chart_alt", n=len(drawn))
    words = Words(
        *(cat.plain(f"coordination.chart_{name}", n="{n}") for name in ("cluster", "sure", "less_sure", "untested"))
    )
    wide, narrow = network_picture(picture, words, label=label)
    notes = [cat("coordination.chart_note")]
    left = len(clusters) - len(drawn)
    if left:
        accounts = sum(len(row["actors"]) for row in clusters[len(drawn) :])
        notes.append(
            cat(
                "coordination.chart_left",
                clusters=cat.counted("cluster", left),
                accounts=cat.counted("account", accounts),
            )
        )
    kinds = {ctx.actor(actor).kind for row in drawn for actor in row["actors"]}
    legend: list[tuple[str, str]] = [(kind, cat.name("kinds", kind)) for kind in ("leader", "media") if kind in kinds]
    legend += [("other", cat.plain("coordination.other_kinds"))] if kinds - {"leader", "media"} else []
    return [Chart(cat.plain("coordination.chart"), label, wide, narrow, legend, notes)]


def _labels(ctx: Context, actors: Iterable[str]) -> dict[str, str]:
    """Return names that have room in a picture; those of one name are told apart by the end of the id."""
    names = {actor: ctx.actor(actor).name for actor in actors}
    bearers = Counter(names.values())
    return {
        actor: name if bearers[name] == 1 else f"{shorten(name, 12)} …{clean(actor)[-5:]}"
        for actor, name in names.items()
    }


def _lines(ctx: Context, edges: Any, clusters: Sequence[int]) -> dict[int, list[Line]]:
    chosen = edges.filter(edges.cluster.isin(list(clusters))).select("source", "target", "weight", "q_value", "cluster")
    found: dict[int, list[Line]] = {cluster: [] for cluster in clusters}
    for row in ctx.material.fetch(chosen.order_by(["source", "target"])):
        found[row["cluster"]].append(Line(row["source"], row["target"], row["weight"], number_or_none(row["q_value"])))
    return found


def _nodes(ctx: Context, row: Row, lines: Sequence[Line], labels: Mapping[str, str]) -> list[Node]:
    strength = dict.fromkeys(row["actors"], 0)
    for line in lines:
        strength[line.source] += line.weight
        strength[line.target] += line.weight
    return [Node(name, labels[name], ctx.actor(name).kind, strength[name]) for name in row["actors"]]


# -- tables -----------------------------------------------------------------------------------------------------------


def _table(ctx: Context, params: Row, clusters: Sequence[Row]) -> Block:
    cat, count = ctx.cat, ctx.numbers.count
    rows = [_cluster(ctx, params, row) for row in clusters[:_CLUSTERS]]
    names = ("cluster", "accounts", "things", "events", "q", "gap", "stability", "stands")
    note = ctx.all_rows("coordination_clusters")
    if len(clusters) > len(rows):
        left = cat("coordination.left_out", shown=count(len(rows)), all=count(len(clusters)))
        note = Markup("{} {}").format(left, note)
    columns = [cat.plain(f"coordination.column_{name}") for name in names]
    return DataTable(
        cat.plain("coordination.table"), columns, rows, numeric=(1, 2, 3, 4, 5, 6, 7), note=note, stacked=True
    )


def _cluster(ctx: Context, params: Row, row: Row) -> list[Cell]:
    cat, count = ctx.cat, ctx.numbers.count
    figure = ctx.register.add(
        _family(ctx, params),
        cat.plain("coordination.what", n=row["cluster"]),
        float(row["n_actors"]),
        n=int(row["events"]),
        n_of=cat.counted("event", row["events"]),
        unit=cat.plain("coordination.unit"),
        shown=count(row["n_actors"]),
        extra={name: number_or_none(row[name]) for name in ("density", "q_value", "stability", "median_gap_s")},
    )
    names = [ctx.name(actor) for actor in row["actors"][:_NAMED]]
    rest = row["n_actors"] - len(names)
    who = (
        Markup(", ").join(names)
        if rest <= 0
        else cat("coordination.more", shown=Markup(", ").join(names), n=count(rest))
    )
    period = f"{row['first_at']:%Y-%m-%d %H:%M} – {row['last_at']:%Y-%m-%d %H:%M}"
    stands = cat.plain("coordination.stands", n=row["stands_in"], cells=row["cells"])
    return [
        Cell(Markup("{}: {}").format(cat("coordination.chart_cluster", n=row["cluster"]), who), small=period),
        Cell(count(row["n_actors"]), small=cat.plain("coordination.density", d=f"{row['density']:.2f}"), figure=figure),
        Cell(count(row["n_objects"]), small=cat.counted("post", row["n_posts"])),
        Cell(count(row["events"])),
        Cell("–" if row["q_value"] is None else _small(row["q_value"])),
        Cell(f"{row['median_gap_s']:.0f} s"),
        Cell("–" if row["stability"] is None else f"{row['stability']:.2f}"),
        Cell(stands, small=cat.plain("coordination.fragile") if row["fragile"] else ""),
    ]


def _small(value: float) -> str:
    return f"{value:.3f}" if value >= 0.001 else f"{value:.0e}"


def _against(ctx: Context, clusters: Sequence[Row]) -> Block:
    """Return what speaks against coordination, cluster by cluster, from the numbers and not from the step's words."""
    cat, items = ctx.cat, []
    for row in clusters[:_CLUSTERS]:
        words = _objections(ctx, row) or [cat("coordination.against_none")]
        title = cat("coordination.chart_cluster", n=row["cluster"])
        items.append(Markup("{}: {}").format(title, Markup("; ").join(words)))
    return Bullets(items, heading=cat.plain("coordination.against"))


def _percent(ctx: Context) -> Callable[[float], str]:
    return lambda share: ctx.numbers.percent(round(share, 2))


def _objections(ctx: Context, row: Row) -> list[Markup]:
    cat, percent, words = ctx.cat, _percent(ctx), []
    if (row["outsider_share"] or 0) > _HALF:
        words.append(
            cat(
                "coordination.burst",
                percent=percent(row["outsider_share"]),
                n=row["burst_objects"],
                all=row["n_objects"],
            )
        )
    if (row["media_share"] or 0) >= _HALF:
        words.append(cat("coordination.media", percent=percent(row["media_share"])))
    if (row["regular_share"] or 0) >= _HALF:
        words.append(cat("coordination.feed", percent=percent(row["regular_share"]), lag=f"{row['regular_lag_s']:.0f}"))
    if (row["one_owner_share"] or 0) >= _HALF and row["one_owner"]:
        words.append(cat("coordination.owner", percent=percent(row["one_owner_share"]), what=clean(row["one_owner"])))
    if (row["one_author_share"] or 0) > _HALF:
        words.append(
            cat("coordination.fans", percent=percent(row["one_author_share"]), name=ctx.name(row["one_author"]))
        )
    if row["n_objects"] == 1:
        words.append(cat("coordination.single"))
    return words


def _evidence(ctx: Context, clusters: Sequence[Row]) -> list[Block]:
    result = ctx.material.results["coordination"]
    if result is None or not result.file("coordination_evidence").is_file():
        return []
    table = ctx.material.study.engine.connection.read_parquet(str(result.file("coordination_evidence")))
    table = table.filter(table.cluster.isin([row["cluster"] for row in clusters[:_EVIDENCE]]))
    order = [table.accounts.desc(), table.first_at, table.object]
    place = ibis.row_number().over(group_by="cluster", order_by=order)
    rows = ctx.material.fetch(
        table.mutate(place=place).filter(lambda t: t.place < _OBJECTS_EACH).order_by(["cluster", "place"])
    )
    cat, words = ctx.cat, _words(ctx, rows)
    names = ("object", "cluster", "accounts", "shared", "outsiders")
    columns = [cat.plain(f"coordination.evidence_{name}") for name in names]
    lines = [_shared(ctx, row, words) for row in rows]
    note = ctx.all_rows("coordination_evidence")
    caption = cat.plain("coordination.evidence")
    return [DataTable(caption, columns, lines, numeric=(1, 2, 3, 4), note=note, stacked=True)]


def _words(ctx: Context, rows: Iterable[Row]) -> dict[str, str]:
    """Return the words of the posts that stand for a shared text or that were reshared, as the study has them.

    Where the study was pseudonymised at import, they are masked.
    """
    wanted = {post for post in map(_spoken, rows) if post is not None}
    posts = ctx.material.study.table("posts")
    chosen = posts.filter(posts.post_id.isin(sorted(wanted)), posts.text.notnull()).select("post_id", "text")
    return {row["post_id"]: row["text"] for row in ctx.material.fetch(chosen)} if wanted else {}


def _spoken(row: Row) -> str | None:
    """Return the post whose words say what was shared: the first with this text, or the one that was reshared."""
    if row["kind"] in _TEXTS:
        return str(row["posts"][0]) if row["posts"] else None
    return str(row["object"]) if row["kind"] == "reshare" else None


def _shared(ctx: Context, row: Row, words: Mapping[str, str]) -> list[Cell]:
    cat, count = ctx.cat, ctx.numbers.count
    posts = ", ".join(clean(post) for post in row["posts"][:_POSTS])
    rest = len(row["posts"]) - _POSTS
    small = posts if rest <= 0 else cat.plain("coordination.more", shown=posts, n=count(rest))
    name = shorten(words.get(_spoken(row) or "", ""), _EXCERPT) or shorten(row["object"], 2 * _EXCERPT)
    kind = cat.name("object_kinds_one", row["kind"])
    if row["kind"] == "reshare":
        kind = f"{kind} {clean(row['object'])}"
    span = f"{(row['last_at'] - row['first_at']).total_seconds():,.0f}"
    return [
        Cell(name_markup(name), small=kind, basis=cat.plain("coordination.in_posts", posts=small)),
        Cell(count(row["cluster"])),
        Cell(count(row["accounts"])),
        Cell(
            f"{row['first_at']:%Y-%m-%d %H:%M:%S}",
            small=cat.plain("coordination.within", span=span, gap=f"{row['median_gap_s']:.0f}"),
        ),
        Cell(count(row["outsiders_near"]), small=cat.plain("coordination.ever", n=count(row["outsiders"]))),
    ]


# -- robustness -------------------------------------------------------------------------------------------------------


def _grid(ctx: Context, clusters: int) -> list[Block]:
    cat, rows = ctx.cat, ctx.material.further("coordination", "coordination_grid")
    if not rows:
        return []
    weights = sorted({row["min_weight"] for row in rows})
    cells = {(row["window_s"], row["min_weight"]): row for row in rows}
    lines = []
    for window in sorted({row["window_s"] for row in rows}):
        lines.append([Cell(f"{window:g} s"), *(_grid_cell(ctx, cells[window, weight], clusters) for weight in weights)])
    columns = [cat.plain("coordination.grid_window")]
    columns += [cat.plain("coordination.grid_weight", n=f"{weight:g}") for weight in weights]
    numeric = tuple(range(1, len(columns)))
    return [
        DataTable(cat.plain("coordination.grid"), columns, lines, numeric=numeric, note=cat("coordination.grid_note"))
    ]


def _grid_cell(ctx: Context, row: Row, clusters: int) -> Cell:
    if row["edges"] is None:
        return Cell(ctx.cat.plain("common.not_known"), missing=True, small=clean(row["reason_missing"] or ""))
    stands = ctx.cat.plain("coordination.grid_stands", n=row["clusters_stand"], all=clusters) if clusters else ""
    tag = ctx.cat.plain("coordination.grid_chosen") if row["chosen"] else ""
    return Cell(ctx.numbers.count(row["edges"]), small=stands, tag=tag)


def _shuffled(ctx: Context) -> list[Block]:
    cat = ctx.cat
    rows = [row for row in ctx.material.further("coordination", "coordination_null") if row["chosen"]]
    blocks: list[Block] = []
    for row in rows:
        rate, span = ctx.numbers.share(*(row[f"false_positive_{name}"] for name in ("rate", "low", "high")))
        key = "by_q" if row["rule"] == "q_value" else "weight_rule"
        rule = cat.plain(f"coordination.{key}", q=f"{row['threshold']:g}")
        blocks.append(
            Prose(
                cat(
                    "coordination.shuffled",
                    how=cat.name("shuffles", row["null"]),
                    mean=f"{row['edges_by_chance']:,.3g}",
                    low=f"{row['low']:,.3g}",
                    high=f"{row['high']:,.3g}",
                    rule=rule,
                    runs=ctx.numbers.count(row["runs"]),
                    observed=ctx.numbers.count(row["edges_observed"]),
                    any=ctx.numbers.count(row["runs_with_any"]),
                    rate=rate,
                    rate_range=span,
                ),
                heading=cat.plain("coordination.shuffled_heading"),
            )
        )
    return blocks
