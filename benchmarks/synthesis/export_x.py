"""Answers of the X API v2, a page a line, newest first, as twarc writes them."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from synthesis.identifiers import link_address, link_code, render_originals
from synthesis.sets import Ints
from synthesis.spread import KINDS, QUOTE, REPLY, RESHARE
from synthesis.tables import followers_of, site_of
from synthesis.text_parts import parts_of
from synthesis.world import ORIGINAL, World

__all__ = ["write_x_export"]

_PAGE = 100
_LANGUAGE = {"kk": "und", "mix": "ru"}
"""X has no Kazakh: its detector gives up or says Russian."""
_IMAGE = "https://abs.twimg.com/sticky/default_profile_images/default_profile_normal.png"
_QUERY = "https://api.twitter.com/2/tweets/search/all?max_results=100&query=%28kumisqala%29"

Json = dict[str, Any]


def write_x_export(world: World, file: Path) -> int:
    """Write the pages; return the number of posts."""
    rows = np.flatnonzero(world.rows.channel < 0)[::-1]
    writer = _Writer.of(world)
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w", encoding="utf-8", newline="\n") as out:
        for begin in range(0, len(rows), _PAGE):
            page = writer.page(rows[begin : begin + _PAGE], last=begin + _PAGE >= len(rows))
            out.write(json.dumps(page, ensure_ascii=False) + "\n")
    return len(rows)


@dataclass(frozen=True)
class _Writer:
    world: World
    rendered: list[str]
    counts: dict[int, Ints]
    """Acts per original, by kind."""

    @classmethod
    def of(cls, world: World) -> "_Writer":
        events, size = world.spread.events, len(world.posts)
        counts = {kind: np.bincount(events.post[events.kind == kind], minlength=size) for kind in range(len(KINDS))}
        return cls(world, render_originals(world.texts, world.cast, world.posts).to_pylist(), counts)

    def page(self, chosen: Ints, *, last: bool) -> Json:
        """Return a page with the users and posts that its posts refer to."""
        rows = self.world.rows
        data = [self._post(int(row)) for row in chosen]
        referred = np.unique(rows.of_original[rows.original[chosen[rows.role[chosen] != ORIGINAL]]])
        mentioned = self.world.posts.mention[rows.original[np.concatenate([chosen, referred])]]
        people = np.unique(
            np.concatenate(
                [
                    rows.author[chosen],
                    rows.author[referred],
                    self.world.accounts.actor(mentioned[mentioned >= 0]),
                ]
            )
        )
        meta: Json = {"newest_id": data[0]["id"], "oldest_id": data[-1]["id"], "result_count": len(data)}
        if not last:
            meta["next_token"] = link_code(int(data[-1]["id"])).lower()
        retrieved = datetime.fromtimestamp(self.world.parameters.end + 21_601, UTC).isoformat()
        return {
            "data": data,
            "includes": {"users": list(self._users(people)), "tweets": [self._post(int(row)) for row in referred]},
            "meta": meta,
            "__twarc": {"url": _QUERY, "version": "2.14.1", "retrieved_at": retrieved},
        }

    def _post(self, row: int) -> Json:
        rows, names = self.world.rows, self.world.names
        role, original = int(rows.role[row]), int(rows.original[row])
        number = str(rows.number[row])
        source = int(rows.of_original[original])
        text, language, links = self._text(row, role, original)
        post: Json = {
            "id": number,
            "edit_history_tweet_ids": [number],
            "text": text,
            "author_id": names.native(rows.author[[row]])[0].as_py(),
            "created_at": _time(int(rows.at[row])),
            "conversation_id": str(rows.number[source]) if role == REPLY else number,
            "lang": _LANGUAGE.get(language, language),
            "possibly_sensitive": False,
            "reply_settings": "everyone",
            "public_metrics": self._metrics(role, original),
        }
        if role != ORIGINAL:
            kind = {RESHARE: "retweeted", REPLY: "replied_to", QUOTE: "quoted"}[role]
            post["referenced_tweets"] = [{"type": kind, "id": str(rows.number[source])}]
        if role == REPLY:
            post["in_reply_to_user_id"] = names.native(rows.author[[source]])[0].as_py()
        entities = _entities(text, links, cut=role == RESHARE and text.endswith("…"))
        return post | ({"entities": entities} if entities else {})

    def _text(self, row: int, role: int, original: int) -> tuple[str, str, dict[str, str]]:
        """Return text, language, and where its short links lead."""
        world, rows = self.world, self.world.rows
        handle = world.names.handle(world.posts.author[[original]])[0].as_py()
        language = world.texts.languages[int(world.posts.text[original])]
        link = int(world.posts.link[original])
        links = {f"https://t.co/{link_code(link)}": link_address(link, site_of(world, original))} if link >= 0 else {}
        if role == ORIGINAL:
            return self.rendered[original], language, links
        if role == RESHARE:
            whole = f"RT @{handle}: {self.rendered[original]}"
            return (whole if len(whole) <= 140 else whole[:139] + "…"), language, links
        reply = int(world.reply_text[rows.event[row]])
        said, language = world.texts.texts[reply], world.texts.languages[reply]
        if role == REPLY:
            return f"@{handle} {said}", language, {}
        number = int(rows.number[rows.of_original[original]])
        short = f"https://t.co/{link_code(number)}"
        return f"{said} {short}", language, {short: f"https://x.com/{handle}/status/{number}"}

    def _metrics(self, role: int, original: int) -> Json:
        """Return the counts that X shows; a retweet repeats the retweets of what it repeats."""
        own = role == ORIGINAL
        count = {kind: int(counts[original]) if own else 0 for kind, counts in self.counts.items()}
        return {
            "retweet_count": int(self.counts[RESHARE][original]) if own or role == RESHARE else 0,
            "reply_count": count[REPLY],
            "like_count": count[KINDS.index("reaction")],
            "quote_count": count[QUOTE],
            "bookmark_count": 0,
            "impression_count": int(self.world.spread.views[original]) if own else 0,
        }

    def _users(self, accounts: Ints) -> Iterator[Json]:
        names, world = self.world.names, self.world
        followers = followers_of(world, accounts)[0]
        columns = (names.native(accounts), names.handle(accounts), names.name(accounts))
        for account, count, native, handle, name in zip(
            accounts, followers, *(column.to_pylist() for column in columns), strict=True
        ):
            young = 2 * world.people.count <= account < world.accounts.first_named
            joined = world.parameters.begin - 86_400 * (6 + int(account) % 5) - int(account) % 80_000
            yield {
                "id": native,
                "username": handle,
                "name": name,
                "created_at": _time(joined if young else 1_300_000_000 + int(account) * 7_919 % 400_000_000),
                "description": "",
                "verified": False,
                "protected": False,
                "url": "",
                "profile_image_url": _IMAGE,
                "public_metrics": {
                    "followers_count": int(count),
                    "following_count": 40 + int(account) * 31 % 700,
                    "tweet_count": 90 + int(account) * 97 % 9_000,
                    "listed_count": int(count) // 900,
                },
            }


def _time(at: int) -> str:
    return datetime.fromtimestamp(at, UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")


def _entities(text: str, links: dict[str, str], *, cut: bool) -> Json:
    """Return the marked parts of a text; only short links of X are links, and what a cut goes through is nothing."""
    found: Json = {}
    for part in parts_of(text):
        if cut and part.end >= len(text) - 1:
            continue
        place: Json = {"start": part.start, "end": part.end}
        if part.kind == "mention":
            found.setdefault("mentions", []).append(place | {"username": part.text[1:]})
        elif part.kind == "hashtag":
            found.setdefault("hashtags", []).append(place | {"tag": part.text[1:]})
        elif part.kind == "link" and part.text in links:
            address = links[part.text]
            shown = address.removeprefix("https://")
            urls = found.setdefault("urls", [])
            urls.append(place | {"url": part.text, "expanded_url": address, "display_url": shown})
    return found
