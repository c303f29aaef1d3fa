"""Removing files: by patterns, which say so when they match nothing; and documentation."""

from __future__ import annotations

import pytest

from livecd_rootfs import documents
from livecd_rootfs.errors import UsageError
from livecd_rootfs.image import remove_files
from livecd_rootfs.steps.context import Context
from tests.image.conftest import NewContext

pytestmark = pytest.mark.root


def plant(context: Context, *names: str) -> None:
    for name in names:
        (context.chroot / name).parent.mkdir(parents=True, exist_ok=True)
        (context.chroot / name).write_text("text\n")


def test_nothing_to_do(new_context: NewContext) -> None:
    assert remove_files.run(new_context()) == "remove-files: nothing to do, RemoveFiles is empty"


def test_patterns(new_context: NewContext) -> None:
    context = new_context(REMOVE_FILES="/srv/a*\n/srv/a/b\n /usr/share/two words \n/none\n/bin/x\n")
    plant(context, "srv/a/b/c", "srv/ab", "srv/b", "usr/share/two words")
    assert remove_files.run(context) == (
        "remove-files: 4 paths removed; nothing matches /none; "
        "nothing matches /bin/x, /bin is a link"
    )
    assert [path.name for path in (context.chroot / "srv").iterdir()] == ["b"]
    assert not (context.chroot / "usr/share/two words").exists()


def test_a_link_goes_and_what_it_leads_to_stays(new_context: NewContext) -> None:
    context = new_context(REMOVE_FILES="/srv/*")
    plant(context, "opt/precious")
    (context.chroot / "srv").mkdir()
    (context.chroot / "srv/link").symlink_to("../opt")
    assert remove_files.run(context) == "remove-files: 1 path removed"
    assert (context.chroot / "opt/precious").exists()


def test_a_bad_pattern_removes_nothing(new_context: NewContext) -> None:
    context = new_context(REMOVE_FILES="/srv/a\n/../x")
    plant(context, "srv/a")
    with pytest.raises(UsageError, match="leads upwards"):
        remove_files.run(context)
    assert (context.chroot / "srv/a").exists()


def test_without_documents(new_context: NewContext) -> None:
    context = new_context(WITH_DOCS="no")
    plant(context, "usr/share/doc/x/README", "usr/share/doc/x/copyright", "etc/dpkg/dpkg.cfg")
    (context.chroot / "etc/dpkg/dpkg.cfg.d").mkdir()
    assert remove_files.run(context) == "remove-files: 1 files of documentation removed"
    configured = context.chroot / "etc/dpkg/dpkg.cfg.d/01-no-documents"
    assert configured.read_text().splitlines() == list(documents.DPKG_OPTIONS)
    configured.rename(configured.with_name("99mmdebstrap"))
    remove_files.run(context)
    assert not configured.exists()


def test_a_wrong_choice(new_context: NewContext) -> None:
    with pytest.raises(UsageError, match="WITH_DOCS is 'perhaps'"):
        remove_files.run(new_context(WITH_DOCS="perhaps"))
