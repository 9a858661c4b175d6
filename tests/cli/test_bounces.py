"""`digest bounces` and `digest suppressions`: what came back, and whom nothing is sent to any more."""

import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from digest.model import Cause, Edition, Report, Return, Status, Subscriber, Suppression
from digest.store import open_store
from digest.tokens import addressed

from ..stores import away, store_url  # noqa: TID252  (tests are no package)

CONFIG = """
[[sources]]
kind = "arxiv"
categories = ["cs.CL"]

[bounces]
address = "bounce@lists.example.org"
maildir = "came-back"

[[subscribers]]
email = "file@example.org"
"""
NOW, DAY = datetime(2026, 5, 18, 12, tzinfo=UTC), date(2026, 5, 18)
AT_NOON = ("--now", NOW.isoformat())
ANN = "ann@example.org"
BOUNCE = """\
From: MAILER-DAEMON@mx.example.net
To: bounce+{token}@lists.example.org
Subject: failure notice

Hi. This is the qmail-send program at mx.example.net.
I'm afraid I wasn't able to deliver your message to the following addresses.

<ann@example.org>:
Sorry, no mailbox here by that name. (#5.1.1)
"""


@pytest.fixture(autouse=True)
def secret(run):
    """`run` first: it makes the folder the working one. Ann, the second subscriber, was sent a digest."""
    Path("config.toml").write_text(CONFIG)
    for name in ("new", "cur", "tmp"):
        (Path("came-back") / name).mkdir(parents=True)
    assert run("subscribers", "add", ANN, *AT_NOON).code == 0
    with opened() as store:
        ann = store.subscriber(ANN)
        store.publish([(Edition(ann, DAY, NOW), NOW + timedelta(days=1))])
        return store.secret()


class opened:  # noqa: N801
    def __enter__(self):
        self.store = open_store(store_url("digest.db"))
        return self.store

    def __exit__(self, *_):
        self.store.close()


def status(email=ANN):
    with opened() as store:
        return store.subscriber(email).status


def listed():
    with opened() as store:
        return store.suppressions()


def came_back(name, content):
    Path("came-back", "new", name).write_text(content)


# --- bounces --------------------------------------------------------------------------------------------------------


def test_what_lies_in_the_maildir_is_taken_in_and_told(run, secret):
    came_back("a", BOUNCE.format(token=addressed(secret, 2, DAY).back))
    came_back("b", "To: someone\nSubject: Automatic reply\n\nx")
    ran = run("bounces", *AT_NOON)
    assert ran.code == 0
    assert "suppressed" in ran.out
    assert ANN in ran.out
    assert "no mailbox here by that name" in ran.out
    assert ran.out.endswith("1 suppressed, 1 ignored.\n")
    assert status() is Status.SUPPRESSED
    assert sorted(path.name for path in Path("came-back/cur").iterdir()) == ["a:2,S", "b:2,S"]
    assert run("bounces").out == "Nothing came back.\n"


def test_a_pipe_brings_one_mail(run, secret):
    ran = run("bounces", "-", "--json", *AT_NOON, stdin=BOUNCE.format(token=addressed(secret, 2, DAY).back.upper()))
    (told,) = json.loads(ran.out)
    assert (ran.code, told["effect"], told["subscriber"], told["code"]) == (0, "suppressed", ANN, "5.1.1")
    assert status() is Status.SUPPRESSED


def test_a_forged_mail_is_told_and_is_no_failure_of_the_pipe(run, secret):
    ran = run("bounces", "-", stdin=BOUNCE.format(token=addressed(secret, 2, DAY).leave))
    assert (ran.code, ran.out.splitlines()[-1]) == (0, "1 forged.")
    assert run("bounces", "-", stdin=b"\xff\x00").out.endswith("1 ignored.\n")
    assert status() is Status.ACTIVE


def test_a_mail_that_cannot_be_taken_in_stays_with_the_mail_server(run, secret, tmp_path):
    with away(tmp_path / "digest.db"):
        ran = run("bounces", "-", stdin=BOUNCE.format(token=addressed(secret, 2, DAY).back))
    assert ran.code == 75
    assert store_url("digest.db").rpartition("/")[2] in ran.err
    Path("config.toml").write_text("nonsense")
    assert run("bounces", "-", stdin="x").code == 75


def test_any_maildir_can_be_named(run, secret):
    for name in ("new", "cur"):
        (Path("other") / name).mkdir(parents=True)
    Path("other/new/a").write_text(BOUNCE.format(token=addressed(secret, 2, DAY).back))
    assert run("bounces", "--maildir", "other", *AT_NOON).out.endswith("1 suppressed.\n")
    ran = run("bounces", "--maildir", "nowhere")
    assert (ran.code, ran.out) == (75, "Nothing came back.\n")
    assert "nowhere: cannot be looked into" in ran.err


