"""What curators picked, with their words, and what readers recommend."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.curating import NOTE
from digest.model import Format, Layout, Section

WORDS = "**Read section 3 first**, then [the notes](https://a.example/notes).\n\n- cheap\n- <b>code</b> is out"


@pytest.fixture(scope="module")
def pick(make):
    """A paper that nothing but a curator speaks for."""
    return make.pick(section=Section.PICKED, by="Cho Park", note=WORDS, score=0.0, reasons=())


@pytest.fixture(scope="module")
def theirs(make, pick):
    """One that the profile speaks for as well."""
    return replace(
        make.pick(replace(make.listing, title="Theirs, too")), section=Section.PICKED, by="Ann", note="Mine."
    )


def test_what_was_picked_comes_first_under_the_names_of_who_picked_it(make, renderer, pick, theirs):
    bodies = renderer.bodies(make.edition(pick, theirs, make.pick()))
    for text in (bodies.html, bodies.text, bodies.markdown):
        assert text.index("Picked by Cho Park and Ann") < text.index("Theirs, too") < text.index("For you")


def test_a_curators_words_stand_with_their_paper_in_every_form(make, renderer, pick):
    bodies = renderer.bodies(make.edition(pick))
    assert "<strong>Read section 3 first</strong>" in bodies.html
    assert 'href="https://a.example/notes"' in bodies.html
    assert "— <bdi>Cho Park</bdi>" in bodies.html
    assert "     | **Read section 3 first**, then [the" in bodies.text
    assert "     | — Cho Park" in bodies.text
    assert "> - cheap\n> - <b>code</b> is out\n>\n> — Cho Park" in bodies.markdown


def test_words_are_left_out_where_there_are_none(make, renderer, pick):
    bodies = renderer.bodies(make.edition(replace(pick, note="")))
    assert "Picked by Cho Park" in bodies.html
    assert "—" not in bodies.text
    assert not [line for line in bodies.markdown.splitlines() if line.startswith(">")]


@pytest.mark.parametrize(
    "note",
    [
        "<script>alert(1)</script>",
        "[x](javascript:alert(1))",
        "![x](https://a.example/pixel.png)",
        '<a style="x">y</a>',
    ],
)
def test_a_curators_words_are_text_and_links_and_nothing_else(make, renderer, pick, note):
    html = renderer.bodies(make.edition(replace(pick, note=note))).html
    found = html[html.index("Picked by") : html.index("Cho Park</bdi>")]
    assert not any(bad in found for bad in ("<script", "javascript:", "<img", 'style="x"'))


@settings(deadline=None, max_examples=30)  # the first compiles the templates
@given(note=st.text(max_size=2 * NOTE), name=st.text(max_size=200))
def test_whatever_curators_write_a_quotation_in_markdown_stays_one(make, pick, note, name):
    renderer = make.renderer()
    text = renderer.bodies(make.edition(replace(pick, note=note, by=name))).markdown
    body = text[text.index("### ") : text.index("Generative models have come far")]
    assert all(line.startswith((">", "### ", "Yaron", "arXiv")) or not line for line in body.splitlines())
    assert len(body) < 2 * NOTE + 1_000


def test_what_the_profile_found_too_keeps_its_match_and_its_reasons(make, renderer, pick, theirs):
    edition = make.edition(theirs, make.pick(), matched=2)
    bodies = renderer.bodies(edition)
    own = bodies.text[bodies.text.index("Theirs, too") : bodies.text.index("For you")]
    assert "Match 4 of 5: flow matching" in own
    assert bodies.text.startswith("2 of 1,243 new papers match; strongest: flow matching.")
    alone = renderer.bodies(make.edition(pick)).text
    assert "Match 1 of" not in alone
    assert "■" not in renderer.bodies(make.edition(pick)).html


def test_a_digest_of_nothing_but_picks_says_so(make, renderer, pick):
    bodies = renderer.bodies(make.edition(pick, make.trending(make.listing)))
    assert bodies.subject == "Picked: Flow Matching for Generative Modeling and 1 more"
    assert "; below: 1 hand-picked paper and 1 paper that others talk about." in " ".join(bodies.text.split())


def test_a_match_is_what_the_mail_is_called_by_whatever_was_picked(make, renderer, pick):
    other = make.pick(replace(make.listing, title="My own"))
    assert renderer.bodies(make.edition(pick, other)).subject == "My own and 1 more"


def test_what_readers_recommend_says_how_many_do_before_what_others_say(make, renderer):
    talked = replace(make.trending(make.listing), votes=3)
    alone = replace(make.trending(replace(make.listing, title="Quiet elsewhere", upvotes=None)), votes=4)
    bodies = renderer.bodies(make.edition(talked, alone, make.trending(replace(make.listing, title="Loud"))))
    assert "3 readers recommend it · 42 upvotes" in bodies.text
    assert "     4 readers recommend it\n" in bodies.text
    assert bodies.html.count(">readers</td>") + bodies.html.count("readers\n</td>") == 2
    assert bodies.html.count("upvotes</td>") == 1


@pytest.mark.parametrize("layout", Layout)
@pytest.mark.parametrize("theme", ["journal", "ledger"])
def test_a_picked_paper_assembled_is_the_one_rendered_plainly(make, pick, theirs, theme, layout):
    renderer = make.themed(theme)
    others = (replace(make.trending(make.listing), votes=3), replace(make.trending(make.listing), votes=5))
    for form in Format:
        reader = make.subscriber(format=form, layout=layout)
        for picks in ((pick, theirs), (theirs, pick), (replace(pick, note="Another."), *others)):
            edition = make.edition(*picks, subscriber=reader)
            assert str(renderer.email(edition)) == str(renderer.email(edition, plainly=True))
    assert not renderer.whole
