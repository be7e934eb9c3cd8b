"""Writes a small workspace to start from."""

from pathlib import Path

from decisioning.errors import InvalidInputError

TSUGI_TOML = """\
# What this business is called, what it wants, and how carefully models are judged.
[workspace]
name = "{name}"

[goal]                       # money per decision
window_days = 14             # an outcome counts for a decision within this window ...
until_next_decision = true   # ... and before the same customer's next decision
reward_cap = 500.0           # learning and the gate cap a decision's reward here

[[goal.rewards]]
event = "Order Completed"    # a track event that earns ...
amount = "margin"            # ... this property of it

[training]
trials = 20
seed = 7

[gate]
margin = 0.0
"""

CATALOG_YAML = """\
# What may be proposed, where, to whom, and how often. Conditions read features and context.<name>.
currency: EUR
purposes: {{marketing: {{consent: true}}, service: {{consent: false}}}}
channels:
  web: {{consent: opt_out}}
  email: {{outbound: true, consent: opt_in}}
placements:
  web_home: {{channel: web, limit: 3}}
  newsletter: {{channel: email, impressions: implied, limit: 1}}
exploration: {{epsilon: 0.1, epsilon_without_bundle: 1.0}}
contact_policy:
  caps:
    - {{scope: channel, only: email, at_most: 2, within_days: 7}}
  rests:
    - {{after: reject, times: 2, within_days: 30, rest_days: 30}}
actions:
  welcome_offer:
    issue: grow
    group: offers
    value: 12
    applicability: "orders = 0 OR orders IS NULL"   # NULL: nothing is known of this customer yet
    conversion: {{event: Order Completed}}
    treatments:
      banner: {{channel: web}}
      mail: {{channel: email, cost: 0.01}}
  second_order:
    issue: grow
    group: offers
    value: 15
    applicability: "orders > 0"
    conversion: {{event: Order Completed}}
    treatments:
      banner: {{channel: web}}
      mail: {{channel: email, cost: 0.01}}
  help_page:
    issue: serve
    group: service
    purpose: service
    value: 2
    applicability: "open_tickets > 0"
    conversion: {{event: Ticket Solved}}
    treatments:
      banner: {{channel: web}}
"""

FEATURES_YAML = """\
# Features of this business, beside the standard ones (pages, orders, tickets, answers, responses).
features:
  - {{name: age, view: profile, primitive: trait, trait: age, kind: number, description: Age in years}}
  - {{name: loyalty_tier, view: profile, primitive: trait, trait: loyalty_tier, kind: category,
      one_of: [none, silver, gold], description: Tier of the loyalty programme}}
"""

JOURNEYS_YAML = """\
# The ways customers go. A customer is in the last stage whose condition is TRUE; a setback is to be left again.
# Stage and score of each are features: journey_stage_shop, journey_score_shop. `tsugi journeys` draws the map.
goals:
  grow: customers order, and order again
  keep: customers stay
channels:                      # touchpoints; each is counted as touches_<channel>
  web: {{on: {{type: page}}}}
  email: {{on: {{type: outcome, name: impression}}, where: {{channel: email}}}}
complaints:                    # events are counted as complaints_<name>; answers complain below a number
  ticket: {{on: {{type: track, name: Ticket Opened}}}}
  detractor: {{feature: last_nps, below: 7}}
journeys:
  shop:
    description: from the first look to a customer who comes back
    goal: grow
    inactive_days: 90          # silent for so long, they have left
    friction: [open_tickets, rejects_30d]
    satisfaction: last_nps
    value: margin_365d
    stages:
      awareness: {{when: "days_since_activity < 90", targets: {{conversion: 0.4, within_days: 30}}}}
      interest: {{when: "product_views_7d >= 0.5", targets: {{conversion: 0.2, within_days: 30, complaints: 0.1}}}}
      purchase: {{when: "days_since_order < 30", since: days_since_order, targets: {{nps: 30, complaints: 0.2}}}}
      loyalty: {{when: "orders >= 2 AND days_since_order < 180", goal: keep, targets: {{nps: 40}}}}
      at_risk: {{when: "open_tickets > 0 OR last_nps < 7 AND days_since_survey < 30", setback: true, goal: keep,
        targets: {{conversion: 0.8, within_days: 14, median_days: 5}}}}
"""

FILES = {
    "tsugi.toml": TSUGI_TOML,
    "catalog.yaml": CATALOG_YAML,
    "features.yaml": FEATURES_YAML,
    "journeys.yaml": JOURNEYS_YAML,
}


def write_workspace(folder: Path) -> list[Path]:
    """Write the files of a workspace into a folder; returns their paths.

    Raises `InvalidInputError` where one of them is there already: nothing is overwritten.
    """
    present = [name for name in FILES if (folder / name).exists()]
    if present:
        raise InvalidInputError(f"{folder} has {', '.join(present)} already; nothing was written")
    folder.mkdir(parents=True, exist_ok=True)
    name = "".join(sign if sign.isalnum() else "-" for sign in folder.absolute().name).strip("-") or "workspace"
    for file, text in FILES.items():
        (folder / file).write_text(text.format(name=name), encoding="utf-8")
    return [folder / file for file in FILES]
