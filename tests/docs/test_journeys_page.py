"""The page on journeys declares what can be read, names every option, and shows an error as it is."""

import re
from pathlib import Path

import pytest

from decisioning.journey_score import health
from features.feature_set import FeatureSet
from features.journey.journey_entry import JOURNEY, STAGE, TARGETS
from features.located import FeatureFileError

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "journeys.md").read_text()
BANK = ROOT / "examples" / "bank"
(DECLARED,) = re.findall(r"^```yaml\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture
def declared(tmp_path):
    path = tmp_path / "journeys.yaml"
    path.write_text(DECLARED)
    return path


def test_the_declaration_that_is_shown_can_be_read(declared):
    (journey,) = FeatureSet.load(BANK / "features.yaml", declared).journeys.journeys
    assert journey.names == ("awareness", "consideration", "at_risk")


def test_every_option_is_named():
    table = PAGE[PAGE.index("| of a stage | says |") : PAGE.index("The file is checked")]
    assert [name for name in (*STAGE, *TARGETS) if f"`{name}`" not in table] == []
    assert [name for name in JOURNEY if f"{name}:" not in DECLARED and name != "activity"] == []


def test_an_unreachable_stage_is_refused_as_shown(declared):
    declared.write_text(DECLARED.replace('when: "days_since_activity < 120"', 'when: "open_serious_tickets > 1"'))
    with pytest.raises(FeatureFileError) as raised:
        FeatureSet.load(BANK / "features.yaml", declared)
    reason = "fulfils its condition fulfils that of 'at_risk' too, and the later stage wins"
    assert reason in str(raised.value)
    assert reason in PAGE


def test_the_parts_of_the_score_are_those_of_the_code(declared):
    (journey,) = FeatureSet.load(BANK / "features.yaml", declared).journeys.journeys
    known = {"days_since_activity": 1.0, "open_tickets": 0.0, "rejects_30d": 0.0, "last_nps": 9.0}
    parts = [name for name, _ in health(journey, journey.stages[1], known)]
    assert parts == ["recency", "friction", "satisfaction", "signs"]
    assert all(re.search(rf"^{name} ", PAGE, re.MULTILINE) for name in [*parts, "pace"])
