"""Where the delivery log is, who begins it, and what is said if it cannot be written."""

from datetime import timedelta
from pathlib import Path

import pytest

from digest import config
from digest.cli import wiring

from ..stores import POSTGRESQL, only_sqlite, rows_of  # noqa: TID252  (tests are no package)

CONFIG = """
[store]
url = "sqlite:///mine.db"
[smtp]
kind = "files"
path = "outbox"
[delivery]
{delivery}
[[sources]]
kind = "feed"
name = "lab"
url = "http://127.0.0.1:9/feed"
[[subscribers]]
email = "ann@example.org"
timezone = "UTC"
keywords = ["diffusion"]
"""


def _configured(delivery: str = "", url: str = "sqlite:///mine.db") -> None:
    Path("config.toml").write_text(CONFIG.format(delivery=delivery).replace("sqlite:///mine.db", url))


def _lines(name: str) -> list[str]:
    return Path(name).read_text().splitlines()


@only_sqlite("beside its file")
@pytest.mark.parametrize(
    ("delivery", "place"), [("", "mine-deliveries.log"), ('log = "kept/apart.log"', "kept/apart.log")]
)
def test_each_message_that_was_taken_is_a_line_beside_the_database_or_where_it_is_configured(run, delivery, place):
    _configured(delivery)
    assert run("send", "--early").code == 0
    (line,) = _lines(place)
    assert line.endswith("\tann@example.org")


def test_a_log_that_cannot_be_written_is_said_before_anything_is_composed(run):
    _configured('log = "config.toml/apart.log"')
    ran = run("send", "--early")
    assert ran.code == 2
    assert "delivery log" in ran.err
    assert "delivery.log" in ran.err
    assert not Path("outbox").exists()
    assert rows_of("digest.db" if POSTGRESQL else "mine.db")["editions"] == []


@pytest.mark.parametrize("arguments", [("send", "--dry-run"), ("status",), ("preview", "--format", "text")])
def test_what_sends_nothing_begins_no_log(run, arguments):
    _configured('log = "apart.log"')
    run(*arguments)
    assert not Path("apart.log").exists()


def test_a_database_that_is_no_file_has_a_log_only_where_one_is_configured(tmp_path):
    def made(delivery: str, url: str):
        text = CONFIG.format(delivery=delivery).replace("sqlite:///mine.db", url)
        return wiring.make_log(config.from_text(text, tmp_path / "config.toml", {}))

    for url in ("postgresql://user@host/name", "sqlite://", "sqlite:///:memory:"):
        assert made("", url) is None
        assert made('log = "apart.log"', url) is not None


def test_lines_are_remembered_for_longer_than_an_edition_may_be_sent(tmp_path):
    settings = config.from_text(CONFIG.format(delivery='expire_after = "5d"'), tmp_path / "config.toml", {})
    assert wiring.make_log(settings)._keep > timedelta(days=6)
