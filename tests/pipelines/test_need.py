"""Whether a retraining is needed: what is broken holds it back, what moved or is new asks for it, else it is not."""

from dataclasses import asdict, replace
from datetime import UTC, datetime

import orjson
import pytest

from decisioning.errors import UnavailableError
from features.monitoring import Monitoring
from pipelines.exit_code import ExitCode
from pipelines.monitoring.last_training import FILE, LastTraining, last_training, note_training
from pipelines.monitoring.monitor import Monitored
from pipelines.monitoring.need import judge_need
from pipelines.retrain import FEWEST_DECISIONS
from training.monitoring.finding import Finding

LAST = LastTraining("2026-06-01T00:00:00+00:00", decisions=10_000, catalog="c1")
DRIFT = Finding("drift", "feature age", "PSI 0.5", "reference", "retrain", "Retrain.")
BROKEN = Finding("missing values", "feature age", "PSI 0.5", "reference", "look", "Look.")


def seen(*findings, n_mature=10_100):
    now = datetime(2026, 7, 1, tzinfo=UTC)
    return Monitored(ExitCode.DONE, now, 28.0, "b" * 16, now, None, None, now, None, n_mature, findings)


def need(*findings, last=LAST, n_mature=10_100, catalog="c1", **known):
    return judge_need(seen(*findings, n_mature=n_mature), last, catalog, Monitoring(), **known)


def test_where_nothing_moved_and_little_is_new_it_is_not_needed():
    found = need()
    assert (found.verdict, found.exit_code) == ("not needed", ExitCode.DONE)
    assert found.reasons[0] == "100 more decisions are over than the 10,000 that were learned from"


def test_a_tenth_more_decisions_ask_for_it():
    assert need(n_mature=10_999).verdict == "not needed"
    assert need(n_mature=11_000).verdict == "needed"


def test_what_moved_asks_for_it_unless_nothing_new_could_be_learned():
    assert need(DRIFT).reasons == (str(DRIFT),)
    assert need(DRIFT, n_mature=10_000).verdict == "not needed"


def test_what_stood_at_the_last_training_already_asks_for_nothing_by_itself_and_is_told():
    further = replace(DRIFT, how_much="PSI 0.7")
    found = need(further, stood={DRIFT.subject})
    assert found.verdict == "not needed"
    told = "of what moved, 1 stood at the last training already: a reason again from 2026-06-08 00:00 on"
    assert found.reasons[2:] == (told,)
    other = replace(DRIFT, where="feature income")
    assert need(DRIFT, other, stood={DRIFT.subject}).reasons == (str(other),)
    assert need(DRIFT, stood={DRIFT.subject}, n_mature=11_000).verdict == "needed"
    assert need(BROKEN, stood={BROKEN.subject}).verdict == "held back"


def test_a_challenger_alone_is_no_training_of_what_may_serve():
    found = need(last=replace(LAST, promote=False))
    assert found.reasons == ("the last training made a challenger alone: nothing that it learned may serve",)
    assert need(last=replace(LAST, promote=False), promote=False).verdict == "not needed"


def test_a_challenger_of_what_may_serve_already_is_no_later_training(tmp_path):
    later = replace(LAST, as_of="2026-06-02T00:00:00+00:00", promote=False)
    note_training(tmp_path, LAST)
    note_training(tmp_path, later)
    assert last_training(tmp_path) == LAST
    note_training(tmp_path, replace(later, decisions=10_001))
    assert last_training(tmp_path) == replace(later, decisions=10_001)


def test_a_note_of_an_earlier_release_is_of_a_training_that_may_serve(tmp_path):
    told = asdict(LAST)
    del told["promote"]
    (tmp_path / FILE).write_bytes(orjson.dumps(told))
    assert last_training(tmp_path) == LAST


def test_another_catalogue_asks_for_it():
    assert need(catalog="c2").verdict == "needed"


def test_other_settings_of_learning_ask_for_it_where_those_of_the_last_training_are_known():
    by = replace(LAST, settings="s1")
    asked = [judge_need(seen(), last, "c1", Monitoring(), learning="s2").verdict for last in (by, LAST)]
    assert asked == ["needed", "not needed"]
    assert judge_need(seen(), by, "c1", Monitoring(), learning="s1").verdict == "not needed"


def test_a_home_that_never_learned_asks_for_it_once_there_is_enough():
    assert need(last=None).verdict == "needed"
    assert need(last=None, n_mature=FEWEST_DECISIONS - 1).verdict == "not needed"


def test_what_is_broken_holds_it_back_whatever_else_moved():
    found = need(DRIFT, BROKEN, n_mature=50_000)
    assert (found.verdict, found.exit_code, found.reasons) == ("held back", ExitCode.ATTENTION, (str(BROKEN),))


def test_a_training_is_noted_whole_and_a_damaged_note_is_named(tmp_path):
    assert last_training(tmp_path) is None
    note_training(tmp_path, LAST)
    assert last_training(tmp_path) == LAST
    (tmp_path / FILE).write_text("{")
    with pytest.raises(UnavailableError, match=FILE):
        last_training(tmp_path)


def test_a_training_as_of_the_past_does_not_take_the_place_of_a_later_one(tmp_path):
    earlier = LastTraining("2026-06-01T01:00:00+02:00", decisions=4_000, catalog="c1")
    for training in (earlier, LAST, earlier):
        note_training(tmp_path, training)
    assert last_training(tmp_path) == LAST


WRONG = [
    {"as_of": 5},
    {"as_of": "2026-06-01"},
    {"decisions": "many"},
    {"decisions": True},
    {"catalog": None},
    {"settings": 1},
]


@pytest.mark.parametrize("wrong", WRONG, ids=str)
def test_a_note_with_a_wrong_type_is_named_and_the_next_training_replaces_it(tmp_path, wrong):
    (tmp_path / FILE).write_bytes(orjson.dumps({**asdict(LAST), **wrong}))
    with pytest.raises(
        UnavailableError, match=rf"{FILE}: does not describe a training: {next(iter(wrong))} .* remove it"
    ):
        last_training(tmp_path)
    note_training(tmp_path, LAST)
    assert last_training(tmp_path) == LAST
