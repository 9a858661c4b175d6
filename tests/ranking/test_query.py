"""The profile language: what can be written, and what is said of what cannot."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.errors import ProfileError
from digest.ranking.query import parse, parse_profile
from digest.ranking.term import Field, Match, Sign


@pytest.mark.parametrize(
    ("line", "reading"),
    [
        ("diffusion", ("any", "words", ("diffus",), "want", 1)),
        ('"flow matching"', ("any", "words", ("flow", "match"), "want", 1)),
        ("flow matching", ("any", "words", ("flow", "match"), "want", 1)),
        ('  "flow matching"^3 ', ("any", "words", ("flow", "match"), "want", 3)),
        ("diffusion ^ 0.5", ("any", "words", ("diffus",), "want", 0.5)),
        ("diffus*", ("any", "prefix", ("diffus",), "want", 1)),
        ("Diffus*^2", ("any", "prefix", ("diffus",), "want", 2)),
        ("=Learning", ("any", "exact", ("=learning",), "want", 1)),
        ("=GAN", ("any", "exact", ("=GAN",), "want", 1)),
        ("=R", ("any", "exact", ("=R",), "want", 1)),
        ('="Score SDE"', ("any", "exact", ("=score", "=SDE"), "want", 1)),
        ("title:flow", ("title", "words", ("flow",), "want", 1)),
        ('title:"flow matching"', ("title", "words", ("flow", "match"), "want", 1)),
        ("Abstract: flow", ("abstract", "words", ("flow",), "want", 1)),
        ("title:=GAN", ("title", "exact", ("=GAN",), "want", 1)),
        ("title:transf*", ("title", "prefix", ("transf",), "want", 1)),
        ('author:"Yann LeCun"', ("author", "words", ("yann", "lecun"), "want", 1)),
        ("author:Y. LeCun", ("author", "words", ("y", "lecun"), "want", 1)),
        ("author:LeCun, Y.", ("author", "words", ("lecun", ",", "y"), "want", 1)),
        ("category:cs.LG", ("category", "words", ("cs.lg",), "want", 1)),
        ("category:cs.*", ("category", "prefix", ("cs.*",), "want", 1)),
        ("category:cancer biology", ("category", "words", ("cancer biology",), "want", 1)),
        ("source:HuggingFace^2", ("source", "words", ("huggingface",), "want", 2)),
        ('-source:"my feed"', ("source", "words", ("my feed",), "never", 1)),
        ("kind:Revision", ("kind", "words", ("revision",), "want", 1)),
        ("-kind:cross", ("kind", "words", ("cross",), "never", 1)),
        ("+robot", ("any", "words", ("robot",), "must", 1)),
        ("-survey", ("any", "words", ("survey",), "never", 1)),
        ("-survey^2", ("any", "words", ("survey",), "never", 2)),
        ('-"large language model"', ("any", "words", ("larg", "languag", "model"), "never", 1)),
        ("-category:cs.CR", ("category", "words", ("cs.cr",), "never", 1)),
        ("f-divergence", ("any", "words", ("f", "diverg"), "want", 1)),
        ("f\u2011divergence", ("any", "words", ("f", "diverg"), "want", 1)),
        ("C++", ("any", "words", ("c++",), "want", 1)),
        ("IT", ("any", "words", ("it",), "want", 1)),
        ("the transformer", ("any", "words", ("transform",), "want", 1)),
        ("state of the art", ("any", "words", ("state", "of", "the", "art"), "want", 1)),
        ("A/B testing", ("any", "words", ("a", "b", "test"), "want", 1)),
        ("Foundation: a survey", ("any", "words", ("foundat", "a", "survey"), "want", 1)),
        ("\u201cflow matching\u201d^2", ("any", "words", ("flow", "match"), "want", 2)),
        ("\u2013survey", ("any", "words", ("survey",), "never", 1)),
        ("M\u00fcller", ("any", "words", ("muller",), "want", 1)),
        ("扩散模型", ("any", "words", ("扩散", "散模", "模型"), "want", 1)),
        ("扩散模*", ("any", "words", ("扩散", "散模"), "want", 1)),
        ("光", ("any", "words", ("=光",), "want", 1)),
        ("X光", ("any", "words", ("x", "=光"), "want", 1)),
    ],
)
def test_a_line_reads_as(line, reading):
    field, match, keys, sign, weight = reading
    term = parse(line)
    assert (term.field, term.match, term.keys) == (Field(field), Match(match), keys)
    assert (term.sign, term.weight) == (Sign(sign), weight)


@pytest.mark.parametrize(
    ("line", "column", "says"),
    [
        ('"flow', 0, "never closed"),
        ('title:"flow', 6, "never closed"),
        ("", 0, "nothing to look for"),
        ("-", 1, "nothing to look for"),
        ('""', 1, "nothing to look for"),
        ("^3", 0, "nothing to look for"),
        ("title:", 6, "nothing to look for"),
        ('"..."', 1, "no word"),
        ("flow^abc", 4, "not a weight"),
        ("flow^", 4, "not a weight"),
        ("flow^nan", 4, "not a weight"),
        ("flow^1e999", 4, "not a weight"),
        ("flow^0", 4, "would do nothing"),
        ("flow^-2", 4, "use `-term`"),
        ("flow^1000", 4, "up to 100"),
        ("titel:flow", 0, "did you mean `title:`"),
        ("-titel:flow", 1, "did you mean `title:`"),
        ("au:Ho", 0, "did you mean `author:`"),
        ("cat:cs.LG", 0, "did you mean `category:`"),
        ("abs:flow", 0, "did you mean `abstract:`"),
        ("foo:bar", 0, "the fields are"),
        ("sources:arxiv", 0, "did you mean `source:`"),
        ("source:hugging*", 7, "whole name"),
        ("source:", 7, "whole name"),
        ("source:=arxiv", 7, "`=` is for words"),
        ("kind:", 5, "the kinds are `new`, `cross`, `trending`, `revision`"),
        ("kind:rev*", 5, "the kinds are"),
        ("flow | | diffusion", 6, "an alternative is missing"),
        ("flow |", 6, "an alternative is missing"),
        ("-| flow", 1, "an alternative is missing"),
        ("flow | ^2", 7, "an alternative is missing"),
        ('"flow matching"^2 | diffusion', 15, "at the end of the line"),
        ("flow | -diffusion", 7, "in front of the line"),
        ("flow | titel:diffusion", 7, "did you mean `title:`"),
        ('flow | "diffusion', 7, "never closed"),
        ('"flow" | "rectified flow" matching', 25, "line of its own"),
        ("di*", 0, "at least 3 letters"),
        ("flow match*", 0, "single word"),
        ("the of", 0, "in nearly every text"),
        ("category:*", 9, "like `cs.LG`"),
        ("category:c*s", 9, "like `cs.LG`"),
        ("author:", 7, "whose papers"),
        ("author:LeC*", 7, "matched whole"),
        ("author:=Ho", 7, "`=` is for words"),
        ("=title:GAN", 0, "field goes first"),
        ('"flow matching" diffusion', 15, "line of its own"),
        ('flow "matching"', 5, "around the whole term"),
        ("- diffusion", 1, "without a space"),
    ],
)
def test_a_line_that_cannot_be_read_says_where_and_what_to_do(line, column, says):
    with pytest.raises(ProfileError) as raised:
        parse(line)
    assert says in raised.value.what
    assert (raised.value.line, raised.value.column) == (line, column)


@pytest.mark.parametrize("before", [0, 3, 40, 300])
@pytest.mark.parametrize("behind", [0, 30, 300])
def test_the_mark_below_a_long_text_points_into_what_is_shown_of_it(before, behind):
    line = "a" * before + "^" + "b" * behind
    _, shown, mark = str(ProfileError(line, before, "what")).splitlines()
    assert shown[mark.index("^")] == "^"
    assert max(len(shown), len(mark)) <= 80


@pytest.mark.parametrize(
    ("line", "label"),
    [
        ('+title:"Flow Matching"^3', "Flow Matching"),
        ("author:Y. LeCun", "Y. LeCun"),
        ("diffus*", "diffus*"),
        ("=GAN", "GAN"),
        ("category:cs.*", "cs.*"),
    ],
)
def test_people_are_shown_the_term_without_its_marks(line, label):
    assert parse(line).label == label


@pytest.mark.parametrize(
    ("line", "loose"),
    [
        ("graph neural networks for molecular property prediction", True),
        ("title:graph neural networks for molecular property prediction^2", True),
        ('"graph neural networks for molecular property prediction"', False),
        ("+graph neural networks for molecular property prediction", False),
        ("-graph neural networks for molecular property prediction", False),
        ("=graph neural networks for molecular property prediction", False),
        ("large vision language model", False),
        ("state of the art in flow matching", False),
        ("model of a model of a model of models", False),
        ("author:Maria de la Cruz Garcia Lopez", False),
        ("\u6269\u6563\u6a21\u578b\u7684\u7814\u7a76", False),
    ],
)
def test_only_a_bare_line_of_more_than_four_words_is_a_sentence(line, loose):
    assert parse(line).loose is loose


@pytest.mark.parametrize(
    ("line", "acronyms"),
    [
        ("rouge", ("rouge",)),
        ("Mars", ("mars",)),
        ("aids patients", ("aids", "")),
        ("AIDS", ("",)),
        ("=aids", ("",)),
        ("robot", ("",)),
        ("generative", ("",)),
    ],
)
def test_a_word_in_lower_case_also_asks_for_its_letters_as_an_acronym(line, acronyms):
    assert tuple(word.acronym for word in parse(line).words) == acronyms


GROUPS = [
    ('"flow matching" | "rectified flow" ^2', ["flow match", "rectifi flow"], "want", 2),
    ("flow matching|rectified flow|=GAN", ["flow match", "rectifi flow", "=GAN"], "want", 1),
    ("-survey | review", ["survey", "review"], "never", 1),
    ("+title:survey | author:Ho | tokeni*^3", ["survey", "ho", "tokeni"], "must", 3),
    ('"x|y testing" | kind:new', ["x y test", "new"], "want", 1),
]


@pytest.mark.parametrize(("line", "keys", "sign", "weight"), GROUPS)
def test_a_group_has_alternatives_and_one_sign_and_weight(line, keys, sign, weight):
    term = parse(line)
    assert [" ".join(one.keys) for one in term.alternatives] == keys
    assert (term.words, term.field, term.match, term.text) == ((), Field.ANY, Match.WORDS, line)
    assert (term.sign, term.weight) == (Sign(sign), weight)
    assert all((one.sign, one.weight, one.alternatives) == (Sign.WANT, 1, ()) for one in term.alternatives)


def test_an_alternative_is_what_it_would_be_on_a_line_of_its_own():
    lines = ["title:=GAN", "author:Y. LeCun", "graph neural networks for molecular property prediction"]
    assert list(parse(" | ".join(lines)).alternatives) == [parse(line) for line in lines]


def test_a_group_is_shown_by_its_alternatives():
    assert parse('+"flow matching" | title:"rectified flow" ^2').label == "flow matching | rectified flow"


@pytest.mark.parametrize(
    ("line", "keys"),
    [
        ("papers about diffusion models", "diffus model"),
        ("I am interested in yoga", "yoga"),
        ("I'm mostly looking for recent articles on flow matching", "flow match"),
        ("What is known about sleep?", "sleep"),
        ("please find me papers that deal with sleep", "sleep"),
        ("papers about", "paper"),
        ("study", "studi"),
        ("work on sleep and work", "sleep and work"),
    ],
)
def test_how_one_asks_for_papers_is_not_looked_for(line, keys):
    assert " ".join(parse(line).keys) == keys


@pytest.mark.parametrize("line", ['"papers about yoga"', "-papers about yoga", "+papers about yoga"])
def test_but_it_is_where_it_is_meant(line):
    assert len(parse(line).content) == 2


def test_words_of_mere_talk_are_common_in_sentences_only():
    sentence = parse("a study of metformin used for mortality in diabetes patients")
    assert [word.written for word in sentence.content] == ["metformin", "mortality", "diabetes", "patients"]
    assert parse("-study").content
    assert parse("studies using papers published in literature research").content


def test_a_bad_line_does_not_stop_the_others():
    terms, errors = parse_profile(["diffusion", '"flow', "", "diffusion", "-survey"])
    assert [term.text for term in terms] == ["diffusion", "-survey"]
    assert [error.line for error in errors] == ['"flow']


@given(
    st.text(alphabet=st.sampled_from('ab \t^"*=+-:.,|\u201c3title author category \u00e9\u6269\u0301\x00')) | st.text()
)
def test_whatever_is_written_is_read_or_refused_with_a_column_in_the_line(line):
    terms, errors = parse_profile([line])
    assert len(terms) + len(errors) == bool(line.strip())
    assert all(0 <= error.column <= len(line) and error.what for error in errors)
    plain = [one for term in terms for one in (term.alternatives or [term])]
    assert all(one.keys and one.content and one.label for one in plain)
