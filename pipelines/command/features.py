"""Commands on features: what there are, and what each means."""

from typing import Annotated

import typer

from pipelines.command.options import HERE, JsonOption, WorkspaceOption, echo


def features(
    workspace: WorkspaceOption = HERE,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print the page `docs/features.md` of them.")] = False,
    standard: Annotated[bool, typer.Option("--standard", help="Only the features that every workspace has.")] = False,
    as_json: JsonOption = False,
) -> None:
    """List every feature of a workspace: view, type, default, purpose, owner, what it is."""
    from pipelines.feature_list import listed, listed_in_words, page_of

    echo(listed(workspace, standard=standard), as_json=as_json, words=page_of if markdown else listed_in_words)


COMMANDS = (features,)
