"""Files of references that strangers made, as listings."""

import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.ranking import bibtex, references
from digest.ranking.references import Format, UnreadableError

BIBTEX = r"""
% Encoding: UTF-8
@comment{jabref-meta: databaseType:bibtex;}
@string{nips = "Advances in " # "NeurIPS"}
@string(jmlr = {J. Mach. Learn. Res.})
@Article{lipman2023,
  title = {{F}low {M}atching for {$\beta$}-{VAE}s},
  author = "Lipman, Yaron and Chen, Ricky T. Q. and {The Band and Others}",
  journal = nips # { 36},
  year = 2023, eprint = {2210.02747}, archivePrefix={arXiv},
}
@inproceedings(ho2020, author={Jonathan Ho AND M{\"u}ller, J{\"o}rg and others}, title="Denoising {"}Diffusion{"}
  Models", keywords={diffusion; generative models}, abstract={We {\em denoise}.}, title={another})
@misc{url, title={By its address}, howpublished={x}, url={https://doi.org/10.1000/XYZ}}
@misc{old, journal={arXiv preprint cond-mat/0309136v2 [cond-mat]}}
"""


def test_bibtex_is_read_with_its_strings_braces_and_latex():
    read = references.read(BIBTEX.encode())
    assert (read.format, read.faults) == (Format.BIBTEX, ())
    lipman, ho, by_url, old = read.entries
    assert lipman.title == "Flow Matching for β-VAEs"
    assert lipman.authors == ("Lipman, Yaron", "Chen, Ricky T. Q.", "The Band and Others")
    assert lipman.arxiv_id == "2210.02747"
    assert (ho.title, ho.abstract) == ('Denoising "Diffusion" Models', "We denoise.")
    assert ho.authors == ("Jonathan Ho", "Müller, Jörg")
    assert ho.keywords == ("diffusion", "generative models")
    assert (by_url.title, by_url.doi) == ("By its address", "10.1000/xyz")
    assert (old.title, old.arxiv_id) == ("", "cond-mat/0309136")


def test_strings_are_put_together():
    first = next(bibtex.read(BIBTEX))
    assert first.fields["journal"] == "Advances in NeurIPS 36"


BROKEN = [
    ("@article{a, title = {Never closed, author = {X},\n", "line 1: a value is never closed by }"),
    ("@article{a, title = {No end},\n", "line 2: the closing } is missing in @article of line 1"),
    ("@article{a title={x}}\n", "line 1: there is no key"),
    ('@article{a, title={x}, "y"}\n', 'line 1: a comma or } is missing before `"y"}`'),
    ("@article{a, title=}\n", "line 1: a field has no value"),
    ("@article{a, year=2000}\n", "line 1: `a` has no title and no identifier"),
]


@pytest.mark.parametrize(("entry", "fault"), BROKEN)
def test_an_entry_that_cannot_be_read_is_named_by_its_line_and_the_next_ones_are_read(entry, fault):
    read = references.read(f"{entry}@book{{b, title={{The next one}}}}\n@book{{c, title={{The last}}}}".encode())
    assert [listing.title for listing in read.entries] == ["The next one", "The last"]
    assert len(read.faults) == 1
    assert read.faults[0].startswith(fault)


