"""Why an account is proposed and what speaks against it, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from influence.flags.label_errors import ErrorRate
from influence.flags.partners import Partners

__all__ = ["against", "reasons"]

_REACH_WORDS = {
    "exposed": "a typical post is shown {:,.0f} times",
    "engaged": "{:,.0f} accounts engaged with its posts",
    "potential": "{:,.0f} followers",
}
_WIDE = 0.3
_FEW = 2
"""An account with fewer than this many times `min_posts` posts has few."""


def _of(part: int, whole: int) -> str:
    return f"all {whole}" if part == whole else f"{part} of {whole}"


def reasons(flag: Mapping[str, Any], *, rate: ErrorRate | None, confidence: float) -> list[str]:
    """Return the reasons: the rate, why false alarms do not explain it, reach, coordination."""
    k, n = flag["manipulative_calls"], flag["posts"]
    taken_out = "false alarms taken out and " if rate is not None else ""
    said = [
        f"{k} of {n} own posts are labelled manipulative calls; with {taken_out}accounts of kind {flag['kind']!r} "
        f"taken into account, {flag['rate']:.0%} are ({confidence:.0%} interval {flag['rate_low']:.0%}–"
        f"{flag['rate_high']:.0%})"
    ]
    if flag["expected_false_alarms"] is not None:
        said.append(
            f"false alarms alone would give about {flag['expected_false_alarms']:.1f} of its {flag['calls']} posts "
            f"taken for calls that label; so many by mistake: chance {_chance(flag['p_false_alarms'])} even on the "
            f"hardest posts that the model was checked on (q-value {_chance(flag['q_false_alarms'])})"
        )
    if flag["reach"] is not None:
        low, high = flag["reach_low"], flag["reach_high"]
        between = f" ({low:,.0f}–{high:,.0f})" if low is not None and high is not None and low < high else ""
        said.append(_REACH_WORDS[flag["reach_kind"]].format(flag["reach"]) + between)
    others = flag["coordinated_with"]
    if others:
        where = f", cluster {flag['cluster']}" if flag["cluster"] else ""
        said.append(f"shares the same objects with {len(others)} other account(s) in step, beyond chance{where}")
    return said


def _chance(value: float) -> str:
    return "below 0.0001" if value < 0.0001 else f"{value:.2g}"


def against(
    flag: Mapping[str, Any],
    account: Mapping[str, Any],
    *,
    min_posts: int,
    rate: ErrorRate | None,
    partners: Partners | None,
    measured_at: tuple[float | None, float | None],
) -> list[str]:
    """Return what speaks against the flag, or keeps a reader from judging it; `measured_at`: card's and own max_fpr."""
    words = ["the labels are a model's and unreviewed"]
    words += _on_the_model(flag, account, rate, measured_at)
    words += _on_the_posts(flag, account)
    words += _on_the_amount(flag, account, min_posts)
    if partners is None:
        words.append("coordination with other accounts was not examined")
    elif not flag["coordinated_with"]:
        words.append(f"no other account was found in step with it beyond chance (q-value below {partners.q:g})")
    if flag["reach"] is None:
        words.append("its reach is not known: it is sorted as if one person met each post")
    return words


def _on_the_model(
    flag: Mapping[str, Any],
    account: Mapping[str, Any],
    rate: ErrorRate | None,
    measured_at: tuple[float | None, float | None],
) -> Iterator[str]:
    k = flag["manipulative_calls"]
    if rate is None:
        yield "the model's card does not say how often this label is wrong: all of it could be false alarms"
    elif rate.of < 100:
        yield (
            f"how often this label is wrong was measured on few posts: {rate.hits} of {rate.of} calls that are not "
            f"manipulative ({rate.posts}) were labelled so"
        )
    card, own = measured_at
    if rate is not None and card is not None and own is not None and own > card:
        yield f"its errors were measured at --max-fpr {card:g}, and these labels were made at {own:g}, which errs more"
    if account.get("unvalidated"):
        yield f"{_of(account['unvalidated'], k)} are in languages in which the model is unvalidated"
    if account.get("sure") is not None and account["sure"] < k / 2:
        yield f"by the model's own probabilities about {account['sure']:.0f} of the {k} are manipulative calls"


def _on_the_posts(flag: Mapping[str, Any], account: Mapping[str, Any]) -> Iterator[str]:
    k, n = flag["manipulative_calls"], flag["posts"]
    if account["positive"]:
        yield f"{account['positive']} of its {n} posts are open calls"
    if account["undetermined"]:
        yield f"{account['undetermined']} calls could not be told to be open or manipulative"
    reported = max(account.get("reported") or 0, account.get("quoted") or 0)
    if reported and 3 * reported >= k:
        yield f"{_of(reported, k)} may report or quote the calls of others (verbs of saying, long quotations)"
    official = account.get("official") or 0
    if official and 3 * official >= k:
        yield f"{_of(official, k)} ask to comply, prepare or report something, as safety instructions do"
    if flag["kind"] == "state":
        yield "it is an account of the state: orders and warnings are part of its office"
    if (account.get("reshares") or 0) > n:
        yield f"it mostly reshares: {account['reshares']} posts of others beside {n} of its own are not counted"


def _on_the_amount(flag: Mapping[str, Any], account: Mapping[str, Any], min_posts: int) -> Iterator[str]:
    k, n = flag["manipulative_calls"], flag["posts"]
    if n < _FEW * min_posts:
        yield f"few posts: {n}"
    if flag["rate_high"] - flag["rate_low"] > _WIDE:
        yield f"a wide interval: {flag['rate_low']:.0%}–{flag['rate_high']:.0%}"
    if account["manipulative_texts"] < k:
        yield f"its {k} posts with that label hold {account['manipulative_texts']} different texts"
    if account["days"] is not None and 0 < account["days"] <= 2:
        yield f"all posts are from {account['days']} day(s): it may be one event"
    elif 2 * (account.get("busiest_day") or 0) > k:
        yield f"{_of(account['busiest_day'], k)} are from one day: it may be one event"
