"""`tsugi triggers`: from what customers do to what a channel is told: once, signed, whatever fails in between."""

import base64
import hmac
import json
from collections import deque
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from functools import partial
from hashlib import sha256
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Barrier, Thread
from time import monotonic, sleep

import pytest
from typer.testing import CliRunner

from decisioning.cold_start import CatalogScorer
from decisioning.customer import CustomerReference
from decisioning.errors import InvalidInputError, UnavailableError
from decisioning.rollout import Rollout
from features.ledger import Ledger
from features.rollout_pointer import end_rollout
from features.trigger.delivery_book import DeliveryBook
from pipelines.champion import champion_scorer
from pipelines.cli import app
from pipelines.composition import compose
from pipelines.init import write_workspace
from pipelines.lease import BusyError, lease
from pipelines.profile import documents_of
from pipelines.trigger.firing import Tally
from pipelines.trigger.round import Round
from pipelines.trigger.signature import signed_headers
from pipelines.triggers import Pace, follow_triggers
from training.artifact import verify, write_bundle
from training.constant import ConstantBundle, ConstantEntry
from training.publication import publish, publish_challenger

KEY = b"a key of twenty-four byte"
BEGAN = datetime(2026, 3, 2, 10, tzinfo=UTC)
CART = """
triggers:
  cart_abandoned:
    event: Product Added
    unless: [Order Completed]
    after_minutes: 30
    within_hours: 6
    placement: newsletter
"""
TICKET = """
triggers:
  helped_often:
    condition: orders > 0
    again_after_days: 30
    placement: newsletter
"""


class Receiver:
    """A channel's system: answers as it is told to, then 204, and keeps what it was sent."""

    def __init__(self):
        self.answers, self.got = deque(), []
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                receiver.got.append((dict(self.headers), body))
                status, headers, *goes_on = receiver.answers.popleft() if receiver.answers else (204, {})
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.end_headers()
                for say in goes_on:
                    say(self.wfile)

            def log_message(self, *_):
                """Nothing: what is received is looked at, not printed."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/hooks"


@contextmanager
def a_receiver():
    receiver = Receiver()
    Thread(target=receiver.server.serve_forever, daemon=True).start()
    try:
        yield receiver
    finally:
        receiver.server.shutdown()
        receiver.server.server_close()


class Once:
    """The headers of an answer that is given once something was done."""

    def __init__(self, do):
        self.do = do

    def items(self):
        self.do()
        return ()


class EnoughError(Exception):
    """Ends what goes on until it is ended."""


def nothing():
    """Do nothing."""


class Shop:
    """A workspace with a trigger, its home, and a clock that goes where it is told to."""

    def __init__(self, folder, receiver):
        self.folder, self.home, self.now, self.receiver = folder, folder / ".tsugi", BEGAN, receiver

    def clock(self):
        return self.now

    def happens(self, *events):
        """Take events in: (name or type, identifiers, minutes after the beginning)."""
        with compose(self.home, self.folder, clock=self.clock) as composition:
            for n, (name, who, minutes) in enumerate(events):
                at = BEGAN + timedelta(minutes=minutes)
                event = {**named(name), **who, "messageId": f"{name}-{who}-{minutes}-{n}", "timestamp": at.isoformat()}
                receipt = composition.intake.accept([event], received_at=max(at, self.now))
                assert not receipt.rejected, receipt.rejected

    def round(self, minutes):
        """The one round so many minutes after the beginning."""
        (only,) = self.rounds(minutes)
        return only

    def everybody(self, n, does, minutes):
        """So many people agree to e-mail, and each does something so many minutes after the beginning."""
        people = [{"userId": f"u-{place}"} for place in range(n)]
        self.happens(*[("consents", each, -60) for each in people], *[(does, each, minutes) for each in people])

    def rounds(self, minutes):
        """All rounds that follow one another at once, from so many minutes after the beginning."""
        self.now, rounds = BEGAN + timedelta(minutes=minutes), []
        follow_triggers(self.home, self.folder, Pace(once=True), say=rounds.append, clock=self.clock)
        return rounds

    def follows(self, does_at):
        """How many are decided for in rounds of one run at these minutes, each followed by what is done then."""
        left, fired = deque(does_at.items()), []

        def say(made):
            fired.append(made.tally.fired)
            _, do = left.popleft()
            do()
            if not left:
                raise EnoughError
            self.now = BEGAN + timedelta(minutes=left[0][0])

        self.now = BEGAN + timedelta(minutes=left[0][0])
        with pytest.raises(EnoughError):
            follow_triggers(self.home, self.folder, Pace(seconds=0.0), say=say, clock=self.clock)
        return fired

    def decisions(self):
        with Ledger(self.home / "ledger.db") as ledger:
            return [json.loads(record.body)["decision"] for record in ledger.records(kinds=["decision"])]

    def profile(self, minutes):
        """Anna's profile so many minutes after the beginning."""
        self.now, anna = BEGAN + timedelta(minutes=minutes), CustomerReference("user_id", "anna")
        with compose(self.home, self.folder, clock=self.clock) as composition:
            return documents_of(composition).now(anna, composition.profiles, self.now)

    def states(self, minutes):
        """Where the contacts of her newest decision stand, and what is planned."""
        told = self.profile(minutes)
        return [each["state"] for each in told["decisions"][0]["contacts"]], told["planned"]

    def writes(self, triggers):
        path = self.folder / "catalog.yaml"
        path.write_text(path.read_text().split("\ntriggers:")[0] + triggers)