def test_one_inbox_that_cannot_be_looked_into_does_not_stop_the_other(run, secret):
    imap = 'imap_host = "localhost"\nimap_port = 1\nusername = "a"\npassword = "b"\n'
    Path("config.toml").write_text(CONFIG.replace("\n[[subscribers]]", f"{imap}\n[[subscribers]]"))
    came_back("a", BOUNCE.format(token=addressed(secret, 2, DAY).back))
    ran = run("bounces", *AT_NOON)
    assert (ran.code, status()) == (75, Status.SUPPRESSED)
    assert "INBOX at localhost:1: no connection" in ran.err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ((), "There is nowhere to look: set bounces.maildir"),
        (("--imap",), "--imap needs bounces.imap_host"),
        (("mail.eml",), "'mail.eml' is not \"-\""),
    ],
)
def test_where_to_look_must_be_said(run, arguments, said):
    Path("config.toml").write_text(CONFIG.replace('maildir = "came-back"\n', ""))
    ran = run("bounces", *arguments)
    assert (ran.code, said in ran.err) == (2, True), ran.err


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (f'address = "{"b" * 29}@example.org"', "must be at most 28 plain characters"),
        ('address = "bücher@example.org"', "must be at most 28 plain characters"),
        ('imap_host = "imap.example.org"', "imap_host needs username, and password_file"),
        ('imap_host = "imap.example.org"\npassword = "x"', "imap_host needs username, and password_file"),
    ],
)
def test_an_address_without_room_for_a_token_and_a_mailbox_without_a_login_are_faults(run, lines, said):
    Path("config.toml").write_text(f"{CONFIG.partition('[bounces]')[0]}[bounces]\n{lines}\n")
    ran = run("bounces")
    assert ran.code == 2
    assert said in ran.err


# --- the list -------------------------------------------------------------------------------------------------------


def test_the_list_is_shown_with_reasons_and_dates(run):
    assert run("suppressions", "list").out == "Nobody: every subscriber's address may get mail.\n"
    ran = run("suppressions", "add", "Ann@example.org", "--reason", "asked by phone", *AT_NOON)
    assert ran.out == "Ann@example.org gets no mail any more.\n"
    assert run("suppressions", "add", ANN).out == f"{ANN} was on the list already.\n"
    shown = run("suppressions", "list").out
    assert all(word in shown for word in ("Ann@example.org", "operator", "2026-05-18 12:00 UTC", "asked by phone"))
    (entry,) = json.loads(run("suppressions", "list", "--json").out)
    assert entry == {"email": "Ann@example.org", "cause": "operator", "at": NOW.isoformat(), "detail": "asked by phone"}
    assert "suppressed" in run("subscribers", "list").out


def test_what_is_no_address_is_not_suppressed(run):
    ran = run("suppressions", "add", "ann at example")
    assert (ran.code, listed()) == (2, [])
    assert "is not an e-mail address" in ran.err


@pytest.mark.parametrize("command", ["resume", "pause", "add"])
def test_nobody_on_the_list_is_let_in_again_by_the_way(run, command):
    run("suppressions", "add", ANN, "--reason", "asked by phone", *AT_NOON)
    run("suppressions", "add", "new@example.org", *AT_NOON)
    ran = run("subscribers", command, "new@example.org" if command == "add" else ANN)
    assert ran.code == 2
    assert "has been on the suppression list since 2026-05-18 (operator" in ran.err
    assert "digest suppressions remove" in ran.err


def test_the_file_makes_nobody_active_who_is_on_the_list(run):
    run("suppressions", "add", "file@example.org")
    run("send")
    assert status("file@example.org") is Status.SUPPRESSED


def test_who_is_taken_off_the_list_is_paused_until_resumed(run):
    run("suppressions", "add", ANN)
    ran = run("suppressions", "remove", ANN)
    assert f"{ANN} may get mail again. Its subscriber is paused: `digest subscribers resume {ANN}`" in ran.out
    assert status() is Status.PAUSED
    assert run("subscribers", "resume", ANN).code == 0
    assert status() is Status.ACTIVE
    assert "is not on the list" in run("suppressions", "remove", ANN).err


def test_a_list_is_exported_and_imported_as_it_was(run):
    odd = Report(Return.COMPLAINT, detail='=HYPERLINK("x"), said, "quoted"\nand broken').detail
    with opened() as store:
        store.suppress(ANN, Cause.COMPLAINT, odd, NOW)
        store.suppress("böb@exämple.org", Cause.BOUNCE, "", NOW + timedelta(hours=1))
    before = listed()
    assert run("suppressions", "export", "list.csv").err == "Wrote 2 addresses to list.csv.\n"
    assert run("suppressions", "export").out.startswith("email,cause,at,detail\nann@example.org,complaint,")
    for entry in before:
        run("suppressions", "remove", entry.email)
    assert (
        run("suppressions", "import", "list.csv", "--dry-run").out
        == "This would be: 2 added, 0 there already, 0 with faults.\n"
    )
    assert listed() == []
    assert run("suppressions", "import", "list.csv").out == "2 added, 0 there already, 0 with faults.\n"
    assert [(e.email, e.cause, e.at) for e in listed()] == [(e.email, e.cause, e.at) for e in before]
    assert listed()[0].detail == odd
    assert run("suppressions", "import", "list.csv").out == "0 added, 2 there already, 0 with faults.\n"


