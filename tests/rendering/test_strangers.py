"""Titles, names and abstracts come from strangers: text is text, in every part."""

from html.parser import HTMLParser

import markdown
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from lxml import html as lxml_html

from digest.model import Listing
from digest.rendering.escaping import as_markdown
from digest.rendering.templates import note_html
from digest.rendering.words import clean, web_url

TITLES = [
    "<script>alert(1)</script> tags",
    "{{ 7*7 }} and {% raw %} braces",
    "*a* _b_ `c` ~~d~~ stars",
    "[x](javascript:alert(1)) link",
    "# x heading",
    "1. numbered",
    "- item",
    "> quoted",
    "p < 0.05 & q > 1 &lt;b&gt; &amp; &copy;",
    "<b>bold</b> <img src=x onerror=alert(1)>",
    "back\\slash \\* star",
    "![image](https://example.org/pixel.png)",
    "<https://example.org/auto>",
    "---",
    "===",
    "+",
    "'\"><a href=javascript:x>",
    "</title></style></td></table>",
    "<!-- comment --> <![CDATA[ x ]]> <!DOCTYPE x>",
]


def text_of(fragment: str) -> str:
    return " ".join(lxml_html.fromstring(f"<div>{fragment}</div>").text_content().split())


class Elements(HTMLParser):
    """Every element and every link of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.handlers: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.links += [value or "" for name, value in attrs if name in ("href", "src")]
        self.handlers += [name for name, _ in attrs if name.startswith("on")]


@pytest.mark.parametrize("title", TITLES)
def test_a_title_is_shown_as_it_is_and_nothing_of_it_becomes_markup(make, renderer, title):
    plain = Elements(renderer.bodies(make.edition(make.pick(Listing(title="x")))).html)
    listing = Listing(title=title, abstract=title, authors=(title,), categories=(title,), url="https://arxiv.org/abs/1")
    bodies = renderer.bodies(make.edition(make.pick(listing)))
    page = Elements(bodies.html)
    assert set(page.tags) <= {*plain.tags, "a", "br", "h3"}
    assert not page.handlers
    heading = lxml_html.fromstring(bodies.html).cssselect("h3")[0]
    assert heading.text_content() == title
    assert title in bodies.text
    assert text_of(markdown.markdown(bodies.markdown)).count(title) >= 2


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        " javascript:alert(1)",
        "data:text/html,<script>alert(1)</script>",
        "//evil.example",
        "ftp://example.org/x",
        "https://",
        "https://user:pass@evil.example/",
        "https://arxiv.org@evil.example/",
        "http://[::1",
        "http://a b/",
        "https://ex\nample.org/\x00",
        "",
        "not a url",
        "https://example.org:99999/",
    ],
)
def test_only_plain_web_addresses_become_links(make, renderer, url):
    listing = Listing(title="x", url=url, pdf_url=url, code_url=url, project_url=url, discussion_url=url)
    bodies = renderer.bodies(make.edition(make.pick(listing)))
    allowed = ("https://papers.example.org/unsubscribe/", "mailto:papers@example.org")
    found = [link for link in Elements(bodies.html).links if not link.startswith(allowed)]
    assert all(link.startswith(("http://", "https://")) and "evil" not in link for link in found)
    assert "javascript:" not in bodies.html.lower() + bodies.markdown.lower()


@pytest.mark.parametrize(
    ("url", "written"),
    [
        ("https://arxiv.org/abs/2605.00001v2?a=b&c=d#e", "https://arxiv.org/abs/2605.00001v2?a=b&c=d#e"),
        ("http://EXAMPLE.org:8080/ü (1)", "http://example.org:8080/%C3%BC%20%281%29"),
        ("https://bücher.example/", "https://xn--bcher-kva.example/"),
        ('https://example.org/"><script>', "https://example.org/%22%3E%3Cscript%3E"),
        ("http://[2001:db8::1]/x", "http://[2001:db8::1]/x"),
    ],
)
def test_web_addresses_are_written_in_ascii_that_nothing_ends_early(url, written):
    assert web_url(url) == written


@given(st.text(max_size=80).map(clean).filter(lambda text: "~" not in text))
@settings(max_examples=150, deadline=None)
def test_escaped_markdown_reads_back_as_the_text(text):
    source = str(as_markdown(text))
    rendered = markdown.markdown(source)
    assert not Elements(rendered).links
    assert set(Elements(rendered).tags) <= {"p"}
    assert text_of(rendered) == text


def test_control_characters_lone_surrogates_and_overrides_never_reach_the_reader(make, renderer):
    nasty = "a\x00b\x1b[31mc\ud800d\u202ee\u2028f\x85g"
    listing = Listing(title=nasty, abstract=nasty, authors=(nasty,), url="https://arxiv.org/abs/1")
    bodies = renderer.bodies(make.edition(make.pick(listing), note=nasty, problems=(nasty,)))
    for body in (bodies.subject, bodies.html, bodies.text, bodies.markdown):
        assert not set(body) & set("\x00\x1b\x85\u2028\u202e\ud800")
        assert "a b [31mc\N{REPLACEMENT CHARACTER}de f g" in body or body is bodies.markdown


def test_the_operators_note_is_formatted_but_harmless():
    note = note_html(
        "# Reading group\n\n**Thursday**, see [the wiki](https://wiki.example.org) "
        "or [this](javascript:alert(1))\n\n<script>alert(1)</script><img src=https://example.org/pixel.png>"
    )
    assert "<strong>Reading group</strong>" in note
    assert '<a href="https://wiki.example.org">the wiki</a>' in note
    assert not any(bad in note for bad in ("script", "<img", "<h1"))


def test_the_note_stands_above_the_papers_in_every_part(make, renderer):
    bodies = renderer.bodies(make.edition(make.pick(), note="The group meets at **14:00**."))
    for body, said in ((bodies.html, "<strong"), (bodies.text, "**14:00**"), (bodies.markdown, "**14:00**")):
        assert body.index("group meets") < body.index("Flow Matching for")
        assert said in body
