"""Moving what serves by hand: what is refused before anything is published."""

from types import SimpleNamespace

import orjson
import pytest

from decisioning.errors import ArtifactError, InvalidInputError
from features.home import Home
from features.ledger import Ledger
from features.rollout_pointer import RolloutPointer, read_rollout, rollout_path, write_rollout
from pipelines.promote import Rollout, promote_version, roll_out
from training.manifest import POINTER
from training.registry import RegisteredBundle

CHAMPION = "0123456789abcdef"


@pytest.mark.parametrize("share", [0.0, 0.05])
def test_the_champion_is_no_challenger_of_itself(tmp_path, monkeypatch, share):
    version = RegisteredBundle(2, CHAMPION, tmp_path / "registered", "run")
    registry = SimpleNamespace(version=lambda _: version)
    monkeypatch.setattr("pipelines.promote._registry", lambda *_: registry)
    home = Home(tmp_path / "home").create()
    Ledger(home.ledger).close()
    home.bundles.mkdir(exist_ok=True)
    (home.bundles / POINTER).write_bytes(orjson.dumps({"version": CHAMPION, "sha256": "0" * 64}))
    with pytest.raises(InvalidInputError, match="is the champion, and decides for everybody already"):
        roll_out(home.path, tmp_path, Rollout(2, share))
    assert read_rollout(home.path) is None


@pytest.mark.parametrize("mode", ["shadow", "canary"])
def test_no_version_that_came_as_challenger_later_is_promoted_in_place_of_the_one_under_way(
    tmp_path, monkeypatch, mode
):
    later = RegisteredBundle(5, "5" * 16, tmp_path / "registered", "run")
    registry = SimpleNamespace(model="shop-policy", holder=lambda _: later)
    monkeypatch.setattr("pipelines.promote._registry", lambda *_: registry)
    home = Home(tmp_path / "home").create()
    home.bundles.mkdir(exist_ok=True)
    write_rollout(home.path, RolloutPointer(mode, "4" * 16, "0" * 64, share=0.05, number=4))
    with pytest.raises(
        InvalidInputError, match=r"version 4 is under way, and version 5 was registered .* name a --version"
    ):
        promote_version(home.path, tmp_path)


def test_where_it_cannot_be_known_what_is_under_way_no_version_is_promoted_unnamed(tmp_path, monkeypatch):
    later = RegisteredBundle(5, "5" * 16, tmp_path / "registered", "run")
    registry = SimpleNamespace(model="shop-policy", holder=lambda _: later)
    monkeypatch.setattr("pipelines.promote._registry", lambda *_: registry)
    home = Home(tmp_path / "home").create()
    home.bundles.mkdir(exist_ok=True)
    rollout_path(home.path).write_bytes(b"no pointer")
    with pytest.raises(ArtifactError, match="does not describe a challenger"):
        promote_version(home.path, tmp_path)
