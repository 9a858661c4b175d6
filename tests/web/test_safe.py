"""The rules that hold for every page: what every answer says, what is refused, and in which words."""

import asyncio
import resource
import socket
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from threading import Event

import pytest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse
from starlette.routing import Route

from digest.errors import StoreError
from digest.web.app import application
from digest.web.errors import answered
from digest.web.listening import listen
from digest.web.safety import body, client, form, from_proxy, heed_limit
from digest.web.safety.bodies import LONGEST, LONGEST_UPLOAD, bounded
from digest.web.safety.headers import POLICY
from digest.web.safety.times import timely
from digest.web.serving import Server

from ..loops import apart  # noqa: TID252  (tests are no package)
from .conftest import NOW, URL
from .doors import opened


def run(coroutine):
    return apart(lambda: asyncio.run(coroutine))


def test_every_answer_tells_browsers_what_to_refuse(site):
    for path in ("/", "/papers", "/nowhere", "/health", site.desk.static["site.css"].path, "/preferences/x"):
        headers = site.get(path).headers
        assert headers["content-security-policy"] == POLICY, path
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "same-origin"
        assert headers["cross-origin-opener-policy"] == headers["cross-origin-resource-policy"] == "same-origin"
        assert headers["strict-transport-security"] == "max-age=31536000"


def test_browsers_are_bound_to_https_only_where_it_is_spoken(make_site):
    plain = make_site(url="http://papers.example.org")
    assert "strict-transport-security" not in plain.get("/health").headers


def test_what_is_not_there_is_said_in_words_with_a_way_on(site):
    answer = site.get("/no/such/page")
    assert answer.status_code == 404
    assert "There is no such page" in answer.text
    assert 'href="/"' in answer.text
    assert answer.headers["cache-control"] == "no-store"


def test_programs_are_told_of_problems_as_they_read_them(site):
    answer = site.get("/api/no/such/thing")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "application/problem+json")
    assert answer.json()["status"] == 404


def test_nothing_of_a_path_comes_back_in_a_page(site):
    assert "<b>x" not in site.get("/<b>x</b>").text


def test_a_method_that_a_page_does_not_know_is_refused_with_those_it_knows(site):
    for method in ("POST", "DELETE", "PUT", "PATCH", "OPTIONS", "TRACE", "PROPFIND"):
        answer = site.client.request(method, "/health")
        assert answer.status_code == 405, method
        assert set(answer.headers["allow"].split(", ")) == {"GET", "HEAD"}


def test_a_path_that_reads_and_acts_says_both(site):
    assert site.client.delete("/link").headers["allow"] == "GET, HEAD, POST"


def test_head_is_answered_wherever_get_is_without_the_body(site):
    for path in ("/health", site.desk.static["site.css"].path, "/nowhere"):
        got, head = site.get(path), site.client.head(path)
        assert (head.status_code, head.content) == (got.status_code, b"")
        assert head.headers["content-type"] == got.headers["content-type"]


# --- pages of our own making ----------------------------------------------------------------------------------------


@contextmanager
def running(app):
    """An application by itself."""
    with opened() as door, door.serving(app) as asking:
        yield asking


@pytest.fixture
def pages(site):
    """Serves pages of one's own, `pages({path: function})`, by GET and POST, under the rules for all."""
    with ExitStack() as stack:

        def put(functions, desk=None):
            routes = [Route(path, function, methods=["GET", "POST"]) for path, function in functions.items()]
            app = application(desk or site.desk)
            app.router.routes[:0] = routes
            return stack.enter_context(running(app))

        yield put


def raising(error):
    def page(request):
        raise error

    return page


def test_a_page_that_breaks_says_so_and_tells_nothing_of_the_inside(pages):
    answer = pages({"/broken": raising(ValueError("the key is 42"))}).get("/broken")
    assert (answer.status_code, "That is our fault" in answer.text) == (500, True)
    assert "42" not in answer.text
    assert answer.headers["content-security-policy"] == POLICY


def test_a_database_that_is_away_for_a_moment_is_no_fault_of_the_page(pages):
    answer = pages({"/locked": raising(StoreError("/srv/digest.db: locked"))}).get("/locked")
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "60")
    assert "/srv" not in answer.text


