"""What `digest check` says of the pages."""

from pathlib import Path

import pytest

from digest import config
from digest.cli.pages_check import examine, remarks
from digest.model import Weight

from ..ports import free_port  # noqa: TID252  (tests are no package)


def settings(url, web="", admin=""):
    text = f'[site]\nurl = "{url}"\n[web]\n{web}\n[admin]\n{admin}\n[[sources]]\nkind = "huggingface"\n'
    return config.from_text(text, Path("config.toml"), {})


@pytest.mark.parametrize(
    ("url", "web", "admin", "keys"),
    [
        ("https://x.org", "", "", set()),
        ("http://localhost:8080", "", "", set()),
        ("http://x.org", "", "", {"site.url"}),
        ("http://x.org", "", 'header = "Remote-User"', {"site.url", "admin"}),
        ("https://x.org", "proxies = []", "", {"web.proxies"}),
        ("https://x.org", 'host = "0.0.0.0"', "", {"web.host", "web.proxies"}),
        ("https://x.org", 'host = "10.0.0.5"\nproxies = ["10.0.0.0/24"]', "", {"web.host"}),
        ("https://x.org/papers", "", "", {"site.url"}),
        ("https://x.org/papers-by-mail", "", "", set()),
        ("https://x.org", "", 'password_file = "none-yet"', {"admin.password_file"}),
    ],
)
def test_settings_that_are_unsafe_together_are_named(url, web, admin, keys):
    assert {key for key, _ in remarks(settings(url, web, admin))} == keys


def test_a_password_that_others_can_read_is_named(tmp_path):
    file = tmp_path / "admin-password"
    file.touch(mode=0o644)
    file.chmod(0o644)
    assert [what for _, what in remarks(settings("https://x.org", "", f'password_file = "{file}"'))] == [
        f"can be read by everybody on this machine: chmod 600 {file}"
    ]


@pytest.mark.parametrize("everybody", ["0.0.0.0/0", "::/0"])
def test_a_login_that_everybody_could_forge_is_a_failure(everybody):
    web = f'port = {free_port()}\nproxies = ["{everybody}"]'
    for admin, weight in (('header = "Remote-User"', Weight.FAILED), ("", Weight.WARNING)):
        found = [each for each in examine(settings("https://x.org", web, admin)) if each.check == "web.proxies"]
        assert [each.result for each in found] == [weight]


def test_links_that_lead_to_no_pages_are_named_and_no_pages_are_nothing_to_speak_of():
    assert [each.check for each in examine(settings("https://x.org"))] == ["site.url"]
    bare = config.from_text('[[sources]]\nkind = "huggingface"\n', Path("config.toml"), {})
    assert list(examine(bare)) == []


def test_a_free_port_can_be_served_and_one_that_another_program_has_cannot(web):
    port = free_port()
    (found,) = examine(settings(f"http://localhost:{port}", f"port = {port}"))
    assert (found.result, found.detail) == (Weight.OK, f"can be served at 127.0.0.1, port {port}")
    taken = web.rpartition(":")[2]
    (found,) = examine(settings(f"http://localhost:{taken}", f"port = {taken}"))
    assert found.result is Weight.FAILED
