"""The image pipeline's steps: one module for each of the base hooks that its series lists.

Each has a function ``run(context)``, which does its part in the build directory
and says in one line what it did, or why it had nothing to do.
"""
