"""A generated workspace of the size of the design's figures: 50 actions of three conditions, standard features."""

import json
from pathlib import Path

from features.standard import STANDARD_FEATURES

PLACEMENT = "web_home"
N_OFFERS = 50
RANKED = 10
FEATURES = 60
"""Of the customer's row, as the design reckons."""
ASKED = ("product_views_7d", "orders", "open_tickets", "last_nps")
"""What the conditions ask for, besides the trait `age`."""


def offers_workspace(folder: Path, *, offers: int = N_OFFERS, features: int | None = None) -> Path:
    """Write the workspace below `folder`, with so many offers; returns its path.

    Parameters: `features`, how many there are (None: all standard ones, those of the catalogue's names, and one more).
    """
    workspace = folder / "workspace"
    workspace.mkdir()
    (workspace / "tsugi.toml").write_text('[workspace]\nname = "benchmark"\n')
    age = {"name": "age", "view": "profile", "primitive": "trait", "trait": "age", "kind": "number"}
    declared: dict[str, object] = {"features": [{**age, "description": "age"}]}
    if features is not None:
        declared |= {"standard": _standard(features - 1), "generate": {"responses": []}, "groups": []}
    (workspace / "features.yaml").write_text(json.dumps(declared))
    (workspace / "catalog.yaml").write_text(json.dumps(_catalog(offers)))
    return workspace


def _standard(n: int) -> list[str]:
    """So many of the standard features, those among them that the conditions ask for."""
    others = [feature.name for feature in STANDARD_FEATURES if feature.name not in ASKED]
    return [*ASKED, *others[: n - len(ASKED)]]


def _catalog(offers: int) -> dict[str, object]:
    return {
        "currency": "EUR",
        "channels": {"web": {}},
        "placements": {PLACEMENT: {"channel": "web", "limit": RANKED}},
        "actions": {f"offer_{n:02}": _offer(n) for n in range(offers)},
        "contact_policy": {"caps": [{"scope": "customer", "at_most": 100_000, "within_days": 1}]},
    }


def _offer(n: int) -> dict[str, object]:
    return {
        "issue": "grow",
        "group": f"group_{n % 7}",
        "value": 10 + n,
        "eligibility": f"age >= {n % 20}",
        "applicability": f"product_views_7d >= 0 OR orders < {n}",
        "suitability": "open_tickets = 0 OR last_nps > 3",
        "starting": {"propensity": 0.02 + n % 50 / 1000, "evidence": 100},
        "conversion": {"event": "Order Completed", "where": {"product": f"offer_{n:02}"}},
        "treatments": {"banner": {"channel": "web"}},
    }
