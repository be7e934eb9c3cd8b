"""Profiles and consents over HTTP: of now, as of a moment, with what lost and the proof of every answer."""

from datetime import timedelta

import pytest
from in_process import START, in_service

from serving import answers
from serving.profile_answer import ProfileAnswer

EVENTS = {"batch": [
    {"type": "identify", "messageId": "i-1", "userId": "u-1", "traits": {"city": " Ube "}},
    {"type": "identify", "messageId": "i-2", "userId": "u-1", "traits": {"city": "Oka"}},
]}  # fmt: skip
YES = {
    "consent_id": "k-1", "customer": {"user_id": "u-1"}, "purpose": "marketing", "granted": True,
    "method": "web form", "text": {"version": "2026-01"},
}  # fmt: skip


def asked(tmp_path, *calls):
    async def scenario(http):
        await http.post("/v1/events", json=EVENTS)
        return [await http.post(path, json=body) for path, body in calls]

    return in_service(tmp_path, scenario)


def profile(**options):
    return "/v1/profiles", {"customer": {"user_id": "u-1"}} | options


def test_what_lost_is_shown_on_request_with_what_was_sent(tmp_path):
    plain, full = asked(tmp_path, profile(), profile(losing=True, consent_history=True))
    ProfileAnswer.model_validate(full.json(), strict=True)
    assert "losing" not in plain.json()["fields"]["city"]
    (losing,) = full.json()["fields"]["city"]["losing"]
    assert (losing["value"], losing["raw"]) == ("Ube", " Ube ")


def test_the_past_is_answered_and_the_future_refused(tmp_path):
    before, now, later = (START + timedelta(seconds=seconds) for seconds in (-1, 0, 1))
    calls = [profile(as_of=moment.isoformat()) for moment in (before, now, later)]
    nobody, known, refused = asked(tmp_path, *calls)
    assert (nobody.status_code, known.status_code, refused.status_code) == (404, 200, 400)
    assert known.json()["fields"]["city"]["value"] == "Oka"
    assert refused.json()["error"]["field"] == "as_of"


def test_a_consent_is_recorded_with_its_proof(tmp_path):
    first, again, other, shown = asked(
        tmp_path, ("/v1/consents", YES), ("/v1/consents", YES), ("/v1/consents", YES | {"granted": False}), profile()
    )
    answers.ConsentReceiptAnswer.model_validate(first.json(), strict=True)
    assert (first.json()["duplicate"], again.json()["duplicate"], other.status_code) == (False, True, 409)
    assert shown.json()["consents"] == first.json()["consents"]
    assert first.json()["consents"][0]["text"] == {"version": "2026-01"}


@pytest.mark.parametrize(
    ("change", "status", "field"),
    [
        ({"text": {}}, 400, "text"),
        ({"granted": "yes"}, 400, "granted"),
        ({"method": ""}, 400, "method"),
        ({"customer": {"email": "eve@example.org"}}, 404, "customer"),
        ({"customer": {}}, 400, "customer"),
        ({"text": {"title": "Terms"}}, 400, "text.title"),
        ({"occurred_at": (START + timedelta(hours=1)).isoformat()}, 400, "occurred_at"),
    ],
)
def test_what_is_wrong_with_a_consent_is_named(tmp_path, change, status, field):
    (answer,) = asked(tmp_path, ("/v1/consents", YES | change))
    assert (answer.status_code, answer.json()["error"]["field"]) == (status, field)
    assert "timestamp is" not in answer.json()["error"]["message"]
