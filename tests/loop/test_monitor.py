"""`tsugi monitor` on a home with real decisions: measured, quiet where nothing changed, loud where something did."""

import json
import shutil
import sqlite3
from contextlib import closing
from datetime import timedelta

import pytest
import typer

from pipelines.command.watching import COMMANDS
from pipelines.composition import compose
from pipelines.exit_code import ExitCode
from pipelines.materialize import materialize
from pipelines.monitoring.last_training import LastTraining, note_training
from pipelines.monitoring.monitor import monitor, monitor_workspace
from pipelines.monitoring.need import need_of
from pipelines.monitoring.serving_skew import serving_skew
from pipelines.monitoring.told import SHOWN, monitored_in_words
from pipelines.retrain import encoder_of, learnable_log
from training.artifact import write_bundle
from training.constant import ConstantBundle, ConstantEntry
from training.monitoring.reference import reference_of, report_of
from training.monitoring.served import read_served
from training.publication import publish

SAMPLE = 200


@pytest.fixture(scope="module")
def home(business, tmp_path_factory):
    """A home whose champion learned from its first four weeks."""
    folder = tmp_path_factory.mktemp("watched")
    home = shutil.copytree(business.home, folder / "home")
    with compose(home, business.workspace, clock=business.clock) as composition:
        materialize(composition)
        as_of = business.clock() - timedelta(days=7)
        frame = learnable_log(composition, as_of=as_of)
        reference = reference_of(frame, encoder_of(composition), judged=frame, scores=None)
    entry = ConstantEntry("savings_plan", value=1.0, standard_error=0.1, propensity=0.1, n_chosen=50)
    bundle = ConstantBundle("", "any", {"savings_plan": entry})
    write_bundle(bundle, folder / "made", created_at=as_of, report=report_of(reference))
    publish(folder / "made", home)
    return home


def watched(home, business, **options):
    return monitor_workspace(home, business.workspace, as_of=business.clock(), sample=0, **options)


def test_a_home_without_a_champion_has_nothing_to_compare(business):
    seen = monitor_workspace(business.home, business.workspace, as_of=business.clock(), sample=0)
    assert (seen.exit_code, seen.champion, seen.compared) == (ExitCode.NOTHING_NEW, "none", None)
    assert monitored_in_words(seen).endswith("nothing to compare yet")


def test_what_is_served_is_measured_beside_what_was_learned_from(home, business):
    seen = watched(home, business)
    assert seen.compared.n_decisions > 1000
    assert 0 < seen.compared.n_mature < seen.n_mature
    assert len(seen.compared.features) > 20
    assert all(each.n_now > 100 and 0 < each.detectable < 10 for each in seen.compared.features.values())
    assert {each.remedy for each in seen.findings} <= {"retrain"}
    assert seen.exit_code == (ExitCode.DRIFT if seen.findings else ExitCode.DONE)
    words = monitored_in_words(seen)
    assert f"champion {seen.champion}" in words
    told = [str(each) for each in seen.findings if str(each) in words]
    assert len(told) == min(len(seen.findings), SHOWN)


@pytest.mark.parametrize("goal_days", [14, 28, 30])
def test_however_long_the_goal_waits_what_is_over_is_compared(goal_days, home, business, tmp_path):
    workspace = shutil.copytree(business.workspace, tmp_path / "workspace")
    settings = workspace / "tsugi.toml"
    settings.write_text(settings.read_text().replace("window_days = 14", f"window_days = {goal_days}"))
    seen = monitor_workspace(home, workspace, as_of=business.clock(), sample=0)
    first = min(decision.decided_at for decision in business.decisions)
    begins, over = business.clock() - timedelta(days=max(28, goal_days + 14)), timedelta(days=goal_days)
    due = [d for d in business.decisions if max(first, begins) <= d.decided_at <= business.clock() - over]
    assert seen.compared.n_mature == len(due) > 100
    assert seen.compared.rates


def test_features_that_decided_are_those_that_training_computes(home, business):
    with compose(home, business.workspace, clock=business.clock) as composition:
        names, until = composition.features.names, business.clock()
        served = read_served(composition.ledger, names, since=until - timedelta(days=40), until=until)
        skew = serving_skew(composition, served, sample=SAMPLE)
    assert skew.n_decisions == SAMPLE
    assert skew.n_values > 0.9 * SAMPLE * len(names)
    assert skew.equal >= 0.999, skew.differing


@pytest.fixture
def spoilt(home, tmp_path):
    """A copy of the home, to plant something in."""
    return shutil.copytree(home, tmp_path / "spoilt")


def rewritten(home, change):
    """Change the JSON of every decision: what serving would have logged, had it been broken."""
    with closing(sqlite3.connect(home / "ledger.db")) as connection, connection:
        for seq, body in connection.execute("SELECT seq, body FROM record WHERE kind = 'decision'").fetchall():
            content = json.loads(body)
            change(content["decision"])
            connection.execute("UPDATE record SET body = ? WHERE seq = ?", (json.dumps(content).encode(), seq))


def test_a_feature_that_serving_no_longer_fills_is_for_a_person_to_look_at(spoilt, business):
    def empty(decision):
        decision["features"]["income"] = None

    rewritten(spoilt, empty)
    seen = monitor_workspace(spoilt, business.workspace, as_of=business.clock(), sample=SAMPLE)
    assert seen.exit_code == ExitCode.ATTENTION
    found = {each.what: each for each in seen.findings if each.remedy == "look"}
    assert set(found) == {"missing values", "skew"}
    assert found["missing values"].where == "feature income"
    assert found["skew"].where.split(", ")[0] == "income"


def test_a_model_that_grew_old_and_a_silence_are_told(home, business):
    later = business.clock() + timedelta(days=40)
    seen = monitor_workspace(home, business.workspace, as_of=later, sample=0)
    assert {(each.what, each.where) for each in seen.findings} >= {("staleness", "model"), ("staleness", "features")}
    assert seen.exit_code == ExitCode.ATTENTION


@pytest.mark.parametrize(("ago", "verdict"), [(timedelta(hours=1), "not needed"), (timedelta(days=7), "needed")])
def test_what_moved_before_the_last_training_asks_for_another_one_a_quarter_of_the_window_later(
    spoilt, business, ago, verdict
):
    with compose(spoilt, business.workspace, clock=business.clock) as composition:
        as_of = business.clock()
        n_over = monitor(composition, as_of=as_of, sample=0).n_mature
        learned = LastTraining((as_of - ago).isoformat(), n_over - 1, composition.catalog.catalog.version)
        note_training(spoilt, learned)
        need = need_of(composition, as_of=as_of)
    assert need.verdict == verdict, need.reasons


def test_the_command_prints_json_and_exits_as_it_found(home, business, capsys):
    (command,) = COMMANDS
    with pytest.raises(typer.Exit) as ended:
        command(home=home, workspace=business.workspace, as_of=business.clock(), sample=0, as_json=True)
    told = json.loads(capsys.readouterr().out)
    assert told["exit_code"] == ended.value.exit_code
    assert len(told["champion"]) == 16
    assert set(told["compared"]["features"]) <= set(told["compared"]["nulls"])
