"""The client is polite, patient within bounds, and says in words what went wrong."""

import gzip
import threading
import time
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest

from digest.model import Validators
from digest.sources import etiquette
from digest.sources.client import Client, user_agent
from digest.sources.errors import FetchError, PausedError, RefusedError, UnreachableError

NOW = datetime(2026, 5, 18, 8, 0, tzinfo=UTC)


def get(client, web, path="/x", **more):
    return client.get(web.url + path, **({"group": "feed", "now": NOW} | more))


def test_it_says_who_it_is_and_how_to_reach_us(client, web):
    web.on("/", b"hello")
    assert get(client, web).body == b"hello"
    assert web.seen[0].headers["user-agent"].startswith("daily-paper-digest/")
    assert web.seen[0].headers["user-agent"].endswith("(+someone@example.org)")


@pytest.mark.parametrize("contact", ["", "a\r\nX-Evil: 1", "Jürgen <j@example.org>", "http://x.example/(a)"])
def test_no_contact_can_break_the_header(contact):
    assert user_agent(contact).isascii()
    assert user_agent(contact).isprintable()


def test_parameters_join_those_of_the_address(client, web):
    web.on("/", b"")
    get(client, web, "/x?a=1", params={"b": "[2 TO 3]"})
    assert web.seen[0].params == {"a": "1", "b": "[2 TO 3]"}


def test_a_compressed_answer_is_unpacked(client, web, reply):
    web.on("/", reply(gzip.compress(b"paper " * 1000), headers={"Content-Encoding": "gzip"}))
    assert get(client, web).body == b"paper " * 1000


def test_a_compressed_answer_that_breaks_off_is_a_failure(client, web, reply):
    web.on(
        "/", reply(gzip.compress(b"".join(b"%d" % n for n in range(9999)))[:-900], headers={"Content-Encoding": "gzip"})
    )
    with pytest.raises(UnreachableError, match="broke off"):
        get(client, web)


def test_a_small_answer_that_unpacks_to_a_huge_one_is_stopped_at_the_limit(clock, web, reply):
    web.on("/", reply(gzip.compress(bytes(50_000_000)), headers={"Content-Encoding": "gzip"}))
    with Client(limit=100_000, sleep=clock.sleep) as client, pytest.raises(UnreachableError, match="more than"):
        get(client, web)


def test_an_answer_larger_than_the_limit_is_a_failure(client, web):
    web.on("/", b"x" * 3000)
    assert len(get(client, web, limit=3000).body) == 3000
    with pytest.raises(UnreachableError, match="MiB"):
        get(client, web, limit=2999)


def test_not_modified_is_a_value(client, web, reply):
    tag = "0123abcd"  # arXiv's, without quotes
    web.on(
        "/",
        lambda seen: (
            reply(status=304) if seen.headers.get("if-none-match") == tag else reply(b"new", headers={"ETag": tag})
        ),
    )
    first = get(client, web)
    assert first.validators == Validators(etag=tag)
    again = get(client, web, validators=first.validators)
    assert again.not_modified
    assert not again.body


def test_a_304_that_nobody_asked_for_is_a_failure(client, web, reply):
    web.on("/", reply(status=304))
    with pytest.raises(RefusedError, match="304"):
        get(client, web)


def test_redirects_are_followed_but_not_for_ever_and_not_anywhere(client, web, reply):
    web.on("/loop", reply(status=302, headers={"Location": "/loop"}))
    web.on("/file", reply(status=302, headers={"Location": "file:///etc/passwd"}))
    web.on("/a", reply(status=301, headers={"Location": "b"}))
    web.on("/b", b"here")
    answer = get(client, web, "/a")
    assert (answer.body, answer.url) == (b"here", web.url + "/b")
    with pytest.raises(UnreachableError, match="circles"):
        get(client, web, "/loop")
    with pytest.raises(UnreachableError, match="http"):
        get(client, web, "/file")


@pytest.mark.parametrize(
    "url", ["ftp://example.org/", "nonsense", "http://", "http://[::1", "file:///etc/passwd", "http://a\0b/"]
)
def test_an_address_that_is_none_is_said_to_be_none(client, url):
    with pytest.raises(FetchError):
        client.get(url, group="feed", now=NOW)


def test_a_stumbling_server_is_asked_again_within_seconds(client, web, reply, clock):
    replies = iter([reply(drop=True), reply(b"half", claimed=100), reply(b"whole")])
    web.on("/", lambda _: next(replies))
    assert get(client, web).body == b"whole"
    assert clock.moment < 10


@pytest.mark.parametrize(
    ("bad", "said"),
    [({"drop": True}, "broke off"), ({"status": 500}, "HTTP 500"), ({"body": b"x", "claimed": 9}, "broke off")],
)
def test_a_failing_server_is_asked_three_times_and_no_more(client, web, reply, bad, said):
    web.on("/", reply(**bad))
    with pytest.raises(FetchError, match=said):
        get(client, web)
    assert len(web.seen) == 3


def test_a_refusal_is_not_argued_with(client, web):
    with pytest.raises(RefusedError, match="HTTP 404") as refused:
        get(client, web)
    assert refused.value.answer.body == b"not here"
    assert len(web.seen) == 1


def test_nobody_there_is_said_in_words(client):
    with pytest.raises(UnreachableError, match="no connection"):
        client.get("http://127.0.0.1:9/", group="feed", now=NOW)


@pytest.mark.parametrize("length", [1000, -1])
def test_a_server_that_drips_cannot_hold_us(clock, web, reply, length):
    web.on("/", reply(b"x" * 1000, drip=0.05, claimed=length))
    started = time.monotonic()
    with Client(deadline=0.3, sleep=clock.sleep) as client, pytest.raises(UnreachableError, match="slow"):
        get(client, web)
    assert time.monotonic() - started < 3
    assert len(web.seen) == 1