HOLDS = {"holds": "Set", "releases": "Released"}
CONSENTS = {
    "consents": ("marketing", True),
    "takes it back": ("marketing", False),
    "agrees to research": ("research", True),
    "refuses research": ("research", False),
}


def named(name):
    if name == "identify":
        return {"type": "identify", "traits": {}}
    if name in ("holds", "releases"):
        return {"type": "track", "event": f"Hold {HOLDS[name]}", "properties": {"hold": "sales"}}
    if name in CONSENTS:
        purpose, granted = CONSENTS[name]
        told = {"purpose": purpose, "channel": "email", "granted": granted}
        return {"type": "track", "event": "Consent Updated", "properties": told}
    return {"type": "track", "event": name, "properties": {}}


@pytest.fixture
def shop(tmp_path, monkeypatch):
    write_workspace(tmp_path / "shop")
    monkeypatch.setenv("TSUGI_WEBHOOK_SECRET_EMAIL", "whsec_" + base64.b64encode(KEY).decode())
    with a_receiver() as receiver:
        settings = tmp_path / "shop" / "tsugi.toml"
        settings.write_text(settings.read_text() + f'\n[webhooks.email]\nurl = "{receiver.url}"\n')
        shop = Shop(tmp_path / "shop", receiver)
        shop.writes(CART)
        path = shop.folder / "catalog.yaml"
        path.write_text(path.read_text().replace("newsletter: {", "newsletter: {must_fill: true, "))
        shop.happens(("consents", ANNA, -60))
        yield shop


ANNA = {"userId": "anna"}


def test_an_abandoned_cart_is_decided_for_after_half_an_hour_and_never_again(shop):
    shop.happens(("Product Added", ANNA, 0), ("Product Added", ANNA, 10))
    assert (shop.round(39).tally.fired, shop.decisions()) == (0, [])
    assert shop.round(41).delivered == 1
    shop.happens(("Product Added", ANNA, 60))
    assert shop.round(100).tally.fired == 0
    assert len(shop.decisions()) == len(shop.receiver.got) == 1


def test_the_message_says_what_was_decided_for_whom_and_is_signed(shop):
    shop.happens(("Product Added", ANNA, 0))
    shop.round(31)
    headers, body = shop.receiver.got[0]
    said, decided = json.loads(body), shop.decisions()[0]
    assert said["type"] == "decision.made"
    assert said["data"]["trigger"] == "cart_abandoned" == decided["context"]["trigger"]
    assert {"kind": "user_id", "value": "anna"} in said["data"]["customer"]["identifiers"]
    assert said["data"]["decision"]["chosen"] == decided["chosen"] == "welcome_offer"
    assert headers["webhook-id"] == decided["decision_id"]
    signed = b".".join((headers["webhook-id"].encode(), headers["webhook-timestamp"].encode(), body))
    expected = base64.b64encode(hmac.new(KEY, signed, sha256).digest()).decode()
    assert headers["webhook-signature"] == f"v1,{expected}"


def test_the_signature_is_that_of_the_published_example():
    key = base64.b64decode("plJ3nmyCDGBKInavdOK15jsl")
    sent = datetime.fromtimestamp(1731705121, UTC)
    body = b'{"event_type":"ping","data":{"success":true}}'
    headers = signed_headers("msg_loFOjxBNrRLzqYUf", body, key=key, now=sent)
    assert headers["webhook-signature"] == "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0="


def test_an_order_calls_it_off_whichever_device_it_came_from(shop):
    shop.happens(
        ("Product Added", {"anonymousId": "phone"}, 0),
        ("Order Completed", ANNA, 5),
        ("identify", {**ANNA, "anonymousId": "phone"}, 6),
    )
    assert shop.round(60).tally.fired == 0
    assert shop.decisions() == []


def test_a_cart_that_goes_on_elsewhere_waits_from_then_on(shop):
    shop.happens(
        ("Product Added", {"anonymousId": "phone"}, 0),
        ("Product Added", ANNA, 20),
        ("identify", {**ANNA, "anonymousId": "phone"}, 21),
    )
    assert [shop.round(minutes).tally.fired for minutes in (35, 49, 51, 90)] == [0, 0, 1, 0]


