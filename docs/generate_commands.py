"""Write docs/commands.md from the program itself: `python docs/generate_commands.py`. A test compares the two."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from typer.main import get_command

from influence.cli import app

PAGE = Path(__file__).with_name("commands.md")

INTRODUCTION = """\
# Commands

<!-- Written by docs/generate_commands.py from the program itself. Change the help texts there, then run it again. -->

`influence COMMAND --help` says the same in a terminal. Results go to standard output, progress bars and complaints to
the error stream. Bars appear only on a terminal; in a pipe there are neither colours nor cut-off cells;
`coordination` and `flags` keep to 80 columns there too, and name the columns that they leave out. With `--json`
standard output holds one JSON document and nothing else.

| exit code | meaning |
|---|---|
| 0 | done |
| 1 | a check failed (`doctor`, `evaluate --min`, `review --verify`) |
| 2 | something that you gave cannot be used; the line on the error stream names the file, the row and the remedy |
| 3 | the engine or the system failed |
| 130 | stopped with Ctrl-C; what was finished is kept, and the same command goes on from there |
| 141 | the reader of a pipe went away, as `head` does |
"""

EVERYWHERE = """\
## Options of every command

| option | what it does | default |
|---|---|---|
"""


def page() -> str:
    """Return the text of docs/commands.md."""
    commands: dict[str, Any] = getattr(get_command(app), "commands")  # noqa: B009 - typer's type does not tell of it
    common = _common(list(commands.values()))
    parts = [INTRODUCTION, _contents(commands), EVERYWHERE + "".join(f"{_row(option)}\n" for option in common.values())]
    parts += [_section(name, command, common) for name, command in commands.items()]
    return "\n".join(parts)


def _common(commands: list[Any]) -> dict[str, Any]:
    """Return the options that at least half of the commands share, by name; each is described once."""
    found: dict[tuple[str, str], list[Any]] = {}
    for command in commands:
        for param in command.params:
            found.setdefault((param.opts[0], param.help or ""), []).append(param)
    return {name: params[0] for (name, _), params in found.items() if len(params) * 2 >= len(commands)}


def _contents(commands: dict[str, Any]) -> str:
    groups: dict[str, list[str]] = {}
    for name, command in commands.items():
        groups.setdefault(command.rich_help_panel, []).append(f"[{name}](#influence-{name})")
    return "".join(f"- {group}: {', '.join(names)}\n" for group, names in groups.items())


def _section(name: str, command: Any, common: dict[str, Any]) -> str:
    arguments = [param for param in command.params if param.param_type_name == "argument"]
    options = [param for param in command.params if param not in arguments]
    shared = [param for param in options if _is(param, common.get(param.opts[0]))]
    own = [*arguments, *(param for param in options if param not in shared)]
    usage = " ".join(["influence", name, "[OPTIONS]", *(_usage(argument) for argument in arguments)])
    lines = [f"## influence {name}", "", command.help, "", "```", usage, "```", ""]
    if own:
        lines += ["| argument or option | what it does | default |", "|---|---|---|", *map(_row, own), ""]
    also = ", ".join(f"`{param.opts[0]}`" for param in shared)
    lines += [f"And {also}: see [options of every command](#options-of-every-command).", ""] if shared else []
    example = command.epilog.removeprefix("Example: ")
    return "\n".join([*lines, f"Example: `{example}`", ""])


def _is(param: Any, other: Any) -> bool:
    return other is not None and (param.opts, param.help) == (other.opts, other.help)


def _usage(argument: Any) -> str:
    return argument.metavar if argument.required else f"[{argument.metavar}]"


def _row(param: Any) -> str:
    return f"| {_names(param)} | {' '.join(_words(param))} | {_default(param)} |".replace("  ", " ")


def _names(param: Any) -> str:
    if param.param_type_name == "argument":
        return f"`{param.metavar}`"
    value = f" {param.metavar}" if param.metavar else ""
    return ", ".join(f"`{name}{value}`" for name in [*param.opts, *param.secondary_opts])


def _words(param: Any) -> Iterator[str]:
    yield (param.help or "").replace("|", "\\|")
    if param.envvar:
        yield f"Read from `{param.envvar}` where it is not given."


def _default(param: Any) -> str:
    if param.required:
        return "required"
    if isinstance(param.show_default, str):
        return param.show_default
    return "" if param.default in (None, False) else f"`{param.default}`"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
    print(f"{PAGE.name}: {len(page().splitlines())} lines")
