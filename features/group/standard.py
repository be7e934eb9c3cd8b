"""The features that a kind of group has: how many count, what they do added up, traits of the group."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from decisioning.customer import FeatureValue
from features.feature import OWN, Feature
from features.group.primitive import How, OfGroup
from features.standard.stating import PROFILING

TOGETHER = (
    "orders_365d",
    "revenue_90d",
    "revenue_365d",
    "refunds_365d",
    "days_since_order",
    "days_since_activity",
    "product_views_7d",
    "categories_viewed",
    "impressions_7d",
    "open_tickets",
    "tickets_365d",
)
LOWEST = ("last_nps",)
VIEW = "group"


@dataclass(frozen=True, slots=True)
class GroupTrait:
    """A trait of the group that is a feature. Parameters: as those of `features.feature.Feature`."""

    trait: str
    description: str
    one_of: tuple[str, ...] = ()
    default: FeatureValue = None
    purpose: str = PROFILING
    owner: str = OWN


SIZE = GroupTrait("size", "people in it: the newest `size` that any `group` call told", owner="customer data")


@dataclass(frozen=True, slots=True)
class GroupKind:
    """A kind of group, as its trait `type` says.

    Parameters: `together` and `lowest`, names of features; `needs_yes`, whether what is known of a member counts for
    the others only after their yes.
    """

    name: str
    together: tuple[str, ...] = TOGETHER
    lowest: tuple[str, ...] = LOWEST
    traits: tuple[GroupTrait, ...] = (SIZE,)
    needs_yes: bool = True


HOUSEHOLD = GroupKind("household")


def group_features(kinds: Iterable[GroupKind], features: Iterable[Feature]) -> tuple[Feature, ...]:
    """The features of kinds of groups. Parameters: `features`, by which those that are looked at are found."""
    known = {feature.name: feature for feature in features}
    return tuple(feature for kind in kinds for feature in _of_kind(kind, known))


def _of_kind(kind: GroupKind, known: Mapping[str, Feature]) -> list[Feature]:
    return [
        _members(kind),
        *_ofs(kind, known, "together", kind.together),
        *_ofs(kind, known, "lowest", kind.lowest),
        *(_trait(kind, trait) for trait in kind.traits),
    ]


def _ofs(kind: GroupKind, known: Mapping[str, Feature], how: How, names: Iterable[str]) -> list[Feature]:
    """Of each of these features what it is of the whole group; a workspace may have left some of them out."""
    return [
        _of(kind, known[name], OfGroup(kind.name, how, name, (), kind.needs_yes)) for name in names if name in known
    ]


def _members(kind: GroupKind) -> Feature:
    what = f"members of their {kind.name} who count: they, and the others whose consent allows it"
    made = OfGroup(kind.name, "members", needs_yes=kind.needs_yes)
    return Feature(f"{kind.name}_members", VIEW, made, what, default=0.0, purpose=PROFILING, owner="customer data")


def _of(kind: GroupKind, base: Feature, primitive: OfGroup) -> Feature:
    """What a feature is of a whole group; where it may be used for everything, of others it is for profiling."""
    lowest = "lowest_" if primitive.how == "lowest" else ""
    nothing = 0.0 if base.default is None and base.nothing == 0.0 else base.default
    return replace(
        base,
        name=f"{kind.name}_{lowest}{base.name}",
        view=VIEW,
        primitive=primitive,
        description=f"{base.description}: {'the lowest' if lowest else 'all'} in their {kind.name}",
        default=nothing,
        purpose=base.purpose or PROFILING,
    )


def _trait(kind: GroupKind, trait: GroupTrait) -> Feature:
    return Feature(
        name=f"{kind.name}_{trait.trait}",
        view=VIEW,
        primitive=OfGroup(kind.name, "trait", trait.trait, trait.one_of),
        description=f"of their {kind.name}: {trait.description}",
        kind="category" if trait.one_of else "number",
        one_of=trait.one_of,
        default=trait.default,
        purpose=trait.purpose,
        owner=trait.owner,
    )
