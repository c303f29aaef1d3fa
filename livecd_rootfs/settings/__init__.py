"""The settings of a build: one table, and frozen values that know where they came from.

Precedence, highest first: the command line, the environment, the project's
``mkosi.conf`` with its drop-ins, the default. The option names in the files are mkosi's own.
"""

from livecd_rootfs.network import proxies
from livecd_rootfs.places import cache_directory, host_architecture
from livecd_rootfs.settings.configfiles import CONFIG_FILE, CONFIGURATION
from livecd_rootfs.settings.generalrows import DEFAULT_SUITE
from livecd_rootfs.settings.loading import load
from livecd_rootfs.settings.row import LISTS, PROJECT_FILES, Kind, Setting
from livecd_rootfs.settings.table import BY_OPTION, BY_VARIABLE, FLAGS, ROWS, SECTIONS, TABLE
from livecd_rootfs.settings.value import (
    BUILD_DIRECTORY,
    FILES,
    ProjectFile,
    Settings,
    Value,
)

__all__ = [
    "BUILD_DIRECTORY",
    "BY_OPTION",
    "BY_VARIABLE",
    "CONFIGURATION",
    "CONFIG_FILE",
    "DEFAULT_SUITE",
    "FILES",
    "FLAGS",
    "LISTS",
    "PROJECT_FILES",
    "ROWS",
    "SECTIONS",
    "TABLE",
    "Kind",
    "ProjectFile",
    "Setting",
    "Settings",
    "Value",
    "cache_directory",
    "host_architecture",
    "load",
    "proxies",
]
