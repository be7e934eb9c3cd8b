"""What a retraining knows itself to have learned: a log, a catalogue, constraints, and the settings it learned by."""

from types import SimpleNamespace

import pytest

from features.workspace import Workspace
from pipelines.recording.retraining import learned_something_new, note_learned
from training.registry import Registry

FRAME = SimpleNamespace(fingerprint="f" * 64)
TOML = """\
[workspace]
name = "shop"
[goal]
window_days = 14
[training]
trials = 2
[gate]
margin = 0.0
"""
OTHERWISE = {
    "the goal": ("window_days = 14", "window_days = 14\nreward_cap = 100.0"),
    "how hard it looks": ("trials = 2", "trials = 20"),
    "what is foreseen": ("[gate]", '[training.churn]\nevent = "Account Closed"\n[gate]'),
    "the gate": ("margin = 0.0", "margin = 0.5"),
}


@pytest.fixture(scope="module")
def registry(tmp_path_factory):
    return Registry.open(tmp_path_factory.mktemp("home"), workspace="shop")


def saying(folder, text):
    (folder / "tsugi.toml").write_text(text)
    catalog = SimpleNamespace(catalog=SimpleNamespace(version=folder.name))
    return SimpleNamespace(workspace=Workspace.load(folder), catalog=catalog)


def learned(registry, composition, **how):
    with registry.retraining("retraining") as run:
        note_learned(registry, run.run_id, FRAME, composition, **how)
    return run.run_id


def test_the_same_log_by_the_same_settings_is_nothing_new(registry, tmp_path):
    composition = saying(tmp_path, TOML)
    assert learned_something_new(registry, FRAME, composition)
    learned(registry, composition)
    assert not learned_something_new(registry, FRAME, composition)


@pytest.mark.parametrize("what", OTHERWISE)
def test_the_same_log_by_other_settings_is_something_new_until_it_was_learned_by_them(what, registry, tmp_path):
    learned(registry, saying(tmp_path, TOML))
    changed = saying(tmp_path, TOML.replace(*OTHERWISE[what]))
    assert learned_something_new(registry, FRAME, changed)
    learned(registry, changed)
    assert not learned_something_new(registry, FRAME, changed)
    assert not learned_something_new(registry, FRAME, saying(tmp_path, TOML))


def test_a_retraining_of_an_earlier_release_is_taken_to_have_learned_by_the_same_settings(registry, tmp_path):
    composition = saying(tmp_path, TOML)
    registry.client.delete_tag(learned(registry, composition), "tsugi.settings")
    assert not learned_something_new(registry, FRAME, composition)


def test_what_a_challenger_alone_learned_is_new_to_a_retraining_that_may_serve(registry, tmp_path):
    composition = saying(tmp_path, TOML)
    learned(registry, composition, promote=False)
    assert not learned_something_new(registry, FRAME, composition, promote=False)
    assert learned_something_new(registry, FRAME, composition)
    learned(registry, composition)
    assert not learned_something_new(registry, FRAME, composition)
    assert not learned_something_new(registry, FRAME, composition, promote=False)
