"""`digest preview --open`: the page itself, over real HTTP on loopback, on a real installation."""

import inspect
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
from contextlib import ExitStack, closing, contextmanager
from datetime import date, timedelta
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import html as lxml_html

from digest import pipeline, sample
from digest.cli import wiring
from digest.cli.live.asked import Asked
from digest.cli.live.desk import Desk
from digest.cli.live.editions import WRITING, Untouched
from digest.cli.live.server import listen, serving
from digest.errors import UsageError
from digest.model import Subscriber
from digest.sample.server import serving as sample_served
from digest.sources.client import Client
from digest.store import Store

from ..stores import POSTGRESQL, away, copy_store, looking_into, rows_of, store_url  # noqa: TID252  (tests are no package)

NOW = sample.MORNING + timedelta(days=1)
FIRST_DAY, SECOND_DAY = (day.isoformat() for day in sample.DAYS)
TEO, HANA = "teo@example.org", "hana@example.org"
ROOT = Path(__file__).parent.parent.parent
PATIENCE = 10.0  # seconds, of what takes a fraction of one


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A folder with a configuration and a database: the first day's editions were published, the second day was read."""
    home = tmp_path_factory.mktemp("home")
    for number, day in enumerate(sample.DAYS):
        with sample_served(day) as web:
            text = sample.configuration(web, 25).replace("[mail]", f"note_file = '{home / 'note.md'}'\n\n[mail]", 1)
            store = f'[store]\nurl = "{store_url(home / "digest.db")}"\n\n'
            (home / "config.toml").write_text(store + text, encoding="utf-8")
            _morning(home, sample.MORNING + timedelta(days=number), publish=number == 0)
    return home


def _morning(home, now, *, publish):
    settings = wiring.load_settings(home / "config.toml")
    with wiring.store_of(settings, now) as store, Client("", sleep=lambda _: None) as client:
        parts = wiring.assemble(settings, store, client).parts
        assert not [problem for pulled in pipeline.pull(parts, now, force=True) for problem in pulled.problems]
        if publish:
            assert len(list(pipeline.compose(parts, now, early=True))) == 3


@pytest.fixture
def home(installed, tmp_path, run, monkeypatch):
    """A copy of the installation, for one test alone; `run` has named another database."""
    monkeypatch.delenv("DIGEST_STORE__URL", raising=False)
    return copied(installed, tmp_path / "home")


def copied(installed, folder):
    shutil.copytree(installed, folder)
    copy_store(installed / "digest.db", folder / "digest.db")
    config = folder / "config.toml"
    text = config.read_text(encoding="utf-8").replace(str(installed), str(folder))
    text = text.replace(store_url(installed / "digest.db"), store_url(folder / "digest.db"))
    (folder / "own" / "email").mkdir(parents=True)
    text = text.replace("[mail]", f"templates_dir = '{folder / 'own'}'\n\n[mail]", 1)
    config.write_text(text, encoding="utf-8")
    return folder


@contextmanager
def previewing(home):
    """A client of a preview of the installation, which runs in a thread."""
    desk = Desk(home / "config.toml", lambda: NOW)
    with closing(desk), closing(listen(0)) as sock, serving(desk) as (server, path), ExitStack() as stack:
        thread = threading.Thread(target=server.run, kwargs={"sockets": [sock]})
        thread.start()
        stack.callback(thread.join, PATIENCE)
        stack.callback(setattr, server, "should_exit", True)
        base = f"http://127.0.0.1:{sock.getsockname()[1]}{path}"
        yield stack.enter_context(httpx.Client(base_url=base, timeout=PATIENCE, trust_env=False))
    assert not thread.is_alive()


@contextmanager
def pages(home):
    with previewing(home) as client:

        def get(**asked):
            answer = client.get("/", params=asked)
            assert answer.status_code == 200
            return lxml_html.fromstring(answer.text)

        get.client = client
        yield get


@pytest.fixture(scope="module")
def page(installed, tmp_path_factory):
    """`page(**asked)`: the page of a running preview, parsed; of an installation that stays as it is."""
    with pages(copied(installed, tmp_path_factory.mktemp("steady") / "home")) as get:
        yield get


@pytest.fixture
def live(home):
    """The same of the installation of one test alone."""
    with pages(home) as get:
        yield get


