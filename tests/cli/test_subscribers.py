"""Subscribers by command: by the same rules as in the file, one by one or from a spreadsheet."""

import csv
import io
import json
from contextlib import suppress
from datetime import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest import config
from digest.cli import roster
from digest.errors import UsageError
from digest.model import EVERY_DAY, Format, Layout, Origin, Profile, Schedule, Status, Subscriber
from digest.store import open_store

from ..stores import remove_store, store_url  # noqa: TID252  (tests are no package)

CONFIG = """
[[sources]]
kind = "arxiv"
categories = ["cs.CL"]

[[subscribers]]
email = "file@example.org"
keywords = ["diffusion"]
"""
SUNDAY = ("--now", "2026-05-17T12:00:00Z")


@pytest.fixture(autouse=True)
def _configured(run):
    """`run` first: it makes the folder the working one."""
    Path("config.toml").write_text(CONFIG)
    assert run("subscribers", "pause", "file@example.org").code == 0
    assert run("subscribers", "resume", "file@example.org").code == 0


def stored(email):
    store = open_store(store_url("digest.db"))
    try:
        return store.subscriber(email)
    finally:
        store.close()


def listed(run):
    return {entry["email"]: entry for entry in json.loads(run("subscribers", "list", "--json", *SUNDAY).out)}


# --- one by one -----------------------------------------------------------------------------------------------------


def test_somebody_who_is_added_has_what_the_options_say(run):
    ran = run(
        *("subscribers", "add", "Ann@Example.org", "--name", "Ann", "--keyword", '"flow matching"^3'),
        *("--keyword", "-survey", "--category", "cs.*", "--source", "arxiv", "--timezone", "Asia/Tokyo"),
        *("--send-at", "6:30", "--days", "mon,Thursday", "--max-papers", "7", "--format", "text", *SUNDAY),
        *("--layout", "compact", "--locale", "zh-hans"),
    )
    assert ran.code == 0, ran.err
    assert "Monday, 18 May, 06:30 JST" in ran.out
    ann = stored("ann@example.org")
    assert ann.profile == Profile(('"flow matching"^3', "-survey"), ("cs.*",), ("arxiv",), 7)
    assert ann.schedule == Schedule("Asia/Tokyo", time(6, 30), frozenset({0, 3}))
    assert (ann.name, ann.format, ann.origin, ann.status) == ("Ann", Format.TEXT, Origin.DATABASE, Status.ACTIVE)
    assert (ann.layout, ann.locale) == (Layout.COMPACT, "zh_Hans")
    assert "text compact zh_Hans" in run("subscribers", "list").out


def test_options_with_faults_are_all_named_and_nobody_is_added(run):
    ran = run(
        *("subscribers", "add", "ann@example.org", "--keyword", '"a', "--source", "arxvi", "--timezone", "Zurich"),
        *("--send-at", "7.30", "--days", "tusday", "--max-papers", "0", "--format", "md"),
        *("--layout", "brief", "--locale", "Chinese"),
    )
    assert ran.code == 2
    for option in ("keyword", "source", "timezone", "send-at", "days", "max-papers", "format", "layout", "locale"):
        assert f"--{option}: " in ran.err
    assert 'did you mean "arxiv"?' in ran.err
    assert stored("ann@example.org") is None


def test_somebody_without_keywords_is_added_with_a_word_of_warning(run):
    ran = run("subscribers", "add", "ann@example.org")
    assert (ran.code, "no keywords" in ran.err) == (0, True)


def test_an_address_is_added_once(run):
    assert run("subscribers", "add", "ann@example.org").code == 0
    assert "already" in run("subscribers", "add", "ANN@example.org").err
    assert "already" in run("subscribers", "add", "file@example.org").err


def test_the_list_says_who_what_and_when_in_their_own_time(run):
    run("subscribers", "add", "ann@example.org", "--keyword", "GAN", "--timezone", "Asia/Tokyo", "--days", "tue")
    out = run("subscribers", "list", *SUNDAY).out
    ann = next(line for line in out.splitlines() if "ann@" in line)
    for words in ("active", "database", "GAN", "07:30 Asia/Tokyo tue", "2026-05-19 07:30 JST"):
        assert words in ann
    assert "config.toml" in next(line for line in out.splitlines() if "file@" in line)


