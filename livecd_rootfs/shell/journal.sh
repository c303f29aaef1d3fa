# shellcheck shell=dash disable=SC2015,SC3028
# (What follows || ends the hook, whichever of the commands before it failed; variables of bash
# are asked for where they may be missing.)
#
# Functions for hooks, to be sourced: . config/functions
#
# They carry the names that hooks know from Ubuntu's livecd-rootfs, for bash and
# for dash. Relative names are looked up in the build directory, where binary
# hooks start. Wrong arguments and failures end the hook, with one line that
# says why.
#
# What a function mounts, attaches or puts aside is written to a journal before
# it is done. A hook's end, whatever brings it about, undoes what is left there,
# after the hook's own EXIT trap. bash asks `trap` below; dash can't, so there a
# trap for EXIT should be set before this file is sourced.
#
# Disks are loop devices, with nodes for their partitions also where the kernel
# does not look for them. Without loop devices, as for an ordinary user, copies
# of the partitions stand in for them: ext4 is then mounted by fuse2fs, and what
# was changed is written back. A kernel without vfat gets the files of such a
# partition from mtools, which puts them back as well.

# (`return` and `exit` always say a status here: in a trap, bash takes that of before for them.)

imagesize=${IMAGE_SIZE:-2361393152}
fs_label=${FS_LABEL:-cloudimg-rootfs}
backing_img='' loop_device='' rootfs_dev_mapper='' derivative_img=''

_livecd_tab='	'
_livecd_line='
'

_livecd_say() { printf '%s: %s\n' "${0##*/}" "$*" >&2; }

_livecd_die() {
    _livecd_say "$@"
    exit 1
}

# _livecd_usage COUNT LEAST MOST TEXT: end the hook unless it gave so many arguments.
_livecd_usage() {
    if [ "$1" -lt "$2" ] || [ "$1" -gt "$3" ]; then
        _livecd_say "usage: $4"
        exit 2
    fi
}

# _livecd_has TOOL: whether it can be run, from the host or from the build's tools root.
_livecd_has() {
    command -v "$1" >/dev/null || [ -x "${LIVECD_TOOLS_ROOT:-/nonexistent}/usr/bin/$1" ] ||
        [ -x "${LIVECD_TOOLS_ROOT:-/nonexistent}/usr/sbin/$1" ]
}

# _livecd_need WHO TOOL PACKAGE
_livecd_need() {
    _livecd_has "$2" || _livecd_die "$1 needs $2, which is not here: apt-get install $3"
}

