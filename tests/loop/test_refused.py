"""A gate that refuses the order a bundle learned lets serve what it foresees, beside the best constant action."""

import shutil
from datetime import timedelta
from types import SimpleNamespace

import pytest

from decisioning.foresight import foreseen_by
from pipelines.champion import champion_bundle, champion_scorer
from pipelines.composition import compose
from pipelines.exit_code import ExitCode
from pipelines.retrain import retrain
from training.artifact import verify
from training.manifest import champion_path
from training.registry import Registry

DEMANDING = "confidence = 0.999999\ncalibration = 0.000001\n"


@pytest.fixture(scope="module")
def refused(business, tmp_path_factory):
    """The first retraining of a home, refused, and one two days later."""
    folder = tmp_path_factory.mktemp("refused")
    home, workspace = (shutil.copytree(getattr(business, part), folder / part) for part in ("home", "workspace"))
    settings = workspace / "tsugi.toml"
    settings.write_text(settings.read_text().replace("confidence = 0.95\n", DEMANDING))
    with compose(home, workspace, clock=business.clock) as composition:
        result, candidate = retrain(composition, as_of=business.clock())
        champion = champion_bundle(home)
        later, after = retrain(composition, as_of=business.clock() + timedelta(days=2), promote=False)
    registry = Registry.open(home, workspace="bank")
    return SimpleNamespace(**locals())


def test_the_models_of_what_is_foreseen_that_passed_serve_beside_the_best_constant_action(refused):
    result, champion, learned = refused.result, refused.champion, refused.candidate.learned.foreseen
    assert (result.exit_code, result.serves, champion.kind) == (ExitCode.REFUSED, "constant", "constant"), (
        result.reasons
    )
    assert list(champion.foreseen) == [each.subject.name for each in learned if each.model is not None]
    assert champion.foreseen
    assert verify(champion_path(refused.home)) == champion.version


def test_what_serves_foresees_of_a_customer_what_the_refused_bundle_does(refused, business):
    features = business.decisions[-1].features
    assert foreseen_by(champion_scorer(refused.home), features) == refused.candidate.bundle.foresee(features) != {}


def test_the_card_of_the_constant_action_says_what_it_foresees(refused):
    registry = refused.registry
    version = registry.holder("champion")
    card = registry.client.get_model_version(registry.model, str(version.number)).description
    assert version.bundle == refused.champion.version
    assert registry.client.download_artifacts(version.run_id, "model_card.md")
    for each in refused.candidate.learned.foreseen:
        serves = "serves" if each.subject.name in refused.champion.foreseen else "does not serve"
        assert f"- {each.subject.name}, {each.subject.words}: {serves}; " in card
    best = max(refused.champion.entries.values(), key=lambda entry: entry.value)
    assert card.index(f"| {best.action} | ") == card.index("| --- | --- | --- | --- |\n") + len(
        "| --- | --- | --- | --- |\n"
    )


def test_the_next_retraining_compares_with_what_the_constant_bundle_foresees(refused):
    beside = {each.subject.name for each in refused.after.learned.foreseen if each.champion is not None}
    assert beside == set(refused.champion.foreseen)
    assert champion_bundle(refused.home).version == refused.champion.version
