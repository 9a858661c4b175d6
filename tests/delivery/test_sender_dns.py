"""What DNS says of a sender is found, understood, and explained; what cannot be known is not guessed."""

from ipaddress import ip_address

import dns.rcode
import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.delivery import keys, spf
from digest.delivery.lookups import CannotTell, Lookups, Silent
from digest.delivery.remarks import (
    judge_dkim,
    judge_dmarc,
    judge_reverse,
    judge_spf,
    judge_spf_of_relay,
    tags,
)
from digest.delivery.sender_dns import Sender, look
from digest.delivery.spf import Result
from digest.model import Weight

HERE, THERE = ip_address("203.0.113.5"), ip_address("2001:db8:1::5")

# --- SPF: who may send ----------------------------------------------------------------------------------------------


class Answers(dict):
    """(kind, name) -> answers; nothing for the rest."""

    def texts(self, name):
        return self.get(("TXT", name), [])

    def addresses(self, name):
        return [ip_address(text) for text in self.get(("A", name), [])]

    def exchanges(self, name):
        return self.get(("MX", name), [])


DNS = Answers(
    {
        ("A", "lab.org"): ["203.0.113.5"],
        ("A", "relay.lab.org"): ["203.0.113.9", "2001:db8:1::9"],
        ("MX", "lab.org"): ["relay.lab.org"],
        ("MX", "many.org"): [f"mx{number}.many.org" for number in range(11)],
        ("TXT", "yes.org"): ["other", "v=spf1 ip4:203.0.113.0/24 -all"],
        ("TXT", "no.org"): ["v=spf1 -all"],
        ("TXT", "two.org"): ["v=spf1 -all", "V=SPF1"],
        ("TXT", "loop.org"): ["v=spf1 include:loop.org -all"],
        ("TXT", "macro.org"): ["v=spf1 exists:%{i}.macro.org -all"],
    }
)


def spf_result(record, address=HERE):
    return spf.result("lab.org", ip_address(address), Answers({**DNS, ("TXT", "lab.org"): [record]}))


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ("v=spf1", Result.NEUTRAL),
        ("v=spf1 -all", Result.FAIL),
        ("v=spf1 ~ALL", Result.SOFTFAIL),
        ("v=spf1 ?all", Result.NEUTRAL),
        ("v=spf1 all", Result.PASS),
        ("v=spf1 ip4:203.0.113.5 -all", Result.PASS),
        ("v=spf1  ip4:203.0.113.5/32   -all", Result.PASS),
        ("v=spf1 -ip4:203.0.113.0/24 +all", Result.FAIL),
        ("v=spf1 ip4:203.0.113.4/31 -all", Result.PASS),
        ("v=spf1 ip4:203.0.113.6 -all", Result.FAIL),
        ("v=spf1 ip6:2001:db8::/32 -all", Result.FAIL),
        ("v=spf1 a -all", Result.PASS),
        ("v=spf1 a:relay.lab.org -all", Result.FAIL),
        ("v=spf1 a:relay.lab.org/24 -all", Result.PASS),
        ("v=spf1 mx -all", Result.FAIL),
        ("v=spf1 mx/24//64 -all", Result.PASS),
        ("v=spf1 include:yes.org -all", Result.PASS),
        ("v=spf1 include:no.org ~all", Result.SOFTFAIL),
        ("v=spf1 redirect=yes.org", Result.PASS),
        ("v=spf1 redirect=no.org exp=why.lab.org", Result.FAIL),
        ("v=spf1 redirect=yes.org -all", Result.FAIL),
        ("v=spf1 exp=%{i}.lab.org unknown=thing -all", Result.FAIL),
        ("v=spf1 ip4:203.0.113.5 exists:%{i}.lab.org -all", Result.PASS),
    ],
)
def test_a_record_is_walked_as_receivers_do(record, expected):
    assert spf_result(record) is expected


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        ("v=spf1 ip6:2001:db8::/32 -all", Result.PASS),
        ("v=spf1 ip4:0.0.0.0/0 -all", Result.FAIL),
        ("v=spf1 a:relay.lab.org -all", Result.FAIL),
        ("v=spf1 a:relay.lab.org//64 -all", Result.PASS),
        ("v=spf1 a:relay.lab.org/8 -all", Result.FAIL),
    ],
)
def test_both_kinds_of_address_are_known(record, expected):
    assert spf_result(record, THERE) is expected


