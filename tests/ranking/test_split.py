"""A whole profile as one text: lists of keywords, plain prose, and both."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from digest.ranking.common import says_something
from digest.ranking.query import parse, parse_text
from digest.ranking.split import split

LISTS = [
    (
        '"flow matching"^3 diffusion -survey author:"Yann LeCun"',
        ['"flow matching"^3', "diffusion", "-survey", 'author:"Yann LeCun"'],
    ),
    ("author:Yann LeCun, diffusion", ["author:Yann LeCun", "diffusion"]),
    ("diffusion; flow matching\nrobots", ["diffusion", "flow matching", "robots"]),
    ("- diffusion\n* flow matching\n3. robots\n-survey", ["diffusion", "flow matching", "robots", "-survey"]),
    ('"a; b, c" robots', ['"a; b, c"', "robots"]),
    ('diffusion AND "flow matching" OR robots', ["diffusion", '"flow matching"', "robots"]),
    ("扩散模型、流匹配，图网络；光", ["扩散模型", "流匹配", "图网络", "光"]),
    # prefixes, exact words, fields
    ("tokeni* transf*^2 robots", ["tokeni*", "transf*^2", "robots"]),
    ("=GAN training =R", ["=GAN", "training", "=R"]),
    (
        "robots category:cs.LG vision kind:new source:arxiv arms",
        ["robots", "category:cs.LG", "vision", "kind:new", "source:arxiv", "arms"],
    ),
    ("category:cs.LG vision", ["category:cs.LG", "vision"]),
    ("category:cancer biology", ["category:cancer biology"]),
    ("robots author:Yann LeCun title:arms", ["robots", "author:Yann LeCun", "title:arms"]),
    ('Author: Yann LeCun, robots author: "Jonathan Ho"', ["Author: Yann LeCun", "robots", 'author: "Jonathan Ho"']),
    # signs
    ("-large language model", ["-large language model"]),
    ("robots -survey vision +arms legs", ["robots", "-survey", "vision", "+arms", "legs"]),
    ("robots -3D +title:arms", ["robots", "-3D", "+title:arms"]),
    ("\u2013survey, robots \u2013 arms", ["\u2013survey", "robots \u2013 arms"]),
    # weights
    ("robots ^2 arms ^ 0.5 legs", ["robots ^2", "arms ^ 0.5", "legs"]),
    ("graph networks^2 robots", ["graph networks^2", "robots"]),
    ("\u201cflow matching\u201d^2 robots", ["\u201cflow matching\u201d^2", "robots"]),
    # groups
    ('robots "flow matching" | "rectified flow" ^2 arms', ["robots", '"flow matching" | "rectified flow" ^2', "arms"]),
    ("flow matching | rectified flow, robots|arms", ["flow matching | rectified flow", "robots|arms"]),
    ("robots -survey | review arms", ["robots", "-survey | review arms"]),
]


@pytest.mark.parametrize(("text", "lines"), LISTS)
def test_a_list_is_taken_apart(text, lines):
    assert [term.text for term in parse_text(text)[0]] == lines
    assert parse_text(text)[1] == []


PROSE = [
    ('Is "hot" yoga good for you?', ["Is hot yoga good for you?"]),
    ("effects of (1,3)-beta-D-glucan on IL-6: a review", ["effects of (1,3)-beta-D-glucan on IL-6: a review"]),
    ("what is 3'-UTR?", ["what is 3'-UTR?"]),
    ("0.5% of patients - a study", ["0.5% of patients - a study"]),
    ("In patients, does aspirin OR ibuprofen help, or not?", ["In patients, does aspirin OR ibuprofen help, or not?"]),
    ("Aspirin reduces mortality in diabetics, compared with placebo.", ["Aspirin reduces mortality in diabetics, compared with placebo."]),
    ("I like robots. We also work on proteins. -survey", ["I like robots.", "We also work on proteins.", "-survey"]),
    ("Robots: vision, touch, and arms", ["Robots: vision, touch, and arms"]),
    ("I am interested in diffusion, flow matching", ["I am interested in diffusion", "flow matching"]),
    ("Kind: of a funny story", ["Kind of a funny story"]),
    ("doi:10.1/2 and IL6:STAT3", ["doi 10.1/2 and IL6:STAT3"]),
    ("https://example.org/a?b=c", ["https://example.org/a?b=c"]),
    ("5^th order, 10^6 cells, L^p spaces, cm^-1 lines, SAFE^d, O(n^2)", ["5 th order", "10 6 cells", "L p spaces", "cm -1 lines", "SAFE d", "O(n 2)"]),
    ("P(A|B) and |x|, robots", ["P(A B) and x", "robots"]),
    ("kept at -20 C or +5 V", ["kept at -20 C or +5 V"]),
    ('a 5" disk and a stray "quote', ["a 5 disk and a stray quote"]),
    ("A* search", ["A* search"]),
    ('he said: "no way", and left', ["he said: no way", "and left"]),
    ("di*", ["di"]),
    ('"the", of "...", robots', ["robots"]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "lines"), PROSE)
def test_prose_is_read_as_words(text, lines):
    assert [term.text for term in parse_text(text)[0]] == lines
    assert parse_text(text)[1] == []


@pytest.mark.parametrize(
    ("text", "column", "says"),
    [
        ("titel:foo", 0, "did you mean `title:`"),
        ("robots titel:foo", 7, "did you mean `title:`"),
        ("robots, foo^abc", 11, "not a weight"),
        ("robots\nfoots^-2 arms", 12, "use `-term`"),
        ("robots, title:", 14, "nothing to look for"),
        ("robots; kind:foo", 13, "the kinds are"),
        ("robots, a | | b", 11, "an alternative is missing"),
        ('robots "a"^2 | "b"', 10, "at the end of the line"),
        ("of the", 0, "no word to look for"),
    ],
)
def test_a_mistake_is_said_with_its_column_in_the_whole_text(text, column, says):
    [error] = parse_text(text)[1]
    assert says in error.what
    assert (error.line, error.column) == (text, column)


def test_a_mistake_does_not_stop_the_others():
    terms, errors = parse_text('robots, titel:foo, -survey foo^abc "flow matching"')
    assert [term.text for term in terms] == ["robots", "-survey", '"flow matching"']
    assert [error.column for error in errors] == [8, 30]


def test_the_message_shows_the_line_and_points_into_it():
    [error] = parse_text("robots\narms titel:foo\nlegs")[1]
    assert str(error).splitlines()[1:] == ["    arms titel:foo", "         ^"]


def test_the_same_line_twice_is_one_term():
    assert len(parse_text("robots, robots; robots")[0]) == 1


MARKS = st.text(
    alphabet=st.sampled_from('ab the?.^"*=+-:.,;|()\n\t\u201c\u20133title author kind new \u00e9\u6269\u0301\x00')
)
SAID = st.text(alphabet=st.sampled_from("ab the is?.\"=.,;()[]'\n0123456789%/-\u201c\u20133 GH \u00e9\u6269\u0301"))


@given(MARKS | st.text())
def test_every_term_of_a_text_is_a_line_that_reads_the_same(text):
    terms, errors = parse_text(text)
    assert [parse(term.text) for term in terms] == terms
    assert all(0 <= error.column <= len(text) and error.line == text and error.what for error in errors)
    assert bool(terms or errors) == bool(text.strip())


@given(MARKS | st.text())
def test_lines_stand_in_the_text_in_order(text):
    columns = [piece.column for piece in split(text)]
    assert columns == sorted(set(columns))
    assert all(column < len(text) for column in columns)


@given(SAID)
@example("-D\u201c")
@example('-"0')
@example('""0"')
def test_prose_with_a_word_in_it_is_never_a_mistake(text):
    terms, errors = parse_text(text)
    assert bool(terms) == bool(errors == [] and text.strip())
    if not terms and text.strip():
        assert not any(says_something(line) for line in text.splitlines())


@pytest.mark.parametrize(
    "text",
    [
        '"' * 20_000,
        "a|" * 10_000,
        "a^" * 10_000,
        "-" * 20_000,
        "a:" * 10_000,
        "(a|b" * 5_000,
        '"' + "a" * 20_000,
        "(" * 20_000 + '"|a',
        "a, " * 5_000,
    ],
)
def test_a_long_text_is_read_to_its_end(text):
    terms, errors = parse_text(text)
    assert terms or errors
