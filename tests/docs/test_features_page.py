"""The page of features is what their declarations say."""

import json
from pathlib import Path

from typer.testing import CliRunner

from features.feature_set import FeatureSet
from pipelines.cli import app
from pipelines.feature_list import features_of, page_of

ROOT = Path(__file__).parents[2]
BANK = str(ROOT / "examples" / "bank")


def test_the_page_is_current():
    told = (ROOT / "docs" / "features.md").read_text()
    assert told == page_of(features_of(FeatureSet.load(None))) + "\n", (
        "run: tsugi features --standard --markdown > docs/features.md"
    )


def test_every_feature_is_listed_for_people_and_for_machines():
    said = CliRunner().invoke(app, ["features", "--workspace", BANK, "--json"])
    features = json.loads(said.stdout)["features"]
    names = [feature["name"] for feature in features]
    assert {"orders", "visit_cart_value", "age", "impressions_of_insurance_7d", "acts_in_app_30d"} <= set(names)
    assert all(feature["description"] and feature["owner"] and feature["type"] for feature in features)
    table = CliRunner().invoke(app, ["features", "--workspace", BANK]).stdout.splitlines()
    assert [line.split()[0] for line in table[1:]] == names


def test_a_bad_declaration_is_named(tmp_path):
    (tmp_path / "tsugi.toml").write_text('[workspace]\nname = "bad"\n')
    (tmp_path / "features.yaml").write_text("features: [{name: x, view: v, primitive: median, description: d}]")
    said = CliRunner().invoke(app, ["features", "--workspace", str(tmp_path)])
    assert said.exit_code == 1
    assert "unknown primitive 'median'" in str(said.exception)
