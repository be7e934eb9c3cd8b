"""A champion that one order for everybody beats serves no longer than the log takes to show it."""

import numpy as np
import pytest
from logged_home import ACTIONS, AS_OF, a_home, a_log, a_workspace, answered

from pipelines.champion import champion_bundle
from pipelines.composition import compose
from pipelines.retrain import retrain
from training.publication import roll_back_published
from training.registry import Registry

CARD, LOAN = (ACTIONS.index(name) for name in ("card", "loan"))


def a_log_in_which(*, card, loan):
    """Nobody differs: either action is accepted by so many of those to whom it is shown, by nobody else."""
    log = a_log(strength=0.0)
    chance = np.zeros((len(log), len(ACTIONS)))
    for place, share in ((CARD, card), (LOAN, loan)):
        chance[log.chosen == place, place] = share
    return answered(log, np.random.default_rng(5).random(chance.shape) < chance)


@pytest.fixture
def retrained(tmp_path):
    """What a retraining makes of a home whose champion shows the card to everybody."""

    def by(log):
        home, workspace = a_home(tmp_path / "home", a_workspace(tmp_path / "shop"), log), tmp_path / "shop"
        before = champion_bundle(home)
        with compose(home, workspace) as composition:
            result, candidate = retrain(composition, as_of=AS_OF)
        return result, candidate, before, champion_bundle(home)

    return by


def test_where_the_loan_earns_more_from_everybody_it_takes_the_place_of_the_card(retrained, tmp_path):
    result, candidate, before, after = retrained(a_log_in_which(card=0.1, loan=0.4))
    assert (candidate.verdict.promoted, result.serves, result.published) == (False, "constant", True), result.reasons
    assert "the champion is worse than the same order for all" in result.reasons[-1]
    earned = {name: entry.value for name, entry in after.entries.items()}
    assert earned["loan"] > earned["card"] > 0
    registry = Registry.open(tmp_path / "home", workspace="logged")
    assert registry.holder("champion").bundle == after.version
    assert roll_back_published(tmp_path / "home").version == before.version


@pytest.mark.parametrize(("card", "loan"), [(0.4, 0.1), (0.25, 0.25)])
def test_where_the_card_earns_as_much_or_more_it_stays(retrained, card, loan):
    result, candidate, before, after = retrained(a_log_in_which(card=card, loan=loan))
    assert (candidate.verdict.promoted, result.serves) == (False, "champion"), result.reasons
    assert after.entries == before.entries
