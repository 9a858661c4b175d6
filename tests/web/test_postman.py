"""Mails that are asked for on pages: to whom they go, to whom they do not, and that none is lost."""

from dataclasses import dataclass, field, replace
from datetime import timedelta
from email import message_from_bytes
from email.policy import default
from threading import Event, Thread

import pytest

from digest.errors import RelayError, StoreError
from digest.model import Blame, Cause, Errand, Message, Outcome, Status, Subscriber, Verdict, Wish
from digest.pacing import Limits
from digest.web import postman, wished
from digest.web.postman import Known

from .conftest import ANN, NOW

SENT = Outcome(Verdict.SENT, "250 taken", 250)
NEW = "new@example.org"


@dataclass
class Relay:
    """What takes mail, or does not."""

    outcomes: list = field(default_factory=list)  # an outcome or an error for each message; then all are taken
    got: list[Message] = field(default_factory=list)
    closed: int = 0

    def send(self, message, commit, following=None):
        outcome = self.outcomes.pop(0) if self.outcomes else SENT
        if isinstance(outcome, BaseException):
            raise outcome
        assert commit()
        if outcome.verdict is Verdict.SENT:
            self.got.append(message)
        return outcome

    def close(self):
        self.closed += 1

    @property
    def mails(self):
        return [message_from_bytes(message.content, policy=default) for message in self.got]


@dataclass
class Office:
    """A desk whose mail goes to a relay of our own."""

    desk: object
    relay: Relay
    clock: object

    def ask(self, errand, email=NEW, **fields):
        known = {"wanted": replace(ANN, email=email)} if errand is Errand.SIGN_UP else {}
        self.desk.store.wish(Wish(errand, email, self.clock(), **(known | fields)), self.clock())

    def deliver(self, **later):
        self.clock.turn(**later)
        return postman.deliver(self.desk, self.clock())

    def said(self):
        """Whom each mail went to, and its subject."""
        return [(mail["To"], mail["Subject"]) for mail in self.relay.mails]


@pytest.fixture
def make_office(make_site):
    def make(*outcomes, limits=None):
        site, relay = make_site(), Relay(list(outcomes))
        parts = replace(site.parts, transport=lambda: relay, limits=limits or site.parts.limits)
        return Office(replace(site.desk, parts=parts), relay, site.clock)

    return make


@pytest.fixture
def office(make_office):
    return make_office()


def subscribe(office, email, status=Status.ACTIVE):
    subscriber = office.desk.store.add(replace(ANN, email=email), NOW)
    return subscriber if status is Status.ACTIVE else office.desk.store.set_status(email, status, NOW)


# --- which letter -----------------------------------------------------------------------------------------------------


def known(there=None, mover=None, *, gets_no_mail=False):
    made = [None if status is None else Subscriber("x@example.org", status=status) for status in (there, mover)]
    return Known(*made, gets_no_mail)


@pytest.mark.parametrize(
    ("errand", "about", "name"),
    [
        (Errand.SIGN_UP, known(), "confirm"),
        (Errand.SIGN_UP, known(Status.REMOVED), "confirm"),
        (Errand.SIGN_UP, known(Status.ACTIVE), "already"),
        (Errand.SIGN_UP, known(Status.PAUSED), "already"),
        (Errand.SIGN_UP, known(Status.SUPPRESSED), None),
        (Errand.SIGN_UP, known(gets_no_mail=True), None),
        (Errand.LINK, known(), None),
        (Errand.LINK, known(Status.REMOVED), None),
        (Errand.LINK, known(Status.ACTIVE), "link"),
        (Errand.LINK, known(Status.PAUSED), "link"),
        (Errand.LINK, known(Status.ACTIVE, gets_no_mail=True), None),
        (Errand.MOVE, known(None, Status.ACTIVE), "move"),
        (Errand.MOVE, known(Status.REMOVED, Status.PAUSED), "move"),
        (Errand.MOVE, known(Status.ACTIVE, Status.ACTIVE), "already"),
        (Errand.MOVE, known(None, Status.REMOVED), None),
        (Errand.MOVE, known(None, None), None),
        (Errand.MOVE, known(None, Status.ACTIVE, gets_no_mail=True), None),
        (Errand.MOVED, known(None, Status.ACTIVE), "moved"),
        (Errand.MOVED, known(None, Status.ACTIVE, gets_no_mail=True), None),
    ],
)
def test_each_wish_has_its_letter_or_none(errand, about, name):
    assert postman.letter_name(Wish(errand, "x@example.org", NOW), about) == name