def test_the_list_changes_nothing_and_shows_what_the_file_says_now(run):
    Path("config.toml").write_text(CONFIG.replace("file@", "other@"))
    assert list(listed(run)) == ["other@example.org"]
    assert stored("other@example.org") is None
    assert stored("file@example.org").status is Status.ACTIVE


def test_an_empty_list_says_how_to_begin(run):
    Path("config.toml").write_text(CONFIG.partition("[[subscribers]]")[0])
    assert "digest subscribers add" in run("subscribers", "list").out


@pytest.mark.parametrize("email", ["ann@example.org", "file@example.org"])
def test_pause_and_resume_work_wherever_somebody_is_kept(run, email):
    run("subscribers", "add", "ann@example.org")
    assert "resume" in run("subscribers", "pause", email.upper()).out
    assert (listed(run)[email]["status"], listed(run)[email]["next_due"]) == ("paused", None)
    assert "today's digest" in run("subscribers", "resume", email, *SUNDAY).out
    assert (listed(run)[email]["status"], listed(run)[email]["next_due"]) == ("active", "2026-05-17T12:00:00+00:00")


def test_remove_takes_off_those_in_the_database(run):
    run("subscribers", "add", "ann@example.org")
    assert run("subscribers", "remove", "ann@example.org").code == 0
    assert "ann@example.org" not in listed(run)


def test_those_in_the_file_are_removed_there(run):
    ran = run("subscribers", "remove", "file@example.org")
    assert (ran.code, "[[subscribers]]" in ran.err) == (1, True)
    assert "file@example.org" in listed(run)


@pytest.mark.parametrize("command", ["remove", "pause", "resume"])
def test_nobody_by_that_address_is_said(run, command):
    run("subscribers", "add", "gone@example.org")
    run("subscribers", "remove", "gone@example.org")
    for email in ("nobody@example.org", "gone@example.org"):
        ran = run("subscribers", command, email)
        assert (ran.code, f"{email} is not a subscriber" in ran.err) == (2, True)


# --- files ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["lab.csv", "lab.json"])
def test_what_is_exported_can_be_imported_elsewhere(run, name):
    run("subscribers", "add", "ann@example.org", "--keyword", "=GAN", "--keyword", '"a;b"^2', "--days", "mon")
    run("subscribers", "pause", "ann@example.org")
    before = listed(run)
    assert run("subscribers", "export", name).code == 0
    assert "0 added, 0 changed, 2 as before, 0 with faults" in run("subscribers", "import", name).out
    remove_store("digest.db")
    Path("config.toml").write_text(CONFIG.partition("[[subscribers]]")[0])
    assert "2 added" in run("subscribers", "import", name, *SUNDAY).out
    assert listed(run) == {email: {**entry, "origin": "database"} for email, entry in before.items()}


def test_export_goes_to_the_terminal_in_either_form(run):
    assert run("subscribers", "export").out.startswith("email,name,keywords,")
    assert run("subscribers", "export", "-").out == run("subscribers", "export").out
    assert json.loads(run("subscribers", "export", "--format", "json").out)[0]["email"] == "file@example.org"


def test_an_exported_spreadsheet_runs_no_formulas(run):
    run(
        "subscribers",
        "add",
        "ann@example.org",
        "--name",
        "=cmd|' /C calc'!A0",
        "--keyword",
        "-survey",
        "--keyword",
        "x",
    )
    rows = csv.reader(io.StringIO(run("subscribers", "export").out))
    assert not [cell for row in rows for cell in row if cell[:1] in tuple("=+-@")]


SPREADSHEETS = {
    "by hand": b'email,keywords\nann@example.org,"""flow matching""^3; -survey"\n',
    "with a mark and CRLF": '\ufeffEmail,Keywords\r\nann@example.org,"""flow matching""^3; -survey"\r\n'.encode(),
    "of Europe": b'email;keywords\nann@example.org;"""flow matching""^3; -survey"\n',
    "that says how it separates": b'sep=;\r\nemail;keywords\r\nann@example.org;"""flow matching""^3;-survey"\r\n',
    "as Unicode text": 'email\tkeywords\nann@example.org\t"""flow matching""^3; -survey"\n'.encode("utf-16"),
    "with empty lines": b'email,keywords,name\n\nann@example.org,"""flow matching""^3; -survey",\n,,\n',
    "with other columns": (
        b'send_at,email,keywords,max_papers,send_empty\n7:30:00,ann@example.org,"""flow matching""^3;-survey",20,TRUE\n'
    ),
}


