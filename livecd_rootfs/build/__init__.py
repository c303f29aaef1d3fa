"""Builds: a plan as a value, the executor that consumes it, and what it tells meanwhile."""
