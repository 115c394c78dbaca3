"""Alter the form of a post and leave what it says: spelling, letters, digits, case and marks must not decide.

Every change keeps the length up to what is appended at the end, so that marked words stay where they were.
"""

import random
from dataclasses import replace

from classifiers.examples import Example

# As Kazakh is typed without its letters.
_WITHOUT_KAZAKH_LETTERS = str.maketrans("әғқңөұүһіӘҒҚҢӨҰҮҺІ", "агкноуухиАГКНОУУХИ")
_KAZAKH = frozenset("әғқңөұүһ")
_EMOJI = "🙏❗🔥👍📌😡❤💪📢😢✅⚡"
#: Share of words in which a typing slip swaps two letters.
_SLIPS = 0.04


def altered(example: Example, rng: random.Random) -> Example:
    """The example with one or two changes of form: labels and places of spans stay true.

    Kazakh without its letters (a third of Kazakh posts), other digits, typing slips, all small letters, softer marks,
    an emoji at the end.
    """
    text = example.text
    if _KAZAKH & set(text.casefold()) and rng.random() < 1 / 3:
        text = text.translate(_WITHOUT_KAZAKH_LETTERS)
    for change in rng.sample((_other_digits, _slips, _small, _softer, _with_emoji), k=rng.choice((0, 1, 1, 2))):
        text = change(text, rng)
    return replace(example, text=text)


def _other_digits(text: str, rng: random.Random) -> str:
    return "".join(rng.choice("0123456789") if "0" <= c <= "9" else c for c in text)


def _slips(text: str, rng: random.Random) -> str:
    letters = list(text)
    for i in range(1, len(letters) - 2):
        if letters[i].isalpha() and letters[i + 1].isalpha() and letters[i - 1].isalpha() and rng.random() < _SLIPS / 4:
            letters[i], letters[i + 1] = letters[i + 1], letters[i]
    return "".join(letters)


def _small(text: str, _: random.Random) -> str:
    small = text.lower()
    return small if len(small) == len(text) else text


def _softer(text: str, _: random.Random) -> str:
    return text.replace("!", ".")


def _with_emoji(text: str, rng: random.Random) -> str:
    return f"{text} {rng.choice(_EMOJI) * rng.choice((1, 1, 2, 3))}"
