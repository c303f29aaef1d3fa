"""Running under live-build: what ``auto/config``, ``auto/build`` and ``auto/clean`` do."""
