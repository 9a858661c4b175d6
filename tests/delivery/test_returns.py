"""What mails that came back say, in the shapes that servers and providers give them."""

from datetime import date
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from digest.delivery import letters
from digest.delivery.returns import read
from digest.model import Return
from digest.tokens import addressed

DAY = date(2026, 5, 18)
BACK, LEAVE = addressed(b"secret", 7, DAY)
SAMPLES = Path(__file__).parent / "returned"


def sample(name: str, back: str = BACK, leave: str = LEAVE) -> bytes:
    text = (SAMPLES / f"{name}.eml").read_text(encoding="utf-8")
    return text.replace("%BACK%", back).replace("%LEAVE%", leave).replace("%BACK_UPPER%", back.upper()).encode()


PERMANENT, TEMPORARY, COMPLAINT, UNSUBSCRIBE, IGNORED = Return

# (what it is, its enhanced status, a part of what is kept of its words)
EXPECTED = {
    "postfix_unknown_user": (PERMANENT, "5.1.1", "User unknown in virtual mailbox table"),
    "postfix_no_domain": (PERMANENT, "5.4.4", "Host or domain name not found"),
    "postfix_delayed": (IGNORED, "", "delayed"),
    "postfix_relayed": (IGNORED, "", "relayed"),
    "postfix_expired": (TEMPORARY, "4.4.1", "Connection timed out"),
    "gmail_unknown_user": (PERMANENT, "5.1.1", "The email account that you tried to reach does not exist"),
    "gmail_out_of_storage": (TEMPORARY, "5.2.2", "out of storage space"),
    "gmail_policy": (TEMPORARY, "5.7.1", "has been blocked"),
    "exchange_online_no_recipient": (PERMANENT, "5.1.10", "RESOLVER.ADR.RecipientNotFound"),
    "exchange_access_denied": (PERMANENT, "5.4.1", "Access denied"),
    "exchange_mailbox_full": (TEMPORARY, "5.2.2", "mailbox full"),
    "sendmail_unknown_user": (PERMANENT, "5.1.1", "User unknown"),
    "sendmail_warning": (IGNORED, "", "delayed"),
    "exim_modern": (PERMANENT, "5.0.0", "No such user here"),
    "opensmtpd_error": (PERMANENT, "5.1.1", ""),
    "utf8_unknown_user": (PERMANENT, "5.1.1", "User unknown"),
    "redirected_to_alias": (PERMANENT, "5.1.1", "User unknown"),
    "exim_old_unknown_user": (PERMANENT, "", "550 unknown user"),
    "exim_old_retry_timeout": (TEMPORARY, "", "retry timeout exceeded"),
    "exim_old_delayed": (IGNORED, "", "delayed"),
    "qmail_unknown_user": (PERMANENT, "5.1.1", "no mailbox here by that name"),
    "qmail_over_quota": (TEMPORARY, "5.2.2", "over the allowed quota"),
    "yahoo_no_account": (PERMANENT, "", "doesn't have a yahoo.com account"),
    "in_words_that_nobody_knows": (PERMANENT, "", "does not exist"),
    "vacation_rfc3834": (IGNORED, "", "an automatic answer"),
    "out_of_office_without_headers": (IGNORED, "", "Automatic reply"),
    "out_of_office_german": (IGNORED, "", "Automatische Antwort"),
    "read_receipt": (IGNORED, "", "a read receipt"),
    "arf_yahoo": (COMPLAINT, "", "abuse, said by Yahoo!-Mail-Feedback/2.0"),
    "arf_redacted": (COMPLAINT, "", "abuse"),
    "arf_not_spam": (IGNORED, "", "not-spam"),
    "arf_auth_failure": (IGNORED, "", "auth-failure"),
    "hotmail_jmrp": (COMPLAINT, "", "abuse"),
    "wish_to_leave": (UNSUBSCRIBE, "", "unsubscribe"),
    "wish_to_leave_by_a_program": (UNSUBSCRIBE, "", "unsubscribe"),
    "letter_to_the_sender_of_bounces": (IGNORED, "", "a letter: please stop"),
}


def test_each_sample_is_expected_to_be_something():
    assert {path.stem for path in SAMPLES.iterdir()} == set(EXPECTED)


@pytest.mark.parametrize("ends", [b"\n", b"\r\n"], ids=["LF", "CRLF"])
@pytest.mark.parametrize("name", EXPECTED)
def test_what_comes_back_is_understood(name, ends):
    kind, code, words = EXPECTED[name]
    (report,) = read(sample(name).replace(b"\n", ends))
    assert (report.kind, report.code) == (kind, code), report
    assert words in report.detail
    assert report.detail.isprintable()


@pytest.mark.parametrize("name", [name for name, (kind, *_) in EXPECTED.items() if kind is not IGNORED])
def test_what_counts_has_the_token_of_what_it_is_about(name):
    kind, *_ = EXPECTED[name]
    (report,) = read(sample(name))
    expected = LEAVE if kind is UNSUBSCRIBE or name == "arf_redacted" else BACK
    assert report.token.lower() == expected


