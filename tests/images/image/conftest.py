"""A project of the image pipeline, built for real once: what the tests of this folder look at."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from livecd_rootfs import toolsroot
from livecd_rootfs.inspection import artifact, bench
from livecd_rootfs.inspection.artifact import Artifact
from livecd_rootfs.inspection.tree import Tree
from livecd_rootfs.settings import cache_directory, host_architecture, proxies
from livecd_rootfs.tools import Toolbox
from tests import checkout
from tests.steps.builds import plant

PREFIX = "livecd.hello"
PUBLIC_KEY = (
    "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGJ1aWxkIG9uZSBpbWFnZSBhdCBhIHRpbWUuLi4u me@here\n"
)
# A C program with a library, and scripts that write down what they saw.
FILES = {
    "mkosi.conf": """\
[Distribution]
Distribution=debian
Release=trixie

[Output]
ImageId=hello
ManifestFormat=json

[Content]
Packages=cryptsetup-bin,zlib1g,openssh-server,tzdata,vim-tiny
BuildPackages=gcc,libc6-dev,zlib1g-dev
WithDocs=no
RemovePackages=vim-*
RemoveFiles=/usr/share/bug, /usr/share/common-licenses/GFDL*
Hostname=hello
Locale=C.UTF-8
Timezone=Europe/Berlin
Keymap=de
RootShell=/bin/dash
Autologin=yes

[Validation]
Password=open sesame

[Host]
Netdev=yes
Ssh=yes
SshKey=id.pub
""",
    "id.pub": PUBLIC_KEY,
    "mkosi.skeleton/etc/skeleton": "there before packages\n",
    "mkosi.extra/etc/systemd/system/hello.service": """\
[Unit]
Description=The program of the project

[Service]
Type=oneshot
ExecStart=/usr/bin/hello
StandardOutput=journal+console

[Install]
WantedBy=multi-user.target
""",
    "mkosi.extra/usr/lib/systemd/system-preset/10-hello.preset": "enable hello.service\n",
    "mkosi.prepare": """\
#!/bin/sh -e
# What the image has and its build does not: it is removed in the overlay alone.
echo "$1" >> /etc/prepared
if [ "$1" = build ]; then
    rm /etc/debian_version
fi
""",
    "mkosi.build": """\
#!/bin/sh -e
test ! -e /etc/debian_version
test ! -e /usr/sbin/policy-rc.d || test -x /usr/sbin/policy-rc.d
mkdir -p "$DESTDIR/usr/bin" "$DESTDIR/usr/share/hello"
gcc -O2 -o "$DESTDIR/usr/bin/hello" "$SRCDIR/hello.c" -lz
cp /etc/prepared "$DESTDIR/usr/share/hello/prepared"
sed -n 's/^ *\\(.*\\):.*/\\1/p' /proc/net/dev > "$DESTDIR/usr/share/hello/network"
touch /usr/bin/left-in-the-overlay "$SRCDIR/left-in-the-sources"
""",
    "mkosi.postinst": """\
#!/bin/sh -e
test "$1" = final
hello > /usr/share/hello/said
""",
    "mkosi.finalize": """\
#!/bin/sh -e
test -x "$BUILDROOT/usr/bin/hello"
test ! -e /usr/bin/hello
cp "$BUILDROOT/usr/share/hello/said" "$BUILDROOT/usr/share/hello/finalized"
echo more > "$OUTPUTDIR/more"
""",
}
SOURCE = """\
#include <stdio.h>
#include <zlib.h>

int main(void)
{{
    printf("hello, this is {token}, with zlib %s\\n", zlibVersion());
    return 0;
}}
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """A project, and what its builds left.

    Attributes:
        folder: the project.
        token: what its program says in no other session, so that this is built for certain.
        said: the events of the first build.
    """

    folder: Path
    token: str
    said: tuple[Mapping[str, Any], ...] = ()

    @property
    def output(self) -> Path:
        return self.folder / "out"

    @property
    def cache(self) -> Path:
        return cache_directory(None, os.environ)

    def artifact(self, suffix: str) -> Path:
        return self.output / f"{PREFIX}.image{suffix}"

    def write(self, files: Mapping[str, str]) -> None:
        plant(self.folder, files)

    def build(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """``livecd-rootfs build image`` as the user of the project calls it."""
        return subprocess.run(
            (sys.executable, "-m", "livecd_rootfs", "build", "image", *arguments),
            env={**os.environ, "PYTHONPATH": str(checkout.ROOT)},
            cwd=self.folder,
            capture_output=True,
            text=True,
            check=False,
        )

    def events(self, *arguments: str) -> tuple[Mapping[str, Any], ...]:
        """What a build that goes well says."""
        ended = self.build("--progress", "json", *arguments)
        assert ended.returncode == 0, ended.stderr
        return tuple(json.loads(line) for line in ended.stdout.splitlines())


def ran(events: Sequence[Mapping[str, Any]]) -> list[str]:
    """The steps that ran, by the last part of their names."""
    names = [event["name"] for event in events if event["event"] == "step-started"]
    return [name.rpartition("/")[2].removesuffix(".binary") for name in names]


def source(token: str) -> str:
    return SOURCE.format(token=token)


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Project:
    """The project, built once; the cache is the user's, which has its root more often than not."""
    folder = tmp_path_factory.mktemp("image") / "project"
    token = uuid.uuid4().hex
    plant(folder, {**FILES, "hello.c": source(token)})
    unbuilt = Project(folder=folder, token=token)
    said = unbuilt.events()
    return Project(folder=folder, token=token, said=said)


@pytest.fixture(scope="session")
def toolbox() -> Toolbox:
    """Tools that read what was made, from the tools root that made it."""
    request = toolsroot.Request(
        cache=cache_directory(None, os.environ),
        architecture=host_architecture(),
        machines=(host_architecture(),),
    )
    return Toolbox(root=toolsroot.ensure(request, environ=proxies(os.environ), progress=print))


@pytest.fixture(scope="session")
def opened(project: Project, toolbox: Toolbox) -> Iterator[Artifact]:
    """The disk, read without any mount."""
    with bench.opened(toolbox) as place:
        yield artifact.open_artifact(place, project.artifact(".raw"))


@pytest.fixture(scope="session")
def tree(opened: Artifact) -> Tree:
    """The files of the disk."""
    assert opened.tree is not None
    return opened.tree
