"""`digest check` finds what is wrong before the morning does, and says what to do."""

import json
from pathlib import Path

import pytest
from aiosmtpd.controller import Controller

from digest.cli.arguments import Server, read_server
from digest.cli.check import remarks
from digest.config import from_text

from ..ports import free_port  # noqa: TID252  (tests are no package)
from ..stores import only_sqlite  # noqa: TID252  (tests are no package)

NOW = ("--now", "2026-05-17T12:00:00Z")


class _Received:
    def __init__(self):
        self.messages = []

    async def handle_DATA(self, server, session, envelope):
        self.messages.append(envelope)
        return "250 OK"


@pytest.fixture
def relay():
    received = _Received()
    controller = Controller(received, hostname="127.0.0.1", port=free_port())
    controller.start()
    yield controller.port, received
    controller.stop()


@pytest.fixture
def configure(run, web):
    """Write a configuration that is right, but for what is put into it."""

    def write(smtp: str, more: str = "", path: str = "/feed") -> None:
        Path("config.toml").write_text(
            f'[site]\ncontact = "me@example.org"\n{more}\n[smtp]\n{smtp}\n'
            '[delivery]\nlog = "digest-deliveries.log"\n'
            f'[[sources]]\nkind = "feed"\nname = "J"\nurl = "{web}{path}"\n'
            '[[subscribers]]\nemail = "ann@example.org"\nkeywords = ["diffusion"]\n'
        )

    return write


FILES = 'kind = "files"\npath = "outbox"'


def findings(ran):
    return {finding["check"]: (finding["result"], finding["detail"]) for finding in json.loads(ran.out)}


def test_when_all_is_well_every_line_is_ok(run, configure, relay):
    port, received = relay
    configure(f'host = "127.0.0.1"\nport = {port}\nsecurity = "none"')
    ran = run("check", "--json", *NOW)
    found = findings(ran)
    assert {what: result for what, (result, _) in found.items()} == {
        **dict.fromkeys(
            ["configuration", "database", "subscribers", "source J", "templates", "mail", "delivery log"], "ok"
        ),
        "sender's DNS": "note",
    }, ran.out
    assert ran.code == 0
    assert found["source J"][1] == "announces 1 now"
    assert found["mail"][1].startswith(f"127.0.0.1:{port} answers")
    assert received.messages == []


def test_nothing_that_was_fetched_is_stored(run, configure):
    configure(FILES)
    assert run("check", *NOW).code == 0
    assert "Nothing pulled" in run("search", "paper").out


def test_a_curator_whom_nobody_knows_is_named(run, configure):
    configure(FILES, '[web]\ncurators = ["Ann@Example.org", "bob@example.org"]')
    said = findings(run("check", "--json", *NOW))
    assert said["web.curators"] == (
        "warning",
        "names bob@example.org, who is not subscribed: curators come by the link in their own digest",
    )


def test_a_table_says_the_same_to_people(run, configure):
    configure(FILES)
    out = run("check", *NOW).out
    assert "source J" in out
    assert "digest preview" in out


def test_each_thing_that_fails_is_named_and_the_others_are_looked_at_all_the_same(run, configure):
    Path("mine/email").mkdir(parents=True)
    Path("mine/email/digest.txt.j2").write_text("{{ nothing_like_that }}")
    configure(f'host = "127.0.0.1"\nport = {free_port()}\nsecurity = "none"', 'templates_dir = "mine"', "/gone")
    ran = run("check", "--json", *NOW)
    assert ran.code == 1
    found = findings(ran)
    assert {what: result for what, (result, _) in found.items()} == {
        "configuration": "ok",
        "database": "ok",
        "subscribers": "ok",
        "source J": "failed",
        "templates": "failed",
        "mail": "failed",
        "delivery log": "ok",
        "sender's DNS": "note",
    }
    assert "404" in found["source J"][1]
    assert "digest.txt.j2" in found["templates"][1]
    assert "put right" in run("check", *NOW).out