def test_what_nobody_followed_in_time_is_missed_and_not_decided_for(shop):
    shop.happens(("Product Added", ANNA, 0))
    round_ = shop.round(30 + 6 * 60)
    assert (round_.tally.missed, round_.tally.fired, shop.decisions()) == (1, 0, [])


def test_what_is_due_of_who_does_not_meet_the_condition_by_then_is_not_decided_for_and_the_next_one_may_be(shop):
    shop.writes(CART.replace("after_minutes", "condition: orders > 0\n    after_minutes"))
    shop.happens(("Product Added", ANNA, 0))
    assert [shop.round(minutes).tally for minutes in (31, 32)] == [Tally(not_met=1), Tally()]
    shop.happens(("Order Completed", ANNA, 40), ("Product Added", ANNA, 41))
    assert shop.round(72).tally == Tally(fired=1)


def test_of_a_trigger_that_is_no_more_nothing_is_decided(shop):
    shop.happens(("Product Added", ANNA, 0))
    shop.round(1)
    shop.writes(TICKET)
    assert shop.round(31).tally == Tally()


def test_what_is_due_is_dealt_with_page_by_page_and_its_messages_go_out_in_between(shop, monkeypatch):
    monkeypatch.setattr("pipelines.trigger.firing.PAGE", 2)
    shop.everybody(5, "Product Added", 0)
    rounds = shop.rounds(31)
    assert [(each.tally.fired, each.delivered) for each in rounds] == [(2, 2), (2, 2), (1, 1)]
    assert [each.goes_on for each in rounds] == [True, True, False]


def test_who_did_not_consent_is_told_nothing(shop):
    shop.happens(("Product Added", {"userId": "bert"}, 0))
    round_ = shop.round(31)
    assert (round_.tally.no_action, round_.deliveries, shop.receiver.got) == (1, {}, [])


def test_a_receiver_that_fails_is_tried_again_later_with_the_same_message(shop):
    shop.receiver.answers.extend([(503, {}), (429, {"Retry-After": "3600"})])
    shop.happens(("Product Added", ANNA, 0))
    assert [shop.round(minutes).delivered for minutes in (31, 31, 32, 60, 91, 93)] == [0, 0, 0, 0, 0, 1]
    ids = [headers["webhook-id"] for headers, _ in shop.receiver.got]
    assert len(ids) == 3
    assert len(set(ids)) == len({body for _, body in shop.receiver.got}) == 1


def drip(out):
    """Say something every now and then, for longer than anybody wants to listen."""
    with suppress(OSError):
        for _ in range(40):
            out.write(b".")
            sleep(0.25)


@pytest.mark.parametrize("goes_on", [drip, lambda _: None])
def test_an_answer_counts_as_soon_as_it_is_given_whatever_becomes_of_its_body(shop, goes_on):
    shop.receiver.answers.extend([(500, {"content-length": "40"}, goes_on), (200, {"content-length": "40"}, goes_on)])
    shop.happens(("Product Added", ANNA, 0))
    began = monotonic()
    assert [shop.round(minutes).deliveries for minutes in (30, 31)] == [{"pending": 1}, {"delivered": 1}]
    assert monotonic() - began < 10
    assert len({headers["webhook-id"] for headers, _ in shop.receiver.got}) == 1


@pytest.mark.parametrize(("answers", "minutes"), [([(410, {})], [31, 60]), ([(500, {})], [31, 31 + 6 * 60])])
def test_who_is_gone_or_too_late_is_given_up(shop, answers, minutes):
    shop.receiver.answers.extend(answers)
    shop.happens(("Product Added", ANNA, 0))
    assert [shop.round(each).delivered for each in minutes] == [0, 0]
    assert shop.round(minutes[-1] + 1).deliveries == {"given_up": 1}
    assert len(shop.receiver.got) == 1


@pytest.mark.parametrize("since", ["", "\nholdout: {salt: another}"])
def test_a_crash_after_the_decision_neither_repeats_nor_loses_it(shop, monkeypatch, since):
    shop.happens(("Product Added", ANNA, 0))

    def crashes(*_args, **_options):
        raise UnavailableError("the disk is full")

    with monkeypatch.context() as crashing:
        crashing.setattr(DeliveryBook, "fire", crashes)
        with pytest.raises(UnavailableError, match="the disk is full"):
            shop.round(31)
    assert len(shop.decisions()) == 1
    path = shop.folder / "catalog.yaml"
    path.write_text(path.read_text() + since)
    assert shop.round(32).delivered == 1
    assert len(shop.decisions()) == len(shop.receiver.got) == 1


def test_a_book_that_is_lost_decides_nothing_twice(shop):
    shop.happens(("Product Added", ANNA, 0))
    shop.round(31)
    (shop.home / "triggers.db").unlink()
    shop.round(32)
    assert len(shop.decisions()) == 1
    assert len({headers["webhook-id"] for headers, _ in shop.receiver.got}) == 1