def test_a_stranger_is_asked_to_confirm(office):
    office.ask(Errand.SIGN_UP)
    assert office.deliver() == 1
    (mail,) = office.relay.mails
    assert (mail["To"], mail["Subject"]) == (NEW, "Confirm your subscription to Daily Papers")
    link = wished.link(office.desk, office.desk.store.wish_numbered(1)).rpartition(".")[
        0
    ]  # but for the signature's time
    assert "https://papers.example.org/confirm/" in link
    assert wished.asked(office.desk, Errand.SIGN_UP, _link(mail).rpartition("/")[2]).works


def test_who_is_in_already_is_told_so_with_their_link_and_nothing_changes(office):
    ann = subscribe(office, "ann@example.org")
    office.ask(Errand.SIGN_UP, "ANN@example.org", wanted=Subscriber("ANN@example.org"))
    office.deliver()
    (mail,) = office.relay.mails
    assert mail["Subject"] == "You are subscribed to Daily Papers already"
    assert office.desk.reader(_link(mail).rpartition("/")[2], "preferences").subscriber == ann
    assert office.desk.store.subscriber("ann@example.org") == ann


def _link(mail):
    text = mail.get_body(("plain",)).get_content()
    (link,) = (line for line in text.splitlines() if line.startswith("https://papers.example.org/") and len(line) > 40)
    assert f'href="{link}"' in mail.get_body(("html",)).get_content()
    return link


@pytest.mark.parametrize("errand", [Errand.SIGN_UP, Errand.LINK])
def test_who_gets_no_mail_gets_none_and_the_wish_is_forgotten(office, errand):
    office.desk.store.suppress(NEW, Cause.COMPLAINT, "", NOW)
    office.ask(errand)
    assert office.deliver() == 0
    assert office.relay.got == []
    assert office.desk.store.wish_numbered(1) is None


def test_a_link_goes_to_subscribers_alone(office):
    subscribe(office, "ann@example.org")
    subscribe(office, "gone@example.org", Status.REMOVED)
    for email in ("ann@example.org", "gone@example.org", NEW):
        office.ask(Errand.LINK, email)
    office.deliver()
    assert office.said() == [("ann@example.org", "Your link to Daily Papers")]


def test_a_move_is_confirmed_at_the_new_address_and_told_at_the_old_one(office):
    ann = subscribe(office, "ann@example.org")
    office.ask(Errand.MOVE, NEW, subscriber=ann.id)
    office.ask(Errand.MOVED, "ann@example.org", subscriber=ann.id)
    office.deliver()
    assert office.said() == [
        (NEW, "Confirm your new address for Daily Papers"),
        ("ann@example.org", "Your Daily Papers subscription has moved"),
    ]
    assert (
        wished.asked(office.desk, Errand.MOVE, _link(office.relay.mails[0]).rpartition("/")[2]).wish.subscriber
        == ann.id
    )
    assert NEW not in str(office.relay.mails[1])


def test_that_an_address_moved_is_told_each_time(office):
    ann = subscribe(office, "ann@example.org")
    for _ in range(2):
        office.ask(Errand.MOVED, "old@example.org", subscriber=ann.id)
        assert office.deliver(hours=1) == 1


def test_no_word_of_whoever_typed_the_address_is_in_the_mail(office):
    words = Subscriber(NEW, "Cheap Pills", replace(ANN.profile, keywords=("pills at evil.example",)))
    office.ask(Errand.SIGN_UP, wanted=words)
    office.deliver()
    assert b"ills" not in office.relay.got[0].content


# --- nothing lost -----------------------------------------------------------------------------------------------------


def test_what_the_relay_does_not_take_now_it_is_offered_later(make_office):
    office = make_office(Outcome(Verdict.DEFERRED, "450 busy", 450))
    office.ask(Errand.SIGN_UP)
    assert office.deliver() == 0
    assert office.deliver(minutes=1) == 0
    assert office.deliver(minutes=1) == 1


def test_without_a_relay_everything_waits_and_nothing_is_lost(make_office):
    office = make_office(SENT, RelayError("no connection", "down"))
    for number in range(5):
        office.ask(Errand.SIGN_UP, f"new{number}@example.org")
    assert office.deliver() == 1
    assert office.deliver() == 0
    assert office.deliver(minutes=1) == 4
    assert office.relay.closed == 2