def test_an_operators_template_that_is_broken_still_lets_errors_be_told(pages, site, tmp_path):
    (tmp_path / "own" / "web").mkdir(parents=True)
    (tmp_path / "own" / "web" / "base.html.j2").write_text("{{ nothing }}")
    settings = site.desk.settings
    own = settings.model_copy(update={"site": settings.site.model_copy(update={"templates_dir": tmp_path / "own"})})
    answer = pages({}, replace(site.desk, settings=own)).get("/nowhere")
    assert (answer.status_code, answer.headers["content-type"]) == (404, "text/plain; charset=utf-8")
    assert answer.text.startswith("There is no such page.")


def test_a_form_lies_ready_for_page_functions_in_threads(pages):
    def page(request):
        fields = form(request)
        files = [value.file.read().decode() for value in fields.values() if not isinstance(value, str)]
        return JSONResponse([fields.getlist("word"), files])

    asking = pages({"/form": page})
    assert asking.post("/form", data={"word": ["é\0", ""]}).json() == [["é", ""], []]
    sent = {"word": (None, "a\0b"), "file": ("x.bib", b"@book{}")}
    assert asking.post("/form", files=sent).json() == [["ab"], ["@book{}"]]
    assert asking.post("/form", json={"word": "a"}).json() == [[], []]


@pytest.mark.parametrize(
    ("kind", "content"),
    [
        ("multipart/form-data", b"--x"),
        ("multipart/form-data; boundary=x", b"--x\r\nContent-Disposition: form-data\r\n\r\na\r\n--x--"),
        ("application/x-www-form-urlencoded", b"&a" * 2_000),
        (
            "multipart/form-data; boundary=x",
            b"".join(
                _part for _part in [b"--x\r\n" + b'Content-Disposition: form-data; name="a"\r\n\r\n1\r\n'] * 1_100
            ),
        ),
    ],
)
def test_a_form_that_cannot_be_read_or_has_a_thousand_fields_is_refused(pages, kind, content):
    answer = pages({"/form": lambda request: JSONResponse(len(form(request)))}).post(
        "/form", content=content, headers={"Content-Type": kind}
    )
    assert (answer.status_code, "We could not read that" in answer.text) == (400, True)


def test_bodies_are_bounded_and_uploads_may_be_larger_where_they_belong(pages):
    def page(request):
        return PlainTextResponse(str(len(body(request))))

    asking = pages({"/form": page, "/x/upload": page})
    assert asking.post("/form", content=b"a" * LONGEST).text == str(LONGEST)
    refused = asking.post("/form", content=b"a" * (LONGEST + 1))
    assert (refused.status_code, "too long" in refused.text) == (413, True)
    assert asking.post("/x/upload", content=b"a" * LONGEST_UPLOAD).text == str(LONGEST_UPLOAD)
    assert asking.post("/x/upload", content=b"a" * (LONGEST_UPLOAD + 1)).status_code == 413
    chunked = (b"a" * 10_000 for _ in range(7))
    assert asking.post("/form", content=chunked).status_code == 413


def test_a_body_that_never_ends_is_cut_off():
    async def endless():
        return {"type": "http.request", "body": b"a" * 1_000_000, "more_body": True}

    with pytest.raises(HTTPException) as caught:
        run(bounded(None)(scope("/", "POST", (b"transfer-encoding", b"chunked")), endless, print))
    assert (caught.value.status_code, caught.value.headers) == (413, {"Connection": "close"})


def test_whoever_does_something_too_often_is_told_how_long_to_wait(pages, site):
    def page(request):
        heed_limit(request, "sign_up", NOW)
        return PlainTextResponse("done")

    asking = pages({"/often": page})
    assert [asking.get("/often").status_code for _ in range(6)] == [200] * 5 + [429]
    answer = asking.get("/often")
    assert answer.headers["retry-after"] == "180"
    assert "Try again in 3 minutes" in answer.text


def test_the_limit_is_of_the_person_not_of_the_proxy(pages):
    def page(request):
        heed_limit(request, "sign_up", NOW)
        return PlainTextResponse(client(request))

    asking = pages({"/often": page})
    for number in range(7):
        answer = asking.get("/often", headers={"X-Forwarded-For": f"10.9.9.9, 192.0.2.{number}"})
        assert (answer.status_code, answer.text) == (200, f"192.0.2.{number}")


