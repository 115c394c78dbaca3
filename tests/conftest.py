"""What holds for every test: no network, no clocks, and one way to ask for a browser."""

import os
import shutil

import pytest
from hypothesis import settings

# Tests never reach a model hub: the shipped model and what tests make themselves are enough.
os.environ.setdefault("HF_HUB_OFFLINE", "1")
# Tests leave the user's cache alone; those of the engines have one of their own.
os.environ.setdefault("INFLUENCE_RUNTIME", "torch")

# Shared machines stall now and then; a property does not become false by being slow.
settings.register_profile("house", deadline=None, print_blob=True)
settings.load_profile("house")

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of a headless-capable browser; without one the test is skipped, and fails where CI=true."""
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is not None:
        return found
    reason = f"opens the page in a browser, and none of {', '.join(BROWSERS)} is on PATH"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)
