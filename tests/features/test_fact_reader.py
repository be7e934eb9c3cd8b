"""Reading facts by index equals asking every probe of every fact."""

from hypothesis import given
from hypothesis import strategies as st

from features.fact import Fact
from features.fact_reader import FactReader
from features.selector import MONEY, Probe, Selector

TYPES, NAMES = ("track", "page"), ("Viewed", "Bought")
values = st.sampled_from(["a", "b", 1, 1.0, True, False, 0, None, ["a"], {"a": 1}])
wanted = st.lists(st.tuples(st.sampled_from("xy"), st.sampled_from(["a", "b", 1.0, True, False])), max_size=2)
selectors = st.builds(
    Selector,
    st.lists(st.sampled_from(TYPES), min_size=1, unique=True).map(tuple),
    st.lists(st.sampled_from(NAMES), unique=True).map(tuple),
    wanted.map(tuple),
    st.lists(st.sampled_from([*NAMES, "Unheard Of"]), max_size=2).map(tuple),
)
probes = st.builds(
    Probe,
    selectors,
    reads=st.sampled_from(["", "x", "z"]),
    required=st.booleans(),
    via=st.sampled_from(["", "", "cart_amount"]),
    currency=st.sampled_from(["", MONEY, "EUR", "USD"]),
)
currencies = st.sampled_from(["EUR", "usd", "$", "", 7, None])
facts = st.builds(
    Fact,
    st.sampled_from([*TYPES, "identify"]),
    st.sampled_from([*NAMES, "Unheard Of", ""]),
    st.builds(dict, st.dictionaries(st.sampled_from("xyz"), values), currency=currencies)
    | st.dictionaries(st.sampled_from("xyz"), values),
    st.just(0),
    st.just(0),
)


def plainly(asked: tuple[Probe, ...], told: list[Fact]) -> set[tuple[int, int, str]]:
    return {
        (row, index, repr(value))
        for row, fact in enumerate(told)
        for index, probe in enumerate(asked)
        if fact.type in probe.selector.types and (not probe.selector.names or fact.name in probe.selector.names)
        if fact.name not in probe.selector.besides
        if (value := probe.read(fact)) is not None
    }


@given(st.lists(probes, max_size=6), st.lists(facts, max_size=6))
def test_a_reader_finds_what_every_probe_would(asked, told):
    reader = FactReader(asked)
    hits = reader.read(told)
    found = zip(hits.facts.tolist(), hits.probes.tolist(), map(repr, hits.values.tolist()), strict=True)
    assert sorted(found) == sorted(plainly(reader.probes, told))
    assert hits.facts.tolist() == sorted(hits.facts.tolist())
