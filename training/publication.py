"""Publishing a bundle: copied below the home, tried in another process, then the pointer is swapped in one step."""

import shutil
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import orjson

from decisioning.errors import InvalidInputError, NotFoundError
from features.file_lock import alone
from features.home import Home
from features.replace_file import replace_file
from features.rollout_pointer import Mode, RolloutPointer, end_rollout, write_rollout
from training.champion_log import Champion, Change, changes_served, note_champion, restate_champion, standing
from training.manifest import (
    MANIFEST,
    POINTER,
    champion_named,
    champion_path,
    manifest_digest,
    published_path,
    read_content,
    read_manifest,
    verify_in_subprocess,
)

PUBLISHING = ".publishing-"
"""How folders are called, beside the published bundles, in which one is being copied."""


def publish(folder: Path, home: Path, *, number: int = 0) -> Path:
    """Make a written bundle the champion that serves; returns its published folder.

    Nothing changes unless the whole bundle is verified; what is published is either the old one or all of the new one.
    A challenger under way was compared with the champion before, and is ended. Files of this version that were altered
    below the home are repaired. Parameters: `number`, in the registry. Raises `ArtifactError`.
    """
    target = _copied(folder, home)
    with alone(Home(home).lock("bundles")):
        _point(home, _change(target, number, "promoted"))
    end_rollout(home, f"{target.name} became champion")
    return target


def publish_instead(folder: Path, home: Path, *, of: str, number: int = 0) -> bool:
    """Make a written bundle of the champion's own order the champion; False where another one is champion by now.

    As `publish`, but a challenger under way goes on: what it is compared with orders as before. Parameters: `of`, the
    version that it takes the place of. Raises `ArtifactError`.
    """
    target = _copied(folder, home)
    with alone(Home(home).lock("bundles")):
        named = champion_named(home)
        if named is None or named[0] != of:
            return False
        _point(home, _change(target, number, "promoted"))
    return True


def publish_challenger(
    folder: Path, home: Path, *, share: float, since_seq: int = 0, number: int = 0
) -> RolloutPointer:
    """Let a written bundle decide for a share of the customers, or only shadow (0); the pointer as published.

    Parameters: `since_seq`, the ledger's last record. Raises `InvalidInputError` of a share beyond 0 to 1,
    `ArtifactError`.
    """
    if not 0.0 <= share <= 1.0:
        raise InvalidInputError(f"the share of a canary is from 0 to 1, given {share}", field="share")
    target = _copied(folder, home)
    mode: Mode = "canary" if share else "shadow"
    pointer = RolloutPointer(mode, target.name, manifest_digest(target), share, since_seq, _now(), number)
    write_rollout(home, pointer)
    return pointer


def roll_back_published(home: Path) -> Champion:
    """Make the champion before the present one serve again, from what lies below the home; every hash is verified.

    It was tried when it was published. Raises `NotFoundError` where none served before, `ArtifactError` where that one
    was altered.
    """
    with alone(Home(home).lock("bundles")):
        before = _before(home)
        read_content(published_path(home, before.version, before.sha256))
        back = Champion(before.version, before.sha256, before.number, "rolled back", _now())
        _point(home, back)
    end_rollout(home, f"the champion was rolled back to {back.version}")
    return back


def _before(home: Path) -> Champion:
    served = standing(changes_served(home))
    if len(served) < 2:
        raise NotFoundError(f"{home / 'bundles'}: no champion served before the present one; see `tsugi promote`")
    return served[-2]


def champion(home: Path) -> Path | None:
    """The published champion's folder; None where nothing is published. Raises `ArtifactError` where it was altered."""
    return champion_path(home)


def clear_half_copied(home: Path) -> None:
    """Delete what publications that were killed had copied; one under way is waited for."""
    with alone(_copying(home)):
        for left in (home / "bundles").glob(f"{PUBLISHING}*"):
            shutil.rmtree(left, ignore_errors=True)


def _copied(folder: Path, home: Path) -> Path:
    """Try a bundle in another process and copy it below the home; what lies there already is made the same."""
    target = home / "bundles" / verify_in_subprocess(folder)
    if not target.exists():
        with alone(_copying(home)):
            _copy(folder, target)
    _mend(folder, target)
    with alone(Home(home).lock("bundles")):
        restate_champion(home, target.name, manifest_digest(target))
    return target


def _copying(home: Path) -> Path:
    """The lock of whoever copies a bundle; a rollback, which copies none, does not wait for it."""
    return Home(home).lock("publishing")


def _mend(folder: Path, target: Path) -> None:
    """Replace what differs from the source, each file in one step.

    Of one version only the manifest's envelope may differ: every other difference is damage, which no reader takes.
    """
    for name in reversed(_files(folder)):
        meant, kept = (folder / name).read_bytes(), target / name
        if kept.is_symlink() or not kept.is_file() or kept.read_bytes() != meant:
            replace_file(kept, meant)


def _files(folder: Path) -> tuple[str, ...]:
    return (MANIFEST, *read_manifest(folder)["files"])


def _point(home: Path, change: Champion) -> None:
    """Swap the pointer, and write down what happened: first what is to be undone, so that no swap goes unrecorded."""
    note_champion(home, change)
    replace_file(home / "bundles" / POINTER, orjson.dumps({"version": change.version, "sha256": change.sha256}))


def _change(target: Path, number: int, how: Change) -> Champion:
    return Champion(target.name, manifest_digest(target), number, how, _now())


def _now() -> str:
    return datetime.now(UTC).isoformat()


def _copy(folder: Path, target: Path) -> None:
    """Copy the manifest and the files it names, under another name first; only whole folders get the real one."""
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=PUBLISHING) as scratch:
        whole = Path(scratch) / target.name
        whole.mkdir()
        for name in _files(folder):
            shutil.copyfile(folder / name, whole / name)
        _settle(whole, target)


def _settle(whole: Path, target: Path) -> None:
    try:
        whole.rename(target)
    except OSError:  # another process published the same version meanwhile: its content is the same by its hash
        if not target.exists():
            raise
