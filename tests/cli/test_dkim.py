"""From no key at all to messages that others can verify, by what the commands say to do."""

import stat
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import dkim
import dns.rcode
import dns.zone
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest import config
from digest.cli import sender_dns, wiring
from digest.cli.arguments import Server
from digest.cli.check import samples
from digest.delivery import Signer, keys

NOW = datetime(2026, 5, 18, 5, 30, tzinfo=UTC)
CONFIG = """
[mail]
from = "Daily Papers <digest@papers.lab.org>"
[smtp]
kind = "files"
path = "outbox"
[[sources]]
kind = "feed"
name = "J"
url = "http://127.0.0.1:9/feed"
[[subscribers]]
email = "ann@example.org"
send_at = "00:00"
"""


@pytest.fixture
def home(run, tmp_path):
    (tmp_path / "config.toml").write_text(CONFIG)
    return tmp_path


def record_in(said):
    """(name, value) as a web form takes them, of the first record."""
    lines = [line.strip() for line in said.splitlines()]
    found = dict(line.split(": ", 1) for line in lines if line.startswith(("name: ", "value: ")))
    return found["name"].strip(), found["value"]


def zone_in(said):
    return next(line for line in said.splitlines() if " IN TXT ( " in line)


def add(home, lines):
    (home / "config.toml").write_text(CONFIG + lines)


@pytest.mark.parametrize(
    ("options", "lines", "name"),
    [
        ((), '[dkim]\nkey_file = "dkim.pem"\nselector = "digest"', "digest"),
        (
            ("--selector", "may26", "--output", "may.pem"),
            '[dkim]\nkey_file = "may.pem"\nselector = "may26"',
            "may26",
        ),
        (
            ("--ed25519",),
            '[dkim]\ned25519_key_file = "dkim-ed25519.pem"\ned25519_selector = "digest-ed25519"',
            "digest-ed25519",
        ),
    ],
)
def test_a_new_key_comes_with_all_that_is_to_be_done(home, run, options, lines, name):
    ran = run("dkim", "keygen", *options)
    assert (ran.code, ran.err) == (0, "")
    assert lines in ran.out
    form, value = record_in(ran.out)
    assert form == f"{name}._domainkey.papers.lab.org"
    assert value.startswith("v=DKIM1; k=")
    zone = dns.zone.from_text(f"$TTL 60\n{zone_in(ran.out)}", "papers.lab.org.", relativize=False, check_origin=False)
    (record,) = zone.find_rdataset(f"{form}.", "TXT")
    assert b"".join(record.strings).decode() == value
    (file,) = home.glob("*.pem")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_what_keygen_says_to_add_is_all_that_it_takes(home, run):
    first, second = run("dkim", "keygen").out, run("dkim", "keygen", "--ed25519").out
    lines = [said.partition("[dkim]")[2].partition("\n\n")[0] for said in (first, second)]
    add(home, "[dkim]" + "".join(lines))
    assert run("send", "--now", NOW.isoformat()).code == 0
    (file,) = (home / "outbox").glob("*.eml")
    run("preview", "--format", "eml", "--date", f"{NOW:%Y-%m-%d}", "--output", "again.eml")
    assert (home / "again.eml").read_bytes() == file.read_bytes()
    records = {f"{name}.".encode(): value.encode() for name, value in map(record_in, (first, second))}
    oracle = dkim.DKIM(file.read_bytes())
    assert [oracle.verify(number, dnsfunc=lambda name, timeout=5: records.get(name)) for number in range(2)] == [
        True,
        True,
    ]


def test_show_says_the_same_again(home, run):
    made = run("dkim", "keygen").out
    assert "digest dkim keygen" in run("dkim", "show").err
    add(home, '[dkim]\nkey_file = "dkim.pem"\n')
    shown = run("dkim", "show").out
    assert record_in(shown) == record_in(made)
    assert zone_in(shown) == zone_in(made)


def test_a_key_is_never_written_over(home, run):
    run("dkim", "keygen")
    before = (home / "dkim.pem").read_bytes()
    ran = run("dkim", "keygen")
    assert ran.code == 2
    assert "is there already, and a key is never written over" in ran.err
    assert (home / "dkim.pem").read_bytes() == before


def test_a_key_goes_where_the_configuration_misses_it(home, run):
    (home / "secrets").mkdir()
    add(home, '[dkim]\nkey_file = "secrets/k.pem"\nselector = "s1"\n')
    ran = run("send", "--now", NOW.isoformat())
    assert ran.code == 2
    assert "dkim.key_file: cannot read" in ran.err
    assert "digest dkim keygen" in ran.err
    made = run("dkim", "keygen").out
    assert "Tell the configuration" not in made
    assert record_in(made)[0] == "s1._domainkey.papers.lab.org"
    assert (home / "secrets/k.pem").is_file()
    assert run("send", "--now", NOW.isoformat()).code == 0


