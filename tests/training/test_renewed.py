"""The champion's order beside what is foreseen anew: written, published in its place, watched and gone back from."""

from dataclasses import replace
from datetime import UTC, datetime
from types import SimpleNamespace

import numpy as np
import pytest
from test_constant_foresees import LAYOUT, N_CUSTOMERS, constant, customers, models, policy  # noqa: F401 - fixtures

from features.rollout_pointer import read_rollout
from features.workspace import Gate
from pipelines.registry_told import reconcile
from pipelines.renew_champion import broken_bounds, renew_champion
from pipelines.served import UNCHANGED
from training.artifact import load_bundle, verify, write_bundle, write_renewed
from training.manifest import champion_path, origin_of, read_manifest, same_order
from training.publication import publish, publish_challenger, publish_instead, roll_back_published
from training.registry import Registry

pytestmark = pytest.mark.filterwarnings(
    # mlflow 3.17 configures its mappers with an option that sqlalchemy 2.1 deprecates
    "ignore:The ``noload`` loader strategy is deprecated"
)

LEARNED, MADE = datetime(2026, 5, 28, tzinfo=UTC), datetime(2026, 6, 1, tzinfo=UTC)
REPORT = {"reference": {"n_decisions": 7}}


@pytest.fixture(autouse=True)
def tried_here(monkeypatch):
    """Bundles are tried in this process: what is tested is what becomes of them."""
    monkeypatch.setattr("training.publication.verify_in_subprocess", verify)


@pytest.fixture(params=["constant", "policy"])
def champion(request, tmp_path):
    """A champion as it is loaded from where it was written; it foresees churn alone."""
    bundle, folder = request.getfixturevalue(request.param), tmp_path / "first"
    known = replace(bundle, foreseen={"churn": bundle.foreseen["churn"]})
    write_bundle(known, folder, created_at=MADE, learned_until=LEARNED, entries=LAYOUT.actions.entries, report=REPORT)
    return load_bundle(folder)


@pytest.fixture
def renewed(champion, request, tmp_path):
    foreseen = request.getfixturevalue("models")
    write_renewed(replace(champion, foreseen=foreseen), tmp_path / "first", tmp_path / "renewed")
    return load_bundle(tmp_path / "renewed")


def scored(bundle):
    columns, candidates = customers(), [entry.candidate() for entry in LAYOUT.actions.entries]
    scores = bundle.score_matrix(bundle.encode(columns, n_rows=N_CUSTOMERS), candidates)
    return np.stack([scores.propensity, scores.uplift])


def test_a_renewed_champion_orders_as_before_to_the_bit_and_foresees_what_it_was_given(
    champion, renewed, request, tmp_path
):
    foreseen = request.getfixturevalue("models")
    assert renewed.version == verify(tmp_path / "renewed") != champion.version
    np.testing.assert_array_equal(scored(renewed), scored(champion))
    for name, model in foreseen.items():
        found, given = (each.score({"x0": 1.0}) for each in (renewed.foreseen[name], model))
        assert found == given


def test_a_renewed_champion_is_as_old_as_its_order_and_is_watched_by_its_reference(champion, renewed, tmp_path):
    home = tmp_path / "home"
    for each in ("first", "renewed"):
        publish(tmp_path / each, home)
    assert origin_of(home, renewed.version) == origin_of(home, champion.version)
    assert origin_of(home, renewed.version).learned_until == LEARNED
    assert read_manifest(tmp_path / "renewed")["report"]["reference"] == REPORT["reference"]


def test_the_same_models_again_are_the_same_champion(champion, tmp_path):
    assert write_renewed(champion, tmp_path / "first", tmp_path / "again") == champion.version


def test_every_bundle_of_one_order_is_named_however_often_it_was_renewed(champion, renewed, tmp_path):
    assert same_order(read_manifest(tmp_path / "first")) == [champion.version]
    assert same_order(read_manifest(tmp_path / "renewed")) == [champion.version, renewed.version]
    third = write_renewed(replace(renewed, foreseen={}), tmp_path / "renewed", tmp_path / "third")
    assert same_order(read_manifest(tmp_path / "third")) == [champion.version, renewed.version, third]
    write_renewed(champion, tmp_path / "third", tmp_path / "back")
    assert same_order(read_manifest(tmp_path / "back")) == [renewed.version, third, champion.version]