@pytest.mark.parametrize(
    ("record", "words"),
    [
        ("v=spf1 include:nothing.org -all", "refers to nothing.org, which has no SPF record"),
        ("v=spf1 redirect=nothing.org", "refers to nothing.org"),
        ("v=spf1 include:two.org -all", "two.org has 2 SPF records"),
        ("v=spf1 include:loop.org -all", "more than 10 questions"),
        ("v=spf1 " + "a:x.org " * 11 + "-all", "more than 10 questions"),
        ("v=spf1 mx:many.org -all", "many.org has 11 MX records"),
        ("v=spf1 ipv4:203.0.113.5 -all", '"ipv4:203.0.113.5", which is no term of SPF'),
        ("v=spf1 include -all", '"include", which is no term'),
        ("v=spf1 ip4:203.0.113.5/99 -all", "a network that is none"),
        ("v=spf1 ip4:lab.org -all", "a network that is none"),
    ],
)
def test_a_record_that_nobody_can_use_says_why(record, words):
    with pytest.raises(spf.PermError) as caught:
        spf_result(record)
    assert words in str(caught.value)


@pytest.mark.parametrize("term", ["ptr", "exists:%{i}.lab.org", "include:%{d}.lab.org", "include:macro.org"])
def test_what_depends_on_the_message_cannot_be_told(term):
    with pytest.raises(CannotTell, match="differs from message to message"):
        spf_result(f"v=spf1 {term} -all")


def test_no_record_is_no_answer():
    assert spf.result("nothing.org", HERE, DNS) is Result.NONE


_TERMS = st.sampled_from(
    [*"aA", "mx", "all", "ptr", "ip4:", "ip6:::1", "include:loop.org", "redirect=", "a/", "=", ":", "a:%", "-"]
)


@given(st.lists(_TERMS | st.text(max_size=8), max_size=14))
def test_any_record_comes_to_something(words):
    assert _said_of(" ".join(["v=spf1", *words]))


def _said_of(record):
    try:
        return spf_result(record).value
    except (spf.PermError, CannotTell) as error:
        return str(error)


# --- what it means --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("texts", "relay", "weight", "words"),
    [
        (["v=spf1 mx -all", "google-site=1"], None, Weight.OK, "says who may send"),
        ([], "relay.lab.org", Weight.WARNING, '"v=spf1 a:relay.lab.org -all"'),
        ([], "203.0.113.5", Weight.WARNING, '"v=spf1 ip4:203.0.113.5 -all"'),
        (["v=spf10 -all", "spf1"], None, Weight.WARNING, "does not say who may send its mail"),
        (["v=spf1 -all", "v=spf1 mx"], None, Weight.FAILED, "2 SPF records, so receivers go by none: make them one"),
        (["v=spf1 mx +ALL"], None, Weight.WARNING, "lets everybody"),
        (["v=spf1 mx all"], None, Weight.WARNING, "lets everybody"),
    ],
)
def test_spf_is_explained(texts, relay, weight, words):
    remark = judge_spf("lab.org", texts, relay)
    assert remark.result is weight
    assert words in remark.detail


@pytest.mark.parametrize(
    ("results", "weight", "words"),
    [
        ({HERE: Result.PASS, THERE: Result.PASS}, Weight.OK, "lab.org lets relay.lab.org send"),
        ({HERE: Result.PASS, THERE: Result.SOFTFAIL}, Weight.WARNING, "add ip6:2001:db8:1::5;"),
        ({HERE: Result.NEUTRAL}, Weight.WARNING, "does not name 203.0.113.5 (relay.lab.org): add ip4:203.0.113.5;"),
        ({}, Weight.NOTE, "cannot be told"),
    ],
)
def test_a_relay_that_spf_leaves_out_is_named(results, weight, words):
    remark = judge_spf_of_relay("lab.org", "relay.lab.org", results)
    assert remark.result is weight
    assert words in remark.detail


OURS = "v=DKIM1; k=rsa; p=AAAA"
NAME = "digest._domainkey.lab.org"


@pytest.mark.parametrize(
    ("texts", "weight", "words"),
    [
        ([OURS], Weight.OK, "holds our key"),
        (["p=AA AA"], Weight.OK, "holds our key"),
        (["v=DKIM1;k=rsa;p=AAAA;"], Weight.OK, "holds our key"),
        (["v=DKIM1; t=s; p=AAAA"], Weight.OK, "holds our key"),
        ([], Weight.FAILED, "is not in DNS"),
        ([OURS, OURS], Weight.FAILED, "leave one"),
        (["v=DKIM1; k=rsa; p="], Weight.FAILED, "is revoked"),
        (["v=DKIM1; k=rsa; p=BBBB"], Weight.FAILED, "another key than ours"),
        (["v=DKIM1; k=ed25519; p=AAAA"], Weight.FAILED, "another key than ours"),
        (["v=DKIM2; k=rsa; p=AAAA"], Weight.FAILED, "no key"),
        (["v=DKIM1; k=rsa"], Weight.FAILED, "no key"),
        (["v=spf1 -all"], Weight.FAILED, "no key"),
        (["p=AAAA; p=BBBB"], Weight.FAILED, "no key"),
        ([""], Weight.FAILED, "no key"),
        (["v=DKIM1; t=y:s; k=rsa; p=AAAA"], Weight.WARNING, "test mode"),
    ],
)
def test_a_key_in_dns_is_compared_with_ours(texts, weight, words):
    remark = judge_dkim(NAME, texts, OURS)
    assert remark.result is weight
    assert words in remark.detail
    assert NAME in remark.detail


