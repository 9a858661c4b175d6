"""Looking into a Maildir and into an IMAP folder: what was taken in is marked, what cannot be read is kept and named."""

import os
from contextlib import closing
from functools import partial

import pytest
from structlog.testing import capture_logs

from digest.delivery.inbox import ImapInbox, MaildirInbox
from digest.delivery.letters import MOST_BYTES
from digest.errors import InboxError
from digest.model import Mail

from .imap import Mailbox, serving

# --- Maildir ------------------------------------------------------------------------------------------------------


@pytest.fixture
def maildir(tmp_path):
    for name in ("new", "cur", "tmp"):
        (tmp_path / name).mkdir()
    return tmp_path


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_what_lies_in_a_maildir_is_read_oldest_first_and_moves_when_it_is_done(maildir):
    for name in ("1779082203.b.host", "1779082100.a.host", "1779082300.c.host:2,"):
        (maildir / "new" / name).write_bytes(name.encode())
    inbox = MaildirInbox(maildir)
    first, second, third = inbox.mails()
    assert first == Mail("1779082100.a.host", b"1779082100.a.host")
    assert names(maildir / "cur") == []
    for mail in (first, third):
        inbox.done(mail)
    assert names(maildir / "new") == [second.name]
    assert names(maildir / "cur") == ["1779082100.a.host:2,S", "1779082300.c.host:2,S"]
    assert [mail.name for mail in MaildirInbox(maildir).mails()] == [second.name]


def test_a_mail_that_somebody_else_took_is_not_missed(maildir):
    for name in "ab":
        (maildir / "new" / name).write_bytes(b"x")
    inbox = MaildirInbox(maildir)
    mails = inbox.mails()
    mail = next(mails)
    (maildir / "new" / "b").unlink()
    (maildir / "new" / "a").unlink()
    inbox.done(mail)
    assert list(mails) == []


def test_what_is_no_mail_is_kept_aside_and_named_once(maildir):
    os.mkfifo(maildir / "new" / "a-pipe")
    (maildir / "new" / "b-folder").mkdir()
    (maildir / "new" / "c").write_bytes(b"a mail")
    with capture_logs() as log:
        assert [mail.content for mail in MaildirInbox(maildir).mails()] == [b"a mail"]
        assert [mail.content for mail in MaildirInbox(maildir).mails()] == [b"a mail"]
    assert [(entry["file"], entry["reason"]) for entry in log] == [
        (str(maildir / "new" / name), "is no file") for name in ("a-pipe", "b-folder")
    ]
    assert names(maildir / "cur") == ["a-pipe:2,F", "b-folder:2,F"]


def test_no_more_of_a_mail_is_read_than_can_matter(maildir):
    (maildir / "new" / "a").write_bytes(b"x" * (MOST_BYTES + 1))
    (mail,) = MaildirInbox(maildir).mails()
    assert len(mail.content) == MOST_BYTES


def test_a_folder_that_is_no_maildir_is_told(tmp_path):
    with pytest.raises(InboxError, match=r"nowhere: cannot be looked into \(No such file or directory\): it must be"):
        list(MaildirInbox(tmp_path / "nowhere").mails())


def test_a_mail_that_cannot_be_moved_is_told(maildir):
    (maildir / "cur").rmdir()
    (maildir / "cur").write_bytes(b"in the way")
    (maildir / "new" / "a").write_bytes(b"x")
    inbox = MaildirInbox(maildir)
    (mail,) = inbox.mails()
    with pytest.raises(InboxError, match="cannot be looked into"):
        inbox.done(mail)
    assert names(maildir / "new") == ["a"]


# --- IMAP ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def opened(certificates):
    """Look into a mailbox by IMAP; gives the inbox."""
    running = []

    def look(mailbox, folder="INBOX", *, password="secret", context=certificates.trusting):
        server = serving(mailbox, certificates.server)
        running.append(partial(server.__exit__, None, None, None))
        port = server.__enter__()
        inbox = ImapInbox("localhost", port, folder, "bounce@example.org", password, timeout=5, context=context)
        running.append(inbox.close)
        return inbox

    yield look
    for end in reversed(running):
        end()


