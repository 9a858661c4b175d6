"""What is remarked on a message: each fault by a message that has it, and nothing on our own."""

from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.rendering.remarks import Grade, remarks
from digest.rendering.remarks.links import links
from digest.rendering.remarks.mail import Mail, host, same_domain

NOW = datetime(2026, 5, 18, 6, 0, tzinfo=UTC)
POLICY = SMTP.clone(max_line_length=76)

HEADERS = {
    "From": "Daily Papers <digest@papers.lab.net>",
    "To": "anna@uni.net",
    "Subject": "Flow Matching and 13 more",
    "Date": "Mon, 18 May 2026 05:30:00 +0000",
    "Message-ID": "<abc@papers.lab.net>",
    "List-Id": "<digest.papers.lab.net>",
    "List-Unsubscribe": "<https://papers.lab.net/unsubscribe/7-abc>, <mailto:digest@papers.lab.net>",
    "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
    "Auto-Submitted": "auto-generated",
    "Precedence": "bulk",
}
WORDS = "Flow Matching for Generative Modeling. We introduce flow matching, a way to train continuous flows."
LINK = '<a href="https://arxiv.org/abs/2210.02747">Abstract</a>'
SIGNED = "v=1; a=rsa-sha256; d={d}; s=digest; h={h}; bh=x; b=y"
COVERED = "from:to:subject:date:message-id:list-unsubscribe:list-unsubscribe-post"


def message(html=f"<p>{WORDS} {LINK}</p>", text=f"{WORDS} Abstract https://arxiv.org/abs/2210.02747", **headers):
    """A message without a flaw, but for what is given; a header that is None is left out. Without HTML if that is None."""
    built = EmailMessage(policy=POLICY)
    for name, value in (HEADERS | {name.replace("_", "-"): value for name, value in headers.items()}).items():
        if value is not None:
            built[name] = value
    if text is not None:
        built.set_content(text)
    if html is not None:
        page = html if "<html" in html else f'<html lang="en"><body>{html}</body></html>'
        add = built.set_content if text is None else built.add_alternative
        add(page, subtype="html")
    return built.as_bytes()


def found(content, *grades):
    return [remark for remark in remarks(content, NOW) if remark.grade in (grades or (Grade.FAULT, Grade.WARNING))]


# --- nothing to remark ----------------------------------------------------------------------------------------------


def test_a_message_without_a_flaw_gets_no_remark_but_what_cannot_be_known():
    assert found(message()) == []
    (unsigned, unknown) = found(message(), Grade.NOTE)
    assert "not signed here" in unsigned.what
    assert "digest check" in unknown.advice


@pytest.mark.parametrize("form", ["html", "text", "markdown"])
@pytest.mark.parametrize("layout", ["cards", "compact", "full"])
def test_our_own_messages_get_none(make, form, layout):
    renderer = make.renderer(url="https://papers.lab.net", sender="Daily Papers <digest@papers.lab.net>")
    subscriber = make.subscriber(format=form, layout=layout)
    for picks in ((make.pick(), make.trending(make.listing)), ()):
        edition = make.edition(*picks, subscriber=subscriber, note="See [the list](https://papers.lab.net/list).")
        assert found(renderer.message(edition).content) == []


def test_the_worst_comes_first():
    grades = [remark.grade for remark in remarks(message(Subject="BUY THIS PAPER", From="a@localhost"), NOW)]
    assert grades == sorted(grades, key=list(Grade).index)
    assert grades[0] is Grade.FAULT
    assert grades[-1] is Grade.OK


