"""What programs do with the files that their command line names."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from livecd_rootfs.lint.effects import names
from livecd_rootfs.lint.effects.memory import UNKNOWN, Texts
from livecd_rootfs.lint.effects.model import Kind

READ, WRITE, REMOVE, MKDIR = Kind.READ, Kind.WRITE, Kind.REMOVE, Kind.MKDIR


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """What a command does with one name.

    Attributes:
        kind: what it does.
        texts: the name, or all those that it can be.
        word: which word of the command line says so.
        sure: whether that is so, or only may be.
    """

    kind: Kind
    texts: Texts
    word: int
    sure: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """How a program takes its command line.

    Attributes:
        first: what it does with its first operand; ``others`` when this is ``None``.
        others: with those between the first and the last.
        last: with its last operand, if it has more than one; ``others`` when this is ``None``.
        values: options whose value is the next word, and no file.
        outputs: options whose value is a file that it writes.
        inputs: options whose value is a file that it reads.
        sure: whether it really does it, as far as the command line tells.
    """

    first: Sequence[Kind] | None = None
    others: Sequence[Kind] = ()
    last: Sequence[Kind] | None = None
    values: frozenset[str] = frozenset()
    outputs: frozenset[str] = frozenset()
    inputs: frozenset[str] = frozenset()
    sure: bool = True


def _options(text: str) -> frozenset[str]:
    return frozenset(text.split())


_SILENT = Form()
_READER = Form(others=(READ,))
_CHANGER = Form(others=(READ, WRITE))
_UNKNOWN_PROGRAM = Form(
    others=(READ, WRITE), outputs=_options("-o --output --out --output-file"), sure=False
)

_SILENT_NAMES = (
    "echo printf true false : wait kill sync umask ulimit set shopt exit return break continue"
    " sleep partprobe udevadm modprobe hash type command which date uname id whoami hostname"
    " seq nproc getconf expr tput basename dirname mktemp logger systemctl apt-get apt"
    " apt-mark debconf-set-selections losetup kpartx dmsetup umount swapoff jobs disown let"
    " numfmt env pwd popd dirs getopt alias unalias times tty stty clear lscpu uuidgen"
)
_READER_NAMES = (
    "cat [ test [[ grep egrep fgrep zgrep xzgrep zcat xzcat bzcat zstdcat stat ls du df wc head"
    " tail cut uniq tr diff cmp comm file md5sum sha1sum sha224sum sha256sum sha384sum sha512sum"
    " b2sum sum cksum blkid lsblk findmnt mountpoint dumpe2fs jq od xxd hexdump strings readlink"
    " realpath dpkg-query apt-cache lsinitramfs lsinitrd rev tac paste join nl fold fmt column"
    " tree less more isoinfo filefrag debsums gpgv base64 base32 swaplabel fdformat source tsort"
)
_CHANGER_NAMES = (
    "truncate chmod chown chgrp setfattr setfacl chattr e2fsck fsck fsck.ext4 fsck.vfat"
    " fsck.fat dosfsck resize2fs tune2fs e2label fatlabel dosfslabel mkswap wipefs setcap fallocate debugfs mlabel blkdiscard swapon"
    " growpart hexedit ed ex"
)
_DISK_NAMES = "parted sfdisk sgdisk gdisk fdisk cfdisk partx"
_WRITER_NAMES = (
    "mkfs mkfs.ext2 mkfs.ext3 mkfs.ext4 mke2fs mkfs.vfat mkfs.fat mkdosfs mkfs.btrfs mkfs.xfs"
)


def _table(form: Form, text: str) -> dict[str, Form]:
    return dict.fromkeys(text.split(), form)


FORMS: Mapping[str, Form] = {
    **_table(_SILENT, _SILENT_NAMES),
    **_table(_READER, _READER_NAMES),
    **_table(_CHANGER, _CHANGER_NAMES),
    # The first operand is the disk; what may follow is its size.
    **_table(
        Form(
            first=(WRITE,),
            values=_options("-b -C -E -F -g -G -i -I -J -L -m -M -n -N -o -O -r -s -S -t -T -U -e"),
            inputs=_options("-d"),
        ),
        _WRITER_NAMES,
    ),
    "truncate": Form(others=(READ, WRITE), values=_options("-s --size"), inputs=_options("-r")),
    "fallocate": Form(others=(READ, WRITE), values=_options("-l -o --length --offset")),
    **_table(
        Form(first=(READ, WRITE), values=_options("-t -n -d -c -u -A -a --relocate")), _DISK_NAMES
    ),
    "setfattr": Form(others=(READ, WRITE), values=_options("-n -v -x")),
    "touch": Form(others=(WRITE,), values=_options("-d -t --date"), inputs=_options("-r")),
    "tee": Form(others=(WRITE,)),
    "sort": Form(others=(READ,), outputs=_options("-o --output"), values=_options("-k -t -T")),
    "cp": Form(others=(READ,), last=(WRITE,)),
    "ln": Form(others=(READ,), last=(WRITE,)),
    "link": Form(others=(READ,), last=(WRITE,)),
    "install": Form(others=(READ,), last=(WRITE,), values=_options("-m -o -g --mode --owner")),
    "rsync": Form(others=(READ,), last=(WRITE,), sure=False),
    "unsquashfs": Form(first=(READ,), outputs=_options("-d -dest"), others=()),
    "rm": Form(others=(REMOVE,)),
    "rmdir": Form(others=(REMOVE,)),
    "unlink": Form(others=(REMOVE,)),
    "shred": Form(others=(REMOVE,)),
    "curl": Form(outputs=_options("-o --output"), values=_options("-H -d -X -A -u")),
    "wget": Form(outputs=_options("-O --output-document -o")),
    "genisoimage": Form(others=(READ,), outputs=_options("-o -output"), sure=False),
    "mkisofs": Form(others=(READ,), outputs=_options("-o -output"), sure=False),
    "xorriso": Form(others=(READ, WRITE), outputs=_options("-o -output"), sure=False),
    "gpg": Form(others=(READ, WRITE), outputs=_options("-o --output"), sure=False),
    "split": Form(others=(READ, WRITE), sure=False),
    "mount": Form(others=(READ, WRITE), values=_options("-t -o --types --options"), sure=False),
}


def deeds(words: Sequence[Texts]) -> tuple[Deed, ...]:
    """What a command does with files.

    Args:
        words: its name and arguments.
    """
    name = words[0][0].rsplit("/", 1)[-1] if len(words[0]) == 1 else names.UNKNOWN
    special = _SPECIAL.get(name)
    if special:
        return tuple(special(words))
    form = FORMS.get(name, _UNKNOWN_PROGRAM)
    return tuple(_by_form(words, form))


def is_known(name: str) -> bool:
    """Whether it stands in the tables what a program does."""
    return name in FORMS or name in _SPECIAL


def _by_form(words: Sequence[Texts], form: Form) -> Iterator[Deed]:
    operands, taken = _sorted_out(words, form)
    yield from taken
    for place, number in enumerate(operands):
        is_last = place == len(operands) - 1 > 0
        kinds = form.others
        if place == 0 and form.first is not None:
            kinds = form.first
        elif is_last and form.last is not None:
            kinds = form.last
        for kind in kinds:
            yield Deed(kind=kind, texts=words[number], word=number, sure=form.sure)


def _sorted_out(words: Sequence[Texts], form: Form) -> tuple[list[int], list[Deed]]:
    """The operands, by their numbers, and what is done with the values of options."""
    operands, taken, number = list[int](), list[Deed](), 1
    while number < len(words):
        text = words[number][0]
        option, equals, value = text.partition("=")
        if not text.startswith("-") or text == "-":
            operands.append(number)
        elif text == "--":
            operands += range(number + 1, len(words))
            break
        elif equals:
            taken += _value(option, (value,), number, form)
        elif option in form.values | form.outputs | form.inputs and number + 1 < len(words):
            number += 1
            taken += _value(option, words[number], number, form)
        number += 1
    return operands, taken


def _value(option: str, texts: Texts, number: int, form: Form) -> Iterator[Deed]:
    if option in form.outputs:
        yield Deed(kind=WRITE, texts=texts, word=number, sure=form.sure)
    elif option in form.inputs:
        yield Deed(kind=READ, texts=texts, word=number)
    elif form is _UNKNOWN_PROGRAM:
        yield Deed(kind=READ, texts=texts, word=number, sure=False)
        yield Deed(kind=WRITE, texts=texts, word=number, sure=False)
    elif form is not _SILENT and option not in form.values:
        yield Deed(kind=READ, texts=texts, word=number, sure=False)


def _has(words: Sequence[Texts], letters: str, *long: str) -> bool:
    """Whether one of these options is given, alone or among others in one word."""
    return any(
        text in long or (text[:1] == "-" != text[1:2] and any(c in text[1:] for c in letters))
        for texts in words[1:]
        for text in texts
    )


def _operands(words: Sequence[Texts], values: str = "") -> list[int]:
    return _sorted_out(words, Form(values=_options(values)))[0]


def _mv(words: Sequence[Texts]) -> Iterator[Deed]:
    target = Form(others=(READ, REMOVE), last=(WRITE,), values=_options("-S"))
    if _has(words, "t", "--target-directory"):
        target = Form(others=(READ, REMOVE), outputs=_options("-t --target-directory"))
    yield from _by_form(words, target)


def _cp(words: Sequence[Texts]) -> Iterator[Deed]:
    """With several sources, or into a folder, the new names are those of the sources."""
    if _has(words, "t", "--target-directory"):
        outputs = _options("-t --target-directory")
        yield from _by_form(words, Form(others=(READ,), outputs=outputs))
        return
    found = list(_by_form(words, FORMS["cp"]))
    yield from found
    yield from _into_folder(found)


def _into_folder(found: list[Deed]) -> Iterator[Deed]:
    """``cp a/b .`` makes ``./b``; a copy of a tree may make anything in it."""
    last = [deed for deed in found if deed.kind is WRITE]
    for deed in found if last else ():
        if deed.kind is READ and all(text.endswith((".", "/")) for text in last[0].texts):
            folder, texts = last[0].texts[0], tuple(t.rsplit("/", 1)[-1] for t in deed.texts)
            made = tuple(f"{folder}/{text}" for text in texts)
            yield Deed(kind=WRITE, texts=made, word=deed.word, sure=deed.sure)


def _mkdir(words: Sequence[Texts]) -> Iterator[Deed]:
    kind = WRITE if _has(words, "p", "--parents") else MKDIR
    for number in _operands(words, "-m --mode"):
        yield Deed(kind=kind, texts=words[number], word=number)


def _sed(words: Sequence[Texts]) -> Iterator[Deed]:
    in_place = any(t.startswith(("-i", "--in-place")) or t in {"-Ei", "-ri", "-ni"}
                   for texts in words[1:] for t in texts)  # fmt: skip
    has_script = any(t in {"-e", "-f", "--expression", "--file"} for w in words[1:] for t in w)
    operands = _operands(words, "-e -f --expression --file")
    for number in operands if has_script else operands[1:]:
        yield Deed(kind=READ, texts=words[number], word=number)
        if in_place:
            yield Deed(kind=WRITE, texts=words[number], word=number)


def _awk(words: Sequence[Texts]) -> Iterator[Deed]:
    """A program with ``>`` in it may write any file; it compares just as often."""
    operands = _operands(words, "-v -F -f --assign")
    for number in operands[1:]:
        yield Deed(kind=READ, texts=words[number], word=number)
    if operands and any('> "' in text or ">>" in text for text in words[operands[0]]):
        yield Deed(kind=WRITE, texts=UNKNOWN, word=operands[0], sure=False)


def _dd(words: Sequence[Texts]) -> Iterator[Deed]:
    for number, texts in enumerate(words):
        for key, kind in (("if=", READ), ("of=", WRITE)):
            files = tuple(text[len(key) :] for text in texts if text.startswith(key))
            if files:
                yield Deed(kind=kind, texts=files, word=number)


_TAR_MAKES = _options("--create --append --update --concatenate --delete")
_TAR_VALUES = (
    "-C --directory -X --exclude --exclude-from -T --files-from -b -I --use-compress-program"
    " --transform --xform --owner --group --mtime --mode --sort --format --pax-option -g -N"
)


def _tar(words: Sequence[Texts]) -> Iterator[Deed]:
    """Makes an archive or takes one apart; -C goes elsewhere before it reads or writes."""
    words = _with_dash(words)
    short = [w[0] for w in words[1:] if w[0][:1] == "-" != w[0][1:2]]
    makes = any(set(text) & set("cruA") for text in short) or any(
        text in _TAR_MAKES for w in words for text in w
    )
    files = _options(" ".join(text for text in short if text.endswith("f")) + " --file")
    form = Form(inputs=files, values=_options(_TAR_VALUES))
    operands, archives = _sorted_out(words, form)
    for archive in archives:
        if archive.texts != ("-",):
            yield Deed(kind=WRITE if makes else READ, texts=archive.texts, word=archive.word)
    yield from _tar_members(words, operands, makes=makes)


def _with_dash(words: Sequence[Texts]) -> Sequence[Texts]:
    """The old form, ``tar cf FILE``, as the new one; each word keeps its number."""
    if len(words) > 1 and not words[1][0].startswith("-"):
        return (words[0], (f"-{words[1][0]}",), *words[2:])
    return words


def _tar_members(words: Sequence[Texts], operands: list[int], *, makes: bool) -> Iterator[Deed]:
    folders = [n + 1 for n, w in enumerate(words[:-1]) if w[0] in {"-C", "--directory"}]
    members = folders or operands
    kind = READ if makes else WRITE
    for number in members:
        yield Deed(kind=kind, texts=words[number], word=number, sure=makes)
    given = [text for w in words for text in w if text.startswith("--directory=")]
    if given or not (makes or members):
        yield Deed(kind=kind, texts=UNKNOWN, word=0, sure=False)


def _qemu_img(words: Sequence[Texts]) -> Iterator[Deed]:
    values = "-f -O -o -S -m -B -F -b -l -r --object --target-image-opts"
    operands = _operands(words, values)
    verb = words[operands[0]][0] if operands else ""
    files = operands[1:]
    if verb == "convert":
        for number in files[:-1]:
            yield Deed(kind=READ, texts=words[number], word=number)
        for number in files[-1:]:
            yield Deed(kind=WRITE, texts=words[number], word=number)
    elif verb == "create":
        yield from (Deed(kind=WRITE, texts=words[n], word=n) for n in files[:1])
    elif verb in {"info", "check", "compare", "measure", "map"}:
        yield from (Deed(kind=READ, texts=words[n], word=n) for n in files)
    else:
        for number in files:
            yield Deed(kind=READ, texts=words[number], word=number)
            yield Deed(kind=WRITE, texts=words[number], word=number, sure=False)


def _mksquashfs(words: Sequence[Texts]) -> Iterator[Deed]:
    """Sources, then the file; options come behind them, with their values."""
    files = list[int]()
    for number in range(1, len(words)):
        if words[number][0].startswith("-"):
            break
        files.append(number)
    for number in files[:-1]:
        yield Deed(kind=READ, texts=words[number], word=number)
    for number in files[-1:]:
        yield Deed(kind=WRITE, texts=words[number], word=number)


def _packer(suffix: str, *, keeps: bool) -> Callable[[Sequence[Texts]], Iterator[Deed]]:
    """A compressor makes a file beside the one that it compresses, in whose place it comes."""

    def packed(words: Sequence[Texts]) -> Iterator[Deed]:
        to_stdout = _has(words, "c", "--stdout", "--to-stdout")
        unpacks = _has(words, "dtl", "--decompress", "--uncompress", "--test", "--list")
        outputs = _options("-o --output") if suffix == ".zst" else frozenset[str]()
        operands, taken = _sorted_out(words, Form(outputs=outputs, values=_options("-T -S")))
        yield from taken
        for number in operands:
            yield Deed(kind=READ, texts=words[number], word=number)
            if to_stdout or any(deed.kind is WRITE for deed in taken):
                continue
            made = tuple(
                text.removesuffix(suffix) if unpacks else f"{text}{suffix}"
                for text in words[number]
            )
            yield Deed(kind=WRITE, texts=made, word=number)
            if not keeps and not _has(words, "k", "--keep"):
                yield Deed(kind=REMOVE, texts=words[number], word=number)

    return packed


def _zip(words: Sequence[Texts]) -> Iterator[Deed]:
    operands = _operands(words, "-i -x -b -n -t")
    for number in operands[1:]:
        yield Deed(kind=READ, texts=words[number], word=number)
    for number in operands[:1]:
        made = tuple(t if "." in t.rsplit("/", 1)[-1] else f"{t}.zip" for t in words[number])
        yield Deed(kind=WRITE, texts=made, word=number)


_FIND_ACTIONS = {"-delete", "-exec", "-execdir", "-ok", "-fprint", "-fprintf", "-fls"}


def _find(words: Sequence[Texts]) -> Iterator[Deed]:
    acts = any(text in _FIND_ACTIONS for texts in words for text in texts)
    for number in range(1, len(words)):
        if words[number][0].startswith(("-", "(", "!")):
            break
        yield Deed(kind=READ, texts=words[number], word=number)
        if acts:
            yield Deed(kind=WRITE, texts=words[number], word=number, sure=False)
            yield Deed(kind=REMOVE, texts=words[number], word=number, sure=False)
    if acts:
        ours = [n for n, texts in enumerate(words) if texts[0] in _FIND_ACTIONS]
        for number in range(ours[0] + 2, len(words)):
            yield Deed(kind=READ, texts=words[number], word=number, sure=False)
            yield Deed(kind=WRITE, texts=words[number], word=number, sure=False)


_SPECIAL: Mapping[str, Callable[[Sequence[Texts]], Iterator[Deed]]] = {
    "mv": _mv,
    "cp": _cp,
    "mkdir": _mkdir,
    "sed": _sed,
    "awk": _awk,
    "gawk": _awk,
    "mawk": _awk,
    "dd": _dd,
    "tar": _tar,
    "bsdtar": _tar,
    "qemu-img": _qemu_img,
    "mksquashfs": _mksquashfs,
    "gzip": _packer(".gz", keeps=False),
    "pigz": _packer(".gz", keeps=False),
    "bzip2": _packer(".bz2", keeps=False),
    "pbzip2": _packer(".bz2", keeps=False),
    "lbzip2": _packer(".bz2", keeps=False),
    "xz": _packer(".xz", keeps=False),
    "pixz": _packer(".xz", keeps=False),
    "lz4": _packer(".lz4", keeps=True),
    "zstd": _packer(".zst", keeps=True),
    "zip": _zip,
    "find": _find,
}
