"""`tsugi train --dry-run`: what would be trained on what, and not a byte written."""

import json
import shutil

import pytest
import typer

from decisioning.errors import InvalidInputError
from pipelines.command.learn import train
from pipelines.dry_run import plan_in_words, plan_training


def everything_in(folder):
    return {path: (path.stat().st_mtime_ns, path.stat().st_size) for path in folder.rglob("*") if path.is_file()}


def test_a_dry_run_tells_every_label_and_writes_nothing(business, tmp_path):
    home = shutil.copytree(business.home, tmp_path / "home")
    before = everything_in(home)
    plan = plan_training(home, business.workspace, as_of=business.clock())
    assert everything_in(home) == before
    assert sum(labels.over for labels in plan.labels.values()) == sum(plan.rows.values()) > 500
    assert sum(labels.over + labels.open for labels in plan.labels.values()) == len(business.decisions)
    assert plan.labels["no_action"].accepted == 0
    assert plan.left_out["wishes_90d"] == "always 0.0"
    kinds = [model.split(":")[0] for model in plan.models]
    assert kinds == ["propensity and uplift", "specialists", "uplift", "churn", "service_need", "satisfaction", "value"]
    assert plan.enough
    words = plan_in_words(plan)
    assert all(name in words for name in plan.labels)


def test_a_sample_is_told_of_and_the_labels_are_of_all(business, tmp_path):
    workspace = shutil.copytree(business.workspace, tmp_path / "workspace")
    settings = workspace / "tsugi.toml"
    settings.write_text(settings.read_text().replace("[training]", "[training]\nmost_decisions = 1000"))
    whole, sample = (
        plan_training(business.home, each, as_of=business.clock()) for each in (business.workspace, workspace)
    )
    assert sum(sample.rows.values()) == 1000
    assert sample.not_drawn == sum(whole.rows.values()) - 1000 > 0
    assert sample.labels == whole.labels
    assert f"{sample.not_drawn:,} more are over" in plan_in_words(sample)


def test_the_command_prints_the_plan_and_ends_well(business, capsys):
    train(business.home, business.workspace, business.clock(), dry_run=True, as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert set(told["rows"]) == {"learn", "choose", "judge"}


def test_a_dry_run_refuses_what_a_retraining_refuses_of_the_gate(business, tmp_path):
    workspace = shutil.copytree(business.workspace, tmp_path / "workspace")
    settings = workspace / "tsugi.toml"
    settings.write_text(settings.read_text().replace("[gate]", '[gate]\nprotected = ["segmnt"]'))
    with pytest.raises(InvalidInputError, match=r"gate\.protected: 'segmnt' is no category feature"):
        plan_training(business.home, workspace, as_of=business.clock())


def test_a_dry_run_only_where_needed_is_refused(tmp_path):
    with pytest.raises(typer.BadParameter, match="one of --dry-run and --if-needed"):
        train(tmp_path, tmp_path, dry_run=True, if_needed=True)
