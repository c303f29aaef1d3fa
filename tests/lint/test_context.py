"""What rules look at lives as long as somebody looks, also in an editor's server."""

from __future__ import annotations

import gc
import weakref

from livecd_rootfs.lint.context import Context
from livecd_rootfs.lint.tree import LintTree
from tests import checkout


def test_a_context_that_nobody_needs_any_more_is_freed() -> None:
    context = Context(LintTree(str(checkout.ROOT / "hooks.d")))
    assert "disk" in context.below("qcow2")
    assert context.below("qcow2") is context.below("qcow2"), "it is found once"
    context.resolution("qcow2")
    context.is_incomplete("qcow2")
    known = weakref.ref(context)
    del context
    gc.collect()
    assert known() is None