# --- headers --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "grade", "what", "rule"),
    [
        ({"To": None}, "fault", "There is no To.", "RFC 5322, 3.6"),
        ({"Date": None}, "fault", "There is no Date.", "MISSING_"),
        ({"Message_ID": None}, "fault", "There is no Message-ID.", "MISSING_"),
        ({"Subject": None}, "fault", "There is no Subject.", "MISSING_"),
        ({"Subject": "FLOW MATCHING TODAY"}, "warning", "all capitals", "SUBJ_ALL_CAPS"),
        ({"Subject": "Really new papers? Yes!"}, "warning", "an exclamation and a question mark", "PLING_QUERY"),
        ({"Subject": "New! Papers! Today"}, "warning", "2 exclamation marks", ""),
        ({"Subject": "\U0001f680\U0001f389\U0001f525 papers"}, "warning", "3 emoji", "Unicode"),
        ({"Subject": "paper " * 20}, "warning", "119 characters", ""),
        ({"From": "digest@localhost"}, "fault", "From is at localhost", "RFC 2606"),
        ({"From": "digest@mail.example.org"}, "fault", "From is at mail.example.org", "RFC 2606"),
        ({"From": "digest@lab.test"}, "fault", "From is at lab.test", "RFC 6761"),
        ({"Message_ID": "<abc@elsewhere.net>"}, "warning", "at elsewhere.net, From at papers.lab.net", "RFC 5322"),
        ({"Message_ID": "abc"}, "fault", "not of the form <something@domain>", "INVALID_MSGID"),
        ({"Date": "Mon, 18 May 2026 09:30:00 +0000"}, "warning", "in the future", "DATE_IN_FUTURE"),
        ({"List_Unsubscribe": None}, "fault", "no List-Unsubscribe", "RFC 2369"),
        ({"List_Unsubscribe": "<mailto:a@papers.lab.net>"}, "note", "by mail only", "RFC 8058"),
        ({"List_Unsubscribe": "<https://localhost/u/7>"}, "fault", "Nobody else can open https://localhost", "RFC"),
        ({"List_Unsubscribe_Post": None}, "fault", "List-Unsubscribe-Post: List-Unsubscribe=One-Click", "RFC 8058"),
        ({"List_Id": None, "Precedence": None}, "warning", "no List-Id and no Precedence", "RFC 2919"),
        ({"X_Note": "word " * 1}, "ok", "short enough", "RFC 5322, 2.1.1"),
        ({"DKIM_Signature": SIGNED.format(d="lab.net", h=COVERED)}, "ok", "Signed by digest._domainkey.lab.net", ""),
        ({"DKIM_Signature": SIGNED.format(d="relay.net", h=COVERED)}, "fault", "is of relay.net", "RFC 7489"),
        ({"DKIM_Signature": SIGNED.format(d="lab.net", h="from:subject")}, "fault", "leaves out date", "RFC 8058"),
        (
            {"DKIM_Signature": SIGNED.replace("sha256", "sha1").format(d="lab.net", h=COVERED)},
            *("fault", "made by rsa-sha1", "RFC 8301"),
        ),
    ],
)
def test_headers(headers, grade, what, rule):
    told = [remark for remark in remarks(message(**headers), NOW) if what in remark.what]
    assert [remark.grade for remark in told] == [grade], remarks(message(**headers), NOW)
    assert rule in told[0].rule
    assert grade == "ok" or told[0].advice


def test_a_header_that_is_there_twice_is_told():
    twice = message().replace(b"Subject:", b"Subject: Another\r\nSubject:", 1)
    assert [remark.what for remark in found(twice)] == ["Subject is there 2 times."]


def test_a_signature_is_looked_at_as_the_signer_makes_it(make):
    from digest.delivery.dkim import Key, Signer

    signer = Signer("papers.lab.net", [Key("rsa-sha256", "digest", lambda data: b"x" * 256)])
    signed = signer.signed(message())
    assert found(signed) == []
    assert "Signed by digest._domainkey.papers.lab.net" in str(remarks(signed, NOW))


