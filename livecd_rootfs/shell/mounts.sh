# shellcheck shell=dash disable=SC2015
# Mounting partitions and roots, and undoing that.

# _livecd_mount DEVICE DIR: by the kernel, else by what does its work.
_livecd_mount() {
    local kind why
    if [ -b "$1" ]; then
        # udev, while it looks at a disk, takes the nodes of its partitions away.
        _livecd_record mounted "$2" "$1"
        why=$(flock "${loop_device:-$1}" mount -- "$1" "$2" 2>&1) && return 0
        _livecd_forget mounted "$2" "$1"
        why=${why%%"$_livecd_line"*}
    fi
    kind=$(blkid -p -o value -s TYPE -- "$1") || kind=nothing
    case $kind in
        vfat) _livecd_mount_files "$1" "$2" ;;
        ext[234]) _livecd_mount_fuse "$1" "$2" ;;
        *) _livecd_die "$1 can't be mounted: ${why:-it holds $kind}" ;;
    esac || _livecd_die "$1 can't be mounted${why:+: $why}"
}

_livecd_mount_fuse() {
    _livecd_need "mounting $1 without the kernel's help" fuse2fs fuse2fs
    [ -w /dev/fuse ] || _livecd_die "mounting $1 needs the right to open /dev/fuse;" \
        "where no udev gives it to all, \`chmod 666 /dev/fuse\` does"
    _livecd_record fuse "$2" "$1"
    (
        flock 7
        _livecd_run fuse2fs "$1" "$2" -o fakeroot,allow_other
    ) 7>"$1.lock"
}

# mtools complain of a loop device's geometry; that counts where they fail.
_livecd_mtool() {
    _livecd_run "$@" 2>"$_livecd_state/mtool.log" || { cat "$_livecd_state/mtool.log" >&2 && return 1; }
}

_livecd_mount_files() {
    _livecd_need "reading $1, as this kernel has no vfat," mcopy mtools
    _livecd_record files "$2" "$1"
    mount -t tmpfs -o mode=0755 tmpfs "$2" || return 1
    if [ -n "$(_livecd_mtool mdir -b -i "$1" ::/)" ]; then
        _livecd_mtool mcopy -i "$1" -s -Q -p -m '::/*' "$2" || return 1
    fi
    touch "$_livecd_state/files"
}

# setup_mountpoint DIR: make a root usable for `chroot DIR COMMAND`, apt-get included.
setup_mountpoint() {
    local dir before=''
    _livecd_usage $# 1 1 'setup_mountpoint DIR'
    dir=$(_livecd_path "$1") || exit 1
    [ -e "$dir/etc/resolv.conf" ] || [ -L "$dir/etc/resolv.conf" ] || before=none
    _livecd_record scaffold "$dir" "$before"
    _livecd_scaffold "$dir" || _livecd_die "setup_mountpoint: $1 could not be made ready"
    if [ -d "$dir/etc/resolv.conf" ] || [ ! -f /etc/resolv.conf ]; then
        return 0
    elif [ -z "$before" ] && ! [ -e "$dir/etc/resolv.conf.livecd" ]; then
        mv "$dir/etc/resolv.conf" "$dir/etc/resolv.conf.livecd" || exit 1
    fi
    # It may be on a full disk.
    cat /etc/resolv.conf >"$dir/etc/resolv.conf" || _livecd_die "setup_mountpoint: $1 is full"
    _livecd_update "$dir"
}

_livecd_scaffold() {
    local name
    mount -t proc proc "$1/proc" 2>/dev/null || mount --rbind /proc "$1/proc" || return 1
    for name in sys dev; do
        mount --rbind "/$name" "$1/$name" && mount --make-rslave "$1/$name" || return 1
    done
    # What lands there is not for the image.
    for name in run tmp var/lib/apt/lists var/cache/apt; do
        [ ! -d "$1/$name" ] || mount -t tmpfs tmpfs "$1/$name" || return 1
    done
    chmod 1777 "$1/tmp"
}

