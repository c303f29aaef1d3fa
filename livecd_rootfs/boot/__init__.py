"""Booting an image in a virtual machine, to see that it boots or to look into it."""
