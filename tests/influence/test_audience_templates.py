"""Audience templates: what a file says is what counts, its source is kept, and what cannot be is refused by row."""

from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphs import estimate_reach
from influence.audience_templates import bundled_templates, read_templates
from influence.errors import StudyError
from influence.pipeline import parameters
from influence.settings import read_settings
from influence.study import Study

READERS = "medium,country,low,typical,high,source,year,note\n"
RATES = "platform,low,typical,high,source,year,note\n"


def settings_of(folder: Path, text: str) -> dict[str, tuple[float, ...]]:
    (folder / "study.toml").write_text(f'name = "x"\n[audiences]\n{text}\n', encoding="utf-8")
    return {name: x.range for name, x in read_settings(folder).audiences.readers().items()}


def test_every_bundled_template_can_be_used_and_names_its_sources() -> None:
    assert bundled_templates() == ["readers_per_copy", "view_rates"]
    found = read_templates(bundled_templates(), Path("nowhere"))
    assert found.readers_per_copy
    assert found.view_rates
    assert all(x.source for x in (*found.readers_per_copy.values(), *found.view_rates.values()))


@given(
    st.lists(st.floats(0.01, 900), min_size=3, max_size=3).map(sorted),
    st.text("abcdefgh, \"'é-", min_size=1).filter(str.strip),
)
def test_what_is_written_is_read(tmp_path_factory: pytest.TempPathFactory, numbers: list[float], source: str) -> None:
    folder = tmp_path_factory.mktemp("template")
    quoted = '"' + source.replace('"', '""') + '"'
    row = ",".join(["Newspaper", "KZ", *map(repr, numbers), quoted, "", ""])
    (folder / "own.csv").write_text(f"# ours\n{READERS}\n{row}\n", encoding="utf-8")
    (found,) = read_templates(["own.csv"], folder).readers_per_copy.items()
    assert (found[0], found[1].range, found[1].source) == ("newspaper", tuple(numbers), source.strip())


def test_the_country_chooses_and_study_toml_wins(tmp_path: Path) -> None:
    rows = "newspaper,KZ,1,2,3,A,2020,\nnewspaper,US,2,3,4,B,2020,\nmagazine,,4,5,6,C,2020,\n"
    (tmp_path / "own.csv").write_text(READERS + rows, encoding="utf-8")
    assert settings_of(tmp_path, 'template = "own.csv"\ncountry = "us"') == {
        "newspaper": (2, 3, 4),
        "magazine": (4, 5, 6),
    }
    own = 'template = "own.csv"\ncountry = "KZ"\nreaders_per_copy = [1, 1, 1]\nreaders_per_copy_source = "us"'
    assert settings_of(tmp_path, own) == {"": (1, 1, 1)}
    with pytest.raises(StudyError, match=r"own\.csv, line 3: a second row for 'newspaper' \(US\).*country"):
        settings_of(tmp_path, 'template = "own.csv"')


def test_a_rate_of_study_toml_wins_over_that_of_a_template_and_the_others_stay(tmp_path: Path) -> None:
    (tmp_path / "r.csv").write_text(f"{RATES}x,0.1,0.2,0.3,A,,\nvk,0.1,0.2,0.3,B,2021,\n", encoding="utf-8")
    text = 'template = ["r.csv"]\nview_rates = { X = [0.3, 0.4, 0.5] }\nview_rates_source = "own"'
    (tmp_path / "study.toml").write_text(f'name = "x"\n[audiences]\n{text}\n', encoding="utf-8")
    rates = read_settings(tmp_path).audiences.rates()
    assert {name: (x.range, x.source) for name, x in rates.items()} == {
        "x": ((0.3, 0.4, 0.5), "own"),
        "vk": ((0.1, 0.2, 0.3), "B, 2021"),
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"{READERS}newspaper,KZ,3,2,1,A,,\n", r"line 2: low <= typical <= high and above 0, got 3, 2, 1"),
        (f"{READERS}newspaper,KZ,1,2,3,,,\n", r"line 2: no source"),
        (f"{READERS}newspaper,KZ,1,two,3,A,,\n", r"line 2: typical is 'two'"),
        (f"{READERS}newspaper,KZ,1,inf,inf,A,,\n", r"line 2: typical is 'inf'"),
        (f"{READERS}newspaper,KZ,1,2,3,A, B,,\n", r"line 2: 9 cells, but 8 columns"),
        (f"{RATES},0.1,0.2,0.3,A,,\n", r"line 2: no platform"),
        (f"{RATES}x,0.1,0.2,0.3,A,,\nX,0.1,0.2,0.3,A,,\n", r"line 3: a second row for 'x'"),
        ("medium,low,high,source\n", r"no column 'typical'"),
        ("", r"no column 'medium'"),
    ],
)
def test_a_template_that_cannot_be_used_says_where(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "own.csv").write_text(text, encoding="utf-8")
    with pytest.raises(StudyError, match=message):
        read_templates(["own.csv"], tmp_path)


def test_a_template_that_is_not_there_names_those_that_are(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"no file .*none\.csv.*bundled are readers_per_copy, view_rates"):
        settings_of(tmp_path, 'template = "none.csv"')


def test_a_step_is_given_the_templates_figures(tmp_path: Path) -> None:
    study = Study.create(tmp_path / "s", name="s")
    file = study.folder / "study.toml"
    file.write_text('name = "s"\n[audiences]\ntemplate = ["readers_per_copy", "view_rates"]\n', encoding="utf-8")
    params = parameters(Study.open(study.folder), "reach")
    assert params["readers_per_copy"] == {"newspaper": (3.07, 3.3, 3.3)}
    assert params["view_rates"]["facebook"][0] == 0.026


def test_readers_of_a_medium_make_people_of_its_copies_only() -> None:
    audiences = pa.table(
        {
            "actor_id": ["press:a", "press:b"],
            "medium": ["Newspaper", "magazine"],
            "measure": ["circulation"] * 2,
            "value": [100.0, 100.0],
        }
    )
    actors = pa.table({"actor_id": pa.array([], pa.string())})
    posts = pa.table({"post_id": pa.array([], pa.string()), "actor_id": pa.array([], pa.string())})
    acts = pa.table({name: pa.array([], pa.string()) for name in ("source", "target", "kind")})
    given_readers = {"newspaper": (1.0, 2.0, 3.0)}
    reach = estimate_reach(
        actors=actors, posts=posts, interactions=acts, audiences=audiences, readers_per_copy=given_readers
    )
    rows = {row["actor_id"]: row for row in reach.to_pylist() if row["kind_of_reach"] == "potential"}
    assert [rows["press:a"][name] for name in ("low", "value", "high")] == [100, 200, 300]
    assert [rows["press:b"][name] for name in ("low", "value", "high")] == [100, 100, None]
