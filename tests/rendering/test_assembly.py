"""Pages and papers are made once and joined; what a template does that does not allow this costs time, never truth."""

from dataclasses import replace
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from digest.errors import TemplateError
from digest.model import Format, Ground, Layout, Listing, Reason
from digest.rendering import Mailing, Renderer, Site
from digest.rendering.cache import Cache
from digest.rendering.cards import Setting, card_of
from digest.rendering.language import language
from digest.rendering.papers import shown

PAGE = """<!DOCTYPE html>
<html lang="{{ digest.lang }}"><head><title>{{ digest.site }}</title><style>p { margin: 0 } td p { color: red }</style></head>
<body>HERE<table>{% for section in digest.sections %}{{ cards(section) }}{% endfor %}</table></body></html>"""
TEXT = "HERE\n{% for section in digest.sections %}\n\n{{ cards(section) }}\n{% endfor %}"


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "email").mkdir()

    def write(**sources: str) -> SimpleNamespace:
        for name, source in sources.items():
            file = tmp_path / "email" / f"{name.replace('_', '.')}.j2"
            file.write_text(source, encoding="utf-8")
        return tmp_path

    return write


@pytest.fixture(scope="module")
def readers(make):
    """Editions whose pages look alike, but say different things."""
    other = replace(make.listing, title='"Another" & <b>\'s paper', url="https://arxiv.org/abs/2605.1?a=1&b=2")
    picks = [make.pick(), make.pick(other), make.trending(make.listing)]
    names = ["anna@example.org", "bo@example.net", "x" * 60 + "@example.org"]
    return [
        make.edition(
            *picks[at % 2 :],
            subscriber=make.subscriber(email=email, id=at + 1),
            matched=7 * at + 3,
            read={"arxiv": 1204 - at, "hf": 39 * at + 1},
            missing=(make.missing("hf", f'"odd" & <{at}> why{"." * at}'),),
        )
        for at, email in enumerate(names)
    ]


def said(message):
    parts = list(message.iter_parts()) if message.is_multipart() else [message]
    return message.items(), [(part.get_content_type(), part.get_content()) for part in parts]


def agree(renderer, editions):
    """Whether both paths say the same of all."""
    for edition in editions:
        assert said(renderer.email(edition)) == said(renderer.email(edition, plainly=True))


# --- templates --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("nothing", ["{% if card.steps > 3 %}{{ card.title }}{% endif %}", "{{ card.whys[0].where }}"])
def test_papers_of_which_nothing_is_said_leave_no_blank_lines(make, folder, nothing):
    reasons = (Reason("x", "abstract", 9.0, ("x",)),), (Reason("x", "", 9.0, ("x",)),)
    picks = [replace(make.pick(), score=score, reasons=why) for score, why in zip((90, 20), reasons, strict=True)]
    renderer = make.renderer(templates_dir=folder(card_txt=nothing, card_md=nothing))
    editions = [make.edition(*chosen) for chosen in (picks[:1], picks[1:], picks)]
    for form in (Format.TEXT, Format.MARKDOWN):
        agree(renderer, [replace(e, subscriber=replace(e.subscriber, format=form)) for e in editions])


@pytest.mark.parametrize("form", list(Format))
@pytest.mark.parametrize("layout", list(Layout))
def test_built_in_pages_are_never_rendered_for_one_reader_alone(make, readers, form, layout):
    renderer = make.renderer()
    agree(renderer, [replace(e, subscriber=replace(e.subscriber, format=form, layout=layout)) for e in readers])
    assert not renderer.whole


