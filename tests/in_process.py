"""The application in this process, on real stores in a temporary home."""

import asyncio
import shutil
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import httpx

from serving.app import create_app
from serving.composition import compose
from serving.settings import Settings

WORKSPACE = Path(__file__).parent / "serving" / "workspace"
START = datetime(2026, 3, 1, 12, tzinfo=UTC)


class Clock:
    def __init__(self):
        self.now = START

    def __call__(self):
        return self.now


@asynccontextmanager
async def serving(folder, *, clock=None, client=("127.0.0.1", 4711), **keys):
    if not (folder / "workspace").exists():
        shutil.copytree(WORKSPACE, folder / "workspace")
    settings = Settings(folder / "home", folder / "workspace", **keys)
    app = create_app(lambda: compose(settings, clock=clock or Clock()))
    transport = httpx.ASGITransport(app, client=client)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://tsugi") as http,
    ):
        http.desk = app.state.desk
        yield http


def in_service(folder, scenario, **options):
    """Run a scenario of requests against the application."""

    async def run():
        async with serving(folder, **options) as http:
            return await scenario(http)

    return asyncio.run(run())
