"""The walk from an empty folder to a bundle under budget is done again, and gives what the page shows."""

import json
import re
import shutil
import subprocess
import sys
from contextlib import ExitStack
from time import monotonic, sleep

import httpx
import pytest
import yaml
from patience import LONGEST
from walk_page import commands, steps

from decisioning.errors import CatalogError
from features.catalog_source import compiled_catalog, feature_set_of
from features.workspace import Workspace
from pipelines.cli import main
from pipelines.running_service import running_service

WALK = list(steps("deciding.md", until="## The catalogue"))
ADDRESS = "http://127.0.0.1:3000"
MOMENT = re.compile(r"20\d\d-\d\d-\d\dT[\d:.]+(Z|\+00:00)")
LINE = re.compile(r"(?<=catalog\.yaml):\d+(?=:)")
"""What differs from run to run, and with how somebody lays out their file."""

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")


def steady(text):
    return LINE.sub(":*", MOMENT.sub("*", text))


def merged(old, new):
    """What a fragment of a file adds to it: sections that are there grow, and what is named again is replaced."""
    if not isinstance(old, dict) or not isinstance(new, dict):
        return new
    return old | {name: merged(old.get(name), part) for name, part in new.items()}


class Follower:
    """Somebody who does what the page says, in a folder of their own."""

    def __init__(self, folder, running, capsys, monkeypatch):
        self.folder, self.running, self.capsys, self.monkeypatch = folder, running, capsys, monkeypatch
        self.catalog, self.url = {}, ""

    def follow(self, step):
        """Do a step; returns what it really gave, and what is shown of it, in pairs."""
        return list(getattr(self, step.kind)(step))

    def toml(self, step):
        (self.folder / "shop").mkdir()
        (self.folder / "shop" / "tsugi.toml").write_text(step.text)
        return ()

    def yaml(self, step):
        self.catalog = merged(self.catalog, yaml.safe_load(step.text))
        path = self.folder / "shop" / "catalog.yaml"
        path.write_text(yaml.safe_dump(self.catalog, sort_keys=False))
        if self.url:
            self.await_reload()
        return ()

    def console(self, step):
        for each in commands(step.text):
            if each.arguments[0] == "serve":
                shop = self.folder / "shop"
                service = running_service(shop / ".tsugi", shop, log=self.folder / "log")
                self.url = self.running.enter_context(service).url
                continue
            code, printed = self.tsugi(each.arguments)
            yield each.shown, printed
            yield each.code, code

    def tsugi(self, arguments):
        self.monkeypatch.setattr(sys, "argv", ["tsugi", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = self.capsys.readouterr()
        return ended.value.code, (out + err).strip("\n")

    def bash(self, step):
        command = step.text.replace(ADDRESS, self.url)
        ended = subprocess.run(["bash", "-c", command], capture_output=True, text=True, timeout=LONGEST, check=True)
        yield json.loads(step.shown), json.loads(ended.stdout)

    def await_reload(self):
        """The service looks at its catalogue twice a second; it takes a good one over, and refuses a bad one."""
        wanted, until = version_of(self.folder / "shop"), monotonic() + LONGEST
        while monotonic() < until:
            told = httpx.get(f"{self.url}/readyz", timeout=LONGEST).json()
            if (told["catalog"] == wanted) if wanted else told["refused"]:
                return
            sleep(0.2)
        raise AssertionError("the service never looked at its catalogue")


def version_of(folder):
    """Of the workspace's catalogue; None where it cannot be used."""
    workspace = Workspace.load(folder)
    try:
        return compiled_catalog(workspace, feature_set_of(workspace)).catalog.version
    except CatalogError:
        return None


@pytest.mark.slow
def test_every_step_gives_what_is_shown(tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("pipelines.cli.quiet_environment", lambda _: {})
    monkeypatch.setenv("COLUMNS", "120")
    n_compared = 0
    with ExitStack() as running:
        follower = Follower(tmp_path, running, capsys, monkeypatch)
        for step in WALK:
            for shown, really in follower.follow(step):
                assert steady(json.dumps(really, indent=1)) == steady(json.dumps(shown, indent=1)), step.text
                n_compared += 1
    assert n_compared >= 30
