"""Layers: what one step changes, kept under a key that holds everything the step could see.

key       the digest over a step's inputs, and which of them changed (pure)
inputs    reads those inputs: hook, support files, modules of this package
store     finds, builds, commits and removes layers; its format is in ``layout``
overlay   mounts a chain of layers; ``flatten`` makes one of many
treehash  the digest of a tree, by which a damaged layer is found
contents  which files need not be read again
digests   the digests of the trees that the steps of one run read
"""
