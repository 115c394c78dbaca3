"""Whatever happens: one line for the user, the right exit code, nothing on standard output, and the study as it was."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from classifiers.errors import InputError as ClassifiersInput
from graphs.errors import InputError as GraphsInput
from influence.errors import CheckFailed, InputError, SystemFailure
from influence.study import Study

Run = Callable[..., Any]


def _one_line(err: str) -> str:
    lines = err.splitlines()
    assert len(lines) == 1, err
    assert lines[0].startswith("influence: ")
    return lines[0]


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (InputError("posts.csv:7: bad"), 2, "posts.csv:7: bad"),
        (GraphsInput("confidence must be below 1"), 2, "confidence must be below 1"),
        (ClassifiersInput("no model"), 2, "no model"),
        (CheckFailed("one failed"), 1, "one failed"),
        (SystemFailure("no space"), 3, "no space"),
        (MemoryError(), 3, "memory"),
        (FileNotFoundError(errno.ENOENT, "No such file", "gone.json"), 2, "gone.json: No such file"),
        (PermissionError(errno.EACCES, "Permission denied", "shut.json"), 2, "shut.json: Permission denied"),
        (OSError(errno.EIO, "Input/output error"), 3, "Input/output error"),
        (ZeroDivisionError("division by zero"), 3, "unexpected: ZeroDivisionError: division by zero"),
        (RuntimeError("two\nlines \x1b[31m and colour"), 3, "two lines"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, Exception) else None,
)
def test_every_error_is_one_line_and_a_code(
    influence: Run, study: Study, monkeypatch: pytest.MonkeyPatch, error: Exception, code: int, said: str
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(Study, "show", fail)
    ended = influence("show", "posts", "--study", study.folder)
    assert ended.code == code
    assert ended.out == ""
    line = _one_line(ended.err)
    assert said in line
    assert "\x1b" not in line
    assert "Traceback" not in ended.err


def test_unexpected_errors_ask_for_debug_and_debug_shows_the_traceback(
    influence: Run, study: Study, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Study, "show", lambda *_, **__: 1 // 0)
    assert "--debug" in influence("show", "posts", "--study", study.folder).err
    ended = influence("show", "posts", "--study", study.folder, "--debug")
    assert ended.code == 3
    assert "Traceback" in ended.err
    assert "ZeroDivisionError" in ended.err
    assert ended.err.splitlines()[-1].startswith("influence: ")


def test_ctrl_c_is_one_line_and_130(influence: Run, study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Study, "show", stop)
    ended = influence("show", "posts", "--study", study.folder)
    assert ended.code == 130
    assert "stopped" in _one_line(ended.err)


@pytest.mark.parametrize(
    "words",
    [
        ["nonsense"],
        ["reach", "--nonsense"],
        ["reach", "extra"],
        ["leaders", "--top-k", "many"],
        ["leaders", "--top-k", "0"],
        ["show"],
        ["import"],
        ["show", "posts", "--limit", "-1"],
    ],
    ids=" ".join,
)
def test_wrong_usage_is_one_line_that_names_the_help(influence: Run, words: list[str]) -> None:
    ended = influence(*words)
    assert ended.code == 2
    assert ended.out == ""
    line = _one_line(ended.err)
    assert "--help" in line


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["reach", "--window", "March"], "2026-03-01..2026-04-15"),
        (["reach", "--window", "2026-04-15..2026-03-01"], "ends"),
        (["reach", "--engine", "spark"], "--engine duckdb"),
        (["compare", "--kinds", "leader"], "leader,media"),
        (["compare", "--kinds", "leader,leader"], "two different kinds"),
        (["compare", "--kinds", "leader,press"], "ordinary"),
        (["show", "everything"], "interactions"),
        (["show", "reach"], "influence reach"),
        (["show", "posts", "--csv", "--json"], "one format"),
        (["reach"], "influence import"),
        (["run"], "influence import"),
        (["import", "x.csv", "--map", "text"], "column=field"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_what_cannot_be_used_is_named_with_a_remedy(
    influence: Run, study: Study, bytes_of: Callable[[Path], dict[str, bytes]], words: list[str], said: str
) -> None:
    before = bytes_of(study.folder)
    ended = influence(*words, "--study", study.folder)
    assert ended.code == 2
    assert ended.out == ""
    assert said in _one_line(ended.err)
    assert bytes_of(study.folder) == before


COMMANDS_ON_A_STUDY = [
    ["reach"],
    ["compare"],
    ["leaders"],
    ["classify"],
    ["flags"],
    ["run"],
    ["show", "posts"],
    ["report"],
    ["import", "x"],
    ["doctor"],
]


@pytest.mark.parametrize("words", COMMANDS_ON_A_STUDY, ids=" ".join)
def test_a_folder_that_is_no_study_stays_as_it_is(influence: Run, tmp_path: Path, words: list[str]) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    for folder in (tmp_path, tmp_path / "missing"):
        ended = influence(*words, "--study", folder)
        assert ended.code == 2
        assert "influence init" in _one_line(ended.err)
    assert [file.name for file in tmp_path.iterdir()] == ["notes.txt"]


def test_a_file_in_place_of_a_study_is_named(influence: Run, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for words in (
        ["run", "--study", tmp_path / "file"],
        ["init", tmp_path / "file"],
        ["init", tmp_path / "file" / "s"],
    ):
        ended = influence(*words)
        assert ended.code == 2
        assert "file" in _one_line(ended.err)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("name = ", "study.toml"),
        ('name = "x"\npopulation = "many"', "population"),
        ('name = "x"\nnonsense = 1', "nonsense"),
        ('name = "x"\nschema_version = 99', "newer version"),
    ],
)
def test_a_broken_study_toml_is_named(influence: Run, study: Study, content: str, said: str) -> None:
    (study.folder / "study.toml").write_text(content)
    ended = influence("run", "--study", study.folder)
    assert ended.code == 2
    assert said in _one_line(ended.err)


def test_study_comes_from_the_environment_and_the_option_wins(
    influence: Run, study: Study, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INFLUENCE_STUDY", str(study.folder))
    assert influence("show", "posts").code == 0
    assert influence("show", "posts", "--study", tmp_path).code == 2


def test_the_current_folder_is_the_study(influence: Run, study: Study, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(study.folder)
    assert influence("show", "posts").code == 0


def test_a_reader_that_goes_away_is_no_error(study: Study, fill: Any) -> None:
    posts = [{"post_id": f"x:{n}", "actor_id": "x:1", "platform": "x", "text": "т" * 900} for n in range(500)]
    fill(study, posts=posts)
    words = [sys.executable, "-m", "influence", "show", "posts", "--csv", "--study", str(study.folder)]
    process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    assert process.stderr is not None
    assert process.stdout.readline().startswith(b'"post_id"')
    process.stdout.close()
    assert process.wait() == 141
    assert process.stderr.read() == b""
    process.stderr.close()


def test_ctrl_c_in_a_process_ends_with_130_and_no_traceback(study: Study, fill: Any, tmp_path: Path) -> None:
    fill(study, posts=[{"post_id": "x:1", "actor_id": "x:1", "platform": "x"}])
    # The signal comes once the command is at work: Python's own start-up answers Ctrl-C with a traceback.
    code = (
        "import os, signal; from influence.study import Study; from influence.cli import main\n"
        "Study.show = lambda *_, **__: os.kill(os.getpid(), signal.SIGINT) or Study.table(*_)\n"
        f"main(['show', 'posts', '--study', {str(study.folder)!r}])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 128 + signal.SIGINT
    assert "stopped" in _one_line(done.stderr)


def test_no_arguments_show_the_help(influence: Run) -> None:
    ended = influence()
    assert ended.code == 2
    assert "Usage" in ended.out + ended.err
    assert "influence: " not in ended.err


def test_version(influence: Run) -> None:
    from influence import __version__

    ended = influence("--version")
    assert (ended.code, ended.out) == (0, f"influence {__version__}\n")


@pytest.mark.parametrize("locale", ["C", "C.UTF-8"])
def test_kazakh_goes_through_any_locale(process: Run, study: Study, fill: Any, locale: str) -> None:
    fill(study, posts=[{"post_id": "x:1", "actor_id": "x:1", "platform": "x", "text": "Бәріңіз келіңіздер"}])
    environment = {"LC_ALL": locale, "LANG": locale, "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    for option, said in (("--json", "Бәріңіз"), ("--csv", "Бәріңіз"), ("--limit=5", "")):
        ended = process("show", "posts", option, "--study", study.folder, env=environment)
        assert ended.code == 0, ended.err
        assert said in ended.out


READ_ONLY = """
import contextlib, os, sys
from influence.cli import main
may, may_not, rows = sys.argv[1:]

