"""A small home for feature tests: a ledger, an intake, online features, history."""

from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from decisioning.customer import CustomerReference, FeatureValue
from features.feature_set import FeatureSet
from features.group.reader import GroupReader
from features.home import Home
from features.identity import IdentityGraph
from features.intake import Intake
from features.ledger import Ledger
from features.online import OnlineFeatures
from features.online_store import PackedRows
from features.projection import FeatureProjection

START = datetime(2026, 3, 1, tzinfo=UTC)
FEATURES = FeatureSet.load(None)


class Shop:
    """A home with a ledger, an intake and online features."""

    def __init__(self, path: Path, features: FeatureSet = FEATURES) -> None:
        self.home = Home(path).create()
        self.features = features
        self.ledger = Ledger(self.home.ledger)
        self.rows = PackedRows(self.home.online)
        self.projection = FeatureProjection(self.ledger, self.rows, features)
        self.intake = Intake(self.ledger, [self.projection])
        self.online = OnlineFeatures(self.rows, features, GroupReader(self.ledger, features.groups.kinds))
        self.sent = 0

    def send(self, *events: dict, at: datetime = START, backfill: bool = False) -> None:
        for event in events:
            self.sent += 1
            event.setdefault("messageId", f"m-{self.sent}")
            event.setdefault("timestamp", at.isoformat())
        receipt = self.intake.accept(events, received_at=at, backfill=backfill)
        assert receipt.rejected == ()

    def read(self, user: str, *, now: datetime = START, kind: str = "user_id") -> dict:
        return self.online.read(self.customer(user, kind=kind), now)

    def customer(self, user: str, *, kind: str = "user_id") -> str:
        return IdentityGraph(self.ledger).resolve(CustomerReference(kind, user))

    def close(self) -> None:
        self.intake.close()
        self.ledger.close()
        self.rows.close()


def viewed(user: str = "u-1", **keys) -> dict:
    return {"type": "track", "event": "Product Viewed", "userId": user, "properties": {}} | keys


def assert_same(one: Mapping[str, FeatureValue], other: Mapping[str, FeatureValue]) -> None:
    """Equal to 1e-9, names included; not known equals not known."""
    assert one.keys() == other.keys()
    numbers = [name for name, value in one.items() if not isinstance(value, str)]
    assert {n: v for n, v in one.items() if n not in numbers} == {n: v for n, v in other.items() if n not in numbers}
    np.testing.assert_allclose(
        np.array([one[name] for name in numbers], dtype=float),
        np.array([other[name] for name in numbers], dtype=float),
        rtol=1e-9,
        atol=1e-9,
        err_msg=", ".join(numbers),
    )
