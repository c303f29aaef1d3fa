"""Cloud images from hooks: series files, layers, image steps."""

__version__ = "0.1.0"
