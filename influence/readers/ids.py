"""Ids of the data contract from all the ways in which sources name an account or a post.

An account is `platform:native`; `platform:@handle` (lower case) where only its handle is known, and
`platform:name/Name` where only a display name is. A Telegram post is `telegram:<channel>/<message>`, since message
numbers start anew in every channel.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from urllib.parse import parse_qs, urlsplit

__all__ = [
    "PROFILE_HOSTS",
    "account_of_url",
    "actor_ref",
    "handle_of",
    "handle_ref",
    "name_ref",
    "native_of",
    "platform_name",
    "post_ref",
    "telegram_native",
    "telegram_post",
]

_SYNONYMS = MappingProxyType(
    {"twitter": "x", "tg": "telegram", "fb": "facebook", "ig": "instagram", "vkontakte": "vk", "yt": "youtube"}
)
PROFILE_HOSTS = MappingProxyType(
    {
        "t.me": "telegram",
        "telegram.me": "telegram",
        "telegram.dog": "telegram",
        "x.com": "x",
        "twitter.com": "x",
        "vk.com": "vk",
        "vk.ru": "vk",
        "instagram.com": "instagram",
        "threads.net": "threads",
        "threads.com": "threads",
        "tiktok.com": "tiktok",
        "youtube.com": "youtube",
        "facebook.com": "facebook",
        "fb.com": "facebook",
        "ok.ru": "ok",
    }
)
"""Hosts whose addresses name accounts, and their platforms."""
_HANDLES = MappingProxyType(
    {
        "telegram": re.compile(r"[A-Za-z][A-Za-z0-9_]{2,31}"),
        "x": re.compile(r"(?!\d+$)[A-Za-z0-9_]{1,15}"),
        "instagram": re.compile(r"(?!\d+$)[A-Za-z0-9._]{1,30}"),
        "threads": re.compile(r"(?!\d+$)[A-Za-z0-9._]{1,30}"),
        "tiktok": re.compile(r"(?!\d+$)[A-Za-z0-9._]{2,24}"),
    }
)
_QUALIFIED = re.compile(r"([a-z][a-z0-9_-]*):(?!//)(\S.*)", re.DOTALL)
_URL = re.compile(r"(?:https?://)?(?:[a-z0-9-]+\.)*[a-z0-9-]+\.[a-z]{2,}/\S+", re.IGNORECASE)
_PEER = re.compile(r"(?:user|channel|chat)?(-?)(\d+)")
# First parts of addresses that are no profiles.
_PAGES = frozenset((
    "i", "intent", "share", "hashtag", "search", "home", "watch", "shorts", "playlist", "results", "status",
    "explore", "p", "reel", "reels", "tv", "story", "stories", "groups", "events", "photo", "photo.php",
    "permalink.php", "story.php", "sharer", "sharer.php", "joinchat", "addstickers", "proxy", "socks", "c", "s",
    "wall", "feed", "video", "clip", "music", "app", "apps", "login", "settings", "embed", "live",
))  # fmt: skip


def platform_name(text: str) -> str:
    """Return the name that the data contract has for a platform."""
    name = text.strip().lower()
    return _SYNONYMS.get(name, name)


def telegram_native(value: object) -> str | None:
    """Return the bare number of a Telegram channel, group or user, None if it is none.

    Telethon and bots mark a channel as -100…, Telegram Desktop as channel…: both are the same number.
    """
    match = _PEER.fullmatch(str(value).strip())
    if match is None:
        return None
    sign, digits = match.groups()
    if digits.startswith("100") and len(digits) > 3 and (sign or len(digits) >= 13):
        digits = digits[3:]
    return digits.lstrip("0") or None


def handle_ref(platform: str, handle: str) -> str:
    """Return the id of an account of which only the handle is known."""
    return f"{platform}:@{handle.strip().lstrip('@').lower()}"


def name_ref(platform: str, name: str) -> str:
    """Return the id of an account of which only the display name is known.

    Where there are no accounts (press, tv, web) the name is the native id; elsewhere it must not pass for a handle.
    """
    plain = " ".join(name.split())
    return f"{platform}:name/{plain}" if platform in PROFILE_HOSTS.values() else f"{platform}:{plain}"


def native_of(actor_id: str) -> str:
    """Return what stands after the platform, without the @ of a handle."""
    return actor_id.partition(":")[2].lstrip("@")


def handle_of(actor_id: str) -> str | None:
    """Return the handle of an id that is made from one."""
    native = actor_id.partition(":")[2]
    return native[1:] if native.startswith("@") else None


def account_of_url(url: str) -> tuple[str, str] | None:
    """Return platform and native id or `@handle` that the address of a profile or of a post of it names.

    None if the address is of no known platform or of no profile.
    """
    try:
        parts = urlsplit(url if "//" in url else f"//{url}")
        host = (parts.hostname or "").lower()
    except ValueError:  # brackets that are not closed, a port that is no number
        return None
    platform = PROFILE_HOSTS.get(re.sub(r"^(?:www|m|mobile|web|ru-ru)\.", "", host))
    path = [piece for piece in parts.path.split("/") if piece]
    if platform == "telegram" and path[:1] == ["s"]:
        path = path[1:]
    if platform is None or not path:
        return None
    native = _profile(platform, path, parts.query)
    return (platform, native) if native else None


def _profile(platform: str, path: list[str], query: str) -> str | None:
    first = path[0]
    if platform == "telegram" and first == "c" and len(path) > 1 and path[1].isdecimal():
        return path[1]
    if platform == "facebook" and first == "profile.php":
        return next(iter(parse_qs(query).get("id", [])), None)
    if platform in ("youtube", "ok") and first in ("channel", "profile", "user", "group") and len(path) > 1:
        return path[1]
    if platform == "vk":
        return _vk(first)
    if first.lower() in _PAGES or first.startswith("+"):
        return None
    return first if first.isdecimal() else "@" + first.lstrip("@").lower()


def _vk(first: str) -> str | None:
    match = re.fullmatch(r"(id|club|public|event|wall)(-?\d+)(?:_\d+)?", first)
    if match is None:
        return None if first.lower() in _PAGES else "@" + first.lower()
    sign = "-" if match[1] in ("club", "public", "event") else ""
    return sign + match[2]


def actor_ref(platform: str, value: object) -> str | None:
    """Return the id of an account from an id, a handle, the address of its profile, or else its name; None if empty."""
    text = str(value).strip()
    if not text:
        return None
    qualified = _QUALIFIED.fullmatch(text)
    if qualified:
        # The same rules for what follows the platform; but no second platform inside.
        return _native_ref(platform_name(qualified[1]), qualified[2])
    if _URL.fullmatch(text):
        found = account_of_url(text)
        return f"{found[0]}:{found[1]}" if found else f"{platform}:{text}"
    return _native_ref(platform, text)


def _native_ref(platform: str, text: str) -> str:
    if text.startswith("@"):
        return handle_ref(platform, text)
    if platform == "telegram" and (native := telegram_native(text)):
        return f"telegram:{native}"
    if platform not in _HANDLES or text.startswith("name/"):
        return f"{platform}:{text}"
    if _HANDLES[platform].fullmatch(text):
        return handle_ref(platform, text)
    return name_ref(platform, text) if re.search(r"\s|[^\x00-\x7f]", text) else f"{platform}:{text}"


def telegram_post(channel: str, message: object) -> str:
    """Return the id of a message from the bare number (or handle) of its channel or group and its number there."""
    return f"telegram:{channel}/{message}"


def post_ref(platform: str, value: object, actor: str | None = None) -> str | None:
    """Return the id of a post from its native id, its id in the contract, or its address; None if there is none.

    On Telegram a bare message number needs the id of its channel in `actor`.
    """
    text = str(value).strip()
    if not text:
        return None
    qualified = _QUALIFIED.fullmatch(text)
    if qualified:
        platform, text = platform_name(qualified[1]), qualified[2]
    elif _URL.fullmatch(text):
        platform, text = _post_of_url(platform, text)
    if platform != "telegram":
        return f"{platform}:{text}"
    channel, slash, message = text.rpartition("/")
    if slash:
        return telegram_post(telegram_native(channel) or channel.lstrip("@").lower(), message)
    return telegram_post(native_of(actor), text) if actor else None


def _post_of_url(platform: str, url: str) -> tuple[str, str]:
    account = account_of_url(url)
    path = [piece for piece in re.split(r"[?#]", url)[0].split("/") if piece]
    if account and account[0] == "telegram" and path[-1].isdecimal():
        return "telegram", f"{account[1].lstrip('@')}/{path[-1]}"
    if "status" in path[:-1] and re.search(r"\b(x|twitter)\.com$", path[path.index("status") - 2].lower()):
        return "x", path[path.index("status") + 1]
    return (account[0] if account else platform), url