@pytest.mark.parametrize("sasl", [True, False])
def test_what_is_unseen_is_read_and_marked_when_it_is_done(opened, sasl):
    mailbox = Mailbox({"INBOX": {3: b"three", 4: b"four", 9: b"nine"}}, {4: {"\\Seen"}}, sasl=sasl)
    inbox = opened(mailbox)
    three, nine = inbox.mails()
    assert (three, nine) == (Mail("3", b"three"), Mail("9", b"nine"))
    inbox.done(nine)
    assert mailbox.flags == {4: {"\\Seen"}, 9: {"\\Seen"}}
    assert [mail.name for mail in inbox.mails()] == ["3"]


def test_an_empty_folder_has_no_mails(opened):
    assert list(opened(Mailbox({"INBOX": {}})).mails()) == []


@pytest.mark.parametrize(
    ("name", "written"),
    [('Lists/back "1"\\', 'Lists/back "1"\\'), ("Zurück & vor", "Zur&APw-ck &- vor"), ("日本語", "&ZeVnLIqe-")],
)
def test_folders_have_any_name(opened, name, written):
    assert [mail.content for mail in opened(Mailbox({written: {1: b"x"}}), name).mails()] == [b"x"]


def test_a_password_may_hold_anything_where_the_server_knows_sasl(opened):
    odd = 'pä"ss\\wörd 漢'
    assert list(opened(Mailbox({"INBOX": {}}, password=odd), password=odd).mails()) == []


def test_a_mail_that_the_server_does_not_give_is_flagged_and_named_once(opened):
    mailbox = Mailbox({"INBOX": {1: b"one", 2: b"two"}}, refused=frozenset({1}))
    inbox = opened(mailbox)
    with capture_logs() as log:
        assert [mail.name for mail in inbox.mails()] == ["2"]
        assert [mail.name for mail in inbox.mails()] == ["2"]
    assert [(entry["mail"], entry["log_level"]) for entry in log] == [("1", "error")]
    assert mailbox.flags == {1: {"\\Seen", "\\Flagged"}}


def test_a_mail_that_is_gone_meanwhile_is_passed_over(opened):
    mailbox = Mailbox({"INBOX": {1: b"one", 2: b"two"}})
    mails = opened(mailbox).mails()
    assert next(mails).name == "1"
    del mailbox.folders["INBOX"][2]
    assert list(mails) == []


def test_a_wrong_password_and_a_folder_that_is_not_there_are_told(opened):
    with pytest.raises(InboxError, match=r"no login as bounce@example\.org: see bounces\.username .*wrong password"):
        opened(Mailbox({"INBOX": {}}), password="wrong")
    with pytest.raises(InboxError, match=r"no such folder: see bounces\.imap_folder \(there is no folder Bounces\)"):
        opened(Mailbox({"INBOX": {}}), "Bounces")


def test_a_server_whose_certificate_is_not_trusted_is_told_nothing(opened):
    mailbox = Mailbox({"INBOX": {}})
    with pytest.raises(InboxError, match=r"no connection .*CERTIFICATE_VERIFY_FAILED"):
        opened(mailbox, context=None)
    assert mailbox.said == []


@pytest.mark.parametrize("command", ["SELECT", "UID SEARCH", "UID FETCH", "UID STORE"])
def test_a_connection_that_breaks_is_told(opened, command):
    with pytest.raises(InboxError):  # noqa: PT012 - wherever it breaks
        inbox = opened(Mailbox({"INBOX": {1: b"one"}}, breaks_at=command))
        with closing(inbox):
            for mail in inbox.mails():
                inbox.done(mail)


def test_a_server_that_is_not_there_is_told():
    with pytest.raises(InboxError, match=r"INBOX at localhost:1: no connection"):
        ImapInbox("localhost", 1, "INBOX", "a", "b", timeout=5)
