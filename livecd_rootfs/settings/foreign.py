"""Options that mkosi has and this program does not, each with what to do instead."""

from __future__ import annotations

from collections.abc import Mapping

_OPTIONS = {
    "`livecd-rootfs boot` has options for the machine that runs an image": "QemuHeadless QemuGui "
    "QemuSmp QemuMem QemuKvm QemuArgs QemuVsock QemuCdrom QemuFirmware QemuKernel QemuDrives "
    "QemuSwtpm QemuBoot Ephemeral RuntimeSize RuntimeTrees Credentials KernelCommandLineExtra "
    "SshTimeout SshPort NspawnKeepUnit",
    "every step is cached by what it is made from": "Incremental CacheDirectory Cache "
    "WorkspaceDirectory UseSubvolumes",
    "`--offline` builds with what the cache has": "CacheOnly",
    "only Debian's and Ubuntu's archives are read, and what they give is always checked": (
        "UseHostRepositories RepositoryDirectories RepositoryDirectory LocalMirror "
        "RepositoryKeyCheck PackageDirectories"
    ),
    "what apt is to find before packages, such as etc/apt/preferences.d, belongs into "
    "mkosi.skeleton": "PackageManagerTrees",
    "recommended packages are not installed: name those you want in Packages": "WithRecommends",
    "a root begins with essential packages and apt, and has what Packages says": "BasePackages",
    "the disk is laid out by ImageSize and by what boots it: an ESP and "
    "the root": "Minimize GPTFirstLBA RepartDirectories Seed SectorSize Encrypt Passphrase "
    "UsrOnly RootSize ESPSize XBOOTLDRSize SwapSize HomeSize SrvSize VarSize TmpSize BiosSize",
    "Verity=yes makes a root that nobody can change": "ReadOnly",
    "SplitArtifacts gives partitions, kernel and initrd": "OutputSplitRoot OutputSplitVerity "
    "OutputSplitVeritySig OutputSplitKernel OutputSplitKcmdline",
    "write CompressOutput=xz": "XZ",
    "Compression says how hard a squashfs is compressed": "Mksquashfs MkSquashfs",
    "the image is the whole root, not only what is added to BaseTrees": "Overlay",
    "Format=cpio makes an initramfs of any root": "MakeInitrd",
    "modules come with the kernel's package; RemoveFiles takes some away": "KernelModulesInclude "
    "KernelModulesExclude",
    "initramfs-tools or dracut makes the initrd, which InitrdOptions configures": (
        "KernelModulesInitrd KernelModulesInitrdExclude HostonlyInitrd InitrdPackages InitrdInclude"
    ),
    "tools come from the tools root where the host's don't suffice": "ToolsTree ExtraSearchPaths "
    "ToolsTreeDistribution ToolsTreeRelease ToolsTreeMirror ToolsTreePackages SecureBootSignTool",
    "Bootloader says it: grub starts by BIOS and UEFI, systemd-boot by UEFI": "BootProtocols "
    "BiosBootloader",
    "the hash of the root is in the kernel's command line, which SecureBoot signs": "VerityKey "
    "VerityCertificate",
    "kernels are signed, what they will be measured as is not": "SignExpectedPcr",
    "`openssl req -x509` makes the key": "SecureBootValidDays SecureBootCommonName",
    "SELinuxRelabel says whether there are labels": "TarStripSELinuxContext",
    "sources are shown at their place, and never reach the image": "SourceFileTransfer "
    "SourceFileTransferFinal SourceResolveSymlinks SourceResolveSymlinksFinal",
    "what a script writes to its sources is always thrown away": "BuildSourcesEphemeral",
    "BuildDirectory is for what scripts leave": "IncludeDirectory",
    "Format=none makes no image": "SkipFinalPhase",
    "the output directory gets what each build makes": "Force NoChown Acl",
    "mkosi.version holds the version": "AutoBump",
    "drop-ins are files and directories in mkosi.conf.d": "Include Profile Profiles",
    "--set Preset=NAME builds one of mkosi.presets": "Presets Images",
    "build those presets first, each by --set Preset=NAME": "Dependencies",
    "this is not mkosi": "MinimumVersion",
}
BY_REASON: Mapping[str, tuple[str, ...]] = {
    reason: tuple(options.split()) for reason, options in _OPTIONS.items()
}
REASONS: Mapping[str, str] = {
    option: reason for reason, options in BY_REASON.items() for option in options
}
# Values, of options that both have, that only mkosi has.
VALUES: Mapping[tuple[str, str], str] = {
    ("Bootloader", "none"): "Bootable=no makes an image without one",
    ("Bootloader", "uki"): "systemd-boot starts the unified kernel images",
}
# Files and folders of a project that mkosi reads, or once read, by their names.
FILES: Mapping[str, str] = {
    "mkosi.default": "rename it to mkosi.conf",
    "mkosi.default.d": "rename it to mkosi.conf.d, and what is in it to NAME.conf",
    "mkosi.files": "build each by itself, as a preset in mkosi.presets",
    "mkosi.repart": REASONS["RepartDirectories"],
    "mkosi.passphrase": "no partition is encrypted",
    "mkosi.pkgmngr": REASONS["PackageManagerTrees"],
    "mkosi.reposdir": REASONS["RepositoryDirectories"],
    "mkosi.images": "rename it to mkosi.presets, of which --set Preset=NAME builds one",
    "mkosi.profiles": REASONS["Profile"],
    "mkosi.local.conf": "move it into mkosi.conf.d",
}
