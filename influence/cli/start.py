"""Commands that begin a study: `demo`, `init`, `import`."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from influence.cli.base import command, open_study, print_json
from influence.cli.options import EVERYWHERE, EngineOption, JsonOption, StudyOption
from influence.errors import InputError

if TYPE_CHECKING:
    from influence.records import ImportRecord
    from influence.study import Study

__all__ = ["add_commands", "parse_mapping"]

PANEL = "Begin"
FIRST_REASONS = 5
LONGEST_NOTE = 400


def parse_mapping(items: list[str]) -> dict[str, str]:
    """Read `--map column=field`, repeated or with commas; a comma inside a field's name is kept.

    Raises InputError if an item is not of that form or names a column twice.
    """
    mapping: dict[str, str] = {}
    for item in items:
        for pair in re.split(r",(?=\s*[\w.]+\s*=)", item):
            column, equals, field = (part.strip() for part in pair.partition("="))
            if not equals or not column or not field:
                raise InputError(
                    f"--map {pair.strip()!r} cannot be read. Write column=field, for example text=message."
                )
            if column in mapping:
                raise InputError(f"--map names column {column!r} twice: {mapping[column]!r} and {field!r}. Keep one.")
            mapping[column] = field
    return mapping


def demo(
    folder: Annotated[
        Path | None,
        typer.Argument(metavar="DIR", show_default="influence-demo", help="Where the demo study is made."),
    ] = None,
    study: Annotated[
        Path | None, typer.Option("--study", metavar="DIR", help="The same as DIR.", rich_help_panel=EVERYWHERE)
    ] = None,
    engine: EngineOption = "duckdb",
    open_report: Annotated[
        bool | None,
        typer.Option(
            "--open/--no-open",
            metavar="",
            show_default="where there is a desktop",
            help="Open the report in the browser at the end.",
        ),
    ] = None,
    json: JsonOption = False,
) -> None:
    """Do the whole job on the bundled study, from export files to a report.

    The study is fictional: a debate in a city of Kazakhstan, in Kazakh, Russian and English.
    """
    from influence.demo import run_demo
    from influence.display import bars, print_grid, print_lines

    with bars() as progress:
        result = run_demo(folder or study or Path("influence-demo"), engine=engine, progress=progress)
    if json:
        print_json({"study": str(result.study.folder), "report": str(result.report)})
        return
    from influence.cli.layouts import imports_grid, steps_grid

    print_grid(imports_grid(result.imports))
    print()
    print_grid(steps_grid(result.steps))
    print_lines(["", "The same by hand:", *(f"    {line}" for line in result.commands), "", "The report:"])
    print(result.report)
    if _wants_browser() if open_report is None else open_report:
        typer.launch(str(result.report))


def _wants_browser() -> bool:
    """Say whether somebody sits before a desktop: a terminal with a graphical session of its own."""
    import os

    graphical = sys.platform in ("darwin", "win32") or bool(
        os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    )
    return sys.stdout.isatty() and graphical and "SSH_CONNECTION" not in os.environ and "CI" not in os.environ


def init(
    folder: Annotated[
        Path | None, typer.Argument(metavar="DIR", show_default="--study", help="Where the study is made.")
    ] = None,
    name: Annotated[
        str | None,
        typer.Option(
            "--name", metavar="TEXT", show_default="the folder's", help="The study's name, as reports print it."
        ),
    ] = None,
    study: StudyOption = Path("."),
    engine: EngineOption = "duckdb",
    json: JsonOption = False,
) -> None:
    """Make a study: a folder with a commented study.toml and an empty roster."""
    from influence.study import Study

    made = Study.create(folder or study, name=name, engine=engine)
    roster = made.folder / made.settings.roster
    if json:
        print_json({"study": str(made.folder), "settings": str(made.folder / "study.toml"), "roster": str(roster)})
        return
    print(f"{made.folder} is a study now. Next:")
    print(f"  1. say in {roster} who is a leader and who is a medium,")
    print(f"     and in {made.folder / 'study.toml'} how many people there are to reach;")
    print(f"  2. influence import FILE --study {made.folder}")
    print(f"  3. influence run --study {made.folder}")


def import_(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH...", help="Files, or folders that are walked.")],
    format: Annotated[
        str | None,
        typer.Option(
            "--format",
            metavar="NAME",
            show_default="found from the content",
            help="What the files are: telegram_desktop, telegram_telethon, x_api_v2, or mapped (any table).",
        ),
    ] = None,
    mapping: Annotated[
        list[str] | None,
        typer.Option(
            "--map",
            metavar="COLUMN=FIELD",
            help="Which field of the file gives a column of the table: repeat it, or separate with commas. "
            "COLUMN==TEXT gives every row the same text.",
        ),
    ] = None,
    table: Annotated[
        str | None,
        typer.Option(
            "--table",
            metavar="NAME",
            show_default="posts",
            help="The table whose rows the files give: actors, posts, interactions, audiences, overlaps, actions.",
        ),
    ] = None,
    platform: Annotated[
        str | None,
        typer.Option(
            "--platform", metavar="NAME", help="The platform of files that do not name theirs, as telegram or x."
        ),
    ] = None,
    timezone: Annotated[
        str, typer.Option("--timezone", metavar="ZONE", help="The zone of times that name none, as Asia/Almaty.")
    ] = "UTC",
    pseudonymise: Annotated[
        bool,
        typer.Option(
            "--pseudonymise", metavar="", help="Replace ids, handles and names by keyed hashes and mask texts."
        ),
    ] = False,
    study: StudyOption = Path("."),
    engine: EngineOption = "duckdb",
    json: JsonOption = False,
) -> None:
    """Take export files into the study; every row read is kept, a duplicate, or rejected with a reason.

    The kind of file is found from its content. Importing the same file again adds nothing.
    """
    from influence.display import bars, print_grid, print_lines

    opened = open_study(study, engine)
    with bars() as progress:
        records = opened.import_(
            *paths,
            format=format,
            mapping=parse_mapping(mapping or []),
            table=table,
            platform=platform,
            timezone=timezone,
            pseudonymise=pseudonymise,
            progress=progress,
        )
    if json:
        from dataclasses import asdict

        print_json({"imports": [asdict(record) for record in records]})
        return
    from influence.cli.layouts import imports_grid

    print_grid(imports_grid(records))
    print_lines([*_notes(records), *_first_rejects(opened, records)])


def _notes(records: list[ImportRecord]) -> list[str]:
    """Return the remarks on the files; one that several files share stands once."""
    files: dict[str, list[str]] = {}
    for record in records:
        name = Path(record.source).name
        for note in record.notes:
            files.setdefault(note.replace(record.source, "{}").replace(name, "{}"), []).append(name)
    notes = []
    for template, names in files.items():
        whom = names[0] if len(names) == 1 else f"each of {len(names):,} files"
        note = template.replace("{}", whom)
        notes.append(f"Note: {note if len(note) <= LONGEST_NOTE else note[: LONGEST_NOTE - 1] + '…'}")
    return notes


def _first_rejects(study: Study, records: list[ImportRecord]) -> list[str]:
    """Return why rows of this import were not taken: of each reason the first row and how many there are."""
    from influence.cli.layouts import near
    from influence.show import cell
    from influence.tables import SCHEMAS

    parts = [study.part("rejects", record.fingerprint) for record in records if record.parts.get("rejects")]
    if not parts:
        return []
    rejects = study.engine.parquet(parts, SCHEMAS["rejects"])
    reasons = rejects.group_by("source_file", "reason").agg(line=rejects.line.min(), n=rejects.count())
    reasons = reasons.order_by(reasons.n.desc(), "source_file", "line")
    lines = []
    for row in study.engine.fetch(reasons.limit(FIRST_REASONS)).to_pylist():
        such = f" ({row['n']:,} such rows)" if row["n"] > 1 else ""
        lines.append(f"    {near(row['source_file'])}:{cell(row['line'])}: {cell(row['reason'])}{such}")
    total = sum(record.rejected for record in records)
    return [f"{total:,} rows were rejected; all of them: influence show rejects", *lines]


def add_commands(app: typer.Typer) -> None:
    """Add the commands of this group."""
    command(app, "demo", panel=PANEL, example="demo")(demo)
    command(app, "init", panel=PANEL, example='init my-study --name "The park debate"')(init)
    command(app, "import", panel=PANEL, example="import exports/telegram posts.csv --map text=message,actor_id=author")(
        import_
    )
