"""`tsugi catalog check` and `tsugi catalog diff`."""

import json

import pytest
from typer.testing import CliRunner

from decisioning.errors import InvalidInputError
from pipelines.cli import app
from pipelines.init import write_workspace


@pytest.fixture
def shop(tmp_path, monkeypatch):
    write_workspace(tmp_path / "shop")
    monkeypatch.setenv("TSUGI_WORKSPACE", str(tmp_path / "shop"))
    return tmp_path / "shop" / "catalog.yaml"


def run(*arguments):
    return CliRunner().invoke(app, ["catalog", *arguments])


def test_the_first_workspace_needs_no_advice(shop):
    done = run("check", "--strict")
    assert (done.exit_code, done.stdout.strip()) == (0, "nothing found")


def test_what_can_never_happen_is_told_and_strictness_fails(shop):
    shop.write_text(shop.read_text().replace('"orders > 0"', '"orders > 0 AND orders < 0"'))
    assert run("check").exit_code == 0
    done = run("check", "--strict", "--json")
    assert done.exit_code == 1
    assert [each["field"] for each in json.loads(done.stdout)] == ["actions.second_order.applicability"]


def test_a_changed_catalogue_is_compared_with_the_file_before(shop, tmp_path):
    old = tmp_path / "old.yaml"
    old.write_text(shop.read_text())
    assert run("diff", str(old)).stdout.strip() == "the same"
    changed = (
        shop.read_text()
        .replace("value: 15", "value: 20")
        .replace("banner: {channel: web}\n", "tile: {channel: web}\n", 1)
    )
    shop.write_text(changed)
    found = {
        each["field"]: (each["before"], each["after"]) for each in json.loads(run("diff", str(old), "--json").stdout)
    }
    assert found["actions.second_order.value"] == (15.0, 20.0)
    assert found["actions.welcome_offer.treatments.banner"][1] is None
    assert found["actions.welcome_offer.treatments.tile"][0] is None


def test_of_two_holds_with_one_name_each_change_is_told(shop, tmp_path):
    old, policy = tmp_path / "old.yaml", "contact_policy:\n  holds: [{name: care, condition: orders > 9}, %s]\n"
    old.write_text(shop.read_text().replace("contact_policy:\n", policy % "{name: care, condition: orders > 5}"))
    shop.write_text(old.read_text().replace("orders > 9", "orders > 8"))
    assert run("diff", str(old)).stdout.strip() == "contact_policy.holds[0].condition: orders > 9 -> orders > 8"


def test_a_catalogue_that_decided_is_compared_by_its_version(shop):
    decide = ["decide", "user_id:u-1", "--placement", "web_home"]
    version = json.loads(CliRunner().invoke(app, decide).stdout)["versions"]["catalog"]
    shop.write_text(shop.read_text().replace("value: 15", "value: 20"))
    assert run("diff", version).stdout.strip() == "actions.second_order.value: 15.0 -> 20.0"


def test_what_is_neither_file_nor_version_is_named(shop):
    done = run("diff", "yesterday")
    assert isinstance(done.exception, InvalidInputError)
    assert "'yesterday' is neither a file nor the version" in str(done.exception)
