"""The image steps: what a base hook in ``hooks.d/base`` calls, one noun a module.

A step reads the build directory (``chroot/``, ``binary/``, ``livecd.*``) and
puts its artifact there, whole or not at all. The ``run`` function of
``root_dir``, ``squashfs``, ``disk_image`` and ``qcow2`` is the step; the other
modules are the nouns that these are made of. Only Python's standard library is
imported here, since hooks run with a builder's own python3.
"""