@pytest.mark.parametrize("content", SPREADSHEETS.values(), ids=SPREADSHEETS)
def test_spreadsheets_come_in_many_shapes(run, content):
    ran = run("subscribers", "import", "-", stdin=content)
    assert (ran.code, "1 added" in ran.out) == (0, True), ran.err
    assert stored("ann@example.org") == Subscriber(
        "ann@example.org",
        profile=Profile(('"flow matching"^3', "-survey")),
        id=stored("ann@example.org").id,
    )


def test_bad_rows_are_named_with_their_lines_and_good_ones_imported(run):
    Path("lab.csv").write_text(
        "email,keywords,timezone\n"
        "ann@example.org,GAN,Asia/Tokyo\n"
        "bob,GAN,\n"
        '"carl@example.org","a ""phrase\n'
        'over lines""",Mars\n'
        'dora@example.org,"flow matching"^3,\n'
        "eve@example.org,GAN,,,,\n"
        "ANN@example.org,GAN,\n"
        "file@example.org,GAN,\n"
        "finn@example.org,GAN,\n"
    )
    ran = run("subscribers", "import", "lab.csv")
    assert ran.code == 1
    assert "2 added, 0 changed, 0 as before, 6 with faults" in ran.out
    for words in (
        'line 3: email: "bob" is not an e-mail address',
        "line 4: keywords[0]: must be one line",
        'line 4: timezone: "Mars"',
        "line 6: ",
        "line 7: has 6 cells below 3 columns",
        "line 8: ANN@example.org is in line 2, too",
        "line 9: file@example.org is kept in the configuration file",
    ):
        assert f"lab.csv, {words}" in ran.err
    assert stored("finn@example.org") is not None
    assert stored("dora@example.org") is None


def test_importing_again_brings_up_to_date_what_the_file_speaks_of(run):
    run("subscribers", "add", "ann@example.org", "--keyword", "GAN", "--timezone", "Asia/Tokyo", "--name", "Ann")
    ran = run("subscribers", "import", "-", stdin="email,keywords,name\nann@example.org,diffusion,\n")
    assert "0 added, 1 changed" in ran.out
    ann = stored("ann@example.org")
    assert (ann.profile.keywords, ann.name, ann.schedule.timezone) == (("diffusion",), "", "Asia/Tokyo")
    assert "1 as before" in run("subscribers", "import", "-", stdin="email\nann@example.org\n").out


def test_a_dry_run_says_what_would_happen_and_does_not_do_it(run):
    ran = run("subscribers", "import", "-", "--dry-run", stdin="email\nann@example.org\nbob\n")
    assert (ran.code, "would be: 1 added" in ran.out) == (1, True)
    assert stored("ann@example.org") is None


def test_a_list_does_not_bring_back_those_who_left(run):
    run("subscribers", "add", "ann@example.org")
    run("subscribers", "remove", "ann@example.org")
    ran = run("subscribers", "import", "-", stdin="email\nann@example.org\n")
    assert (ran.code, "has left" in ran.err) == (1, True)
    assert stored("ann@example.org").status is Status.REMOVED


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "with email among them"),
        ("name\nAnn\n", "with email among them"),
        ("email,keyword\na@example.org,x\n", 'did you mean "keywords"?'),
        ("email,email\n", "twice"),
        ("email\nkäthe\n".encode("latin-1"), "Line 2 is not UTF-8"),
    ],
)
def test_a_file_that_is_no_list_of_subscribers_says_why(run, content, words):
    ran = run("subscribers", "import", "-", stdin=content)
    assert (ran.code, words in ran.err) == (2, True)


@pytest.mark.parametrize(
    ("content", "code", "words"),
    [
        ("{", 2, "not JSON"),
        ('{"email": "a@example.org"}', 2, "A list of subscribers"),
        ('[3, {"email": "a@example.org"}]', 1, "entry 1: is not an object"),
        ('[{"keywords": ["x"]}]', 1, "entry 1: email: is required"),
        ('[{"email": ["a"], "emial": 3}]', 1, 'entry 1: emial: unknown key; did you mean "email"?'),
        ('[{"email": "a@example.org", "status": "removed"}]', 1, 'status: must be "active", "paused" or "suppressed"'),
        ('[{"email": "a@example.org", "status": []}]', 1, 'status: must be "active", "paused" or "suppressed"'),
    ],
)
def test_json_with_faults_is_said_by_entry(run, content, code, words):
    ran = run("subscribers", "import", "-", "--format", "json", stdin=content)
    assert (ran.code, words in ran.err) == (code, True), ran.err


