"""The randomised offer decisions of the coffee data as a reward log; see quality.md, part A, for the protocol."""

import gzip
import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from training.reward_log import LoggedRewards

WAVES = np.array([0, 168, 336, 408, 504, 576])
PROBABILITIES = np.array([0.25, *[0.075] * 10])
LARGEST_TRANSACTION = 50.0


def data_folder(name: str) -> Path:
    """The folder of a data set below TSUGI_TEST_DATA; skips the test where it is absent."""
    root = os.environ.get("TSUGI_TEST_DATA")
    if not root:
        pytest.skip("TSUGI_TEST_DATA is not set: it names the folder of public data sets")
    folder = Path(root) / name
    if not folder.is_dir():
        pytest.skip(f"no {name} in TSUGI_TEST_DATA ({root})")
    return folder


def offer_log(folder: Path) -> tuple[LoggedRewards, np.ndarray, np.ndarray]:
    """All 102,000 decisions in order of wave, their wave numbers (n,), and features known before each (n, 7)."""
    portfolio = pd.read_json(folder / "portfolio.json", lines=True)
    profile = pd.read_json(folder / "profile.json.gz", lines=True)
    events = _events(folder / "transcript.json.gz")
    place = {person: row for row, person in enumerate(profile["id"])}
    row = events["person"].map(place).to_numpy()
    wave = np.searchsorted(WAVES, events["time"].to_numpy(), side="right") - 1
    n = len(profile)
    arm = _arms(events, row, wave, n, list(portfolio["id"]))
    raw = _spend(events, row, wave, n, largest=np.inf) - _paid(events, row, wave, arm, portfolio)
    capped = _spend(events, row, wave, n, largest=LARGEST_TRANSACTION) - _paid(events, row, wave, arm, portfolio)
    actions = ("no_action", *(_name(offer) for offer in portfolio.to_dict("records")))
    flat = [matrix.T.ravel() for matrix in (arm, raw, capped)]
    log = LoggedRewards(
        actions, np.tile(np.arange(n), 6), flat[0].astype(int), np.tile(PROBABILITIES, (6 * n, 1)), flat[1], flat[2]
    )
    return log, np.repeat(np.arange(1, 7), n), _features(profile, events, row, n)


def _events(path: Path) -> pd.DataFrame:
    with gzip.open(path, "rt") as lines:
        events = [json.loads(line) for line in lines if line.strip()]
    return pd.DataFrame(
        {
            "person": [event["person"] for event in events],
            "kind": [event["event"] for event in events],
            "offer": [event["value"].get("offer id") or event["value"].get("offer_id") for event in events],
            "amount": [event["value"].get("amount", 0.0) for event in events],
            "time": [event["time"] for event in events],
        }
    )


def _name(offer: dict) -> str:
    return f"{offer['offer_type']} ${offer['reward']} off ${offer['difficulty']}, {offer['duration']:.0f} days"


def _arms(events, row, wave, n: int, offers: list[str]) -> np.ndarray:
    received = (events["kind"] == "offer received").to_numpy()
    arm = np.zeros((n, 6))
    arm[row[received], wave[received]] = events["offer"][received].map(offers.index).to_numpy() + 1
    return arm


def _spend(events, row, wave, n: int, *, largest: float) -> np.ndarray:
    money = np.where(events["kind"] == "transaction", events["amount"].clip(upper=largest), 0.0)
    return np.bincount(row * 6 + wave, weights=money, minlength=n * 6).reshape(n, 6)


def _paid(events, row, wave, arm: np.ndarray, portfolio: pd.DataFrame) -> np.ndarray:
    done = (events["kind"] == "offer completed").to_numpy()
    offers, reward = list(portfolio["id"]), portfolio["reward"].to_numpy()
    number = events["offer"][done].map(offers.index).to_numpy()
    own = arm[row[done], wave[done]] == number + 1
    cell = (row[done] * 6 + wave[done])[own]
    return np.bincount(cell, weights=reward[number[own]], minlength=arm.size).reshape(arm.shape)


def _features(profile, events, row, n: int) -> np.ndarray:
    age = profile["age"].where(profile["age"] < 118).to_numpy(dtype=float)
    member = pd.to_datetime(profile["became_member_on"].astype(str)).to_numpy().astype("datetime64[D]").astype(float)
    fixed = [age, profile["income"].to_numpy(dtype=float), profile["gender"].map({"M": 0, "F": 1, "O": 2}), member]
    bought, at = (events["kind"] == "transaction").to_numpy(), events["time"].to_numpy()
    parts = []
    for start in WAVES:
        before = bought & (at < start)
        spent = np.bincount(row[before], weights=events["amount"][before].clip(upper=LARGEST_TRANSACTION), minlength=n)
        visits = np.bincount(row[before], minlength=n)
        scale = max(start, 1) / 168
        parts.append(np.column_stack([*fixed, spent / scale, visits / scale, np.full(n, start)]))
    return np.concatenate(parts).astype(float)
