"""The cards of what serves where the gate refused a candidate, and of what is foreseen beside it.

That is the best constant action with what each action earned, or the champion with its own order.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from pipelines.candidate import Candidate
from pipelines.composition import Composition
from pipelines.recording.card import foreseen_in_words
from training.bundle_json import Bundle
from training.constant import ConstantBundle, ConstantEntry
from training.figures import decimals
from training.foresight.learn import Foreseen


def constant_card(
    composition: Composition,
    candidate: Candidate,
    served: ConstantBundle,
    *,
    as_of: datetime,
    told: Sequence[str] = (),
) -> str:
    """The card as Markdown.

    Parameters: `candidate`, which the gate refused; `served` in its place; `told`, why nothing is foreseen beside it.
    """
    learned = candidate.learned.foreseen if candidate.learned else ()
    parts = (
        f"# {composition.workspace.name}-policy, {as_of:%Y-%m-%d %H:%M} UTC",
        "The best constant action: every customer gets the same order, with exploration.",
        "## What each action earns",
        _earned(served.entries.values()),
        "## What it foresees",
        foreseen_in_words([_as_served(each, served, told) for each in learned]),
        "## What the gate says of the candidate",
        "\n".join(f"- {reason}" for reason in candidate.verdict.reasons),
    )
    return "\n\n".join(parts) + "\n"


def renewed_card(composition: Composition, candidate: Candidate, champion: Bundle, *, as_of: datetime) -> str:
    """The card, as Markdown, of the champion that stays and foresees what the refused candidate does."""
    learned = candidate.learned.foreseen if candidate.learned else ()
    parts = (
        f"# {composition.workspace.name}-policy, {as_of:%Y-%m-%d %H:%M} UTC",
        f"The order of bundle {champion.version}, which stays champion, beside what is foreseen by now.",
        "## What it foresees",
        foreseen_in_words(learned),
        "## What the gate says of the candidate",
        "\n".join(f"- {reason}" for reason in candidate.verdict.reasons),
    )
    return "\n\n".join(parts) + "\n"


def _as_served(each: Foreseen, served: ConstantBundle, told: Sequence[str]) -> Foreseen:
    if each.model is None or each.subject.name in served.foreseen:
        return each
    return replace(each, model=None, kept=False, reasons=(*each.reasons, *told))


def _earned(entries: Iterable[ConstantEntry]) -> str:
    """Money per decision beside doing nothing, the highest first: the order in which they are offered."""
    lines = ["| action | money per decision more than nothing | standard error | chosen |", "| --- | --- | --- | --- |"]
    for entry in sorted(entries, key=lambda each: -each.value):
        places = decimals(entry.value)
        figures = f"{entry.value:+.{places}f} | {entry.standard_error:.{places}f} | {entry.n_chosen:,}"
        lines.append(f"| {entry.action} | {figures} |")
    return "\n".join(lines)
