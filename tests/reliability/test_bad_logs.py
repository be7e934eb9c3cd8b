"""Row 40: of ten bad logs none becomes a policy, and the policy that serves is not touched."""

import sys
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from pipelines.cli import app
from pipelines.exit_code import ExitCode

sys.path.append(str(Path(__file__).parents[1] / "training" / "uplift"))
from randomised_log import a_table

NAMED = ("--action", "action", "--probability", "p", "--reward", "money", "--customer", "customer")
N = 2_000
EARLIER = N * 2 // 3


def fit(table, folder, *options):
    table.to_parquet(folder / "log.parquet", index=False)
    return CliRunner().invoke(
        app, ["policy", "fit", str(folder / "log.parquet"), *NAMED, "--out", str(folder / "policy"), *options]
    )


def contents(folder):
    return {file.name: file.read_bytes() for file in sorted(folder.iterdir())}


def with_time(table):
    return table.assign(at=np.arange(len(table)) // 10)


def flipped(table):
    """What was good is called bad, in the part that teaches."""
    middle = table["money"].mean()
    return with_time(
        table.assign(money=table["money"].where(np.arange(len(table)) >= EARLIER, 2 * middle - table["money"]))
    )


def drifted(table):
    """Later customers come with another unit of what decides, and want the same."""
    return with_time(
        table.assign(**{name: table[name] + 6.0 * (np.arange(len(table)) >= EARLIER) for name in ("x0", "x1")})
    )


def tenfold(table):
    """The same noise ten times over is no evidence."""
    noise = a_table(11, n=600, strength=0.0)
    return noise.loc[np.repeat(noise.index, 10)].reset_index(drop=True)


BAD = {
    "flipped rewards": (flipped, ("--time", "at")),
    "drifted": (drifted, ("--time", "at")),
    "ten times the volume": (tenfold, ()),
    "nobody differs": (lambda _: a_table(12, n=N, strength=0.0), ()),
    "empty": (lambda table: table.head(0), ()),
    "one class": (lambda table: table.assign(money=1.0), ()),
    "leaked column": (lambda table: table.assign(spent=table["money"] + 0.01 * table["x0"]), ()),
    "outcome in the context": (lambda table: table.assign(seen=table["money"] * (table["action"] == "call")), ()),
    "probabilities lost": (lambda table: table.assign(p=table["p"].where(table.index % 7 > 0)), ()),
    "wrong probabilities": (lambda table: table.assign(p=1 / 3), ()),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_log_is_no_policy(name, tmp_path):
    change, options = BAD[name]
    done = fit(change(a_table(2, n=N)), tmp_path, *options)
    assert done.exit_code in (ExitCode.REFUSED, ExitCode.FAILED), done.output
    if done.exit_code == ExitCode.REFUSED:
        assert "serves     the best constant action" in done.output
    else:
        assert not (tmp_path / "policy").exists()


def test_what_may_be_serving_is_never_written_over(tmp_path):
    assert fit(a_table(1, n=N), tmp_path).exit_code == ExitCode.DONE
    before = contents(tmp_path / "policy")
    again = fit(a_table(3, n=N), tmp_path)
    assert again.exit_code == ExitCode.FAILED
    assert "may be serving" in str(again.exception)
    assert contents(tmp_path / "policy") == before
    assert [file.name for file in tmp_path.iterdir() if file.name.startswith(".")] == []
