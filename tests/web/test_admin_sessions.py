"""Who gets to the operator's pages, and who does not."""

import re
import stat

import httpx
import pytest
from argon2 import PasswordHasher
from hypothesis import given
from hypothesis import strategies as st

from digest.model import Status
from digest.web.admin.login import back_to
from digest.web.admin.passwords import hashed, is_outdated, is_right

from .admin_desk import PASSWORD, operated
from .conftest import ANN, URL

WRONG = "wrong horse"


@pytest.fixture
def operator(make_site, tmp_path):
    return operated(make_site, tmp_path)


# --- off ----------------------------------------------------------------------------------------------------------


def test_there_are_no_such_pages_unless_they_are_configured(site):
    for path in ("/admin", "/admin/log", "/admin/subscribers/1", "/admin/login"):
        assert site.get(path, headers={"X-Remote-User": "eve"}).status_code == 404
        assert site.post(path, data={"password": ""}).status_code in (404, 405)


# --- the password -------------------------------------------------------------------------------------------------


def test_a_stranger_sees_nothing_but_the_form_for_the_password(operator):
    operator.site.subscribe()
    for path in ("/admin", "/admin/subscribers", "/admin/subscribers/1", "/admin/templates/mail"):
        answer = operator.get(path)
        assert 'type="password"' in answer.text
        assert ANN.email not in answer.text
        assert "set-cookie" not in answer.headers


def test_a_strangers_form_changes_nothing(operator):
    ann = operator.site.subscribe()
    answer = operator.client.post(f"/admin/subscribers/{ann.id}/remove", data={"form": "x"})
    assert answer.status_code == 403
    assert operator.site.store.subscriber(ann.email).status is Status.ACTIVE


def test_who_has_the_password_comes_in_and_goes_on_to_where_they_wanted(operator):
    wanted = "/admin/deliveries?state=failed"
    back = re.search(r'name="back" value="([^"]+)"', operator.get(wanted).text)[1].replace("&amp;", "&")
    assert back == wanted
    answer = operator.log_in(back=back)
    assert (answer.status_code, answer.headers["location"]) == (303, wanted)
    assert "Not delivered" in operator.get(wanted).text
    assert operator.get("/admin/login").headers["location"] == "/admin"


def test_who_has_another_password_does_not_come_in(operator):
    for password in (WRONG, "", PASSWORD.upper(), f"{PASSWORD} ", "x" * 5_000, "\0", "😀"):
        answer = operator.log_in(password)
        assert answer.status_code == 422, password
        assert "This is not the password." in answer.text
        assert "set-cookie" not in answer.headers
        operator.site.clock.turn(hours=1)


def test_after_five_tries_even_the_right_password_has_to_wait(operator):
    for _ in range(5):
        assert operator.log_in(WRONG).status_code == 422
    late = operator.log_in()
    assert (late.status_code, "you can try again" in late.text) == (429, True)
    operator.site.clock.turn(seconds=int(late.headers["retry-after"]))
    assert operator.log_in().status_code == 303


def test_a_file_that_cannot_be_read_lets_nobody_in_and_says_what_to_do(operator, tmp_path):
    assert operator.log_in().status_code == 303
    (tmp_path / "password").unlink()
    answer = operator.log_in()
    assert (answer.status_code, "digest web password" in answer.text) == (503, True)
    assert 'type="password"' in operator.get("/admin").text


def test_a_hash_that_became_too_weak_is_made_again_and_stays_private(operator, tmp_path):
    file = tmp_path / "password"
    file.write_text(PasswordHasher(time_cost=1, memory_cost=1024).hash(PASSWORD))
    assert operator.log_in().status_code == 303
    kept = file.read_text().strip()
    assert is_right(kept, PASSWORD)
    assert not is_outdated(kept)
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "Overview" in operator.get("/admin").text


@pytest.mark.parametrize("kept", ["", "secret", "$argon2id$v=19$m=1,t=1,p=1$x$y", "$2b$12$abc"])
def test_what_is_no_hash_is_nobodys_password(kept):
    assert not is_right(kept, "secret")


def test_a_password_is_kept_as_an_argon2id_hash_with_salt():
    assert hashed(PASSWORD) != hashed(PASSWORD)
    assert hashed(PASSWORD).startswith("$argon2id$")
    for none in ("", "x" * 1_025):
        with pytest.raises(ValueError, match="characters"):
            hashed(none)


# --- the cookie ---------------------------------------------------------------------------------------------------


def test_the_cookie_is_for_this_host_by_https_and_for_no_script(make_site, tmp_path):
    cookie = operated(make_site, tmp_path, url=URL).log_in().headers["set-cookie"]
    assert cookie.startswith("__Host-admin=")
    parts = {part.strip().lower() for part in cookie.split(";")[1:]}
    assert {"secure", "httponly", "samesite=strict", "path=/", "max-age=43200"} <= parts
    assert not any(part.startswith("domain") for part in parts)


def test_a_session_ends_after_twelve_hours(operator):
    operator.come_in()
    operator.site.clock.turn(hours=11, minutes=59)
    assert "Overview" in operator.get("/admin").text
    operator.site.clock.turn(minutes=1)
    assert 'type="password"' in operator.get("/admin").text


def test_who_logs_out_is_out_also_where_the_cookie_was_copied(operator):
    operator.come_in()
    copied = "; ".join(f"{name}={value}" for name, value in operator.client.cookies.items())
    answer = operator.post("/admin/logout")
    assert (answer.status_code, "Max-Age=0" in answer.headers["set-cookie"]) == (303, True)
    assert 'type="password"' in operator.get("/admin", headers={"Cookie": copied}).text


