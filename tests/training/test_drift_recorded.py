"""A retraining's run has how far features moved, measured as the monitor measures it."""

import json
from dataclasses import asdict

import pytest
from response_world import a_frame, a_layout

from features.monitoring import Monitoring
from pipelines.recording.drift import log_drift
from training.dataset import split_by_time
from training.monitoring.drift import Criterion, drift_of
from training.monitoring.histogram import histogram
from training.registry import Registry

ENCODER = a_layout().features


def a_moved_frame():
    """Of the response world, `x0` rises by one at three quarters of the time; of `x5` little is known afterwards."""
    frame = a_frame()
    frame.features["x0"][4_500:] += 1.0
    frame.features["x5"][4_520:] = float("nan")
    return frame


@pytest.fixture(scope="module")
def split():
    return split_by_time(a_moved_frame(), validation_share=0.25, evaluation_share=0.25)


@pytest.fixture(scope="module")
def artifacts(split, tmp_path_factory):
    folder = tmp_path_factory.mktemp("home")
    registry = Registry.open(folder, workspace="bank")
    with registry.retraining("one") as run:
        log_drift(run, split, ENCODER, Monitoring())
    return registry.client.download_artifacts(run.run_id, "", folder), folder


def test_figures_of_all_features_are_those_of_the_monitor_the_largest_first(artifacts, split):
    told = json.loads((artifacts[1] / "drift.json").read_text())
    assert (told["threshold"], told["too_few_rows"]) == (Monitoring().psi, ["x5"])
    before, later = split.earlier, split.evaluation
    criterion = Criterion(Monitoring().psi, Monitoring().false_alarms / len(ENCODER.columns))
    for name in (f"x{place}" for place in range(5)):
        known = histogram(before.features[name], before.customer_id)
        now = histogram(later.features[name], later.customer_id, edges=known.edges)
        assert told["features"][name] == asdict(drift_of(known, now, criterion))
    assert [name for name, each in told["features"].items() if each["moved"]] == ["x0"]
    indices = [each["psi"] for each in told["features"].values()]
    assert indices == sorted(indices, reverse=True)
    assert {*told["features"], "x5"} == {column.name for column in ENCODER.columns}


def test_there_is_a_picture_of_it(artifacts):
    assert (artifacts[1] / "plots" / "drift.png").read_bytes().startswith(b"\x89PNG")