@pytest.mark.parametrize(
    "odd",
    [
        '{{ digest.summary ~ "!" }}',
        "{{ digest.summary | length }}",
        "{{ digest.summary | reverse }}",
        "{{ digest.summary[:10] }}",
        "{{ digest.summary.upper() }}",
        "{{ digest.summary is string }}",
        "{{ digest.summary | replace('a', 'b') }}",
        "{% if digest.count > 2 %}many{% else %}few{% endif %}",
        "{% if 'matches' in digest.summary %}one{% endif %}",
        "{{ digest.count + 1 }} {{ digest.count * 2 }} {{ -digest.count }}",
        "{{ digest.missing | join('; ') }}",
        "{{ digest.missing | map('upper') | list | length }}",
        "{{ digest.reads | map(attribute='papers') | join('/') }}",
        "{% for character in digest.summary %}{{ character }}.{% endfor %}",
        "{% set kept %}{{ digest.summary }}{% endset %}{{ kept | length }}{% if kept == 'x' %}x{% endif %}",
        "{% macro m(x) %}({{ x }}){% endmacro %}{{ m(digest.summary) | length }}",
        "{% filter upper %}{{ digest.summary }}{% endfilter %}",
        "{{ '{} of it'.format(digest.count) }} {{ '%s' % digest.count }}",
        "{{ 'x' * digest.count }}",
        "{{ {'a': digest.summary} }}",
        "{{ [digest.count, 3] | max }}",
        "{{ digest.count | string | length }}",
        "{{ digest.summary or 'nothing' }} {{ 'some' if digest.count else 'none' }}",
        "{{ digest.summary | upper }} {{ digest.summary | shorten(12) | title }} {{ digest.read | number }}",
        "{{ '%04d' | format(digest.count) }}",
        "{{ digest.missing[0] }} {{ digest.missing | first }} {{ digest.missing | length }}",
        "{% if digest.missing %}late{% endif %} {{ digest.own }} {{ digest.stop.url }} {{ digest.more }}",
        "{% for section in digest.sections %}{{ cards(section) | length }}{% endfor %}",
        "{% for section in digest.sections %}{{ section.cards | length }}{% endfor %}",
        "{% for section in digest.sections %}{{ cards(section) | upper }}{% endfor %}",
    ],
)
def test_whatever_a_page_does_with_what_differs_it_says_the_right_thing(make, folder, readers, odd):
    own = folder(
        digest_html=PAGE.replace("HERE", f"<p>{odd}</p>"),
        digest_txt=TEXT.replace("HERE", odd),
        digest_md=TEXT.replace("HERE", odd),
    )
    editions = [*readers, replace(readers[0], subscriber=make.subscriber(format=Format.MARKDOWN))]
    agree(make.renderer(templates_dir=own), editions)


@pytest.mark.parametrize(
    "odd",
    [
        '<p title="{{ digest.summary }}">x</p>',
        "<p title='{{ digest.missing[0] }}'>x</p>",
        '<a href="{{ digest.stop.url }}">x</a> <a href="{{ digest.summary }}">y</a>',
        '<a href="mailto:x?subject={{ digest.missing[0] }}">x</a>',
        "<p {{ digest.summary }}>x</p>",
        "<!-- {{ digest.summary }} -->",
        "<style>/* {{ digest.summary }} */</style>",
        "<textarea>{{ digest.missing[0] }}</textarea><pre>\n{{ digest.missing[0] }}</pre>",
        "{{ digest.missing[0] | safe }}",
        "{% autoescape false %}{{ digest.missing[0] }}{% endautoescape %}",
        "{{ digest.summary | e }} {{ digest.missing[0] | forceescape }}",
        "<table><p>{{ digest.missing[0] }}</p></table><p><p>{{ digest.summary }}</b>",
        "a < b {{ digest.summary }} & c &nbsp; &hellip; &bogus; &#128; &#0;",
    ],
)
def test_wherever_in_html_something_is_printed_it_is_written_as_it_must_be_there(make, folder, readers, odd):
    agree(make.renderer(templates_dir=folder(digest_html=PAGE.replace("HERE", odd))), readers)


@pytest.mark.parametrize(
    "odd",
    [
        "{{ card.number }}. {{ card.title }}",
        "{{ card.number + 1 }}",
        "{% if card.number == 1 %}first{% endif %} {{ card.title }}",
        '{{ "%d" | format(card.number) }} {{ "%3d. " | format(card.number) }}x',
        '{{ card.title | wrap(first="%d. " | format(card.number), indent="  ") }}',
        '{{ ("%3d. " | format(card.number)) ~ card.title }}',
        "{{ card.like.url | length }} {{ card.dislike.url }}",
        "{{ card.like.url | shorten(40) }} {{ card.like.url | upper }}",
        "{{ card.like.url | wrap(40, first='on paper: ', indent=' ') }}",
        "{% if card.like %}{{ card.like.label }}: {{ card.like.url }}{% endif %}",
        "",
        "\n\n\n{{ card.title }}\n\n\n\n{{ card.meta }}\n\n",
    ],
)
def test_whatever_a_paper_does_with_its_place_it_says_the_right_thing(make, folder, readers, odd):
    html = f'<tr><td class="{{{{ card.template }}}}"><p>{odd}</p></td></tr>'
    own = folder(card_txt=odd, card_html=html, card_md=odd)
    for url in ("https://papers.example.org", None):
        if url or "like" not in odd:
            agree(make.renderer(url=url, templates_dir=own), readers)