def test_a_list_of_bare_addresses_is_imported(run):
    ran = run("suppressions", "import", "-", *AT_NOON, stdin=f"\n{ANN}\n  bob@example.org \nnobody\n")
    assert (ran.code, ran.out) == (1, "2 added, 0 there already, 1 with faults.\n")
    assert "-, line 4: 'nobody' is not an e-mail address" in ran.err or '-, line 4: "nobody"' in ran.err
    assert listed() == [Suppression(e, Cause.OPERATOR, NOW, "imported") for e in (ANN, "bob@example.org")]
    assert status() is Status.SUPPRESSED


def test_faults_of_a_list_are_named_with_their_lines_and_stop_nothing(run):
    Path("list.csv").write_text(
        'Reason;Email;At;Cause\n"two\nlines";a@example.org;2026-05-01;bounce\nx;b@example.org;yesterday;\n'
        ";c@example.org;;whim\n;;;\nx;d@example.org\n"
    )
    ran = run("suppressions", "import", "list.csv", *AT_NOON)
    assert (ran.code, ran.out) == (1, "2 added, 0 there already, 2 with faults.\n")
    assert ran.err.splitlines() == [
        'list.csv, line 4: at: "yesterday" is not a time like 2026-05-18T07:30:00+00:00',
        'list.csv, line 5: cause: must be bounce, complaint, operator, not "whim"',
    ]
    assert [(entry.email, entry.at.date()) for entry in listed()] == [
        ("a@example.org", date(2026, 5, 1)),
        ("d@example.org", DAY),
    ]


def test_a_line_that_is_no_csv_stops_no_other(run):
    Path("list.csv").write_text(f'sep=;\nemail\n"{"x" * 200_000}"\n{ANN}\n')
    ran = run("suppressions", "import", "list.csv", *AT_NOON)
    assert (ran.code, ran.out) == (1, "1 added, 0 there already, 1 with faults.\n")
    assert ran.err.startswith("list.csv, line 3: is not CSV: field larger")


def test_what_is_no_list_is_told(run):
    Path("list.csv").write_bytes(b"a@example.org\n\xff\xff")
    ran = run("suppressions", "import", "list.csv")
    assert ran.code == 2
    assert "Line 2 is not UTF-8" in ran.err
    assert "cannot be read" in run("suppressions", "import", "nowhere.csv").err


# --- subscribers on the list ------------------------------------------------------------------------------------------


def test_an_import_names_who_is_on_the_list_and_takes_the_others(run):
    run("suppressions", "add", ANN, "--reason", "asked by phone")
    run("suppressions", "add", "new@example.org")
    Path("lab.csv").write_text("email,keywords\nann@example.org,x\nNEW@example.org,x\nbob@example.org,x\n")
    ran = run("subscribers", "import", "lab.csv")
    assert (ran.code, ran.out) == (1, "1 added, 1 changed, 0 as before, 1 with faults.\n")
    assert "lab.csv, line 3: NEW@example.org gets no mail: it has been on the suppression list since" in ran.err
    with opened() as store:
        assert store.subscriber(ANN).profile.keywords == ("x",)
        assert store.subscriber("new@example.org") is None
    assert (status(), status("bob@example.org")) == (Status.SUPPRESSED, Status.ACTIVE)


def test_an_import_that_says_active_is_not_believed(run):
    run("suppressions", "add", ANN)
    ran = run("subscribers", "import", "-", stdin="email,status\nann@example.org,active\n")
    assert (ran.code, status()) == (1, Status.SUPPRESSED)
    assert "digest suppressions remove ann@example.org" in ran.err


def test_subscribers_are_exported_and_imported_with_their_suppression(run):
    run("suppressions", "add", ANN, *AT_NOON)
    run("subscribers", "export", "all.json")
    assert "as before, 0 with faults" in run("subscribers", "import", "all.json").out
    entries = [entry for entry in json.loads(Path("all.json").read_text()) if entry["email"] == ANN]
    Path("all.json").write_text(json.dumps([entries[0] | {"email": "moved@example.org"}]))
    run("subscribers", "import", "all.json", *AT_NOON)
    assert status("moved@example.org") is Status.SUPPRESSED
    assert listed()[1] == Suppression("moved@example.org", Cause.OPERATOR, NOW, "imported as suppressed")


def test_who_is_on_the_list_can_still_be_removed(run):
    run("suppressions", "add", ANN)
    assert run("subscribers", "remove", ANN).code == 0
    assert (status(), len(listed())) == (Status.REMOVED, 1)


def test_a_digest_says_where_bounces_go(run, secret):
    Path("config.toml").write_text(CONFIG + '\n[smtp]\nkind = "maildir"\npath = "out"\n')
    with opened() as store:
        store.add(Subscriber("bob@example.org"), NOW)
    run("send", "--early", *AT_NOON)
    texts = [path.read_text() for path in Path("out/new").iterdir()]
    token = addressed(secret, 3, DAY).leave
    assert any(f"<mailto:bounce+{token}@lists.example.org?subject=unsubscribe>" in text for text in texts)
