"""A gate that refuses the order a bundle learned lets serve what it foresees, beside what serves in its place."""

import shutil
from datetime import timedelta
from types import SimpleNamespace

import pytest

from decisioning.foresight import foreseen_by
from pipelines.champion import champion_bundle, champion_scorer
from pipelines.composition import compose
from pipelines.exit_code import ExitCode
from pipelines.monitoring.monitor import monitor
from pipelines.retrain import retrain
from pipelines.retrained import retrained_in_words
from training.artifact import load_bundle, verify
from training.manifest import kept_path
from training.publication import roll_back_published
from training.registry import Registry

DEMANDING = "confidence = 0.9999\ncalibration = 0.000001\n"


@pytest.fixture(scope="module")
def refused(business, tmp_path_factory):
    """The first retraining of a home, refused, and one two days later: the best constant action stays champion then."""
    folder = tmp_path_factory.mktemp("refused")
    home, workspace = (shutil.copytree(getattr(business, part), folder / part) for part in ("home", "workspace"))
    settings = workspace / "tsugi.toml"
    settings.write_text(settings.read_text().replace("confidence = 0.95\n", DEMANDING))
    with compose(home, workspace, clock=business.clock) as composition:
        result, candidate = retrain(composition, as_of=business.clock())
        champion, first = champion_bundle(home), Registry.open(home, workspace="bank").holder("champion")
        foreseen = foreseen_by(champion_scorer(home), business.decisions[-1].features)
        later, after = retrain(composition, as_of=business.clock() + timedelta(days=2))
        renewed, monitored = champion_bundle(home), monitor(composition, as_of=business.clock(), sample=0)
    registry = Registry.open(home, workspace="bank")
    return SimpleNamespace(**locals())


def test_the_models_of_what_is_foreseen_that_passed_serve_beside_the_best_constant_action(refused):
    result, champion, learned = refused.result, refused.champion, refused.candidate.learned.foreseen
    assert (result.exit_code, result.serves, champion.kind) == (ExitCode.REFUSED, "constant", "constant"), (
        result.reasons
    )
    assert list(champion.foreseen) == [each.subject.name for each in learned if each.model is not None]
    assert champion.foreseen
    assert verify(kept_path(refused.home, champion.version)) == champion.version


def test_what_serves_foresees_of_a_customer_what_the_refused_bundle_does(refused, business):
    features = business.decisions[-1].features
    assert refused.foreseen == refused.candidate.bundle.foresee(features) != {}


def test_the_card_of_the_constant_action_says_what_it_foresees(refused):
    registry, version = refused.registry, refused.first
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


def test_a_champion_that_stays_foresees_by_the_models_that_passed_and_orders_as_before(refused):
    later, renewed = refused.later, refused.renewed
    assert (later.exit_code, later.serves, later.published) == (ExitCode.REFUSED, "champion", True)
    assert any(each.model is not None and not each.kept for each in refused.after.learned.foreseen)
    assert list(renewed.foreseen) == [each.subject.name for each in refused.after.learned.foreseen if each.model]
    features = refused.business.decisions[-1].features
    assert renewed.foresee(features) == refused.after.bundle.foresee(features)
    assert renewed.entries == refused.champion.entries
    assert retrained_in_words(later).splitlines()[0].endswith("; the champion stays, and foresees anew")
    assert f"foresees {', '.join(renewed.foreseen)}" in later.reasons[-1]


def test_mlflow_says_that_the_renewed_champion_serves_and_what_it_foresees(refused):
    registry, renewed = refused.registry, refused.renewed
    version = registry.holder("champion")
    card = registry.client.get_model_version(registry.model, str(version.number)).description
    assert version.bundle == renewed.version != refused.champion.version
    assert load_bundle(version.folder).version == renewed.version
    assert f"The order of bundle {refused.champion.version}, which stays champion" in card
    for each in refused.after.learned.foreseen:
        assert f"- {each.subject.name}, {each.subject.words}: " in card
    assert registry.client.get_run(version.run_id).data.tags["tsugi.order"] == refused.champion.version
    assert registry.holder("challenger").bundle == refused.after.bundle.version


def test_monitoring_takes_a_renewed_champion_for_as_old_as_its_order(refused):
    assert refused.monitored.champion == refused.renewed.version
    assert refused.monitored.trained_at == refused.business.clock()


def test_one_rollback_foresees_as_before(refused, tmp_path):
    home = shutil.copytree(refused.home, tmp_path / "home")
    assert roll_back_published(home).version == refused.champion.version
    assert champion_bundle(home).foreseen.keys() == refused.champion.foreseen.keys()
