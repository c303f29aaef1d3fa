"""Views of a plan: pure functions from values to text, one form a module."""
