"""The order of keys in `catalog.yaml` has no meaning: catalogues that differ by it decide the same, and replay."""

from dataclasses import replace

import pytest
import yaml

from builders import FixedScorer, a_customer, a_request
from decisioning.catalog_file import read_catalog
from decisioning.decide import consider
from decisioning.eligibility import compile_catalog
from decisioning.replay import differences, replayed

WRITTEN = """
arbitration_by_issue: {care: value, grow: incremental_value}
budgets: {autumn: {amount: 50, actions: [card]}, spring: {amount: 60, actions: [card]}}
channels:
  email: {outbound: true, capacity: {at_most: 9, per: day}}
  web: {capacity: {at_most: 100, per: day}}
contact_policy: {caps: [{at_most: 1, scope: action, within_days: 7}]}
currency: EUR
exploration: {epsilon: 0.1, epsilon_without_bundle: 0.5}
holdout: {salt: s, shares: {eligibility_only: 0.1, hold_out: 0.1, no_levers: 0.1, random_eligible: 0.1}}
inventories: {caps: {count: 3, actions: [card]}, mugs: {count: 3, actions: [card]}}
placements: {home: {channel: web}}
tests: {picture: {action: tea, shares: {photo: 0.5, plain: 0.5}}}
actions:
  card: {issue: grow, group: cards, value: 5, treatments: {banner: {channel: web, cost: 0.4}}}
  fund: {issue: care, group: g, value: 9, treatments: {
    a: {channel: web, cost_formula: age - 99}, b: {channel: web, cost_formula: age - 98}}}
  tea: {issue: grow, group: g, value: 1, treatments: {photo: {channel: web}, plain: {channel: web}}}
"""
SPENT = {f"budget:{name}": 10**9 for name in ("autumn", "spring")} | {
    f"inventory:{name}": 9 for name in ("caps", "mugs")
}
SPENT |= {"capacity:web": 0, "capacity:email": 0}


def turned(content):
    """The same content, with the keys of every mapping the other way round."""
    if isinstance(content, dict):
        return {key: turned(content[key]) for key in reversed(content)}
    return [turned(each) for each in content] if isinstance(content, list) else content


@pytest.fixture(scope="module")
def catalogs():
    other = yaml.safe_dump(turned(yaml.safe_load(WRITTEN)), sort_keys=False)
    return [compile_catalog(read_catalog(text)) for text in (WRITTEN, other)]


def test_the_order_of_keys_changes_no_version(catalogs):
    one, other = catalogs
    assert one.catalog.version == other.catalog.version
    assert one.policy_version == other.policy_version
    assert list(one.pools) == list(other.pools)


def test_what_was_decided_under_one_order_replays_under_another(catalogs):
    one, other = catalogs
    scorer = FixedScorer({"card": (0.2, 0.2), "fund": (0.2, 0.2), "tea": (0.1, 0.1)})
    for nth in range(20):
        customer = a_customer(customer_id=f"c_{nth}", features={"age": 20.0}, used=SPENT)
        made = consider(a_request(request_id=f"r-{nth}", placement="home"), customer, catalog=one, scorer=scorer)
        assert differences(made, replayed(made, catalog=other, scorer=scorer)) == ()


def test_a_policy_version_of_before_is_no_difference_and_a_catalogue_version_is(catalogs):
    scorer = FixedScorer({})
    made = consider(a_request(placement="home"), a_customer(features={}), catalog=catalogs[0], scorer=scorer)
    for name, differs in (("policy", ()), ("catalog", ("versions",))):
        logged = replace(made, versions=replace(made.versions, **{name: "0" * 12}))
        assert differences(logged, replayed(logged, catalog=catalogs[0], scorer=scorer)) == differs


def test_of_a_catalogue_whose_keys_were_in_order_the_policy_version_stays(catalogs):
    assert catalogs[0].policy_version == "c1fd97f68d47"
