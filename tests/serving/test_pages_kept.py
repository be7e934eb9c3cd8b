"""What a service keeps of its ledger in memory."""

from pathlib import Path

from features.ledger_file import SMALL_KIB
from pipelines.clock import system_clock
from serving.composition import open_desk
from serving.settings import Settings


def test_a_service_keeps_few_pages_of_its_ledger(tmp_path):
    """After a commit that split a page SQLite looks at every page it keeps: 128 MiB of them took a millisecond."""
    with open_desk(Settings(home=tmp_path / "home", workspace=Path("examples/bank")), clock=system_clock) as desk:
        assert desk.ledger.write(lambda connection: connection.execute("PRAGMA cache_size").fetchone()).result() == (
            -SMALL_KIB,
        )