def test_a_page_knows_whether_to_believe_headers(pages, make_site):
    page = {"/who": lambda request: JSONResponse([client(request), from_proxy(request)])}
    said = {"X-Forwarded-For": "192.0.2.1"}
    assert pages(page).get("/who", headers=said).json() == ["192.0.2.1", True]
    alone = make_site(more="[web]\nproxies = []\n").desk
    assert pages(page, alone).get("/who", headers=said).json() == ["127.0.0.1", False]


# --- the prefix -----------------------------------------------------------------------------------------------------


def test_pages_below_a_path_are_found_with_and_without_it(make_site):
    site = make_site(url=f"{URL}/digest")
    style = site.desk.static["site.css"]
    for prefix in ("", "/digest"):
        assert site.get(f"{prefix}/health").status_code == 200
        assert site.get(f"{prefix}{style.path}").content == style.content
    assert f'href="/digest{style.path}"' in site.get("/digest/nowhere").text
    assert site.get("/digestion/health").status_code == 404


def test_a_slash_too_many_leads_to_the_page_and_never_to_another_site(make_site):
    site = make_site(url=f"{URL}/digest")
    answer = site.get("/digest/health/?a=%0D%0Ab&c=d", headers={"Host": "evil.example"})
    assert (answer.status_code, answer.headers["location"]) == (308, "/digest/health?a=%0D%0Ab&c=d")
    for path in ("//evil.example/", "/%2F/evil.example/", "/\\evil.example/", "/%5Cevil.example/", "///"):
        assert "location" not in site.get(path).headers, path


def test_no_link_is_made_of_the_host_header(site):
    for path in ("/", "/papers", "/nowhere", "/papers.atom", "/sitemap.xml", "/robots.txt"):
        said = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "gopher"}
        answer = site.get(path, headers=said)
        assert "evil.example" not in answer.text + str(answer.headers), path
        assert "gopher" not in answer.text, path


# --- kept by browsers -----------------------------------------------------------------------------------------------


def test_files_with_their_mark_are_kept_for_good_and_older_addresses_get_the_newest(site):
    style = site.desk.static["site.css"]
    now = site.get(style.path)
    assert now.headers["cache-control"] == "public, max-age=31536000, immutable"
    older = site.get("/static/0123456789ab/site.css")
    assert (older.content, older.headers["cache-control"]) == (style.content, "no-cache")
    for path in (
        "/static/x/..%2f..%2fbase.html.j2",
        "/static/x/%2e%2e",
        "/static/../../etc/passwd",
        "/static/x/site.css%00",
    ):
        assert site.get(path).status_code == 404, path


