"""What plain texts hold besides words: links, hashtags, mentions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from types import MappingProxyType
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

__all__ = ["MENTION", "hashtag", "hashtags", "mentions", "plain_url", "urls"]

_LINK = re.compile(r"https?://[^\s<>\"'`\[\]{}|\\^«»“”]+", re.IGNORECASE)
_HASHTAG = re.compile(r"(?<![\w&/#@])#(\w*[^\W\d]\w*)")
_AT = r"(?<![\w@./=%+-])@"
MENTION = MappingProxyType(
    {
        "telegram": re.compile(_AT + r"([A-Za-z][A-Za-z0-9_]{2,31})\b"),
        "x": re.compile(_AT + r"([A-Za-z0-9_]{1,15})(?!\w)"),
        "instagram": re.compile(_AT + r"([A-Za-z0-9_](?:[A-Za-z0-9._]{0,28}[A-Za-z0-9_])?)(?!\w)"),
        "threads": re.compile(_AT + r"([A-Za-z0-9_](?:[A-Za-z0-9._]{0,28}[A-Za-z0-9_])?)(?!\w)"),
        "tiktok": re.compile(_AT + r"([A-Za-z0-9_](?:[A-Za-z0-9._]{0,22}[A-Za-z0-9_])?)(?!\w)"),
    }
)
"""How a mention looks on the platforms where it can be told from an e-mail address or a decoration."""
_TRACKING = re.compile(r"utm_\w+|fbclid|gclid|yclid|igshid|igsh|mc_[ce]id|_openstat", re.IGNORECASE)


def plain_url(url: str) -> str | None:
    """Return an address in the form in which two posts that share it agree; None if it is no web address.

    Scheme and host in lower case, without the fragment and without parameters that only track where a click came from.
    """
    text = url.strip()
    if "://" not in text:
        if re.match(r"[a-z]+:(?!\d)|[^/]*@", text, re.IGNORECASE):  # mailto:, tel:, an address of mail
            return None
        text = f"https://{text}"
    try:
        parts = urlsplit(text)
        host = (
            (parts.hostname or "").encode("idna").decode() if not (parts.hostname or "").isascii() else parts.hostname
        )
        port = f":{parts.port}" if parts.port else ""
    except (ValueError, UnicodeError):
        return None
    if parts.scheme.lower() not in ("http", "https") or not host or "." not in host:
        return None
    query = parts.query
    if _TRACKING.search(query):
        kept = [pair for pair in parse_qsl(query, keep_blank_values=True) if not _TRACKING.fullmatch(pair[0])]
        query = urlencode(kept)
    return urlunsplit((parts.scheme.lower(), host.lower() + port, parts.path, query, ""))


def urls(text: str) -> Iterator[str]:
    """Yield the addresses in a plain text."""
    for match in _LINK.finditer(text):
        link = match[0].rstrip(".,;:!?…*_~")
        while link.endswith(")") and link.count(")") > link.count("("):
            link = link[:-1].rstrip(".,;:!?…*_~")
        plain = plain_url(link)
        if plain:
            yield plain


def hashtag(text: str) -> str | None:
    """Return a hashtag without its sign and in lower case; None if nothing is left."""
    return text.strip().lstrip("#").partition("@")[0].lower() or None


def hashtags(text: str) -> Iterator[str]:
    """Yield the hashtags in a plain text, in lower case."""
    for match in _HASHTAG.finditer(text):
        yield match[1].lower()


def mentions(platform: str, text: str) -> Iterator[str]:
    """Yield the handles that a text mentions, in lower case; none where mentions have no form of their own."""
    pattern = MENTION.get(platform)
    if pattern is not None:
        for match in pattern.finditer(text):
            yield match[1].lower()