def trouble(tree):
    """What the page says is in the way; empty if nothing is."""
    return "\n".join(element.text_content() for element in tree.cssselect(".trouble"))


def framed(page, **asked):
    """The mail in the first frame of a page."""
    frame = page(**asked).cssselect("iframe")[0]
    return page.client.get(frame.get("src"))


@contextmanager
def changed(page):
    """Waits, at its end, until open pages are told of a change."""
    version = page().body.get("data-version")
    with page.client.stream("GET", "/changes", params={"known": version}) as events:
        lines = events.iter_lines()
        assert next(lines).startswith("retry")
        yield
        assert next(line for line in lines if line.startswith("data:")) != f"data: {version}"


# --- what it shows --------------------------------------------------------------------------------------------------


def test_the_page_shows_the_first_subscribers_next_digest_at_two_widths(page):
    tree = page()
    assert "Speculative Decoding" in tree.cssselect("h1")[0].text_content()
    assert [frame.get("title") for frame in tree.cssselect("iframe")] == ["Phone, 375 px", "Desktop, 760 px"]
    assert "Marit Eikeland" in framed(page).text
    assert "of the 102 KB that Gmail shows" in tree.text_content()
    assert [a.text_content() for a in tree.cssselect(".tabs a")] == [
        *("Mail", "Text", "Markdown", "Headers", "Source", "Remarks")
    ]


@pytest.mark.parametrize(
    ("show", "expected"),
    [
        ("text", "1. Second Thoughts"),
        ("markdown", "## For you"),
        ("headers", "Auto-Submitted: auto-generated"),
        ("source", "Content-Transfer-Encoding: quoted-printable"),
        ("remarks", "From is at example.org"),
    ],
)
def test_every_form_has_a_link_that_works_without_scripts(page, show, expected):
    (tab,) = page().cssselect(f"#tab-{show}")
    shown = lxml_html.fromstring(page.client.get(tab.get("href")).text)
    assert expected in shown.cssselect("#panel")[0].text_content()
    assert shown.cssselect("[aria-current=page]")[0].get("id") == f"tab-{show}"


def test_the_source_is_what_would_go_out(live, home):
    settings = wiring.load_settings(home / "config.toml")
    with wiring.store_of(settings, create=False) as store, Client("") as client:
        installation = wiring.assemble(settings, store, client)
        edition = store.edition(TEO, sample.DAYS[0])
        content = installation.renderer.message(edition).content
    answer = live.client.get("/message.eml", params={"to": TEO, "day": FIRST_DAY})
    assert answer.content == content
    assert answer.headers["content-type"] == "message/rfc822"
    (source,) = live(to=TEO, day=FIRST_DAY, show="source").cssselect("#source")
    assert source.text_content() == content.decode().replace("\r\n", "\n")


def test_the_source_is_signed_where_there_is_a_key(live, home):
    from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
    from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

    key = generate_private_key(65537, 2048).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (home / "dkim.pem").write_bytes(key)
    (home / "dkim.pem").chmod(0o600)
    with (home / "config.toml").open("a", encoding="utf-8") as config:
        config.write("\n[dkim]\nkey_file = 'dkim.pem'\n")
    assert live.client.get("/message.eml").content.startswith(b"DKIM-Signature:")
    assert "Signed by digest._domainkey.example.org" in live(show="remarks").text_content()


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({"to": TEO}, "Time Cells Do Not Like Meetings"),
        ({"to": HANA, "show": "mail"}, "this HTML is not sent"),
        ({"to": "Teo"}, "Time Cells Do Not Like Meetings"),
        ({"day": FIRST_DAY}, "and 14 more"),
        ({"layout": "compact"}, "As configured"),
        ({"layout": "sideways", "show": "nothing"}, "Speculative Decoding"),
    ],
)
def test_subscriber_day_and_layout_are_switched_by_the_url(page, asked, expected):
    tree = page(**asked)
    assert not trouble(tree)
    assert expected in re.sub(r"\s+", " ", tree.text_content())


