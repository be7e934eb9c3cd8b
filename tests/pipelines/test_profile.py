"""One customer on the command line: the golden record now and then, and fields set by hand."""

import json
import sys

import pytest

from pipelines.cli import main
from pipelines.init import write_workspace

EVENTS = [
    {"type": "identify", "messageId": "m-1", "userId": "ada", "timestamp": "2026-02-01T09:00:00Z",
     "traits": {"email": "Ada@Example.org", "email_verified": True, "phone": "600 11 22 33", "city": "Ube"}},
    {"type": "identify", "messageId": "m-2", "userId": "ada", "timestamp": "2026-02-03T09:00:00Z",
     "traits": {"phone": "n/a", "city": "Oka"}},
    {"type": "track", "messageId": "m-3", "userId": "ada", "timestamp": "2026-02-02T09:00:00Z",
     "event": "Consent Updated", "properties": {"purpose": "marketing", "channel": "email", "granted": True,
                                                "method": "web form", "text": {"version": "2026-01"}}},
    {"type": "track", "messageId": "m-4", "userId": "ada", "timestamp": "2026-02-04T09:00:00Z",
     "event": "Consent Updated", "properties": {"purpose": "marketing", "channel": "email", "granted": False}},
]  # fmt: skip


@pytest.fixture
def tsugi(tmp_path, monkeypatch, capsys):
    """The real command line on a home with the events above."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("pipelines.cli.quiet_environment", lambda _: {})
    monkeypatch.setenv("COLUMNS", "140")
    write_workspace(tmp_path / "shop")
    with (tmp_path / "shop" / "tsugi.toml").open("a") as settings:
        settings.write('\n[cleansing]\ndefault_country = "ES"\n')
    (tmp_path / "history.jsonl").write_text("".join(json.dumps(event) + "\n" for event in EVENTS))

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["tsugi", *arguments, "--home", "home", "--workspace", "shop"])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        assert ended.value.code == 0, err
        return out

    run("ingest", "history.jsonl")
    return run


def document(tsugi, *options):
    return json.loads(tsugi("profile", "user_id:ada", "--json", *options))


def test_a_profile_shows_how_each_value_is_read_and_what_was_sent(tsugi):
    fields = document(tsugi)["fields"]
    assert fields["phone"]["value"] == "+34600112233"
    assert (fields["phone"]["raw"], fields["phone"]["cleansed_by"]) == ("600 11 22 33", "phone: E.164")
    assert fields["city"] == {
        "value": "Oka",
        "source": "file",
        "message_id": "m-2",
        "occurred_at": "2026-02-03T09:00:00Z",
        "rule": "most_recent",
    }


def test_what_lost_and_what_was_answered_before_are_shown_on_request(tsugi):
    shown = document(tsugi, "--losing", "--consent-history")
    assert [each["value"] for each in shown["fields"]["city"]["losing"]] == ["Ube"]
    assert shown["fields"]["phone"]["losing"][0]["note"] == "stands for nothing"
    assert [answer["granted"] for answer in shown["consent_history"]] == [False, True]
    assert shown["consent_history"][1]["text"] == {"version": "2026-01"}
    assert "consent_history" not in document(tsugi)


def test_as_of_is_what_the_record_said_then(tsugi):
    then = document(tsugi, "--as-of", "2026-02-02T12:00:00Z")
    assert (then["as_of"], then["fields"]["city"]["value"]) == ("2026-02-02T12:00:00Z", "Ube")
    assert [answer["granted"] for answer in then["consents"]] == [True]
    assert then["features"]["tenure_days"] == pytest.approx(27 / 24)


def test_a_field_is_set_by_hand_and_that_is_taken_back(tsugi):
    assert 'city is "Abu" (manual)' in tsugi("override", "email:ada@example.org", "city=Abu", "--why", "she called")
    assert document(tsugi)["fields"]["city"]["by"] == "operator"
    assert 'city is "Oka" (most_recent)' in tsugi("override", "user_id:ada", "city", "--remove", "--why", "a mistake")
    assert "by" not in document(tsugi)["fields"]["city"]


def test_for_people_it_is_a_table(tsugi):
    shown = tsugi("profile", "user_id:ada", "--losing", "--consent-history")
    for part in (
        "as of",
        "user_id:ada",
        "+34600112233 (sent: 600 11 22 33)",
        "instead of",
        "web form",
        "version 2026-01",
    ):
        assert part in shown
