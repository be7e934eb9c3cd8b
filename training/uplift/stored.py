"""A learned policy as a folder: `bundle.json` and LightGBM text, every file named by its hash; no pickle.

Written and verified by `training.artifact`, as every other model is.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from decisioning.action import NO_ACTION
from decisioning.errors import ArtifactError
from training.artifact import write_content
from training.booster_text import Texts
from training.golden import TOLERANCE, golden_matrix
from training.manifest import read_content
from training.tabular.table import Plan
from training.uplift.effects_json import effects_from_json, effects_to_json
from training.uplift.log_columns import LogColumns
from training.uplift.rule import Rule

KIND = "table policy"


@dataclass(frozen=True)
class StoredPolicy:
    """A policy of any table.

    Parameters: `actions` by the rule's columns; `plan`, how a table becomes the rule's matrix; `columns` of the log
    that taught it; `fingerprint` of that log.
    """

    rule: Rule
    actions: tuple[str, ...]
    plan: Plan
    columns: LogColumns
    fingerprint: str
    version: str = ""

    @property
    def constant(self) -> str:
        """The action that everybody gets for whom no other is surely better."""
        return self.actions[self.rule.constant]


def write_policy(policy: StoredPolicy, folder: Path, *, created_at: datetime, report: Mapping[str, Any]) -> str:
    """Write the folder; returns the version, a hash of the content. Parameters: `report`, how it came to be."""
    texts: Texts = {}
    content = {
        "kind": KIND,
        "actions": policy.actions,
        "constant": policy.rule.constant,
        "margin": policy.rule.margin,
        "effects": None if policy.rule.effects is None else effects_to_json(policy.rule.effects, texts),
        "plan": policy.plan.to_json(),
        "columns": asdict(policy.columns),
        "fingerprint": policy.fingerprint,
        "golden": _golden(policy),
    }
    return write_content(content, texts, folder, {"created_at": created_at.isoformat(), "report": dict(report)})


def read_policy(folder: Path) -> StoredPolicy:
    """Load a policy whose every hash was verified first, and that still scores its golden rows as when it was written.

    Raises `ArtifactError`, naming the file and what was expected.
    """
    content, texts = read_content(folder)
    if content.get("kind") != KIND:
        raise ArtifactError(f"{folder}: is a {content.get('kind')!r}, expected a {KIND!r}")
    try:
        policy = _policy(content, texts)
    except (KeyError, TypeError, ValueError) as problem:
        raise ArtifactError(f"{folder}: is not complete: {problem!r}") from problem
    if not np.allclose(_golden(policy), content["golden"], rtol=0, atol=TOLERANCE):
        raise ArtifactError(f"{folder}: scores its golden rows differently from when it was written")
    return policy


def _policy(content: Mapping[str, Any], texts: Texts) -> StoredPolicy:
    plan = Plan.from_json(content["plan"])
    given, actions = content["effects"], tuple(content["actions"])
    width, constant = len(plan.columns), int(content["constant"])
    effects = None if given is None else effects_from_json(given, texts, width, constant=constant)
    named: dict[str, Any] = {n: tuple(v) if isinstance(v, list) else v for n, v in content["columns"].items()}
    columns = LogColumns(**named)
    return StoredPolicy(
        Rule(constant, effects, float(content["margin"])),
        _own_names(actions, columns),
        plan,
        columns,
        content["fingerprint"],
        content["version"],
    )


def _own_names(actions: tuple[str, ...], columns: LogColumns) -> tuple[str, ...]:
    """The actions as the log calls them: earlier releases kept one name for doing nothing."""
    if columns.doing_nothing in actions:
        return actions
    return tuple(columns.doing_nothing if action == NO_ACTION else action for action in actions)


def _golden(policy: StoredPolicy) -> list[list[float]]:
    """Effects of made-up rows."""
    if policy.rule.effects is None:
        return []
    found: list[list[float]] = policy.rule.effects.predict(golden_matrix(policy.plan.columns)).tolist()
    return found
