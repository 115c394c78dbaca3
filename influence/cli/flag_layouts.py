"""How proposals for review are set for a reader: how many were looked at, then each with its reasons and evidence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from influence.cli.layouts import who
from influence.display import clean
from influence.show import number

if TYPE_CHECKING:
    from influence.flags import Reviewed

__all__ = ["flag_lines", "headline", "sorted_by"]

Row = Mapping[str, Any]
_EVIDENCE = 4
_COUNTED = {
    "exposed": "people shown a typical post",
    "engaged": "accounts engaged",
    "potential": "followers",
}


def headline(considered: Sequence[Row], params: Row) -> list[str]:
    """Return how many accounts came how far; `considered` is the table of that name, `params` those of the run."""
    found = next((row for row in considered if row["kind"] == "all"), None)
    if found is None or not found["accounts"]:
        return ["No account is proposed for review: no account has an own post with a label.", *_next_step()]
    count = {name: int(value) for name, value in found.items() if name != "kind"}
    first = f"{count['flagged']:,} account(s) proposed for review; a person has to confirm each."
    lines = [first if count["flagged"] else f"No account is proposed for review: {_why(count, params)}."]
    lines.append(
        f"Looked at: {count['accounts']:,} accounts with labelled posts of their own; {count['enough_posts']:,} have "
        f"at least {params['min_posts']} of them, {count['labelled_manipulative']:,} of these a post labelled "
        f"manipulative. Above {params['min_rate']:.0%} even at the low end: {count['above_rate']:,}; of these "
        f"{count['explained_by_false_alarms']:,} could be false alarms alone."
    )
    return lines


def _next_step() -> list[str]:
    return ["Import posts with texts first; influence classify says what was labelled."]


def _why(count: Mapping[str, int], params: Row) -> str:
    if not count["enough_posts"]:
        return f"none has {params['min_posts']} labelled posts of its own (--min-posts)"
    if not count["labelled_manipulative"]:
        return "none of those with enough posts has a post labelled manipulative"
    if not count["above_rate"]:
        return f"none is above {params['min_rate']:.0%} with this much certainty (--min-rate)"
    return "what is above the threshold could be false alarms of the model alone"


def flag_lines(rows: Sequence[Row], actors: Mapping[str, Any], reviews: Mapping[str, Reviewed]) -> list[str]:
    """Return each flagged account with its reasons, what speaks against it, its evidence and its review."""
    lines = []
    for place, row in enumerate(rows, start=1):
        name, actor = who(row["actor_id"], actors), row["actor_id"]
        lines.append(f"{place}. {name} ({actor}), score {number(row['score'])}: proposed, not confirmed")
        lines += [f"    for: {clean(reason)}" for reason in row["reasons"] or ()]
        lines += [f"    against: {clean(reason)}" for reason in row["against"] or ()]
        if row["coordinated_with"]:
            lines.append(f"    in step with: {_some(row['coordinated_with'])}")
        if row["evidence"]:
            lines.append(f"    posts: {_some(row['evidence'])}")
        if actor in reviews:
            lines.append(f"    review: {reviews[actor].sentence()}")
    return lines


def _some(names: Sequence[str]) -> str:
    rest = len(names) - _EVIDENCE
    return clean(", ".join(names[:_EVIDENCE])) + (f" and {rest} more" if rest > 0 else "")


def sorted_by(rows: Sequence[Row]) -> list[str]:
    """Return what the score is, in the unit that these flags have."""
    kinds = sorted({row["reach_kind"] for row in rows if row["reach_kind"]})
    per = "posts a week" if all(row["posts_per_week"] is not None for row in rows) else "posts (none has a date)"
    if not kinds:
        return [f"Sorted by score = low end of the rate × {per}; no reach is known, so it is left out."]
    people = " or ".join(_COUNTED[kind] for kind in kinds)
    mixed = "; reach is not of one kind, so compare with care" if len(kinds) > 1 else ""
    return [f"Sorted by expected harm: score = low end of the rate × {per} × reach ({people}){mixed}."]
