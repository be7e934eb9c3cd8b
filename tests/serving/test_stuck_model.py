"""Row 18 of the reliability list: a model that is stuck or missing; the catalogue decides in time and says so."""

import asyncio
import time
from threading import Event

import numpy as np
import pytest
from in_process import serving
from patience import LONGEST
from test_app import ask

from decisioning.ports import Scores
from features.home import Home
from serving.in_time import SCORING_SECONDS

P99_MS = 100.0
MISSING_P99_MS = 50.0
STUCK_SECONDS = 5.0


class Stuck:
    """A model that needs so many seconds for every answer, or until it is let go on."""

    version = "0" * 16

    def __init__(self, seconds):
        self._seconds = seconds
        self.go_on, self.n_asked = Event(), 0

    def score(self, features, candidates):
        self.n_asked += 1
        self.go_on.wait(self._seconds)
        return Scores(np.full(len(candidates), 0.5), np.full(len(candidates), np.nan))

    def explain(self, features, candidate):
        return ()


async def timed(sending):
    began = time.perf_counter()
    answer = await sending
    assert answer.status_code == 200, answer.text
    return time.perf_counter() - began, answer.json()


async def asked(http, n, name="r"):
    return [
        await timed(http.post("/v1/decisions", json=ask(f"{name}-{place}", f"u-{place % 20}"))) for place in range(n)
    ]


def with_a_stuck_model(folder, n, seconds):
    """The decisions, the looks at liveness meanwhile, and how often the model was asked."""

    async def run():
        async with serving(folder) as http:
            model = http.desk.bundle.current = Stuck(seconds)
            looking = asyncio.create_task(looks(http))
            decided = await asked(http, n)
            looking.cancel()
            model.go_on.set()
            return decided, await looking, model.n_asked

    return asyncio.run(run())


async def looks(http):
    """How long each look at liveness took, until it is cancelled."""
    took = []
    try:
        while True:
            took.append((await timed(http.get("/livez")))[0])
            await asyncio.sleep(0.01)
    except asyncio.CancelledError:
        return took


def told(decided):
    return {tuple(body["degraded_reasons"]) for _, body in decided}


def percentile(seconds, share):
    return 1000 * float(np.percentile(seconds, share))


def test_a_stuck_model_is_asked_once_and_every_answer_is_ranked_by_the_catalogue(tmp_path):
    decided, _, n_asked = with_a_stuck_model(tmp_path, 20, LONGEST)
    assert told(decided) == {("model",)}
    assert all(body["ranked"] for _, body in decided)
    assert n_asked == 1


def without_a_model(folder, n):
    """Decisions while a bundle is published that is not there."""
    bundles = Home(folder / "home").create().bundles
    bundles.mkdir(exist_ok=True)
    (bundles / "champion.json").write_text('{"version": "' + "a" * 16 + '", "sha256": "' + "0" * 64 + '"}')

    async def run():
        async with serving(folder) as http:
            return await asked(http, n), (await http.get("/readyz")).json()

    return asyncio.run(run())


def test_with_a_bundle_that_is_missing_every_answer_is_ranked_and_says_so(tmp_path):
    decided, ready = without_a_model(tmp_path, 5)
    assert told(decided) == {("model",)}
    assert all(body["ranked"] and body["versions"]["bundle"] == "none" for _, body in decided)
    assert ready["refused"] == [f"bundle: invalid_artifact: {'a' * 16}/bundle.json: expected a plain file"]


@pytest.mark.reliability
def test_with_a_stuck_model_99_of_100_answers_come_within_100_ms_and_nobody_else_waits(tmp_path):
    decided, looked, n_asked = with_a_stuck_model(tmp_path, 2_000, STUCK_SECONDS)
    took = [seconds for seconds, _ in decided]
    print(f"stuck: {len(took)} decisions, p50 {percentile(took, 50):.1f} ms, p99 {percentile(took, 99):.1f} ms")
    print(f"asked {n_asked} times; p99 of {len(looked)} looks at liveness {percentile(looked, 99):.1f} ms")
    assert told(decided) == {("model",)}
    assert percentile(took, 99) < P99_MS
    assert percentile(looked, 99) < P99_MS
    assert max(took) < 10 * SCORING_SECONDS


@pytest.mark.reliability
def test_with_a_missing_model_99_of_100_answers_come_within_50_ms(tmp_path):
    decided, _ = without_a_model(tmp_path, 2_000)
    took = [seconds for seconds, _ in decided]
    print(f"missing: {len(took)} decisions, p50 {percentile(took, 50):.1f} ms, p99 {percentile(took, 99):.1f} ms")
    assert percentile(took, 99) < MISSING_P99_MS
