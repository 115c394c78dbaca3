"""The tables of a model card, from the model's figures: `python -m classifiers.training.card [--errors] DIR`."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from classifiers.evaluation.report import mistake_table, score_table
from classifiers.settings import read_settings

__all__ = ["main", "score_table", "with_table"]

#: The measures that a reader of the card needs; `classifier.json` has them all.
HEADLINE = (
    "call:auc",
    "call:ap",
    "call:recall",
    "call:f1",
    "call:fpr",
    "call:tpr",
    "call:ece",
    "verdict:auc",
    "verdict:ap",
    "label:f1",
    "label:aurc",
    "label:undetermined",
    "label_abstaining:f1",
    "manipulative:tpr",
    "manipulative:false",
    "pairs:consistency",
    "techniques:auc",
    "techniques:any_auc",
    "techniques:f1",
    "spans:f1",
    "spans:word_f1",
)
_TITLES = {"scores": "Scores", "errors": "Typical mistakes"}


def headline(records: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The scores for a card: `HEADLINE` of kinds of posts, without those of each source."""
    return [r for r in records if r["key"] in HEADLINE and not r["posts"].startswith("source ")]


def with_table(card: str, table: str, section: str = "scores") -> str:
    """The card with what stands between the two markers of a section (`scores`, `errors`) replaced.

    Raises
    ------
    ValueError
        If the card has no markers.
    """
    begin, end = _markers(section)
    if begin not in card or end not in card:
        raise ValueError(f"the card has no {begin} … {end}")
    before, rest = card.split(begin, 1)
    return f"{before}{begin}\n{table}\n{end}{rest.split(end, 1)[1]}"


def with_section(card: str, section: str) -> str:
    """The card with an empty section at its end where it has none yet."""
    begin, end = _markers(section)
    return card if begin in card else f"{card.rstrip()}\n\n## {_TITLES[section]}\n\n{begin}\n{end}\n"


def _markers(section: str) -> tuple[str, str]:
    return f"<!-- {section}: begin -->", f"<!-- {section}: end -->"


def main(arguments: Sequence[str]) -> int:
    """Rewrite the scores, and with `--errors` the typical mistakes, in the README.md of each model folder given."""
    parser = argparse.ArgumentParser(prog="python -m classifiers.training.card", description=main.__doc__)
    parser.add_argument("folders", type=Path, nargs="+", help="model folders with a README.md")
    parser.add_argument("--errors", action="store_true", help="write the section of typical mistakes as well")
    given = parser.parse_args(arguments)
    for folder in given.folders:
        file, card = folder / "README.md", read_settings(folder).card
        text = with_table(file.read_text(encoding="utf-8"), score_table(headline(card.get("scores", []))))
        if given.errors:
            table = mistake_table(card.get("mistakes", [])) or "None was found among the posts for scores."
            text = with_table(with_section(text, "errors"), table, "errors")
        file.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