def test_a_file_that_is_not_there_is_said(run):
    assert "cannot be read" in run("subscribers", "import", "nowhere.csv").err


# --- whatever comes -------------------------------------------------------------------------------------------------

_LINE = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), max_size=12).map(str.strip)
_ITEMS = st.lists(_LINE.filter(bool), max_size=4).map(tuple)
_SUBSCRIBERS = st.builds(
    Subscriber,
    email=st.just("ann@example.org"),
    name=_LINE,
    profile=st.builds(
        Profile,
        keywords=_ITEMS,
        categories=_ITEMS,
        sources=_ITEMS,
        min_match=st.floats(0, 100),
        max_per_term=st.integers(0, 9),
        diversity=st.floats(0, 1),
        signals=st.booleans(),
    ),
    schedule=st.builds(Schedule, days=st.sets(st.sampled_from(sorted(EVERY_DAY)), min_size=1).map(frozenset)),
    layout=st.sampled_from(Layout),
    locale=st.sampled_from(["", "de", "zh_Hans"]),
    status=st.sampled_from([Status.ACTIVE, Status.PAUSED]),
)


@given(_SUBSCRIBERS)
def test_every_subscriber_comes_back_from_either_file_as_they_were(subscriber):
    wanted = {key: value for key, value in config.record(subscriber).items() if value not in ("", [])}
    (row,) = roster.from_csv(roster.to_csv([subscriber]).encode())
    assert row.fault == ""
    assert row.table == {
        key: roster._cell(value) if key not in roster._LISTS else value for key, value in wanted.items()
    }
    (row,) = roster.from_json(roster.to_json([subscriber]).encode())
    assert row.table == config.record(subscriber)


def test_how_a_profile_is_ranked_and_shown_survives_either_file():
    profile = Profile(("GAN",), min_match=12.5, max_per_term=3, diversity=0.25, signals=True)
    ann = Subscriber("ann@example.org", profile=profile, layout=Layout.FULL, locale="de")
    for rows in (roster.from_csv(roster.to_csv([ann]).encode()), roster.from_json(roster.to_json([ann]).encode())):
        (read,) = roster.sift(rows, [], ["arxiv"]).new
        assert (read.profile, read.layout, read.locale) == (profile, Layout.FULL, "de")


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: f"email,keywords\n{text}".encode()))
def test_any_bytes_are_rows_or_said_not_to_be(content):
    for read in (roster.from_csv, roster.from_json):
        with suppress(UsageError):
            sifted = roster.sift(read(content), [], ["arxiv"])
            assert all(subscriber.email for subscriber in sifted.new)


def test_the_columns_are_the_keys_of_the_configuration():
    assert set(roster.COLUMNS) == {*config.SubscriberSettings.model_fields, "status", "paused_until"}
    assert tuple(config.record(Subscriber("ann@example.org"))) == roster.COLUMNS


def test_a_language_that_there_is_not_is_refused(run):
    ran = run("subscribers", "add", "ann@example.org", "--locale", "fr")
    assert ran.code == 2
    assert '--locale: there are no words in "fr" yet; there are en, de, zh_Hans' in ran.err
    assert stored("ann@example.org") is None
    ran = run("subscribers", "add", "ann@example.org", "--locale", "de_AT")
    assert ran.code == 0, ran.err


# --- absences and pauses ----------------------------------------------------------------------------------------------

IN_MAY = ("--now", "2026-05-18T06:00:00Z")


def test_a_pause_until_a_day_ends_by_itself_and_the_list_says_when(run):
    run("subscribers", "add", "ann@example.org", "--timezone", "Europe/Berlin", "--send-at", "07:30", *IN_MAY)
    ran = run("subscribers", "pause", "Ann@example.org", "--until", "2026-05-25", *IN_MAY)
    assert "paused until Monday, 25 May 2026: the next digest is due Monday, 25 May, 07:30 CEST" in ran.out
    ann = listed_on(run, "2026-05-18T06:00:00Z")
    assert (ann["status"], ann["paused_until"], ann["next_due"]) == (
        "active",
        "2026-05-25",
        "2026-05-25T07:30:00+02:00",
    )
    assert "paused until 2026-05-25" in " ".join(run("subscribers", "list", *IN_MAY).out.split())
    over = listed_on(run, "2026-05-25T05:00:00Z")
    assert (over["paused_until"], over["next_due"]) == (None, "2026-05-25T07:30:00+02:00")


