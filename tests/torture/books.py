"""Do the books balance? What the store says, held against what the mail server took."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from .house import House


@dataclass(frozen=True)
class Books:
    """What it came to."""

    readers: int
    messages: int  # that the mail server took
    again: int  # of those, how many somebody had already
    by_log: int  # not sent again since the delivery log knew better
    faults: tuple[str, ...]


def balance(house: House, *, slept: bool = False) -> Books:
    """The figures, and whatever is wrong. Everybody's edition of today was to be delivered.

    Who `slept` wakes up and ends the session that others thought lost.
    """
    taken = house.sink.taken()
    copies = Counter(line["recipient"] for line in taken)
    return Books(
        readers=house.count("SELECT count(*) FROM subscribers"),
        messages=len(taken),
        again=len(taken) - len(copies),
        by_log=house.count("SELECT count(*) FROM deliveries WHERE detail LIKE '%delivery log%'"),
        faults=(*_store_faults(house), *_mail_faults(house, copies), *_copy_faults(house, slept), *_log_faults(house)),
    )


def _store_faults(house: House) -> Iterator[str]:
    if house.is_sqlite:
        yield from (f"integrity_check: {row[0]}" for row in house.ask("PRAGMA integrity_check") if row != ("ok",))
        yield from (f"foreign_key_check: {row}" for row in house.ask("PRAGMA foreign_key_check"))
    without = "SELECT email FROM subscribers WHERE id NOT IN (SELECT subscriber_id FROM editions)"
    yield from (f"no edition for {email}" for (email,) in house.ask(without))
    several = "SELECT subscriber_id, count(*) FROM editions GROUP BY 1 HAVING count(*) > 1"
    yield from (f"{count} editions for subscriber {number}" for number, count in house.ask(several))
    alone = "SELECT id FROM editions WHERE id NOT IN (SELECT edition_id FROM deliveries)"
    yield from (f"edition {number} has no delivery" for (number,) in house.ask(alone))
    open_ = "SELECT id, state, attempts, worker, detail FROM deliveries WHERE state != 'sent' OR worker IS NOT NULL"
    yield from (f"delivery not sent: {row}" for row in house.ask(open_))
    behind = (
        "SELECT s.email FROM subscribers s JOIN editions e ON e.subscriber_id = s.id"
        " WHERE s.last_issue IS NULL OR s.last_issue != e.issue_date"
    )
    yield from (f"{email}: the last issue is not that of the edition" for (email,) in house.ask(behind))


def _mail_faults(house: House, copies: Counter) -> Iterator[str]:
    resent = dict(house.ask(_BY_EMAIL.format("d.resent")))
    yield from (f"lost: {email}" for email in resent if not copies[email])
    yield from (f"sent to a stranger: {email}" for email in copies if email not in resent)
    for email, count in copies.items():
        if count - 1 > resent.get(email, 0):
            yield f"{email} had it {count} times, and the store knows of {resent.get(email, 0)} times again"


_BY_EMAIL = (
    "SELECT s.email, {} FROM deliveries d JOIN editions e ON e.id = d.edition_id"
    " JOIN subscribers s ON s.id = e.subscriber_id"
)


def _copy_faults(house: House, slept: bool) -> Iterator[str]:
    """A message that came again is the same, and what came before was the last word of a session that was cut off."""
    lines = house.sink.lines()
    last = {line["session"]: line["message_id"] for line in lines if "content" in line}
    ends = {line["session"]: line["end"] for line in lines if "end" in line}
    copies = defaultdict(list)
    for line in lines:
        if "content" in line:
            copies[line["recipient"]].append(line)
    for email, each in copies.items():
        if len({(line["message_id"], line["content"], line["sender"]) for line in each}) > 1:
            yield f"{email} had it {len(each)} times, and not the same each time"
        for line in each[:-1]:
            if last[line["session"]] != line["message_id"] or (ends.get(line["session"]) == "quit" and not slept):
                yield f"{email} had it again, though session {line['session']} went on after it"


def _log_faults(house: House) -> Iterator[str]:
    """Whatever counts as sent is in the delivery log, where there is one."""
    if not house.logs:
        return
    known = "".join(file.read_text() for file in house.logs)
    taken = {line["message_id"] for line in house.sink.taken()}
    yield from (f"not in the delivery log: {name}" for name in taken if name not in known)
