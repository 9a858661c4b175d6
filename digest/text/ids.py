"""The names papers go by, wherever they are written: arXiv identifiers and DOIs.

arXiv: https://info.arxiv.org/help/arxiv_identifier.html. DOI: https://www.doi.org/doi-handbook/ (2.2).
"""

import re
from urllib.parse import unquote

_ARCHIVES = (  # of the identifiers before April 2007
    "acc-phys|adap-org|alg-geom|ao-sci|astro-ph|atom-ph|bayes-an|chao-dyn|chem-ph|cmp-lg|comp-gas|cond-mat|cs|dg-ga|"
    "funct-an|gr-qc|hep-ex|hep-lat|hep-ph|hep-th|math-ph|math|mtrl-th|nlin|nucl-ex|nucl-th|patt-sol|physics|plasm-ph|"
    "q-alg|q-bio|quant-ph|solv-int|supr-con"
)
_MONTH = "(?:0[1-9]|1[0-2])"
_ARXIV_ID = (
    rf"(?P<new>(?:0[7-9]|1[0-4]){_MONTH}\.[0-9]{{4}}|(?:1[5-9]|[2-9][0-9]){_MONTH}\.[0-9]{{5}})"
    rf"|(?P<archive>{_ARCHIVES})(?:\.[a-z-]{{2,}})?/(?P<old>(?:9[1-9]|0[0-7]){_MONTH}[0-9]{{3}})"
)
_ARXIV_PREFIX = (
    r"oai:arxiv\.org:|arxiv:\s*|(?:https?://(?:dx\.)?doi\.org/|doi:\s*)?10\.48550/arxiv\."
    r"|(?:https?://)?(?:[a-z0-9-]+\.)*(?:arxiv\.org|ar5iv\.org|alphaxiv\.org)/[a-z-]+/(?:html/)?"
    r"|(?:https?://)?(?:www\.)?huggingface\.co/papers/"
)
_ARXIV = re.compile(
    rf"(?:{_ARXIV_PREFIX})?(?:{_ARXIV_ID})(?:v(?P<version>[1-9][0-9]{{0,3}}))?"
    r"(?:\.pdf)?/?(?:[?#]\S*|\s*\[[\w.-]+\])?",
    re.IGNORECASE | re.ASCII,
)


def arxiv_id(text: str) -> tuple[str, int | None] | None:
    """The arXiv identifier that `text` is, without and with its version; None if it is something else.

    Takes bare identifiers, `arXiv:` and `oai:arXiv.org:` forms, arXiv's own DOIs, and addresses of abstracts and papers.
    A subject class in an old identifier (`math.GT/0309136`) is dropped, as arXiv does.
    """
    match = _ARXIV.fullmatch(unquote(text.strip())) if len(text) < 500 else None
    if match is None:
        return None
    ident = match["new"] or f"{match['archive'].lower()}/{match['old']}"
    return ident, int(match["version"]) if match["version"] else None


def arxiv_pages(ident: str) -> tuple[str, str]:
    """Where a paper's abstract and its PDF are, in the newest version."""
    return f"https://arxiv.org/abs/{ident}", f"https://arxiv.org/pdf/{ident}"


_DOI = re.compile(r"(?<![0-9.])10\.[0-9]{4,9}(?:\.[0-9]+)*/[^\s\"<>\x00-\x20\x7f]+", re.ASCII)
_BARE = re.compile(r"\s*(?:doi:\s*|info:doi/)?10\.", re.IGNORECASE)
_RESOLVER = re.compile(r"\s*(?:https?://)?(?:dx\.|www\.)?doi\.org/", re.IGNORECASE)
_PAGE_TAIL = re.compile(r"(?:/(?:full|abstract|pdf|epdf|html|meta|fulltext))+$|\.pdf$", re.IGNORECASE)
_PREPRINT_TAIL = re.compile(r"(10\.(?:1101|64898)/[0-9.]+)v[0-9]+(?:\..*)?$", re.IGNORECASE)


def doi(text: str) -> str | None:
    """The DOI that `text` is or, as an address of a publisher's page, contains: lower case, without resolver."""
    if len(text) > 2000 or "10." not in text:
        return None
    name = _BARE.match(text) is not None
    decoded = text if name else unquote(text)
    match = _DOI.search(decoded)
    if match is None:
        return None
    found = match[0]
    if not name and not _RESOLVER.match(text):  # what follows in a page's address is not part of the name
        found = _PAGE_TAIL.sub("", re.split(r"[?#&]", found, maxsplit=1)[0])
    found = _PREPRINT_TAIL.sub(r"\1", found).rstrip(".,;:/'")
    found = _closed(found).lower()
    return found if "/" in found else None


def _closed(text: str) -> str:
    """Without a bracket at the end that was never opened, as in "(doi:10.1/x)"."""
    while text and (pair := {")": "(", "]": "[", "}": "{"}.get(text[-1])) and text.count(pair) < text.count(text[-1]):
        text = text[:-1].rstrip(".,;:")
    return text
