"""What the README tells people to type exists."""

import ast
import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.main import get_group

from influence.cli import app

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", flags=re.MULTILINE | re.DOTALL)


def typed(program: str) -> Iterator[str]:
    """Calls of a program, from code blocks and from `code` in sentences, comments left out."""
    prose = FENCE.sub("", README)
    lines = [line for language, block in FENCE.findall(README) if not language for line in block.splitlines()]
    for line in [*lines, *re.findall(r"`([^`\n]+)`", prose)]:
        words = shlex.split(line, comments=True)
        if words[:1] == [program] and len(words) > 1:
            yield shlex.join(words)


@pytest.mark.parametrize("call", sorted(set(typed("influence"))))
def test_commands_and_options_exist(call: str) -> None:
    name, *arguments = shlex.split(call)[1:]
    commands = get_group(app).commands
    assert name in commands
    known = {option for parameter in commands[name].params for option in parameter.opts}
    assert {word.partition("=")[0] for word in arguments if word.startswith("--") and word != "--help"} <= known


@pytest.mark.parametrize("call", sorted(set(typed("make"))))
def test_make_targets_exist(call: str) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert re.search(rf"^{shlex.split(call)[1]}:", makefile, flags=re.MULTILINE)


def test_every_command_is_on_the_tour() -> None:
    commands = get_group(app).commands
    assert sorted(set(commands) - {call.split()[1] for call in typed("influence")}) == []


def test_python_examples_name_what_exists() -> None:
    import influence

    examples = [block for language, block in FENCE.findall(README) if language == "python"]
    assert examples
    for node in (node for block in examples for node in ast.walk(ast.parse(block))):
        if isinstance(node, ast.ImportFrom) and node.module == "influence":
            assert all(hasattr(influence, alias.name) for alias in node.names)
        elif isinstance(node, ast.Attribute) and ast.unparse(node.value) in ("study", "Study"):
            assert hasattr(influence.Study, node.attr), node.attr
