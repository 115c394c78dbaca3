"""The written posts keep to the scheme, and their evidence is verbatim."""

from pathlib import Path

import pytest

from classifiers.training.data import read_posts

FILES = sorted((Path(__file__).parents[2] / "datasets" / "written").glob("*.jsonl"))


def test_all_files_are_there() -> None:
    assert sum(len(read_posts(file)) for file in FILES) == 1780
    assert (FILES[0].parent / "README.md").is_file()


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_posts_keep_to_the_scheme(file: Path) -> None:
    posts = read_posts(file)
    assert len({post.id for post in posts}) == len(posts)
    for post in posts:
        assert (post.call == "call") == (post.manipulative is not None)
        assert {span.technique for span in post.spans or ()} == set(post.techniques or ())
        assert all(0 <= span.start < span.end <= len(post.text) for span in post.spans or ())
        if post.manipulative:
            assert post.spans
