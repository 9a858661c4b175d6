"""What `digest check` says of versions: whether the tables are about to change, and which programs are in the way."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

from digest.model import Finding, Weight

if TYPE_CHECKING:
    from digest.store.migrating import Standing


def examine(standing: "Standing") -> Iterator[Finding]:
    """What is to be known before anything is started or stopped; nothing, where there is only one version."""
    if (said := _said(standing)) is not None:
        yield Finding("versions", *said)


def _said(standing: "Standing") -> tuple[Weight, str] | None:
    from digest.store.migrating import described

    if standing.is_to_change:
        return _changing(standing)
    if standing.ahead and standing.in_the_way:
        rest = (
            f"the tables are at {standing.revision}, and {standing.knows} waits, which takes away what older ones need"
        )
        who = described(standing.in_the_way)
        return Weight.WARNING, f"{rest}: {who}; stop them, and it follows by itself, or by `digest store upgrade`"
    if standing.revision is not None and standing.revision > standing.knows:
        rest = f"a newer one has added to the tables (they are at {standing.revision}, this one knows {standing.knows})"
        return Weight.NOTE, f"{rest}; this one goes on working: upgrade it when you like"
    if len({each.version for each in standing.at_work}) > 1:
        return Weight.NOTE, f"{described(standing.at_work)}; they understand the same tables"
    return None


def _changing(standing: "Standing") -> tuple[Weight, str]:
    """This version cannot begin before the tables are changed."""
    from digest.store.migrating import described

    words = f"the tables are at {standing.revision}; this version, when it is started, brings them to {standing.knows}"
    if not standing.closes:
        return Weight.NOTE, f"{words}, with which older programs go on working"
    words += ", which older programs do not understand"
    if standing.in_the_way:
        return Weight.FAILED, f"{words}; {described(standing.in_the_way)}: stop them first"
    silent = "" if standing.floor else " (those that know no table newer than 0005 do not say that they are at work)"
    return Weight.WARNING, f"{words}: make a backup, stop every older program{silent}, then start this version"
