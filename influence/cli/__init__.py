"""The command line: one file per group of commands; a command parses, calls one function, prints."""

from __future__ import annotations

import atexit
import os
import sys
import warnings
from collections.abc import Sequence
from typing import Annotated, NoReturn

import typer
from typer.exceptions import TyperException

from influence import __version__
from influence.cli import base, content, health, job, learn, measure, reviewing, spread, start, together

__all__ = ["app", "main"]

app = typer.Typer(name="influence", cls=base.Group, add_completion=False, no_args_is_help=True, rich_markup_mode="rich")


def _version(wanted: bool) -> None:
    if wanted:
        print(f"influence {__version__}")
        raise typer.Exit


@app.callback()
def _program(
    version: Annotated[
        bool, typer.Option("--version", metavar="", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Measure the reach of opinion leaders against traditional media, and find posts that call people to act."""


for group in (start, measure, spread, together, content, reviewing, learn, job, health):
    group.add_commands(app)


def main(args: Sequence[str] | None = None) -> NoReturn:
    """Run the command line and end the program with its exit code.

    0 done, 1 a check failed, 2 the user's input, 3 the engine or the system failed.
    """
    words = list(sys.argv[1:] if args is None else args)
    _prepare()
    atexit.register(_let_go)
    try:
        code = app(args=words, prog_name="influence", standalone_mode=False)
    except TyperException as error:
        code = _usage(error)
    except (Exception, KeyboardInterrupt) as error:  # outside of a command: while its modules are loaded
        try:
            base.stop(error, debug="--debug" in words)
        except typer.Exit as end:
            code = end.exit_code
    sys.exit(code if isinstance(code, int) else 0)


def _usage(error: TyperException) -> int:
    message = error.format_message()
    context = getattr(error, "ctx", None)
    if not message or type(error).__name__ == "NoArgsIsHelpError":
        return 2  # the help was printed
    hint = f" See: {context.command_path} --help" if context is not None else ""
    base.complain(f"{message.rstrip('.')}.{hint}")
    return 2


def _let_go() -> None:
    """Drop the connection that Ibis keeps for expressions without one of their own.

    Left to the interpreter's end, DuckDB's bindings print pages about objects that torch still holds.
    """
    if "ibis" in sys.modules:
        sys.modules["ibis"].options.default_backend = None


def _prepare() -> None:
    """Let texts in any language through, and keep libraries from writing between our lines."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    if not sys.warnoptions:
        warnings.simplefilter("ignore")
    os.environ.setdefault("TRANSFORMERS_VERBOSITY", "error")
    os.environ.setdefault("HF_HUB_DISABLE_PROGRESS_BARS", "1")
