#!/bin/sh
# Lock the versions anew (`--upgrade` for newer ones). uv writes where it fetched each file from; the committed lock keeps versions and hashes
# only, so that it holds behind any index. `make env` installs from the exported files, not from uv.lock.
set -eu
uv lock "$@"
uv export --quiet --all-extras --no-emit-project --no-header --output-file requirements/all.txt
uv export --quiet --extra serving --no-emit-project --no-header --output-file requirements/serving.txt
python3 - <<'PY'
import pathlib, re
lock = pathlib.Path("uv.lock")
text = re.sub(r'url = "https?://[^"]*/([^"/]+)"', r'path = "\1"', lock.read_text())
lock.write_text(re.sub(r'registry = "https?://[^"]*"', 'registry = "index"', text))
PY
