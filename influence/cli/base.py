"""What all commands share: how one is declared, how its errors become one line, how results are printed."""

from __future__ import annotations

import functools
import inspect
import json
import os
import sys
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar

import typer
from typer.core import TyperCommand, TyperGroup

from influence.cli.options import DebugOption
from influence.errors import exit_code

if TYPE_CHECKING:
    from influence.records import Result
    from influence.study import Study

__all__ = ["Command", "Group", "command", "complain", "named", "open_study", "print_json", "print_result_json", "stop"]

_Command = TypeVar("_Command", bound=Callable[..., None])

STOPPED = 130
"""Exit code of a program that Ctrl-C ended, as the shells have it: 128 + SIGINT."""
PIPE_CLOSED = 141
"""Exit code of a program whose reader went away, as the shells have it: 128 + SIGPIPE."""


class Command(TyperCommand):
    """A command whose help names no type beside --help: it takes no value."""

    def get_help_option(self, ctx: Any) -> Any:
        return _without_type(super().get_help_option(ctx))


class Group(TyperGroup):
    """The program: a group of commands whose help names no type beside --help."""

    def get_help_option(self, ctx: Any) -> Any:
        return _without_type(super().get_help_option(ctx))


def _without_type(option: Any) -> Any:
    if option is not None:
        option.metavar = ""
    return option


def command(
    app: typer.Typer, name: str, *, panel: str, example: str, cls: type[Command] = Command
) -> Callable[[_Command], _Command]:
    """Declare a command: give it --debug, an example under its help, and errors in one line.

    `example` is what stands after `influence` in the shell.
    """

    def register(function: _Command) -> _Command:
        @functools.wraps(function)
        def guarded(*, debug: bool = False, **options: Any) -> None:
            try:
                function(**options)
                sys.stdout.flush()
            except (typer.Exit, typer.Abort, typer.BadParameter):
                raise
            except (Exception, KeyboardInterrupt) as error:
                stop(error, debug=debug)

        signature = inspect.signature(function, eval_str=True)
        extra = inspect.Parameter("debug", inspect.Parameter.KEYWORD_ONLY, default=False, annotation=DebugOption)
        guarded.__signature__ = signature.replace(parameters=[*signature.parameters.values(), extra])  # type: ignore[attr-defined]
        epilog = f"Example: influence {example}"
        app.command(name, cls=cls, help=_paragraphs(function), rich_help_panel=panel, epilog=epilog)(guarded)
        return function

    return register


def _paragraphs(function: Callable[..., None]) -> str:
    """Return a docstring with each paragraph on one line, so that help is wrapped where the terminal ends."""
    return "\n\n".join(" ".join(part.split()) for part in (inspect.getdoc(function) or "").split("\n\n"))


# -- errors ----------------------------------------------------------------------------------------------------------


def stop(error: BaseException, *, debug: bool) -> NoReturn:
    """End the program because of an error, with one line for the user (before it, with `debug`, the traceback)."""
    if isinstance(error, BrokenPipeError):
        # Python would complain once more when it flushes at the end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        raise typer.Exit(PIPE_CLOSED)
    if isinstance(error, KeyboardInterrupt):
        complain("stopped. What was finished is kept; the same command goes on from there.")
        raise typer.Exit(STOPPED)
    if debug:
        traceback.print_exception(error)
    line, code = _explained(error)
    complain(line)
    raise typer.Exit(code)


def complain(line: str) -> None:
    """Print one line of complaint on the error stream, whatever the message holds."""
    plain = "".join(letter if letter.isprintable() else " " for letter in line)
    print(f"influence: {' '.join(plain.split())}", file=sys.stderr)


def _explained(error: BaseException) -> tuple[str, int]:
    """Return the line for the user and the exit code of an error."""
    code = exit_code(error)
    if code is not None:
        return str(error), code
    if isinstance(error, MemoryError):
        return "the memory is not enough. Take a shorter --window, or a machine with more of it.", 3
    if isinstance(error, OSError) and error.filename:
        reason = error.strerror or type(error).__name__
        return f"{error.filename}: {reason}. Check that the file is there and may be read and written.", 2
    if isinstance(error, OSError):
        return f"the system failed: {error.strerror or error}.", 3
    message = str(error) or type(error).__name__
    return f"unexpected: {type(error).__name__}: {message}; run again with --debug and report it.", 3


# -- studies and results ---------------------------------------------------------------------------------------------


def open_study(folder: Path, engine: str, *, seed: int | None = None) -> Study:
    """Open the study that a command works on, with another seed than study.toml's if one is given."""
    from influence.study import Study

    study = Study.open(folder, engine=engine)
    if seed is not None:
        study.settings = study.settings.model_copy(update={"seed": seed})
    return study


def print_json(document: object) -> None:
    """Print one JSON document, in UTF-8 whatever the terminal's encoding."""
    sys.stdout.flush()
    text = json.dumps(document, ensure_ascii=False, indent=1, default=str, allow_nan=False)
    sys.stdout.buffer.write(f"{text}\n".encode())
    sys.stdout.buffer.flush()


def print_result_json(result: Result, name: str, **beside: object) -> None:
    """Print the rows of a table of a result and the record of the run that made it, as one JSON document.

    `beside` are further members of the document.
    """
    import pyarrow.parquet as pq

    from influence.show import write_json

    sys.stdout.flush()
    out = sys.stdout.buffer
    head = json.dumps({"table": name, "run": result.run, **beside}, ensure_ascii=False, default=str)
    out.write(f'{head[:-1]}, "rows": '.encode())
    with pq.ParquetFile(result.file(name)) as file:
        write_json(file.iter_batches(batch_size=10_000), out)
    out.write(b"}\n")
    out.flush()


def named(study: Study, actor_ids: set[str]) -> dict[str, dict[str, str | None]]:
    """Return handle, name and kind of the given actors; one name on two platforms is told apart by the platform."""
    if not actor_ids:
        return {}
    actors = study.table("actors")
    rows = actors.filter(actors.actor_id.isin(sorted(actor_ids)))
    found = study.engine.fetch(rows.select("actor_id", "platform", "handle", "name", "kind")).to_pylist()
    often = Counter(row["name"] for row in found if row["name"])
    for row in found:
        if often[row["name"]] > 1:
            row["name"] = f"{row['platform']}: {row['name']}"
    return {row["actor_id"]: row for row in found}
