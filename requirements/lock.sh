#!/bin/sh
# Lock the versions anew (`--upgrade` for newer ones). uv writes where it fetched each file from; the committed lock keeps versions and hashes
# only, so that it holds behind any index. `make env` installs from the exported files, not from uv.lock: all.txt;
# serving.txt is a bento's, image.txt an image's, and build.txt makes the package that goes into it.
set -eu
uv lock "$@"
uv export --quiet --all-extras --no-emit-project --no-header --output-file requirements/all.txt
uv export --quiet --extra serving --no-emit-project --no-header --output-file requirements/serving.txt
uv export --quiet --extra serving --extra training --extra redis --extra workflow --no-emit-project --no-header --output-file requirements/image.txt
python3 - <<'PY'
import pathlib, re
every = {part.split("==")[0]: part for part in re.split(r"(?m)^(?=\S)", pathlib.Path("requirements/all.txt").read_text()) if part}
needed = {"hatchling"}
while more := {name for name, part in every.items() if needed & set(re.findall(r"#\s+(?:via )?(\S+)", part))} - needed:
    needed |= more
pathlib.Path("requirements/build.txt").write_text("".join(every[name] for name in sorted(needed)))
lock = pathlib.Path("uv.lock")
text = re.sub(r'url = "https?://[^"]*/([^"/]+)"', r'path = "\1"', lock.read_text())
lock.write_text(re.sub(r'registry = "https?://[^"]*"', 'registry = "index"', text))
PY
