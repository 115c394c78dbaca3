"""What else would look like coordination: a burst after an event, syndication, one owner, the fans of one author."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import numpy as np
import pyarrow as pa

from graphs.coordination.groups import Ints
from graphs.coordination.inside import EdgeEvents
from graphs.coordination.traces import event_clusters

__all__ = ["COUNTER_FIELDS", "CounterEvidence", "Lags", "against", "counter_evidence", "regular_edges"]

_TEXT, _COUNT, _NUMBER = pa.string(), pa.int64(), pa.float64()
COUNTER_FIELDS: tuple[tuple[str, pa.DataType], ...] = (
    ("outsider_share", _NUMBER),
    ("burst_objects", _COUNT),
    ("media_share", _NUMBER),
    ("regular_share", _NUMBER),
    ("regular_lag_s", _NUMBER),
    ("one_owner_share", _NUMBER),
    ("one_owner", _TEXT),
    ("one_author_share", _NUMBER),
    ("one_author", _TEXT),
)
"""Columns of counter-evidence in the table of clusters."""

HALF = 0.5
"""Share from which a measure speaks against coordination."""

_FEW_EVENTS = 4
_STEADY = 0.1
_SHORTEST_NAME = 4
_PLATFORMS = (
    *("x.com", "twitter.com", "t.me", "telegram.me", "telegram.org", "facebook.com", "fb.com", "vk.com", "vk.ru"),
    *("ok.ru", "instagram.com", "youtube.com", "youtu.be", "tiktok.com", "threads.net", "linktr.ee", "taplink.cc"),
    *("wikipedia.org", "google.com"),
)
"""Sites where everybody has pages: an address there is no owner's mark."""


class CounterEvidence(NamedTuple):
    """Measures of one cluster that speak against coordination; None where the data do not tell.

    `outsider_share`: accounts outside of the cluster among all that shared its objects in the same minutes, summed over
    objects. `burst_objects`: objects of which more accounts outside than inside did. `media_share`: accounts of kind
    media. `regular_share`: edges of four events or more whose order never changes and whose lag hardly does, among all
    such edges; `regular_lag_s`: their median lag. `one_owner_share`: the largest set of accounts that share a person, a
    name or a domain, among all; `one_owner`: what they share. `one_author_share`: objects that are posts of the author
    reshared most, among all objects; `one_author`: who that is.
    """

    outsider_share: float | None
    burst_objects: int
    media_share: float | None
    regular_share: float | None
    regular_lag_s: float | None
    one_owner_share: float | None
    one_owner: str | None
    one_author_share: float | None
    one_author: str | None


class Lags(NamedTuple):
    """Per edge with enough events: its cluster, the median lag in seconds, and whether the lag is regular."""

    cluster: Ints
    lag_s: np.ndarray[tuple[int], np.dtype[np.float64]]
    regular: np.ndarray[tuple[int], np.dtype[np.bool_]]


def regular_edges(events: EdgeEvents, labels: Ints, *, window_s: float) -> Lags:
    """Return which edges of at least four events follow one another like a feed.

    An edge is regular if the same account always comes first and the middle half of its lags lies within a tenth of the
    window, a second at least: a feed or a cross-posting tool does so, people hardly ever.
    """
    cluster = event_clusters(events, labels)
    order = np.argsort(events.edge, kind="stable")
    order = order[cluster[order] >= 0]
    edge, lag = events.edge[order], events.lag[order] / 1e6
    parts = np.split(np.arange(len(order)), np.flatnonzero(np.diff(edge)) + 1) if len(order) else []
    rows = [part for part in parts if len(part) >= _FEW_EVENTS]
    most = max(1.0, _STEADY * window_s)
    found = [_lag(lag[part], most) for part in rows]
    owner = np.array([cluster[order[part[0]]] for part in rows], np.int64)
    return Lags(owner, np.array([lag for lag, _ in found]), np.array([steady for _, steady in found], np.bool_))


def _lag(lags: Any, most: float) -> tuple[float, bool]:
    low, middle, high = np.quantile(lags, [0.25, 0.5, 0.75])
    one_order = bool((lags > 0).all() or (lags < 0).all())
    return float(abs(middle)), one_order and bool(high - low <= most)


