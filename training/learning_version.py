"""One word for what a workspace says of learning: its goal, what is foreseen, how hard to look, what a bundle keeps to.

A retraining of the same log by other settings may come to something else; by the same ones it does not.
"""

from hashlib import sha256

import orjson

from features.workspace import Workspace


def learning_version(workspace: Workspace) -> str:
    """The hash of what `[goal]`, `[training]` and `[gate]` say other than what is usual."""
    sections = {"goal": workspace.goal, "training": workspace.training, "gate": workspace.gate}
    told = {name: section.model_dump(mode="json", exclude_defaults=True) for name, section in sections.items()}
    return sha256(orjson.dumps(told, option=orjson.OPT_SORT_KEYS)).hexdigest()[:12]