@pytest.mark.parametrize(
    "name", [f"{name}.{end}" for name in ("card", "line", "trending", "digest") for end in ("html", "txt", "md")]
)
def test_a_fault_in_any_template_is_found_and_told_once_with_its_line(run, configure, name):
    Path("mine/email").mkdir(parents=True)
    Path(f"mine/email/{name}.j2").write_text(
        "<p>x</p>\n{% if digest is undefined or digest.layout == 'full' %}{{ gone }}{% endif %}"
    )
    configure(FILES, 'templates_dir = "mine"')
    said = findings(run("check", "--json", *NOW))["templates"][1]
    assert said == f"{Path(f'mine/email/{name}.j2').resolve()}, line 2: 'gone' is undefined"


def test_an_encoder_that_is_not_where_it_should_be_is_found(run, configure):
    Path("model").mkdir()
    configure(FILES)
    with Path("config.toml").open("a") as file:
        file.write('[ranking]\nsemantic_model = "model"\n')
    assert findings(run("check", "--json", *NOW))["ranker"][0] == "failed"
    Path("model/tokenizer.json").write_text("{}")
    assert findings(run("check", "--json", *NOW))["ranker"][0] == "ok"


@only_sqlite("a file of another kind")
def test_a_database_that_cannot_be_opened_does_not_hide_the_rest(run, configure):
    Path("digest.db").write_text("this is no database, but it is long enough to look at" * 20)
    configure(FILES)
    found = findings(run("check", "--json", *NOW))
    assert found["database"][0] == "failed"
    assert "not a digest database" in found["database"][1]
    assert found["source J"][0] == found["mail"][0] == "ok"


def test_a_delivery_log_that_cannot_be_written_is_found(run, configure):
    Path("digest-deliveries.log").mkdir()
    configure(FILES)
    result, what = findings(run("check", "--json", *NOW))["delivery log"]
    assert (result, "digest-deliveries.log: the delivery log cannot be written" in what) == ("failed", True)


@pytest.mark.parametrize(("place", "result"), [("back", "ok"), ("elsewhere", "failed")])
def test_it_is_seen_whether_mail_that_comes_back_can_be_looked_into_and_none_is_taken_in(run, configure, place, result):
    for part in ("new", "cur", "tmp"):
        Path("back", part).mkdir(parents=True)
    Path("back/new/1").write_text("Subject: hello\n\n")
    configure(FILES)
    with Path("config.toml").open("a") as file:
        file.write(f'[bounces]\naddress = "bounce@lab.org"\nmaildir = "{place}"\n')
    found = findings(run("check", "--json", *NOW))["bounces"]
    assert (found[0], str(Path(place).resolve()) in found[1]) == (result, True)
    assert [file.name for file in Path("back").rglob("1*")] == ["1"]


def test_every_fault_of_the_configuration_is_a_line(run):
    Path("config.toml").write_text('[smtp]\nprot = 1\n[[sources]]\nkind = "arxvi"\n')
    ran = run("check", "--json")
    assert ran.code == 1
    details = [finding["detail"] for finding in json.loads(ran.out)]
    assert details == [
        'smtp.prot: unknown key; did you mean "port"?',
        'sources[0].kind: "arxvi" is no kind of source; did you mean "arxiv"?',
    ]


def test_without_a_configuration_it_says_how_to_get_one(run):
    ran = run("check")
    assert (ran.code, "digest init" in ran.out) == (1, True)


def test_secrets_that_everybody_can_read_are_a_warning(run, configure):
    Path("secret").write_text("hunter2")
    Path("secret").chmod(0o644)
    configure('kind = "files"\npath = "outbox"\nusername = "u"\npassword_file = "secret"')
    ran = run("check", "--json", *NOW)
    assert (ran.code, findings(ran)["smtp.password_file"][0]) == (0, "warning")
    assert "chmod 600" in findings(ran)["smtp.password_file"][1]
    Path("secret").chmod(0o600)
    assert "smtp.password_file" not in findings(run("check", "--json", *NOW))
    configure('kind = "files"\npath = "outbox"\nusername = "u"\npassword = "hunter2"')
    Path("config.toml").chmod(0o644)
    ran = run("check", "--json", *NOW)
    assert "chmod 600" in findings(ran)["smtp.password"][1]
    assert "hunter2" not in ran.out
    configure(FILES)
    with Path("config.toml").open("a") as file:
        file.write('[bounces]\nusername = "u"\npassword = "hunter2"\n')
    assert "chmod 600" in findings(run("check", "--json", *NOW))["bounces.password"][1]


