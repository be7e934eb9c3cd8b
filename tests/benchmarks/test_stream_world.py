"""The bank's stream: equal customers with equal potential outcomes for everybody, and exact figures of what is lost."""

from dataclasses import replace

import numpy as np
import pytest

from benchmarks import stream_learners
from benchmarks.generated_log import chances
from benchmarks.stream_learners import OurStream
from benchmarks.stream_world import Customers, Shop, best_by_what_is_seen
from decisioning.action import NO_ACTION
from decisioning.catalog import Exploration


@pytest.fixture(scope="module")
def shop():
    return Shop.load()


def test_equal_seeds_meet_equal_customers_and_another_law_pays_otherwise(shop):
    one, same, other = (Customers.draw(shop, 200, seed=3, law=law) for law in (1, 1, 2))
    assert np.array_equal(one.seen, same.seen, equal_nan=True)
    assert np.array_equal(one.gain, same.gain)
    assert not np.array_equal(one.gain, other.gain)
    assert np.array_equal(one.luck, other.luck)


def test_what_is_chosen_converts_by_its_own_chance_and_everything_else_by_itself(shop):
    customers = Customers.draw(shop, 20_000, seed=4)
    nothing = len(shop.actions) - 1
    assert shop.actions[nothing] == NO_ACTION
    shown = np.array([customers.converted(place, 2) for place in range(len(customers))])
    quiet = np.array([customers.converted(place, nothing) for place in range(len(customers))])
    assert np.array_equal(np.delete(shown, 2, axis=1), np.delete(quiet, 2, axis=1))
    assert shown[:, 2].mean() == pytest.approx(customers.shown[:, 2].mean(), abs=0.01)
    assert quiet[:, 2].mean() == pytest.approx(customers.quiet[:, 2].mean(), abs=0.01)


def test_the_oracle_loses_nothing_and_the_best_constant_gains_nothing_over_itself(shop):
    customers = Customers.draw(shop, 500, seed=5)
    best, constant = customers.gain.argmax(axis=1), customers.gain.mean(axis=0).argmax()
    assert customers.regret(best).sum() == 0.0
    assert customers.share_of_oracle(best) == pytest.approx(1.0)
    assert customers.share_of_oracle(np.full(500, constant)) == pytest.approx(0.0)
    everyone = [customers.regret(np.full(500, place)) for place in range(len(shop.actions))]
    assert np.mean(everyone, axis=0) == pytest.approx(customers.uniform_regret())


def test_who_knows_the_law_gains_all_where_everything_is_seen_and_less_where_some_is_hidden(shop):
    customers = Customers.draw(shop, 1_000, seed=6)
    best = customers.gain.argmax(axis=1)
    hidden = customers.share_of_oracle(best_by_what_is_seen(customers, n_draws=40))
    assert 0.5 < hidden < 0.95
    plain = np.nan_to_num(customers.seen)
    shown, quiet = chances(plain, len(customers.values), np.random.default_rng([1, 6]))
    told = replace(customers, seen=plain, shown=shown, quiet=quiet)
    assert np.array_equal(best_by_what_is_seen(told, n_draws=1), told.gain.argmax(axis=1))
    assert not np.array_equal(best_by_what_is_seen(customers, n_draws=40), best)


def test_before_the_first_bundle_every_choice_is_equally_likely_and_a_bundle_sharpens_them(shop, monkeypatch):
    monkeypatch.setattr(stream_learners, "TRAINED_AT", (1_200,))
    ours, customers = OurStream(shop, Exploration(0.05)), Customers.draw(shop, 1_400, seed=6)
    chosen = ours.play(customers)
    probability = ours._log.probability
    assert probability[:1_200] == pytest.approx(1 / len(shop.actions))
    assert probability.sum(axis=1) == pytest.approx(1.0)
    assert probability[1_200:].max(axis=1).mean() > 0.5
    assert (np.bincount(chosen[:1_200], minlength=len(shop.actions)) > 50).all()
    assert customers.regret(chosen)[1_200:].mean() < customers.uniform_regret().mean()
