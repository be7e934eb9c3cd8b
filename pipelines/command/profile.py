"""Commands on one customer's golden record: show it, now or as of a moment, and set a field by hand."""

from datetime import datetime
from functools import partial
from typing import Annotated

import typer

from pipelines.command.options import HERE, HomeOption, JsonOption, WorkspaceOption, echo, past, recorded_home

CustomerArgument = Annotated[str, typer.Argument(help="kind:value, such as user_id:u-17 or email:a@example.org.")]


def profile(
    identifier: CustomerArgument,
    home: HomeOption = None,
    workspace: WorkspaceOption = HERE,
    as_of: Annotated[
        datetime | None,
        typer.Option(callback=past, help="What the record said then, such as 2026-05-01T00:00:00Z (default: now)."),
    ] = None,
    losing: Annotated[bool, typer.Option("--losing", help="Also the claims that did not survive, best first.")] = False,
    consent_history: Annotated[
        bool, typer.Option("--consent-history", help="Also every consent answer ever given, the newest first.")
    ] = False,
    features: Annotated[bool, typer.Option("--features", help="Also the features that are known and not 0.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Show one customer's golden record, each field with its lineage, and consent with its proof."""
    from features.profile_document import Shown
    from pipelines.profile import profile_of
    from pipelines.profile_table import profile_in_words

    shown = Shown(losing=losing, consent_history=consent_history)
    document = profile_of(recorded_home(home, workspace), workspace, identifier, as_of=as_of, shown=shown)
    echo(document, as_json=as_json, words=partial(profile_in_words, features=features))


def override(
    identifier: CustomerArgument,
    change: Annotated[str, typer.Argument(help="field=value, the value as JSON or plain text; with --remove: field.")],
    why: Annotated[str, typer.Option(help="The reason, kept with the record.")],
    by: Annotated[str, typer.Option(help="Who sets it, kept with the record.")] = "operator",
    home: HomeOption = None,
    workspace: WorkspaceOption = HERE,
    remove: Annotated[bool, typer.Option("--remove", help="Take back what was set by hand.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Set a field of a golden record by hand, above every source, or take that back."""
    from pipelines.override import change_of, overridden_in_words, set_by_hand

    asked = change_of(change, remove=remove)
    done = set_by_hand(recorded_home(home, workspace), workspace, identifier, change=asked, by=by, why=why)
    echo(done, as_json=as_json, words=overridden_in_words)


COMMANDS = (profile, override)