def test_a_new_password_ends_every_session(operator, tmp_path):
    operator.come_in()
    (tmp_path / "password").write_text(hashed("another"))
    assert 'type="password"' in operator.get("/admin").text


def test_a_cookie_that_we_did_not_make_for_this_is_nobodys(operator):
    operator.come_in()
    (name, made), *_ = operator.client.cookies.items()
    operator.client.cookies.clear()
    desk = operator.site.desk
    forged = [made[:-2], made[::-1], "", "x", ".", made.split(".")[0], str(desk.seal("admin form").dumps(["a", 9**9]))]
    forged += [str(desk.seal("admin").dumps(what)) for what in (["a"], "abc", None, ["a", 9**12, "x"])]
    for cookie in forged:
        answer = operator.client.get("/admin", headers={"Cookie": f"{name}={cookie}"})
        assert (answer.status_code, 'type="password"' in answer.text) == (200, True), cookie


# --- forms --------------------------------------------------------------------------------------------------------


def test_a_form_without_what_only_our_own_pages_know_changes_nothing(operator):
    ann = operator.site.subscribe()
    operator.log_in()
    mine = operator.own_form()
    with httpx.Client(base_url=operator.client.base_url) as other:
        other.post("/admin/login", data={"password": PASSWORD})
        theirs = re.search(r'name="form" value="([^"]+)"', other.get("/admin").text)[1]
    for wrong in ("", "x", theirs, mine[:-1], mine + "a"):
        answer = operator.client.post(f"/admin/subscribers/{ann.id}/remove", data={"form": wrong})
        assert (answer.status_code, "Nothing was changed" in answer.text) == (403, True)
    assert operator.site.store.subscriber(ann.email).status is Status.ACTIVE
    assert operator.site.store.deeds(9) == []
    done = operator.client.post(f"/admin/subscribers/{ann.id}/remove", data={"form": mine})
    assert done.status_code == 303


def test_a_form_from_another_site_is_refused_even_with_the_cookie(operator):
    ann = operator.site.subscribe()
    operator.come_in()
    mine = {"form": operator.own_form()}
    elsewhere = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}
    answer = operator.client.post(f"/admin/subscribers/{ann.id}/remove", data=mine, headers=elsewhere)
    assert answer.status_code == 403
    assert operator.site.store.subscriber(ann.email).status is Status.ACTIVE


def test_looking_changes_nothing(operator):
    operator.site.subscribe()
    operator.come_in()
    for path in ("/admin/subscribers/1/remove", "/admin/suppressions/add", "/admin/logout"):
        assert operator.get(path).status_code in (404, 405)
    assert operator.site.store.subscriber(ANN.email).status is Status.ACTIVE
    assert "Overview" in operator.get("/admin").text


# --- the proxy's header -------------------------------------------------------------------------------------------


@pytest.fixture
def proxied(make_site):
    def make(web=""):
        return make_site(more=f'\n[admin]\nheader = "X-Remote-User"\n{web}')

    return make


def test_whom_the_proxy_names_is_in_and_is_named_in_the_log(proxied):
    site = proxied()
    ann = site.subscribe()
    named = {"X-Remote-User": "Anna Lindgren"}
    page = site.get(f"/admin/subscribers/{ann.id}", headers=named).text
    form = re.search(r'name="form" value="([^"]+)"', page)[1]
    refused = site.post(f"/admin/subscribers/{ann.id}/pause", data={"form": form}, headers={"X-Remote-User": "bob"})
    assert refused.status_code == 403
    site.post(f"/admin/subscribers/{ann.id}/pause", data={"form": form}, headers=named)
    assert [(deed.who, deed.what) for _, deed in site.store.deeds(9)] == [("Anna Lindgren", f"paused {ann.email}")]


def test_what_names_nobody_lets_nobody_in(proxied):
    site, name = proxied(), "X-Remote-User"
    nobody = [[], [(name, "")], [(name, "eve"), (name, "anna")], [(name, "x" * 101)], [(name, "a\tb")]]
    for headers in (*nobody, [("X_Remote_User", "anna")]):
        answer = site.get("/admin", headers=headers)
        assert (answer.status_code, name in answer.text) == (403, True), headers


def test_the_header_is_believed_from_no_other_than_our_proxies(proxied):
    site = proxied('[web]\nproxies = ["10.0.0.7"]')
    spoofed = {"X-Remote-User": "eve", "X-Forwarded-For": "10.0.0.7"}
    assert site.get("/admin", headers=spoofed).status_code == 403


def test_the_header_is_nothing_where_it_is_not_configured(operator):
    assert 'type="password"' in operator.get("/admin", headers={"X-Remote-User": "eve"}).text


# --- where to go --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("wanted", "goes"),
    [
        ("/admin/subscribers?q=ann@example.org&after=", "/admin/subscribers?q=ann@example.org&after="),
        ("/admin/subscribers/7", "/admin/subscribers/7"),
        ("https://evil.example/admin", "/admin"),
        ("//evil.example", "/admin"),
        ("/admin//evil.example\\", "/admin"),
        ("/admin@evil.example", "/admin"),
        ("/admin\r\nSet-Cookie: a=b", "/admin"),
        ("javascript:alert(1)", "/admin"),
        ("/preferences/x", "/admin"),
        ("/admin/" + "x" * 600, "/admin"),
        ("", "/admin"),
    ],
)
def test_a_login_leads_to_a_page_of_the_operators_and_nowhere_else(wanted, goes):
    assert back_to(wanted) == goes


@given(st.text(max_size=80) | st.from_regex(r"/admin.{0,40}"))
def test_no_text_leads_elsewhere(wanted):
    assert re.match(r"/admin(?![^/?])", back_to(wanted))