def test_what_is_tried_out_changes_the_digest_and_nothing_else(page):
    own = framed(page, day=FIRST_DAY).text
    assert len(framed(page, day=FIRST_DAY, layout="full").text) > len(own) > 10_000
    assert len(framed(page, day=FIRST_DAY, layout="compact").text) < len(own)
    assert 'lang="de"' in framed(page, day=FIRST_DAY, locale="de").text
    as_text = page(day=FIRST_DAY, format="text")
    assert "Content-Type: text/plain" in page(day=FIRST_DAY, format="text", show="source").text_content()
    (menu,) = as_text.cssselect(".changed select")
    assert menu.get("name") == "format"
    (reset,) = as_text.cssselect("#reset")
    assert "format" not in reset.get("href")
    assert framed(page, day=FIRST_DAY).text == own


def test_a_day_without_an_edition_is_shown_as_it_would_have_been(page):
    (menu,) = page().cssselect("#day")
    labels = [option.text_content() for option in menu]
    assert labels[0] == "Thu 18 Jun, the next one"
    assert "Wed 17 Jun, as published" in labels
    assert all(day == "" or date.fromisoformat(day) < sample.DAYS[1] for day in menu.value_options)
    assert page(day="2026-06-19").cssselect("h1")
    assert "'soon' is not a date like" in trouble(page(day="soon"))


def test_a_mail_is_light_or_dark_and_without_its_images_when_asked(page):
    for asked, source, paper in (({"mode": "dark", "images": "off"}, "'none'", "#1e1e1e"), ({}, "https:", "#ffffff")):
        mail = framed(page, **asked)
        assert f"img-src {source}" in mail.headers["content-security-policy"]
        assert f"background: {paper}" in mail.text


def test_of_many_subscribers_one_is_found_by_a_part_of_the_name(home):
    people = "".join(f'\n[[subscribers]]\nemail = "reader{n}@example.org"\nkeywords = ["x"]\n' for n in range(80))
    with (home / "config.toml").open("a", encoding="utf-8") as config:
        config.write(people)
    with previewing(home) as client:
        tree = lxml_html.fromstring(client.get("/", params={"to": "READER77"}).text)
        assert tree.cssselect("#to")[0].value == "reader77@example.org"
        assert len(tree.cssselect("#to-known option")) == 83
        several = lxml_html.fromstring(client.get("/", params={"to": "reader7"}).text)
        assert "11 subscribers go by “reader7”" in trouble(several)
        assert "./?to=reader71%40example.org" in [a.get("href") for a in several.cssselect(".trouble a")]
        assert "Nobody goes by “zeno”" in trouble(lxml_html.fromstring(client.get("/", params={"to": "zeno"}).text))


# --- who may look ---------------------------------------------------------------------------------------------------


def test_only_this_machine_under_its_own_name_is_answered(page):
    for host, status in (("evil.example", 400), ("127.0.0.1.evil.example:80", 400), ("localhost:1", 200), ("", 400)):
        assert page.client.get("/", headers={"Host": host}).status_code == status, host
    with closing(listen(0)) as sock:
        assert sock.getsockname()[0] == "127.0.0.1"


def test_who_does_not_know_its_path_finds_nothing(page):
    base = page.client.base_url
    for path in ("/", "/mail", "/changes", "/message.eml", "/preview/", f"{base.path[:-2]}/"):
        assert httpx.get(base.join(path), trust_env=False).status_code == 404, path


def test_nothing_is_loaded_from_elsewhere_and_mails_run_no_script(page):
    answer = page.client.get("/")
    policy = answer.headers["content-security-policy"]
    nonce = re.search(r"script-src 'nonce-([\w-]+)'", policy)[1]
    assert answer.text.count(f'nonce="{nonce}"') == 2
    assert nonce not in page.client.get("/").text
    for needed in ("default-src 'none'", "frame-ancestors 'none'", "form-action 'self'"):
        assert needed in policy
    assert answer.headers["referrer-policy"] == "no-referrer"
    tree = lxml_html.fromstring(answer.text)
    assert not tree.cssselect("[style], [src^=http], link, img")
    for frame in tree.cssselect("iframe"):
        assert "allow-scripts" not in frame.get("sandbox")
        mail = page.client.get(frame.get("src")).headers["content-security-policy"]
        assert "allow-scripts" not in mail
        assert "default-src 'none'" in mail


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_nothing_can_be_sent_to_it(page, method):
    assert page.client.request(method, "/").status_code == 405


# --- live -----------------------------------------------------------------------------------------------------------