@pytest.mark.parametrize(
    ("above", "texts", "signing", "weight", "words"),
    [
        ("p.lab.org", ["v=DMARC1; p=reject"], "p.lab.org", Weight.OK, "p.lab.org has forged mail refused"),
        ("lab.org", ["v=DMARC1; p=none; sp=quarantine"], "lab.org", Weight.OK, "lab.org has forged mail put aside"),
        ("p.lab.org", ["v=DMARC1; p=quarantine; sp=none"], "lab.org", Weight.OK, "put aside"),
        ("p.lab.org", ["v=DMARC1; p=None"], None, Weight.NOTE, "only watches"),
        ("lab.org", [], None, Weight.WARNING, "at _dmarc.p.lab.org"),
        ("lab.org", ["v=spf1 -all"], None, Weight.WARNING, "at _dmarc.p.lab.org"),
        ("lab.org", ["v=DMARC1; p=none", "v=DMARC1; p=reject"], None, Weight.WARNING, "receivers go by none"),
        ("lab.org", ["v=DMARC1"], None, Weight.WARNING, "no policy that receivers know"),
        ("lab.org", ["v=DMARC1; p=delete"], None, Weight.WARNING, "no policy that receivers know"),
        ("lab.org", ["v=DMARC1; p=reject; adkim=s"], "lab.org", Weight.WARNING, 'set dkim.domain = "p.lab.org"'),
        ("lab.org", ["v=DMARC1; p=reject; adkim=s"], "p.lab.org", Weight.OK, "refused"),
        ("lab.org", ["v=DMARC1; p=reject; adkim=r"], "lab.org", Weight.OK, "refused"),
    ],
)
def test_dmarc_is_explained(above, texts, signing, weight, words):
    remark = judge_dmarc("p.lab.org", above, texts, signing)
    assert remark.result is weight
    assert words in remark.detail


@pytest.mark.parametrize(
    ("names", "weight", "words"),
    [
        ({"relay.lab.org": [HERE]}, Weight.OK, "called relay.lab.org, which leads back"),
        ({"a.isp.net": [], "b.isp.net": [THERE, HERE]}, Weight.OK, "leads back"),
        ({}, Weight.WARNING, "set its PTR record to relay.lab.org"),
        ({"a.isp.net": [THERE]}, Weight.WARNING, "does not lead back"),
    ],
)
def test_reverse_dns_is_explained(names, weight, words):
    remark = judge_reverse("relay.lab.org", HERE, names)
    assert remark.result is weight
    assert words in remark.detail


@given(st.text())
def test_any_text_is_tags_or_none(text):
    found = tags(text)
    assert found is None or all(found)


# --- asking ---------------------------------------------------------------------------------------------------------

KEY = keys.record(keys.generate(keys.Kind.RSA))
RIGHT = {
    "lab.org": {"TXT": ['"v=spf1 mx -all"'], "MX": ["10 relay.lab.org."]},
    "relay.lab.org": {"A": ["203.0.113.5"], "AAAA": ["2001:db8:1::5"]},
    NAME: {"TXT": [keys.strings(KEY)]},
    "_dmarc.lab.org": {"TXT": ['"v=DMARC1; p=reject"']},
    "5.113.0.203.in-addr.arpa": {"PTR": ["relay.lab.org."]},
    f"5.{'0.' * 19}1.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa": {"PTR": ["relay.lab.org."]},
}
SENDER = Sender("lab.org", "lab.org", {"digest": KEY}, "relay.lab.org", is_own=True)


def looked(nameserver, sender=SENDER, **changed):
    """The remarks, with `changed` records; a name's dots and hyphens are underscores there."""
    nameserver.records = {**RIGHT, **changed}
    return list(look(sender, Lookups(("127.0.0.1", nameserver.port))))


def test_a_sender_in_order_has_nothing_but_good_said_of_it(nameserver):
    remarks = looked(nameserver)
    assert [(remark.check, remark.result.value) for remark in remarks] == [
        ("SPF", "ok"),
        ("DKIM", "ok"),
        ("DMARC", "ok"),
        ("reverse DNS", "ok"),
        ("reverse DNS", "ok"),
    ], remarks