@pytest.mark.parametrize("triggers", [CART, TICKET.replace("    again_after_days: 30\n", "")])
def test_a_book_that_is_lost_forgets_nobody_for_whom_it_fired(shop, triggers):
    shop.writes(triggers)
    shop.happens(("Product Added", ANNA, 0), ("Order Completed", ANNA, -30))
    assert shop.round(31).tally.fired == 1
    (shop.home / "triggers.db").unlink()
    month = 30 * 1440
    shop.happens(("Product Added", ANNA, month))
    assert shop.round(month + 31).tally.fired == 0
    assert len(shop.decisions()) == 1


def test_a_channel_that_fails_is_tried_once_in_a_round_and_the_others_wait_for_the_next(shop):
    bert = {"userId": "bert"}
    shop.happens(("consents", bert, -60), ("Product Added", ANNA, 0), ("Product Added", bert, 0))
    shop.receiver.answers.append((503, {}))
    assert (shop.round(31).delivered, len(shop.receiver.got)) == (0, 1)
    assert shop.round(31.02).delivered == 1
    assert shop.round(32).delivered == 1


SMS = """
triggers:
  cart_abandoned: {event: Product Added, after_minutes: 30, placement: newsletter}
  looked_around: {event: Product Viewed, after_minutes: 35, placement: texts}
"""

ANOTHER = {
    "\nchannels:\n": "  sms: {outbound: true, consent: none}\n",
    "\nplacements:\n": "  texts: {channel: sms, impressions: implied, must_fill: true}\n",
    "    treatments:\n": "      text: {channel: sms}\n",
}
"""What is written behind what, in the catalogue."""


def has_another_channel(shop, receiver, monkeypatch):
    """What is viewed leads to a text message, five minutes after what a cart leads to."""
    shop.writes(SMS)
    path, settings = shop.folder / "catalog.yaml", shop.folder / "tsugi.toml"
    text = path.read_text()
    for before, more in ANOTHER.items():
        text = text.replace(before, before + more, 1)
    path.write_text(text)
    settings.write_text(settings.read_text() + f'\n[webhooks.sms]\nurl = "{receiver.url}"\n')
    monkeypatch.setenv("TSUGI_WEBHOOK_SECRET_SMS", "whsec_" + base64.b64encode(KEY).decode())


def test_however_much_waits_for_a_channel_that_is_down_the_others_do_not(shop, monkeypatch):
    monkeypatch.setattr("pipelines.trigger.sending.MOST", 2)
    with a_receiver() as texts:
        has_another_channel(shop, texts, monkeypatch)
        shop.everybody(5, "Product Added", 0)
        shop.happens(("Product Viewed", ANNA, 0))
        shop.receiver.answers.extend([(503, {})] * 20)
        shop.round(31)
        round_ = shop.round(36)
        assert (round_.delivered, len(texts.got)) == (1, 1)
        assert len(shop.receiver.got) == 2


def test_a_channel_that_is_slow_holds_up_neither_another_one_nor_the_next_round(shop, monkeypatch):
    monkeypatch.setattr("pipelines.trigger.sending.AT_ONCE", 1)
    with a_receiver() as texts:
        has_another_channel(shop, texts, monkeypatch)
        shop.everybody(3, "Product Added", 0)
        shop.happens(("Product Viewed", ANNA, 0))

        def takes_its_time():
            shop.now += timedelta(seconds=6)

        shop.receiver.answers.extend([(204, Once(takes_its_time))] * 3)
        rounds = shop.rounds(36)
        assert [each.delivered for each in rounds] == [2, 1, 1]
        assert [each.goes_on for each in rounds] == [True, True, False]


def test_a_message_that_arrived_is_followed_by_several_at_once(shop):
    shop.everybody(4, "Product Added", 0)
    together = Barrier(3, timeout=20)
    shop.receiver.answers.append((204, {}))
    shop.receiver.answers.extend([(204, Once(together.wait))] * 3)
    assert shop.round(31).delivered == 4
    assert not together.broken


@pytest.mark.parametrize("host", ["xn--", "\N{SNOWMAN}.example"])
def test_a_host_that_cannot_be_has_failed_and_ends_nothing(shop, host):
    settings = shop.folder / "tsugi.toml"
    settings.write_text(settings.read_text().replace(shop.receiver.url, f"https://{host}/hook"), encoding="utf-8")
    shop.happens(("Product Added", ANNA, 0))
    assert shop.round(31).deliveries == {"pending": 1}


def test_a_channel_that_failed_is_left_alone_though_what_was_under_way_arrives(shop, monkeypatch):
    monkeypatch.setattr("pipelines.trigger.sending.AT_ONCE", 2)
    shop.everybody(4, "Product Added", 0)
    shop.receiver.answers.extend([(204, {}), (503, {}), (204, Once(lambda: sleep(0.5)))])
    assert shop.round(31).delivered == 2
    assert len(shop.receiver.got) == 3


