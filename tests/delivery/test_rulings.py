"""What replies mean: what servers really say, and what follows from it.

The words are from the providers' own lists of errors, from the sources of Postfix, Exim, qmail and sendmail, and from logs
that people show when they ask for help.
"""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.delivery.replies import Reply, Step, joined, parse_line
from digest.delivery.rulings import ACCEPTED, Course, Ruling, outcome, rule, trouble
from digest.model import Blame, Verdict

MAIL, RCPT, DATA, DOT = Step

GONE = Ruling(Course.FAIL, Blame.ADDRESS, hopeless=True)  # suppressed
MAILBOX = Ruling(Course.FAIL, Blame.ADDRESS)
TOO_BIG = Ruling(Course.FAIL)
FULL_FOR_NOW = Ruling(Course.DEFER, Blame.ADDRESS)
SLOWER = Ruling(Course.DEFER, Blame.PROVIDER)
LATER = Ruling(Course.DEFER)
HELD = Ruling(Course.DEFER, Blame.MESSAGE)
DOWN = Ruling(Course.LOST)
BUSY = Ruling(Course.LOST, kind="busy")
OURS = Ruling(Course.LOST, kind="ours")
NOBODY_KNOWS = Ruling(Course.UNKNOWN)

GMAIL = [
    (RCPT, "550 5.1.1 The email account that you tried to reach does not exist. Please try double-checking the recipient's email address for typos or unnecessary spaces. - gsmtp", GONE),
    (RCPT, "550 5.2.1 The email account that you tried to reach is disabled. - gsmtp", GONE),
    (RCPT, "550 5.2.1 The user you are trying to contact is receiving mail at a rate that prevents additional messages from being delivered. - gsmtp", MAILBOX),
    (RCPT, "450 4.2.1 The user you are trying to contact is receiving mail too quickly. Please resend your message at a later time. - gsmtp", FULL_FOR_NOW),
    (RCPT, "452 4.2.2 The email account that you tried to reach is over quota. Please direct the recipient to https://support.google.com/mail/?p=OverQuotaTemp - gsmtp", FULL_FOR_NOW),
    (RCPT, "552 5.2.2 The email account that you tried to reach is over quota. - gsmtp", MAILBOX),
    (RCPT, "450 4.2.1 Peak SMTP relay limit exceeded for customer. This is a temporary error. - gsmtp", BUSY),
    (DOT, "550 5.4.5 Daily user sending limit exceeded. For more information on Gmail sending limits go to https://support.google.com/a/answer/166852 - gsmtp", BUSY),
    (RCPT, "452 4.5.3 Domain policy size per transaction exceeded, please try this recipient in a separate transaction. - gsmtp", SLOWER),
    (DOT, "421 4.7.28 Gmail has detected an unusual rate of unsolicited mail originating from your DKIM domain [example.org]. To protect our users from spam, mail sent from your domain has been temporarily rate limited. - gsmtp", SLOWER),
    (MAIL, "421 4.7.28 Our system has detected an unusual rate of unsolicited mail originating from your IP address. To protect our users from spam, mail sent from your IP address has been temporarily blocked. - gsmtp", BUSY),
    (DOT, "421 4.7.32 Your email has been rate limited because the From: header (RFC5322) in this message isn't aligned with either the authenticated SPF or DKIM organizational domain. - gsmtp", SLOWER),
    (DOT, "550 5.7.26 Unauthenticated email from example.org is not accepted due to domain's DMARC policy. - gsmtp", HELD),
    (DOT, "550 5.7.26 This mail has been blocked because the sender is unauthenticated. Gmail requires all senders to authenticate with either SPF or DKIM. - gsmtp", HELD),
    (DOT, "550 5.7.1 Our system has detected that this message is likely unsolicited mail. To reduce the amount of spam sent to Gmail, this message has been blocked. - gsmtp", HELD),
    (DOT, "550 5.7.25 The IP address sending this message does not have a PTR record setup, or the corresponding forward DNS entry does not point to the sending IP. - gsmtp", HELD),
    (DOT, "552 5.3.4 Your message exceeded Google's message size limits. - gsmtp", TOO_BIG),
    (DOT, "552 5.7.0 This message was blocked because its content presents a potential security issue. - gsmtp", HELD),
    (DOT, "451 4.3.0 Mail server temporarily rejected message. - gsmtp", LATER),
    (MAIL, "530 5.7.0 Authentication Required. For more information, go to https://support.google.com/mail/?p=WantAuthError - gsmtp", OURS),
    (MAIL, "530 5.7.0 Must issue a STARTTLS command first. - gsmtp", OURS),
    (MAIL, "421 4.4.5 Server busy, try again later. - gsmtp", BUSY),
    (MAIL, "421 4.3.0 Temporary System Problem. Try again later. - gsmtp", DOWN),
]  # fmt: skip
YAHOO = [
    (MAIL, "421 4.7.0 [TSS04] Messages from 192.0.2.5 temporarily deferred due to unexpected volume or user complaints - 4.16.55.1; see https://postmaster.yahooinc.com/error-codes", BUSY),
    (MAIL, "553 5.7.2 [TSS09] All messages from 192.0.2.5 will be permanently deferred; Retrying will NOT succeed. See https://postmaster.yahooinc.com/error-codes", HELD),
    (MAIL, "421 Max message per connection reached, closing transmission channel", DOWN),
    (DOT, "554 delivery error: dd This user doesn't have a yahoo.com account (ann@yahoo.com) [0] - mta1234.mail.gq1.yahoo.com", GONE),
    (DOT, "554 delivery error: dd Sorry, your message to ann@yahoo.com cannot be delivered. This mailbox is disabled (554.30). - mta4490.mail.gq1.yahoo.com", GONE),
    (RCPT, "552 1 Requested mail action aborted, mailbox not found", GONE),
    (RCPT, "450 User is receiving mail too quickly", FULL_FOR_NOW),
    (DOT, "554 5.7.9 Message not accepted for policy reasons. See https://postmaster.yahooinc.com/error-codes", HELD),
    (DOT, "550 5.7.9 This mail has been blocked because the sender is unauthenticated. Yahoo requires all senders to authenticate with either SPF or DKIM.", HELD),
    (DOT, "451 mta1.mail.yahoo.com Resources temporarily unavailable. Please try again later [#4.16.1].", LATER),
    (MAIL, "451 4.3.2 Internal server error", BUSY),
]  # fmt: skip
MICROSOFT = [
    (RCPT, "550 5.5.0 Requested action not taken: mailbox unavailable (S2017062302). [DB8EUR05FT041.eop-eur05.prod.protection.outlook.com]", GONE),
    (RCPT, "550 5.4.1 [ann@example.org]: Recipient address rejected: Access denied. AS(201806281) [PR2FRA01FT009.eop-fra01.prod.protection.outlook.com]", GONE),
    (DOT, "550 5.1.10 RESOLVER.ADR.RecipientNotFound; Recipient ann@example.org not found by SMTP address lookup", GONE),
    (RCPT, "550 5.2.2 STOREDRV.Deliver; mailbox full", MAILBOX),
    (DOT, "432 4.3.2 STOREDRV.Deliver; recipient thread limit exceeded", FULL_FOR_NOW),
    (MAIL, "451 4.7.500 Server busy. Please try again later from [192.0.2.5]. (S77719) [VE1EUR01FT042.eop-EUR01.prod.protection.outlook.com]", BUSY),
    (RCPT, "451 4.7.650 The mail server [192.0.2.5] has been temporarily rate limited due to IP reputation. For e-mail delivery information, see https://postmaster.live.com (S775)", SLOWER),
    (MAIL, "421 RP-001 (COL004-MC1F14) Unfortunately, some messages from 192.0.2.5 weren't sent. Please try again. We have limits for how many messages can be sent per hour and per day.", BUSY),
    (MAIL, "550 5.7.1 Unfortunately, messages from [192.0.2.5] weren't sent. Please contact your Internet service provider since part of their network is on our block list (S3150).", HELD),
    (RCPT, "550 SC-001 (BAY004-MC4F49) Unfortunately, messages from 192.0.2.5 weren't sent. Please contact your Internet service provider since part of their network is on our block list.", HELD),
    (RCPT, "550 5.7.606 Access denied, banned sending IP [192.0.2.5]. To request removal from this list please visit https://sender.office.com/", HELD),
    (DOT, "550 5.7.515 Access denied, sending domain example.org doesn't meet the required authentication level.", HELD),
    (DOT, "550 5.7.133 RESOLVER.RST.SenderNotAuthenticatedForGroup; authentication required; Delivery restriction check failed because the sender was not authenticated when sending to this group", MAILBOX),
    (DOT, "550 5.7.705 Access denied, tenant has exceeded threshold", BUSY),
    (MAIL, "530 5.7.57 SMTP; Client was not authenticated to send anonymous mail during MAIL FROM [AM6PR0732BE0065.eurprd07.prod.outlook.com]", OURS),
    (DOT, "432 4.3.2 Concurrent connections limit exceeded. Visit https://aka.ms/concurrent_sending for more information.", SLOWER),
    (RCPT, "452 4.3.1 Insufficient system resources", LATER),
]  # fmt: skip
APPLE_AND_OTHERS = [
    (RCPT, "550 5.1.1 <ann@icloud.com>: user does not exist", GONE),
    (RCPT, "421 4.7.1 Messages to ann@icloud.com deferred due to excessive volume. Try again later - https://support.apple.com/en-us/HT204137", SLOWER),
    (DOT, "550 5.7.1 [CS01] Message rejected due to local policy. Please visit https://support.apple.com/en-us/HT204137", HELD),
    (RCPT, "552 5.2.2 <ann@icloud.com>: the user is over quota", MAILBOX),
    (MAIL, "451 4.7.1 Service unavailable - try again later", BUSY),
    # GMX, web.de, IONOS: no enhanced codes
    (RCPT, "550 <ann@gmx.net>: Requested action not taken: mailbox unavailable", GONE),
    (DOT, "550 <ann@gmx.net>: Reject due to SPF policy. The originating IP of the message is not permitted by the domain owner", HELD),
    (MAIL, "421 Rate limit reached. Please try again later", BUSY),
    (DOT, "554 Transaction failed Reject due to policy restrictions. For explanation visit https://postmaster.gmx.net/en/case?c=hi", HELD),
    (RCPT, "550 User has exhausted allowed storage space.", MAILBOX),
    (RCPT, "550 Benutzer hat zuviele Mails auf dem Server. / User has too many messages on the server.", MAILBOX),
    # T-Online, Freenet, AOL
    (RCPT, "552 5.2.2 Over STORAGE quota", MAILBOX),
    (RCPT, "550 unrouteable address", GONE),
    (RCPT, "550 MAILBOX NOT FOUND", GONE),
    # Yandex, Mail.ru, QQ
    (RCPT, "550 5.7.1 No such user!", GONE),
    (RCPT, "550 Message was not accepted -- invalid mailbox. Local mailbox ann@mail.ru is unavailable: user not found", GONE),
    (DOT, "550 spam message rejected. Please visit http://help.mail.ru/notspam-support/id?c=x or report details to abuse@corp.mail.ru.", HELD),
    (RCPT, "550 Ip frequency limited. http://service.mail.qq.com/cgi-bin/help?subtype=1&id=20022", SLOWER),
    (RCPT, "550 Mailbox not found. http://service.mail.qq.com/cgi-bin/help?subtype=1&id=20022", GONE),
    (DOT, "550 Mail content denied. http://service.mail.qq.com/cgi-bin/help?subtype=1&id=20022", HELD),
    # Mimecast, Proofpoint, Barracuda, Cisco
    (RCPT, "550 Invalid Recipient - https://community.mimecast.com/docs/DOC-1369#550", GONE),
    (RCPT, "550 Administrative prohibition - envelope blocked - https://community.mimecast.com/docs/DOC-1369#550", HELD),
    (DOT, "550 5.7.0 Local Policy Violation", HELD),
    (DOT, "550 permanent failure for one or more recipients (ann@example.org:blocked)", HELD),
    (RCPT, "550 #5.1.0 Address rejected.", MAILBOX),
]  # fmt: skip
SERVERS = [
    # Postfix
    (RCPT, "550 5.1.1 <ann@example.org>: Recipient address rejected: User unknown in local recipient table", GONE),
    (RCPT, "450 4.1.1 <ann@example.org>: Recipient address rejected: unverified address: Address verification in progress", FULL_FOR_NOW),
    (RCPT, "450 4.2.0 <ann@example.org>: Recipient address rejected: Greylisted, see http://postgrey.schweikert.ch/help/example.org.html", LATER),
    (RCPT, "450 4.7.1 Client host rejected: cannot find your reverse hostname, [192.0.2.5]", SLOWER),
    (RCPT, "554 5.7.1 <ann@example.org>: Relay access denied", HELD),
    (RCPT, "554 5.7.1 Service unavailable; Client host [192.0.2.5] blocked using zen.spamhaus.org; https://www.spamhaus.org/query/ip/192.0.2.5", HELD),
    (RCPT, "554 5.7.1 <ann@example.org>: Recipient address rejected: Access denied", MAILBOX),
    (RCPT, "554 5.7.1 <digest@example.org>: Sender address rejected: Access denied", HELD),
    (RCPT, "550 5.1.0 <digest@example.org>: Sender address rejected: User unknown in virtual mailbox table", HELD),
    (RCPT, "450 4.1.8 <digest@example.org>: Sender address rejected: Domain not found", HELD),
    (MAIL, "452 4.3.1 Insufficient system storage", DOWN),
    (MAIL, "421 4.7.0 relay.example.org Error: too many connections from 192.0.2.5", BUSY),
    (RCPT, "550 5.1.2 <ann@example.invalid>: Recipient address rejected: Domain not found", GONE),
    (MAIL, "552 5.3.4 Message size exceeds fixed limit", TOO_BIG),
    (DATA, "554 5.5.1 Error: no valid recipients", HELD),
    (MAIL, "503 5.5.1 Error: nested MAIL command", DOWN),
    # Exim
    (RCPT, "550 Unrouteable address", GONE),
    (RCPT, "550 relay not permitted", HELD),
    (RCPT, "550-Verification failed for <digest@example.org>\r\n550-Unrouteable address\r\n550 Sender verify failed", HELD),
    (MAIL, "421 Too many concurrent SMTP connections from this IP address; please try again later.", BUSY),
    (RCPT, "451 Temporary local problem - please try later", LATER),
    (RCPT, "451-192.0.2.5 is not yet authorized to deliver mail from\r\n451 <digest@example.org>: Greylisting in action, please come back later", LATER),
    # qmail, sendmail, Momentum, Dovecot
    (RCPT, "553 sorry, that domain isn't in my list of allowed rcpthosts (#5.7.1)", HELD),
    (RCPT, "554 Sorry, no mailbox here by that name. (#5.1.1)", GONE),
    (RCPT, "550 5.1.1 <ann@example.org>... User unknown", GONE),
    (RCPT, "452 4.5.3 Service unavailable, batch limit reached", SLOWER),
    (MAIL, "421 4.4.5 Service unavailable, concurrency limit reached", BUSY),
    (DOT, "552 5.2.2 <ann@example.org> Quota exceeded (mailbox for user is full)", MAILBOX),
    (DOT, "451 4.2.0 <ann@example.org> Temporary internal error", FULL_FOR_NOW),
    # SendGrid, Amazon SES, Emailit and others that send for people
    (MAIL, "421 Message from (192.0.2.5) temporarily deferred", BUSY),
    (RCPT, "450 too frequent connects from 192.0.2.5, please try again later.", SLOWER),
    (DOT, "454 Throttling failure: Maximum sending rate exceeded.", BUSY),
    (DOT, "454 Throttling failure: Daily message quota exceeded.", BUSY),
    (DOT, "554 Message rejected: Email address is not verified. The following identities failed the check in region EU-WEST-1: digest@example.org", HELD),
    (MAIL, "530 Must issue a STARTTLS command first", OURS),
    (MAIL, "530 Authentication required", OURS),
    (MAIL, "452 4.4.5 Messages per second limit exceeded", BUSY),
    (MAIL, "452 4.5.3 Daily message limit exceeded", BUSY),
    (DOT, "554 5.7.1 You have exceeded your sending limit for today", BUSY),
    (RCPT, "550 Too many messages. Try again in 92 seconds.", SLOWER),
    (RCPT, "450 4.7.1 Please try again in 300 seconds", LATER),
    # Of us, not of the recipient.
    (RCPT, "550 Your account has been disabled", HELD),
    (RCPT, "554 your domain is not known here", HELD),
]  # fmt: skip
PLAIN = [
    (MAIL, "250 2.1.0 ok", ACCEPTED),
    (MAIL, "451 try later", DOWN),
    (MAIL, "550 no", HELD),
    (MAIL, "550 5.6.7 no SMTPUTF8", TOO_BIG),
    (MAIL, "552 too big", TOO_BIG),
    (MAIL, "354 go on", DOWN),
    (RCPT, "251 will forward", ACCEPTED),
    (RCPT, "252 cannot verify", ACCEPTED),
    (RCPT, "550 no", MAILBOX),
    (RCPT, "421 4.3.0 closing", DOWN),
    (RCPT, "503 5.5.1 need MAIL", DOWN),
    (RCPT, "354 what", DOWN),
    (RCPT, "550 rate limit exceeded, come back tomorrow", SLOWER),
    (RCPT, "450 ip in prison", LATER),
    (DATA, "354 go on", ACCEPTED),
    (DATA, "250 ok", DOWN),
    (DATA, "451 4.3.0 later", LATER),
    (DOT, "250 2.0.0 queued", ACCEPTED),
    (DOT, "554 no", HELD),
    (DOT, "421 closing", DOWN),
    (DOT, "354 more", NOBODY_KNOWS),
    (DOT, "554 5.7.10 Encryption needed", HELD),
    (MAIL, "554 5.7.10 no", OURS),
]
ALL = [*GMAIL, *YAHOO, *MICROSOFT, *APPLE_AND_OTHERS, *SERVERS, *PLAIN]