def test_a_server_that_drips_its_headers_cannot_hold_us(clock):
    import socket

    with socket.create_server(("127.0.0.1", 0)) as listener:

        def drip():
            connection, _ = listener.accept()
            with connection:
                try:
                    for byte in b"HTTP/1.1 200 OK\r\n" + b"X-Y: z\r\n" * 1000:
                        connection.sendall(bytes([byte]))
                        time.sleep(0.02)
                except OSError:
                    pass

        thread = threading.Thread(target=drip)
        thread.start()
        started = time.monotonic()
        with Client(deadline=0.3, sleep=clock.sleep) as client, pytest.raises(UnreachableError, match="slow"):
            client.get("http://127.0.0.1:%d/" % listener.getsockname()[1], group="feed", now=NOW)  # noqa: UP031
        assert time.monotonic() - started < 3
        thread.join()


# --- politeness ---------------------------------------------------------------------------------------------------


def test_arxiv_is_one_door_however_many_hosts_it_has(client, web, clock):
    web.on("/", b"ok")
    other = web.url.replace("127.0.0.1", "localhost")
    moments = []
    for base in (web.url, other, web.url):
        client.get(f"{base}/x", group="arxiv", now=NOW)
        moments.append(clock.moment)
    assert [b - a for a, b in pairwise(moments)] == [3.0, 3.0]


def test_threads_share_arxivs_one_connection(web, clock):
    busy, most, lock = 0, 0, threading.Lock()

    def slowly(_):
        nonlocal busy, most
        with lock:
            busy += 1
            most = max(most, busy)
        time.sleep(0.05)
        with lock:
            busy -= 1
        return b"ok"

    web.on("/", slowly)
    with Client(sleep=clock.sleep, monotonic=clock.monotonic) as client:
        threads = [threading.Thread(target=lambda: client.get(web.url, group="arxiv", now=NOW)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert most == 1
    assert clock.moment >= 9


def test_the_gap_is_counted_from_the_end_of_a_slow_answer(web):
    web.on("/", lambda _: time.sleep(0.2) or b"ok")
    with Client(gap={"arxiv": timedelta(seconds=0.1)}) as client:
        started = time.monotonic()
        for _ in range(2):
            client.get(web.url, group="arxiv", now=NOW)
    assert time.monotonic() - started > 0.45


def test_arxivs_429_means_ten_minutes_of_silence_for_all_of_arxiv(client, web, reply):
    web.on("/", reply(b"Rate exceeded.", 429))
    with pytest.raises(PausedError, match=r"asked for a pause \(HTTP 429\): next try after 08:10 UTC") as paused:
        get(client, web, group="arxiv")
    assert paused.value.not_before == NOW + timedelta(minutes=10)
    web.on("/", b"ok")
    with pytest.raises(PausedError, match="08:10 UTC"):
        client.get(web.url.replace("127.0.0.1", "localhost"), group="arxiv", now=NOW + timedelta(minutes=9))
    assert len(web.seen) == 1
    assert get(client, web, group="feed").body == b"ok"  # nobody else is silenced
    assert get(client, web, group="arxiv", now=NOW + timedelta(minutes=11)).body == b"ok"


def test_silence_ends_by_the_time_we_act_as(client, web, reply):
    web.on("/", reply(b"", 429, {"Retry-After": "7200"}))
    with pytest.raises(PausedError) as paused:
        get(client, web, group="arxiv")
    assert paused.value.not_before == NOW + timedelta(hours=2)
    web.on("/", b"ok")
    assert get(client, web, group="arxiv", now=NOW + timedelta(days=1)).body == b"ok"


def test_silence_is_reckoned_from_when_it_was_asked_for(client, web, reply, clock):
    web.on("/", b"ok")
    get(client, web, group="arxiv")
    clock.moment += 300  # a long pull
    web.on("/", reply(b"", 429))
    with pytest.raises(PausedError) as paused:
        get(client, web, group="arxiv")
    assert paused.value.not_before == NOW + timedelta(minutes=15)


def test_silence_asked_of_an_earlier_process_is_kept(client, web):
    web.on("/", b"ok")
    client.keep_silent("feed", NOW + timedelta(minutes=5))
    with pytest.raises(PausedError, match="08:05 UTC"):
        get(client, web)
    assert not web.seen


def test_a_busy_server_is_waited_for_a_moment_but_not_for_long(client, web, reply, clock):
    replies = iter([reply(b"", 503, {"Retry-After": "2"}), reply(b"ok")])
    web.on("/", lambda _: next(replies))
    assert get(client, web).body == b"ok"
    assert 2.0 in clock.slept
    web.on("/", reply(b"", 503, {"Retry-After": "600"}))
    with pytest.raises(PausedError) as paused:
        get(client, web)
    assert timedelta(minutes=10) <= paused.value.not_before - NOW < timedelta(minutes=11)
    assert clock.moment < 60


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("120", 120),
        (" 5 ", 5),
        ("Mon, 18 May 2026 08:10:00 GMT", 600),
        ("Mon, 18 May 2026 07:00:00 GMT", 0),
        ("999999999999999999999", 86400),
        ("soon", None),
        ("-5", None),
        ("", None),
        (None, None),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(value, seconds):
    found = etiquette.retry_after(value, NOW)
    assert (found.total_seconds() if found is not None else None) == seconds


def test_no_server_can_silence_us_for_years():
    assert etiquette.silence_after("feed", timedelta(days=4000)) == timedelta(days=1)
    assert etiquette.silence_after("feed", None) == timedelta(minutes=1)
    assert etiquette.silence_after("arxiv", timedelta(seconds=1)) == timedelta(minutes=10)
