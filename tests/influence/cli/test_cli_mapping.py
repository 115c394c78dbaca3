"""`--map column=field`: repeated or with commas, and nothing of a field's name is lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.main import get_command

from influence.cli.start import parse_mapping
from influence.errors import InputError

columns = st.text(alphabet="abcdefghijklmnopqrstuvwxyz_.", min_size=1)
fields = st.text(
    alphabet=st.characters(exclude_characters="=,", categories=["L", "N", "P", "S", "Zs"]), min_size=1
).filter(lambda text: text == text.strip())
mappings = st.dictionaries(columns, fields, min_size=1)


@given(mappings, st.booleans())
def test_what_was_written_is_read(mapping: dict[str, str], with_commas: bool) -> None:
    pairs = [f"{column}={field}" for column, field in mapping.items()]
    assert parse_mapping([",".join(pairs)] if with_commas else pairs) == mapping


def test_a_comma_in_a_field_is_kept() -> None:
    assert parse_mapping(["text=Message, full,views=Views"]) == {"text": "Message, full", "views": "Views"}


def test_a_constant_begins_with_a_second_equals_sign() -> None:
    assert parse_mapping(["measure==circulation,actor.kind==media"]) == {
        "measure": "=circulation",
        "actor.kind": "=media",
    }


def test_the_help_names_every_format() -> None:
    from influence.cli import app
    from influence.readers import READERS

    options = vars(get_command(app))["commands"]["import"].params
    (format_help,) = [option.help for option in options if option.name == "format"]
    assert all(reader.name in format_help for reader in READERS)


@pytest.mark.parametrize(
    ("items", "said"), [(["text"], "column=field"), (["=x"], "column=field"), (["a=b", "a=c"], "twice")]
)
def test_what_cannot_be_read_is_named(items: list[str], said: str) -> None:
    with pytest.raises(InputError, match=said):
        parse_mapping(items)