def test_of_an_erased_customer_nothing_is_sent(shop):
    shop.receiver.answers.append((503, {}))
    shop.happens(("Product Added", ANNA, 0))
    shop.round(31)
    where = ["--home", str(shop.home), "--workspace", str(shop.folder)]
    erased = CliRunner().invoke(app, ["erase", "user_id:anna", *where])
    assert erased.exit_code == 0, erased.output
    assert shop.round(60).deliveries == {"given_up": 1}
    assert len(shop.receiver.got) == 1


def test_a_profile_says_when_a_trigger_will_be_decided_for_until_it_is_called_off(shop):
    shop.happens(("Product Added", ANNA, 0))
    shop.round(1)
    (planned,) = shop.profile(2)["planned"]
    assert (planned["at"], planned["trigger"], planned["decision_id"]) == (
        "2026-03-02T10:30:00Z",
        "cart_abandoned",
        None,
    )
    shop.happens(("Order Completed", ANNA, 5))
    shop.round(6)
    assert shop.profile(7)["planned"] == []


def test_a_profile_says_whether_a_message_is_planned_or_sent_or_never_will_be(shop):
    shop.receiver.answers.append((503, {}))
    shop.happens(("Product Added", ANNA, 0))
    shop.round(31)
    states, (planned,) = shop.states(31)
    assert (states, planned["trigger"], planned["actions"]) == (["planned"], "cart_abandoned", ["welcome_offer"])
    shop.round(32)
    assert shop.states(32) == (["sent"], [])


def test_a_profile_says_of_a_message_that_was_given_up_that_it_was_not_sent(shop):
    shop.receiver.answers.append((410, {}))
    shop.happens(("Product Added", ANNA, 0))
    shop.round(31)
    assert shop.states(32) == (["not_sent"], [])


def test_a_condition_alone_makes_a_moment_once_until_it_may_again(shop):
    shop.writes(TICKET)
    assert shop.round(1).tally.fired == 0
    shop.happens(("Order Completed", ANNA, 2))
    assert [shop.round(minutes).tally.fired for minutes in (70, 200, 29 * 1440, 31 * 1440)] == [1, 0, 0, 1]
    assert len({each["decision_id"] for each in shop.decisions()}) == len(shop.receiver.got) == 2


def test_everybody_is_looked_at_page_by_page_and_nothing_waits_until_the_last(shop, monkeypatch):
    monkeypatch.setattr("pipelines.trigger.sweep.PAGE", 2)
    shop.writes(TICKET)
    shop.everybody(4, "Order Completed", -30)
    rounds = shop.rounds(1)
    assert [each.tally.fired for each in rounds] == [each.delivered for each in rounds]
    assert [each.goes_on for each in rounds] == [True] * 2 + [False]
    assert sum(each.delivered for each in rounds) == 4
    assert [each.tally.fired for each in shop.rounds(70)] == [0, 0, 0]


def test_a_home_of_nobody_yet_has_nothing_to_do(shop, tmp_path):
    shop.writes(TICKET)
    shop.home = tmp_path / "new"
    assert shop.round(1) == Round(Tally(), 0)


def test_nobody_is_looked_at_while_a_store_cannot_be_read_and_everybody_is_afterwards(shop, monkeypatch):
    shop.writes(TICKET.replace("orders > 0", "orders IS NULL OR orders >= 0"))

    def is_gone(*_args, **_options):
        raise UnavailableError("the store is gone")

    with monkeypatch.context() as gone:
        gone.setattr("features.online.OnlineFeatures.many", is_gone)
        assert shop.round(1).tally == Tally()
    assert shop.round(2).tally.fired == 1


def test_who_follows_all_the_time_looks_at_everybody_once_an_hour(shop):
    shop.writes(TICKET)
    bert = {"userId": "bert"}
    anna_orders = partial(shop.happens, ("Order Completed", ANNA, 2))
    bert_orders = partial(shop.happens, ("consents", bert, 61), ("Order Completed", bert, 61))
    does = {1: anna_orders, 60: nothing, 61: bert_orders, 62: nothing, 120: nothing, 121: nothing}
    assert shop.follows(does) == [0, 0, 1, 0, 0, 1]


def test_who_follows_all_the_time_goes_on_where_a_store_could_not_be_read_once_it_can(shop, monkeypatch):
    shop.writes(TICKET)
    shop.happens(("Order Completed", ANNA, -30))

    def is_gone(*_args, **_options):
        raise UnavailableError("the store is gone")

    with monkeypatch.context() as gone:
        gone.setattr("features.online.OnlineFeatures.many", is_gone)
        assert shop.follows({1: nothing, 2: gone.undo, 3: nothing, 4: nothing}) == [0, 0, 1, 0]


