"""Sentences, clauses and words of a post, as places in the text that was given.

Posts are not prose: a line is a sentence, an emoji stands for a full stop, and a full stop often means nothing. One
set of rules serves Kazakh, Russian, Ukrainian and English, whose marks are the same.
"""

import re

# A sentence of more words is cut into its clauses: some posts have no full stop at all.
_LONGEST_SENTENCE = 40

Place = tuple[int, int]
"""Half-open range of Unicode code points of a text."""

_EMOJI = "\u203c\u2049\u2139\u2190-\u21ff\u231a-\u23ff\u25a0-\u27bf\u2934\u2935\u2b00-\u2bff\u3030\U0001f000-\U0001faff"
_CLOSING = "\"'»”’)]*_~`"
# A boundary is the text between two pieces, or an empty place; what it takes away is a mark that no piece needs.
_SENTENCE = re.compile(
    r"[\r\n\u2028\u2029\x0b\x0c\x85]+"
    rf"|(?<=[!?…])[{re.escape(_CLOSING)}]*(?=\s|[{_EMOJI}])"
    rf"|(?<=\.)[{re.escape(_CLOSING)}]*(?=\s|[{_EMOJI}]|$)"
    rf"|[{_EMOJI}][{_EMOJI}\ufe0f\u200d\U000e0020-\U000e007f]*"
    r"|(?<=\s)[•●▪◾‣·|](?=\s)"
)
_CLAUSE = re.compile(r"(?<=[,;:])\s+|\s+(?=[–—-]+\s)|(?<=[)\]»”])\s+(?=[(\[«“])")
_WORD = re.compile(r"\S*\w\S*")
_LAST_WORD = re.compile(r"(\w+)\.$")
_NEXT = re.compile(r"\s*[\"'«“(\[*_]*(\w)")
# Words that end in a full stop within a sentence, besides single letters.
_SHORTENED = frozenset(
    [
        *("ул", "пр", "просп", "пер", "обл", "тел", "им", "тыс", "млн", "млрд", "руб", "грн", "тг", "тенге", "др"),
        *("проф", "гр", "стр", "напр", "рис", "табл", "см", "ср", "вул", "буд", "пл", "көш", "ауд"),
        *("mr", "mrs", "ms", "dr", "prof", "st", "no", "vs", "etc", "inc", "ltd", "jr", "sr", "approx"),
    ]
)


def sentences(text: str) -> list[Place]:
    """Places of the sentences of a text, in order, without the white space around them.

    Line breaks, emoji and bullets end a sentence, and so do `.`, `!`, `?` and `…` before white space or an emoji,
    unless the full stop belongs to a shortened word or a small letter follows. Pieces without a letter or digit are
    left out; every letter and digit of the text stands in exactly one piece.

    >>> text = "Сбор 5 мая в 18:00 на ул. Абая!🔥Берите перчатки\\nКеліңіздер."
    >>> [text[start:end] for start, end in sentences(text)]
    ['Сбор 5 мая в 18:00 на ул. Абая!', 'Берите перчатки', 'Келіңіздер.']
    """
    found, begin = [], 0
    for match in _SENTENCE.finditer(text):
        if not _goes_on(text, begin, match):
            # Marks that close a quotation stay with what they close; line breaks and emoji go.
            end = match.end() if match[0] and match[0][0] in _CLOSING else match.start()
            found.append((begin, end))
            begin = match.end()
    found.append((begin, len(text)))
    return _trimmed(text, found)


def pieces(text: str) -> list[Place]:
    """Places of the pieces of a post of which one may carry what it says: its sentences.

    A sentence that stands alone, or has more than forty words, is given by its clauses.
    """
    found = sentences(text)
    alone = len(found) == 1
    return [
        part
        for place in found
        for part in (clauses(text, place) if alone or len(words(text, place)) > _LONGEST_SENTENCE else [place])
    ]


def clauses(text: str, place: Place) -> list[Place]:
    """Places of the clauses of one sentence: what stands between commas, colons, semicolons, dashes and brackets."""
    found, begin = [], place[0]
    for match in _CLAUSE.finditer(text, *place):
        found.append((begin, match.start()))
        begin = match.end()
    found.append((begin, place[1]))
    return _trimmed(text, found)


def words(text: str, place: Place) -> list[Place]:
    """Places of the words within a place: runs without white space that have a letter or digit."""
    return [match.span() for match in _WORD.finditer(text, *place)]


def _goes_on(text: str, begin: int, match: re.Match[str]) -> bool:
    """Whether a mark is no end: a full stop of a shortened word or before a small letter, a line cut in two."""
    after = _NEXT.match(text, match.end())
    if after is None:
        return False
    if match[0].isspace():
        before = text[begin : match.start()].rstrip()
        return after[1].islower() and match[0].count("\n") == 1 and before[-1:].isalnum() | (before[-1:] in ",–—-(«")
    before = text[begin : match.start()].rstrip(_CLOSING)
    if not before.endswith(".") or (match[0] and match[0][0] not in _CLOSING):
        return False
    last = _LAST_WORD.search(before)
    short = last is not None and (
        (len(last[1]) == 1 and last[1].isalpha())
        or last[1].casefold() in _SHORTENED
        or (last[1].isdigit() and before.strip() == last[0])
    )
    return short or (after[1].islower() and "\n" not in text[match.end() : after.end()])


def _trimmed(text: str, places: list[Place]) -> list[Place]:
    """The places without white space at their ends; those without a letter or digit are left out."""
    kept = []
    for start, end in places:
        while start < end and text[start].isspace():
            start += 1
        while start < end and text[end - 1].isspace():
            end -= 1
        if any(char.isalnum() for char in text[start:end]):
            kept.append((start, end))
    return kept