def test_it_takes_the_champions_place_with_the_challenger_going_on_and_one_rollback_goes_back(
    champion, renewed, tmp_path
):
    home = tmp_path / "home"
    publish(tmp_path / "first", home)
    challenger = publish_challenger(tmp_path / "renewed", home, share=0.1)
    assert publish_instead(tmp_path / "renewed", home, of=champion.version, number=2)
    assert champion_path(home).name == renewed.version
    assert read_rollout(home) == challenger
    assert roll_back_published(home).version == champion.version


def test_it_takes_nobody_elses_place(champion, renewed, tmp_path):
    home = tmp_path / "home"
    assert not publish_instead(tmp_path / "renewed", home, of=champion.version)
    assert champion_path(home) is None
    publish(tmp_path / "first", home)
    assert not publish_instead(tmp_path / "renewed", home, of="0" * 16)
    assert champion_path(home).name == champion.version
    assert renewed.version != champion.version


def test_what_breaks_a_bound_of_the_gate_is_named(renewed, tmp_path):
    assert load_bundle(tmp_path / "renewed").version == renewed.version
    for gate, reason in ((Gate(size_mib=0.001), "the bundle is too large"), (Gate(latency_ms=1e-4), "takes too long")):
        assert [each.startswith(reason) for each in broken_bounds(tmp_path / "renewed", gate)] == [True]
    assert broken_bounds(tmp_path / "renewed", Gate(latency_ms=1e6)) == ()


# --- from the gate's refusal to what serves ------------------------------------------------------------------------


@pytest.fixture
def refused(champion, request, tmp_path):
    """A home whose champion is registered, and a candidate beside it that the gate refused."""
    home = tmp_path / "home"
    registry = Registry.open(home, workspace="shop")
    with registry.retraining("first") as run:
        first = registry.register(run, tmp_path / "first", bundle=champion.version)
    publish(tmp_path / "first", home, number=first.number)
    registry.promote(first.number)
    composition = SimpleNamespace(
        home=SimpleNamespace(path=home), workspace=SimpleNamespace(name="shop", gate=Gate(latency_ms=1e6))
    )
    candidate = SimpleNamespace(
        champion=champion,
        bundle=SimpleNamespace(foreseen=request.getfixturevalue("models")),
        learned=None,
        verdict=SimpleNamespace(reasons=("refused: the champion stays",)),
    )
    return SimpleNamespace(**locals())


def served_of(refused, folder):
    return renew_champion(refused.composition, refused.registry, refused.candidate, folder=folder, as_of=MADE)


def test_the_champion_serves_on_as_a_registered_version_that_foresees_what_passed(refused, tmp_path):
    served, registry = served_of(refused, tmp_path / "made"), refused.registry
    holder = registry.holder("champion")
    assert (served.published, holder.number) == (True, refused.first.number + 1)
    assert served.told == (f"the champion serves on as version {holder.number}, and foresees churn, value",)
    assert champion_path(refused.home).name == holder.bundle == load_bundle(holder.folder).version
    shown = registry.client.get_model_version(registry.model, str(holder.number))
    assert f"The order of bundle {refused.champion.version}, which stays champion" in shown.description
    assert shown.tags["previous_champion"] == str(refused.first.number)
    assert roll_back_published(refused.home).number == refused.first.number
    assert reconcile(registry, refused.home) == registry.holder("champion").number == refused.first.number


def test_a_rollback_or_promotion_meanwhile_wins(refused, tmp_path):
    other = write_renewed(replace(refused.champion, foreseen={}), tmp_path / "first", tmp_path / "other")
    publish(tmp_path / "other", refused.home)
    served = served_of(refused, tmp_path / "made")
    assert (served.published, champion_path(refused.home).name) == (False, other)
    assert served.told == ("another bundle became champion meanwhile: it foresees as before",)
    assert refused.registry.holder("champion").number == refused.first.number


def test_a_champion_that_would_break_a_bound_or_foresees_nothing_new_stays_as_it_is(refused, tmp_path):
    refused.composition.workspace.gate = Gate(size_mib=0.001)
    served = served_of(refused, tmp_path / "made")
    assert [each.startswith("the champion foresees as before: the bundle is too large") for each in served.told] == [
        True
    ]
    refused.candidate.bundle.foreseen = refused.champion.foreseen
    assert served_of(refused, tmp_path / "again") == UNCHANGED
    assert champion_path(refused.home).name == refused.champion.version
