"""Every comparison is one definition, said twice: for DuckDB and for one record."""

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from features.matching.comparison import MISSING
from features.matching.comparison_names import GIVEN, SURNAME, names_degrees
from features.matching.configuration import COMPARISONS
from features.matching.people import Field
from features.matching.splink_settings import macros_of
from features.matching.unit import Unit, units_of

LETTERS = st.text("abc1", min_size=1, max_size=7)
DAYS = st.text("0129x", min_size=8, max_size=8)
ADDRESSES = st.builds("{}@{}".format, LETTERS, LETTERS)
VALUES = {"birth_date": DAYS, "email": ADDRESSES}
ALONE = sorted({comparison.name: kind for kind, comparison in COMPARISONS.items()}.values())


@pytest.fixture(scope="module")
def database():
    connection = duckdb.connect()
    fields = [Field(kind, kind) for kind in COMPARISONS]
    for macro in macros_of(units_of(fields)).values():
        connection.execute(macro)
    name = Unit((Field("name", "given"),), (COMPARISONS["given"],), lambda _left, _right: (0,))
    for macro in list(macros_of([name]).values())[:-1]:
        connection.execute(macro.replace("CREATE MACRO", "CREATE OR REPLACE MACRO"))
    yield connection
    connection.close()


def in_sql(connection, comparison, sides: tuple[str | None, ...]) -> int:
    """The degree by the SQL of its levels, the highest first, as Splink takes them."""
    (says_nothing,) = connection.execute(f"SELECT {comparison.name}_silent(?, ?, ?, ?)", sides).fetchone()
    if says_nothing:
        return MISSING
    for place in range(len(comparison.levels)):
        (holds,) = connection.execute(f"SELECT {comparison.name}_{place}(?, ?, ?, ?)", sides).fetchone()
        if holds:
            return len(comparison.levels) - place
    return 0


@pytest.mark.parametrize("kind", ALONE)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_the_degree_of_one_pair_is_what_its_sql_says(database, kind, data) -> None:
    values = VALUES.get(kind, LETTERS)
    left = data.draw(values)
    right = data.draw(
        st.one_of(
            values,
            st.just(left),
            st.just(left[:-1] + left[:1]),
            st.just(left[1] + left[0] + left[2:] if len(left) > 1 else left),
        )
    )
    comparison = COMPARISONS[kind]
    assert comparison.degree(left, right) == in_sql(database, comparison, (left, right, None, None))


NAMES = st.sampled_from(["", "isla", "hall", "islaa", "hal", "lola", "thomas", "gabriel", "thoma", "al", "a"])


@settings(max_examples=300, deadline=None)
@given(left=st.tuples(NAMES, NAMES), right=st.tuples(NAMES, NAMES))
def test_names_that_crossed_are_found_by_sql_and_by_one_pair_alike(database, left, right) -> None:
    sides = (left[0] or None, right[0] or None, left[1] or None, right[1] or None)
    (crossed,) = database.execute("SELECT names_crossed(?, ?, ?, ?)", sides).fetchone()
    missing = [None in sides[:2] and not crossed, None in sides[2:] or crossed]
    expected = [in_sql(database, GIVEN, sides), in_sql(database, SURNAME, (*sides[2:], None, None))]
    assert names_degrees(left, right) == tuple(
        -1 if gone else degree for gone, degree in zip(missing, expected, strict=True)
    )


@pytest.mark.parametrize("kind", sorted(COMPARISONS))
def test_every_degree_has_a_likelihood_before_anything_is_learned(kind) -> None:
    comparison = COMPARISONS[kind]
    assert len(comparison.default_m) == len(comparison.names)
    assert sum(comparison.default_m) == pytest.approx(1.0)
    assert min(comparison.default_m) > 0.0


@pytest.mark.parametrize("kind", ALONE)
@settings(max_examples=60, deadline=None)
@given(data=st.data())
def test_likeness_does_not_depend_on_which_value_comes_first(kind, data) -> None:
    left, right = data.draw(VALUES.get(kind, LETTERS)), data.draw(VALUES.get(kind, LETTERS))
    assert COMPARISONS[kind].degree(left, right) == COMPARISONS[kind].degree(right, left)