@pytest.mark.parametrize(
    "odd",
    [
        "<tr><td><p>{{ card.title }}</td></tr>",
        "<tr><td>{{ card.title }}",
        "</table><p>{{ card.title }}</p><table>",
        '<tr><td><p title="{{ card.title }}">{{ card.title }}<br/><img src=x alt={{ card.number }}></p></td></tr>',
        "<TR><TD CLASS=x>{{ card.title }}</TD></TR>",
        "<tr><td><a name='{{ card.title }}' href='{{ card.url }}'>&lt;{{ card.title }}&gt; &amp; &nbsp;&copy; &#8212;</a></td></tr>",
        "<tr><td style='color: blue'><p style='margin: 1px'>{{ card.title }}</p></td></tr>",
        "<tr><td><!-- {{ card.title }} --><p>{{ card.title }}</p></td></tr>",
        "<tr><td><style>p { color: {{ card.number }} }</style>{{ card.title }}</td></tr>",
        "<tr><td><p data-x='>'>{{ card.title }} > 3</p></td></tr>",
        "<tr><td><p class='a' class='b' hidden>{{ card.title }}</p></td></tr>",
    ],
)
def test_however_the_html_of_a_paper_is_written_it_comes_out_as_on_a_page_of_its_own(make, folder, readers, odd):
    agree(make.renderer(templates_dir=folder(card_html=odd)), readers)


@pytest.mark.parametrize(
    "rule",
    [
        "tr + tr p { color: blue }",
        "tr ~ tr { color: blue }",
        "tr:first-child p { color: blue }",
        "tr:nth-child(2) p { color: blue }",
        "tr:last-child { color: blue }",
        "p[title] { color: blue }",
        'p[title="one"] { width: 3px; text-align: center; background-color: #fff }',
        "table > tr > td > p, #one p.x { color: blue !important }",
        "p:hover { color: blue } @media print { p { color: black } }",
        "* { color: blue }",
    ],
)
def test_whatever_selectors_a_stylesheet_has_papers_get_their_styles(make, folder, readers, rule):
    card = (
        "<tr id=\"{{ 'one' if 'Another' in card.title else 'two' }}\"><td><p title=\"{{ 'one' if card.categories else card.title }}\" "
        "class=\"{{ 'x' if card.steps else 'y' }}\">{{ card.title }}</p></td></tr>"
    )
    own = folder(
        digest_html=(PAGE.replace("HERE", "")).replace("td p", f"{rule} td p"), card_html=card, trending_html=card
    )
    agree(make.renderer(templates_dir=own), readers)


def test_a_fault_of_a_template_is_told_as_on_the_plain_path(make, folder, readers):
    renderer = make.renderer(templates_dir=folder(digest_html=PAGE.replace("HERE", "\n{{ digest.sumary }}")))
    with pytest.raises(TemplateError, match=r"digest\.html\.j2, line 4: 'View object' has no attribute 'sumary'"):
        renderer.message(readers[0])


def test_a_fault_in_the_template_of_a_paper_is_told_with_its_line(make, folder, readers):
    renderer = make.renderer(templates_dir=folder(card_html="<tr>\n<td>{{ card.titel }}</td></tr>"))
    with pytest.raises(TemplateError, match=r"card\.html\.j2, line 2: 'Card object' has no attribute 'titel'"):
        renderer.message(readers[0])


# --- folding ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("count", "locale"), [(24, "de"), (29, ""), (31, "")])
def test_a_long_day_is_folded_at_the_same_paper_on_both_paths(make, count, locale):
    long = "We study flow matching at great length. " * 80
    listings = [replace(make.listing, title=f"{n} {'long ' * (n % 9)}", abstract=long, id=n + 1) for n in range(count)]
    picks = [*map(make.pick, listings[1:]), make.trending(listings[0])]
    reader = make.subscriber(layout=Layout.FULL, locale=locale)
    renderer = make.renderer()
    edition = make.edition(*picks, subscriber=reader)
    assert said(renderer.email(edition)) == said(renderer.email(edition, plainly=True))
    assert not renderer.whole


