"""What identifies people inside texts: mentions, links to profiles, phone numbers, e-mail addresses, card numbers."""

from __future__ import annotations

import re
from collections.abc import Callable

from influence.readers.ids import PROFILE_HOSTS, account_of_url

__all__ = ["mask", "scrub"]

Replace = Callable[[str, str], str | None]
"""Given platform and native id (or `@handle`), what to write instead; None to leave it as it is."""

_EMAIL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+")
_HOSTS = "|".join(re.escape(host) for host in sorted(PROFILE_HOSTS, key=len, reverse=True))
_LINK = re.compile(
    rf"(?P<scheme>https?://)?(?P<host>(?:[\w-]+\.)*(?:{_HOSTS}))(?P<path>/[^\s<>\"'`\[\]{{}}|\\^«»“”()]*)",
    re.IGNORECASE,
)
_APP_LINK = re.compile(r"\b(?:tg|vk|fb|instagram|whatsapp|viber)://[^\s<>\"'()\[\]]+", re.IGNORECASE)
_WIKI_MENTION = re.compile(r"\[(id|club|public)(\d+)\|[^\]]*\]")
_MENTION = re.compile(r"@([^\W_][\w]*|_\w+)")
_DOTTED = re.compile(r"@(\w+(?:\.\w+)*)")
_TOKEN = re.compile(r"\w{4,}")
_NUMBER = re.compile(r"(?<![\w.,/])\+?\d(?:[ \t\u00a0().-]{0,3}\d){6,20}(?!\w)")
_AMOUNT = re.compile(r"\d{1,3}(?:[ \u00a0]\d{3})+")
_DATE = re.compile(r"(?:\d{4}[-.]\d{2}[-.]\d{2}|\d{2}[-.]\d{2}[-.]\d{4})(?:[ .-].*)?")
_ABROAD = ("380", "375", "998", "996", "992", "993", "994", "374", "995", "373")
# Platforms whose handles hold no points: after one a sentence ends.
_NO_POINTS = frozenset(("telegram", "x"))


def mask(text: str, platform: str, replace: Replace, tokens: frozenset[str]) -> str:
    """Return a text without what identifies people: e-mail addresses, links, mentions, known ids and handles, numbers.

    `replace` gives the pseudonym of an account, or None for one that stays named; `tokens` are ids and handles (lower
    case) to be replaced wherever they stand as a word.
    """
    text = _EMAIL.sub("[email]", text)
    text = _LINK.sub(lambda match: _link(match, replace), text)
    text = _APP_LINK.sub("[link]", text)
    text = _WIKI_MENTION.sub(lambda match: _wiki(match, replace), text)
    pattern = _MENTION if platform in _NO_POINTS else _DOTTED
    text = pattern.sub(lambda match: _mention(match, platform, replace), text)
    if tokens:
        text = _TOKEN.sub(lambda match: _token(match, platform, replace, tokens), text)
    return _NUMBER.sub(_number, text)


def _link(match: re.Match[str], replace: Replace) -> str:
    found = account_of_url(match["host"] + match["path"].rstrip(".,;:!?…"))
    host = f"{match['scheme'] or ''}{match['host']}"
    if found is None:  # an invitation, a post by its number, a search: whom it leads to is not said, but it leads there
        return f"{host}/[link]"
    instead = replace(*found)
    return match[0] if instead is None else f"{host}/{instead}"


def _wiki(match: re.Match[str], replace: Replace) -> str:
    native = match[2] if match[1] == "id" else f"-{match[2]}"
    instead = replace("vk", native)
    return match[0] if instead is None else f"@{instead}"


def _mention(match: re.Match[str], platform: str, replace: Replace) -> str:
    instead = replace(platform, f"@{match[1].lower()}")
    return match[0] if instead is None else f"@{instead}"


def _token(match: re.Match[str], platform: str, replace: Replace, tokens: frozenset[str]) -> str:
    word = match[0].lower()
    if word not in tokens:
        return match[0]
    instead = replace(platform, word if word.isdecimal() else f"@{word}")
    return match[0] if instead is None else instead


def _number(match: re.Match[str]) -> str:
    text = match[0]
    digits = re.sub(r"\D", "", text)
    if 13 <= len(digits) <= 19 and _luhn(digits):
        return "[card]"
    if text.startswith("+"):
        return "[phone]" if 8 <= len(digits) <= 15 else text
    if _AMOUNT.fullmatch(text) or _DATE.fullmatch(text):
        return text
    inland = (len(digits) == 11 and digits[0] in "78") or (len(digits) == 10 and digits[0] in "079")
    return "[phone]" if inland or (len(digits) == 12 and digits.startswith(_ABROAD)) else text


def _luhn(digits: str) -> bool:
    """Say whether the last digit checks the others, as on payment cards (ISO/IEC 7812-1, annex B)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def scrub(text: str) -> str:
    """Return a reason or a remark without the values that it quotes, which may name people."""
    text = re.sub(r",? for example: .*", "", text, flags=re.DOTALL)
    text = re.sub(r"(an error object): .*", r"\1", text, flags=re.DOTALL)
    text = re.sub(r"(not of the expected shape).*", r"\1", text, flags=re.DOTALL)
    return re.sub(r"'[^']*'|\"[^\"]*\"|\d{5,}", "…", text)
