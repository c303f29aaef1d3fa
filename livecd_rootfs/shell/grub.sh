# shellcheck shell=dash disable=SC2015
# GRUB's configuration in a root that is no running system.

# divert_grub ROOT: until undivert_grub, update-grub finds no other systems of this machine,
# and nothing in the root sees that this is a container.
divert_grub() {
    local detector
    _livecd_usage $# 1 1 'divert_grub ROOT'
    detector=$1/usr/bin/systemd-detect-virt
    chroot "$1" dpkg-divert --quiet --local --rename \
        --divert /etc/grub.d/30_os-prober.dpkg-divert --add /etc/grub.d/30_os-prober &&
        chroot "$1" dpkg-divert --quiet --local --rename --add /usr/bin/systemd-detect-virt &&
        printf '#!/bin/sh\nexit 1\n' >"$detector" &&
        chmod 755 "$detector" || _livecd_die "divert_grub: $1 could not be changed"
}

# undivert_grub ROOT: undo divert_grub.
undivert_grub() {
    local detector
    _livecd_usage $# 1 1 'undivert_grub ROOT'
    detector=$1/usr/bin/systemd-detect-virt
    if [ -f "$detector" ] && grep -qx 'exit 1' "$detector"; then
        rm "$detector" || exit 1
    fi
    chroot "$1" dpkg-divert --quiet --local --rename --remove /usr/bin/systemd-detect-virt &&
        chroot "$1" dpkg-divert --quiet --local --rename \
            --divert /etc/grub.d/30_os-prober.dpkg-divert --remove /etc/grub.d/30_os-prober ||
        _livecd_die "undivert_grub: $1 could not be changed"
}

# replace_grub_root_with_label ROOT: kernels find their root by the label $fs_label, not by the
# device that update-grub saw. A root that asks for its partition's UUID keeps that.
replace_grub_root_with_label() {
    local config
    _livecd_usage $# 1 1 'replace_grub_root_with_label ROOT'
    config=$1/boot/grub/grub.cfg
    if grep -qs '^GRUB_FORCE_PARTUUID=' "$1/etc/default/grub.d/40-force-partuuid.cfg"; then
        return 0
    fi
    [ -f "$config" ] || _livecd_die "replace_grub_root_with_label: there is no $config"
    sed -i "/^[[:space:]]*linux/ s|\([[:space:]]\)root=[^[:space:]]*|\1root=LABEL=$fs_label|g" "$config"
}

# force_boot_without_initramfs DIR: GRUB of Ubuntu boots the mounted disk by its partition's
# UUID and without an initramfs, and falls back on one.
force_boot_without_initramfs() {
    local dir device uuid=''
    _livecd_usage $# 1 1 'force_boot_without_initramfs DIR'
    dir=$(_livecd_path "$1") || exit 1
    device=$(findmnt --noheadings --output SOURCE --target "$dir")
    case $device in
        "${loop_device:-/nonexistent}"p*)
            uuid=$(partx -g -o UUID --nr "${device##*p}" "$backing_img" | tr -d ' ')
            ;;
        /dev/*) uuid=$(blkid -s PARTUUID -o value "$device") ;;
    esac
    if [ -z "$uuid" ]; then
        _livecd_say "force_boot_without_initramfs: $device has no UUID, so nothing is changed"
        return 0
    fi
    mkdir -p "$dir/etc/default/grub.d" &&
        printf '# Boot without an initramfs; without this line, with one.\nGRUB_FORCE_PARTUUID=%s\n' \
            "$uuid" >"$dir/etc/default/grub.d/40-force-partuuid.cfg" ||
        _livecd_die "force_boot_without_initramfs: $1 could not be changed"
    divert_grub "$dir"
    chroot "$dir" update-grub || _livecd_die "force_boot_without_initramfs: update-grub failed"
    undivert_grub "$dir"
}

# track_initramfs_boot_fallback DIR: GRUB's environment then says in
# initrdless_boot_fallback_triggered whether such a boot fell back.
track_initramfs_boot_fallback() {
    local script
    _livecd_usage $# 1 1 'track_initramfs_boot_fallback DIR'
    script=$1/etc/grub.d/01_track_initrdless_boot_fallback
    [ -d "$1/etc/grub.d" ] || _livecd_die "track_initramfs_boot_fallback: $1 has no GRUB"
    cat >"$script" <<'END' && chmod 755 "$script" || _livecd_die "$script could not be written"
#!/bin/sh
# Part of grub.cfg: after a boot without initramfs that failed, the one with it says so.
cat <<'GRUB'
if [ "${have_grubenv}" ]; then
    set initrdless_boot_fallback_triggered="${initrdfail}"
    save_env initrdless_boot_fallback_triggered
fi
GRUB
END
}
