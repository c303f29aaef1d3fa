"""Options that mkosi has and this program does not, each with the reason."""

from __future__ import annotations

from collections.abc import Mapping

_GUEST = "`livecd-rootfs boot` has options for the machine that runs an image"
_CACHE = "every step is cached by what it is made from"
_DISTRIBUTION = "only Debian's and Ubuntu's archives are read"
_DISK = "the disk is laid out by ImageSize and by what boots it"

_OPTIONS = {
    _GUEST: "QemuHeadless QemuGui QemuSmp QemuMem QemuKvm QemuArgs QemuVsock QemuCdrom QemuFirmware "
    "QemuSwtpm Ephemeral RuntimeSize RuntimeTrees Credentials KernelCommandLineExtra SshTimeout "
    "SshPort Acl",
    _CACHE: "Incremental CacheDirectory Cache CacheOnly WorkspaceDirectory",
    _DISTRIBUTION: "UseHostRepositories RepositoryDirectories RepositoryDirectory LocalMirror "
    "RepositoryKeyCheck PackageManagerTrees PackageDirectories",
    _DISK: "Minimize GPTFirstLBA RepartDirectories Seed Encrypt UsrOnly RootSize ESPSize "
    "XBOOTLDRSize SwapSize HomeSize SrvSize VarSize TmpSize",
    "tools come from the tools root where the host's don't suffice": "ToolsTree ExtraSearchPaths "
    "ToolsTreeDistribution",
    "Bootloader says it: grub starts by BIOS and UEFI, systemd-boot by UEFI": "BootProtocols "
    "BiosBootloader",
    "SELinuxRelabel says whether there are labels": "TarStripSELinuxContext",
    "sources are shown at their place, and never reach the image": "SourceFileTransfer "
    "SourceFileTransferFinal",
    "drop-ins are files in mkosi.conf.d": "Include",
    "each build script begins with an empty $DESTDIR, and all that it leaves there is in the "
    "image": "InstallDirectory",
    "each project directory is one image": "Presets Dependencies",
}
BY_REASON: Mapping[str, tuple[str, ...]] = {
    reason: tuple(options.split()) for reason, options in _OPTIONS.items()
}
REASONS: Mapping[str, str] = {
    option: reason for reason, options in BY_REASON.items() for option in options
}