def test_a_treatment_for_the_evening_is_decided_for_now_and_sent_then(shop):
    path = shop.folder / "catalog.yaml"
    path.write_text(path.read_text().replace("{channel: email, cost: 0.01}", "{channel: email, send_hour: 19}"))
    shop.happens(("Product Added", ANNA, 0))
    first, evening = shop.round(31), 9 * 60
    assert (first.tally.fired, first.delivered) == (1, 0)
    assert shop.decisions()[0]["ranked"][0]["send_at"] == "2026-03-02T19:00:00+00:00"
    assert [shop.round(minutes).delivered for minutes in (evening - 1, evening)] == [0, 1]
    assert json.loads(shop.receiver.got[0][1])["data"]["decision"]["ranked"][0]["send_at"] == "2026-03-02T19:00:00Z"
    where = ["--home", str(shop.home), "--workspace", str(shop.folder)]
    explained = CliRunner().invoke(app, ["explain", shop.decisions()[0]["decision_id"], *where])
    assert "made again: the same" in explained.stdout


def in_the_evening(shop):
    """What is decided for goes out at 19:00, nine hours after the beginning."""
    path = shop.folder / "catalog.yaml"
    path.write_text(path.read_text().replace("{channel: email, cost: 0.01}", "{channel: email, send_hour: 19}"))
    shop.happens(("Product Added", ANNA, 0))
    assert shop.round(31).tally.fired == 1


@pytest.mark.parametrize("since", ["takes it back", "Order Completed"])
def test_what_a_customer_no_longer_is_to_get_is_not_sent(shop, since):
    in_the_evening(shop)
    shop.happens((since, ANNA, 60))
    assert shop.round(9 * 60).deliveries == {"given_up": 1}
    assert shop.receiver.got == []


def test_what_is_over_when_it_is_tried_again_is_not_sent(shop):
    path = shop.folder / "catalog.yaml"
    path.write_text(
        path.read_text().replace("  welcome_offer:\n", "  welcome_offer:\n    valid_until: 2026-03-02T11:00:00Z\n")
    )
    shop.receiver.answers.append((503, {"Retry-After": "3600"}))
    shop.happens(("Product Added", ANNA, 0))
    assert (shop.round(31).tally.fired, shop.round(92).deliveries) == (1, {"given_up": 1})
    assert len(shop.receiver.got) == 1


OVER, PRIVATE = "    valid_until: 2026-03-02T11:00:00Z\n", "    purpose: research\n"


@pytest.mark.parametrize(("part", "since"), [(OVER, "Product Viewed"), (PRIVATE, "refuses research")])
def test_what_stands_against_a_part_by_then_stands_against_the_bundle(shop, part, since):
    path = shop.folder / "catalog.yaml"
    bundled = path.read_text().replace("  welcome_offer:\n", "  welcome_offer:\n    bundle: {parts: [diary, poem]}\n")
    poem = "    issue: grow\n    group: poems\n    value: 1\n    treatments: {note: {channel: web}}\n"
    bundled = bundled.replace("actions:\n", f"actions:\n  poem:\n{poem}  diary:\n{poem}{part}")
    path.write_text(bundled.replace("purposes: {", "purposes: {research: {consent: true}, "))
    shop.receiver.answers.append((503, {"Retry-After": "3600"}))
    shop.happens(("agrees to research", ANNA, -30), ("Product Added", ANNA, 0))
    assert shop.round(31).tally.fired == 1
    shop.happens((since, ANNA, 60))
    assert shop.round(92).deliveries == {"given_up": 1}
    assert len(shop.receiver.got) == 1


def test_a_hold_puts_off_what_was_decided_before_it(shop):
    in_the_evening(shop)
    shop.happens(("holds", ANNA, 60))
    assert [shop.round(9 * 60 + minutes).delivered for minutes in (0, 11)] == [0, 0]
    shop.happens(("releases", ANNA, 9 * 60 + 12))
    assert shop.round(9 * 60 + 30).delivered == 1


def test_a_message_that_is_tried_again_does_not_arrive_in_quiet_hours(shop):
    path = shop.folder / "catalog.yaml"
    quiet = 'contact_policy:\n  quiet_hours: [{starts: "10:45", ends: "12:00"}]\n'
    path.write_text(path.read_text().replace("contact_policy:\n", quiet))
    shop.receiver.answers.append((503, {}))
    shop.happens(("Product Added", ANNA, 0))
    assert [shop.round(minutes).delivered for minutes in (31, 46, 119, 120)] == [0, 0, 0, 1]
    assert len(shop.receiver.got) == 2


def is_quiet_by_night(shop):
    path = shop.folder / "catalog.yaml"
    quiet = 'contact_policy:\n  quiet_hours: [{starts: "21:00", ends: "08:00"}]\n'
    path.write_text(path.read_text().replace("contact_policy:\n", quiet))


EVENING, MORNING = 11 * 60, 22 * 60
"""Minutes from the beginning until quiet hours begin, and until they end."""


