"""`digest templates`: what is listed, what is copied, and what is left alone."""

import json
from pathlib import Path

import pytest

CONFIG = """
[site]
{site}

[[sources]]
kind = "arxiv"
categories = ["cs.LG"]
"""


@pytest.fixture
def configured(run, tmp_path):
    def write(site: str = "") -> None:
        (tmp_path / "config.toml").write_text(CONFIG.format(site=site))

    return write


def origins(run, *arguments: str) -> dict[str, str]:
    return {one["name"]: one["origin"] for one in json.loads(run("templates", "list", "--json", *arguments).out)}


def test_without_a_configuration_the_built_in_ones_are_listed(run):
    found = origins(run)
    assert set(found.values()) == {"built in"}
    assert {"email/digest.html.j2", "email/card.txt.j2", "email/subject.txt.j2"} <= found.keys()
    assert "email/card.html.j2" in run("templates", "list").out


def test_a_theme_takes_the_place_of_some(run):
    found = origins(run, "--theme", "ledger")
    assert found["email/style.css.j2"] == "theme ledger"
    assert found["email/digest.html.j2"] == "built in"


def test_ones_own_go_first_and_may_be_more(run, configured, tmp_path):
    (tmp_path / "mine" / "email").mkdir(parents=True)
    (tmp_path / "mine" / "email" / "style.css.j2").write_text("p { margin: 0 }")
    (tmp_path / "mine" / "email" / "logo.html.j2").write_text("x")
    configured('theme = "ledger"\ntemplates_dir = "mine"')
    found = origins(run)
    assert found["email/style.css.j2"] == found["email/logo.html.j2"] == "yours"
    assert found["email/card.html.j2"] == "theme ledger"


def test_a_theme_that_is_not_there_is_said_with_those_that_are(run):
    ran = run("templates", "list", "--theme", "legder")
    assert ran.code == 2
    assert "journal" in ran.err
    assert "ledger" in ran.err


def test_all_of_the_mail_is_copied_beside_the_configuration(run, configured, tmp_path):
    configured()
    ran = run("templates", "copy")
    copied = {path.name for path in (tmp_path / "templates" / "email").iterdir()}
    assert {"digest.html.j2", "card.md.j2", "subject.txt.j2"} <= copied
    assert not (tmp_path / "templates" / "web").exists()
    assert 'Set templates_dir = "templates" below [site]' in ran.out


def test_the_line_to_write_is_right_wherever_one_is_and_whatever_the_folder_is_called(run, configured, tmp_path):
    (tmp_path / "lab").mkdir()
    configured()
    (tmp_path / "config.toml").rename(tmp_path / "lab" / "config.toml")
    for to, said in (("mine", f'"{tmp_path / "mine"}"'), ("lab/ours", '"ours"'), ('lab/the "new"', "'the \"new\"'")):
        ran = run("--config", "lab/config.toml", "templates", "copy", "card.html", "--to", to)
        assert f"Set templates_dir = {said} below [site]" in ran.out


@pytest.mark.parametrize("name", ["card.html", "card.html.j2", "email/card.html", "email/card.html.j2"])
def test_one_is_copied_by_whatever_name_it_goes(run, tmp_path, name):
    assert run("templates", "copy", name, "--to", "mine").code == 0
    assert [path.name for path in tmp_path.glob("mine/*/*")] == ["card.html.j2"]


def test_a_copy_is_what_the_theme_has(run, tmp_path):
    run("templates", "copy", "style.css", "digest.html", "--theme", "ledger", "--to", "mine")
    assert "The ledger" in (tmp_path / "mine" / "email" / "style.css.j2").read_text()
    assert "<!DOCTYPE html>" in (tmp_path / "mine" / "email" / "digest.html.j2").read_text()


def test_a_file_that_is_there_stays_unless_told_otherwise(run, tmp_path):
    run("templates", "copy", "card.html", "--to", "mine")
    mine = tmp_path / "mine" / "email" / "card.html.j2"
    mine.write_text("mine")
    said = run("templates", "copy", "card.html", "line.html", "--to", "mine").out
    assert mine.read_text() == "mine"
    assert "card.html.j2 is there already; --force replaces it" in said
    assert "line.html.j2 is there" not in said
    run("templates", "copy", "card.html", "--to", "mine", "--force")
    assert mine.read_text() != "mine"


def test_the_configured_folder_is_used_and_need_not_be_told(run, configured, tmp_path):
    (tmp_path / "mine").mkdir()
    configured('templates_dir = "mine"')
    ran = run("templates", "copy", "card.html")
    assert (tmp_path / "mine" / "email" / "card.html.j2").is_file()
    assert "Set templates_dir" not in ran.out


def test_a_name_that_is_not_there_copies_nothing_and_says_which_was_meant(run, tmp_path):
    ran = run("templates", "copy", "line.html", "crad.html")
    assert ran.code == 2
    assert "There is no template crad.html; did you mean card.html?" in ran.err
    assert not (tmp_path / "templates").exists()


def test_the_built_in_ones_are_never_written_to(run):
    folder = Path(__file__).parent.parent.parent / "templates"
    before = (folder / "email" / "card.html.j2").read_bytes()
    ran = run("templates", "copy", "--to", str(folder), "--theme", "ledger", "--force")
    assert ran.code == 2
    assert "name another folder with --to" in ran.err
    assert (folder / "email" / "card.html.j2").read_bytes() == before
