"""From the text of `catalog.yaml` to a catalogue; every problem is told with its file, line and field.

The text is read as YAML without aliases, tags or repeated keys, checked field by field against the strict models below
(their fields are the file format), turned into the domain's own objects, and these are checked against each other.
"""

import json
from collections.abc import Collection, Iterator, Mapping
from datetime import timedelta
from hashlib import sha256
from typing import Annotated, Literal, cast, get_args

import yaml
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from decisioning.action import Action, Conversion, Treatment
from decisioning.catalog import (
    Cap,
    Catalog,
    Channel,
    Consent,
    ContactPolicy,
    ContextWeight,
    Exploration,
    Hold,
    HoldoutArms,
    Placement,
    Rest,
)
from decisioning.catalog_check import check
from decisioning.catalog_problem import Path, Problem, catalog_error, one_of, plainly

MAX_LENGTH = 2_000_000
"""Characters a catalogue may have."""
MAX_DEPTH = 20
"""Levels a catalogue may nest."""


def read_catalog(text: str, *, source: str = "catalog.yaml", features: Collection[str] | None = None) -> Catalog:
    """Read a catalogue.

    Parameters: `text`, YAML; `source`, what errors call it; `features`, the feature names that conditions may read
    (None: any). The version is a hash of the content: comments, the order of keys and written-out defaults do not
    change it. Raises `CatalogError` with every problem found, at most ten spelled out.
    """
    lines: dict[Path, int] = {}
    problems: list[Problem] = []
    content = _read_yaml(text, lines, problems)
    catalog = None if problems else _build(content, problems)
    if catalog is not None:
        problems.extend(check(catalog, features=features))
    if catalog is None or problems:
        raise catalog_error(problems, source=source, lines=lines)
    return catalog


def _build(content: object, problems: list[Problem]) -> Catalog | None:
    try:
        return CatalogText.model_validate(content).build()
    except ValidationError as error:
        problems.extend(_problem(each) for each in error.errors(include_url=False))
        return None


# --- YAML with lines ---------------------------------------------------------------------------------------------


class _Loader(yaml.SafeLoader):
    """Safe YAML without aliases: nothing in a catalogue stands in two places."""

    def compose_node(self, parent: yaml.Node | None, index: int) -> yaml.Node | None:
        if self.check_event(yaml.AliasEvent):
            mark = self.get_event().start_mark  # type: ignore[no-untyped-call]  # untyped in PyYAML's stubs
            raise yaml.composer.ComposerError(None, None, "aliases (*name) are not allowed; write it out", mark)
        return super().compose_node(parent, index)


def _read_yaml(text: str, lines: dict[Path, int], problems: list[Problem]) -> object:
    if len(text) > MAX_LENGTH:
        problems.append(Problem((), f"{len(text)} characters, at most {MAX_LENGTH} are allowed"))
        return None
    try:
        loader = _Loader(text)
        node = loader.get_single_node()
        return _Walk(loader, lines, problems).value(node, ()) if node is not None else {}
    except yaml.MarkedYAMLError as error:
        lines[()] = error.problem_mark.line + 1 if error.problem_mark else 1
        problems.append(Problem((), f"not YAML: {error.problem}"))
    except (yaml.YAMLError, RecursionError) as error:
        problems.append(Problem((), f"not YAML: {' '.join(str(error).split())[:120]}"))
    return None


class _Walk:
    """Turns YAML nodes into plain values, noting the line of each field."""

    def __init__(self, loader: _Loader, lines: dict[Path, int], problems: list[Problem]) -> None:
        self.loader, self.lines, self.problems = loader, lines, problems

    def value(self, node: yaml.Node, path: Path) -> object:
        self.lines.setdefault(path, node.start_mark.line + 1)
        if len(path) > MAX_DEPTH:
            self.problems.append(Problem(path[:3], f"nested deeper than {MAX_DEPTH} levels"))
            return None
        if isinstance(node, yaml.MappingNode):
            return {key: self.value(child, (*path, key)) for key, child in self.fields(node, path)}
        if isinstance(node, yaml.SequenceNode):
            return [self.value(child, (*path, index)) for index, child in enumerate(node.value)]
        return self.scalar(node, path)

    def scalar(self, node: yaml.Node, path: Path) -> object:
        try:
            return self.loader.construct_object(node)
        except (yaml.YAMLError, ValueError) as error:
            self.problems.append(Problem(path, f"cannot be read: {' '.join(str(error).split())[:120]}"))
            return None

    def fields(self, node: yaml.MappingNode, path: Path) -> Iterator[tuple[str, yaml.Node]]:
        for key_node, child in node.value:
            key = self.scalar(key_node, path) if isinstance(key_node, yaml.ScalarNode) else None
            here = key_node.start_mark.line + 1
            if not isinstance(key, str):
                self.problem_at(here, path, f"the key {key_node.value!r} is not a text; write it in quotes")
            elif (*path, key) in self.lines:
                self.problem_at(here, (*path, key), f"given twice, first on line {self.lines[(*path, key)]}")
            else:
                self.lines[(*path, key)] = here
                yield key, child

    def problem_at(self, line: int, path: Path, text: str) -> None:
        self.lines[path] = line
        self.problems.append(Problem(path, text))


