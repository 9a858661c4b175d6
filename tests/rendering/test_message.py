import re
from dataclasses import replace
from email import message_from_bytes
from email.policy import default

import pytest

from digest.model import Format, Listing, Profile
from digest.rendering.mime import transfer_encoding

ARABIC = "نقدم في هذا البحث مراجعة شاملة لتعلم الآلة. " * 8
CHINESE = "我们提出了一种新的流匹配方法，用于大语言模型的高效采样。" * 12


def parse(renderer, edition):
    return message_from_bytes(renderer.message(edition).content, policy=default)


def content_of(part):
    """With the line ends of text; a part of a message has those of mail (RFC 2046, 4.1.1)."""
    return part.get_content().replace("\r\n", "\n")


def encoded_body(renderer, edition, index):
    content = renderer.message(edition).content
    boundary = parse(renderer, edition).get_boundary().encode()
    return content.split(b"--" + boundary)[index + 1].partition(b"\r\n\r\n")[2]


@pytest.fixture(scope="module")
def full(make):
    other = replace(make.listing, title="Score-Based Generative Modeling", url="https://arxiv.org/abs/2011.13456")
    talked = Listing(title="A Paper Everyone Talks About", url="https://arxiv.org/abs/2605.1", upvotes=183)
    return make.edition(make.pick(), make.pick(other), make.trending(talked))


def test_plain_text_comes_before_html(renderer, full):
    message = parse(renderer, full)
    assert message.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]


def test_every_part_has_every_paper_and_every_reason(renderer, full):
    bodies = renderer.bodies(full)
    for body in (bodies.html, bodies.text, bodies.markdown):
        for pick in full.picks:
            assert pick.listing.title in body
            assert pick.listing.url in body
        for said in ("flow matching", "author Chen", "title and abstract", "Yaron Lipman", "Discussion 14", "183"):
            assert said in body


def test_the_parts_decode_to_the_bodies(renderer, full):
    text, html = parse(renderer, full).iter_parts()
    bodies = renderer.bodies(full)
    assert content_of(text) == bodies.text
    assert content_of(html).rstrip("\n") == bodies.html.rstrip("\n")


def test_a_reader_of_text_gets_text_alone(make, renderer):
    edition = make.edition(make.pick(), subscriber=make.subscriber(format=Format.TEXT))
    message = parse(renderer, edition)
    assert message.get_content_type() == "text/plain"
    assert content_of(message) == renderer.bodies(edition).text


def test_a_reader_of_markdown_gets_it_as_plain_text_that_every_program_shows(make, renderer):
    edition = make.edition(make.pick(), subscriber=make.subscriber(format=Format.MARKDOWN))
    message = parse(renderer, edition)
    assert message["Content-Type"] == 'text/plain; charset="utf-8"'
    assert content_of(message) == renderer.bodies(edition).markdown
    assert message.get_content().count("### [") == 1


def test_the_same_edition_gives_the_same_bytes_also_from_another_renderer(make, renderer, full):
    assert renderer.message(full) == renderer.message(full) == make.renderer().message(full)


def test_lines_end_in_crlf_and_are_never_too_long(make, renderer, full):
    hostile = make.pick(Listing(title="w" * 5000 + " é", abstract=("." * 5000) + "\n.\n..\n" + "汉" * 5000))
    for edition in (full, make.edition(hostile, make.trending(make.listing))):
        content = renderer.message(edition).content
        assert not re.search(rb"\r(?!\n)|(?<!\r)\n", content)
        body = content.partition(b"\r\n\r\n")[2]
        assert max(map(len, body.split(b"\r\n"))) <= 76


def test_latin_text_goes_as_quoted_printable_and_most_other_scripts_as_base64():
    assert transfer_encoding("Schrödinger's naïve café, " * 20) == "quoted-printable"
    assert transfer_encoding(ARABIC) == "base64"
    assert transfer_encoding(CHINESE) == "base64"


@pytest.mark.parametrize("abstract", [ARABIC, CHINESE])
def test_abstracts_beyond_latin_are_not_tripled(make, renderer, abstract):
    listing = Listing(title=abstract[:40], abstract=abstract, url="https://arxiv.org/abs/2605.1")
    edition = make.edition(*[make.pick(listing, reasons=())] * 5)
    text, _ = parse(renderer, edition).iter_parts()
    assert text["Content-Transfer-Encoding"] == "base64"
    assert content_of(text) == renderer.bodies(edition).text
    assert len(encoded_body(renderer, edition, 0)) < 1.5 * len(text.get_content().encode())


def test_a_very_long_day_is_folded_within_95_kb_and_keeps_its_footer(make, renderer):
    long = " ".join(["We study flow matching at great length and in depth."] * 30)
    listings = [replace(make.listing, title=f"{n}: {'A Long Title ' * 10}", abstract=long) for n in range(100)]
    edition = make.edition(*map(make.pick, listings), make.trending(make.listing))
    bodies = renderer.bodies(edition)
    _, html = parse(renderer, edition).iter_parts()
    assert 90_000 < len(html.get_payload(decode=True)) <= 95_000  # as it arrives, two bytes for each line end
    shown = bodies.html.count("<h3")
    assert f"… and {101 - shown} more." in bodies.html
    assert "/unsubscribe/7-" in bodies.html
    assert "Read for you" in bodies.html
    assert all(f" {n}: A Long Title" in bodies.text for n in range(100))
    assert "100 more" in bodies.subject


def test_whatever_a_listing_a_note_or_a_source_holds_the_page_stays_within_its_size(make, renderer):
    listing = Listing(
        title="t " * 5000,
        abstract="a " * 50_000,
        authors=("n " * 5000,) * 4,
        categories=("c" * 5000,) * 9,
        url="https://example.org/" + "u" * 3000,
    )
    edition = make.edition(
        *[make.pick(listing, reasons=())] * 10,
        note="word " * 40_000,
        problems=("p " * 5000,) * 50,
        read={f"source {n}": n for n in range(200)},
        subscriber=make.subscriber(profile=Profile(keywords=("k" * 5000,) * 50)),
    )
    html = renderer.bodies(edition).html
    assert len(html.encode()) <= 95_000
    assert "/unsubscribe/7-" in html
