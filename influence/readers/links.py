"""Web addresses in the one form in which two posts that share a page agree.

Own code, since the libraries for it (w3lib, url-normalize, courlan) stop at what the standard says: they keep `m.` and
`youtu.be` apart from what these lead to, and sort or re-encode queries, which changes pages of some servers.
"""

from __future__ import annotations

import re
import unicodedata
from types import MappingProxyType
from urllib.parse import SplitResult, parse_qs, unquote_to_bytes, urlsplit, urlunsplit

__all__ = ["canonical_url"]

_TRACKING = re.compile(
    r"utm_\w+|mtm_\w+|pk_(?:campaign|kwd|source|medium|content)|at_(?:campaign|medium|custom\d)|"
    r"fbclid|gclid|dclid|gclsrc|gbraid|wbraid|yclid|ysclid|ymclid|msclkid|twclid|ttclid|li_fat_id|rb_clickid|"
    r"igshid|igsh|mibextid|mc_[ce]id|_openstat|mkt_tok|_hs(?:enc|mi)|__hs\w+|vero_(?:id|conv)|oly_(?:anon|enc)_id|"
    r"wt_mc|ref_src|ref_url|cmpid|s_cid|_ga|_gl|__tn__|__cft__(?:\[\d\])?|__xts__(?:\[\d\])?|_rdr|frommedia|frompush",
    re.IGNORECASE,
)
"""Parameters that say where a click came from and change nothing in the page."""
_SHARING = MappingProxyType(
    {
        "x.com": re.compile(r"s|t|cxt"),
        "facebook.com": re.compile(r"ref|refid|rdid|share_url|paipv|eav|hash|_ft_|fref|sfnsn|locale"),
        "instagram.com": re.compile(r"hl|utm\w*|img_index"),
        "tiktok.com": re.compile(r"_[rtd]|is_\w+|sender_\w+|share_\w+|tt_\w+|u_code|lang|q|web_id"),
        "t.me": re.compile(r"single|comment|embed|mode|before|after"),
        "vk.com": re.compile(r"from|ref|reply|thread"),
    }
)
"""Parameters of that kind that only mean it on one site."""
_HOSTS = MappingProxyType(
    {
        "twitter.com": "x.com",
        "telegram.me": "t.me",
        "telegram.dog": "t.me",
        "vk.ru": "vk.com",
        "vkontakte.ru": "vk.com",
        "mbasic.facebook.com": "facebook.com",
        "web.facebook.com": "facebook.com",
        "fb.com": "facebook.com",
        "youtube-nocookie.com": "youtube.com",
        "music.youtube.com": "youtube.com",
    }
)
"""Other names of a site."""
_PORTS = MappingProxyType({"http": 80, "https": 443})
_BESIDE = re.compile(r"^(?:(?:www\d?|m|mobile)\.)+(?=[^.]+\.[^.]+)")
_WIKI = re.compile(r"^([a-z-]+)\.m\.(wik\w+\.org)$")
_CODED = re.compile(r"(?:%[89a-fA-F][0-9a-fA-F])+")
_VIDEO = re.compile(r"^/(?:shorts|live|embed|v)/([\w-]{6,})")


_END = re.compile(r"[\s/]+\Z")


def canonical_url(url: str) -> str | None:
    """Return an address in the form in which two posts that share it agree; None if it is no web address.

    Scheme and host are in lower case, the host without `www.`, `m.` and `mobile.` and international names in Punycode;
    default ports, fragments, names of users, parameters that only track and the slash at the end are left out; letters
    of the path are letters and not percent codes. Addresses of videos on YouTube are `youtube.com/watch?v=…`, other
    names of a site (twitter.com, telegram.me) the usual one. The scheme stays: `http` and `https` are two pages.

    Examples
    --------
    >>> canonical_url("HTTPS://m.Zakon.kz:443/news/?utm_source=tg&id=5#top")
    'https://zakon.kz/news?id=5'
    >>> canonical_url("youtu.be/dQw4w9WgXcQ?si=abc")
    'https://youtube.com/watch?v=dQw4w9WgXcQ'
    """
    text = url.strip()
    if "://" not in text:
        if re.match(r"[a-z]+:(?!\d)|[^/]*@", text, re.IGNORECASE):  # mailto:, tel:, an address of mail
            return None
        text = f"https://{text}"
    try:
        parts = urlsplit(text)
        host, port = _host(parts), parts.port
    except (ValueError, UnicodeError):
        return None
    scheme = parts.scheme.lower()
    if scheme not in _PORTS or "." not in host:
        return None
    video = _video(host, parts)
    if video:
        return f"https://youtube.com/watch?v={video}"
    place = host if port in (None, _PORTS[scheme]) else f"{host}:{port}"
    return urlunsplit((scheme, place, _path(host, parts.path), _query(host, parts.query), ""))


def _host(parts: SplitResult) -> str:
    host = (parts.hostname or "").rstrip(".")
    if not host.isascii():
        host = host.encode("idna").decode()
    host = _WIKI.sub(r"\1.\2", _BESIDE.sub("", host.lower()))
    return _HOSTS.get(host, host)


def _video(host: str, parts: SplitResult) -> str | None:
    """Return the id of a video on YouTube, None for all other addresses."""
    found = None
    if host == "youtu.be":
        found = parts.path.strip("/").partition("/")[0]
    elif host == "youtube.com":
        named = _VIDEO.match(parts.path)
        watched = parse_qs(parts.query).get("v", [None])[0] if parts.path.rstrip("/") == "/watch" else None
        found = named[1] if named else watched
    return found if found and re.fullmatch(r"[\w-]+", found, re.ASCII) else None


def _path(host: str, path: str) -> str:
    plain = unicodedata.normalize("NFC", _CODED.sub(_decoded, path))
    if host == "t.me":
        plain = plain.removeprefix("/s") if plain.startswith("/s/") else plain  # the channel's page for browsers
    return _END.sub("", plain) or "/"


def _decoded(match: re.Match[str]) -> str:
    try:
        return unquote_to_bytes(match[0]).decode("utf-8")
    except UnicodeDecodeError:
        return match[0].upper()


def _query(host: str, query: str) -> str:
    """Return the parameters that count, as they are written and in their order."""
    own = _SHARING.get(host)
    kept = []
    for pair in map(str.strip, query.split("&")):
        name = pair.partition("=")[0].replace("%5B", "[").replace("%5D", "]")
        if pair and not _TRACKING.fullmatch(name) and not (own and own.fullmatch(name)):
            kept.append(_CODED.sub(_decoded, pair))
    return "&".join(kept)
