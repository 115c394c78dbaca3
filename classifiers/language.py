"""Which language a post is in: kk, ru, en, uk, mix (Kazakh with Russian) or und (cannot be told)."""

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

from classifiers.normalise import normalise

LANGUAGES = ("kk", "ru", "en", "uk", "mix", "und")


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


_NOT_LANGUAGE = re.compile(r"https?://\S+|\S+@\S+|[@#]\w+|<\w+>")
_WORD = re.compile(r"[^\W\d_]+(?:['’ʼ][^\W\d_]+)*")
# Only so much of a text is looked at: a language shows in its first lines.
_LOOKED_AT = 3000
# A mixture has at least this many words, and this share of all, in the language that has fewer of them.
_MIXED_WORDS, _MIXED_SHARE = 2, 0.12

_KAZAKH_LETTERS = frozenset("әғқңөұүһ")
_UKRAINIAN_LETTERS = frozenset("їєґ")  # і stands in Kazakh words as well
_NEITHER_KAZAKH_NOR_UKRAINIAN = frozenset("ё")
# Letters of the Latin alphabets proposed for Kazakh (2017-2021) that English does not have.
_LATIN_KAZAKH_LETTERS = frozenset("äöüğşñūıáńóúýǵ")

# Kazakh as it is typed without its own letters, with endings that Russian words do not have, and frequent short words.
_KAZAKH_BARE = re.compile(
    r"\w{2,}(?:лар|лер|дар|дер|тар|тер|лары|лери|дары|дери|дын|дин|тын|тин|нын|нин|га|ге|ды|ди|ган|ген|кен|кан|мыз|миз|"
    r"сыз|сиз|ныз|низ|ындар|индер|ыздар|издер|айык|ейик|гандар|генде|ганда|кыз|гиз|лык|лик|шы|ши|ып|ип|йды|йди|мен|пен)"
)
_KAZAKH_WORDS = _words(
    "бул осы сол гой емес керек жок бар болып болды болса болады деп деген ушин кейин екен еди адам халык халкы "
    "ел елге казак казакша казир калай кандай неге бизге бизди биздин сизге сиздер сендер олар кел барлык "
    "барлыгы барине жасау жатыр отыр рахмет салем бауырлар достар агайын тургындар бугин ертен кеше жаксы жаман "
    "бала балалар жана айтты калды кетти менин сенин онын кайда кашан ким биреу ешким мен сен ал ма ме ба бе па "
    "пе тур жур "
)
_RUSSIAN_WORDS = _words(
    "и в на не что это эта этот эти как все всё но по за из от для так же уже или если только мы вы они его ее "
    "её их нас вас нам вам был была было были будет есть нет когда кто где просто потому очень надо можно нельзя "
    "сегодня завтра давайте пожалуйста короче вообще ещё еще тоже чтобы при без до под над про у к с о я ты он "
    "она наш наши ваш ваши себе себя свой сами сам кому чей там тут здесь "
)
_RUSSIAN_ENDING = re.compile(
    r"\w{2,}(?:ть|ться|тся|ешь|ете|ите|йте|йтесь|ать|ить|ый|ий|ой|ая|яя|ое|ее|ые|ие|ого|его|ому|ему|ыми|ими|ых|их|"
    r"ов|ев|ами|ями|ах|ях|ция|ции|цию|ость|ости|ение|ения|ла|ло|ли|лся|лась|лись|ует|ают|яют|ют|ут|ят|ём|ем)"
)
_LATIN_KAZAKH = re.compile(
    r"\w*(?:q(?!u)|zh|kh|gh)\w*|"
    r"\w{2,}(?:lar|ler|dar|der|tar|dyn|din|tyn|nyn|nin|nyng|ning|dy|di|ty|ti|gan|gen|ghan|ga|ge|gha|myz|miz|syz|siz|nyz|niz|"
    r"yp|ip|ady|edi|aidy|eidi|maidy|meidi|tyr|tir|dai|dei|ynda|inde|lyq|lik|pen|shy|shi|ndar|nder|ngyz|ngiz|sha|she)"
)
_LATIN_KAZAKH_WORDS = _words(
    "bul osy sol goi emes kerek joq jok bar bop bolyp boldy bolsa bolady dep degen eken edi bir biz bizdin siz "
    "sizder olar su ui el apa ata ana bala jana tek dedi men sen qoi qol kel biraq birak jeksenbi senbi salem "
    "raqmet rahmet bugin erten keshe kim nege qalai kalai adam qazaq kazak qazir kazir jatyr otyr tur jur ma me "
    "ba be "
)
_ENGLISH_WORDS = _words(
    "the of and to in is are was were be been it that this these those for with you your we our they their he "
    "she his her not no at on by from as or an a i my will would can could should have has had do does did what "
    "who how if but all just about there here up out more so when please "
)


