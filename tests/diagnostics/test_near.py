"""Near names."""

from __future__ import annotations

import pytest

from livecd_rootfs.diagnostics.near import did_you_mean, near

KNOWN = ["disk-image", "disk1-img-xz", "qcow2", "squashfs", "vagrant", "base/a.binary", "extra/b"]


@pytest.mark.parametrize(
    ("name", "names"),
    [
        ("vagrnat", ("vagrant",)),
        ("disk-imge", ("disk-image",)),
        ("a.binary", ("base/a.binary",)),  # the same last part
        ("base/b", ("extra/b",)),
        ("entirely-different", ()),
        ("", ()),
    ],
)
def test_near(name: str, names: tuple[str, ...]) -> None:
    assert near(name, KNOWN) == names


def test_near_offers_at_most_three() -> None:
    assert near("hookx", [f"hook{number}" for number in range(10)]) == ("hook9", "hook8", "hook7")


def test_near_does_not_depend_on_the_order_of_what_is_known() -> None:
    assert near("hook", ["hooka", "hookb"]) == near("hook", ["hookb", "hooka"])


@pytest.mark.parametrize(
    ("names", "question"),
    [
        ((), None),
        (("a",), "did you mean 'a'?"),
        (("a", "b"), "did you mean 'a' or 'b'?"),
        (("a", "b", "c"), "did you mean 'a', 'b' or 'c'?"),
    ],
)
def test_did_you_mean(names: tuple[str, ...], question: str | None) -> None:
    assert did_you_mean(names) == question