# --- what is remembered -----------------------------------------------------------------------------------------------

reasons = st.builds(
    Reason,
    term=st.sampled_from(["flow", '"flow matching"^3', "author:Chen", "-bad"]),
    field=st.sampled_from(["title", "abstract", "authors"]),
    contribution=st.floats(-50, 50),
    tokens=st.sampled_from([(), ("flow",), ("flow", "match")]),
    ground=st.sampled_from(Ground),
    partial=st.booleans(),
)


@given(
    st.lists(reasons, max_size=6),
    st.floats(0, 100),
    st.lists(st.floats(0.1, 2), min_size=6, max_size=6),
    st.floats(0, 100),
)
@settings(max_examples=200, deadline=None)
def test_a_paper_looks_as_what_it_is_remembered_by_says(make, given_reasons, score, factors, other):
    """Two picks with the same key and other numbers are the same card."""
    setting = Setting({"arxiv": "arXiv"}, language(""))
    first = make.pick(reasons=tuple(given_reasons), score=score)
    changed = [replace(r, contribution=r.contribution * f) for r, f in zip(given_reasons, factors, strict=False)]
    second = make.pick(reasons=tuple(changed), score=other)
    if shown(first) == shown(second):
        assert card_of(first, make.day, setting) == card_of(second, make.day, setting)


def test_a_paper_that_two_readers_see_alike_is_rendered_once_even_from_another_store(make):
    renderer = make.renderer()
    for reader in range(1, 9):
        listing = replace(make.listing)  # equal, but another object, as another batch of deliveries brings
        renderer.message(make.edition(make.pick(listing), subscriber=make.subscriber(id=reader)))
    assert renderer.remembered.made == 2  # in HTML and in text


def test_a_listing_that_changed_is_rendered_again(make):
    renderer = make.renderer()
    for title in ("One", "Two"):
        message = renderer.email(make.edition(make.pick(replace(make.listing, title=title, id=5))))
        assert title in str(message.get_body(("html",)))


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 40)), max_size=200), st.integers(50, 200))
def test_a_cache_keeps_within_its_limit_and_what_was_asked_for_last(asked, limit):
    cache = Cache(limit)
    for key, weight in asked:
        cache.put(key, -key, weight)
        assert cache.get(key) == -key
        assert cache.weight <= limit + 80
    assert len(cache) <= 31


def test_memory_stays_bounded_whatever_comes(make):
    renderer = Renderer(
        Site("Daily Papers"), Mailing("digest@example.org"), b"secret", {"arxiv": "arXiv"}, memory=400_000
    )
    for n in range(300):
        listing = Listing(
            title=f"Paper {n}", abstract="We study flow matching. " * 20, url=f"https://arxiv.org/abs/{n}", id=n
        )
        renderer.message(make.edition(make.pick(listing)))
    assert renderer.remembered.weight < 500_000
    assert len(renderer.remembered) < 100


# --- what is a reader's own in a paper ----------------------------------------------------------------------------------


def own_editions(make, **changes):
    """Readers who see one paper in different ways: other words marked, other sentences, other reasons."""
    abstract = (
        "We study flow matching on K^(n+1) at length. It is <b>general</b> & fast. x_(max) and the flow of models. "
        "Nothing here.\n\nA second paragraph matches “flow”. From here on\n.. dots."
    )
    listing = replace(make.listing, abstract=abstract, title="On K^(n+1) and <flow> & matching")
    found = [
        (),
        (Reason("flow", "title", 9.0, ("flow",)),),
        (Reason('"flow matching"', "abstract", 9.0, ("flow", "match")), Reason("author:Ho", "authors", 3.0)),
        (Reason('a & "b" <c>', "abstract", 9.0, ("general", "k", "n")), Reason("x", "title", -3.0, ("x",))),
        (Reason("=models", "abstract", 9.0, ("model", "max", "n")), Reason("dot", "full text", 2.0, ("dot",))),
        tuple(Reason(f"term {n}", "abstract", 9.0 - n, ("at", "and", "second")) for n in range(6)),
    ]
    for at, reasons in enumerate(found):
        reader = make.subscriber(email=f"{at}@example.org", id=at + 1, **changes)
        yield make.edition(make.pick(listing, reasons=reasons, score=50.0), subscriber=reader)


