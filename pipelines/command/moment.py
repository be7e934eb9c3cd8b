"""Commands of the right moment: what leads to a decision by itself."""

from typing import Annotated

import typer

from pipelines.command.options import HERE, HomeOption, JsonOption, WorkspaceOption, echo, recorded_home


def triggers(
    home: HomeOption = None,
    workspace: WorkspaceOption = HERE,
    once: Annotated[bool, typer.Option("--once", help="Do what there is to do now, then end.")] = False,
    pause: Annotated[float, typer.Option(min=0.1, max=3600, help="Seconds between two rounds.")] = 5.0,
    as_json: JsonOption = False,
) -> None:
    """Follow the catalogue's triggers: decide when the moment has come, and tell the channel's system."""
    from pipelines.trigger.round import Round, round_in_words
    from pipelines.triggers import Pace, follow_triggers

    def say(each: Round) -> None:
        if each.is_news or (once and each.is_told):
            echo(each, as_json=as_json, words=round_in_words)

    follow_triggers(recorded_home(home, workspace), workspace, Pace(once, pause), say=say)


COMMANDS = (triggers,)