def read(text: str) -> Reply:
    """As from the wire."""
    return joined([parse_line(line.encode()) for line in text.split("\r\n")])


@pytest.mark.parametrize(
    ("step", "text", "ruling"), ALL, ids=lambda value: value[:60] if isinstance(value, str) else ""
)
def test_a_reply_means_one_thing_at_each_step(step, text, ruling):
    assert rule(step, read(text)) == ruling


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("421 4.7.0 relay.example.org Error: too many connections from 192.0.2.5", "busy"),
        ("421 4.3.2 Service not available, closing transmission channel", "busy"),
        ("421 4.7.28 unusual rate", "busy"),
        ("554 5.7.1 too many connections", "busy"),
        ("454 4.7.0 TLS not available due to local problem", "down"),
        ("454 4.7.0 Temporary authentication failure", "down"),
        ("451 4.3.0 later", "down"),
        ("421 closing", "down"),
        ("554 No SMTP service IP address is block listed.", "ours"),
        ("535 5.7.8 Username and Password not accepted", "ours"),
        ("502 5.5.1 what?", "ours"),
    ],
)
def test_a_session_that_is_refused_is_down_or_busy_or_a_matter_for_us(text, kind):
    assert trouble(read(text)) == kind


@given(
    st.sampled_from(Step),
    st.integers(200, 599),
    st.text() | st.sampled_from([text[4:] for _, text, _ in ALL]) | st.from_regex(r"[245]\.\d{1,3}\.\d{1,3} .*"),
)
def test_there_is_an_answer_for_any_reply(step, code, text):
    ruling = rule(step, Reply(code, text))
    result = outcome(Reply(code, text), ruling)
    assert (ruling == ACCEPTED) == (code == 354 if step is DATA else code < 300)
    assert (result.verdict is Verdict.SENT) == (ruling == ACCEPTED)
    assert result.verdict is not Verdict.FAILED or code >= 500  # nothing is given up for a 4xx
    assert not ruling.hopeless or (result.verdict, result.blame) == (Verdict.FAILED, Blame.ADDRESS)
    assert (ruling.blame is Blame.MESSAGE) <= (result.verdict is Verdict.DEFERRED)
    assert trouble(Reply(code, text)) in ("down", "busy", "ours")