@pytest.mark.parametrize("theme", ["journal", "ledger"])
@pytest.mark.parametrize("layout", list(Layout))
def test_readers_share_a_paper_however_they_see_it(make, theme, layout):
    renderer = Renderer(Site("Daily Papers"), Mailing("digest@example.org"), b"secret", {}, theme=theme)
    editions = list(own_editions(make, layout=layout))
    agree(renderer, editions)
    blanks = [value for value, _ in renderer.remembered.blanks._young.values()]
    assert all(blank.parts for blank in blanks)
    assert len(blanks) == 4  # with reasons and without, in HTML and in text
    assert renderer.remembered.made == 2 * len(editions)


@pytest.mark.parametrize("layout", list(Layout))
def test_a_term_of_which_nothing_is_left_to_say_says_nothing(make, layout):
    first, *_, last = own_editions(make, layout=layout)
    empty = replace(last, picks=tuple(replace(pick, reasons=(Reason('""', "title", 1.0),)) for pick in last.picks))
    for editions in ([first, empty, last], [empty, last, first]):
        agree(make.renderer(), editions)


@pytest.mark.parametrize(
    "odd",
    [
        "{{ runs(card.paragraphs[0]) }}",
        "{% for run in card.paragraphs[0] %}{{ run.text }}{% endfor %}",
        "{% for paragraph in card.paragraphs %}{{ paragraph | length }}{% endfor %}",
        '<b title="{{ runs(card.paragraphs[0]) }}">x</b>',
        "{{ runs(card.runs) }}",
        "{{ card.abstract }}",
        "{{ card.explanation | upper }}{{ card.strongest }}",
        "{{ card.explanation ~ '!' }}",
        "{{ card.texts | join('|') }}",
        "{{ whys(card.whys) }}{{ whys(card.whys) }}",
        "{{ whys(card.whys | reverse) }}",
        "{{ whys(card.whys[:1]) }}",
        "{{ card.whys | map(attribute='term') | join(', ') }}",
        "{% set kept = runs(card.paragraphs[0]) %}{{ whys(card.whys) }}{{ kept }}",
        "{{ runs(card.paragraphs[0]) | upper }}",
        "{% if card.whys %}{{ card.whys[0].where }}{% endif %}",
        "{{ card.paragraphs and runs(card.paragraphs[0]) }}<!-- {{ card.number }} -->",
    ],
)
def test_whatever_a_paper_does_with_what_is_a_readers_own_it_says_the_right_thing(make, folder, odd):
    renderer = make.renderer(templates_dir=folder(card_html=f"<tr><td>{odd}</td></tr>", card_txt="{{ card.title }}"))
    agree(renderer, list(own_editions(make)))


@pytest.mark.parametrize(
    ("run", "why"),
    [
        ("{{ run.text | upper }}", "{{ why.term | upper }}"),
        ("{{ run.plain }}", "{{ why.term ~ why.where }}"),
        ("{{ run.before }}{{ run.text }}{{ run.after }}", "{{ why.where or 'nowhere' }}"),
        ("<i>{{ run.text }}</i>{% if run.text == ' ' %}!{% endif %}", "{{ why }}"),
        ("{{ run.text[0] }}", "<u>{{ why.where | located if why.where }}</u>"),
        ("", "<b>{{ why.term }}"),
        ('<a href="https://example.org/{{ run.text }}">x</a>', '<a title="{{ why.term }}">{{ why.against }}</a>'),
    ],
)
def test_whatever_becomes_of_a_stretch_or_a_reason_it_says_the_right_thing(make, folder, run, why):
    agree(make.renderer(templates_dir=folder(run_html=run, why_html=why)), list(own_editions(make)))


def test_what_is_forgotten_is_made_again(make, readers):
    renderer = make.renderer()
    before = [renderer.message(edition) for edition in readers]
    renderer.forget()
    assert len(renderer.remembered) == 0
    assert [renderer.message(edition) for edition in readers] == before
