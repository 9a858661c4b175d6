"""What the daemon says: one JSON object a line, and no secrets in it."""

import json
import logging
import warnings
from datetime import date
from hashlib import sha256

import pytest
import structlog
from itsdangerous import URLSafeTimedSerializer

from digest import config
from digest.cli import logs
from digest.tokens import Purpose, addressed, edition_token

SETTINGS = """
[store]
url = "postgresql://digest:databasesecret@db.example.org/digest"

[smtp]
username = "me"
password = "hunter22"

[bounces]
address = "bounce@example.org"
maildir = "bounces"
password = "imapsecret"

[[sources]]
kind = "feed"
name = "blog"
url = "https://example.org/feed"
"""


@pytest.fixture
def settings(tmp_path):
    (tmp_path / "config.toml").write_text(SETTINGS)
    return config.load(tmp_path / "config.toml", {}, check_keyword=lambda _: None)


@pytest.fixture
def said(settings, capsys):
    """What was logged since, as JSON; everything is as before afterwards."""
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    logs.verbose(logs.hiding(settings))
    structlog.configure(logger_factory=structlog.PrintLoggerFactory())  # to where standard output is then
    yield lambda: [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    logging.captureWarnings(capture=False)
    root.handlers, root.level = handlers, level
    structlog.reset_defaults()


log = structlog.get_logger("tests")


def test_every_line_is_an_object_that_begins_with_when_how_bad_and_what(said):
    log.info("pulled", source="blog", new=3, problems=["a", "b"])
    log.warning("late\nor broken")
    first, second = said()
    assert [*first][:3] == ["timestamp", "level", "event"]
    assert (first["event"], first["source"], first["new"], first["problems"]) == ("pulled", "blog", 3, ["a", "b"])
    assert (second["level"], second["event"]) == ("warning", "late\nor broken")


def test_a_traceback_is_a_part_of_its_line(said):
    try:
        int("hunter22")
    except ValueError:
        log.exception("stage failed", stage="pull")
    (line,) = said()
    assert "ValueError: invalid literal for int() with base 10: '***'" in line["exception"]


@pytest.mark.parametrize("secret", ["hunter22", "imapsecret", "databasesecret"])
def test_secrets_of_the_configuration_are_hidden_wherever_they_are(said, secret):
    event = f"refused: {secret}"
    log.error(event, reason=f"the server said: {secret}?", more={"deep": [secret]}, error=OSError(secret))
    (line,) = said()
    assert secret not in json.dumps(line)
    assert line["reason"] == "the server said: ***?"


def test_what_is_called_a_secret_is_hidden_whatever_it_is(said):
    log.info("x", password="other", api_token=5, Authorization="Bearer y")
    (line,) = said()
    assert {line["password"], line["api_token"], line["Authorization"]} == {"***"}


def test_tokens_name_whose_they_are_and_prove_nothing(said):
    """Whoever reads the log must not be able to unsubscribe everybody."""
    link = edition_token(b"secret", Purpose.UNSUBSCRIBE, 7, "ann@example.org", date(2026, 5, 18))
    back, leave = addressed(b"secret", 7, date(2026, 5, 18))
    log.info("refused", detail=f"550 <bounce+{back}@example.org> https://x.org/unsubscribe/{link} {leave}")
    (line,) = said()
    assert line["detail"].count("7-20260518-***") == 3
    for token in (link, back, leave):
        assert token[-16:] not in json.dumps(line)


def test_what_libraries_say_has_the_same_form(said):
    logging.getLogger("sqlalchemy.pool").error("lost %s", "hunter22")
    logging.getLogger("httpx").info("not worth a line")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("this will go", DeprecationWarning, stacklevel=1)
    first, second = said()
    assert (first["event"], first["logger"], first["level"]) == ("lost ***", "sqlalchemy.pool", "error")
    assert "this will go" in second["event"]


def test_what_pages_have_sealed_is_not_told(said):
    sealed = URLSafeTimedSerializer("key", signer_kwargs={"digest_method": sha256}).dumps([12, "a mark"])
    log.error("a page failed", path=f"/confirm/{sealed}/x", others=[sealed])
    (line,) = said()
    assert (line["path"], line["others"]) == ("/confirm/***/x", ["***"])
