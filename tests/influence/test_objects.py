"""Objects of a study: texts at import, near-duplicates when asked for."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from influence.errors import InputError
from influence.objects import check_kinds, normal_text, study_objects, text_object
from influence.study import Study

TEXTS = (
    "Ертең сағат алтыда алаңға бәріміз барайық",
    "@aqzhol Ертең сағат АЛТЫДА   алаңға бәріміз барайық https://t.co/a1",
    "Ертең сағат алтыда алаңға бәріміз барайық!!",
    "Мүлдем басқа әңгіме, ауа райы туралы",
)


@pytest.fixture
def study(tmp_path: Path) -> Study:
    lines = [f'{number},{number},2026-03-01T10:00:0{number}Z,"{text}",,' for number, text in enumerate(TEXTS)]
    lines.append(f'8,8,2026-03-01T10:00:09Z,"{TEXTS[0]}",0,0')  # a reshare
    lines.append('9,9,2026-03-01T10:00:09Z,"@someone https://t.co/x",,')  # nothing of its own
    file = tmp_path / "posts.csv"
    file.write_text(
        "\n".join(["post_id,actor_id,created_at,text,reshared_post,reshared_actor", *lines]), encoding="utf-8"
    )
    study = Study.create(tmp_path / "study")
    study.import_(file, platform="x")
    study.import_(file, platform="x")
    return study


def objects(study: Study, *kinds: str) -> dict[str, str]:
    rows = study.engine.fetch(study_objects(study, kinds)).to_pylist()
    return {row["post_id"]: row["object"] for row in rows}


def test_the_same_words_are_one_text_and_a_reshare_has_none(study: Study) -> None:
    found = objects(study, "text")
    assert set(found) == {"x:0", "x:1", "x:2", "x:3"}
    assert found["x:0"] == found["x:1"] == text_object(TEXTS[0])
    assert len(set(found.values())) == 3


def test_near_duplicates_are_made_of_the_posts(study: Study) -> None:
    found = objects(study, "near_text")
    assert set(found) == {"x:0", "x:1", "x:2"}
    assert len(set(found.values())) == 1


def test_kinds_are_chosen_and_wrong_ones_named(study: Study) -> None:
    assert set(objects(study, "reshare")) == {"x:8"}
    assert objects(study, "url") == {"x:1": "https://t.co/a1", "x:9": "https://t.co/x"}
    with pytest.raises(InputError, match="'link'"):
        check_kinds(["url", "link"])
    with pytest.raises(InputError, match="none"):
        check_kinds([])


@given(st.text(max_size=80))
def test_the_normal_form_is_final(text: str) -> None:
    assert normal_text(normal_text(text)) == normal_text(text)
