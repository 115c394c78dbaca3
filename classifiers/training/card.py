"""The score tables of a model card, written from the model's figures: `python -m classifiers.training.card DIR`."""

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from classifiers.settings import read_settings

_BEGIN, _END = "<!-- scores: begin -->", "<!-- scores: end -->"


def score_table(records: Sequence[dict[str, Any]]) -> str:
    """Markdown tables, one a set of posts: a line for each measure and language, a column for each model.

    A figure is followed by its 95% bootstrap interval; `n` is posts, and in brackets those that count as positive.
    """
    models = list(dict.fromkeys(record["model"] for record in records))
    sets = dict.fromkeys(record["posts"] for record in records)
    parts = []
    for name in sets:
        own = [record for record in records if record["posts"] == name]
        lines = [
            f"**{name[0].upper()}{name[1:]}**",
            "",
            "| measure | language | n | " + " | ".join(models) + " |",
            "|---|---|---|" + "---|" * len(models),
        ]
        for measure, language in dict.fromkeys((record["measure"], record["language"]) for record in own):
            found = {r["model"]: r for r in own if (r["measure"], r["language"]) == (measure, language)}
            first = next(iter(found.values()))
            cells = " | ".join(_cell(found.get(model)) for model in models)
            lines.append(f"| {measure} | {language} | {first['n']} ({first['positive']}) | {cells} |")
        parts.append("\n".join(lines))
    return "\n\n".join(parts)


def _cell(record: dict[str, Any] | None) -> str:
    if record is None or record["value"] is None:
        return "–"
    return f"{record['value']:.2f} [{record['low']:.2f}, {record['high']:.2f}]"


def with_table(card: str, table: str) -> str:
    """The card with what stands between its two markers replaced.

    Raises
    ------
    ValueError
        If the card has no markers.
    """
    if _BEGIN not in card or _END not in card:
        raise ValueError(f"the card has no {_BEGIN} … {_END}")
    before, rest = card.split(_BEGIN, 1)
    return f"{before}{_BEGIN}\n{table}\n{_END}{rest.split(_END, 1)[1]}"


def main(arguments: Iterable[str]) -> int:
    """Rewrite the scores in the README.md of each model folder given."""
    for name in arguments:
        file = Path(name) / "README.md"
        table = score_table(read_settings(Path(name)).card.get("scores", []))
        file.write_text(with_table(file.read_text(encoding="utf-8"), table), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