def listed_on(run, now):
    entries = json.loads(run("subscribers", "list", "--json", "--now", now).out)
    return next(entry for entry in entries if entry["email"] == "ann@example.org")


def test_a_pause_can_be_ended_before_its_day(run):
    run("subscribers", "add", "ann@example.org", *IN_MAY)
    run("subscribers", "pause", "ann@example.org", "--until", "2026-05-25", *IN_MAY)
    assert "gets digests again" in run("subscribers", "resume", "ann@example.org", *IN_MAY).out
    assert listed_on(run, "2026-05-18T06:00:00Z")["paused_until"] is None


@pytest.mark.parametrize("day", ["2026-05-18", "2026-05-01"])
def test_a_pause_until_a_day_that_has_come_is_refused(run, day):
    ran = run("subscribers", "pause", "file@example.org", "--until", day, *IN_MAY)
    assert ran.code == 2
    assert f"{day} is not a day to come" in ran.err


def test_a_file_ends_no_pause_that_it_knows_nothing_of(run):
    run("subscribers", "add", "ann@example.org", *IN_MAY)
    run("subscribers", "pause", "ann@example.org", "--until", "2026-05-25", *IN_MAY)
    Path("lab.csv").write_text("email,keywords,status\nann@example.org,diffusion,active\n")
    assert "1 changed" in run("subscribers", "import", "lab.csv", *IN_MAY).out
    assert listed_on(run, "2026-05-18T06:00:00Z")["paused_until"] == "2026-05-25"


def test_absences_are_added_and_shown_until_they_are_over(run):
    away = ("--away", "2026-05-20..2026-05-24", "--away", "2026-08-01", "--no-catch-up")
    assert run("subscribers", "add", "ann@example.org", *away, *IN_MAY).code == 0
    ann = listed_on(run, "2026-05-20T12:00:00Z")
    assert (ann["away"], ann["catch_up"]) == (["2026-05-20..2026-05-24", "2026-08-01"], False)
    assert ann["next_due"] == "2026-05-25T07:30:00+00:00"
    shown = run("subscribers", "list", "--now", "2026-06-01T12:00:00Z").out
    assert "away" in shown
    assert "2026-05-20" not in shown


def test_an_absence_that_is_none_is_refused_with_its_words(run):
    ran = run("subscribers", "add", "ann@example.org", "--away", "2026-05-24..2026-05-20", *IN_MAY)
    assert ran.code == 2
    assert "ends before it begins" in ran.err


def test_a_pause_until_a_day_moves_house_with_its_subscriber(run):
    run("subscribers", "add", "ann@example.org", *IN_MAY)
    run("subscribers", "pause", "ann@example.org", "--until", "2026-05-25", *IN_MAY)
    for file in ("lab.csv", "lab.json"):
        run("subscribers", "export", file)
        assert "0 added, 0 changed" in run("subscribers", "import", file, "--dry-run", *IN_MAY).out
        moved = Path(file).read_text(encoding="utf-8-sig").replace("ann@", f"{file}@")
        Path(file).write_text(moved)
        run("subscribers", "import", file, *IN_MAY)
        entries = json.loads(run("subscribers", "list", "--json", *IN_MAY).out)
        assert [e["paused_until"] for e in entries if e["email"] == f"{file}@example.org"] == ["2026-05-25"]


def test_a_day_of_return_that_is_none_is_a_fault_of_its_row(run):
    Path("lab.csv").write_text("email,paused_until\nann@example.org,soon\n")
    assert 'paused_until: must be a day like "2027-01-04"' in run("subscribers", "import", "lab.csv", *IN_MAY).err


def test_erasing_leaves_nothing_of_somebody_and_is_no_error_for_one_who_left(run):
    run("subscribers", "add", "ann@example.org", *IN_MAY)
    run("subscribers", "remove", "ann@example.org", *IN_MAY)
    ran = run("subscribers", "remove", "ann@example.org", "--erase", *IN_MAY)
    assert (ran.code, ran.out) == (0, "Erased ann@example.org.\n")
    again = run("subscribers", "remove", "ann@example.org", "--erase", *IN_MAY)
    assert (again.code, again.err) == (2, "Nothing is held of ann@example.org.")
