"""A generated workspace of the size of the design's figures: 50 actions of three conditions, standard features."""

import json
from pathlib import Path

PLACEMENT = "web_home"
N_OFFERS = 50
RANKED = 10


def offers_workspace(folder: Path, *, offers: int = N_OFFERS) -> Path:
    """Write the workspace below `folder`, with so many offers; returns its path."""
    workspace = folder / "workspace"
    workspace.mkdir()
    (workspace / "tsugi.toml").write_text('[workspace]\nname = "benchmark"\n')
    (workspace / "features.yaml").write_text(
        "features:\n  - {name: age, view: profile, primitive: trait, trait: age, kind: number, description: age}\n"
    )
    (workspace / "catalog.yaml").write_text(json.dumps(_catalog(offers)))
    return workspace


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
