"""Who talks to a customer sees in their profile what automation planned and sent, and what holds it."""

import shutil
from datetime import timedelta

from in_process import START, WORKSPACE, Clock, in_service
from test_app import ask, viewed

from serving.profile_answer import ProfileAnswer

WHO = {"customer": {"user_id": "u-1"}}


def told(tmp_path, *calls):
    """The profiles that a scenario of (seconds, path, body) asks for; a body may be made of the answer before."""

    async def scenario(http):
        given = []
        for seconds, path, body in calls:
            clock.now = START + timedelta(seconds=seconds)
            asked = body(given[-1].json()) if callable(body) else body
            given.append(await http.post(path, json=asked))
            assert given[-1].status_code == 200, given[-1].text
        return [each.json() for each, (_, path, _) in zip(given, calls, strict=True) if path == "/v1/profiles"]

    clock = Clock()
    profiles = in_service(tmp_path, scenario, clock=clock)
    for each in profiles:
        ProfileAnswer.model_validate(each, strict=True)
    return profiles


def copy_workspace(folder, *changes):
    shutil.copytree(WORKSPACE, folder / "workspace")
    path = folder / "workspace" / "catalog.yaml"
    text = path.read_text()
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text)


def outcome(kind):
    def body(decision):
        item, at = decision["ranked"][0], START + timedelta(seconds=1)
        named = {
            "outcome_id": kind,
            "decision_id": decision["decision_id"],
            "type": kind,
            "occurred_at": at.isoformat(),
        }
        return {"outcomes": [{**named, "action": item["action"], "treatment": item["treatment"]}]}

    return body


def test_a_contact_is_reserved_until_it_is_reported_shown_or_released(tmp_path):
    before, after = told(
        tmp_path, (0, "/v1/decisions", ask("r-1")), (1, "/v1/profiles", WHO), (1e5, "/v1/profiles", WHO)
    )
    assert {each["state"] for each in before["decisions"][0]["contacts"]} == {"reserved"}
    assert {each["state"] for each in after["decisions"][0]["contacts"]} == {"not_shown"}


def test_what_was_shown_stands_with_every_outcome_that_was_told_of_it(tmp_path):
    (shown,) = told(
        tmp_path,
        (0, "/v1/decisions", ask("r-1")),
        (2, "/v1/outcomes", outcome("impression")),
        (2, "/v1/profiles", WHO),
    )
    contact = shown["decisions"][0]["contacts"][0]
    assert (contact["state"], contact["outcomes"], contact["send_at"]) == ("shown", ["impression"], None)


def test_a_hold_stands_in_the_profile_while_it_holds_and_in_the_past_when_it_held(tmp_path):
    hold = {**WHO, "hold": "sales conversation"}
    held, free, past = told(
        tmp_path,
        (0, "/v1/holds", {**hold, "hold_id": "h-1"}),
        (1, "/v1/profiles", WHO),
        (2, "/v1/holds", {**hold, "hold_id": "h-2", "released": True}),
        (3, "/v1/profiles", WHO),
        (3, "/v1/profiles", {**WHO, "as_of": (START + timedelta(seconds=1)).isoformat()}),
    )
    assert held["holds"] == past["holds"] == [{"name": "sales conversation", "issues": [], "until": None}]
    assert free["holds"] == []


def test_what_goes_out_later_is_planned_however_much_was_decided_since(tmp_path):
    yes = {
        **WHO,
        "consent_id": "k-1",
        "purpose": "marketing",
        "granted": True,
        "method": "form",
        "text": {"version": "1"},
    }
    copy_workspace(tmp_path, ("{channel: email, cost: 0.02}", "{channel: email, cost: 0.02, wait_hours: 24}"))
    viewed_tea = {"batch": [viewed("v-1")]}
    asked = [(2, "/v1/decisions", ask(f"r-{n}")) for n in range(12)]
    mail = (1, "/v1/decisions", ask("mail", placement="newsletter"))
    (told_of,) = told(
        tmp_path, (0, "/v1/events", viewed_tea), (0, "/v1/consents", yes), mail, *asked, (3, "/v1/profiles", WHO)
    )
    (planned,) = told_of["planned"]
    assert (planned["at"], planned["actions"], planned["trigger"]) == ("2026-03-02T12:00:01Z", ["tea"], None)
    assert planned["decision_id"] not in {each["decision_id"] for each in told_of["decisions"]}
