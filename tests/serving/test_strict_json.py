import json
from contextlib import suppress

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from features.event_body import body_of
from features.rejection import RejectedEventError
from serving.strict_json import _UNSURE, MAX_DEPTH, MalformedJsonError, _closely, _plain, parse

TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
NUMBERS = st.integers(-(2**63) + 1, 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
JSON = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=20,
)


@given(JSON)
def test_what_any_writer_wrote_is_read_back(value):
    assert parse(json.dumps(value).encode()) == value
    assert parse(orjson.dumps(value)) == value


@given(st.binary(max_size=60) | st.text(alphabet='{}[]",:\\ \t0123456789eE+-.truefalsn', max_size=60).map(str.encode))
def test_anything_is_a_value_or_the_one_error(body):
    with suppress(MalformedJsonError):
        parse(body)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b'{"a": NaN}',
        b'{"a": Infinity}',
        b'{"a": -Infinity}',
        b'{"a": 1e999}',
        b'{"a": 9223372036854775808}',
        b'{"a": -99999999999999999999999}',
        b'{"a": ' + b"9" * 5000 + b"}",
        b'{"a": 1, "a": 2}',
        b'{"a": 1, "\\u0061": 2}',
        b'[{"a": {"b": 1, "b": 1}}]',
        b'{"a": "\xff"}',
        b'{"a": "\\ud800"}',
        b'\xef\xbb\xbf{"a": 1}',
        b'{"a": 1} {"a": 2}',
        b"{'a': 1}",
        b'{"a": 1,}',
        b'{"a": 01}',
        b'{"a": "line\nbreak"}',
        b"[" * 100_000,
        b"[" * 33 + b"]" * 33,
        b'{"a":' * 33 + b"1" + b"}" * 33,
        b'"' + b"\\" * 50_001,
    ],
)
def test_what_could_mean_two_things_is_refused(body):
    with pytest.raises(MalformedJsonError):
        parse(body)


def test_brackets_inside_strings_are_not_nesting():
    assert parse(b'{"a": "' + b"[{" * 200 + b'"}') == {"a": "[{" * 200}
    assert parse(b'{"a": "\\"' + b"[" * 200 + b'"}') == {"a": '"' + "[" * 200}


def test_the_deepest_allowed_nesting_is_read():
    assert parse(b"[" * MAX_DEPTH + b"]" * MAX_DEPTH)


def test_errors_never_repeat_a_value():
    with pytest.raises(MalformedJsonError) as raised:
        parse(b'{"email": "ada@example.org", "email": "ada@example.org"}')
    assert "ada@" not in raised.value.message


IN_PLACE = [
    (b'[{"a": NaN}, {"b": 1}]', {"b": 1}),
    (b'[{"a": -Infinity}, 2]', 2),
    (b'[{"a": 1e999}, 2]', 2),
    (b'[{"a": 9223372036854775808}, 2]', 2),
    (b'[{"a": ' + b"9" * 5000 + b"}, 2]", 2),
    (b'[{"a": 1, "a": 2}, 2]', 2),
    (b'[{"a": "\\ud800"}, 2]', 2),
]


@pytest.mark.parametrize(("body", "rest"), IN_PLACE)
def test_in_place_only_the_element_without_one_meaning_is_spoiled(body, rest):
    spoiled, whole = parse(body, in_place=True)
    assert whole == rest
    with pytest.raises(RejectedEventError) as refused:
        body_of(spoiled)
    assert refused.value.code in ("invalid_json", "not_finite", "not_an_object")


@given(JSON)
def test_in_place_what_any_writer_wrote_is_read_back(value):
    assert parse(json.dumps(value).encode(), in_place=True) == value


@given(
    st.binary(max_size=60) | st.text(alphabet='{}[]",:\\ \t0123456789eE+-.truefalsnNIity', max_size=60).map(str.encode)
)
def test_in_place_anything_is_a_value_or_the_one_error(body):
    with suppress(MalformedJsonError):
        parse(body, in_place=True)


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b"\xef\xbb\xbf{}", b"[" * 33 + b"]" * 33, b"1 2"])
def test_in_place_what_is_no_document_is_refused(body):
    with pytest.raises(MalformedJsonError):
        parse(body, in_place=True)


TEXTS = ('"a"', '"b"', '"a\\":"', '"a\\" :"', '"\\u0022:"', '"\\u0061"', '"\\u003a"', '"{["')
PLAIN_NUMBERS = ("1", "-0", "1.5e3", "9223372036854775807", "18446744073709551615", "99999999999999999999")
VALUES = st.sampled_from((*TEXTS, *PLAIN_NUMBERS, "null", "NaN"))
PIECES = VALUES | st.sampled_from("{}[]:, \t")
NAMED = st.recursive(
    VALUES,
    lambda inner: (
        st.lists(inner, max_size=3).map(lambda held: f"[{', '.join(held)}]")
        | st.lists(
            st.tuples(st.sampled_from(['"a"', '"a" ', '"b"', '"\\u0061"', '"\\":"', '"\\"\\u0020:"']), inner),
            max_size=3,
        ).map(lambda held: "{" + ", ".join(f"{name}:{value}" for name, value in held) + "}")
    ),
    max_leaves=12,
)


@given(NAMED | st.lists(PIECES, max_size=12).map("".join), st.integers(0, 4))
def test_what_is_taken_for_plain_has_the_meaning_that_a_close_reading_finds(document, max_depth):
    read = _plain(document.encode(), max_depth)
    if read is not _UNSURE:
        closely = _closely(document.encode(), max_depth, in_place=False)
        assert repr(read) == repr(closely)


def test_a_batch_that_a_sender_writes_is_plain():
    event = {"type": "track", "event": 'Añadido "ya": {[', "userId": "u-1", "properties": {"nested": [{"a": 1.5}]}}
    for written in (json.dumps({"batch": [event] * 50}, ensure_ascii=False).encode(), orjson.dumps({"batch": [event]})):
        assert _plain(written, MAX_DEPTH) == json.loads(written)
