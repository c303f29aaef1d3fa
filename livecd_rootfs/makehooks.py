"""The command line of make-hooks: targets in, links and ``explicit_provides`` out.

argparse is not used: importing it takes longer than all the rest of a run.
"""

from __future__ import annotations

import os

from livecd_rootfs import hooksdir
from livecd_rootfs.edge import Outcome
from livecd_rootfs.errors import EXIT_FAILURE, UsageError
from livecd_rootfs.hooktree import HookTree
from livecd_rootfs.resolve import resolve, split_targets
from livecd_rootfs.series import artifact_prefix

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from livecd_rootfs.diagnostics import Diagnostic

PROGRAM = "make-hooks"
NOT_EMPTY = "WARNING: Hooks directory exists and is not empty.\n"
ERRORS_SHOWN = 20

LAYOUTS = ("flat", "normal", "both")

USAGE = "usage: make-hooks [-q] [-d DIR] [--layout NAME] [--tree DIR] [--lenient] [--provides-file FILE] TARGET..."
HELP = f"""\
{USAGE}

Links the hooks of image targets into a directory, numbered in the order in which they run,
and lists the artifacts that the targets provide.

A target is a series file in hooks.d/extra/series or hooks.d/base/series. Its lines are
  depends NAME     the hooks of the series NAME, in this place
  provides FILE    an artifact that the target makes; ${{PREFIX}} in it stands for
                   livecd.$PROJECT[-$SUBARCH]
  base/x.binary    any other line: a hook, by its path in hooks.d
Blank lines and lines that begin with # mean nothing. Several targets may be given, apart or
joined by commas, semicolons or white space: "squashfs,vagrant;wsl" is three.

All of hooks.d/chroot comes first; base/final.binary and extra/final.binary come last.
The file explicit_provides, beside the links, tells the pruner what to keep.

options, which may also follow the targets:
  -d, --hooks-dir DIR    where the links go (default: hooks, beside hooks.d); it may hold
                         other files, and the links of an earlier run are replaced
  -q, --quiet            print warnings and errors only; the old `-q VALUE` works, too
  --tree DIR             read this hooks.d instead of the one that make-hooks lies in
  --lenient              warn, and go on, where a hook is missing or series files depend on
                         each other in a cycle
  --provides-file FILE   write the list of artifacts there
  --layout flat          numbered links, as live-build 3 reads them (the default)
  --layout normal        wrappers in normal/ and live/, as Debian's live-build reads them;
                         DIR is config/hooks of the build directory then
  --layout both          the one beside the other
  -h, --help             show this

exit status: 0 done; 1 failed, and nothing was written; 2 the command line is wrong

examples:
  make-hooks vagrant
  make-hooks -d config/hooks qcow2,squashfs
"""


class Options:
    """The command line, as it is read.

    Attributes:
        words: the targets, and maybe the VALUE of an old ``-q VALUE``.
        after_quiet: the indexes of the words that stand right behind a ``-q``.
    """

    def __init__(self) -> None:
        self.help = False
        self.lenient = False
        self.quiet = False
        self.hooks_dir = ""
        self.tree = ""
        self.provides_file = ""
        self.layout = LAYOUTS[0]
        self.words: list[str] = []
        self.after_quiet: set[int] = set()


SWITCHES = {
    "-h": "help",
    "--help": "help",
    "-q": "quiet",
    "--quiet": "quiet",
    "--lenient": "lenient",
}
VALUED = {
    "-d": "hooks_dir",
    "--hooks-dir": "hooks_dir",
    "--tree": "tree",
    "--provides-file": "provides_file",
    "--layout": "layout",
}


def run(argv: Sequence[str], *, tree: str, environ: Mapping[str, str]) -> Outcome:
    """Do what make-hooks is asked to do.

    Args:
        argv: the command line, without the program's name.
        tree: the ``hooks.d`` that is read when the command line names none.
        environ: PROJECT, SUBARCH and KERNEL_FLAVOUR are read from it.

    Raises:
        LivecdError: see the callees; nothing was written then.
    """
    options = parse(argv)
    if options.help:
        return Outcome(status=0, out=HELP, err="")
    root = os.path.realpath(options.tree or tree)
    hooks = HookTree(_shown(root))
    words, quiet = _settle_quiet(options, lambda name: hooks.series_path(name) is not None)
    resolution = resolve(
        _targets(words, lenient=options.lenient),
        hooks,
        prefix=artifact_prefix(environ.get("PROJECT"), environ.get("SUBARCH")),
        flavour=environ.get("KERNEL_FLAVOUR"),
        lenient=options.lenient,
    )
    if resolution.errors:
        # An unknown series comes first: it is all that the old make-hooks would have said.
        errors = sorted(resolution.errors, key=lambda found: found.code != "missing-series")
        return Outcome(status=EXIT_FAILURE, out="", err=_render(errors))
    plan = hooksdir.plan(
        resolution,
        tree=root,
        directory=os.path.realpath(options.hooks_dir or os.path.join(root, "..", "hooks")),
        provides_path=options.provides_file,
    )
    was_there, listing = apply(plan, options.layout)
    return Outcome(
        status=0,
        out="" if quiet else listing,
        err=(NOT_EMPTY if was_there else "") + _render(resolution.diagnostics),
    )


