"""A workspace: one business, as a folder with `tsugi.toml`, `catalog.yaml` and `features.yaml`."""

import tomllib
from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError, field_validator, model_validator

from decisioning.catalog_problem import line_of, one_of
from decisioning.errors import InvalidInputError, shortened
from features.cleansing.cleanser import Cleansing
from features.external_record import ExternalEvents, ExternalProfiles, GoldenRecordSection, believing_the_key
from features.fast_layer.section import Learning
from features.home import Home
from features.identity_rules import IdentityRules, IdentitySection
from features.matching.section import MatchingSection
from features.monitoring import Monitoring
from features.privacy.erasure_log import LOG
from features.privacy.settings import Privacy, Retention
from features.section import Section
from features.source import Source, Sources
from features.stores import Stores
from features.toml_lines import lines_of
from features.training_section import Churn, Gate, Satisfaction, ServiceNeed, Training
from features.webhook import Webhook

__all__ = [
    "Business",
    "Churn",
    "Gate",
    "Goal",
    "Home",
    "Reward",
    "Simulation",
    "Training",
    "Workspace",
    "WorkspaceError",
]

FILE = "tsugi.toml"


class WorkspaceError(InvalidInputError):
    """A workspace's file is missing or does not say what is expected."""

    code = "invalid_workspace"


class Business(Section):
    """`[workspace]`: its name, its files, and what identity may rely on.

    Parameters: `home`, the folder of its stores where the command line names none, relative to the workspace;
    `trust_email`, take every e-mail address as verified; `max_per_identifier`, how many user ids one other identifier
    may name before it links nothing any more; `strict_sources`, refuse records of a source that `[[sources]]` does not
    name.
    """

    name: str = Field(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]*$")
    catalog: str = "catalog.yaml"
    features: str = "features.yaml"
    contracts: str = "events.yaml"
    mappings: str = "mappings.yaml"
    journeys: str = "journeys.yaml"
    home: str | None = Field(default=None, min_length=1)
    trust_email: bool = False
    max_per_identifier: int = Field(default=5, ge=1)
    strict_sources: bool = False


class Reward(Section):
    """`[[goal.rewards]]`: a track event that is worth money: one of its properties, or a fixed value.

    Parameters: `cap`, the most that learning and the gate see of one event's amount, before it is weighted; a rare
    enormous purchase is noise to them. What is reported as earned is never cut.
    """

    event: str = Field(min_length=1)
    amount: str | None = None
    value: float | None = None
    weight: float = 1.0
    cap: float | None = Field(default=None, gt=0)
    where: dict[str, str | float | bool] = Field(default_factory=dict)

    @field_validator("value")
    @classmethod
    def _not_both(cls, value: float | None, info: Any) -> float | None:
        if value is not None and info.data.get("amount") is not None:
            raise ValueError("give `amount` (a property) or `value` (a fixed worth), not both")
        return value


class Goal(Section):
    """`[goal]`: what the business wants, as money per decision.

    Parameters: an outcome counts for a decision within `window_days`, and, with `until_next_decision`, before the same
    customer's next one; `reward_cap` bounds a reward in learning and in the gate.
    """

    window_days: float = Field(default=14.0, gt=0)
    until_next_decision: bool = True
    reward_cap: float = Field(default=200.0, gt=0)
    rewards: tuple[Reward, ...] = Field(default=(), strict=False)

    @property
    def window(self) -> timedelta:
        """`window_days` as a duration."""
        return timedelta(days=self.window_days)


class Simulation(Section):
    """`[simulation]`: the workspace's file that has `create(**options) -> World`, and options to hand to it."""

    source: str
    options: dict[str, str | int | float | bool] = Field(default_factory=dict)


class _Settings(Section):
    workspace: Business
    goal: Goal = Goal()
    training: Training = Training()
    learning: Learning = Learning()
    gate: Gate = Gate()
    monitor: Monitoring = Monitoring()
    simulation: Simulation | None = None
    sources: tuple[Source, ...] = Field(default=(), strict=False)
    cleansing: Cleansing = Cleansing()
    golden_record: GoldenRecordSection = GoldenRecordSection()
    identity: IdentitySection = IdentitySection()
    privacy: Privacy = Privacy()
    retention: Retention = Retention()
    stores: Stores = Stores()
    webhooks: dict[str, Webhook] = Field(default_factory=dict)

    _believing_the_key = model_validator(mode="before")(believing_the_key)

    @field_validator("sources")
    @classmethod
    def _named_once(cls, sources: tuple[Source, ...]) -> tuple[Source, ...]:
        twice = [name for name, n in Counter(source.name for source in sources).items() if n > 1]
        if twice:
            raise ValueError(f"the source {twice[0]!r} is named twice")
        return sources