def run(*words):
    with contextlib.suppress(SystemExit):
        main(words)

def work(study):
    run("show", "posts", "--study", study)
    run("import", rows, "--table", "posts", "--study", study)
    run("leaders", "--study", study)

work(may)  # everything is imported now: what follows needs no file of the installation
sys.stderr.write("=====\\n")
if os.getuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
work(may_not)
"""


@pytest.mark.skipif(os.name != "posix", reason="permissions are tested as Unix has them")
def test_a_study_that_may_not_be_written(fill: Any, bytes_of: Callable[[Path], dict[str, bytes]]) -> None:
    """Somebody who may read the study but not write to it can look at it, and is told in one line that this is all."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "posts.csv").write_text("post_id,actor_id,platform,text\nx:2,x:1,x,b\n")
        for study in ("may", "may_not"):
            fill(Study.create(folder / study), posts=[{"post_id": "x:1", "actor_id": "x:1", "platform": "x"}])
        before = bytes_of(folder / "may_not")
        for path in (folder, *folder.rglob("*")):
            path.chmod(0o755 if path.is_dir() else 0o644)
        for path in (folder / "may_not", *(folder / "may_not").rglob("*")):
            path.chmod(0o555 if path.is_dir() else 0o444)
        words = [sys.executable, "-c", READ_ONLY, *(str(folder / name) for name in ("may", "may_not", "posts.csv"))]
        done = subprocess.run(words, capture_output=True, text=True, cwd=folder, check=True)
        assert bytes_of(folder / "may_not") == before
        for path in (folder / "may_not").rglob("*"):
            path.chmod(0o755 if path.is_dir() else 0o644)
    first, _, second = done.stderr.partition("=====\n")
    assert first == ""
    assert done.stdout.count("Without a value here") == 2, "looking is allowed"
    complaints = second.splitlines()
    assert len(complaints) == 2
    assert all(line.startswith("influence: ") and "permission" in line.lower() for line in complaints)