# --- links ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("link", "grade", "what"),
    [
        ('<a href="javascript:alert(1)">Abstract</a>', "fault", "leads nowhere from a mail"),
        ('<a href="/abs/1">Abstract</a>', "fault", "leads nowhere from a mail"),
        ('<a href="#top">Abstract</a>', "fault", "leads nowhere from a mail"),
        ('<a href="">Abstract</a>', "fault", "A link leads nowhere"),
        ('<a href="https://">Abstract</a>', "fault", "not well formed"),
        ('<a href="https://a.net/a b">Abstract</a>', "fault", "not well formed"),
        ('<a href="https://a.net:port/">Abstract</a>', "fault", "not well formed"),
        ('<a href="https://[::1/">Abstract</a>', "fault", "not well formed"),
        ('<a href="mailto:nobody">Write</a>', "fault", "names no address"),
        ('<a href="https://arxiv.org@evil.net/">Abstract</a>', "warning", "a login before its host"),
        ('<a href="http://203.0.113.7/p">Abstract</a>', "fault", "this machine or network only"),
        ('<a href="http://93.184.216.34/p">Abstract</a>', "warning", "bare IP address"),
        ('<a href="http://localhost:8000/p">Abstract</a>', "fault", "this machine or network only"),
        ('<a href="http://nas/p">Abstract</a>', "fault", "this machine or network only"),
        ('<a href="https://bit.ly/3x">Abstract</a>', "warning", "hides where it goes"),
        ('<a href="https://a.net/"></a>', "fault", "says nothing"),
        ('<a href="https://a.net/">Click here</a>', "warning", "does not say where it goes"),
        ('<a href="https://a.net/">more …</a>', "warning", "does not say where it goes"),
        ('<a href="https://evil.net/">https://arxiv.org/abs/1</a>', "fault", "leads to evil.net"),
        ('<a href="https://evil.net/">www.arxiv.org</a>', "fault", "leads to evil.net"),
    ],
)
def test_links(link, grade, what):
    told = found(message(html=f"<p>{WORDS} {link}</p>"))
    assert [(remark.grade, what in remark.what) for remark in told] == [(grade, True)], told
    assert told[0].advice
    assert told[0].rule


@pytest.mark.parametrize(
    "link",
    [
        '<a href="https://arxiv.org/abs/1">https://arxiv.org/abs/1</a>',
        '<a href="https://www.nature.com/a">nature.com</a>',
        '<a href="https://a.net/"><img src="https://a.net/i.png" alt="The authors" width="40" height="40"></a>',
        '<a href="https://a.net/" aria-label="Abstract of Flow Matching"></a>',
        '<a href="mailto:digest@papers.lab.net?subject=stop">Unsubscribe</a>',
        '<a name="here">here</a>',
        '<a href="https://xn--bcher-kva.net:8443/?q=%20#x">Bücher</a>',
    ],
)
def test_links_without_a_flaw(link):
    assert found(message(html=f"<p>{WORDS} {link}</p>")) == []


def test_links_of_a_message_without_html_are_looked_at_too():
    told = found(message(html=None, text=f"{WORDS}\n(https://bit.ly/3x), https://arxiv.org/abs/1."))
    assert ["hides where it goes" in remark.what for remark in told] == [True]
    assert [link.url for link in Mail(message(html=None, text="(https://a.net/x).")).links] == ["https://a.net/x"]


def test_many_faults_of_one_kind_are_summed_up():
    told = links(Mail(message(html=WORDS + "".join(f'<a href="https://bit.ly/{n}">Paper {n}</a>' for n in range(20)))))
    assert len(told) == 5
    assert told[-1].what == "… and 16 more of that kind."
    assert told[-1].grade is Grade.WARNING