class Workspace:
    """One business as its folder describes it.

    Parameters: `folder`; `settings`, the parsed `tsugi.toml`. Build it with `load`.
    """

    def __init__(self, folder: Path, settings: _Settings) -> None:
        self.folder = folder
        self.business: Business = settings.workspace
        self.name: str = settings.workspace.name
        self.goal: Goal = settings.goal
        self.training: Training = settings.training
        self.learning: Learning = settings.learning
        self.gate: Gate = settings.gate
        self.monitor: Monitoring = settings.monitor
        self.simulation: Simulation | None = settings.simulation
        self.privacy: Privacy = settings.privacy
        self.retention: Retention = settings.retention
        self.webhooks: dict[str, Webhook] = settings.webhooks
        self.stores: Stores = settings.stores.named(settings.workspace.name)
        self.cleansing: Cleansing = settings.cleansing
        self.golden_record: GoldenRecordSection = settings.golden_record
        self.identity = _identity_rules(settings)
        self.matching: MatchingSection = settings.identity.matching
        self.sources = Sources(settings.sources, strict=settings.workspace.strict_sources)

    @classmethod
    def load(cls, folder: Path) -> "Workspace":
        """Read the folder's `tsugi.toml`.

        Raises: `WorkspaceError`, naming the file, the line, the key, what was given and what is allowed.
        """
        path = folder / FILE
        return cls(folder, _validated(path))

    @property
    def catalog_path(self) -> Path:
        """The catalogue: actions, treatments, contact policy."""
        return self.folder / self.business.catalog

    @property
    def features_path(self) -> Path:
        """The workspace's own features; the file need not exist."""
        return self.folder / self.business.features

    @property
    def journeys_path(self) -> Path:
        """The journeys of its customers; the file need not exist."""
        return self.folder / self.business.journeys

    @property
    def contracts_path(self) -> Path:
        """What is agreed of events; the file need not exist."""
        return self.folder / self.business.contracts

    @property
    def mappings_path(self) -> Path:
        """How files become events; the file need not exist."""
        return self.folder / self.business.mappings

    @property
    def home_path(self) -> Path | None:
        """Where this business keeps its stores, where it says so."""
        return self.folder / self.business.home if self.business.home else None

    def erasure_log(self, home: Home) -> Path:
        """Where erasures are written down again."""
        stated = self.privacy.erasure_log
        return self.folder / stated if stated else home.ledger.with_name(LOG)

    @property
    def world_path(self) -> Path | None:
        """The file that generates this business, where it has one."""
        return self.folder / self.simulation.source if self.simulation else None


def _identity_rules(settings: _Settings) -> IdentityRules:
    business = settings.workspace
    return IdentityRules.of(
        settings.identity,
        trust_email=business.trust_email,
        max_per_identifier=business.max_per_identifier,
        country=settings.cleansing.default_country,
    )


def _table(path: Path) -> tuple[dict[str, Any], str]:
    """What the file says, and its text."""
    try:
        text = path.read_text(encoding="utf-8")
        return tomllib.loads(text), text
    except FileNotFoundError as error:
        raise WorkspaceError(
            f"{path} does not exist; a workspace is a folder with a {FILE} (see `tsugi init`)"
        ) from error
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise WorkspaceError(f"{path} cannot be read as TOML: {error}") from error


def _validated(path: Path) -> _Settings:
    table, text = _table(path)
    try:
        return _Settings.model_validate(table)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        key = ".".join(str(part) for part in first["loc"])
        where = f"{path}:{line_of(first['loc'], lines_of(text))}"
        raise WorkspaceError(f"{where}: {key}: {_said(first)}", field=key) from error


def _said(problem: Any) -> str:
    """What is wrong with a key, and what is allowed."""
    if problem["type"] == "missing":
        return "is missing"
    if problem["type"] == "extra_forbidden":
        return one_of(str(problem["loc"][-1]), _known(problem["loc"][:-1]), what="key")
    return f"{problem['msg']}; given: {shortened(repr(problem['input']))}"


def _known(place: Sequence[int | str]) -> list[str]:
    """The keys that a section knows."""
    section: Any = _Settings
    for part in place:
        section = _SECTIONS.get(part, section)
    return sorted(section.model_fields)


_SECTIONS: dict[int | str, type[Section]] = {
    "workspace": Business,
    "goal": Goal,
    "rewards": Reward,
    "training": Training,
    "churn": Churn,
    "service_need": ServiceNeed,
    "satisfaction": Satisfaction,
    "learning": Learning,
    "gate": Gate,
    "monitor": Monitoring,
    "simulation": Simulation,
    "privacy": Privacy,
    "retention": Retention,
    "stores": Stores,
    "webhooks": Webhook,
    "sources": Source,
    "cleansing": Cleansing,
    "golden_record": GoldenRecordSection,
    "identity": IdentitySection,
    "matching": MatchingSection,
    "profiles": ExternalProfiles,
    "events": ExternalEvents,
}