# Images come without lists of packages; a hook that installs some expects them.
_livecd_update() {
    [ -x "$1/usr/bin/apt-get" ] || return 0
    if [ "$(wc -l </proc/net/route)" -lt 2 ]; then
        _livecd_say "no network, so apt knows no packages in $1"
    elif ! chroot "$1" apt-get -qq -o APT::Update::Error-Mode=any update; then
        _livecd_say "apt knows no, or not all, packages in $1"
    fi
}

# teardown_mountpoint DIR: undo setup_mountpoint, and unmount all that is mounted below.
teardown_mountpoint() {
    _livecd_usage $# 1 1 'teardown_mountpoint DIR'
    _livecd_undo inside "$(_livecd_path "$1")" || _livecd_die "teardown_mountpoint: $1 is in use"
}

# mount_partition DEVICE DIR: mount it, and setup_mountpoint.
mount_partition() {
    _livecd_usage $# 2 2 'mount_partition DEVICE DIR'
    mkdir -p -- "$2" || exit 1
    _livecd_mount "$1" "$(_livecd_path "$2")"
    setup_mountpoint "$2"
}

# mount_disk_image DISK DIR [PARTITION]: all of it: the root (1), /boot and the ESP where it
# has them, and a policy-rc.d so that no service starts.
mount_disk_image() {
    local dir number type
    _livecd_usage $# 2 3 'mount_disk_image DISK DIR [PARTITION]'
    mount_image "$1" "${3:-1}"
    mount_partition "$rootfs_dev_mapper" "$2"
    dir=$(_livecd_path "$2") || exit 1
    # The types of XBOOTLDR, which lies above the ESP, and of the ESP.
    for type in bc13c2ff-59e6-4262-a352-b275fd6f7172:boot c12a7328-f81f-11d2-ba4b-00a0c93ec93b:boot/efi; do
        number=$(partx -g -o NR,TYPE "$backing_img" | awk -v "type=${type%:*}" '$2 == type { print $1; exit }')
        [ -n "$number" ] && [ -d "$dir/${type#*:}" ] || continue
        _livecd_mount "${loop_device}p$number" "$dir/${type#*:}"
    done
    if [ -d "$dir/usr/sbin" ] && [ ! -e "$dir/usr/sbin/policy-rc.d" ]; then
        _livecd_record policy "$dir"
        printf '%s\n' '#!/bin/sh' 'exit 101' >"$dir/usr/sbin/policy-rc.d" &&
            chmod 755 "$dir/usr/sbin/policy-rc.d" || _livecd_die "mount_disk_image: $1 is full"
    fi
}

# umount_partition DIR: undo mount_partition; free blocks give their room back.
umount_partition() {
    local dir
    _livecd_usage $# 1 1 'umount_partition DIR'
    dir=$(_livecd_path "$1") || exit 1
    teardown_mountpoint "$dir"
    # What was removed is free when that is written.
    sync --file-system "$dir"
    fstrim "$dir" 2>/dev/null || _livecd_say "free blocks of $1 keep what was in them"
    _livecd_undo mount "$dir" || _livecd_die "umount_partition: $1 is in use"
    _livecd_umount "$dir" || _livecd_die "umount_partition: $1 is in use"
}

# umount_disk_image DIR: undo mount_disk_image.
umount_disk_image() {
    _livecd_usage $# 1 1 'umount_disk_image DIR'
    umount_partition "$1"
    clean_loops
}

# mount_overlay LOWER UPPER DIR: an overlay; its work directory is UPPER/../work.
mount_overlay() {
    local dir lower upper work
    _livecd_usage $# 3 3 'mount_overlay LOWER UPPER DIR'
    lower=$(_livecd_path "$1") && dir=$(_livecd_path "$3") && mkdir -p -- "$2" "$2/../work" || exit 1
    upper=$(_livecd_path "$2") && work=$(_livecd_path "$2/../work") || exit 1
    _livecd_record mounted "$dir" "$lower"
    mount -t overlay overlay -o "lowerdir=$lower,upperdir=$upper,workdir=$work" "$dir" 2>/dev/null && return 0
    # No upper directory can be on an overlay, as the build directory may be: it goes elsewhere.
    work=$(mktemp -d "$_livecd_state/overlay.XXXXXX") && mkdir "$work/upper" "$work/work" || exit 1
    cp -a "$upper/." "$work/upper" && _livecd_record mounted "$upper" &&
        mount --bind "$work/upper" "$upper" &&
        mount -t overlay overlay "$dir" -o \
            "lowerdir=$lower,upperdir=$work/upper,workdir=$work/work,userxattr" 2>/dev/null && return 0
    # The kernel stacks no more than two overlays.
    _livecd_say "mount_overlay: no overlay of $1 can be had, so $3 is a copy of it; $2 will not show changes"
    mkdir "$work/copy" && cp -a "$lower/." "$work/copy" && cp -a "$work/upper/." "$work/copy" &&
        mount --bind "$work/copy" "$dir" || _livecd_die "mount_overlay: there is no room for $3"
}