def test_nobody_to_send_to_is_a_warning(run, configure):
    configure(FILES)
    Path("config.toml").write_text(Path("config.toml").read_text().partition("[[subscribers]]")[0])
    ran = run("check", "--json", *NOW)
    assert (ran.code, findings(ran)["subscribers"][0]) == (0, "warning")


SOURCE = '[[sources]]\nkind = "huggingface"\n'
RELAY = '[smtp]\nhost = "smtp.lab.org"\n'


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        (SOURCE, {"site.contact"}),
        ('[site]\ncontact = "me@lab.org"\n' + SOURCE, set()),
        (RELAY + SOURCE, {"site.contact", "mail.from"}),
        (RELAY + '[mail]\nfrom = "Papers <d@papers.example.org>"\n' + SOURCE, {"site.contact", "mail.from"}),
        (RELAY + '[mail]\nfrom = "Papers <d@lab.org>"\n' + SOURCE, {"site.contact"}),
        (SOURCE + '[[subscribers]]\nemail = "a@lab.org"\n', {"site.contact", "subscribers (a@lab.org)"}),
    ],
)
def test_what_is_allowed_and_probably_not_meant_is_remarked_on(text, keys):
    assert {key for key, _ in remarks(from_text(text, Path("config.toml"), {}))} == keys


# --- DNS ------------------------------------------------------------------------------------------------------------


def test_dns_is_asked_about_the_sender_and_a_fault_there_fails(run, configure, nameserver):
    configure(FILES)
    with Path("config.toml").open("a") as file:
        file.write('[mail]\nfrom = "Papers <digest@lab.org>"\n')
    nameserver.records["lab.org"] = {"TXT": ['"v=spf1 mx -all"', '"v=spf1 -all"']}
    nameserver.records["_dmarc.lab.org"] = {"TXT": ['"v=DMARC1; p=none"']}
    ran = run("check", "--json", "--resolver", nameserver.address, *NOW)
    found = findings(ran)
    assert {what: found[what][0] for what in ("SPF", "DKIM", "DMARC")} == {
        "SPF": "failed",
        "DKIM": "note",
        "DMARC": "note",
    }
    assert ran.code == 1


@pytest.mark.parametrize("written", ["localhost", "127.0.0.1:x", "127.0.0.1:99999", "127.0.0.1:", ""])
def test_a_resolver_that_is_no_address_is_refused(run, written):
    ran = run("check", "--resolver", written)
    assert ran.code == 2
    assert "is not an address" in " ".join(ran.err.replace("\u2502", " ").split())


@pytest.mark.parametrize(
    ("written", "server"),
    [
        ("192.0.2.1", ("192.0.2.1", 53)),
        ("192.0.2.1:5353", ("192.0.2.1", 5353)),
        ("2001:db8::1", ("2001:db8::1", 53)),
        ("[2001:db8::1]", ("2001:db8::1", 53)),
        ("[2001:db8::1]:5353", ("2001:db8::1", 5353)),
    ],
)
def test_a_resolver_is_an_address_with_or_without_a_port(written, server):
    assert read_server(written) == Server(*server)


def test_a_theme_that_there_is_not_is_named_with_its_key(run, tmp_path):
    (tmp_path / "config.toml").write_text(
        '[site]\ntheme = "nope"\n[[sources]]\nkind = "huggingface"\n', encoding="utf-8"
    )
    ran = run("check")
    assert ran.code == 1
    assert 'site.theme: There is no theme "nope"; there are journal, ledger.' in " ".join(ran.out.split())
