"""Papers are known by the same name however it is written."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from digest.text.ids import arxiv_id, doi


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2409.01234", ("2409.01234", None)),
        ("2409.01234v2", ("2409.01234", 2)),
        ("0704.0001", ("0704.0001", None)),
        ("arXiv:2409.01234v12 [cs.CL]", ("2409.01234", 12)),
        ("oai:arXiv.org:2609.26811v1", ("2609.26811", 1)),
        ("oai:arXiv.org:hep-th/9901001", ("hep-th/9901001", None)),
        ("hep-th/9901001v3", ("hep-th/9901001", 3)),
        ("math.GT/0309136", ("math/0309136", None)),
        ("http://arxiv.org/abs/astro-ph/0601001v1", ("astro-ph/0601001", 1)),
        ("https://arxiv.org/abs/2409.01234", ("2409.01234", None)),
        ("https://arxiv.org/pdf/2409.01234v2.pdf", ("2409.01234", 2)),
        ("https://arxiv.org/html/2409.01234v1#S1", ("2409.01234", 1)),
        ("https://export.arxiv.org/abs/2409.01234?context=cs", ("2409.01234", None)),
        ("https://www.alphaxiv.org/abs/2409.01234", ("2409.01234", None)),
        ("https://huggingface.co/papers/2409.01234", ("2409.01234", None)),
        ("https://doi.org/10.48550/arXiv.2409.01234", ("2409.01234", None)),
        ("10.48550/ARXIV.HEP-TH/9901001", ("hep-th/9901001", None)),
        ("  2409.01234 ", ("2409.01234", None)),
        ("2413.01234", None),  # no thirteenth month
        ("2409.0123", None),  # five digits since 2015
        ("1409.01234", None),  # four before
        ("2409.012345", None),
        ("1234", None),
        ("foo/9901001", None),
        ("https://example.org/abs/2409.01234", None),
        ("https://arxiv.org.evil.example/abs/2409.01234", None),
        ("10.1101/2409.01234", None),
        ("see arXiv:2409.01234 for more", None),
        ("", None),
    ],
)
def test_an_arxiv_id_is_found_in_every_form_and_in_nothing_else(text, expected):
    assert arxiv_id(text) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("10.1101/2024.01.01.123456", "10.1101/2024.01.01.123456"),
        ("doi:10.1145/3292500.3330701", "10.1145/3292500.3330701"),
        ("https://doi.org/10.1038/S41586-020-2649-2", "10.1038/s41586-020-2649-2"),
        ("http://dx.doi.org/10.1016/S0893-6080(05)80010-3", "10.1016/s0893-6080(05)80010-3"),
        ("https://www.biorxiv.org/content/10.1101/2024.01.01.123456v2.full.pdf", "10.1101/2024.01.01.123456"),
        ("http://biorxiv.org/cgi/content/short/10.64898/2026.05.12.700001v1?rss=1", "10.64898/2026.05.12.700001"),
        ("https://journals.plos.org/plosone/article?id=10.1371/journal.pone.0123456", "10.1371/journal.pone.0123456"),
        ("https://onlinelibrary.wiley.com/doi/full/10.1002/abc.123?af=R", "10.1002/abc.123"),
        ("https://www.frontiersin.org/articles/10.3389/fnins.2020.00001/full", "10.3389/fnins.2020.00001"),
        ("(doi:10.1000/182).", "10.1000/182"),
        ("10.1002/(SICI)1097-0258(19980815)17:15<1661", "10.1002/(sici)1097-0258(19980815)17:15"),
        ("https://example.org/v10.1/notes", None),
        ("10.1/x", None),
        ("version 10.12345", None),
        ("", None),
    ],
)
def test_a_doi_is_found_without_its_resolver_and_without_the_page_around_it(text, expected):
    assert doi(text) == expected


@given(
    st.from_regex(
        r"(0[7-9]|1[0-4])(0[1-9]|1[0-2])\.[0-9]{4}|(1[5-9]|[2-9][0-9])(0[1-9]|1[0-2])\.[0-9]{5}", fullmatch=True
    )
)
def test_every_form_of_an_id_leads_to_the_same_id(number):
    forms = (number, f"arXiv:{number}", f"https://arxiv.org/abs/{number}", f"https://doi.org/10.48550/arXiv.{number}")
    assert {arxiv_id(form) for form in forms} == {(number, None)}
    assert arxiv_id(f"oai:arXiv.org:{number}v7") == (number, 7)


@given(st.text())
def test_whatever_the_text_it_is_an_id_or_none(text):
    found, named = arxiv_id(text), doi(text)
    assert found is None or arxiv_id(found[0]) == (found[0], None)
    assert named is None or named.startswith("10.")


@given(st.from_regex(r"\A10\.[0-9]{4,9}/[a-z0-9._;()/:-]{0,30}[a-z0-9]\Z"))
def test_a_doi_stays_what_it_is(name):
    found = doi(name)
    assert found is not None
    assert doi(found) == found