# _livecd_umount DIR: with all that is mounted below; what still runs there is ended.
_livecd_umount() {
    mountpoint -q -- "$1" || return 0
    umount --recursive -- "$1" 2>/dev/null && return 0
    _livecd_end_processes "$1"
    umount --recursive -- "$1"
}

# Those that have the directory as their root, or were started by this hook.
_livecd_end_processes() {
    local process
    for process in $(find /proc/[0-9]*/root /proc/[0-9]*/cwd /proc/[0-9]*/fd -maxdepth 1 \
        \( -lname "$1" -o -lname "$1/*" \) -printf '%h\n' 2>/dev/null | cut -d/ -f3 | sort -u); do
        [ "$process" != "$_livecd_owner" ] && [ "$process" != $$ ] || continue
        case $(readlink "/proc/$process/root") in
            "$1" | "$1"/*) ;;
            *) grep -qzx "LIVECD_HOOK=$LIVECD_HOOK" "/proc/$process/environ" || continue ;;
        esac
        _livecd_say "ends what still runs in $1: $(tr '\0' ' ' <"/proc/$process/cmdline")"
        kill -TERM "$process"
        timeout 3 tail --pid="$process" -s 0.1 -f /dev/null || kill -KILL "$process"
    done
}

_livecd_undo_mounted() { _livecd_umount "$1"; }

# The daemon holds the lock until all is written.
_livecd_undo_fuse() {
    _livecd_umount "$1" && flock "$2.lock" true || return 1
    [ "$_livecd_keep" = no ] || _livecd_run e2fsck -fy -E discard "$2" >"$2.log" 2>&1 ||
        [ $? -lt 4 ] || { cat "$2.log" >&2 && return 1; }
}

_livecd_undo_files() {
    if [ "$_livecd_keep" = yes ] && [ -n "$(find "$1" -newer "$_livecd_state/files")" ]; then
        _livecd_mtool mdir -b -i "$2" ::/ | while read -r _livecd_name; do
            _livecd_mtool mdeltree -i "$2" "$_livecd_name" || exit 1
        done || return 1
        (cd "$1" && for _livecd_name in ./* ./.[!.]*; do
            [ ! -e "$_livecd_name" ] || _livecd_mtool mcopy -i "$2" -s -Q -p -m "$_livecd_name" ::/ || exit 1
        done) || return 1
    fi
    _livecd_umount "$1"
}

_livecd_undo_policy() { rm -f "$1/usr/sbin/policy-rc.d"; }

_livecd_undo_scaffold() {
    local point result=0
    # Copies of the kernel's own trees. What a user's namespace has been given within them
    # can't be taken out of them, only go with them.
    for point in dev sys proc; do
        ! mountpoint -q -- "$1/$point" || umount --recursive -- "$1/$point" 2>/dev/null ||
            umount --lazy -- "$1/$point" || result=1
    done
    # Whatever else is mounted below, also by the hook itself; later ones first.
    for point in $(dir="$1/" awk 'index($5, ENVIRON["dir"]) == 1 { print $5 }' \
        /proc/self/mountinfo | tac); do
        _livecd_umount "$(printf '%b' "$point")" || result=1
    done
    if [ -e "$1/etc/resolv.conf.livecd" ] || [ -L "$1/etc/resolv.conf.livecd" ]; then
        mv -f "$1/etc/resolv.conf.livecd" "$1/etc/resolv.conf" || result=1
    elif [ "$2" = none ]; then
        rm -f "$1/etc/resolv.conf"
    fi
    return $result
}
