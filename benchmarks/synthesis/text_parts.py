"""Links, mentions, hashtags and phone numbers within a text, as exports mark them."""

import re
from dataclasses import dataclass

__all__ = ["Part", "parts_of"]

_MARKS = re.compile(
    r"(?P<link>https?://[^\s»)]+|\b(?:t\.me|[a-z-]+\.org)/[^\s»)]+)"
    r"|(?P<mention>(?<!\w)@\w{3,})"
    r"|(?P<hashtag>(?<!\w)#\w+)"
    r"|(?P<phone>\+7[ \d-]{9,}\d)"
)


@dataclass(frozen=True, slots=True)
class Part:
    """A stretch of a text; `kind` is plain, link, mention, hashtag or phone."""

    kind: str
    text: str
    start: int
    """In characters from the beginning."""

    @property
    def end(self) -> int:
        """First character after it."""
        return self.start + len(self.text)


def parts_of(text: str) -> list[Part]:
    """Cut a text into marked and plain parts; together they are the text."""
    parts: list[Part] = []
    done = 0
    for match in _MARKS.finditer(text):
        marked = match.group().rstrip(".,!?:;…*\"'")
        if match.start() > done:
            parts.append(Part("plain", text[done : match.start()], done))
        parts.append(Part(str(match.lastgroup), marked, match.start()))
        done = match.start() + len(marked)
    if done < len(text):
        parts.append(Part("plain", text[done:], done))
    return parts
