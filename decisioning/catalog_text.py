"""The format of `catalog.yaml`: a strict model per part, whose fields are the file's, and what each part builds."""

import json
from collections.abc import Mapping
from datetime import timedelta
from hashlib import sha256
from typing import Annotated, Literal, cast

from pydantic import Field

from decisioning.action import Action, Conversion, Treatment
from decisioning.arbitration import Mode, Tie
from decisioning.bundling import Summed, summed
from decisioning.catalog import Catalog, Channel, Consent, ContextWeight, Exploration, HoldoutArms, Placement, Sticky
from decisioning.catalog_field import Amount, Begins, ConditionText, Days, Ends, Name, Scalar, Share, Text
from decisioning.catalog_limits_text import ContactPolicyText
from decisioning.catalog_pool_text import BudgetText, CapacityText, InventoryText
from decisioning.catalog_trigger_text import TriggerText
from decisioning.catalog_variant_text import VariantTestText


class PurposeText(Text):
    """`purposes.<name>`."""

    consent: bool = True


class ChannelText(Text):
    """`channels.<name>`."""

    outbound: bool = False
    consent: Consent = "opt_out"
    explore: bool = True
    capacity: CapacityText | None = None

    def build(self, name: str) -> Channel:
        """The channel of this name."""
        capacity = self.capacity.build(name) if self.capacity else None
        return Channel(name, self.outbound, self.consent, capacity, self.explore)


class PlacementText(Text):
    """`placements.<name>`."""

    channel: Name
    must_fill: bool = False
    impressions: Literal["reported", "implied"] = "reported"
    reservation_seconds: Annotated[float, Field(gt=0, le=30 * 86400)] = 1800
    limit: Annotated[int, Field(ge=1, le=100)] = 3
    explore: bool = True
    fallback: str = ""
    most_per_group: Annotated[int, Field(ge=1, le=100)] | None = None
    least_groups: Annotated[int, Field(ge=0, le=100)] = 0

    def build(self, name: str) -> Placement:
        """The placement of this name."""
        fields = self.model_dump(exclude={"reservation_seconds"})
        return Placement(name, reservation=timedelta(seconds=self.reservation_seconds), **fields)


class ConversionText(Text):
    """`actions.<name>.conversion`."""

    event: Annotated[str, Field(min_length=1)]
    where: dict[str, Scalar] = {}

    def build(self) -> Conversion:
        """The conversion."""
        return Conversion(self.event, cast("Mapping[str, str | float | bool]", self.where))


class TreatmentText(Text):
    """`actions.<name>.treatments.<name>`."""

    channel: Name
    cost: Amount = 0.0
    cost_formula: str = ""
    placements: list[Name] = []
    wait_hours: Annotated[float, Field(ge=0, le=24 * 31)] = 0.0
    send_hour: Annotated[int, Field(ge=0, le=23)] | None = None

    def build(self, name: str) -> Treatment:
        """The treatment of this name."""
        return Treatment(
            name,
            self.channel,
            self.cost,
            frozenset(self.placements),
            self.cost_formula,
            wait=timedelta(hours=self.wait_hours),
            send_hour=self.send_hour,
        )


class StartingText(Text):
    """`actions.<name>.starting`: what stands in until there is evidence."""

    propensity: Share = 0.01
    evidence: Annotated[float, Field(gt=0)] = 100.0


class BundleText(Text):
    """`actions.<name>.bundle`: what it offers together, and which amounts are those of its parts together."""

    parts: Annotated[list[Name], Field(min_length=2, max_length=20)]
    sum: list[Literal["value", "cost"]] = []

    def build(self) -> Summed:
        """Which amounts are summed."""
        return Summed(value="value" in self.sum, cost="cost" in self.sum)


class ActionText(Text):
    """`actions.<name>`."""

    issue: Name
    group: Name
    value: Amount
    value_formula: str = ""
    treatments: Annotated[dict[Name, TreatmentText], Field(min_length=1)]
    purpose: Name = "marketing"
    window_days: Days = 14
    eligibility: str = ""
    applicability: str = ""
    suitability: str = ""
    starting: StartingText = StartingText()
    lever: Amount = 1.0
    conversion: ConversionText | None = None
    valid_from: Begins | None = None
    valid_until: Ends | None = None
    transactional: bool = False
    mandatory: bool = False
    bundle: BundleText | None = None

    def build(self, name: str) -> Action:
        """The action of this name."""
        return Action(
            name=name,
            treatments=tuple(text.build(treatment) for treatment, text in self.treatments.items()),
            window=timedelta(days=self.window_days),
            starting_propensity=self.starting.propensity,
            starting_evidence=self.starting.evidence,
            conversion=self.conversion.build() if self.conversion else None,
            valid_from=self.valid_from,
            valid_until=self.valid_until,
            bundle=tuple(self.bundle.parts) if self.bundle else (),
            **{field: getattr(self, field) for field in _ACTION_FIELDS_AS_WRITTEN},
        )


