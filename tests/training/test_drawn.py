"""Of very many decisions a sample is learned from: it is drawn before their features are read."""

from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ledger_builders import NOW
from log_builder import CATALOG, DAY, GOAL, LATER, Log

from features.instant import to_us
from training.dataset import DecisionLogFrame, spread
from training.decision_log import n_over
from training.monitoring.served import read_served
from training.reading import decision_pages, feature_kinds
from training.reading.decided import by_time, read_some
from training.reading.feature_kinds import FeatureKinds
from training.reading.timeline import read_timeline

NAMES = ("age", "segment", "income", "late_number", "late_word", "never")


def sampled_afterwards(frame: DecisionLogFrame, most: int) -> DecisionLogFrame:
    """The slow way: everything is read, and the sample drawn then."""
    kept = spread(frame, most)
    return replace(kept, n_left_out=len(frame) - len(kept))


def a_growing_log(log: Log, seed: int) -> None:
    """Sixty decisions out of order, several at one moment; features and actions come and go, some draws are shared."""
    chance = np.random.default_rng(seed)
    for number in range(60):
        owner, name, seconds = chance.integers(4), str(number), DAY * int(chance.integers(0, 30))
        features = {"age": float(chance.integers(90)), "segment": str(chance.choice(["mass", "rich"]))}
        if number > 20:
            features |= {"late_number": float(chance.random()), "late_word": str(chance.choice(["a", "b"]))}
        action = "former" if number == int(chance.integers(60)) else str(chance.choice(["card", "no_action", "gone"]))
        stuck = "s_" + f"{owner}{chance.integers(3)}" * 12 if chance.random() < 0.3 else ""
        log.decide(name, seconds=seconds, user=f"u-{owner}", features=features, chosen=action, stuck=stuck)
        for kind in chance.choice(["impression", "accept", "conversion"], chance.integers(0, 3)):
            then = seconds + int(chance.integers(1, 8 * DAY))
            log.hear(f"{number}-{kind}-{then}", decision_id=f"d-{name}", seconds=then, type=str(kind))
        log.order(f"o-{number}", seconds=int(chance.integers(0, 40 * DAY)))


@pytest.mark.parametrize("seed", range(4))
def test_drawing_before_features_are_read_is_drawing_afterwards(tmp_path, monkeypatch, seed):
    monkeypatch.setattr(decision_pages, "PAGE", 7)
    monkeypatch.setattr(feature_kinds, "LOOKED_AT", 3)
    with closing(Log(tmp_path / "ledger.db")) as log:
        a_growing_log(log, seed)
        for as_of in (NOW + timedelta(days=25), LATER):
            everything = log.frame(as_of=as_of, names=NAMES)
            assert len(everything) > 10
            for most in (1, 2, 9, len(everything) - 1, len(everything), len(everything) + 1):
                sample = log.frame(as_of=as_of, names=NAMES, most=most)
                assert sample.actions == everything.actions
                assert sample.fingerprint == sampled_afterwards(everything, most).fingerprint
                assert {name: each.dtype for name, each in sample.features.items()} == {
                    name: each.dtype for name, each in everything.features.items()
                }


@pytest.mark.parametrize("seed", range(4))
def test_decisions_from_a_moment_on_are_what_they_are_in_the_whole_log(tmp_path, seed):
    with closing(Log(tmp_path / "ledger.db")) as log:
        a_growing_log(log, seed)
        everything = log.frame(names=NAMES)
        for day in (-1, 0, 7, 20, 29, 31):
            since = NOW + timedelta(days=day)
            after = everything.take(everything.decided_us >= to_us(since))
            found = log.frame(names=NAMES, since=since)
            assert [name for name in after.actions if name in found.actions] == list(found.actions)
            columns = [after.actions.index(name) for name in found.actions]
            for name in ("decision_id", "customer_id", "treatment", "ends_us", "shown", "reward", "accepted"):
                assert getattr(found, name).tolist() == getattr(after, name).tolist(), name
            assert (found.converted == after.converted[:, columns]).all()
            assert (found.eligible_probability == after.eligible_probability[:, columns]).all()
            assert not after.converted[:, [n for n in range(len(after.actions)) if n not in columns]].any()


def test_nothing_that_was_decided_before_is_read(tmp_path):
    with closing(Log(tmp_path / "ledger.db")) as log:
        for day in range(6):
            log.decide(str(day), seconds=day * DAY)
        log.ledger.write(lambda rows: rows.execute("UPDATE record SET body = '?' WHERE record_id < 'd-3'")).result()
        since = NOW + timedelta(days=3)
        assert log.frame(since=since).decision_id.tolist() == ["d-3", "d-4", "d-5"]
        assert read_served(log.ledger, ("age",), since=since, until=LATER).decision_id.tolist() == ["d-3", "d-4", "d-5"]
        assert len(read_served(log.ledger, ("age",), since=LATER, until=LATER)) == 0


def test_decisions_that_are_over_are_counted_whether_they_were_drawn_or_not(tmp_path):
    with closing(Log(tmp_path / "ledger.db")) as log:
        for day in range(12):
            log.decide(str(day), seconds=day * DAY)
        for as_of in (NOW, NOW + timedelta(days=15), LATER):
            assert n_over(log.ledger, GOAL, as_of=as_of, catalog=CATALOG) == len(log.frame(as_of=as_of))


def test_a_decision_that_was_erased_before_its_features_were_read_is_not_among_them(tmp_path):
    with closing(Log(tmp_path / "ledger.db")) as log:
        for day in range(3):
            log.decide(str(day), seconds=day * DAY)
        kinds = FeatureKinds(NAMES)
        within = decision_pages.extent(log.ledger)
        until = {"until_us": 2**62, "over_us": 2**62}
        line = read_timeline(log.ledger, kinds, within=within, actions=("card",), **until, repeats={})
        log.ledger.write(lambda rows: rows.execute("DELETE FROM record WHERE record_id = 'd-1'")).result()
        some = read_some(log.ledger, kinds, actions=line.actions, seqs=line.seq)
        assert some.decision_id.tolist() == ["d-0", "d-2"]
        assert some.features["age"].tolist() == [40.0, 40.0]


@given(st.lists(st.tuples(st.integers(0, 3), st.text("abé人😀", max_size=2)), unique=True))
@settings(max_examples=50)
def test_the_order_is_that_of_time_and_then_of_names(pairs):
    at_us, ids = np.array([at for at, _ in pairs], dtype=np.int64), np.array([name for _, name in pairs], dtype=object)
    assert [pairs[place] for place in by_time(at_us, ids)] == sorted(pairs)
