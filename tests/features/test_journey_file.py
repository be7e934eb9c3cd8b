# ruff: noqa: E501 - a declaration, and a case with its message, read best on one line
"""journeys.yaml: what can be declared, and errors that say file, line, given and allowed."""

from pathlib import Path

import pytest

from features.feature_set import FeatureSet
from features.located import FeatureFileError

DECLARED = """\
goals: {grow: more orders}
channels:
  web: {on: {type: page}}
  mail: {on: {type: outcome, name: impression}, where: {channel: email}}
complaints:
  ticket: {on: {type: track, name: Ticket Opened}}
  detractor: {feature: last_nps, below: 7}
journeys:
  shop:
    goal: grow
    friction: [open_tickets]
    satisfaction: last_nps
    stages:
      aware: {when: "page_views_30d > 0 AND touches_web > 0"}
      buyer: {when: "orders > 0", goal: grow, since: days_since_first_order, signs: ["orders > 1"], targets: {median_days: 9}}
      at_risk: {when: "open_tickets > 0", setback: true}
"""


@pytest.fixture
def load(tmp_path: Path):
    def loaded(text: str) -> FeatureSet:
        path = tmp_path / "journeys.yaml"
        path.write_text(text)
        return FeatureSet.load(None, path)

    return loaded


def test_journeys_bring_counts_stages_and_scores_as_features(load):
    features = load(DECLARED)
    own = features.names[len(FeatureSet.load(None).names) :]
    assert own == ("touches_web", "touches_mail", "complaints_ticket", "journey_stage_shop", "journey_score_shop")
    stage = next(feature for feature in features.features if feature.name == "journey_stage_shop")
    assert (stage.kind, stage.one_of) == ("category", ("aware", "buyer", "at_risk"))
    assert features.defaults()["journey_stage_shop"] is None


def test_progress_goes_in_equal_steps_and_a_setback_is_half_the_first(load):
    (journey,) = load(DECLARED).journeys.journeys
    assert [stage.progress for stage in journey.stages] == [0.5, 1.0, 0.25]


def test_another_condition_makes_another_definition(load):
    assert load(DECLARED).fingerprint != load(DECLARED.replace("orders > 0", "orders > 2")).fingerprint


def test_a_file_without_journeys_adds_nothing(load):
    assert load("").names == FeatureSet.load(None).names


@pytest.mark.parametrize(
    ("given", "instead", "said"),
    [
        ("orders > 0", "ordres > 0", ':15: journey \'shop\', stage \'buyer\': condition "ordres > 0": unknown feature'),
        ("orders > 0", "orders >", ":15: journey 'shop', stage 'buyer': condition \"orders >\": cannot be read"),
        ("orders > 0", "context.x = 1", ":15: journey 'shop', stage 'buyer': a stage has no context, given 'context.x'"),
        ("orders > 0", "orders > 5 AND orders < 2", ":15: journey 'shop': stage 'buyer' is unreachable: its condition"),
        ("orders > 0", "open_tickets > 3", "fulfils that of 'at_risk' too, and the later stage wins"),
        ("setback: true", "setback: 1", ":16: journey 'shop', stage 'at_risk': setback must be true or false, given 1"),
        ("at_risk:", "inactive:", ":16: journey 'shop', stage 'inactive': 'inactive' is what the map calls"),
        ("at_risk:", "At Risk:", ":16: stages: a name is lower-case words joined by single underscores, given 'At Risk'"),
        ("at_risk:", "buyer:", ":16: 'buyer' is given twice, first on line 15"),
        ("goal: grow,", "goal: win,", ":15: journey 'shop', stage 'buyer': unknown goal 'win'; declared: grow"),
        ("median_days: 9", "mean_days: 9", ":15: journey 'shop', stage 'buyer', targets: unknown option 'mean_days'"),
        ("median_days: 9", "nps: 101", "nps must be a number from -100 to 100, given 101"),
        ("[open_tickets]", "[open_ticket]", ":11: journey 'shop': unknown feature 'open_ticket'; nearest are open_tickets"),
        ("{feature: last_nps, below: 7}", "{feature: orders, below: 7}", ":7: complaint 'detractor': feature must be a"),
        ("{feature: last_nps, below: 7}", "{below: 7}", ":7: complaint 'detractor': give `on` (events that count) or"),
        ("{type: page}", "{type: pages}", ":3: channel 'web': unknown type 'pages'; allowed: identify, track"),
        ("goals: {grow: more orders}", "goals: {grow: 3}", ":1: goal 'grow' must say in a text what it means, given 3"),
        ("complaints:", "complaint:", ":6: a journeys file: unknown option 'complaint'; allowed: goals, channels"),
    ],
)  # fmt: skip
def test_an_error_says_file_line_given_and_allowed(load, given, instead, said):
    assert given in DECLARED
    with pytest.raises(FeatureFileError) as raised:
        load(DECLARED.replace(given, instead, 1))
    assert "journeys.yaml:" in str(raised.value)
    assert said in str(raised.value)


def test_a_name_that_the_features_file_took_is_refused(tmp_path):
    features, journeys = tmp_path / "features.yaml", tmp_path / "journeys.yaml"
    features.write_text(
        "features:\n  - {name: touches_web, view: v, primitive: count, on: {type: page}, description: d}\n"
    )
    journeys.write_text(DECLARED)
    with pytest.raises(FeatureFileError, match="'touches_web' is declared in the features file too"):
        FeatureSet.load(features, journeys)
