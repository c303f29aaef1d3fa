"""series-lint: accidents in trees of series files and hooks, found before the build."""
