"""What plain texts hold besides words: links, hashtags, mentions."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from types import MappingProxyType

from influence.readers.links import canonical_url

__all__ = ["MENTION", "hashtag", "hashtags", "mentions", "urls"]

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


def urls(text: str) -> Iterator[str]:
    """Yield the addresses in a plain text."""
    for match in _LINK.finditer(text):
        link = match[0].rstrip(".,;:!?…*_~")
        while link.endswith(")") and link.count(")") > link.count("("):
            link = link[:-1].rstrip(".,;:!?…*_~")
        plain = canonical_url(link)
        if plain:
            yield plain


def hashtag(text: str) -> str | None:
    """Return a hashtag without its sign and with its case folded; None if nothing is left."""
    return _folded(text.strip().lstrip("#＃").partition("@")[0]) or None


def _folded(text: str) -> str:
    # Composed first: й and и with a breve are one letter to a reader.
    return unicodedata.normalize("NFKC", text).casefold()


def hashtags(text: str) -> Iterator[str]:
    """Yield the hashtags in a plain text, their case folded."""
    for match in _HASHTAG.finditer(unicodedata.normalize("NFKC", text)):
        yield _folded(match[1])


def mentions(platform: str, text: str) -> Iterator[str]:
    """Yield the handles that a text mentions, in lower case; none where mentions have no form of their own."""
    pattern = MENTION.get(platform)
    if pattern is not None:
        for match in pattern.finditer(text):
            yield match[1].lower()
