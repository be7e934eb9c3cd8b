"""Automated models of public tables, by the protocol of quality.md, part C: one fold each; all: the benchmark."""

import pytest
from offers_data import data_folder

from benchmarks.table_models import IN_TIME, OURS, one


@pytest.fixture(autouse=True)
def places(monkeypatch):
    for name in ("telco-churn-ibm", "uci-bank-marketing"):
        monkeypatch.setenv("TSUGI_TEST_DATA", str(data_folder(name).parent))


def of(name: str) -> tuple[dict, dict]:
    """Ours first, then the peers, by name."""
    found = {each.model: each for each in one((name, 0))}
    ours = {model: each for model, each in found.items() if model.startswith(OURS)}
    return ours, {model: each for model, each in found.items() if model not in ours}


def test_telco_on_its_first_fold_is_as_good_as_the_best_of_its_peers() -> None:
    ours, peers = of("telco")
    assert ours[OURS].quality.auc >= 0.855
    assert ours[OURS].quality.log_loss <= 0.402
    assert ours[OURS].quality.auc >= max(each.quality.auc for each in peers.values()) - 0.005
    assert ours[OURS].quality.calibration_error <= ours[OURS].quality.calibration_floor + 0.01
    assert ours[OURS].seconds <= 60


@pytest.mark.reliability
def test_bank_on_its_first_random_fold_is_better_than_any_of_its_peers() -> None:
    ours, peers = of("bank")
    assert ours[OURS].quality.auc >= max(each.quality.auc for each in peers.values()) - 0.002
    assert ours[OURS].quality.calibration_error <= ours[OURS].quality.calibration_floor + 0.01
    assert ours[OURS].seconds <= 60


@pytest.mark.reliability
def test_the_banks_last_fifth_in_time_static_and_in_blocks() -> None:
    ours, peers = of(IN_TIME)
    still, _, anew = ours.values()
    assert still.quality.auc >= 0.75
    assert still.quality.auc >= max(each.quality.auc for each in peers.values()) - 0.002
    assert anew.quality.auc >= 0.765
    assert still.seconds <= 60