def test_what_everybody_may_see_is_packed_and_not_sent_twice(pages):
    page = "<p>words that come again and again</p>" * 200
    asking = pages({"/open": lambda request: HTMLResponse(page), "/short": lambda request: HTMLResponse("a")})
    answer = asking.get("/open", headers={"Accept-Encoding": "br, gzip"})
    assert (answer.headers["content-encoding"], answer.headers["vary"], answer.text) == (
        "gzip",
        "Accept-Encoding",
        page,
    )
    assert answer.headers["cache-control"] == "no-cache"
    again = asking.get("/open", headers={"If-None-Match": f'"x", {answer.headers["etag"]}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", answer.headers["etag"])
    for refusing in ({"Accept-Encoding": "identity"}, {"Accept-Encoding": "gzip;q=0"}):
        assert "content-encoding" not in asking.get("/open", headers=refusing).headers
    assert "content-encoding" not in asking.get("/short").headers


def test_what_a_token_opens_is_neither_kept_nor_packed(pages):
    page = "<p>words that come again and again</p>" * 200
    secret = "/somebody/{token}"
    asking = pages({secret: lambda request: HTMLResponse(page, headers={"Cache-Control": "max-age=60"})})
    answer = asking.get("/somebody/12")
    assert (answer.headers["cache-control"], answer.headers["x-robots-tag"]) == ("no-store", "noindex")
    assert "content-encoding" not in answer.headers
    assert asking.post("/somebody/12").headers["cache-control"] == "no-store"


# --- seconds --------------------------------------------------------------------------------------------------------


def scope(path="/", method="GET", *headers):
    return {
        "type": "http",
        "path": path,
        "method": method,
        "headers": list(headers),
        "query_string": b"",
        "client": None,
    }


async def silence():
    await asyncio.Event().wait()


def test_a_body_that_does_not_come_is_not_waited_for():
    async def page(scope, receive, send):
        raise AssertionError

    slow = bounded(page, seconds=0.01)
    with pytest.raises(HTTPException) as caught:
        run(slow(scope("/", "POST", (b"content-length", b"3")), silence, print))
    assert (caught.value.status_code, caught.value.headers) == (408, {"Connection": "close"})


def test_a_page_that_takes_too_long_is_given_up_and_what_it_says_then_is_dropped():
    said = []

    async def page(scope, receive, send):
        try:
            await silence()
        finally:
            await send({"type": "http.response.start", "status": 200})

    async def send(message):
        said.append(message)

    async def ask():
        with pytest.raises(HTTPException) as caught:
            await timely(page, seconds=0.01)(scope(), silence, send)
        await asyncio.sleep(0)
        return caught.value

    assert run(ask()).status_code == 503
    assert said == []


def test_a_page_that_hangs_in_its_thread_keeps_nobody_waiting(site):
    hangs, begun = Event(), Event()

    def page(request):
        begun.set()
        hangs.wait()
        return PlainTextResponse("at last")

    def ruled(app):
        return answered(timely(app, seconds=0.05), desk=site.desk)

    with running(Starlette(routes=[Route("/", page)], middleware=[Middleware(ruled)])) as asking:
        answer = asking.get("/")
        assert begun.is_set()
        assert (answer.status_code, "took us too long" in answer.text) == (503, True)
        hangs.set()


def test_no_more_is_under_way_than_the_machine_can_bear():
    async def ask():
        app = timely(lambda *_: silence(), most=1)
        first = asyncio.ensure_future(app(scope(), silence, print))
        await asyncio.sleep(0)
        with pytest.raises(HTTPException) as caught:
            await app(scope(), silence, print)
        first.cancel()
        return caught.value.status_code

    assert run(ask()) == 503


def test_bodies_that_never_end_keep_out_nobody_but_whoever_sends_them(make_site):
    site = make_site(url="http://localhost:{port}", more="[web]\nproxies = ['127.0.0.1']")
    where = "127.0.0.1", int(site.desk.base.rpartition(":")[2])
    begun = "POST /subscribe HTTP/1.1\r\nHost: x\r\nX-Forwarded-For: 192.0.2.1\r\nContent-Length: 9\r\n\r\n"

    def status(address):
        return site.get("/health", headers={"X-Forwarded-For": address}).status_code

    with ExitStack() as stack:
        for _ in range(64):
            stack.enter_context(socket.create_connection(where)).sendall(begun.encode())
        while status("192.0.2.1") != 503:
            pass
        assert status("192.0.2.2") == 200
    while status("192.0.2.1") != 200:
        pass


def test_connections_do_not_run_out_of_files():
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, hard))
    server = Server(PlainTextResponse("here"))
    server.should_exit = True
    try:
        apart(lambda: server.run([listen("127.0.0.1", 0)]))
        assert resource.getrlimit(resource.RLIMIT_NOFILE)[0] == min(4_096, hard)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_check_knows_pages_that_answer_and_whether_their_address_leads_there(make_site):
    from digest.cli.pages_check import examine

    site = make_site(url="http://localhost:{port}")
    port = int(site.desk.base.rpartition(":")[2])
    served = site.desk.settings.model_copy(update={"web": site.desk.settings.web.model_copy(update={"port": port})})
    (found,) = examine(served)
    assert found.detail == f"are served at http://localhost:{port}"
    elsewhere = served.site.model_copy(update={"url": "http://localhost:9/papers-by-mail"})
    (found,) = examine(served.model_copy(update={"site": elsewhere}))
    assert "does not lead to them" in found.detail


def test_check_knows_the_names_of_all_pages(site):
    from digest.cli.pages_check import FIRST_NAMES

    firsts = {route.path.split("/")[1] for route in application(site.desk).routes}
    assert {first for first in firsts if first and "." not in first and "{" not in first} <= FIRST_NAMES
