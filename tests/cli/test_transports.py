"""What the configuration says of the relay is what the transports are told."""

from pathlib import Path

import pytest

from digest import config
from digest.cli import wiring
from digest.delivery import FilesTransport, MaildirTransport, SendmailTransport, SmtpTransport
from digest.delivery.replies import Step
from digest.errors import ConfigError, RelayError

SOURCE = '[[sources]]\nkind = "arxiv"\ncategories = ["cs.CL"]\n'


def settings(smtp: str, folder: Path = Path("/nowhere"), environment=None):
    return config.from_text(f"[smtp]\n{smtp}\n{SOURCE}", folder / "config.toml", environment or {})


def relay(smtp: str, folder: Path = Path("/nowhere"), environment=None):
    return wiring.make_relay(settings(smtp, folder, environment).smtp)


@pytest.mark.parametrize(
    ("smtp", "kind"),
    [
        ("", SmtpTransport),
        ('kind = "lmtp"', SmtpTransport),
        ('kind = "sendmail"', SendmailTransport),
        ('kind = "maildir"\npath = "out"', MaildirTransport),
        ('kind = "files"\npath = "out"', FilesTransport),
    ],
)
def test_each_kind_has_its_transport(smtp, kind):
    assert isinstance(wiring.make_transport(settings(smtp)), kind)


@pytest.mark.parametrize(
    ("smtp", "told"),
    [
        ("", ("localhost", 587, "starttls", False)),
        ('host = "mx.lab.org"\nsecurity = "tls"', ("mx.lab.org", 465, "tls", False)),
        ('kind = "lmtp"\nsecurity = "none"', ("localhost", 24, "none", True)),
        ('kind = "lmtp"\nhost = "store.lab.org"', ("store.lab.org", 24, "starttls", True)),
        ('kind = "lmtp"\nport = 2003\nsecurity = "tls"', ("localhost", 2003, "tls", True)),
        ('kind = "lmtp"\npath = "/run/dovecot/lmtp"', ("/run/dovecot/lmtp", 24, "none", True)),
    ],
)
def test_where_and_how(smtp, told):
    found = relay(smtp)
    assert (found.host, found.port, found.security, found.lmtp) == told


def test_patience_is_what_the_rfc_asks_for_and_the_operators_for_the_rest():
    patience = relay("timeout = 7").patience
    assert (patience.connect, patience.at(Step.DOT)) == (7, 600)


LOGIN = 'username = "ann"\n'


def test_a_password_from_a_file_is_read_anew_each_time(tmp_path):
    (tmp_path / "token").write_text("first\n")
    found = relay(f'{LOGIN}auth = "xoauth2"\npassword_file = "token"', tmp_path)
    assert (found.xoauth2, found.password()) == (True, "first")
    (tmp_path / "token").write_text("second\r\n")
    assert found.password() == "second"
    (tmp_path / "token").unlink()
    with pytest.raises(RelayError, match=r"token: the password cannot be read: check smtp\.password_file") as gone:
        found.password()
    assert gone.value.kind == "ours"


@pytest.mark.parametrize("environment", [{}, {"DIGEST_SMTP__PASSWORD": "other"}])
def test_a_password_that_is_in_no_file_stays(tmp_path, environment):
    (tmp_path / "token").write_text("from the file")
    where = 'password = "given"' if not environment else 'password_file = "token"'
    assert relay(LOGIN + where, tmp_path, environment).password == ("other" if environment else "given")


def test_a_mail_store_elsewhere_is_not_given_a_password_in_the_clear():
    with pytest.raises(ConfigError, match="in the clear"):
        relay(f'{LOGIN}password = "x"\nkind = "lmtp"\nhost = "store.lab.org"\nsecurity = "none"')
    assert relay(f'{LOGIN}password = "x"\nkind = "lmtp"\nhost = "h.org"\npath = "/s"').host == "/s"
