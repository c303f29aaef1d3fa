"""mkosi.conf and its drop-ins: lists, comments, conditions, other names; and what is wrong in them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest

from livecd_rootfs import settings
from livecd_rootfs.errors import LivecdError, UsageError
from livecd_rootfs.settings import Settings


def project(folder: Path, files: Mapping[str, str]) -> Path:
    """A project of files, of which those in mkosi.conf.d have short names."""
    for name, text in files.items():
        path = folder / (name if name.startswith("mkosi") else f"mkosi.conf.d/{name}")
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)
    return folder


def load(folder: Path, *assignments: str) -> Settings:
    loaded, warnings = settings.load({}, {}, folder, assignments)
    assert warnings == ()
    return loaded


LISTS = {
    "commas, blanks, lines, comments": (
        "Packages=a, b c\n    d  # why\n    # no\n\n    e",
        ("a", "b", "c", "d", "e"),
    ),
    "a removal is kept, for the packages that are there anyway": (
        "Packages=a\nPackages=!b",
        ("a", "!b"),
    ),
    "empty begins anew": ("Packages=a\nPackages=\nPackages=b", ("b",)),
    "a list starts on the next line": ("Packages=\n    a\n    b", ("a", "b")),
}


@pytest.mark.parametrize(("text", "found"), LISTS.values(), ids=LISTS)
def test_packages(tmp_path: Path, text: str, found: tuple[str, ...]) -> None:
    loaded = load(project(tmp_path, {"mkosi.conf": f"[Content]\n{text}\n"}))
    assert loaded.words("packages") == found


REMOVALS = {
    "one": ("a b c", "!b", ("a", "c")),
    "a pattern": ("liba libb c", "!lib*", ("c",)),
    "all, and one more": ("a b", "!* c", ("c",)),
    "what is not there": ("a", "!b", ("a",)),
}


@pytest.mark.parametrize(("first", "then", "found"), REMOVALS.values(), ids=REMOVALS)
def test_what_a_later_line_takes_away(
    tmp_path: Path, first: str, then: str, found: tuple[str, ...]
) -> None:
    text = f"[Content]\nBuildPackages={first}\nBuildPackages={then}\n"
    assert load(project(tmp_path, {"mkosi.conf": text})).words("build_packages") == found


def test_lists_of_what_may_hold_blanks(tmp_path: Path) -> None:
    text = """\
