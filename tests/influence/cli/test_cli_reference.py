"""Every command and every option explains itself, and stands in the reference."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from typer.main import get_command

from influence.cli import app

DOCS = Path(__file__).parents[3] / "docs"
COMMANDS: dict[str, Any] = vars(get_command(app))["commands"]
NAMES = {
    "demo", "init", "import", "reach", "compare", "leaders", "classify", "classify-texts", "flags", "run", "show",
    "report", "doctor", "train", "evaluate", "review", "cascades", "coordination",
}  # fmt: skip


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate_commands", DOCS / "generate_commands.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _options(command: Any) -> list[str]:
    return [name for param in command.params for name in (*param.opts, *param.secondary_opts) if name.startswith("--")]


def _section(text: str, name: str) -> str:
    found = re.search(rf"^## influence {name}$(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert found, f"docs/commands.md has no section on {name}"
    return found[1]


def test_the_commands_are_those_of_the_design() -> None:
    assert set(COMMANDS) == NAMES


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_argument_and_option_has_help(name: str) -> None:
    command = COMMANDS[name]
    assert command.help
    assert command.epilog.startswith("Example: influence ")
    for param in command.params:
        assert param.help, f"{name}: {param.opts} has no help"
        assert param.metavar is not None, f"{name}: {param.opts} does not say what it takes"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_takes_the_common_options(name: str) -> None:
    assert {"--study", "--engine", "--json", "--debug"} <= set(_options(COMMANDS[name]))


@pytest.mark.parametrize("name", COMMANDS)
def test_examples_use_options_that_there_are(name: str) -> None:
    words = COMMANDS[name].epilog.removeprefix("Example: influence ").split()
    assert words[0] == name
    assert {word for word in words if word.startswith("--")} <= set(_options(COMMANDS[name]))


def test_reference_is_what_the_program_says(generator: ModuleType) -> None:
    written = (DOCS / "commands.md").read_text(encoding="utf-8")
    assert written == generator.page(), "run: python docs/generate_commands.py"


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_option_stands_in_the_reference(name: str) -> None:
    section = _section((DOCS / "commands.md").read_text(encoding="utf-8"), name)
    for option in _options(COMMANDS[name]):
        assert re.search(rf"`{option}[ `]", section), f"{option} of {name} is not in docs/commands.md"
