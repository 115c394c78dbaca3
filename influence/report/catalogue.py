"""The texts of a report in one language: `assets/<lang>.toml`, sentences with named places, plurals by form.

A further language is a further file with the same keys, and its plural rule below.
"""

from __future__ import annotations

import tomllib
from collections.abc import Callable, Mapping
from importlib import resources
from types import MappingProxyType
from typing import Any

from markupsafe import Markup, escape

from influence.errors import InputError
from influence.report.numbers import Numbers

__all__ = ["LANGUAGES", "Catalogue", "load_catalogue"]


def _one_or_other(count: float) -> str:
    return "one" if count == 1 else "other"


PLURALS: Mapping[str, Callable[[float], str]] = MappingProxyType({"en": _one_or_other})
"""Which form of a noun goes with a count, by language."""

LANGUAGES = tuple(PLURALS)


class Catalogue:
    """The texts of one language.

    A key is `section.name`. Values are set in by name; what is not Markup is escaped.
    """

    def __init__(self, lang: str, texts: Mapping[str, Any]) -> None:
        self.lang = lang
        self.texts = texts
        self.numbers = Numbers(**{**texts["numbers"], "months": tuple(texts["numbers"]["months"])})

    def _find(self, key: str) -> Any:
        found: Any = self.texts
        for part in key.split("."):
            found = found[part]
        return found

    def __call__(self, key: str, /, **values: object) -> Markup:
        """Return the text of a key with the values set in."""
        return Markup(escape(self._find(key))).format(**values)

    def plain(self, key: str, /, **values: object) -> str:
        """Return the text of a key as plain text, for attributes, charts and machine-readable files."""
        return str(self._find(key)).format(**values)

    def has(self, key: str) -> bool:
        """Say whether there is such a key."""
        try:
            self._find(key)
        except KeyError:
            return False
        return True

    def name(self, group: str, key: str) -> str:
        """Return the name of a kind, a metric, a technique …; the key itself, readable, where there is none."""
        return str(self.texts.get(group, {}).get(key, key.replace("_", " ")))

    def names(self, group: str) -> Mapping[str, str]:
        """Return all names of a group by key."""
        return {key: str(value) for key, value in self.texts.get(group, {}).items()}

    def counted(self, noun: str, count: float) -> str:
        """Return a count with its noun in the right form, as in `1 post`, `2 posts`."""
        return f"{self.numbers.count(count)}\u00a0{self.texts['nouns'][noun][PLURALS[self.lang](count)]}"

    def plural(self, key: str, count: float, /, **values: object) -> Markup:
        """Return the form of a sentence that goes with a count."""
        return self(f"{key}.{PLURALS[self.lang](count)}", n=self.numbers.count(count), **values)

    def listed(self, items: list[Any]) -> Markup:
        """Return items as `a, b and c`."""
        if len(items) < 2:
            return escape(items[0]) if items else Markup("")
        return Markup("{}{}{}").format(Markup(", ").join(items[:-1]), self("lists.last"), items[-1])


def load_catalogue(lang: str) -> Catalogue:
    """Return the texts of a language.

    Raises InputError if the program has none in it.
    """
    if lang not in LANGUAGES:
        raise InputError(f"there is no report in language {lang!r} in this version; use --lang {', '.join(LANGUAGES)}.")
    file = resources.files("influence.report") / "assets" / f"{lang}.toml"
    return Catalogue(lang, tomllib.loads(file.read_text(encoding="utf-8")))
