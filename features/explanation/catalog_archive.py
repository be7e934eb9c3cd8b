"""Every catalogue that decided, by its version: what explains and replays past decisions."""

import re
from dataclasses import dataclass, field
from pathlib import Path

from decisioning.catalog_file import read_catalog
from decisioning.eligibility import CompiledCatalog, compile_catalog
from decisioning.errors import NotFoundError, UnavailableError
from features.replace_file import replace_file

_VERSION = re.compile(r"[0-9a-f]{12}")
MOST_COMPILED = 8


@dataclass(frozen=True, slots=True)
class CatalogArchive:
    """The texts of a home's catalogues, a file each.

    Parameters: `folder`, made where missing.
    """

    folder: Path
    _compiled: dict[str, CompiledCatalog] = field(default_factory=dict, repr=False, compare=False)

    def keep(self, version: str, text: str) -> None:
        """Keep the text of a version; does nothing where it is kept. Raises `UnavailableError` where it cannot be."""
        path = self._path(version)
        if path.exists():
            return
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            replace_file(path, text.encode())
        except OSError as error:
            raise UnavailableError(f"{self.folder} cannot be written: {error.strerror}") from None

    def find(self, version: str) -> CompiledCatalog:
        """The catalogue of a version. Raises `NotFoundError` where it was not kept."""
        found = self._compiled.get(version) or self._read(version)
        if len(self._compiled) >= MOST_COMPILED:
            self._compiled.clear()
        self._compiled[version] = found
        return found

    def _read(self, version: str) -> CompiledCatalog:
        path = self._path(version) if _VERSION.fullmatch(version) else None
        if path is None or not path.exists():
            raise NotFoundError(f"the catalogue {version} was not kept in this home", code="catalog_not_kept")
        return compile_catalog(read_catalog(path.read_text(encoding="utf-8"), source=path.name))

    def _path(self, version: str) -> Path:
        return self.folder / f"{version}.yaml"
