"""Row 31 of the reliability list: secrets rotate in load; no call is lost, and what was overheard opens nothing."""

import base64
import json
import os
from collections import Counter
from secrets import token_bytes, token_hex

import httpx
import numpy as np
import pytest
from meanwhile import meanwhile
from patience import LONGEST, until
from service_process import Service

from serving.client.errors import ApiError
from serving.client.signing import authorization
from serving.client.transport import Patience
from serving.client.tsugi import Tsugi

pytestmark = pytest.mark.slow

ROTATIONS = int(os.environ.get("TSUGI_ROTATIONS", "5"))
CONNECTIONS = 4
PATIENCE = Patience(timeout=30, tries=200, first_wait=0.02, longest_backoff=1.0)


def a_secret():
    return "whsec_" + base64.b64encode(token_bytes(32)).decode()


class Wire:
    """Where somebody listens. `answered` has header and body of each call's last try, the one that was answered."""

    def __init__(self):
        self.sent, self.answered = {}, []

    def signed(self, secret, asked, body):
        header = authorization(secret, asked, body)
        self.sent[json.loads(body)["request_id"]] = (header, body)
        return header


class Signer:
    """One connection. `key` is the secret to use from now on, `used` the one in use, `told` what came of each call."""

    def __init__(self, url, key, wire):
        self.url, self.key, self.used, self.wire, self.told = url, key, key, wire, Counter()

    def ask(self, stop):
        while not stop.is_set():
            self.used = self.key
            with Tsugi(self.url, key=self.used, patience=PATIENCE) as tsugi:
                while self.key == self.used and not stop.is_set():
                    self.told[self._decided(tsugi, token_hex(8)), self.used] += 1

    def _decided(self, tsugi, name):
        try:
            tsugi.decide({"user_id": f"u-{int(name, 16) % 20}"}, "web_home", request_id=name)
        except ApiError as error:
            return type(error).__name__
        self.wire.answered.append(self.wire.sent.pop(name))
        return "answered"

    def has_used(self, key):
        return self.used == key and self.told["answered", key] >= 50


class Thief:
    """Sends what was overheard once more. `statuses` counts what was said to that; None: no answer."""

    def __init__(self, url, wire):
        self.url, self.wire, self.statuses = url, wire, Counter()

    def replay(self, stop):
        """What was answered a moment ago, again and again."""
        chance = np.random.default_rng(1)
        while not stop.wait(0.01):
            if self.wire.answered:
                self.replay_each([self.wire.answered[-chance.integers(1, min(100, len(self.wire.answered)) + 1)]])

    def replay_each(self, overheard):
        with httpx.Client(base_url=self.url, timeout=LONGEST) as client:
            for header, body in overheard:
                self.statuses[_status(client, header, body)] += 1


def _status(client, header, body):
    headers = {"Authorization": header, "Content-Type": "application/json"}
    try:
        return client.post("/v1/decisions", headers=headers, content=body).status_code
    except httpx.TransportError:
        return None


def rotated(service, signers, new):
    """Let a second secret in, use it, and let the first one go; what the service exits with, both times."""
    first = service.restart(TSUGI_API_KEYS=f"{signers[0].key},{new}")
    for signer in signers:
        signer.key = new
    until(lambda: all(signer.has_used(new) for signer in signers))
    return first, service.restart(TSUGI_API_KEYS=new)


@pytest.mark.parametrize("rotations", [1, pytest.param(ROTATIONS, marks=pytest.mark.reliability)])
def test_secrets_are_rotated_in_load_without_a_lost_call_and_nothing_overheard_opens_again(
    tmp_path, monkeypatch, rotations
):
    wire, codes, key = Wire(), [], a_secret()
    monkeypatch.setattr("serving.client.transport.authorization", wire.signed)
    service = Service(tmp_path, keys=key)
    try:
        thief = Thief(service.url, wire)
        signers = [Signer(service.url, key, wire) for _ in range(CONNECTIONS)]
        with meanwhile(thief.replay, *(signer.ask for signer in signers)):
            for _ in range(rotations):
                codes += rotated(service, signers, a_secret())
        thief.replay_each(wire.answered)
    finally:
        service.client.close()
        service.stop()
    told = sum((Counter({what: n}) for signer in signers for (what, _), n in signer.told.items()), Counter())
    print(f"{rotations} rotations: {dict(told)}; {len(wire.answered):,} overheard, told: {dict(thief.statuses)}")
    assert set(codes) == {0}
    assert set(told) == {"answered"}
    assert thief.statuses[401] > len(wire.answered)
    assert set(thief.statuses) <= {401, 503, None}
