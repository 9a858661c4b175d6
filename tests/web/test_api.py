"""What programs ask for."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from itertools import count
from pathlib import Path
from threading import Event, Semaphore
from typing import Any

import httpx
import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis import Case
from schemathesis.specs.openapi.checks import positive_data_acceptance

from digest import sample
from digest.model import Away, Origin, Profile, Schedule, Status, Subscriber
from digest.tokens import Purpose
from digest.web.api import OPERATIONS
from digest.web.api.operations import Operation
from digest.web.api.page import EXAMPLES
from digest.web.api.problems import pointer
from digest.web.limits import RATES

from ..stores import copy_store  # noqa: TID252  (tests are no package)
from .conftest import ANN, URL, Make, Site, served

YESTERDAY, TODAY = sample.DAYS
Json = dict[str, Any]


def told(response: httpx.Response) -> Json:
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "application/json"
    found: Json = response.json()
    return found


def refused(response: httpx.Response, status: int) -> Json:
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"
    problem: Json = response.json()
    assert problem["status"] == status
    assert problem["detail"].endswith((".", "?", "!"))
    return problem


# --- papers ---------------------------------------------------------------------------------------------------------


def test_the_newest_day_comes_without_being_named(site: Site) -> None:
    found = told(site.get("/api/papers"))
    assert (found["day"], found["before"], found["after"]) == (TODAY.isoformat(), YESTERDAY.isoformat(), None)
    assert found == told(site.get(f"/api/papers?day={TODAY}"))


def test_a_day_is_read_to_its_end_part_by_part(site: Site) -> None:
    whole = told(site.get(f"/api/papers?day={YESTERDAY}&limit=100"))
    assert len(whole["papers"]) == whole["total"] > 10
    read, cursor = [], ""
    while cursor is not None:
        part = told(site.get(f"/api/papers?day={YESTERDAY}&limit=7{cursor and f'&cursor={cursor}'}"))
        read += part["papers"]
        cursor = part["next"]
    assert read == whole["papers"]
    assert len({paper["id"] for paper in read}) == len(read)


def test_what_is_talked_about_most_comes_first_unless_the_newest_is_asked_for(site: Site) -> None:
    votes = [paper["upvotes"] or 0 for paper in told(site.get(f"/api/papers?day={YESTERDAY}"))["papers"]]
    assert votes == sorted(votes, reverse=True)
    newest = told(site.get(f"/api/papers?day={YESTERDAY}&order=newest"))["papers"]
    assert [paper["id"] for paper in newest] != [
        paper["id"] for paper in told(site.get(f"/api/papers?day={YESTERDAY}"))["papers"]
    ]


def test_a_day_can_be_narrowed_to_a_category_or_a_source(site: Site) -> None:
    some = told(site.get(f"/api/papers?day={YESTERDAY}&category=cs.CL"))["papers"]
    assert some
    assert all("cs.CL" in paper["categories"] for paper in some)
    (lab, *_) = {paper["sources"][0] for paper in told(site.get(f"/api/papers?day={YESTERDAY}"))["papers"]}
    assert all(
        lab in paper["sources"] for paper in told(site.get(f"/api/papers?day={YESTERDAY}&source={lab}"))["papers"]
    )
    assert told(site.get("/api/papers?category=no.such"))["papers"] == []


def test_a_day_without_papers_is_empty_and_says_where_there_are_some(site: Site) -> None:
    found = told(site.get("/api/papers?day=2026-07-01"))
    assert (found["papers"], found["total"], found["before"]) == ([], 0, TODAY.isoformat())


def test_a_cursor_of_another_list_is_refused(site: Site) -> None:
    assert "begin again" in refused(site.get(f"/api/papers?day={TODAY}&cursor=999999"), 422)["detail"]


@pytest.mark.parametrize(
    ("asked", "where", "what"),
    [
        ("day=tomorrow", "#/day", 'not a day like "2026-06-18"'),
        ("day=2026-02-30", "#/day", "day"),
        ("day=1718668800", "#/day", 'not a day like "2026-06-18"'),
        ("order=best", "#/order", '"trending" or "newest"'),
        ("limit=0", "#/limit", "must be 1 or more"),
        ("limit=many", "#/limit", "must be a whole number"),
        ("cursor=-1", "#/cursor", "must be 1 or more"),
        ("dya=2026-06-18", "#/dya", 'did you mean "day"?'),
    ],
)
def test_what_cannot_be_meant_is_said_with_its_place(site: Site, asked: str, where: str, what: str) -> None:
    (fault,) = refused(site.get(f"/api/papers?{asked}"), 422)["errors"]
    assert fault["pointer"] == where
    assert what in fault["detail"]


def test_a_paper_is_found_by_number_arxiv_identifier_and_doi(site: Site) -> None:
    listed = told(site.get(f"/api/papers?day={YESTERDAY}&limit=100"))["papers"]
    one = next(paper for paper in listed if paper["arxiv_id"])
    found = told(site.get(f"/api/papers/{one['id']}"))
    assert found["title"] == one["title"]
    assert found["news"][0]["day"] == YESTERDAY.isoformat()
    assert found["page"] == f"{site.desk.base}/paper/{one['id']}"
    for name in (one["arxiv_id"], f"arXiv:{one['arxiv_id']}v3", f"https://arxiv.org/abs/{one['arxiv_id']}"):
        assert told(site.get(f"/api/papers/{name}")) == found


@pytest.mark.parametrize("name", ["0", "999999", "9" * 40, "٣", "math.GT/0309136", "10.1000/none", "a/b", "-1", "1.5"])
def test_a_paper_that_is_not_held_is_a_problem_in_words(site: Site, name: str) -> None:
    assert "No such paper" in refused(site.get(f"/api/papers/{name}"), 404)["detail"]


def test_a_search_finds_papers_by_their_words(site: Site) -> None:
    found = told(site.get('/api/search?q="speculative decoding"'))
    assert found["total"] == len(found["papers"]) > 0
    assert "speculative" in (found["papers"][0]["title"] + found["papers"][0]["abstract"]).lower()
    assert found["papers"][0]["latest"]["source"] in {source.name for source in site.parts.sources}
    assert [one["term"] for one in found["readings"]] == ['"speculative decoding"']


def test_a_search_is_read_part_by_part_and_narrowed(site: Site) -> None:
    whole = told(site.get("/api/search?q=language&limit=100"))["papers"]
    parts = [told(site.get(f"/api/search?q=language&limit=2&page={page}"))["papers"] for page in (1, 2)]
    assert [*parts[0], *parts[1]] == whole[:4]
    assert len(whole) >= 4
    newer = told(site.get(f"/api/search?q=language&limit=100&since={TODAY}"))["papers"]
    assert {paper["id"] for paper in newer} < {paper["id"] for paper in whole}
    newest = told(site.get("/api/search?q=language&limit=100&order=newest"))["papers"]
    assert [paper["id"] for paper in newest] == sorted((paper["id"] for paper in whole), reverse=True)


@pytest.mark.parametrize("asked", ["", "q=", f"q={'x' * 501}", "q=a&page=0", "q=a&page=101", "q=a&since=0351-03-02"])
def test_a_search_that_cannot_be_is_refused(site: Site, asked: str) -> None:
    assert refused(site.get(f"/api/search?{asked}"), 422)["errors"]


def test_what_a_search_could_not_read_is_said(site: Site) -> None:
    assert told(site.get("/api/search?q=title:"))["remarks"]


def test_everybody_may_read_what_is_public_from_any_page_and_nothing_else(site: Site) -> None:
    token = site.token(site.subscribe(), Purpose.PREFERENCES)
    assert site.get("/api/papers").headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-origin" not in site.get(f"/api/preferences/{token}").headers
    assert site.get(f"/api/preferences/{token}").headers["cache-control"] == "no-store"


# --- previews -------------------------------------------------------------------------------------------------------


def test_a_preview_says_what_a_profile_finds_and_why(site: Site) -> None:
    found = told(site.post("/api/preview", json={"keywords": ["retrieval", '"speculative decoding"'], "days": 7}))
    own = [pick for pick in found["picks"] if pick["section"] == "for_you"]
    assert own
    assert found["matched"] >= len(own)
    assert sum(found["read"].values()) >= found["papers"] > 0
    for pick in own:
        assert pick["score"] == pytest.approx(sum(reason["adds"] for reason in pick["reasons"]))


def test_two_profiles_are_tried_out_at_a_time_so_that_other_pages_find_a_thread(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    may_go_on, ranking, rank = Event(), Semaphore(0), site.desk.live.rank

    def slow(*who: Any, **how: Any) -> Any:
        ranking.release()
        may_go_on.wait(30)
        return rank(*who, **how)

    monkeypatch.setattr(site.desk.live, "rank", slow)
    with ThreadPoolExecutor(2) as others:
        answers = [others.submit(site.post, "/api/preview", json={"keywords": ["retrieval"]}) for _ in range(2)]
        for _ in answers:
            assert ranking.acquire(timeout=30)
        refused(site.post("/api/preview", json={"keywords": ["retrieval"]}), 429)
        may_go_on.set()
    assert [answer.result().status_code for answer in answers] == [200, 200]
    told(site.post("/api/preview", json={"keywords": ["retrieval"]}))


def test_a_preview_is_of_a_day_or_a_week_so_that_nobody_has_all_of_it_read_again(site: Site) -> None:
    for days in (0, 2, 6, 8):
        refused(site.post("/api/preview", json={"days": days}), 422)


def test_a_preview_has_no_effect(site: Site) -> None:
    before = site.store.subscribers(), site.store.head()
    told(site.post("/api/preview", json={"keywords": ["retrieval"]}))
    assert (site.store.subscribers(), site.store.head()) == before


def test_a_keyword_that_cannot_be_read_is_said_with_its_line(site: Site) -> None:
    (fault,) = refused(site.post("/api/preview", json={"keywords": ["fine", "ti*"]}), 422)["errors"]
    assert fault["pointer"] == "#/keywords/1"


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        (b"{", "application/json", 400),
        (b'{"keywords": ["\\ud800"]}', "application/json", 400),
        (b"\xff\xfe", "application/json", 400),
        (b"", "application/json", 400),
        (b"keywords=retrieval", "application/x-www-form-urlencoded", 415),
        (b"{}", "text/plain", 415),
        (b"[]", "application/json", 422),
        (b'{"keywords": "retrieval"}', "application/json", 422),
        (b'{"keywords": ["a\\u0000b"]}', "application/json", 422),
        (json.dumps({"keywords": ["word"] * 201}).encode(), "application/json", 422),
        (json.dumps({"keywords": ["x" * 301]}).encode(), "application/json", 422),
        (b'{"max_papers": 1e400}', "application/json", 422),
        (b'{"min_match": NaN}', "application/json", 422),
        (b"[" * 60_000, "application/json", 400),
        (b" " * 70_000, "application/json", 413),
    ],
)
def test_a_body_that_cannot_be_used_is_a_problem_in_words(site: Site, body: bytes, kind: str, status: int) -> None:
    refused(site.post("/api/preview", content=body, headers={"content-type": kind}), status)


# --- preferences ----------------------------------------------------------------------------------------------------

PATHS = "/api/preferences/{}"


def test_preferences_are_read_changed_and_sent_back_as_a_whole(site: Site) -> None:
    path = PATHS.format(site.token(site.subscribe(), Purpose.PREFERENCES))
    found = told(site.get(path))
    assert found["email"] == ANN.email
    wanted = found["wanted"]
    assert wanted["keywords"] == list(ANN.profile.keywords)
    wanted |= {
        "keywords": ["diffusion"],
        "send_at": "06:15",
        "days": ["mon", "thu"],
        "away": ["2026-12-24..2027-01-03"],
    }
    assert told(site.client.put(path, json=wanted))["wanted"] == wanted
    assert told(site.get(path))["wanted"] == wanted
    stored = site.store.subscriber(ANN.email)
    assert stored
    assert stored.schedule.days == frozenset({0, 3})
    assert stored.profile.keywords == ("diffusion",)


def test_what_was_read_can_be_sent_back_whatever_it_was(site: Site) -> None:
    everything = Subscriber(
        "bob@example.org",
        "Bob B.",
        Profile(
            ("diffusion^2", "+token*|decoding"),
            ("cs.CL",),
            (site.parts.sources[0].name,),
            7,
            0,
            12.5,
            2,
            0.25,
            signals=True,
        ),
        Schedule("Asia/Tokyo", days=frozenset({6}), away=(Away(TODAY, TODAY),), catch_up=False),
        locale="de",
        send_empty=False,
    )
    path = PATHS.format(site.token(site.subscribe(everything), Purpose.PREFERENCES))
    found = told(site.get(path))
    before = site.store.subscriber(everything.email)
    assert told(site.client.put(path, json=found["wanted"])) == found
    assert site.store.subscriber(everything.email) == before


@pytest.mark.parametrize(
    ("change", "where"),
    [
        ({"keywords": ["ti*"]}, "#/keywords/0"),
        ({"sources": ["nowhere"]}, "#/sources/0"),
        ({"timezone": "Europe/Nowhere"}, "#/timezone"),
        ({"send_at": "25:00"}, "#/send_at"),
        ({"locale": "tlh"}, "#/locale"),
        ({"days": []}, "#/days"),
        ({"away": ["soon"]}, "#/away"),
        ({"name": "a\r\nBcc: b@example.org"}, "#/name"),
        ({"email": "eve@example.org"}, "#/email"),
        ({"max_papers": True}, "#/max_papers"),
    ],
)
def test_a_change_that_cannot_be_is_refused_with_its_place_and_nothing_changes(
    site: Site, change: Json, where: str
) -> None:
    path = PATHS.format(site.token(site.subscribe(), Purpose.PREFERENCES))
    before = told(site.get(path))
    problem = refused(site.client.put(path, json=before["wanted"] | change), 422)
    assert [fault["pointer"] for fault in problem["errors"]] == [where]
    assert told(site.get(path)) == before


def test_nothing_may_be_left_out_of_a_change(site: Site) -> None:
    path = PATHS.format(site.token(site.subscribe(), Purpose.PREFERENCES))
    wanted = told(site.get(path))["wanted"]
    del wanted["send_empty"]
    assert refused(site.client.put(path, json=wanted), 422)["errors"] == [
        {"pointer": "#/send_empty", "detail": "is required here"}
    ]


def test_a_token_is_good_for_its_own_purpose_its_time_and_who_stays(site: Site) -> None:
    ann = site.subscribe()
    refused(site.get(PATHS.format(site.token(ann, Purpose.FEEDBACK))), 404)
    refused(site.get(PATHS.format("nonsense")), 404)
    token = site.token(ann, Purpose.PREFERENCES)
    site.store.set_status(ann.email, Status.REMOVED, site.clock())
    assert f"/preferences/{token}" in refused(site.get(PATHS.format(token)), 409)["detail"]
    site.store.set_status(ann.email, Status.ACTIVE, site.clock())
    site.clock.turn(days=91)
    assert "/link" in refused(site.get(PATHS.format(token)), 410)["detail"]


def test_who_is_kept_in_the_operators_file_can_look_and_is_told_whom_to_ask(make_site: Make) -> None:
    site = make_site(more='[[subscribers]]\nemail = "carl@example.org"\nkeywords = ["retrieval"]\n')
    carl = site.store.subscriber("carl@example.org")
    assert carl
    path = PATHS.format(site.token(carl, Purpose.PREFERENCES))
    found = told(site.get(path))
    assert found["kept"] == Origin.FILE
    assert "ask them" in refused(site.client.put(path, json=found["wanted"]), 409)["detail"]


def test_reading_changes_nothing(site: Site) -> None:
    ann = site.subscribe()
    path = PATHS.format(site.token(ann, Purpose.PREFERENCES))
    for _ in range(2):
        site.get(path)
        site.client.head(path)
    assert site.store.subscriber(ann.email) == ann


# --- against its own description ------------------------------------------------------------------------------------


# What is of the right form may still name a zone or a source that there is not.
UNCHECKED = [positive_data_acceptance]


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory, pulled: Path) -> Iterator[Site]:
    """Pages that many are let ask."""
    folder = tmp_path_factory.mktemp("api")
    copy_store(pulled, folder / "digest.db")
    with served(folder, URL, "") as site:
        yield site


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda one: one.name)
def test_whatever_is_asked_is_answered_as_the_description_says(api: Site, operation: Operation) -> None:
    schema = schemathesis.openapi.from_dict(told(api.get("/api/openapi.json")))
    base = str(api.client.base_url)
    token = api.token(api.store.subscriber(ANN.email) or api.subscribe(), Purpose.PREFERENCES)
    asked = count()

    @given(case=schema[operation.path][operation.method].as_strategy(), is_known=st.booleans())
    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    def answers(case: Case, is_known: bool) -> None:
        if is_known and "{token}" in operation.path:
            case.path_parameters = {"token": token}
        one = next(asked)
        headers = {"X-Forwarded-For": f"10.{one >> 16 & 255}.{one >> 8 & 255}.{one & 255}"}  # each somebody else
        response = case.call(base_url=base, headers=headers, session=session)
        case.validate_response(response, excluded_checks=UNCHECKED)

    with requests.Session() as session:
        session.trust_env = False
        answers()


def test_the_description_is_valid_openapi(site: Site) -> None:
    document = told(site.get("/api/openapi.json"))
    assert document["servers"] == [{"url": site.desk.base}]
    schemathesis.openapi.from_dict(document).validate()
    assert {(method.upper(), path) for path, one in document["paths"].items() for method in one} == {
        (operation.method, operation.path) for operation in OPERATIONS
    }


# --- as a whole -----------------------------------------------------------------------------------------------------


def test_who_asks_too_often_is_told_when_to_come_again(site: Site) -> None:
    for _ in range(RATES["api"].burst):
        refused(site.get("/api/papers/0"), 404)
    again = site.get("/api/papers/0")
    refused(again, 429)
    assert 0 < int(again.headers["retry-after"]) <= 60
    told(site.get("/api/papers", headers={"x-forwarded-for": "198.51.100.7"}))


def test_the_page_names_every_operation_with_an_example(site: Site) -> None:
    page = site.get("/api").text
    for operation in OPERATIONS:
        assert operation.path in page
        assert operation.summary.rstrip(".") in page
    assert set(EXAMPLES) == {operation.name for operation in OPERATIONS}


def test_examples_of_the_page_work(site: Site) -> None:
    for name in ("papers", "search"):
        told(site.get(EXAMPLES[name]))
    path, _, rest = EXAMPLES["preview"].partition(" ")
    told(site.post(path, json=json.loads(rest.split("-d ")[1].strip("'"))))


@pytest.mark.parametrize(
    ("key", "expected"),
    [("q", "#/q"), ("keywords[1]", "#/keywords/1"), ("a.b[0].c", "#/a/b/0/c"), ("a/b~c", "#/a~1b~0c"), ("", "#")],
)
def test_places_are_json_pointers(key: str, expected: str) -> None:
    assert pointer(key) == expected