def test_a_cart_that_is_due_by_night_is_decided_for_in_the_morning_where_nothing_else_may_be_offered(shop):
    is_quiet_by_night(shop)
    shop.writes(CART.replace("within_hours: 6", "within_hours: 12"))
    shop.happens(("Product Added", ANNA, EVENING))
    assert [shop.round(minutes).tally for minutes in (EVENING + 31, MORNING - 1)] == [Tally(), Tally()]
    assert [each["at"] for each in shop.profile(EVENING + 32)["planned"]] == ["2026-03-03T08:00:00Z"]
    assert shop.round(MORNING).delivered == 1
    assert [each["chosen"] for each in shop.decisions()] == ["welcome_offer"]


def test_a_cart_that_is_not_worth_it_any_more_in_the_morning_is_missed_and_the_next_one_is_not(shop):
    is_quiet_by_night(shop)
    shop.happens(("Product Added", ANNA, EVENING))
    assert [shop.round(minutes).tally.missed for minutes in (EVENING + 31, MORNING)] == [0, 1]
    shop.happens(("Product Added", ANNA, MORNING + 1))
    assert shop.round(MORNING + 32).tally.fired == 1


def test_a_cart_that_is_due_by_night_is_decided_for_at_once_where_that_goes_out_by_day(shop):
    is_quiet_by_night(shop)
    path = shop.folder / "catalog.yaml"
    path.write_text(path.read_text().replace("{channel: email, cost: 0.01}", "{channel: email, send_hour: 19}"))
    shop.happens(("Product Added", ANNA, EVENING))
    assert shop.round(EVENING + 31).tally.fired == 1


def test_what_may_be_offered_by_night_is_not_kept_waiting_by_what_may_not(shop):
    is_quiet_by_night(shop)
    path = shop.folder / "catalog.yaml"
    by_day = path.read_text().replace("{channel: email, cost: 0.01}", "{channel: email, send_hour: 19}", 1)
    path.write_text(by_day.replace('applicability: "orders > 0"', "applicability: 'TRUE'"))
    shop.happens(("Product Added", ANNA, EVENING))
    assert shop.round(EVENING + 31).tally.fired == 1
    assert [each["chosen"] for each in shop.decisions()] == ["welcome_offer"]


def test_who_may_be_offered_nothing_by_day_either_is_not_waited_for(shop):
    is_quiet_by_night(shop)
    shop.happens(("Product Added", {"userId": "bert"}, EVENING))
    assert shop.round(EVENING + 31).tally.no_action == 1


def test_a_condition_that_becomes_true_by_night_makes_a_moment_in_the_morning(shop):
    is_quiet_by_night(shop)
    shop.writes(TICKET)
    shop.happens(("Order Completed", ANNA, EVENING + 30))
    rounds = [shop.round(minutes).tally for minutes in (EVENING + 60, MORNING - 30, MORNING + 60)]
    assert rounds == [Tally(), Tally(), Tally(fired=1)]
    assert [each["chosen"] for each in shop.decisions()] == ["second_order"]


@pytest.mark.parametrize("triggers", [CART, TICKET])
def test_a_moment_within_a_hold_is_decided_for_once_the_hold_is_released(shop, triggers):
    shop.writes(triggers)
    shop.happens(("holds", ANNA, -5), ("Order Completed", ANNA, -4), ("Product Added", ANNA, 0))
    assert [shop.round(minutes).tally for minutes in (31, 100)] == [Tally(), Tally()]
    shop.happens(("releases", ANNA, 120))
    assert shop.round(165).delivered == 1
    assert len(shop.decisions()) == 1


def test_a_hold_that_outlasts_a_moment_lets_the_next_one_be_decided_for(shop):
    shop.happens(("holds", ANNA, -5), ("Product Added", ANNA, 0))
    assert [shop.round(minutes).tally.missed for minutes in (31, 31 + 6 * 60)] == [0, 1]
    shop.happens(("releases", ANNA, 400), ("Product Added", ANNA, 401))
    assert shop.round(432).tally.fired == 1


def test_a_message_names_the_customer_as_they_are_called_when_it_goes_out(shop):
    shop.happens(("consents", {"anonymousId": "phone"}, -30))
    path = shop.folder / "catalog.yaml"
    path.write_text(path.read_text().replace("{channel: email, cost: 0.01}", "{channel: email, send_hour: 19}"))
    shop.happens(("Product Added", {"anonymousId": "phone"}, 0))
    shop.round(31)
    shop.happens(("identify", {**ANNA, "anonymousId": "phone"}, 60))
    assert shop.round(9 * 60).delivered == 1
    told = json.loads(shop.receiver.got[0][1])["data"]["customer"]["identifiers"]
    assert {"kind": "user_id", "value": "anna"} in told


class Seer(CatalogScorer):
    """The catalogue's own scores, and a customer who will leave."""

    def foresee(self, features):
        return {"churn": 0.7 if features["orders"] else 0.1}


