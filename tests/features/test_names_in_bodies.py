"""Whoever is named in a body of whatever form is found there, however its JSON spells them."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.privacy.mention import Names
from features.privacy.refused import names_in

SPELT = {
    "as they are": lambda value: json.dumps(value, ensure_ascii=False),
    "in codes": json.dumps,
    "slashes, too": lambda value: json.dumps(value).replace("/", "\\/"),
}
IDENTIFIERS = st.text(st.sampled_from("abcé/注文😀-17"), min_size=4, max_size=12)


@pytest.mark.parametrize("spell", SPELT.values(), ids=SPELT)
@given(value=IDENTIFIERS)
def test_a_broken_line_that_names_somebody_names_them_in_every_spelling(spell, value):
    line = spell({"type": "track", "userId": value, "properties": {"note": "private"}})[:-9]
    assert Names.of([("user_id", value)], []).mentioned(line.encode())
    assert ("user_id", value) in set(names_in(line))


def test_a_code_that_spells_nothing_is_no_error():
    assert Names.of([("user_id", "ana-17")], []).mentioned(b'{"a": "\\ud83d", "userId": "ana-17')
    assert not Names.of([("user_id", "ana-17")], []).mentioned(b'{"a": "\\ud83d \\uzzzz \\')