def apply(plan: hooksdir.HooksPlan, layout: str) -> tuple[bool, str]:
    """Make a hooks directory in one of the ``LAYOUTS``.

    Returns:
        Whether something was in it before, and the listing of what is in it now.

    Raises:
        LivecdError: see the callees; nothing was written then.
    """
    if layout == LAYOUTS[0]:
        return hooksdir.apply(plan), hooksdir.listing(plan)
    from livecd_rootfs import normalhooks  # noqa: PLC0415 (make-hooks starts on every build)

    flat = layout == "both"
    return normalhooks.apply(plan, flat=flat), normalhooks.listing(plan, flat=flat)


def parse(argv: Sequence[str]) -> Options:
    """Read a command line.

    Raises:
        UsageError: an option is unknown, or lacks its value.
    """
    options, rest = Options(), list(reversed(argv))
    while rest:
        word = rest.pop()
        if word == "--":
            options.words += reversed(rest)
            break
        if word.startswith("-") and word != "-":
            _option(word, rest, options)
        else:
            options.words.append(word)
    if options.layout not in LAYOUTS:
        why = f"'{options.layout}' is none of {', '.join(LAYOUTS)}"
        raise UsageError("the option --layout needs one of its words", why=why, notes=(USAGE,))
    return options


def _option(word: str, rest: list[str], options: Options) -> None:
    name, value = _split(word)
    if name in VALUED:
        if value is None and not rest:
            raise UsageError(f"the option {name} needs a value", notes=(USAGE,))
        setattr(options, VALUED[name], rest.pop() if value is None else value)
    elif name in ("-q", "--quiet") and value is not None:
        options.quiet = bool(value)
    elif value is not None:
        raise UsageError(f"the option {name} takes no value", notes=(USAGE,))
    else:
        setattr(options, SWITCHES[name], True)
        if SWITCHES[name] == "quiet" and rest and not rest[-1].startswith("-"):
            options.after_quiet.add(len(options.words))


def _split(word: str) -> tuple[str, str | None]:
    """An option's name and what is joined to it: ``-dDIR``, ``-d=DIR``, ``--tree=DIR``.

    Long names may be cut short as far as they stay clear, which argparse allows, too.
    """
    if not word.startswith("--"):
        name, value = word[:2], word[2:] or None
        value = value[1:] if value and value.startswith("=") else value
        known = [name] if name in SWITCHES or name in VALUED else []
    else:
        name, equals, value = word.partition("=")
        value = value if equals else None
        full = [*SWITCHES, *VALUED]
        known = [name] if name in full else [other for other in full if other.startswith(name)]
    if len(known) != 1:
        raise _unknown_option(name)
    return known[0], value


def _unknown_option(name: str) -> UsageError:
    from livecd_rootfs.diagnostics.near import did_you_mean, near  # noqa: PLC0415 (only on errors)

    meant = did_you_mean(near(name, [*SWITCHES, *VALUED]))
    return UsageError(f"there is no option {name}", notes=(USAGE,), remedy=meant)


def _settle_quiet(
    options: Options, is_target: Callable[[str], bool]
) -> tuple[tuple[str, ...], bool]:
    """Tell a target behind ``-q`` from the VALUE of the old ``-q VALUE``.

    It is a target when there is one of its name, or when the line names no other.
    """
    quiet, words = options.quiet, []
    for index, word in enumerate(options.words):
        alone = len(options.words) == len(options.after_quiet)
        is_word = index not in options.after_quiet or any(map(is_target, split_targets([word])))
        if is_word or (alone and word):
            words.append(word)
        else:
            quiet = bool(word)
    return tuple(words), quiet


def _targets(words: Sequence[str], *, lenient: bool) -> tuple[str, ...]:
    targets = split_targets(words)
    if not targets and not (words and lenient):
        raise UsageError(
            "only white space was given as target" if words else "no target was given",
            notes=(USAGE,),
            remedy="name a series file, or ask for --help",
        )
    return targets


def _shown(root: str) -> str:
    """The tree as messages show it: relative, where it lies below the current directory."""
    here = os.getcwd().rstrip("/") + "/"
    return root.removeprefix(here)


def _render(diagnostics: Sequence[Diagnostic]) -> str:
    if not diagnostics:
        return ""
    from livecd_rootfs.diagnostics.full import render  # noqa: PLC0415 (slow to import)

    shown = [render(found, program=PROGRAM) for found in diagnostics[:ERRORS_SHOWN]]
    more = len(diagnostics) - len(shown)
    return "".join(shown) + (f"{PROGRAM}: {more} more of these\n" if more > 0 else "")