def test_what_a_bundle_foresees_makes_a_moment(shop, monkeypatch):
    monkeypatch.setattr("pipelines.triggers.champion_scorer", lambda _home: Seer())
    shop.writes(TICKET.replace("orders > 0", "foreseen.churn > 0.5"))
    assert shop.round(1).tally.fired == 0
    shop.happens(("Order Completed", ANNA, 2))
    assert shop.round(70).tally.fired == 1


class Blind(CatalogScorer):
    """A bundle whose model of what is foreseen fails."""

    def foresee(self, features):
        raise UnavailableError("the model is broken")


@pytest.mark.parametrize(
    ("champion", "challenger", "fired"), [(Blind(), Seer(), 1), (Seer(), Blind(), 0), (Blind(), None, 0)]
)
def test_whoever_decides_for_a_customer_foresees_and_one_that_fails_foresees_nothing(
    shop, monkeypatch, caplog, champion, challenger, fired
):
    rollout = Rollout(challenger, share=1.0) if challenger else None
    monkeypatch.setattr("pipelines.triggers.champion_scorer", lambda _home: champion)
    monkeypatch.setattr("pipelines.triggers.usable_rollout", lambda _home, _say: rollout)
    shop.writes(TICKET.replace("orders > 0", "foreseen.churn > 0.5"))
    shop.happens(("Order Completed", ANNA, 2))
    assert shop.round(70).tally.fired == fired
    assert ("the model is broken" in caplog.text) is (fired == 0)


def a_bundle(folder, value):
    entry = ConstantEntry("welcome_offer", value, 0.1, 0.2, 100)
    write_bundle(ConstantBundle("", "", {"welcome_offer": entry}), folder, created_at=BEGAN)
    return folder


def test_a_challenger_decides_for_its_share_until_it_is_ended(shop, monkeypatch, tmp_path):
    monkeypatch.setattr("training.publication.verify_in_subprocess", verify)
    publish(a_bundle(tmp_path / "one", 1.0), shop.home)
    champion = champion_scorer(shop.home).version
    challenger = publish_challenger(a_bundle(tmp_path / "other", 2.0), shop.home, share=1.0).version
    shop.writes(CART.replace("    within_hours", "    again_after_days: 1\n    within_hours"))
    shop.happens(("Product Added", ANNA, 0))
    shop.round(31)
    end_rollout(shop.home, "it earned less")
    shop.happens(("Product Added", ANNA, 1500))
    shop.round(1531)
    assert [each["versions"]["bundle"] for each in shop.decisions()] == [challenger, champion]


def test_a_new_trigger_begins_with_what_may_still_be_due(shop):
    shop.happens(("Product Added", ANNA, 0), ("Product Viewed", ANNA, 1))
    shop.round(1)
    shop.writes(CART.replace("Product Added", "Product Viewed"))
    assert [shop.round(minutes).tally.fired for minutes in (30, 32)] == [0, 1]


def test_two_at_once_are_not_allowed(shop):
    with (
        lease(shop.home / "triggers.lock", work="following triggers"),
        pytest.raises(BusyError, match="already running"),
    ):
        shop.round(1)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("placement: newsletter", "placement: attic"), "unknown placement 'attic'"),
        (("event: Product Added", "event: ''"), "expected an event, a condition, or both"),
        (("after_minutes: 30", "condition: agee > 3"), "agee"),
        (("after_minutes: 30", "after_minutes: -1"), "greater than or equal to 0"),
    ],
)
def test_a_trigger_that_cannot_be_is_named(shop, change, said):
    shop.writes(CART.replace(*change))
    with pytest.raises(InvalidInputError, match=said):
        shop.round(1)


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("http://example.com/hook", "expected https://..., or http://localhost"),
        ("https://me:secret@example.com/hook", "no user and no password belong into a url"),
        ("https://example.com:eight/hook", "expected a port between 0 and 65535"),
        ("https://example.com:99999/hook", "expected a port between 0 and 65535"),
    ],
)
def test_a_webhook_that_is_not_safe_is_refused(shop, given, said):
    settings = shop.folder / "tsugi.toml"
    settings.write_text(settings.read_text().replace(shop.receiver.url, given))
    with pytest.raises(InvalidInputError, match=said):
        shop.round(1)


def test_what_is_missing_is_named(shop, monkeypatch):
    monkeypatch.setenv("TSUGI_WEBHOOK_SECRET_EMAIL", "whsec_short")
    with pytest.raises(InvalidInputError, match="TSUGI_WEBHOOK_SECRET_EMAIL does not hold a secret"):
        shop.round(1)
    settings = shop.folder / "tsugi.toml"
    settings.write_text(settings.read_text().split("[webhooks.email]")[0])
    with pytest.raises(InvalidInputError, match=r"no \[webhooks.email\]"):
        shop.round(1)
    shop.writes("")
    with pytest.raises(InvalidInputError, match="has no triggers"):
        shop.round(1)