def detect_languages(texts: Sequence[str]) -> list[str]:
    """Language of each text, one of `LANGUAGES`, in order.

    A text without three letters is `und`, and so is one whose letters are mostly of a script that none of these
    languages is written in. Letters and words that only Kazakh has decide first; character n-grams, limited to these
    languages, decide the rest. A text with words of both Kazakh and Russian is `mix`.
    """
    words = [_WORD.findall(_NOT_LANGUAGE.sub(" ", normalise(text[:_LOOKED_AT]).text).lower()) for text in texts]
    scripts = [_script(of_text) for of_text in words]
    found: list[str] = ["und"] * len(texts)
    latin = [i for i, script in enumerate(scripts) if script == "latin"]
    for i in latin:
        found[i] = "kk" if _is_latin_kazakh(words[i]) else "en"
    cyrillic = [i for i, script in enumerate(scripts) if script == "cyrillic"]
    guesses = _by_ngrams([" ".join(words[i]) for i in cyrillic])
    for i, guess in zip(cyrillic, guesses, strict=True):
        found[i] = _cyrillic(words[i], guess)
    return found


def _script(words: list[str]) -> str | None:
    letters = sum(len(word) for word in words)
    if letters < 3:
        return None
    cyrillic = sum("\u0400" <= c <= "\u04ff" for word in words for c in word)
    latin = sum(c.isascii() or "\u00c0" <= c <= "\u024f" or c == "ǵ" for word in words for c in word)
    if max(cyrillic, latin) < letters / 2:
        return None
    # Names of apps and brands are written in Latin letters in every Cyrillic text.
    return "cyrillic" if cyrillic >= letters / 4 else "latin"


def _cyrillic(words: list[str], guess: str) -> str:
    kazakh = sum(_is_kazakh(word) for word in words)
    russian = sum(_is_russian(word) for word in words)
    letters = set().union(*words)
    least = max(_MIXED_WORDS, _MIXED_SHARE * len(words))
    if guess != "uk" and min(kazakh, russian) >= least:
        return "mix"
    if letters & _UKRAINIAN_LETTERS and not letters & _KAZAKH_LETTERS:
        return "uk"
    if guess != "kk" and letters & _KAZAKH_LETTERS and kazakh > russian:
        return "kk"
    if guess != "und":
        return guess
    if kazakh or russian:
        return "kk" if kazakh > russian else "ru"
    return "und"


def _is_kazakh(word: str) -> bool:
    letters = set(word)
    if letters & _KAZAKH_LETTERS:
        return True
    if letters & _NEITHER_KAZAKH_NOR_UKRAINIAN or word in _RUSSIAN_WORDS:
        return False
    if word.isascii():
        return _is_latin_kazakh_word(word)
    return word in _KAZAKH_WORDS or (_KAZAKH_BARE.fullmatch(word) is not None and not _RUSSIAN_ENDING.fullmatch(word))


def _is_russian(word: str) -> bool:
    letters = set(word)
    if letters & _KAZAKH_LETTERS or "і" in letters or word in _KAZAKH_WORDS:
        return False
    return word in _RUSSIAN_WORDS or (_RUSSIAN_ENDING.fullmatch(word) is not None and not _KAZAKH_BARE.fullmatch(word))


def _is_latin_kazakh(words: list[str]) -> bool:
    english = sum(word in _ENGLISH_WORDS for word in words)
    kazakh = sum(_is_latin_kazakh_word(word) for word in words)
    return kazakh >= max(2, 0.3 * len(words)) and kazakh > 2 * english


def _is_latin_kazakh_word(word: str) -> bool:
    if word in _ENGLISH_WORDS:
        return False
    if word in _LATIN_KAZAKH_WORDS or _LATIN_KAZAKH_LETTERS & set(word):
        return True
    return _LATIN_KAZAKH.fullmatch(word) is not None


def _by_ngrams(texts: Sequence[str]) -> list[str]:
    if not texts:
        return []
    detector, codes = _detector()
    return [
        "und" if language is None else codes[language] for language in detector.detect_languages_in_parallel_of(texts)
    ]


@cache
def _detector() -> tuple[Any, dict[Any, str]]:
    """The n-gram detector; its models (some 150 MB) are read at the first Cyrillic text."""
    from lingua import Language, LanguageDetectorBuilder

    codes = {Language.KAZAKH: "kk", Language.RUSSIAN: "ru", Language.UKRAINIAN: "uk"}
    return LanguageDetectorBuilder.from_languages(*codes).build(), codes
