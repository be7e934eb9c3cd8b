"""`GET /v1/journeys`: the document that was kept, byte for byte; before there is one, 404."""

import orjson
from in_process import in_service

from features.home import Home
from features.journey.prepared import keep
from serving.journey_answers import JourneysAnswer

DOCUMENT = {
    "version": 1, "currency": "EUR", "drawn_at": "2026-03-01T00:00:00Z", "since": "2025-03-01T00:00:00Z",
    "until": "2026-03-01T00:00:00Z", "journeys": [],
}  # fmt: skip


def test_before_a_map_was_drawn_it_says_what_draws_one(tmp_path):
    async def scenario(http):
        return await http.get("/v1/journeys")

    answer = in_service(tmp_path, scenario)
    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")
    assert "tsugi journeys" in answer.json()["error"]["message"]


def test_the_map_that_was_kept_last_is_answered(tmp_path):
    async def scenario(http):
        answers = []
        for version in (1, 2):
            (home,) = tmp_path.rglob("ledger.db")
            keep(Home(home.parent).journeys, DOCUMENT | {"version": version})
            answers.append(await http.get("/v1/journeys"))
        return answers

    first, second = in_service(tmp_path, scenario)
    JourneysAnswer.model_validate(first.json(), strict=True)
    assert first.content == orjson.dumps(DOCUMENT)
    assert second.json()["version"] == 2
