"""Synthetic studies that the tests of this folder share: each is made once."""

from pathlib import Path

import pytest

from synthesise import SyntheticStudy, preset, synthesise, write_exports

STUDIES = ("demo", "small")


@pytest.fixture(scope="session")
def studies() -> dict[str, SyntheticStudy]:
    return {name: synthesise(preset(name)) for name in STUDIES}


@pytest.fixture(scope="session", params=STUDIES)
def study(request: pytest.FixtureRequest, studies: dict[str, SyntheticStudy]) -> SyntheticStudy:
    return studies[request.param]


@pytest.fixture(scope="session")
def folders(studies: dict[str, SyntheticStudy], tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The exports of each study."""
    places = {name: tmp_path_factory.mktemp(name) for name in STUDIES}
    for name, folder in places.items():
        write_exports(studies[name], folder)
    return places


@pytest.fixture
def folder(study: SyntheticStudy, folders: dict[str, Path]) -> Path:
    return folders["demo" if study.parameters.cast == "demo" else "small"]
