# shellcheck shell=dash disable=SC2015
# What is made of a root or of a disk: lists, file systems, images for hypervisors.
#
# Each appears under its name when it is whole.

# _livecd_appear PART NAME: give a finished artifact its name.
_livecd_appear() { mv -f -- "$1" "$2" || exit 1; }

# _livecd_spoilt NAME PART...: what a failure leaves is removed.
_livecd_spoilt() {
    local name=$1
    shift
    rm -f -- "$@"
    _livecd_die "$name could not be made"
}

# create_manifest ROOT FILE: list the packages of a root, tab separated, and beside
# it, as FILE with .filelist instead of .manifest, its files.
create_manifest() {
    local list
    _livecd_usage $# 2 2 'create_manifest ROOT FILE'
    _livecd_need create_manifest dpkg-query dpkg
    [ -f "$1/var/lib/dpkg/status" ] || _livecd_die "create_manifest: $1 has no packages"
    list=${2%.manifest}.filelist
    dpkg-query --admindir="$1/var/lib/dpkg" --show >"$2.part" || _livecd_spoilt "$2" "$2.part"
    (cd "$1" && find . -xdev) >"$list.part" && LC_ALL=C sort -o "$list.part" "$list.part" ||
        _livecd_spoilt "$list" "$2.part" "$list.part"
    _livecd_appear "$2.part" "$2"
    _livecd_appear "$list.part" "$list"
}

# create_squashfs ROOT FILE: pack a root; times are those of SOURCE_DATE_EPOCH.
# SQUASHFS_COMPRESSION is zstd, or xz: smaller, and twenty times the work.
create_squashfs() {
    local exclude=config/squashfs-exclude-files comp=${SQUASHFS_COMPRESSION:-zstd} level=''
    _livecd_usage $# 2 2 'create_squashfs ROOT FILE'
    _livecd_need create_squashfs mksquashfs squashfs-tools
    [ -d "$1" ] || _livecd_die "create_squashfs: there is no $1"
    [ -f "$exclude" ] || exclude=''
    # mksquashfs's own level is 15: a little smaller, and it takes a minute.
    [ "$comp" != zstd ] || level=3
    rm -f -- "$2.part"
    _livecd_run mksquashfs "$1" "$2.part" -noappend -quiet -no-progress -exit-on-error -xattrs \
        -b 1M -comp "$comp" ${level:+-Xcompression-level "$level"} ${exclude:+-ef "$exclude"} ||
        _livecd_spoilt "$2" "$2.part"
    _livecd_appear "$2.part" "$2"
}

# create_derivative uefi|disk NAME: a copy of binary/boot/disk-uefi.ext4 or disk.ext4 as
# disk-NAME-uefi.ext4 or disk-NAME.ext4, to be changed; derivative_img is its name.
create_derivative() {
    local disk=binary/boot/disk.ext4
    _livecd_usage $# 2 2 'create_derivative uefi|disk NAME'
    derivative_img=binary/boot/disk-$2.ext4
    if [ "$1" = uefi ]; then
        disk=binary/boot/disk-uefi.ext4 derivative_img=binary/boot/disk-$2-uefi.ext4
    elif [ ! -e "$disk" ]; then
        # It boots by BIOS as well.
        disk=binary/boot/disk-uefi.ext4
    fi
    [ -f "$disk" ] || _livecd_die "create_derivative: there is no $disk;" \
        "the series file needs \`depends disk\` above this hook"
    cp --sparse=always --reflink=auto -- "$disk" "$derivative_img.part" ||
        _livecd_spoilt "$derivative_img" "$derivative_img.part"
    _livecd_appear "$derivative_img.part" "$derivative_img"
    export derivative_img
}

# convert_to_qcow2 DISK IMAGE: a compressed qcow2; QCOW2_COMPRESSION is zstd or zlib.
convert_to_qcow2() {
    _livecd_usage $# 2 2 'convert_to_qcow2 DISK IMAGE'
    _livecd_need convert_to_qcow2 qemu-img qemu-utils
    [ -f "$1" ] || _livecd_die "convert_to_qcow2: there is no $1"
    _livecd_run qemu-img convert -c -O qcow2 -o "compression_type=${QCOW2_COMPRESSION:-zstd}" \
        "$1" "$2.part" || _livecd_spoilt "$2" "$2.part"
    _livecd_appear "$2.part" "$2"
    _livecd_run qemu-img info "$2"
}

