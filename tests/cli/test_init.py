"""A newcomer has a configuration that works before they have read a page."""

import stat
import tomllib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest import config
from digest.cli import init
from digest.config.example import example, filled, toml
from digest.ranking.query import parse

from ..stores import only_sqlite  # noqa: TID252  (tests are no package)

ANN = ("--email", "ann@example.org", "--keyword", '"flow matching"^3', "--category", "cs.CL")


def load(path="config.toml", **environ):
    return config.load(Path(path), environ, check_keyword=parse)


def test_what_it_writes_loads_and_says_what_was_asked_for(run):
    ran = run("init", *ANN, "--timezone", "Europe/Zurich", "--send-at", "6:15", "--contact", "me@example.org")
    assert ran.code == 0
    settings = load()
    ann = settings.subscribers[0]
    assert (ann.email, ann.keywords, ann.timezone) == ("ann@example.org", ('"flow matching"^3',), "Europe/Zurich")
    assert f"{ann.send_at:%H:%M}" == "06:15"
    assert settings.sources[0].categories == ("cs.CL",)
    assert settings.site.contact == "me@example.org"


def test_without_a_mail_server_mail_goes_to_a_folder(run):
    run("init", *ANN)
    assert (load().smtp.kind, load().smtp.folder) == ("files", Path("outbox").absolute())


def test_a_mail_server_of_this_machine_needs_no_certificate_and_any_other_does(run):
    run("init", *ANN, "--smtp-host", "localhost")
    assert (load().smtp.kind, load().smtp.security, load().smtp.effective_port) == ("smtp", "none", 25)
    run("init", *ANN, "--smtp-host", "smtp.example.org", "--force")
    assert (load().smtp.security, load().mail.from_) == ("starttls", "Daily Papers <ann@example.org>")
    run("init", *ANN, "--smtp-host", "smtp.example.org", "--smtp-security", "tls", "--from", "d@example.org", "--force")
    assert (load().smtp.effective_port, load().mail.from_) == (465, "d@example.org")


@only_sqlite("where its file is")
def test_it_explains_every_key_and_is_for_nobody_else_to_read(run):
    run("init", *ANN)
    assert "RFC 2919" in Path("config.toml").read_text(encoding="utf-8")
    assert stat.S_IMODE(Path("config.toml").stat().st_mode) == 0o600
    assert sorted(path.name for path in Path().iterdir()) == ["config.toml", "digest.db"]


def test_nothing_is_overwritten_without_force(run):
    Path("config.toml").write_text("precious")
    ran = run("init", *ANN)
    assert ran.code == 2
    assert "--force" in ran.err
    assert Path("config.toml").read_text() == "precious"
    assert run("init", *ANN, "--force").code == 0
    assert load().subscribers[0].email == "ann@example.org"


def test_it_ends_with_the_next_three_commands(run):
    lines = [line.split("#")[0].strip() for line in run("init", *ANN).out.splitlines() if "#" in line]
    assert lines == ["digest check", "digest pull", "digest preview --open"]


@only_sqlite("where its file is")
def test_another_place_is_in_the_next_commands_too(run, tmp_path):
    path = tmp_path / "new" / "my.toml"
    ran = run("--config", path, "init", *ANN)
    assert f"digest --config {path} check" in ran.out
    assert load(path).store.url == f"sqlite:///{tmp_path}/new/digest.db"
    assert (tmp_path / "new" / "digest.db").is_file()


def test_without_an_address_it_says_how_to_add_one(run):
    ran = run("init")
    assert "digest subscribers add" in ran.out
    assert load().subscribers == ()


def test_without_keywords_it_says_that_they_are_examples(run):
    assert "keywords in config.toml are examples" in run("init", "--email", "ann@example.org").out


def test_options_with_faults_are_named_and_nothing_is_written(run):
    ran = run(
        *("init", "--email", "ann", "--keyword", '"a', "--timezone", "Zurich", "--category", "cs.cl"),
        *("--send-at", "25:00", "--smtp-host", "h", "--smtp-security", "ssl", "--contact", "x"),
    )
    assert ran.code == 2
    for option in ("--email", "--keyword", "--timezone", "--category", "--send-at", "--smtp-security", "--contact"):
        assert f"{option}: " in ran.err
    assert 'did you mean "Europe/Zurich"?' in ran.err
    assert list(Path().iterdir()) == []