# _livecd_run TOOL ARGUMENT...: the host's; else that of the tools root, which may be
# linked against newer libraries and so runs by its own loader.
_livecd_run() {
    local tool=$1 root=${LIVECD_TOOLS_ROOT:-} loader libraries place
    if command -v "$tool" >/dev/null; then
        "$@"
        return $?
    fi
    shift
    for loader in "$root"/usr/lib*/ld-linux*.so.*; do :; done
    for libraries in "$root"/usr/lib/*-linux-gnu*; do :; done
    for place in "$root/usr/bin/$tool" "$root/usr/sbin/$tool"; do
        if [ -x "$place" ]; then
            "$loader" --library-path "$libraries" "$place" "$@"
            return $?
        fi
    done
    return 127
}

# One line for each thing to undo: KIND, PLACE and, for some, SOURCE, with tabs between.
_livecd_record() {
    [ -d "$_livecd_state" ] || mkdir -m 700 "$_livecd_state" || _livecd_die "no room for notes"
    printf '%s\t%s\t%s\n' "$1" "$2" "${3:-}" >>"$_livecd_state/journal"
    _livecd_arm
}

_livecd_forget() {
    line="$1$_livecd_tab$2$_livecd_tab$3" \
        awk '$0 != ENVIRON["line"]' "$_livecd_state/journal" >"$_livecd_state/journal.new" &&
        mv "$_livecd_state/journal.new" "$_livecd_state/journal"
}

# _livecd_undo all | inside DIR | mount DIR | disk DEVICE FILE: undo entries, the last first.
_livecd_undo() {
    local kind place source result=0
    [ -s "$_livecd_state/journal" ] || return 0
    tac "$_livecd_state/journal" >"$_livecd_state/undo"
    while IFS=$_livecd_tab read -r kind place source <&8; do
        case $1:$kind:$place in
            all:*) ;;
            inside:*:"${2:-}"/* | inside:scaffold:"${2:-}" | inside:policy:"${2:-}") ;;
            mount:mounted:"${2:-}" | mount:fuse:"${2:-}" | mount:files:"${2:-}") ;;
            disk:node:"${2:-}"p[0-9]* | disk:copies:"${2:-}") ;;
            disk:loop:*) [ "$source" = "${3:-}" ] || continue ;;
            *) continue ;;
        esac
        if "_livecd_undo_$kind" "$place" "$source"; then
            _livecd_forget "$kind" "$place" "$source"
        else
            _livecd_say "left behind: $kind $place"
            result=1
        fi
    done 8<"$_livecd_state/undo"
    return "$result"
}

_livecd_return() { return "$1"; }

# The end: first what the hook itself wants to do then, which may call `exit`.
_livecd_leave() {
    _livecd_status=$?
    set +e
    command trap - EXIT
    if [ -n "$_livecd_at_exit" ]; then
        { _livecd_ended=$(
            {
                _livecd_return "$_livecd_status"
                eval "$_livecd_at_exit"
            } >&9 9>&-
            echo by itself
        ); } 9>&1
        _livecd_status_of_trap=$?
    else
        _livecd_ended='by itself'
    fi
    command trap '' INT TERM HUP
    _livecd_clean_up
    # Otherwise the status, or the signal, is what it was.
    [ "$_livecd_ended" = 'by itself' ] || exit "$_livecd_status_of_trap"
}

_livecd_clean_up() {
    [ -d "$_livecd_state" ] || return 0
    [ "$_livecd_status" = 0 ] || _livecd_keep=no
    # A hook that ends in a directory would keep that busy.
    cd /
    _livecd_undo all
    rm -rf "$_livecd_state"
}

# Shells other than bash end by a signal without a look at EXIT.
_livecd_signalled() {
    _livecd_return "$2"
    _livecd_leave
    command trap - "$1"
    kill -s "$1" "$_livecd_owner"
}

# What `trap` does in bash: EXIT is kept for _livecd_leave, the rest is done.
_livecd_trap() {
    [ "${1:-}" != -- ] || shift
    case ${1:--p} in
        -*[lpP]*)
            command trap "$@"
            return $?
            ;;
    esac
    if [ $# -lt 2 ] || [ "${BASHPID:-$_livecd_owner}" != "$_livecd_owner" ]; then
        command trap -- "$@"
        return $?
    fi
    _livecd_action=$1
    shift
    for _livecd_signal; do
        case $_livecd_action:$_livecd_signal in
            _livecd_leave:*) ;;
            -:EXIT | -:exit | -:SIGEXIT | -:0) _livecd_at_exit='' ;;
            *:EXIT | *:exit | *:SIGEXIT | *:0) _livecd_at_exit=$_livecd_action ;;
            *) command trap -- "$_livecd_action" "$_livecd_signal" ;;
        esac
    done
}

# Take the EXIT trap over, with what the hook has set there before.
_livecd_arm() {
    case ${BASH_VERSION:+${SHELLOPTS:-}}:${BASHPID:-$_livecd_owner} in
        :*) ;;
        *posix*) ;;
        *":$_livecd_owner")
            eval 'trap() { _livecd_trap "$@"; }'
            eval "$(command trap -p EXIT)"
            command trap _livecd_leave EXIT
            return 0
            ;;
        *) return 0 ;;
    esac
    [ "$(exec sh -c 'echo "$PPID"')" = "$_livecd_owner" ] || return 0
    [ -d "$_livecd_state" ] || mkdir -m 700 "$_livecd_state" || return 1
    command trap >"$_livecd_state/traps"
    eval "$(sed 's/^trap -- /_livecd_trap -- /' "$_livecd_state/traps")"
    command trap _livecd_leave EXIT
    for _livecd_signal in HUP:129 INT:130 TERM:143; do
        grep -q " ${_livecd_signal%:*}\$" "$_livecd_state/traps" ||
            command trap "_livecd_signalled ${_livecd_signal%:*} ${_livecd_signal#*:}" \
                "${_livecd_signal%:*}"
    done
    rm "$_livecd_state/traps"
    [ -f "$_livecd_state/journal" ] || rmdir "$_livecd_state"
}

# --- sourcing ---------------------------------------------------------------

# The shell that sources this file is the one whose end counts.
_livecd_self=${BASHPID:-$(exec sh -c 'echo "$PPID"')}
if [ "${_livecd_owner:-}" != "$_livecd_self" ]; then
    _livecd_owner=$_livecd_self
    read -r LIVECD_HOOK </proc/sys/kernel/random/uuid || LIVECD_HOOK=$_livecd_self
    export LIVECD_HOOK
    _livecd_state=${LIVECD_SCRATCH:-${TMPDIR:-/tmp}}/hook-$LIVECD_HOOK
    _livecd_at_exit=''
    _livecd_keep=yes
    _livecd_arm
fi