def counter_evidence(
    members: Sequence[str],
    evidence: Sequence[Mapping[str, Any]],
    actors: Mapping[str, Mapping[str, Any]],
    lags: Sequence[tuple[float, bool]],
) -> CounterEvidence:
    """Return the measures of one cluster.

    Parameters
    ----------
    members
        Ids of its accounts.
    evidence
        Its rows of the evidence: `accounts, outsiders_near, kind, author`.
    actors
        `kind, person, name, url` of the accounts that are known, by id.
    lags
        Median lag in seconds and regularity of its edges of four events or more.

    Examples
    --------
    >>> rows = [{"accounts": 2, "outsiders_near": 6, "kind": "reshare", "author": "x:z"}]
    >>> found = counter_evidence(["x:a", "x:b"], rows, {"x:a": {"kind": "media"}}, [])
    >>> found.outsider_share, found.burst_objects, found.media_share, found.one_author
    (0.75, 1, 0.5, 'x:z')
    """
    inside = sum(row["accounts"] for row in evidence)
    outside = sum(row["outsiders_near"] for row in evidence)
    owner, owned = _one_owner(members, actors)
    authors = Counter(row["author"] for row in evidence if row["author"])
    author = min(authors, key=lambda name: (-authors[name], name)) if authors else None
    regular = [lag for lag, steady in lags if steady]
    return CounterEvidence(
        outsider_share=outside / (inside + outside) if inside else None,
        burst_objects=sum(row["outsiders_near"] > row["accounts"] for row in evidence),
        media_share=sum(actors.get(name, {}).get("kind") == "media" for name in members) / len(members),
        regular_share=len(regular) / len(lags) if lags else None,
        regular_lag_s=float(np.median(regular)) if regular else None,
        one_owner_share=owned / len(members) if actors else None,
        one_owner=owner,
        one_author_share=authors[author] / len(evidence) if author else None,
        one_author=author,
    )


def _one_owner(members: Sequence[str], actors: Mapping[str, Mapping[str, Any]]) -> tuple[str | None, int]:
    """Return what the largest set of accounts with one person, name or domain has in common, and its size."""
    holders: dict[tuple[str, str], int] = Counter(key for name in members for key in set(_marks(actors.get(name, {}))))
    shared = {key: count for key, count in holders.items() if count > 1}
    if not shared:
        return None, 0
    best = min(shared, key=lambda key: (-shared[key], key))
    return f"{best[0]} {best[1]}", shared[best]


def _marks(actor: Mapping[str, Any]) -> list[tuple[str, str]]:
    marks = []
    if actor.get("person"):
        marks.append(("person", str(actor["person"])))
    name = re.sub(r"[\W_]+", " ", str(actor.get("name") or "").casefold()).strip()
    if len(name) >= _SHORTEST_NAME:
        marks.append(("name", name))
    host = _host(actor.get("url"))
    if host and not any(host == site or host.endswith(f".{site}") for site in _PLATFORMS):
        marks.append(("domain", host))
    return marks


def _host(url: object) -> str | None:
    if not url:
        return None
    text = str(url)
    try:
        host = urlsplit(text if "//" in text else f"//{text}").hostname
    except ValueError:  # "http://[": no address, hence no domain to share
        return None
    return host.removeprefix("www.") if host else None


def against(found: CounterEvidence, *, accounts: int, objects: int, edges: int) -> list[str]:
    """Return in words what speaks against coordination, or keeps a reader from judging it.

    `edges` are those of four events or more: on fewer the lag says nothing.
    """
    words = []
    if found.outsider_share is not None and found.outsider_share > HALF:
        words.append(
            f"burst: of the accounts that shared the same things in the same minutes {found.outsider_share:.0%} are "
            f"outside of the cluster, more than inside for {found.burst_objects} of {objects} objects: an event that "
            "many react to looks like this"
        )
    if found.media_share is not None and found.media_share >= HALF:
        words.append(f"syndication: {found.media_share:.0%} of {accounts} accounts are media, which share agency copy")
    if found.regular_share is not None and found.regular_share >= HALF and found.regular_lag_s is not None:
        words.append(
            f"feed: in {found.regular_share:.0%} of {edges} pairs with four events or more one account always follows "
            f"the other, about {found.regular_lag_s:.0f} s later: a feed or a cross-posting tool does so"
        )
    if found.one_owner_share is not None and found.one_owner_share >= HALF and found.one_owner is not None:
        words.append(
            f"one owner: {found.one_owner_share:.0%} of {accounts} accounts have the same {found.one_owner}: one "
            "organisation may speak through all of them, and openly"
        )
    if found.one_author_share is not None and found.one_author_share > HALF:
        words.append(
            f"fans: {found.one_author_share:.0%} of {objects} objects are posts of {found.one_author}: accounts that "
            "are notified of one author's posts look like this"
        )
    if objects == 1:
        words.append("one object: everything rests on a single object")
    return words