# --- asking ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def at_a_terminal(monkeypatch):
    monkeypatch.setattr(init, "on_terminal", lambda: True)
    monkeypatch.setattr(init, "machine_zone", lambda: "Asia/Tokyo")


def typed(*lines):
    return "\n".join(lines) + "\n"


@pytest.mark.usefixtures("at_a_terminal")
def test_at_a_terminal_it_asks_and_offers_an_answer_for_each(run):
    ran = run("init", stdin=typed("ann@example.org", "", "diffusion", "", "", "", "", ""))
    assert ran.code == 0, ran.err
    settings = load()
    assert settings.subscribers[0].keywords == ("diffusion",)
    assert settings.subscribers[0].timezone == "Asia/Tokyo"
    assert settings.sources[0].categories == ("cs.CL", "cs.LG", "stat.ML")
    assert settings.site.contact == "ann@example.org"
    assert settings.smtp.kind == "files"


@pytest.mark.usefixtures("at_a_terminal")
def test_a_slip_is_explained_and_asked_again(run):
    answers = ("ann", "ann@example.org", "cs.cl", "cs.CL, cs.CV", '"a', "GAN", "", "Zurich", "Europe/Zurich", "7.30")
    ran = run("init", stdin=typed(*answers, "07:45", "n", "n"))
    assert ran.code == 0, ran.err
    said = ran.out + ran.err
    for words in ("is not an e-mail address", 'did you mean "cs.CL"?', "never closed", 'did you mean "Europe/Zurich"?'):
        assert words in said
    settings = load()
    assert settings.sources[0].categories == ("cs.CL", "cs.CV")
    assert (settings.subscribers[0].keywords, settings.site.contact) == (("GAN",), None)


@pytest.mark.usefixtures("at_a_terminal")
def test_what_the_options_say_is_not_asked(run):
    ran = run("init", *ANN, "--timezone", "UTC", "--send-at", "07:00", "--smtp-host", "localhost", stdin=typed("y"))
    assert ran.code == 0, ran.err
    assert load().smtp.host == "localhost"


@pytest.mark.usefixtures("at_a_terminal")
def test_a_password_goes_to_a_file_of_its_own(run):
    answers = ("", "", "", "y", "", "bogus", "", "ann", "hunter2")
    ran = run("init", *ANN, stdin=typed(*answers))
    assert ran.code == 0, ran.err
    assert "hunter2" not in Path("config.toml").read_text(encoding="utf-8") + ran.out
    assert stat.S_IMODE(Path("smtp-password").stat().st_mode) == 0o600
    settings = load()
    assert (settings.smtp.host, settings.smtp.username) == ("smtp.example.org", "ann")
    assert settings.smtp.password.get_secret_value() == "hunter2"


@pytest.mark.parametrize(
    ("said", "offered"), [("Europe/Zurich", "Europe/Zurich"), ("local", "UTC"), (None, "UTC"), ("", "UTC")]
)
def test_the_machines_zone_is_offered_if_it_has_a_name(monkeypatch, said, offered):
    monkeypatch.setattr("tzlocal.get_localzone_name", lambda: said)
    assert init.machine_zone() == offered


# --- whatever is typed ----------------------------------------------------------------------------------------------

_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)


@given(_TEXT | st.lists(_TEXT, max_size=3) | st.integers(-(2**62), 2**62))
def test_every_value_comes_back_from_toml_as_it_was(value):
    assert tomllib.loads(f"value = {toml(value)}") == {"value": value}


@given(st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"]), min_size=1), max_size=4))
def test_any_keywords_make_a_file_that_loads(keywords):
    wanted = tuple(keyword.strip() for keyword in keywords if keyword.strip())
    text = init.render(init.Wishes("ann@example.org", keywords=wanted))
    settings = config.from_text(text, Path("config.toml"), {})
    if wanted:
        assert settings.subscribers[0].keywords == wanted


def test_answers_change_their_own_lines_and_no_others():
    before = example().splitlines()
    after = filled(example(), {("site", "url"): "https://x.org", ("sources", "categories"): ["cs.CV"]}).splitlines()
    changed = {(a, b) for a, b in zip(before, after, strict=True) if a != b}
    assert changed == {
        ('# url = "https://papers.example.org"', 'url = "https://x.org"'),
        ('categories = ["cs.CL", "cs.LG", "stat.ML"]', 'categories = ["cs.CV"]'),
    }
