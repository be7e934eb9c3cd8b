"""Every command helps and is documented, and the two that people call most are quick."""

import os
import re
import resource
import subprocess
import sys
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from pipelines.cli import app
from pipelines.exit_code import ExitCode

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docs" / "cli.md").read_text()


def commands(group, before=""):
    """Every command by the words that call it, those of groups too."""
    for name, command in group.commands.items():
        if hasattr(command, "commands"):
            yield from commands(command, f"{before}{name} ")
        if getattr(command, "invoke_without_command", True):
            yield f"{before}{name}", command


COMMANDS = dict(commands(typer.main.get_command(app)))
CPU_SECONDS = 0.7
"""What `tsugi --help` and `tsugi doctor` may cost; a busy machine gets twice that, a slow one as much more as it is."""
BARE, BARE_SECONDS = "import numpy, pydantic, typer, yaml, rich.console", 0.4
"""What every command begins with, and its share of the above."""


def section(name):
    """What the page says of one command: from its heading to the next."""
    found = re.search(rf"^### tsugi {name}$\n(.*?)(?=^##|\Z)", TEXT, re.MULTILINE | re.DOTALL)
    return found.group(1) if found else ""


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_helps(name):
    helped = CliRunner().invoke(app, [*name.split(), "--help"])
    assert helped.exit_code == 0
    assert COMMANDS[name].help.split(".")[0] in " ".join(helped.output.split())


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_documented_with_all_its_options(name):
    told = section(name)
    assert f"`tsugi {name}" in told, f"docs/cli.md has no section '### tsugi {name}'"
    options = {opt for each in COMMANDS[name].params if each.param_type_name == "option" for opt in each.opts}
    missing = {option for option in options - {"--help"} if option not in told}
    assert not missing, f"docs/cli.md says nothing of {sorted(missing)} in '### tsugi {name}'"


def test_no_command_is_documented_that_does_not_exist():
    assert set(re.findall(r"^### tsugi (.+)$", TEXT, re.MULTILINE)) == set(COMMANDS)


def test_every_exit_code_is_documented():
    codes = {int(code) for code in re.findall(r"^\| (\d+) \|", TEXT, re.MULTILINE)}
    assert codes == {int(code) for code in ExitCode}


def spent(arguments, compiled):
    """Seconds of CPU of Python with these arguments. Parameters: `compiled`, the folder of what was compiled before."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPYCACHEPREFIX"] = str(compiled)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, *arguments], cwd=ROOT, env=environment, capture_output=True, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


@pytest.mark.parametrize("arguments", [["--help"], ["doctor", "--workspace", "examples/bank"]], ids=" ".join)
def test_it_answers_at_once(arguments, tmp_path, record_property):
    commands = ["-m", "pipelines", *arguments], ["-c", BARE]
    _, *rounds = ([spent(each, tmp_path) for each in commands] for _ in range(4))  # the first one compiles
    taken, bare = map(min, zip(*rounds, strict=True))
    record_property("cpu_seconds", round(taken, 3))
    print(f"tsugi {' '.join(arguments)}: {taken:.2f} s of CPU (wanted: {CPU_SECONDS}), bare {bare:.2f}")
    assert taken < 2 * CPU_SECONDS * max(1.0, bare / BARE_SECONDS)