[Content]
RemoveFiles=/usr/share/a b,/opt
    /srv/*
Environment=A=1 "B=two words"
    C=3
KernelCommandLine=quiet
KernelCommandLine=rw  loglevel=3
InitrdOptions=MODULES=most, really
"""
    loaded = load(project(tmp_path, {"mkosi.conf": text}))
    assert loaded.for_hooks("remove_files") == "/usr/share/a b\n/opt\n/srv/*"
    assert loaded.for_hooks("environment") == "A=1\nB=two words\nC=3"
    assert loaded.for_hooks("kernel_command_line") == "quiet rw loglevel=3"
    assert loaded.for_hooks("initrd_options") == "MODULES=most, really"


def test_a_variable_without_value_is_the_users_own(tmp_path: Path) -> None:
    project(tmp_path, {"mkosi.conf": "[Content]\nEnvironment=TERM NONE A=b\n"})
    loaded, _ = settings.load({}, {"TERM": "vt100"}, tmp_path)
    assert loaded.words("environment") == ("TERM=vt100", "NONE=", "A=b")


def test_drop_ins_follow_in_the_order_of_their_names(tmp_path: Path) -> None:
    files = {
        "20-b.conf": "[Content]\nPackages=b\nHostname=late\n",
        "mkosi.conf": "[Content]\nPackages=first\n",
        "10-a.conf": "[Content]\nPackages=a\n",
        "30-c.conf.off": "[Content]\nPackages=never\n",
    }
    loaded = load(project(tmp_path, files))
    assert loaded.words("packages") == ("first", "a", "b")
    assert loaded.text("hostname") == "late"
    assert loaded.origin("hostname") == "mkosi.conf.d/20-b.conf:3"
    assert loaded.origin("packages") == (
        "mkosi.conf:2, mkosi.conf.d/10-a.conf:2, mkosi.conf.d/20-b.conf:2"
    )


def test_drop_ins_alone_are_a_configuration(tmp_path: Path) -> None:
    loaded = load(project(tmp_path, {"a.conf": "[Output]\nImageId=x\n"}))
    assert loaded.text("project") == "x"


CONDITIONS = {
    "distribution that follows": ("Distribution=debian", True),
    "another distribution": ("Distribution=ubuntu", False),
    "one of several": ("Release=sid trixie", True),
    "none of several": ("Release=!sid trixie", False),
    "not another": ("Release=!sid", True),
    "a pattern": ("Release=tri*", True),
    "two lines": ("Release=trixie\nDistribution=ubuntu", False),
    "one of two with a pipe": ("Release=|sid\nDistribution=|debian", True),
    "none with a pipe": ("Release=|sid\nDistribution=|ubuntu", False),
    "a pipe and a line": ("Release=|trixie\nDistribution=ubuntu", False),
    "in other words": ("Architecture=x86-64", True),
    "a file": ("PathExists=mkosi.conf", True),
    "no file": ("PathExists=!mkosi.conf", False),
    "a later version": ("ImageVersion=>=1.9", True),
    "an earlier version": ("ImageVersion=<1.9", False),
    "another version": ("ImageVersion=!=1.10", False),
    "the version": ("ImageVersion=1.10", True),
    "yes": ("WithDocs=true", True),
}


@pytest.mark.parametrize(("condition", "met"), CONDITIONS.values(), ids=CONDITIONS)
def test_conditions(tmp_path: Path, condition: str, *, met: bool) -> None:
    files = {
        "mkosi.conf": "[Output]\nImageVersion=1.10\n[Distribution]\nArchitecture=x86_64\n",
        "a.conf": f"[Match]\n{condition}\n[Content]\nHostname=met\n",
    }
    assert load(project(tmp_path, files)).text("hostname") == ("met" if met else "")


def test_the_command_line_counts_in_conditions(tmp_path: Path) -> None:
    project(tmp_path, {"a.conf": "[Match]\nRelease=sid\n[Content]\nHostname=met\n"})
    assert settings.load({"suite": "sid"}, {}, tmp_path)[0].text("hostname") == "met"
    assert settings.load({}, {"SUITE": "sid"}, tmp_path)[0].text("hostname") == "met"


def test_a_condition_that_nobody_knows_is_not_met(tmp_path: Path) -> None:
    project(tmp_path, {"a.conf": "[Match]\n  Profile=x\n[Content]\nHostname=met\n"})
    loaded, warnings = settings.load({}, {}, tmp_path)
    assert loaded.text("hostname") == ""
    assert warnings == ("mkosi.conf.d/a.conf:2:3: unknown condition [Match] Profile is not met",)


OTHER_WORDS = {
    "an older section": ("[Packages]\nWithDocs=no", "with_docs", "no"),
    "an alias": ("[Host]\nSSH=1", "ssh", "yes"),
    "another spelling of a choice": ("[Output]\nFormat=gpt_ext4", "format", "disk"),
    "on": ("[Validation]\nChecksum=On", "checksum", "yes"),
    "auto": ("[Output]\nBootable=auto", "bootable", "auto"),
    "an architecture of systemd": ("[Distribution]\nArchitecture=ppc64-le", "arch", "ppc64el"),
    "an option of mkosi 10": ("[Packages]\nBuildEnvironment=A=b", "environment", "A=b"),
    "empty: the default again": ("[Content]\nWithDocs=no\nWithDocs=", "with_docs", "yes"),
    "compressed": ("[Output]\nCompressOutput=zst", "compress_output", "zstd"),
    "an equals sign in the value": ("[Content]\nHostname = a=b ", "hostname", "a=b"),
}


@pytest.mark.parametrize(("text", "name", "found"), OTHER_WORDS.values(), ids=OTHER_WORDS)
def test_other_words(tmp_path: Path, text: str, name: str, found: str) -> None:
    assert load(project(tmp_path, {"mkosi.conf": f"{text}\n"})).text(name) == found


WEAK = {
    "no other line": ("@Hostname=a", "", ("a",)),
    "the last of them": ("@Hostname=a", "@Hostname=b", ("b",)),
    "a line before it": ("Hostname=a", "@Hostname=b", ("a",)),
    "a line after it": ("@Hostname=a", "Hostname=b", ("b",)),
    "a list": ("@Packages=a", "@Packages=b", ("a", "b")),
    "a list that another line begins": ("@Packages=a", "Packages=b", ("b",)),
}


@pytest.mark.parametrize(("first", "then", "found"), WEAK.values(), ids=WEAK)
def test_what_counts_only_where_nothing_else_does(
    tmp_path: Path, first: str, then: str, found: tuple[str, ...]
) -> None:
    files = {"mkosi.conf": f"[Content]\n{first}\n", "a.conf": f"[Content]\n{then}\n"}
    loaded, _ = settings.load({}, {}, project(tmp_path, files))
    name = "packages" if "Packages" in first else "hostname"
    assert loaded.words(name) == found


def test_a_condition_sees_it_and_the_command_line_is_above_it(tmp_path: Path) -> None:
    conditional = "[Match]\nFormat=tar\n[Content]\nHostname=packed\n"
    project(tmp_path, {"mkosi.conf": "[Output]\n@Format=tar\n", "a.conf": conditional})
    assert load(tmp_path).text("hostname") == "packed"
    given = load(tmp_path, "Format=cpio")
    assert (given.text("format"), given.text("hostname")) == ("cpio", "")


WARNINGS = {
    "[Content]\nPackage=vim": "2:1: unknown option [Content] Package is ignored; "
    "did you mean 'Packages'?",
    "[Contents]\nHostname=x": "2:1: Hostname in the unknown section [Contents] is ignored; "
    "did you mean 'Content'?",
    "[Content]\n@Package=vim": "2:1: unknown option [Content] @Package is ignored; "
    "did you mean 'Packages'?",
    "[Host]\n@ToolsTree=default": "2:1: [Host] @ToolsTree has no effect here: tools come from the "
    "tools root where the host's don't suffice",
    "[Partitions]\nRootSize=2G": "2:1: [Partitions] RootSize has no effect here: the disk is laid "
    "out by ImageSize and by what boots it: an ESP and the root",
    "[Content]\nBootloader=none": "2:12: Bootloader=none has no effect here: Bootable=no makes an "
    "image without one",
    "[Old]\nSkipFinalPhase=1": "2:1: [Old] SkipFinalPhase has no effect here: Format=none makes no "
    "image",
    "[X]\nA=x": "2:1: A in the unknown section [X] is ignored",
    "[Host]\nQemuMem=1G": "2:1: [Host] QemuMem has no effect here: `livecd-rootfs boot` has "
    "options for the machine that runs an image",
    "[Output]\n   Zzzzzzzz=1": "2:4: unknown option [Output] Zzzzzzzz is ignored",
}


@pytest.mark.parametrize(("text", "warning"), WARNINGS.items(), ids=WARNINGS)
def test_what_nobody_knows_is_told_and_does_no_harm(
    tmp_path: Path, text: str, warning: str
) -> None:
    _, warnings = settings.load({}, {}, project(tmp_path, {"mkosi.conf": f"{text}\n"}))
    assert warnings == (f"mkosi.conf:{warning}",)


WRONG = {
    "Autologin=perhaps": ("2:11", "Autologin is 'perhaps', which it can't be"),
    "Format=iso": ("2:8", "Format is 'iso', which it can't be"),
    "ManifestFormat=json, xml": ("2:16", "ManifestFormat is 'xml', which it can't be"),
    "ImageSize=": None,
    "SourceDateEpoch=-5": ("2:17", "SourceDateEpoch is '-5', which is not a time"),
    "SourceDateEpoch=4294967296": (
        "2:17",
        "SourceDateEpoch is '4294967296', which is not a time",
    ),
    "SourceDateEpoch=4294967295": None,
    "ImageSize=big": ("2:11", "ImageSize is 'big', which is not a size"),
    "ImageId=a/b": ("2:9", "ImageId is 'a/b', which is not a name"),
    "Environment=A='x": ("2:13", "Environment can't be read"),
    "ExtraTrees=none": ("2:12", "ExtraTrees names '{here}/none', which is not there"),
    "ExtraTrees=mkosi.conf:etc": (
        "2:12",
        "ExtraTrees puts '{here}/mkosi.conf' to 'etc', which is no place in the root",
    ),
    "BuildScript=none": ("2:13", "BuildScript names '{here}/none', which is not there"),
    "FinalizeScript=.": ("2:16", "FinalizeScript names '{here}', which is a directory"),
    "SecureBootKey=none": ("2:15", "SecureBootKey is '{here}/none', which is not a file"),
}


@pytest.mark.parametrize(("line", "expected"), WRONG.items(), ids=WRONG)
def test_bad_values_are_told_with_their_place(
    tmp_path: Path, line: str, expected: tuple[str, str] | None
) -> None:
    project(tmp_path, {"mkosi.conf": f"[Content]\n{line}\n"})
    if expected is None:
        load(tmp_path)
        return
    with pytest.raises(UsageError) as failure:
        settings.load({}, {}, tmp_path)
    place, message = expected
    assert failure.value.place == f"mkosi.conf:{place}"
    assert failure.value.message == message.format(here=tmp_path)
    assert failure.value.remedy


def test_sources_are_below_one_folder(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    project(tmp_path, {"mkosi.conf": "[Content]\nBuildSources=.,other:libs/other\n"})
    assert [file.target for file in load(tmp_path).files("build_sources")] == ["", "libs/other"]


def test_a_script_that_can_not_run(tmp_path: Path) -> None:
    (tmp_path / "mkosi.postinst").write_text("#!/bin/sh\n")
    with pytest.raises(UsageError) as failure:
        settings.load({}, {}, tmp_path)
    assert failure.value.place == str(tmp_path / "mkosi.postinst")
    assert "chmod +x mkosi.postinst" in (failure.value.remedy or "")
    assert load(tmp_path, "PostInstallationScript=").files("post_installation_script") == ()


@pytest.mark.parametrize("name", ["mkosi.conf", "mkosi.version"])
def test_a_file_that_can_not_be_read(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir(parents=True)
    with pytest.raises(LivecdError, match=f"{name.rpartition('/')[2]} can't be read"):
        settings.load({}, {}, tmp_path)


def test_default_files(tmp_path: Path) -> None:
    for name in ("mkosi.extra", "mkosi.builddir", "more"):
        (tmp_path / name).mkdir()
    for name in ("mkosi.extra.tar", "mkosi.build", "other"):
        (tmp_path / name).touch(0o755)
    (tmp_path / "mkosi.version").write_text("7\n")
    project(
        tmp_path, {"mkosi.conf": "[Content]\nExtraTrees=more:/srv,mkosi.extra\nBuildScript=other\n"}
    )
    loaded = load(tmp_path)
    assert loaded.words("extra_trees") == ("mkosi.extra", "mkosi.extra.tar", "more:/srv")
    assert loaded.for_hooks("extra_trees").splitlines()[1:] == [
        "/livecd/files/EXTRA_TREES/1",
        "/livecd/files/EXTRA_TREES/2:/srv",
    ]
    assert loaded.outside("extra_trees").splitlines()[2] == f"{tmp_path}/more:/srv"
    assert [file.path for file in loaded.files("build_script")] == [tmp_path / "other"]
    assert (loaded.text("image_version"), loaded.origin("image_version")) == ("7", "mkosi.version")
    assert loaded.for_hooks("build_directory") == "/livecd/builddir"
    assert loaded.outside("build_directory") == f"{tmp_path}/mkosi.builddir"
    assert load(tmp_path, "ExtraTrees=", "BuildScript=").files("extra_trees") == ()


def test_keys_of_the_project_sign_only_where_secure_boot_is_asked_for(tmp_path: Path) -> None:
    for name in ("mkosi.key", "mkosi.crt"):
        (tmp_path / name).touch()
    assert load(tmp_path).text("secure_boot_key") == ""
    assert load(tmp_path, "SecureBoot=yes").text("secure_boot_key") == "mkosi.key"


def test_of_a_list_that_grew_all_places_are_told(tmp_path: Path) -> None:
    project(
        tmp_path, {"mkosi.conf": "[Content]\nExtraTrees=a\n", "x.conf": "[Content]\nExtraTrees= b"}
    )
    (tmp_path / "a").mkdir()
    with pytest.raises(UsageError, match="which is not there") as failure:
        settings.load({}, {}, tmp_path)
    assert failure.value.place == "mkosi.conf:2:12, mkosi.conf.d/x.conf:2:13"