def test_a_sender_without_records_hears_of_each(nameserver):
    nameserver.records = {}
    remarks = list(look(SENDER, Lookups(("127.0.0.1", nameserver.port))))
    assert [(remark.check, remark.result.value) for remark in remarks] == [
        ("SPF", "warning"),
        ("DKIM", "failed"),
        ("DMARC", "warning"),
        ("reverse DNS", "note"),
    ]


def test_a_key_longer_than_one_packet_is_read(nameserver):
    """Such an answer comes over TCP."""
    key = keys.record(keys.rsa.generate_private_key(65537, 4096))
    sender = Sender("lab.org", "lab.org", {"digest": key}, None)
    padded = f'{keys.strings(key)} "; n={"x" * 240}" "{"x" * 250}"'
    remarks = looked(nameserver, sender, **{NAME: {"TXT": [padded]}})
    assert remarks[1].detail == f"{NAME} holds our key"


def test_dmarc_of_a_domain_above_holds_below(nameserver):
    remarks = looked(nameserver, Sender("a.b.lab.org", "lab.org", {}, None))
    assert remarks[2].detail == "lab.org has forged mail refused"
    assert "_dmarc.org TXT" not in nameserver.asked


def test_a_relay_of_others_is_not_asked_for_its_name(nameserver):
    remarks = looked(nameserver, Sender("lab.org", "lab.org", {}, "relay.lab.org"))
    assert remarks[-1].detail == "is the business of who runs relay.lab.org"
    assert not any("arpa" in asked for asked in nameserver.asked)


@pytest.mark.parametrize("address", ["10.0.0.5", "127.0.0.1", "192.168.1.1", "100.64.0.1"])
def test_an_address_of_a_private_network_says_nothing(nameserver, address):
    remarks = looked(nameserver, **{"relay.lab.org": {"A": [address]}})
    assert [remark.result for remark in (remarks[0], remarks[-1])] == [Weight.NOTE] * 2


def test_a_relay_that_is_an_address_needs_no_name(nameserver):
    remarks = looked(nameserver, Sender("lab.org", "lab.org", {}, "203.0.113.5"))
    assert remarks[0].detail == "lab.org lets 203.0.113.5 send its mail"


def test_a_record_of_spf_that_is_broken_fails(nameserver):
    remarks = looked(nameserver, **{"lab.org": {"TXT": ['"v=spf1 inlcude:x.org -all"']}})
    assert remarks[0].result is Weight.FAILED
    assert '"inlcude:x.org"' in remarks[0].detail


def test_spf_is_asked_of_the_domain_that_bounces_go_to(nameserver):
    sender = Sender("lab.org", "lab.org", {}, "relay.lab.org", envelope="bounce.lab.org")
    assert looked(nameserver, sender)[0].result is Weight.WARNING
    remarks = looked(nameserver, sender, **{"bounce.lab.org": {"TXT": ['"v=spf1 a:relay.lab.org -all"']}})
    assert (remarks[0].result, remarks[0].detail) == (Weight.OK, "bounce.lab.org lets relay.lab.org send its mail")


def test_one_name_that_cannot_be_asked_about_does_not_hide_the_others(nameserver):
    remarks = looked(nameserver, **{"lab.org": dns.rcode.SERVFAIL})
    assert (remarks[0].check, remarks[0].result) == ("SPF", Weight.NOTE)
    assert "lab.org" in remarks[0].detail
    assert [remark.result for remark in remarks[1:]] == [Weight.OK] * 4


def test_dns_that_is_silent_is_a_note_and_the_end(nameserver):
    """The clock that the lookups go by is moved on, so that nobody waits."""
    nameserver.records = {}
    moments = iter([0.0, 0.0, 3.5])
    lookups = Lookups(("127.0.0.1", nameserver.port), clock=lambda: next(moments))
    (first, last) = look(Sender("lab.org", "lab.org", {"digest": KEY}, None), lookups)
    assert first.check == "SPF"
    assert (last.check, last.result) == ("sender's DNS", Weight.NOTE)
    assert "did not answer within 2.5 seconds, so DKIM" in last.detail


def test_a_server_that_says_nothing_is_not_waited_for(nameserver):
    nameserver.records = {"lab.org": None}
    moments = iter([0.0, 2.4])
    with pytest.raises(Silent, match=r"within 2\.5 seconds"):
        Lookups(("127.0.0.1", nameserver.port), clock=lambda: next(moments)).texts("lab.org")
    assert nameserver.asked == ["lab.org TXT"]


@pytest.mark.parametrize("name", ["a..b", f"{'x' * 64}.org", ".".join(["long"] * 60)])
def test_what_is_no_name_has_no_answer(nameserver, name):
    with pytest.raises(CannotTell, match="no answer for"):
        Lookups(("127.0.0.1", nameserver.port)).texts(name)