def test_a_template_that_changes_is_shown_at_once_and_a_fault_with_its_line_until_it_is_right(live, home):
    own = home / "own" / "email" / "subject.txt.j2"
    with changed(live):
        own.write_text("First\n{{ digest.nothing_like_this }}\nLast", encoding="utf-8")
    tree = live()
    assert f"{own}, line 2: " in trouble(tree)
    assert "nothing_like_this" in tree.cssselect(".trouble pre .at")[0].text_content()
    assert tree.cssselect("#theme"), "one may try another theme meanwhile"
    assert live.client.get("/mail").status_code == 503
    with changed(live):
        own.write_text("Morning, {{ digest.site }}", encoding="utf-8")
    assert live().cssselect("h1")[0].text_content() == "Morning, Daily Papers (sample)"


def test_a_configuration_with_a_fault_is_told_with_its_key_until_it_is_right(live, home):
    config = home / "config.toml"
    before = config.read_text(encoding="utf-8")
    with changed(live):
        config.write_text(before.replace('send_at = "07:30"', 'send_at = "half past"'), encoding="utf-8")
    tree = live()
    assert tree.cssselect("h1")[0].text_content() == "config.toml cannot be used as it is"
    assert tree.cssselect(".trouble code")[0].text_content() == "subscribers[0].send_at (mira@example.org)"
    with changed(live):
        config.write_text(before.replace('"speculative decoding"^3', "decoding"), encoding="utf-8")
    assert not trouble(live())


def test_a_note_and_a_profile_that_change_are_shown_at_once(live, home, run):
    with changed(live):
        (home / "note.md").write_text("The seminar is **at four**.", encoding="utf-8")
    assert "at four" in framed(live).text
    assert "at four" not in framed(live, day=FIRST_DAY).text, "what was published stays as it was"
    with changed(live):
        added = run("--config", home / "config.toml", "subscribers", "add", "zoe@example.org", "--keyword", "birdsong")
        assert added.code == 0
    assert "zoe@example.org" in live().cssselect("#to")[0].value_options


def test_a_database_that_is_not_there_yet_is_told_and_then_shown(live, home):
    with ExitStack() as stack:
        stack.enter_context(away(home / "digest.db"))
        assert ("not currently accepting" if POSTGRESQL else "no database at") in trouble(live())
        with changed(live):
            stack.close()
    assert not trouble(live())


def test_a_daemon_that_is_writing_is_not_in_the_way(live, home):
    with looking_into(home / "digest.db") as daemon:
        daemon.exec_driver_sql("UPDATE subscribers SET name = 'Half written'")
        assert not trouble(live())
        daemon.rollback()


def test_open_pages_do_not_keep_it_from_ending(home):
    with previewing(home) as client, ExitStack() as stack:
        for _ in range(3):
            events = stack.enter_context(client.stream("GET", "/changes", params={"known": "0"}))
            assert next(events.iter_lines()).startswith("retry")


# --- no effect ------------------------------------------------------------------------------------------------------


def content_of(home):
    return rows_of(home / "digest.db")


def test_a_session_has_no_effect_on_the_store(home):
    before = content_of(home)
    with previewing(home) as client:
        for asked in ({}, {"to": HANA, "day": FIRST_DAY}, {"to": TEO, "day": "2026-06-16"}, {"layout": "full"}):
            assert client.get("/", params=asked).status_code == 200
    assert content_of(home) == before


def test_everything_of_the_store_that_writes_is_out_of_reach():
    kept, elsewhere = {"keep_vectors"}, {"prepare_jobs", "upgrade", "vacuum"}  # in memory; in many transactions
    writing = {
        name
        for name, method in inspect.getmembers(Store, inspect.isfunction)
        if ".writing(" in inspect.getsource(method)
    }
    assert writing - kept | elsewhere == WRITING
    untouched = Untouched(object())
    for name in WRITING:
        with pytest.raises(AttributeError, match=f"has no effect: it does not call Store.{name}"):
            getattr(untouched, name)


# --- the command ----------------------------------------------------------------------------------------------------


