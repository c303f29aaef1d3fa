"""Accidents that happen to trees: each does one to a copy of ours, somewhere, by chance."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from random import Random

from livecd_rootfs.lint.context import Context
from livecd_rootfs.lint.hook import Hook
from livecd_rootfs.lint.tree import LintTree
from livecd_rootfs.series import Entry, Series

# Where lint must point: the file in hooks.d, and the line; 0 where there is no text.
Where = tuple[str, int]
# What these make is decided by a project's settings, and their waivers say so.
VAGUE = {"image"}
HOOK = "#!/bin/sh\n# hook: network=no env= reads= writes=\nset -eu\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Copy:
    """A copy of the tree, and the dice."""

    root: Path
    random: Random

    @property
    def context(self) -> Context:
        """What lint knows of it."""
        return Context(LintTree(str(self.root)))

    def line(self, *kinds: str) -> tuple[Series, Entry]:
        """Some line of these kinds."""
        return self.random.choice(list(self.context.entries(*kinds)))

    def provided(self) -> tuple[Series, Entry]:
        """Some artifact that a hook is known to make."""
        lines = [one for one in self.context.entries("provides") if one[0].name not in VAGUE]
        return self.random.choice(lines)

    def hook(self, folder: str = "") -> Path:
        """Some hook that builds run."""
        names = [one.name for one in self.context.used_hooks if one.name.startswith(folder)]
        return self.root / self.random.choice(names)

    def where(self, entry: Entry) -> Where:
        """The place of a line."""
        return self.name(Path(entry.span.source.path)), entry.span.position.line

    def name(self, path: Path) -> str:
        """What a file is called in hooks.d."""
        return path.relative_to(self.root).as_posix()

    def rewrite(self, entry: Entry, line: str) -> Where:
        """Put another line, or several, in the place of one."""
        path = Path(entry.span.source.path)
        lines = path.read_text().split("\n")
        lines[entry.span.position.line - 1] = line
        path.write_text("\n".join(lines))
        return self.where(entry)

    def append(self, path: Path, line: str) -> Where:
        """Add a line to a file."""
        text = path.read_text()
        path.write_text(f"{text}{line}\n")
        return self.name(path), text.count("\n") + 1

    def series(self, *, where: Callable[[Series], bool] = lambda _: True) -> Series:
        """Some series file that is as it is asked for."""
        return self.random.choice([one for one in self.context.own_series if where(one)])


def binary_hook(copy: Copy) -> Entry:
    """Some line that lists a binary hook, the only one that does."""
    lines = copy.context.listings.items()
    return copy.random.choice(
        [found[0][1] for name, found in lines if name.endswith(".binary") and len(found) == 1]
    )


def misspelt(copy: Copy, name: str) -> str:
    """A name with a letter left out."""
    at = copy.random.randrange(len(name) - 1)
    return name[:at] + name[at + 1 :]


def series_misspelt(copy: Copy) -> set[Where]:
    _, entry = copy.line("depends")
    return {copy.rewrite(entry, f"depends {misspelt(copy, entry.name)}")}


def series_deleted(copy: Copy) -> set[Where]:
    _, entry = copy.line("depends")
    (copy.root / "base/series" / entry.name).unlink()
    lines = (other for _, other in copy.context.entries("depends") if other.name == entry.name)
    return {copy.where(other) for other in lines}


def hook_misspelt(copy: Copy) -> set[Where]:
    _, entry = copy.line("hook")
    stem = entry.name.removesuffix(".binary").removeprefix("base/")
    return {copy.rewrite(entry, f"base/{misspelt(copy, stem)}.binary")}


def hook_deleted(copy: Copy) -> set[Where]:
    _, entry = copy.line("hook")
    (copy.root / entry.name).unlink()
    return {copy.where(entry)}


def cycle(copy: Copy) -> set[Where]:
    """The line in which the circle is closed is one of those in it, whichever lint takes."""
    context = copy.context
    low = copy.series(
        where=lambda one: sum(one.name in context.below(n) for n in context.series) > 1
    )
    tops = [name for name in context.series if low.name in context.below(name) and name != low.name]
    top = copy.random.choice(tops)
    closed = copy.append(Path(low.source.path), f"depends {top}")
    circle = {name for name in context.below(top) if low.name in context.below(name)}
    inside = (
        copy.where(entry)
        for series, entry in context.entries("depends")
        if series.name in circle and entry.name in circle
    )
    return {closed, *inside}


def dangling_link(copy: Copy) -> set[Where]:
    folder = copy.random.choice([path for path in copy.root.rglob("*") if path.is_dir()])
    (folder / "old").symlink_to("../gone/old")
    return {(copy.name(folder / "old"), 1)}


def run_bit_lost(copy: Copy) -> set[Where]:
    hook = copy.hook()
    hook.chmod(0o644)
    lines = copy.context.listings.get(copy.name(hook), ())
    return {copy.where(entry) for _, entry in lines} or {(copy.name(hook), 1)}


def shebang_lost(copy: Copy) -> set[Where]:
    hook = copy.hook()
    hook.write_text(hook.read_text().partition("\n")[2])
    return {(copy.name(hook), 1)}


def shebang_of_windows(copy: Copy) -> set[Where]:
    hook = copy.hook()
    hook.write_text(hook.read_text().replace("\n", "\r\n", 1), newline="")
    return {(copy.name(hook), 1)}


def suffix_changed(copy: Copy) -> set[Where]:
    entry = binary_hook(copy)
    name = entry.name.replace(".binary", copy.random.choice((".sh", ".bin", "")))
    (copy.root / entry.name).rename(copy.root / name)
    return {copy.rewrite(entry, name)}


def header_misspelt(copy: Copy) -> set[Where]:
    hook = copy.hook()
    lines = hook.read_text().split("\n")
    number = next(number for number, line in enumerate(lines) if line.startswith("# hook:"))
    lines[number] += " netwrk=no"
    hook.write_text("\n".join(lines))
    return {(copy.name(hook), number + 1)}


def byte_order_mark(copy: Copy) -> set[Where]:
    file = Path(copy.series().source.path)
    file.write_text("\ufeff" + file.read_text())
    return {(copy.name(file), 1)}


def latin_1(copy: Copy) -> set[Where]:
    file = Path(copy.series().source.path)
    number = file.read_bytes().count(b"\n") + 1
    file.write_bytes(file.read_bytes() + b"# f\xfcr Cloud-Systeme\n")
    return {(copy.name(file), number)}


def keyword_misspelt(copy: Copy) -> set[Where]:
    _, entry = copy.line("depends")
    word = copy.random.choice(("Depends ", "depends: ", "depend ", "depends : ", "require "))
    return {copy.rewrite(entry, f"{word}{entry.name}")}


def keyword_alone(copy: Copy) -> set[Where]:
    return {copy.append(Path(copy.series().source.path), "depends")}


def comment_behind(copy: Copy) -> set[Where]:
    _, entry = copy.line("depends", "hook")
    keyword = "" if entry.kind == "hook" else f"{entry.kind} "
    return {copy.rewrite(entry, f"{keyword}{entry.name}  # as before")}


def lines_joined(copy: Copy) -> set[Where]:
    """Somebody writes two names on one line."""
    series = copy.series(where=lambda one: [e.kind for e in one.entries].count("depends") > 1)
    first, second, *_ = (entry for entry in series.entries if entry.kind == "depends")
    copy.rewrite(second, "#")
    return {copy.rewrite(first, f"depends {first.name} {second.name}")}


def line_doubled(copy: Copy) -> set[Where]:
    series, entry = copy.line("depends", "hook", "provides")
    keyword = "" if entry.kind == "hook" else f"{entry.kind} "
    return {copy.append(Path(series.source.path), f"{keyword}{entry.name}")}


def path_in_a_roundabout_way(copy: Copy) -> set[Where]:
    _, entry = copy.line("hook")
    alias = copy.random.choice(("./{}", "base/../{}", "{}"))
    name = alias.format(entry.name)
    return {copy.rewrite(entry, name if name != entry.name else name.replace("/", "//"))}


def hook_numbered(copy: Copy) -> set[Where]:
    entry = binary_hook(copy)
    name = entry.name.replace("base/", f"base/{copy.random.randrange(100):03}-")
    (copy.root / entry.name).rename(copy.root / name)
    return {copy.rewrite(entry, name)}


def hook_forgotten(copy: Copy) -> set[Where]:
    hook = copy.root / f"base/{copy.random.choice(('spare', 'former', 'trial'))}.binary"
    hook.write_text(HOOK)
    hook.chmod(0o755)
    return {(copy.name(hook), 1)}


def series_shadowed(copy: Copy) -> set[Where]:
    """Of a target, as an aggregate in extra would have to know the private ones."""
    series = copy.series(
        where=lambda one: one.entries[-1].kind == "provides" and one.name not in VAGUE
    )
    (copy.root / "extra/series").mkdir(parents=True)
    file = shutil.copy(series.source.path, copy.root / "extra/series")
    return {(copy.name(Path(file)), series.entries[0].span.position.line)}


def target_forgotten(copy: Copy) -> set[Where]:
    """A new target that nobody added to the aggregates."""
    hook = copy.root / "base/listing.binary"
    hook.write_text(
        '#!/bin/sh\n# hook: reads=chroot writes=livecd.*\nset -eu\nls chroot >"$PREFIX.listing"\n'
    )
    hook.chmod(0o755)
    file = copy.root / "base/series/listing"
    file.write_text("# listing: what is there\nbase/listing.binary\nprovides ${PREFIX}.listing\n")
    return {(copy.name(file), 2)}


def provides_shared(copy: Copy) -> set[Where]:
    """A target was copied, and is to be changed later; either of two equal lines is at fault."""
    series = copy.series(where=lambda one: one.entries[-1].kind == "provides")
    file = Path(shutil.copy(series.source.path, copy.root / "base/series/another"))
    copy.append(copy.root / "base/series/all", "depends another")
    provided = [entry for entry in series.entries if entry.kind == "provides"]
    lines = {copy.where(entry) for entry in provided}
    return lines | {(copy.name(file), line) for _, line in lines}


def provides_removed(copy: Copy) -> set[Where]:
    """The line is pointed at that lists the hook which makes it."""
    series, entry = copy.provided()
    copy.rewrite(entry, "#")
    context = copy.context
    below = context.below(series.name)
    return {copy.where(one) for other, one in context.entries("hook") if other.name in below}


def provides_misspelt(copy: Copy) -> set[Where]:
    _, entry = copy.provided()
    return {copy.append(Path(entry.span.source.path), "provides ${PREFIX}.other")}


def depends_too_much(copy: Copy) -> set[Where]:
    series = copy.context.series["squashfs"]
    return {copy.append(Path(series.source.path), "depends disk-image")}


def waiver_forgotten(copy: Copy) -> set[Where]:
    file = Path(copy.series().source.path)
    return {copy.append(file, "# lint: allow shared-provides")}


def variable_of_the_outside(copy: Copy) -> set[Where]:
    hook = copy.hook("chroot/")
    return {copy.append(hook, 'echo "of $NOW"')}


def header_outdated(copy: Copy) -> set[Where]:
    """A hook makes one file more than its header has."""
    hook = copy.random.choice([one for one in copy.context.used_hooks if _declares_several(one)])
    line, names = _last_writes(hook)
    names.remove(copy.random.choice(names))
    path = Path(hook.path)
    lines = path.read_text().split("\n")
    lines[line - 1] = f"# hook: writes={','.join(names)}"
    path.write_text("\n".join(lines))
    return {(hook.name, line)}


def _declares_several(hook: Hook) -> bool:
    lines = hook.text.source.text.split("\n")
    return any(re.match(r"# hook: writes=\S+,\S+$", one) for one in lines)


def _last_writes(hook: Hook) -> tuple[int, list[str]]:
    lines = hook.text.source.text.split("\n")
    number = max(n for n, line in enumerate(lines, 1) if line.startswith("# hook: writes="))
    return number, lines[number - 1].partition("=")[2].split(",")


def project_mixed_up(copy: Copy) -> set[Where]:
    """Names are written out, one of them as it was in another project."""
    series = copy.series(where=lambda one: [e.kind for e in one.entries].count("provides") > 2)
    provided = [entry for entry in series.entries if entry.kind == "provides"]
    wrong = copy.random.choice(provided)
    for entry in provided:
        project = "ubuntu-core" if entry is wrong else "ubuntu-cpc"
        copy.rewrite(entry, f"provides {entry.name.replace('${PREFIX}', f'livecd.{project}')}")
    return {copy.where(wrong)}


def scratch_left_behind(copy: Copy) -> set[Where]:
    """Two hooks that each work alone; it shows in the one that comes second."""
    places = set[Where]()
    for name in ("first", "second"):
        hook = copy.root / f"base/{name}.binary"
        hook.write_text(
            "#!/bin/sh -e\n# hook: network=no env=\nmkdir scratch\ncp chroot/etc/fstab scratch\n"
        )
        hook.chmod(0o755)
        series = copy.series(where=lambda one: one.entries[-1].kind == "provides")
        copy.append(Path(series.source.path), f"base/{name}.binary")
        places.add((copy.name(hook), 3))
    return places


def scratch_shared(copy: Copy) -> set[Where]:
    """Two hooks declare that they make one file; it shows at one of them."""
    hooks = [one for one in copy.context.used_hooks if _declares_several(one)]
    return {_declare(copy, hook, "binary/scratch.ext4") for hook in copy.random.sample(hooks, 2)}


def _declare(copy: Copy, hook: Hook, name: str) -> Where:
    path, (line, _) = Path(hook.path), _last_writes(hook)
    lines = path.read_text().split("\n")
    lines[line - 1] += f",{name}"
    path.write_text("\n".join(lines))
    return copy.name(path), line


def branch_misspelt(copy: Copy) -> set[Where]:
    """The branch has several hooks, all of which work for nothing then."""
    hooks = copy.context.used_hooks
    hook = copy.random.choice([one for one in hooks if one.header.header.joins])
    word = copy.random.choice(hook.header.header.joins)
    branch = word.partition("/")[0]
    aside = [one for one in hooks if one.header.header.aside == branch]
    path = Path(hook.path)
    path.write_text(path.read_text().replace(word, f"{misspelt(copy, branch)}/dest"))
    lines = {(one.path, f"aside={branch}") for one in aside} | {(hook.path, "joins=")}
    return {_line_of(copy, Path(file), text) for file, text in lines}


def _line_of(copy: Copy, path: Path, text: str) -> Where:
    return copy.name(path), path.read_text().partition(text)[0].count("\n") + 1


def machine_relied_upon(copy: Copy) -> set[Where]:
    hook = copy.hook("chroot/")
    return {copy.append(hook, copy.random.choice(("sleep 5", "losetup -a", "kpartx -d disk")))}


def shell_slip(copy: Copy) -> set[Where]:
    hook = copy.hook("chroot/")
    slips = ('[ -n "$HOME" -a -d /root ]', "rm -rf $folder/*", "for file in $(ls /etc); do :; done")
    return {copy.append(hook, copy.random.choice(slips))}


def merge_unfinished(copy: Copy) -> set[Where]:
    """Both sides had the line, one of them with a comment."""
    series, entry = copy.line("depends", "hook")
    where, line = copy.where(entry)
    old = Path(series.source.path).read_text().split("\n")[line - 1]
    copy.rewrite(entry, f"<<<<<<< HEAD\n{old}\n=======\n# as before\n>>>>>>> topic")
    return {(where, line), (where, line + 2), (where, line + 4)}


def python_slip(copy: Copy) -> set[Where]:
    hook = copy.random.choice(
        [one for one in copy.context.used_hooks if "python" in one.interpreter]
    )
    slip = copy.random.choice(("if True", "print('made)", "def (:"))
    return {copy.append(Path(hook.path), slip)}


# Each rule with the ways in which its accident happens.
ACCIDENTS: tuple[tuple[str, Callable[[Copy], set[Where]]], ...] = (
    ("missing-series", series_misspelt),
    ("missing-series", series_deleted),
    ("missing-script", hook_misspelt),
    ("missing-script", hook_deleted),
    ("dependency-cycle", cycle),
    ("dangling-symlink", dangling_link),
    ("not-executable", run_bit_lost),
    ("missing-shebang", shebang_lost),
    ("missing-shebang", shebang_of_windows),
    ("wrong-suffix", suffix_changed),
    ("bad-header", header_misspelt),
    ("byte-order-mark", byte_order_mark),
    ("bad-encoding", latin_1),
    ("keyword-typo", keyword_misspelt),
    ("keyword-typo", keyword_alone),
    ("inline-comment", comment_behind),
    ("several-names", lines_joined),
    ("duplicate-line", line_doubled),
    ("aliased-path", path_in_a_roundabout_way),
    ("number-prefix", hook_numbered),
    ("orphan-script", hook_forgotten),
    ("shadowed-series", series_shadowed),
    ("aggregate-drift", target_forgotten),
    ("shared-provides", provides_shared),
    ("produced-not-provided", provides_removed),
    ("provided-not-produced", provides_misspelt),
    ("unneeded-depends", depends_too_much),
    ("undeclared-environment", variable_of_the_outside),
    ("unneeded-waiver", waiver_forgotten),
    ("merge-conflict", merge_unfinished),
    ("bad-syntax", python_slip),
    ("untrue-header", header_outdated),
    ("prefix-mismatch", project_mixed_up),
    ("fixed-scratch-name", scratch_left_behind),
    ("conflicting-targets", scratch_shared),
    ("lost-branch", branch_misspelt),
    ("host-dependence", machine_relied_upon),
    ("shellcheck", shell_slip),
)
