# shellcheck shell=dash disable=SC2015
# Disk images, their partitions, and what shows these where no loop device can be had.

# _livecd_path NAME: absolute, and without links.
_livecd_path() { realpath --canonicalize-existing -- "$1" || _livecd_die "there is no $1"; }

# create_empty_disk_image FILE: of $imagesize, which is IMAGE_SIZE or 2252 MiB; sparse.
create_empty_disk_image() {
    _livecd_usage $# 1 1 'create_empty_disk_image FILE'
    rm -f -- "$1"
    truncate --size="$imagesize" -- "$1" || _livecd_die "no disk of $imagesize could be made"
}

# make_ext4_partition DEVICE: with the label $fs_label, and room in its tables to grow to 2 TiB.
make_ext4_partition() {
    _livecd_usage $# 1 1 'make_ext4_partition DEVICE'
    _livecd_need make_ext4_partition mke2fs e2fsprogs
    _livecd_run mke2fs -t ext4 -F -q -b 4096 -i 8192 -m 0 ${fs_label:+-L "$fs_label"} \
        -E resize=536870912,lazy_itable_init=0,lazy_journal_init=0 "$1" ||
        _livecd_die "make_ext4_partition: no file system could be made in $1"
}

# mount_image DISK [PARTITION]: sets backing_img, loop_device, whose partitions are
# ${loop_device}p1 and so on, and rootfs_dev_mapper, the partition that was asked for (1).
mount_image() {
    _livecd_usage $# 1 2 'mount_image DISK [PARTITION]'
    backing_img=$(_livecd_path "$1") || exit 1
    [ -d "$_livecd_state" ] || mkdir -m 700 "$_livecd_state"
    if loop_device=$(losetup --find --show --partscan -- "$backing_img" 2>"$_livecd_state/why"); then
        _livecd_record loop "$loop_device" "$backing_img"
        _livecd_nodes
    else
        _livecd_copies "$(cat "$_livecd_state/why")"
    fi
    rootfs_dev_mapper=${loop_device}p${2:-1}
    if [ ! -e "$rootfs_dev_mapper" ]; then
        set -- "$1" "${2:-1}" "$(partx -g -o NR "$backing_img" 2>/dev/null | xargs)"
        _livecd_die "$1 has no partition $2; it has ${3:-none}"
    fi
}

# Where the kernel does not look for partitions it is told of them. Those that still have no
# node get one, where /dev is not the kernel's; else they are devices of their own.
_livecd_nodes() {
    local number start sectors node system
    [ -b "${loop_device}p1" ] && [ ! -L "${loop_device}p1" ] ||
        flock "$loop_device" partx --add "$loop_device" 2>"$_livecd_state/why" || _livecd_return 0
    partx -g -b -o NR,START,SECTORS "$backing_img" 2>/dev/null | while read -r number start sectors; do
        node=${loop_device}p$number system=/sys/class/block/${loop_device##*/}p$number/dev
        # A link is what a killed hook has left.
        [ -L "$node" ] || [ ! -b "$node" ] || continue
        _livecd_record node "$node"
        rm -f "$node"
        if [ -e "$system" ]; then
            mknod "$node" b "$(cut -d: -f1 "$system")" "$(cut -d: -f2 "$system")" || exit 1
        else
            system=$(losetup --find --show --offset $((start * 512)) \
                --sizelimit $((sectors * 512)) -- "$backing_img") || exit 1
            _livecd_record loop "$system" "$backing_img"
            ln -s "$system" "$node" || exit 1
        fi
    done || _livecd_die "mount_image: no devices for the partitions of $backing_img"
}

_livecd_copies() {
    local number start sectors
    _livecd_say "no loop device ($1): works on copies of the partitions"
    loop_device=$(mktemp "$_livecd_state/disk.XXXXXX") || exit 1
    _livecd_record copies "$loop_device" "$backing_img"
    partx -g -b -o NR,START,SECTORS "$backing_img" | while read -r number start sectors; do
        dd if="$backing_img" of="${loop_device}p$number" bs=1M iflag=skip_bytes,count_bytes \
            skip=$((start * 512)) count=$((sectors * 512)) conv=sparse status=none &&
            truncate --size=$((sectors * 512)) "${loop_device}p$number" || exit 1
    done || _livecd_die "mount_image: no room for copies of the partitions of $backing_img"
    touch "$loop_device"
}

# clean_loops: let go of what mount_image took.
clean_loops() {
    [ -n "$loop_device" ] || return 0
    _livecd_undo disk "$loop_device" "$backing_img" || _livecd_die "$backing_img is still in use"
    backing_img='' loop_device='' rootfs_dev_mapper=''
}

_livecd_undo_node() { rm -f "$1"; }

_livecd_undo_loop() {
    [ "$(losetup --noheadings --output BACK-FILE "$1" 2>/dev/null)" = "$2" ] || return 0
    losetup --detach "$1"
}

_livecd_undo_copies() {
    local number start sectors part
    [ "$_livecd_keep" = yes ] || return 0
    partx -g -b -o NR,START,SECTORS "$2" | while read -r number start sectors; do
        part=$1p$number
        [ "$part" -nt "$1" ] || continue
        fallocate --punch-hole --offset $((start * 512)) --length $((sectors * 512)) "$2" &&
            dd if="$part" of="$2" bs=1M seek=$((start * 512)) oflag=seek_bytes conv=notrunc,sparse \
                status=none || exit 1
    done && rm -f "$1" "$1"p*
}