ZOTERO = (
    '"Key","Item Type","Author","Title","DOI","Url","Abstract Note","Extra","Manual Tags","Automatic Tags"\r\n'
    '"A1","preprint","Lipman, Yaron; Chen, Ricky","Flow, ""matching""","","http://arxiv.org/abs/2210.02747v2",'
    '"Two\nlines","","flows; ODE","Machine Learning"\r\n'
    '"A2","journalArticle","","","","","","","",""\r\n'
    '"A3","journalArticle","Ho, J.","Birds","10.1000/ABC","","","arXiv: 2301.00001 [cs]","",""\r\n'
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_what_zotero_exports_is_read(encoding):
    read = references.read(ZOTERO.encode(encoding))
    flow, birds = read.entries
    assert read.format is Format.CSV
    assert (flow.title, flow.arxiv_id, flow.keywords) == (
        'Flow, "matching"',
        "2210.02747",
        ("flows", "ODE", "Machine Learning"),
    )
    assert flow.authors == ("Lipman, Yaron", "Chen, Ricky")
    assert (birds.title, birds.doi, birds.arxiv_id) == ("Birds", "10.1000/abc", "2301.00001")
    assert read.faults == ("line 4: has no title and no identifier",)


def test_a_table_parted_by_semicolons_is_read():
    assert references.read(b"Title;DOI\nBirds;10.1000/abc\n").entries[0].doi == "10.1000/abc"


def test_a_plain_list_is_read_line_by_line():
    content = """\ufeff# my papers
- 2605.01234v2
2. arXiv:hep-th/9901001
https://doi.org/10.1101/2026.05.01.123456
[4] Songs of young finches

https://example.org/page
"""
    read = references.read(content.encode())
    assert read.format is Format.LIST
    assert [listing.keys[0] for listing in read.entries[:3]] == [
        "arxiv:2605.01234",
        "arxiv:hep-th/9901001",
        "doi:10.1101/2026.05.01.123456",
    ]
    assert read.entries[3].title == "Songs of young finches"
    assert read.faults == (
        "line 7: https://example.org/page names neither an arXiv id nor a DOI; write the title instead",
    )


def test_what_is_not_utf_8_is_read_as_latin_1():
    assert references.read("Über die Gesänge".encode("latin-1")).entries[0].title == "Über die Gesänge"


@pytest.mark.parametrize(
    ("content", "why"),
    [
        (b"", "nothing is in it"),
        (b" \n ", "nothing is in it"),
        (b"%PDF-1.7 ...", "a PDF"),
        (b"<html><title>x</title>", "HTML or XML"),
        (b'[{"title": "x"}]', "JSON"),
        (b"TY  - JOUR\nTI  - x\n", "RIS"),
        (b"\x89PNG\0\0", "not text"),
        (b"name,email,city\nAnn,ann@example.org,Bern\n", "without a column `Title`"),
        (b"x = [1, 2]\ny(3)\nfor z in x: print(z)\n", "no titles"),
    ],
)
def test_a_file_that_is_none_of_these_is_told_what_was_expected(content, why):
    with pytest.raises(UnreadableError, match="expected BibTeX") as error:
        references.read(content)
    assert why in str(error.value)


@given(st.text(st.sampled_from('@{}()=,"# \n\\abArticle'), max_size=120))
def test_whatever_stands_in_a_file_bibtex_reading_ends_and_never_raises(text):
    for found in bibtex.read(text):
        assert 1 <= found.line <= text.count("\n") + 1


@given(st.binary(max_size=200) | st.text(max_size=200).map(str.encode))
def test_a_file_is_read_or_refused(content):
    try:
        read = references.read(content)
    except UnreadableError:
        return
    assert all(listing.title or listing.arxiv_id or listing.doi for listing in read.entries)


CELLS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=20)


@given(st.lists(st.tuples(CELLS, CELLS), min_size=1, max_size=5))
def test_every_row_of_a_table_is_an_entry_or_a_fault(rows):
    file = io.StringIO()
    csv.writer(file).writerows([("Title", "Abstract Note"), *rows])
    read = references.read(file.getvalue().encode())
    assert len(read.entries) + len(read.faults) <= len(rows)


def test_what_a_file_is_put_together_to_stays_in_bounds():
    doubling = "".join(f"@string{{s{n} = s{n - 1} # s{n - 1}}}\n" for n in range(1, 60))
    *faults, fine = bibtex.read(f'@string{{s0 = "x"}}\n{doubling}@misc{{k, title = {{Fine}}}}')
    assert fine == bibtex.Entry(61, "misc", "k", {"title": "Fine"})
    assert faults
    assert all("too long a text" in fault.what for fault in faults)


def test_many_entries_on_one_line_are_all_read():
    entries = list(bibtex.read("@misc{k, title={A}}" * 20_000))
    assert len(entries) == 20_000


@pytest.mark.parametrize(
    "content", ["word " * 60_000, 'Title,Author\n"' + "a" * 200_000, "Title;Author\nx;" + "a" * 200_000]
)
def test_a_line_without_an_end_is_refused(content):
    with pytest.raises(references.UnreadableError, match=r"goes on for too long|no titles"):
        references.read(content.encode())