# --- the file format ---------------------------------------------------------------------------------------------


def _scalar(value: object) -> object:
    if isinstance(value, str | int | float):
        return value
    raise ValueError("expected a text, a number or true/false")


Name = Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,63}$")]
Amount = Annotated[float, Field(ge=0)]
Count = Annotated[int, Field(ge=1)]
Days = Annotated[float, Field(gt=0, le=3650)]
Share = Annotated[float, Field(ge=0, le=1)]
Scalar = Annotated[object, AfterValidator(_scalar)]
ConditionText = Annotated[str, Field(min_length=1)]


class _Text(BaseModel):
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)


class PurposeText(_Text):
    """`purposes.<name>`."""

    consent: bool = True


class ChannelText(_Text):
    """`channels.<name>`."""

    outbound: bool = False
    consent: Consent = "opt_out"


class PlacementText(_Text):
    """`placements.<name>`."""

    channel: Name
    must_fill: bool = False
    impressions: Literal["reported", "implied"] = "reported"
    reservation_seconds: Annotated[float, Field(gt=0, le=30 * 86400)] = 1800
    limit: Annotated[int, Field(ge=1, le=100)] = 3
    explore: bool = True

    def build(self, name: str) -> Placement:
        """The placement of this name."""
        fields = self.model_dump(exclude={"reservation_seconds"})
        return Placement(name, reservation=timedelta(seconds=self.reservation_seconds), **fields)


class ConversionText(_Text):
    """`actions.<name>.conversion`."""

    event: Annotated[str, Field(min_length=1)]
    where: dict[str, Scalar] = {}

    def build(self) -> Conversion:
        """The conversion."""
        return Conversion(self.event, cast("Mapping[str, str | float | bool]", self.where))


class TreatmentText(_Text):
    """`actions.<name>.treatments.<name>`."""

    channel: Name
    cost: Amount = 0.0
    placements: list[Name] = []

    def build(self, name: str) -> Treatment:
        """The treatment of this name."""
        return Treatment(name, self.channel, self.cost, frozenset(self.placements))


class StartingText(_Text):
    """`actions.<name>.starting`: what stands in until there is evidence."""

    propensity: Share = 0.01
    evidence: Annotated[float, Field(gt=0)] = 100.0


class ActionText(_Text):
    """`actions.<name>`."""

    issue: Name
    group: Name
    value: Amount
    treatments: Annotated[dict[Name, TreatmentText], Field(min_length=1)]
    purpose: Name = "marketing"
    window_days: Days = 14
    eligibility: str = ""
    applicability: str = ""
    suitability: str = ""
    starting: StartingText = StartingText()
    lever: Amount = 1.0
    conversion: ConversionText | None = None

    def build(self, name: str) -> Action:
        """The action of this name."""
        return Action(
            name=name,
            treatments=tuple(text.build(treatment) for treatment, text in self.treatments.items()),
            window=timedelta(days=self.window_days),
            starting_propensity=self.starting.propensity,
            starting_evidence=self.starting.evidence,
            conversion=self.conversion.build() if self.conversion else None,
            **{field: getattr(self, field) for field in _ACTION_FIELDS_AS_WRITTEN},
        )


_ACTION_FIELDS_AS_WRITTEN = (
    "issue",
    "group",
    "value",
    "purpose",
    "eligibility",
    "applicability",
    "suitability",
    "lever",
)


class CapText(_Text):
    """`contact_policy.caps[]`."""

    scope: Literal["action", "group", "channel", "customer"]
    at_most: Annotated[int, Field(ge=0)]
    within_days: Days
    only: str = ""

    def build(self) -> Cap:
        """The cap."""
        return Cap(self.scope, self.at_most, timedelta(days=self.within_days), self.only)


