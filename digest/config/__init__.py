"""config.toml and the environment to `Settings`; every fault is reported at once, with its key.

`find` says which file, `load` reads it. What can be configured is in `settings`, how values are read in `values`, how
faults are worded in `faults`.
"""

from digest.config.absences import written
from digest.config.faults import did_you_mean
from digest.config.files import find, is_readable_by_all
from digest.config.reading import from_text, load, read_subscriber
from digest.config.records import PAUSED_UNTIL, STATUS, record
from digest.config.settings import (
    ArxivSettings,
    BiorxivSettings,
    FeedSettings,
    HuggingFaceSettings,
    Settings,
    SourceSettings,
    SubscriberSettings,
)
from digest.config.values import day_names, is_loopback

__all__ = [
    "PAUSED_UNTIL",
    "STATUS",
    "ArxivSettings",
    "BiorxivSettings",
    "FeedSettings",
    "HuggingFaceSettings",
    "Settings",
    "SourceSettings",
    "SubscriberSettings",
    "day_names",
    "did_you_mean",
    "find",
    "from_text",
    "is_loopback",
    "is_readable_by_all",
    "load",
    "read_subscriber",
    "record",
    "written",
]
