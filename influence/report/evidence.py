"""Posts shown as evidence: their words inert, what the model marked in them, and what makes them findable again."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from influence.report.blocks import Post
from influence.report.context import Context, number_or_none
from influence.report.safe import CALL_WORDS, Span, clean, marked, shorten, spans_of

if TYPE_CHECKING:
    import ibis.expr.types as ir

__all__ = ["labelled_posts", "post_block", "posts_by_id"]

_LENGTH = 700
_BEFORE_SPAN = 160
_ADDRESS = 120
_CALLS = ("positive", "manipulative", "undetermined")


def labelled_posts(ctx: Context) -> ir.Table | None:
    """Return the labels of the posts in the study's window, with who posted what and when; None without labels."""
    from influence.pipeline import windowed

    labels = ctx.material.rows("classify")
    if labels is None:
        return None
    study = ctx.material.study
    posts = windowed(study.table("posts"), str(study.settings.window), column="created_at")
    wanted = posts.select(
        "post_id", "actor_id", "platform", "created_at", "text", "views", "url", "reshared_post", "reshared_actor"
    )
    return labels.join(wanted, "post_id")


def posts_by_id(ctx: Context, post_ids: Iterable[str]) -> dict[str, Mapping[str, Any]]:
    """Return the posts of these ids, with their labels where there are any."""
    ids = sorted(set(post_ids))
    labels = ctx.material.rows("classify")
    posts = ctx.material.study.table("posts")
    chosen = posts.filter(posts.post_id.isin(ids)).drop("lang")
    if labels is not None:
        kept = [
            name for name in ("post_id", "lang", "label", "p_call", "p_manipulative", "spans") if name in labels.columns
        ]
        chosen = chosen.left_join(labels.select(*kept), "post_id")
    return {row["post_id"]: row for row in ctx.material.fetch(chosen)}


def post_block(ctx: Context, row: Mapping[str, Any]) -> Post:
    """Return a post as evidence."""
    text = str(row.get("text") or "")
    label = str(row.get("label") or "none")
    lang = row.get("lang")
    warning, spans = None, spans_of(row.get("spans"), text)
    if lang in ctx.material.card.unvalidated:
        warning = ctx.cat.plain("calls.unvalidated_tag")
    return Post(
        author=ctx.name(row["actor_id"]),
        meta=" · ".join(_meta(ctx, row)),
        text=_body(ctx, text, spans),
        label=label if label in ctx.cat.names("labels") else "none",
        label_name=ctx.cat.name("labels", label),
        certainty=_certainty(ctx, row, spans),
        lang=lang if isinstance(lang, str) and lang in ("kk", "ru", "en", "uk") else None,
        address=shorten(str(row["url"]), _ADDRESS) if row.get("url") else None,
        post_id=clean(str(row["post_id"])),
        warning=warning,
    )


def _meta(ctx: Context, row: Mapping[str, Any]) -> list[str]:
    cat, views = ctx.cat, number_or_none(row.get("views"))
    kind = ctx.actor(row["actor_id"]).kind
    parts = [cat.name("kinds", kind), ctx.platform(row.get("platform"))]
    if row.get("created_at") is not None:
        parts.append(ctx.numbers.date(row["created_at"].date()))
    if row.get("lang"):
        parts.append(cat.name("languages", str(row["lang"])))
    parts.append(cat.plain("calls.no_views") if views is None else cat.counted("view", views))
    return [part for part in parts if part]


def _certainty(ctx: Context, row: Mapping[str, Any], spans: Sequence[Span]) -> str:
    call, manipulation = number_or_none(row.get("p_call")), number_or_none(row.get("p_manipulative"))
    if call is None or manipulation is None:
        return ""
    write = ctx.numbers.probability
    words = ctx.cat.plain("calls.certainty", call=write(call), manipulation=write(manipulation))
    if row.get("label") in _CALLS and not any(name == CALL_WORDS for _, _, name in spans):
        return f"{words} · {ctx.cat.plain('calls.whole_post')}"
    return words


def _body(ctx: Context, text: str, spans: Sequence[Span]) -> Markup:
    """Return the words of a post, a long one cut around the words of its call, else around its first evidence."""
    titles = {**ctx.cat.names("techniques"), CALL_WORDS: ctx.cat.plain("calls.words")}
    if len(text) <= _LENGTH:
        return marked(text, spans, titles)
    first = next((start for start, _, name in spans if name == CALL_WORDS), spans[0][0] if spans else 0)
    start = 0 if first < _LENGTH - _BEFORE_SPAN else max(0, first - _BEFORE_SPAN)
    end = start + _LENGTH
    inside = [(max(a, start) - start, min(b, end) - start, name) for a, b, name in spans if a < end and b > start]
    body = marked(text[start:end], inside, titles)
    cut = Markup(' <span class="cut">{}</span>').format(ctx.cat("calls.cut"))
    return Markup("{}{}{}{}").format("… " if start else "", body, "…" if end < len(text) else "", cut)