class RestText(_Text):
    """`contact_policy.rests[]`."""

    after: str
    times: Count = 1
    within_days: Days
    rest_days: Days
    scope: Literal["action", "group"] = "action"

    def build(self) -> Rest:
        """The rest."""
        within, rest = timedelta(days=self.within_days), timedelta(days=self.rest_days)
        return Rest(self.after, self.times, within, rest, self.scope)


class HoldText(_Text):
    """`contact_policy.holds[]`."""

    name: Annotated[str, Field(min_length=1)]
    condition: ConditionText
    issues: list[Name] = []

    def build(self) -> Hold:
        """The hold."""
        return Hold(self.name, self.condition, tuple(self.issues))


class ContactPolicyText(_Text):
    """`contact_policy`."""

    caps: list[CapText] = []
    rests: list[RestText] = []
    holds: list[HoldText] = []

    def build(self) -> ContactPolicy:
        """The contact policy."""
        caps, rests, holds = ([each.build() for each in part] for part in (self.caps, self.rests, self.holds))
        return ContactPolicy(tuple(caps), tuple(rests), tuple(holds))  # type: ignore[arg-type]  # one kind each


class ExplorationText(_Text):
    """`exploration`."""

    epsilon: Share = 0.05
    epsilon_without_bundle: Share = 1.0


class HoldoutText(_Text):
    """`holdout`."""

    salt: Annotated[str, Field(min_length=1)] = "tsugi"
    shares: dict[str, Share] = {}


class ContextWeightText(_Text):
    """`context_weights[]`."""

    issue: Name
    condition: ConditionText
    weight: Amount

    def build(self) -> ContextWeight:
        """The context weight."""
        return ContextWeight(self.issue, self.condition, self.weight)


class CatalogText(_Text):
    """The whole file."""

    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    channels: Annotated[dict[Name, ChannelText], Field(min_length=1)]
    placements: Annotated[dict[Name, PlacementText], Field(min_length=1)]
    actions: Annotated[dict[Name, ActionText], Field(min_length=1)]
    purposes: dict[Name, PurposeText] = {}
    contact_policy: ContactPolicyText = ContactPolicyText()
    arbitration: Literal["incremental_value", "propensity_value"] = "incremental_value"
    exploration: ExplorationText = ExplorationText()
    holdout: HoldoutText = HoldoutText()
    context_weights: list[ContextWeightText] = []

    def build(self) -> Catalog:
        """The catalogue, with the hash of its content as version."""
        return Catalog(
            version=self.version(),
            currency=self.currency,
            actions={name: text.build(name) for name, text in self.actions.items()},
            channels={name: Channel(name, text.outbound, text.consent) for name, text in self.channels.items()},
            placements={name: text.build(name) for name, text in self.placements.items()},
            purposes={name: text.consent for name, text in self.purposes.items()},
            contact_policy=self.contact_policy.build(),
            arbitration=self.arbitration,
            exploration=Exploration(self.exploration.epsilon, self.exploration.epsilon_without_bundle),
            holdout=HoldoutArms(self.holdout.salt, self.holdout.shares),
            context_weights=tuple(text.build() for text in self.context_weights),
        )

    def version(self) -> str:
        """The first 12 hex digits of the SHA-256 of the content, defaults left out, keys in order."""
        content = self.model_dump(mode="json", exclude_defaults=True)
        canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return sha256(canonical.encode()).hexdigest()[:12]


# --- what pydantic says, in our words ----------------------------------------------------------------------------


def _problem(error: Mapping[str, object]) -> Problem:
    path = cast("Path", error["loc"])
    kind, given, message = error["type"], error["input"], str(error["msg"])
    if path and path[-1] == "[key]":
        return Problem(path[:-1], f"{path[-2]!r} is no name; a letter, then letters, digits, _ or -, at most 64")
    if kind == "extra_forbidden":
        return Problem(path, one_of(str(path[-1]), _fields_at(path[:-1]), what="field"))
    if kind == "missing":
        return Problem(path, f"is missing; fields here are {', '.join(_fields_at(path[:-1]))}")
    return Problem(path, plainly(message, given))


def _fields_at(path: Path) -> tuple[str, ...]:
    """The fields that the format has at this place."""
    model: object = CatalogText
    for step in path:
        fields = getattr(model, "model_fields", None)
        annotation = fields[step].annotation if fields else get_args(model)[-1]
        models = [part for part in get_args(annotation) if isinstance(part, type) and issubclass(part, _Text)]
        model = models[0] if models and type(None) in get_args(annotation) else annotation
    return tuple(getattr(model, "model_fields", ()))