# create_vmdk DISK IMAGE [MIB]: a streamOptimized VMDK that shows a disk of so many MiB, by
# default 10240, or as large as the disk is if that is larger.
create_vmdk() {
    local bytes size
    _livecd_usage $# 2 3 'create_vmdk DISK IMAGE [MIB]'
    [ -f "$1" ] || _livecd_die "create_vmdk: there is no $1"
    bytes=$(stat --dereference --format=%s -- "$1") || exit 1
    size=$((${3:-10240} * 1048576))
    if [ "$size" -lt "$bytes" ]; then
        [ $# -lt 3 ] || _livecd_die "create_vmdk: $1 does not fit into $3 MiB"
        size=$bytes
    fi
    # Under live-build the package is beside the functions.
    local PYTHONPATH="${PYTHONPATH:+$PYTHONPATH:}config"
    export PYTHONPATH
    if python3 -c 'import livecd_rootfs.shell.vmdk' 2>/dev/null; then
        python3 -m livecd_rootfs.shell.vmdk "$1" "$2.part" "${2##*/}" "$size" ||
            _livecd_spoilt "$2" "$2.part"
    else
        _livecd_vmdk_by_qemu "$1" "$2" "$size"
    fi
    _livecd_appear "$2.part" "$2"
}

# Without this project's Python: a larger disk over the disk, instead of a larger copy of it.
_livecd_vmdk_by_qemu() {
    _livecd_need create_vmdk qemu-img qemu-utils
    rm -f -- "$2.larger"
    _livecd_run qemu-img create -q -f qcow2 -F raw -b "$(_livecd_path "$1")" "$2.larger" "$3" &&
        _livecd_run qemu-img convert -O vmdk -o subformat=streamOptimized,adapter_type=lsilogic \
            "$2.larger" "$2.part" || _livecd_spoilt "$2" "$2.part" "$2.larger"
    rm -f -- "$2.larger"
    modify_vmdk_header "$2.part"
}

# modify_vmdk_header FILE: the descriptor of a streamOptimized VMDK names the version of the
# guest's tools, without which VMware's importers refuse it.
modify_vmdk_header() {
    local first sectors
    _livecd_usage $# 1 1 'modify_vmdk_header FILE'
    [ "$(head -c 4 -- "$1")" = KDMV ] || _livecd_die "modify_vmdk_header: $1 is no VMDK"
    # Two 64-bit numbers of its header: the descriptor's first sector, and how many it has.
    first=$(od -An -t u8 -j 28 -N 8 -- "$1" | tr -d ' ')
    sectors=$(od -An -t u8 -j 36 -N 8 -- "$1" | tr -d ' ')
    dd if="$1" bs=512 skip="$first" count="$sectors" status=none | tr -d '\0' |
        sed '/^ddb\.toolsVersion/d' >"$1.descriptor" || _livecd_spoilt "$1" "$1.descriptor"
    echo 'ddb.toolsVersion = "2147483647"' >>"$1.descriptor"
    if [ "$(stat --format=%s "$1.descriptor")" -gt $((sectors * 512)) ]; then
        _livecd_spoilt "a longer descriptor of $1" "$1.descriptor"
    fi
    truncate --size=$((sectors * 512)) "$1.descriptor" &&
        dd if="$1.descriptor" of="$1" bs=512 seek="$first" conv=notrunc status=none ||
        _livecd_spoilt "the descriptor of $1" "$1.descriptor"
    rm "$1.descriptor"
}

# release_ver: print the release number of the target, such as 13 or 24.04.
release_ver() {
    local file=chroot/etc/os-release
    _livecd_usage $# 0 0 release_ver
    # Inside the target root it is that root's own.
    [ -d chroot ] || file=/etc/os-release
    [ -f "$file" ] || _livecd_die "release_ver: there is no $file"
    # shellcheck disable=SC1090 # the target root's own file
    (. "$file" && printf '%s\n' "${VERSION_ID:-}")
}
