"""Settings of every test: hypothesis judges what comes out, never how long a busy machine took for it."""

from hypothesis import settings

settings.register_profile("tsugi", deadline=None)
settings.load_profile("tsugi")