def test_a_silent_relay_is_left_alone(make_office):
    office = make_office(RelayError("wrong password", "ours"))
    office.ask(Errand.SIGN_UP)
    office.deliver()
    office.ask(Errand.SIGN_UP, "other@example.org")
    assert office.deliver(seconds=30) == 0
    assert office.deliver(minutes=40) == 2


def test_a_relay_that_cannot_even_be_opened_loses_nothing(office):
    def refuse():
        raise RelayError("no connection", "down")

    office.ask(Errand.SIGN_UP)
    shut = replace(office.desk, parts=replace(office.desk.parts, transport=refuse))
    assert postman.deliver(shut, office.clock()) == 0
    assert office.deliver(minutes=2) == 1


def test_whoever_dies_in_the_midst_of_it_leaves_it_to_the_next_with_the_same_message_id(make_office):
    office = make_office()
    office.ask(Errand.SIGN_UP)
    store = office.desk.store
    (wish,) = store.claim_wishes(office.clock(), timedelta(minutes=10), 9)
    first = office.desk.renderer.letter(postman.letter(office.desk, wish, office.clock()))
    assert office.deliver(minutes=9) == 0
    assert office.deliver(minutes=1) == 1
    assert office.relay.got[0].message_id == first.message_id


def test_what_broke_off_may_have_arrived_and_is_sent_again_or_not_as_configured(make_office):
    for on_unknown, times in (("resend", 1), ("hold", 0)):
        office = make_office(ConnectionResetError("gone"), limits=Limits(on_unknown=on_unknown))
        office.ask(Errand.SIGN_UP)
        office.deliver()
        assert office.deliver(minutes=2) == times


def test_an_address_that_is_refused_is_not_tried_again_however_often_it_is_asked_for(make_office):
    office = make_office(Outcome(Verdict.FAILED, "550 unknown", 550, blame=Blame.ADDRESS))
    for _ in range(3):
        office.ask(Errand.SIGN_UP)
        assert office.deliver(hours=2) == 0
    assert office.relay.got == []


def test_after_a_day_it_is_given_up(make_office):
    office = make_office(*[Outcome(Verdict.DEFERRED, "450 busy", 450)] * 200)
    office.ask(Errand.SIGN_UP)
    for _ in range(30):
        office.deliver(hours=1)
    assert office.desk.store.wish_numbered(1) is None


def test_a_provider_that_asks_for_less_is_left_alone_and_the_others_are_not(make_office):
    office = make_office(Outcome(Verdict.DEFERRED, "421 4.7.28 too much", 421, blame=Blame.PROVIDER))
    for email in ("a@slow.example", "b@slow.example", "c@example.org"):
        office.ask(Errand.SIGN_UP, email)
    assert office.deliver() == 1
    assert office.said()[0][0] == "c@example.org"
    assert office.deliver(minutes=5) == 0
    assert office.deliver(minutes=6) == 2


def test_rates_that_the_operator_set_are_kept(make_office):
    office = make_office(limits=Limits(per_minute=2))
    for number in range(4):
        office.ask(Errand.SIGN_UP, f"new{number}@example.org")
    sent = [office.deliver(seconds=30) for _ in range(12)]
    assert sum(sent) == 4
    assert max(sent) == 1


def test_a_letter_that_cannot_be_written_stops_no_other(office):
    office.ask(Errand.SIGN_UP, "nobody")
    office.ask(Errand.SIGN_UP)
    assert office.deliver() == 1
    assert office.said()[0][0] == NEW


def test_the_thread_goes_on_after_an_error_and_ends_when_it_is_told_to(office, monkeypatch):
    looks, stopping = [], Event()

    def deliver(desk, now):
        looks.append(now)
        if len(looks) == 1:
            raise StoreError("locked")
        stopping.set()
        return 0

    monkeypatch.setattr(postman, "_PAUSE", 0.001)
    monkeypatch.setattr(postman, "_REST", 0.001)
    monkeypatch.setattr(postman, "deliver", deliver)
    thread = Thread(target=postman.run, args=(office.desk, stopping))
    thread.start()
    thread.join(10)
    assert not thread.is_alive()
    assert len(looks) == 2