# --- bodies ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("parts", "grade", "what", "rule"),
    [
        ({"html": f"<p>{WORDS}</p>" + "<p></p>" * 20_000}, "fault", "is cut off", ""),
        ({"html": f"<p>{WORDS}</p>" + " " * 97_000}, "warning", "Gmail shows 102", ""),
        ({"text": None}, "fault", "There is no plain text.", "MIME_HTML_ONLY"),
        ({"text": "  \n"}, "fault", "There is no plain text.", "MIME_HTML_ONLY"),
        ({"text": "Your mail program shows no HTML."}, "warning", "words are not in the text", "MPART_ALT_DIFF"),
        ({"html": f"<html><p>{WORDS}</p></html>"}, "warning", "does not say its language", "WCAG 3.1.1"),
        ({"html": f"<p>{WORDS}</p><script>x()</script>"}, "fault", "<script> is in it", "caniemail"),
        ({"html": f"<form><input>{WORDS}</form>"}, "fault", "<form> is in it", "caniemail"),
        ({"html": f'<p onclick="x()">{WORDS}</p>'}, "fault", "<p> has a script", "caniemail"),
        ({"html": f'<p style="display: none">{WORDS}</p>'}, "warning", "is hidden", "FONT_INVIS"),
        ({"html": f'<p>{WORDS}</p><p style="font-size:0px">flow</p>'}, "warning", "“flow” is hidden", "FONT_INVIS"),
        ({"html": f'{WORDS}<img src="https://a.net/i.png" width="9" height="9">'}, "fault", "has no alt", "WCAG 1.1.1"),
        ({"html": f'{WORDS}<img src="https://a.net/i.png" alt="">'}, "warning", "has no size", ""),
        ({"html": f'{WORDS}<img src="https://a.net/i" alt="" width="1" height="1">'}, "fault", "is a pixel", ""),
        ({"html": f'{WORDS}<img src="http://a.net/i" alt="" width="9" height="9">'}, "warning", "not load every", ""),
        ({"html": f'{WORDS}<img src="data:x" alt="" width="9" height="9">'}, "warning", "not load everywhere", ""),
    ],
)
def test_bodies(parts, grade, what, rule):
    told = [remark for remark in found(message(**parts)) if what in remark.what]
    assert [remark.grade for remark in told] == [grade], found(message(**parts))
    assert rule in told[0].rule
    assert told[0].advice


def test_text_that_comes_last_is_told():
    built = EmailMessage(policy=POLICY)
    for name, value in HEADERS.items():
        built[name] = value
    built.set_content(f'<html lang="en"><p>{WORDS}</p></html>', subtype="html")
    built.add_alternative(WORDS)
    assert [remark.rule for remark in found(built.as_bytes())] == ["RFC 2046, 5.1.4"]


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        (b"Precedence: bulk\r\n", b"Precedence: bulk\n", "A line does not end in CR LF."),
        (b"Precedence: bulk", b"Precedence: bulk\rX: y", "A line does not end in CR LF."),
        (b"Abstract", b"\0", "There is a NUL in it."),
        (b"Precedence: bulk", b"X-Long: " + b"word " * 30 + b"\r\nPrecedence: bulk", "A line of X-Long has 158"),
        (b"Precedence: bulk", b"X-Long: " + b"x" * 1000 + b"\r\nPrecedence: bulk", "A line has 1008 bytes"),
        (b"Precedence: bulk", b"not a header\r\nPrecedence: bulk", "It is not well formed"),
    ],
)
def test_lines(old, new, what):
    assert any(what in remark.what for remark in found(message().replace(old, new, 1)))


def test_encoded_lines_are_measured():
    content = message(text=f"{WORDS} é")
    assert b"quoted-printable" in content
    longer = content.replace(b"Flow Matching for", b"Flow Matching for " + b"x" * 60, 1)
    assert any("76 are allowed" in remark.what for remark in found(longer))


# --- strangers ------------------------------------------------------------------------------------------------------


@given(st.binary(max_size=400))
def test_whatever_it_is_given_it_never_raises(content):
    assert all(remark.what for remark in remarks(content, NOW))


@given(st.text(max_size=200), st.text(max_size=80), st.text(max_size=40))
def test_no_page_and_no_link_make_it_raise(page, url, words):
    content = message(html="<p>.</p>").replace(
        b"<p>.</p>", f"{page}<a href='{url}'>{words}</a>".encode(errors="replace")
    )
    assert remarks(content, NOW)


@pytest.mark.parametrize(
    ("url", "name"), [("https://ArXiv.org:443/x", "arxiv.org"), ("mailto:a@b.net", ""), ("https://[::1", ""), ("", "")]
)
def test_the_host_of_a_url(url, name):
    assert host(url) == name


def test_one_domain_within_another_is_the_same():
    assert same_domain("mail.lab.net", "lab.net")
    assert same_domain("lab.net", "mail.lab.net")
    assert not same_domain("evil-lab.net", "lab.net")