def test_a_wish_to_leave_counts_by_the_address_it_is_sent_to_alone():
    quoting = (
        sample("wish_to_leave").replace(LEAVE.encode(), b"") + f"\nYou wrote: bounce+{LEAVE}@lists.example.org".encode()
    )
    assert [report.kind for report in read(quoting)] == [IGNORED]


def test_a_mail_of_several_reports_is_each_of_them():
    tokens = [addressed(b"secret", number, DAY).back for number in range(3)]
    names = ["postfix_unknown_user", "gmail_out_of_storage", "arf_yahoo"]
    inner = "".join(
        f"--d\nContent-Type: message/rfc822\n\n{sample(name, token).decode()}\n"
        for name, token in zip(names, tokens, strict=True)
    )
    whole = (
        f"To: bounce@lists.example.org\nSubject: today's\nContent-Type: multipart/digest; boundary=d\n\n{inner}--d--\n"
    )
    assert [(report.kind, report.token) for report in read(whole.encode())] == [
        (PERMANENT, tokens[0]),
        (TEMPORARY, tokens[1]),
        (COMPLAINT, tokens[2]),
    ]


def test_of_several_recipients_the_worst_counts():
    text = sample("postfix_delayed").decode()
    more = text.replace(
        "\nWill-Retry-Until", "\nFinal-Recipient: rfc822; x\n\nAction: failed\nStatus: 5.1.1\n\nX-Will-Retry-Until"
    )
    assert [report.kind for report in read(more.encode())] == [PERMANENT]


def test_a_digest_about_delays_comes_back_as_one_about_anything():
    text = sample("in_words_that_nobody_knows").decode().replace("12_papers_for_Monday", "Delayed_choice")
    assert [report.kind for report in read(text.encode())] == [PERMANENT]


def test_a_bounce_without_a_token_is_a_bounce_of_nobodys():
    (report,) = read(sample("postfix_unknown_user", back="x", leave="x"))
    assert (report.kind, report.token) == (PERMANENT, "")


# --- strangers ----------------------------------------------------------------------------------------------------


def nested(levels: int, end: str) -> bytes:
    return b"".join(
        f"Content-Type: {end.format(level)}\n\n{'--' + str(level) if 'multi' in end else ''}\n".encode()
        for level in range(levels)
    )


