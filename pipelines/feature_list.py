"""Every feature of a workspace as its declaration documents it: as records, as a table, as a page."""

from dataclasses import dataclass
from pathlib import Path

from features.catalog_source import feature_set_of
from features.feature_set import FeatureSet
from features.workspace import Workspace

PAGE = """\
# Features

What is known of a customer in numbers and words, from standard events of the
[Segment spec](https://segment.com/docs/connections/spec/) and from our own outcomes. This page is made from the
declarations (`tsugi features --standard --markdown`), and a test holds it to them.

A feature is current with the last event, and what depends on the clock is computed when it is read. Where nothing is
known it has its default; where the row that it is kept in is older than its view's time to live (`views` in
`features.yaml`; none: for ever), nothing is known. `purpose` is what it may be used for: where a customer says no to
it, or the catalogue asks for a yes that is missing, no decision looks at the feature. A workspace adds its own in
`features.yaml`; those of its channels and action groups come by themselves, those of its categories of products by
naming them there:

```yaml
generate:
  responses: [channel, group]     # the default; `action` tells them apart by action, too
  categories: [tea, coffee]       # as the property `category` of events and products says
```

A workspace that needs few of the built-in ones names those (`standard: [orders, revenue_365d, last_nps]`): the others
are neither kept nor computed, and decisions and trainings are the cheaper for it.

Money is in the catalogue's `currency`. An amount whose event states another one (`currency`, three letters) is added to
none of it: the order counts as an order, its revenue is not known. That goes for the built-in features and for what the
workspace declares with `amount`; a feature of another currency asks for it (`where: {{currency: USD}}`).
[`tsugi doctor`](cli.md#tsugi-doctor) says how many of the latest events state another currency.

Features of the view `group` are added up over the members of the customer's group when they are read; of households by
themselves, of other kinds (what the trait `type` of a `group` call says) by naming them. See
[identity](identity.md#households-and-accounts) for who counts:

```yaml
groups:                           # or only a list: [household, account]
  household: {{}}
  account:
    features: [margin_365d]       # added up, besides what every kind has
    lowest: [rating_mean]         # the lowest that a member has
    consent: opt_out              # opt_in (the default): others count after their yes; opt_out: until their no
    traits: [{{name: plan, one_of: [free, team], description: what they pay for}}]
```

{count} features in {views} views:

"""
_FEW = 8
"""Words that are shown one by one; of more only their number is."""
_HEAD = "| feature | view | type | default | purpose | owner | what it is |\n|---|---|---|---|---|---|---|\n"


@dataclass(frozen=True, slots=True)
class ListedFeature:
    """One feature, documented. `ttl_days`: how long a row is believed that nothing changes; None: for ever."""

    name: str
    view: str
    type: str
    default: float | str | None
    purpose: str
    owner: str
    description: str
    words: tuple[str, ...]
    ttl_days: float | None


@dataclass(frozen=True, slots=True)
class FeatureList:
    """Features, in the order of the vector."""

    features: tuple[ListedFeature, ...]


def listed(workspace: Path, *, standard: bool = False) -> FeatureList:
    """The features of a workspace, or only those that every workspace has.

    Raises a `TsugiError` of a bad declaration.
    """
    return features_of(FeatureSet.load(None) if standard else feature_set_of(Workspace.load(workspace)))


def features_of(features: FeatureSet) -> FeatureList:
    """As `listed`, of compiled features."""
    defaults, ttl = features.defaults(), {view.name: view.ttl for view in features.views}
    described = [
        ListedFeature(
            name=feature.name,
            view=feature.view,
            type=feature.kind,
            default=defaults[feature.name],
            purpose=feature.purpose,
            owner=feature.owner,
            description=feature.description,
            words=feature.one_of,
            ttl_days=held.total_seconds() / 86_400 if (held := ttl.get(feature.view)) else None,
        )
        for feature in features.features
    ]
    return FeatureList(tuple(described))


def listed_in_words(shown: FeatureList) -> str:
    """A table for a terminal, a line each."""
    rows = [
        (each.name, each.view, _type(each), _default(each), each.purpose or "any", each.owner)
        for each in shown.features
    ]
    head = ("feature", "view", "type", "default", "purpose", "owner")
    widths = [max(len(row[place]) for row in [head, *rows]) for place in range(len(head))]
    return "\n".join("  ".join(map(str.ljust, row, widths)).rstrip() for row in [head, *rows])


def page_of(shown: FeatureList) -> str:
    """The page `docs/features.md`."""
    rows = "".join(
        f"| `{f.name}` | {f.view} | {_type(f)} | {_default(f)} | {f.purpose or 'any'} | {f.owner} | {f.description} |\n"
        for f in shown.features
    )
    return (
        PAGE.format(count=len(shown.features), views=len({each.view for each in shown.features}))
        + _HEAD
        + rows.rstrip()
    )


def _type(feature: ListedFeature) -> str:
    return f"one of {len(feature.words)} words" if len(feature.words) > _FEW else _word_list(feature)


def _word_list(feature: ListedFeature) -> str:
    return ", ".join(feature.words) if feature.words else feature.type


def _default(feature: ListedFeature) -> str:
    if feature.default is None:
        return "not known"
    return f"{feature.default:g}" if isinstance(feature.default, float) else feature.default
