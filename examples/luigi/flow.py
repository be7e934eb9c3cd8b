"""Monitor, retrain where that is needed, report: a Luigi flow over the commands of `tsugi` and their exit codes.

    python examples/luigi/flow.py Report --home .tsugi --workspace shop --slot 2026-11-26T02 --local-scheduler

A slot is done once its report exists: running it again does nothing, and a run that was killed goes on with the step
that was not finished. A step whose command failed leaves nothing behind, so that Luigi tries it again.
"""

import json
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import luigi
from luigi.retcodes import run_with_retcodes

DONE, REFUSED, NOTHING_NEW, BUSY, DRIFT, ATTENTION = 0, 10, 11, 12, 13, 14
"""The exit codes of `tsugi` that the flow acts on; any other, such as 15 to 17, fails the step."""
RETRAIN_AFTER = {NOTHING_NEW, DRIFT}
"""What `tsugi monitor` says when something is to be learned: no bundle was ever published, or something moved."""


class StepError(Exception):
    """A command ended in a way that the flow must not go on from."""


class Tsugi(luigi.Config):
    """How commands are started: `[Tsugi] command` of luigi.cfg, as a JSON list."""

    command = luigi.ListParameter(default=(sys.executable, "-m", "pipelines"))


class Step(luigi.Task):
    """One command for one slot; what it answered, with its exit code, is the target."""

    home = luigi.Parameter()
    workspace = luigi.Parameter()
    slot = luigi.DateHourParameter(default=datetime.now(UTC))

    def output(self) -> luigi.LocalTarget:
        """Where the answer is kept."""
        name = f"{self.slot:%Y-%m-%dT%H}.{type(self).__name__.lower()}"
        return luigi.LocalTarget(str(Path(self.home) / "flow" / name))

    def same(self, step: type["Step"]) -> "Step":
        """Another step of the same slot."""
        return step(home=self.home, workspace=self.workspace, slot=self.slot)

    def keep(self, answer: dict[str, Any]) -> None:
        """Write the answer; Luigi moves it into place whole."""
        with self.output().open("w") as out:
            json.dump(answer, out)

    def answer(self) -> dict[str, Any]:
        """What the step answered."""
        with self.output().open() as kept:
            return dict(json.load(kept))

    def call(self, *words: str, good: set[int]) -> dict[str, Any]:
        """Run a command of `tsugi`. Raises `StepError`, with what it said, where it ends in another way than `good`."""
        where = ["--json", "--home", self.home, "--workspace", self.workspace]
        command = [*Tsugi().command, *words, *where]
        ended = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own command
        if ended.returncode not in good:
            raise StepError(f"tsugi {' '.join(words)} ended with {ended.returncode}: {ended.stderr.strip()[-500:]}")
        return {"exit_code": ended.returncode, "said": json.loads(ended.stdout or "null")}


class Monitor(Step):
    """Look at what serves. Attention (14) ends the flow: a person has to look before anything is learned."""

    def run(self) -> None:
        """Ask `tsugi monitor`."""
        self.keep(self.call("monitor", good={DONE, *RETRAIN_AFTER}))


class Retrain(Step):
    """Learn where the monitor says so; the gate may refuse (10), which is an answer, and busy (12) is not."""

    def requires(self) -> Step:
        """What was seen."""
        return self.same(Monitor)

    def run(self) -> None:
        """Ask `tsugi retrain --if-needed`, or write down that it was not needed."""
        if self.same(Monitor).answer()["exit_code"] in RETRAIN_AFTER:
            self.keep(self.call("retrain", "--if-needed", good={DONE, REFUSED, NOTHING_NEW}))
        else:
            self.keep({"exit_code": None, "said": {"reasons": ["nothing moved that a retraining answers"]}})


NOT_NEEDED = "not needed"
"""The verdict of `tsugi retrain --if-needed` where it learned nothing, and ended with 0."""
WORDS = {
    None: "was not needed",
    DONE: "passed the gate",
    REFUSED: "was refused by the gate",
    NOTHING_NEW: "found nothing new to learn",
}


class Report(Step):
    """Say what was seen and what came of it, in plain words."""

    def requires(self) -> list[Step]:
        """Both answers."""
        return [self.same(Monitor), self.same(Retrain)]

    def run(self) -> None:
        """Write the report."""
        seen, learned = (step.answer() for step in self.requires())
        findings, said = (seen["said"] or {}).get("findings", ()), learned["said"] or {}
        lines = [
            f"{self.slot:%Y-%m-%d %H:00}: monitor ended with {seen['exit_code']}, {len(findings)} findings",
            f"retraining {WORDS[None if said.get('verdict') == NOT_NEEDED else learned['exit_code']]}",
            *(f"- {reason}" for reason in said.get("reasons", ())),
        ]
        with self.output().open("w") as out:
            out.write("\n".join(lines) + "\n")


if __name__ == "__main__":
    run_with_retcodes(sys.argv[1:])
