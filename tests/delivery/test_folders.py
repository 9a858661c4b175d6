"""Maildir and files: whole or not at all, and once however often sent."""

import mailbox
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digest.delivery import FilesTransport, MaildirTransport
from digest.delivery.files import file_name
from digest.errors import RelayError
from digest.model import Message, Verdict

CONTENT = b"Subject: hi\r\nDate: Mon, 18 May 2026 23:30:00 -0400\r\n\r\nHello\r\n"
BOTH = pytest.mark.parametrize("kind", [MaildirTransport, FilesTransport])


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


@BOTH
def test_a_message_sent_again_is_there_once(tmp_path, message, kind):
    for _ in range(2):
        assert kind(tmp_path / "out").send(message(content=CONTENT), lambda: True).verdict is Verdict.SENT
    (file,) = _files(tmp_path)
    assert file.read_bytes().replace(b"\r\n", b"\n") == CONTENT.replace(b"\r\n", b"\n")
    assert file.stat().st_mode & 0o077 == 0


@BOTH
def test_each_message_has_its_own_file(tmp_path, message, kind):
    sender = kind(tmp_path)
    for who in ("ann@example.org", "bo@example.org", "BO@example.org", "b/o@example.org", "b o@example.org"):
        sender.send(message(who), lambda: True)
    sender.close()
    assert len(_files(tmp_path)) == 5


@BOTH
def test_a_claim_that_is_no_longer_ours_leaves_nothing(tmp_path, message, kind):
    outcome = kind(tmp_path).send(message(), lambda: False)
    assert (outcome.verdict, outcome.detail) == (Verdict.DEFERRED, "no longer ours")
    assert _files(tmp_path) == []


@BOTH
def test_nothing_can_be_seen_before_commit(tmp_path, message, kind):
    """What a mail reader or a person looks at: no file of a message that was not committed."""

    def commit() -> bool:
        seen = [file for file in _files(tmp_path) if file.parent.name != "tmp" and not file.name.startswith(".")]
        return seen == []

    assert kind(tmp_path).send(message(), commit).verdict is Verdict.SENT


@BOTH
def test_a_folder_that_cannot_be_written_to_is_the_relays_fault(tmp_path, message, kind):
    taken = tmp_path / "taken"
    taken.write_text("a file, not a folder")
    for attempt in (kind(taken).check, lambda: kind(taken / "below").send(message(), pytest.fail)):
        with pytest.raises(RelayError, match=r"taken.*set smtp\.path"):
            attempt()


@BOTH
def test_after_commit_there_is_always_an_outcome(tmp_path, message, kind):
    """The store has noted the message as being sent by then: an exception would leave it in doubt."""

    def commit() -> bool:
        for file in _files(tmp_path):
            file.unlink()
        return True

    outcome = kind(tmp_path).send(message(), commit)
    assert (outcome.verdict, "No such file" in outcome.detail) == (Verdict.DEFERRED, True)


@BOTH
def test_check_says_where_and_leaves_nothing(tmp_path, kind):
    assert str(tmp_path / "out") in kind(tmp_path / "out").check()
    assert _files(tmp_path) == []


def test_a_maildir_is_one_to_its_readers(tmp_path, message):
    MaildirTransport(tmp_path / "mail").send(message(content=CONTENT), lambda: True)
    (read,) = mailbox.Maildir(tmp_path / "mail", create=False)
    assert read["Subject"] == "hi"
    assert read.get_payload() == "Hello\n"


def test_a_message_that_was_read_is_replaced_where_the_reader_put_it(tmp_path, message):
    sender = MaildirTransport(tmp_path)
    sender.send(message(), lambda: True)
    (new,) = _files(tmp_path)
    new.rename(tmp_path / "cur" / f"{new.name}:2,S")
    sender.send(message(), lambda: True)
    assert [path.parent.name for path in _files(tmp_path)] == ["cur"]


def test_files_are_named_by_date_and_recipient(message):
    assert file_name(message("Ann@Example.org", CONTENT)).startswith("2026-05-18-ann@example.org-")
    assert file_name(message("ann@example.org", b"hi")).startswith("undated-ann@example.org-")


@given(recipient=st.text(), message_id=st.text(), content=st.binary())
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_recipient_and_no_content_leads_out_of_the_folder(tmp_path, recipient, message_id, content):
    name = file_name(Message("digest@example.org", recipient, message_id, content))
    assert (tmp_path / name).parent == tmp_path
    assert name.isascii()
    assert name.endswith(".eml")
    assert not name.startswith(".")
    assert len(name) < 128
