"""The trial: a bundle serves after another process has loaded it as a serving one does, and scored its golden rows.

`python -m training.trial FOLDER` verifies one bundle; its exit code is 0 where it may serve, or 1.
"""

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from decisioning.errors import ArtifactError
from decisioning.ports import Scorer
from training.lone_lightgbm import import_lone_lightgbm
from training.manifest import verify_in_subprocess


def load_tried(folder: Path) -> Scorer:
    """Load a bundle after another process has, and found its scores as expected. Raises `ArtifactError`.

    LightGBM is imported meanwhile and not before: a service without a bundle needs none of it.
    """
    with ThreadPoolExecutor(1) as aside:
        trial = aside.submit(verify_in_subprocess, folder)
        import_lone_lightgbm()
        trial.result()
    from training.artifact import load_bundle

    return load_bundle(folder)


def main(arguments: list[str]) -> int:
    """Verify the bundle in the folder given; 0 if it may serve."""
    import_lone_lightgbm()
    from training.artifact import verify

    try:
        sys.stdout.write(verify(Path(arguments[0])) + "\n")
    except (ArtifactError, IndexError) as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
