# Every target makes or repairs .venv by itself; nothing else needs to be installed than make and Python 3.11, 3.12
# or 3.13.
#
#   make demo     the whole job on the bundled study, ends with the report's path
#   make test     all tests                (ARGS="-k reach" goes to pytest)
#   make check    lint, format, types, contracts between the packages
#   make bench    the benchmarks           (ARGS goes to benchmarks/run.py)
#   make install  .venv only               (PYTHON=/path/to/python3 chooses the interpreter)
#   make clean    removes what the other targets made, except .venv

SHELL := /bin/sh
BIN := .venv/bin
# The folder `datasets/` must not be found as a package by way of the current directory.
export PYTHONSAFEPATH := 1
unexport PYTHONPATH
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: demo test check bench install clean venv
.DEFAULT_GOAL := install

demo: venv
	@$(BIN)/influence demo demo-study

test: venv
	@$(BIN)/python -m pytest $(ARGS)

check: venv
	@echo "ruff check" && $(BIN)/ruff check --quiet --output-format concise .
	@echo "ruff format --check" && $(BIN)/ruff format --quiet --check --output-format concise .
	@echo "mypy --strict" && $(BIN)/mypy --no-pretty
	@echo "lint-imports" && $(BIN)/lint-imports --no-logo

bench: venv
	@$(BIN)/python -m pip install -qq --no-build-isolation -c constraints.txt -c benchmarks/constraints.txt -e ".[bench]"
	@PYTHONPATH=benchmarks $(BIN)/python benchmarks/run.py $(ARGS)

install: venv
	@echo "Ready: $(BIN)/influence --help"

clean:
	@rm -rf demo-study build dist *.egg-info .hypothesis .import_linter_cache .mypy_cache .pytest_cache .ruff_cache
	@find . -name .venv -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +
	@echo "Clean; .venv is kept (rm -rf .venv removes it too)."

# --- .venv -------------------------------------------------------------------------------------------------------
# .venv/installed   the stamp, written last: the checkout's path, a digest of the two files below, what was installed
# .venv/rebuild     an installation is under way, was interrupted, or was found damaged: the next one starts afresh
# neither           somebody's own .venv: we install into it as long as its Python works

# Exit 0: sound. 4: made from other versions of the two files, so install on top. 3: the checkout moved (scripts carry
# its path) or an installed package is missing. Anything else: Python itself does not run. With `write`: the stamp.
define STAMP
import hashlib, os, sys, sysconfig
from pathlib import Path
stamp = Path(".venv/installed")
digest = hashlib.sha256(Path("pyproject.toml").read_bytes() + Path("constraints.txt").read_bytes()).hexdigest()
present = os.listdir(sysconfig.get_path("purelib"))
if sys.argv[1:] == ["write"]:
    stamp.write_bytes(os.fsencode("\n".join([os.getcwd(), digest, *sorted(present)])))
else:
    place, made_from, *installed = os.fsdecode(stamp.read_bytes()).split("\n")
    sys.exit(3 if place != os.getcwd() or not set(installed) <= set(present) else 4 if made_from != digest else 0)
endef

define SUITABLE
import sys, venv, ensurepip
sys.exit(not (3, 11) <= sys.version_info < (3, 14))
endef

define ENSURE_VENV
set -eu
say() { echo "make: $$*" >&2; }
state=4
if [ -e .venv/installed ]; then state=0; .venv/bin/python -c "$$STAMP" 2>/dev/null || state=$$?; fi
if [ "$$state" = 0 ] && [ ! -e .venv/rebuild ]; then exit 0; fi
if [ -e .venv ]; then
    if [ "$$state" != 4 ] || [ -e .venv/rebuild ] || ! .venv/bin/python -c "import pip; $$SUITABLE" 2>/dev/null; then
        say ".venv is damaged or half made: it is made again"
        rm -rf .venv
    fi
fi
if [ ! -e .venv ]; then
    for python in "$${PYTHON:-}" python3.11 python3.12 python3.13 python3 python ""; do
        if [ -n "$$python" ] && "$$python" -c "$$SUITABLE" 2>/dev/null; then break; fi
    done
    if [ -z "$$python" ]; then
        say "no Python 3.11, 3.12 or 3.13 with its venv module was found. Install one (Debian: python3, python3-venv) or name it: make PYTHON=/path/to/python3"
        exit 1
    fi
    say "making .venv with $$("$$python" --version); the first time takes minutes, torch is large"
    mkdir .venv
    touch .venv/rebuild
    "$$python" -m venv .venv
fi
touch .venv/rebuild
rm -f .venv/installed
# torch first and by itself, with pip, so that a build for this machine (CPU or GPU) which pip is set up to find is taken.
say "installing torch"
.venv/bin/python -m pip install -qq -c constraints.txt torch==2.13.0 setuptools
say "installing the other dependencies"
.venv/bin/python -m pip install -qq --no-build-isolation -c constraints.txt -e ".[dev]"
.venv/bin/python -c "$$STAMP" write
rm -f .venv/rebuild
endef
export STAMP SUITABLE ENSURE_VENV PYTHON

venv:
	@sh -c "$$ENSURE_VENV"