_ACTION_FIELDS_AS_WRITTEN = (
    "issue",
    "group",
    "value",
    "value_formula",
    "purpose",
    "eligibility",
    "applicability",
    "suitability",
    "lever",
    "transactional",
    "mandatory",
)


class ExplorationText(Text):
    """`exploration`."""

    epsilon: Share = 0.05
    epsilon_without_bundle: Share = 1.0
    sticky: Sticky = ""
    temperature: Annotated[float, Field(ge=0, le=1e6)] = 0.0

    def build(self) -> Exploration:
        """The exploration."""
        return Exploration(self.epsilon, self.epsilon_without_bundle, self.sticky, self.temperature)


class HoldoutText(Text):
    """`holdout`."""

    salt: Annotated[str, Field(min_length=1)] = "tsugi"
    shares: dict[str, Share] = {}


class ContextWeightText(Text):
    """`context_weights[]`."""

    issue: Name
    condition: ConditionText
    weight: Amount

    def build(self) -> ContextWeight:
        """The context weight."""
        return ContextWeight(self.issue, self.condition, self.weight)


class CatalogText(Text):
    """The whole file."""

    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    channels: Annotated[dict[Name, ChannelText], Field(min_length=1)]
    placements: Annotated[dict[Name, PlacementText], Field(min_length=1)]
    actions: Annotated[dict[Name, ActionText], Field(min_length=1)]
    purposes: dict[Name, PurposeText] = {}
    contact_policy: ContactPolicyText = ContactPolicyText()
    arbitration: Mode = "incremental_value"
    priority_formula: str = ""
    arbitration_by_issue: dict[Name, Mode] = {}
    tie_break: list[Tie] = []
    exploration: ExplorationText = ExplorationText()
    holdout: HoldoutText = HoldoutText()
    context_weights: list[ContextWeightText] = []
    triggers: dict[Name, TriggerText] = {}
    budgets: dict[Name, BudgetText] = {}
    inventories: dict[Name, InventoryText] = {}
    tests: dict[Name, VariantTestText] = {}

    def build(self) -> Catalog:
        """The catalogue, with the hash of its content as version; what its policy is made of is ordered by name."""
        return Catalog(
            version=self.version(),
            currency=self.currency,
            actions=self._actions(),
            channels={name: text.build(name) for name, text in sorted(self.channels.items())},
            placements={name: text.build(name) for name, text in self.placements.items()},
            purposes={name: text.consent for name, text in self.purposes.items()},
            contact_policy=self.contact_policy.build(),
            arbitration=self.arbitration,
            priority_formula=self.priority_formula,
            arbitration_by_issue=self.arbitration_by_issue,
            tie_break=tuple(self.tie_break),
            exploration=self.exploration.build(),
            holdout=HoldoutArms(self.holdout.salt, dict(sorted(self.holdout.shares.items()))),
            context_weights=tuple(text.build() for text in self.context_weights),
            triggers={name: text.build(name) for name, text in self.triggers.items()},
            budgets={name: text.build(name) for name, text in sorted(self.budgets.items())},
            inventories={name: text.build(name) for name, text in sorted(self.inventories.items())},
            tests={name: text.build(name) for name, text in self.tests.items()},
        )

    def _actions(self) -> dict[str, Action]:
        actions = {name: text.build(name) for name, text in self.actions.items()}
        bundles = {name: text.bundle.build() for name, text in self.actions.items() if text.bundle}
        for name, which in bundles.items():
            parts = [actions[part] for part in actions[name].bundle if part in actions]
            actions[name] = summed(actions[name], parts, which)
        return actions

    def version(self) -> str:
        """The first 12 hex digits of the SHA-256 of the content, defaults left out, keys in order."""
        content = self.model_dump(mode="json", exclude_defaults=True)
        canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return sha256(canonical.encode()).hexdigest()[:12]