def test_ctrl_c_ends_it_without_a_word_while_a_page_is_open(home):
    begin = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)\nfrom digest.cli import main; main()"
    )
    command = [sys.executable, "-c", begin, "preview", TEO, "--no-browser", "--format", "text", "--now", str(NOW)]
    environ = {**os.environ, "PYTHONPATH": str(ROOT)}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
    with subprocess.Popen(command, cwd=home, env=environ, **pipes) as process:
        url = process.stderr.readline().strip()
        assert (urlsplit(url).hostname, dict(parse_qsl(urlsplit(url).query))) == (
            *("127.0.0.1", {"to": TEO, "show": "text"}),
        )
        with httpx.stream("GET", httpx.URL(url).join("changes"), trust_env=False) as events:
            assert next(events.iter_lines()).startswith("retry")
            assert "Ctrl-C ends it" in process.stderr.readline()
            process.send_signal(signal.SIGINT)
            out, err = process.communicate(timeout=PATIENCE)
    assert (process.returncode, out, err) == (0, "", "")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--open", "--output", "page.html"), "take one of them"),
        (("--port", "8000"), "--port goes with --open"),
        (("--no-browser",), "digest init"),
    ],
)
def test_options_that_do_not_go_together_are_refused(run, options, words):
    told = run("preview", *options)
    assert told.code == 2
    assert words in told.err


def test_a_port_that_is_taken_is_told():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(UsageError, match=f"Port {port} cannot be used .*leave --port out"):
            listen(port)


# --- the URL --------------------------------------------------------------------------------------------------------


@given(
    st.builds(Asked, to=st.text(), day=st.text(), locale=st.text(), theme=st.text(), show=st.sampled_from(["", "text"]))
)
def test_a_look_is_read_again_from_its_url(asked):
    again = Asked.read(dict(parse_qsl(urlsplit(asked.url()).query)))
    assert again == Asked(**{name: getattr(asked, name).strip() for name in Asked.__slots__})
    assert Asked.read(dict(parse_qsl(urlsplit(again.url()).query))) == again


def test_the_panel_is_the_form_that_a_subscriber_reads():
    assert Asked().panel(Subscriber("a@example.org")) == "mail"
    assert Asked(format="markdown").panel(Asked(format="markdown").tried(Subscriber("a@example.org"))) == "markdown"
    assert Asked(show="source").panel(Subscriber("a@example.org")) == "source"


# --- in a browser -------------------------------------------------------------------------------------------------


@contextmanager
def tab(browser, **options):
    """A tab that has nothing to complain of."""
    said = []
    with closing(browser.new_page(**options)) as tab:
        tab.on("console", lambda message: said.append(message.text))
        tab.on("pageerror", lambda error: said.append(str(error)))
        yield tab
    assert said == []


def test_a_change_shows_in_an_open_tab_and_leaves_it_where_it_is(live, home, browser):
    own = home / "own" / "email" / "subject.txt.j2"
    base = str(live.client.base_url)
    with tab(browser, viewport={"width": 1280, "height": 800}) as shown:
        shown.goto(f"{base}?day={FIRST_DAY}")
        shown.wait_for_selector("#state.live")
        shown.frames[1].evaluate("scrollTo(0, 700)")
        shown.evaluate("scrollTo(0, 50)")
        shown.focus("#theme")
        own.write_text("Changed", encoding="utf-8")
        shown.get_by_role("heading", name="Changed").wait_for()
        (home / "config.toml").write_text(
            (home / "config.toml").read_text(encoding="utf-8").replace("(sample)", "(changed)"), encoding="utf-8"
        )
        shown.frame_locator("main:not(.coming) iframe >> nth=0").get_by_text("Daily Papers (changed)").first.wait_for()
        assert shown.frames[1].evaluate("scrollY") == 700
        assert shown.evaluate("[scrollY, document.activeElement.id]") == [50, "theme"]
        shown.select_option("#layout", "compact")
        shown.get_by_role("link", name="As configured").wait_for()
        assert shown.url == f"{base}?to=mira%40example.org&day={FIRST_DAY}&layout=compact"


@pytest.mark.parametrize(("width", "scheme"), [(375, "dark"), (1280, "light")])
def test_the_page_is_accessible_and_fits(page, browser, width, scheme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe-playwright-python is not installed")
    size = {"width": width, "height": 800}
    with tab(browser, viewport=size, color_scheme=scheme) as shown:
        for asked in ("", "show=remarks", "to=nobody"):
            shown.goto(f"{page.client.base_url}?{asked}")
            assert shown.evaluate("document.documentElement.scrollWidth") == width
            found = axe.Axe().run(shown).response["violations"]
            assert [(one["id"], one["nodes"][0]["html"]) for one in found] == []