def test_without_a_configuration_a_key_can_be_made_all_the_same(run, tmp_path):
    ran = run("dkim", "keygen")
    assert ran.code == 0
    assert record_in(ran.out)[0] == "digest._domainkey.YOUR-DOMAIN"
    assert zone_in(ran.out).startswith("digest._domainkey IN TXT ")
    assert (tmp_path / "dkim.pem").is_file()


def test_a_selector_that_dns_cannot_have_is_refused(home, run):
    ran = run("dkim", "keygen", "--selector", "a b")
    assert (ran.code, "--selector: " in ran.err) == (2, True)
    assert list(home.glob("*.pem")) == []


# --- digest check ---------------------------------------------------------------------------------------------------


def checked(home, nameserver):
    configured = config.load(home / "config.toml", {})
    found = sender_dns.examine(configured, Server("127.0.0.1", nameserver.port))
    return {remark.check: (remark.result.value, remark.detail) for remark in found}


def test_check_follows_a_key_from_nothing_to_dns(home, run, nameserver):
    found = checked(home, nameserver)
    assert found["DKIM"] == ("note", "nothing is signed here: let your mail server sign, or run `digest dkim keygen`")
    made = run("dkim", "keygen").out
    add(home, '[dkim]\nkey_file = "dkim.pem"\n')
    assert checked(home, nameserver)["DKIM"][0] == "failed"
    name, value = record_in(made)
    nameserver.records[name] = {"TXT": [keys.strings(value)]}
    assert checked(home, nameserver)["DKIM"] == ("ok", f"{name} holds our key")


def test_check_asks_for_the_spf_of_the_domain_that_bounces_go_to(home, nameserver):
    add(home, '[bounces]\naddress = "bounce@bounce.lab.org"\n')
    assert "bounce.lab.org" in checked(home, nameserver)["SPF"][1]


def test_check_minds_keys_that_everybody_can_read_or_that_are_short(home, run, nameserver):
    add(home, '[dkim]\nkey_file = "short.pem"\n')
    keys.write_new(home / "short.pem", keys.rsa.generate_private_key(65537, 1024))
    result, detail = checked(home, nameserver)["dkim.key_file"]
    assert result == "warning"
    assert "1024 bits" in detail
    (home / "short.pem").unlink()
    run("dkim", "keygen")
    (home / "short.pem").chmod(0o644)
    result, detail = checked(home, nameserver)["dkim.key_file"]
    assert result == "warning"
    assert "chmod 600" in detail


def test_check_says_what_is_wrong_with_a_key_and_looks_at_the_rest(home, run, nameserver):
    add(home, '[dkim]\nkey_file = "gone.pem"\n')
    nameserver.records["_dmarc.lab.org"] = {"TXT": ['"v=DMARC1; p=reject"']}
    found = checked(home, nameserver)
    assert found["dkim.key_file"][0] == "failed"
    assert "digest dkim keygen" in found["dkim.key_file"][1]
    assert found["DMARC"][0] == "ok"


def test_a_server_that_will_not_answer_fails_nothing(home, run, nameserver):
    for name in ("papers.lab.org", "_dmarc.papers.lab.org"):
        nameserver.records[name] = dns.rcode.REFUSED
    found = checked(home, nameserver)
    assert {found[about][0] for about in ("SPF", "DKIM", "DMARC")} == {"note"}


# --- whatever is rendered -------------------------------------------------------------------------------------------

KEY = keys.generate(keys.Kind.RSA)
SIGNER = Signer("papers.lab.org", [keys.signing(KEY, "digest")])


@pytest.fixture(scope="module")
def renderer():
    text = CONFIG.replace("[smtp]", '[site]\nurl = "https://papers.lab.org"\n[smtp]')
    return wiring.make_renderer(config.from_text(text, Path("config.toml"), {}), [], b"secret")


@settings(deadline=None)  # the first of each kind is made from scratch
@given(
    edition=st.sampled_from(list(samples(NOW))),
    title=st.text(max_size=300),
    name=st.text(max_size=60),
    email=st.sampled_from(["ann@example.org", "k\u00e4fer@b\u00fccher.example.org", f"{'x' * 60}@example.org"]),
)
def test_every_message_that_we_make_can_be_verified(renderer, edition, title, name, email):
    picks = tuple(replace(pick, listing=replace(pick.listing, title=title or "-")) for pick in edition.picks)
    subscriber = replace(edition.subscriber, name=name, email=email)
    content = SIGNER.signed(renderer.message(replace(edition, picks=picks, subscriber=subscriber)).content)
    assert dkim.verify(content, dnsfunc=lambda name, timeout=5: keys.record(KEY).encode())