HOSTILE = {
    "nothing": b"",
    "zeros": b"\0" * 2_000_000,
    "line ends": b"\r" * 2_000_000,
    "one long line": b"To: " + b"a@" * 1_000_000,
    "angles": b"Subject: failure notice\n\n" + b"<" * 1_000_000,
    "at signs": b"Subject: failure notice\n\n" + b"550 " + b"@" * 1_000_000,
    "parts within parts": nested(5_000, "multipart/mixed; boundary={}"),
    "mails within mails": nested(20_000, "message/rfc822"),
    "boundaries that end nothing": b"Content-Type: multipart/mixed; boundary=a\n\n" + b"--a\n\n" * 200_000,
    "statuses": b"Content-Type: message/delivery-status\n\n" + b"Action: failed\n\n" * 100_000,
    "headers": b"To: bounce+x\n" * 100_000,
    "words": b"Subject: failure notice\n\n" + b"the user account address mailbox " * 50_000,
    "an unknown encoding": b"Subject: =?nonsense?q?failure?=\nContent-Type: text/plain; charset=nonsense\n\nx",
    "a parameter in pieces": b"Content-Type: multipart/report; boundary*0=a; boundary*1=b; report-type*=x'y'z%\n\n--ab\n",
    "surrogates": "To: \udc80@\udcff\nSubject: \udcfe".encode("utf-8", "surrogatepass"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_whatever_is_made_to_cost_time_comes_to_nothing(name):
    reports = read(HOSTILE[name])
    assert {report.kind for report in reports} <= {IGNORED, TEMPORARY}
    assert len(reports) <= 100


# Pieces that matter to the reader, so that what is drawn is more than noise.
PIECES = st.sampled_from(
    [
        *(b"To: bounce+%s@x\n" % token.encode() for token in (BACK, LEAVE, "b0-00000000-aaaaaaaaaaaaaaaa")),
        *(b"Content-Type: multipart/report; boundary=b\n", b'Content-Type: multipart/mixed; boundary=""\n'),
        *(b"Content-Type: message/delivery-status\n", b"Content-Type: message/feedback-report\n"),
        *(b"Content-Type: message/global-delivery-status\n", b"Content-Type: message/rfc822\n", b"Content-Type: \n"),
        *(b"Content-Transfer-Encoding: base64\n", b"Content-Transfer-Encoding: x-uuencode\n"),
        *(
            b"\n--b\n",
            b"\n--b--\n",
            b"\n",
            b"Action: failed\n",
            b"Action: \n",
            b"Status: 5.1.1\n",
            b"Status: 999.1.1\n",
        ),
        *(b"Diagnostic-Code: smtp; 550 5.1.1 no\n", b"Final-Recipient: rfc822;;;<\n", b"Feedback-Type: abuse\n"),
        *(b"Subject: failure notice\n", b"Subject: =?utf-8?b?////?=\n", b"Auto-Submitted: auto-replied\n"),
        *(b"X-Failed-Recipients: a\n", b"Hi. This is the qmail-send program at x.\n<a@b>:\n550 no such user\n"),
        *(b"\xff\xfe\x00", b"\r", b"From: MAILER-DAEMON\n", b"begin 644 x\n", b"charset=utf-16\n"),
    ]
)


@given(st.lists(st.one_of(PIECES, st.binary(max_size=30)), max_size=40).map(b"".join))
@settings(max_examples=200, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_comes_is_read_without_an_error(content):
    reports = read(content)
    assert reports
    for report in reports:
        assert report.token.lower() in ("", BACK, LEAVE, "b0-00000000-aaaaaaaaaaaaaaaa")
        assert report.detail.isprintable()
        assert len(report.detail) <= 500


@given(st.sampled_from(sorted(EXPECTED)), st.data())
@settings(max_examples=100, deadline=None)
def test_a_mail_that_is_cut_or_scratched_is_read_without_an_error(name, data):
    content = bytearray(sample(name))
    for _ in range(data.draw(st.integers(0, 5))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    reports = read(bytes(content[: data.draw(st.integers(0, len(content)))]))
    assert all(report.token.lower() in ("", BACK, LEAVE) or report.token for report in reports)


def test_no_more_than_the_first_megabyte_is_read():
    late = b"\n" + b"x" * 60 + b"\n"
    content = b"Subject: failure notice\n\n" + late * (letters.MOST_BYTES // len(late) + 1) + b"550 no such user"
    assert [report.kind for report in read(content)] == [TEMPORARY]


# --- what servers give as their reason ----------------------------------------------------------------------------


def notification(status, words):
    return (
        f"To: bounce+{BACK}@x\nContent-Type: multipart/report; boundary=b\n\n--b\nContent-Type: message/delivery-status\n\n"
        f"Reporting-MTA: dns; x\n\nFinal-Recipient: rfc822; ann@example.net\nAction: failed\nStatus: {status}\n"
        f"Diagnostic-Code: smtp; {words}\n\n--b--\n"
    ).encode()


@pytest.mark.parametrize(
    ("status", "words", "kind"),
    [
        ("5.5.0", "550 5.5.0 Requested action not taken: mailbox unavailable (S2017062302).", PERMANENT),
        ("5.0.0", "550 Requested action not taken: mailbox unavailable", PERMANENT),
        ("5.2.1", "550 5.2.1 The email account that you tried to reach is inactive.", PERMANENT),
        (
            "5.0.0",
            "554 30 Sorry, your message to ann@yahoo.com cannot be delivered. This mailbox is disabled (554.30).",
            PERMANENT,
        ),
        ("5.1.1", "550 5.1.1 <ann@icloud.com>: user does not exist", PERMANENT),
        (
            "5.1.2",
            "550 5.1.2 <ann@gone.example>... Host unknown (Name server: gone.example: host not found)",
            PERMANENT,
        ),
        ("5.4.310", "550 5.4.310 DNS domain gone.example does not exist [Message=InfoDomainNonexistent]", PERMANENT),
        ("5.1.10", "556 5.1.10 Recipient address has null MX", PERMANENT),
        ("5.0.0", "550 5.7.1 No such user!", PERMANENT),
        ("5.2.1", "550-5.2.1 The user you are trying to contact is receiving mail at a rate that", TEMPORARY),
        ("5.2.2", "552 5.2.2 The email account that you tried to reach is over quota", TEMPORARY),
        (
            "5.0.0",
            "554 5.7.9 Message not accepted for policy reasons. See https://postmaster.example/unknown/user",
            TEMPORARY,
        ),
        ("5.7.26", "550-5.7.26 This mail has been blocked because the sender is unauthenticated.", TEMPORARY),
        ("5.7.133", "550 5.7.133 RESOLVER.RST.SenderNotAuthenticatedForGroup", TEMPORARY),
        ("5.4.7", "554 5.4.7 [internal] (last transfail: 421 4.7.0 [TSS04] messages temporarily deferred)", TEMPORARY),
        ("5.4.14", "554 5.4.14 Hop count exceeded - possible mail loop", TEMPORARY),
        ("4.4.7", "delivery temporarily suspended: Host or domain name not found, try again", TEMPORARY),
        (
            "4.1.1",
            "450 4.1.1 <ann@example.net>: Recipient address rejected: unverified address: User unknown",
            TEMPORARY,
        ),
        ("5.1.8", "553 5.1.8 <bounce@x.example>: Sender address rejected: Domain not found", TEMPORARY),
        ("5.0.0", "550 Your domain x.example does not exist", TEMPORARY),
        ("5.0.0", "501 Domain of mail from does not exist", TEMPORARY),
        ("5.3.4", "552 5.3.4 Message size exceeds fixed limit", TEMPORARY),
        ("5.0.0", "", TEMPORARY),
        ("", "", TEMPORARY),
    ],
)
def test_only_an_address_that_is_none_is_given_up(status, words, kind):
    (report,) = read(notification(status, words))
    assert report.kind is kind, report
