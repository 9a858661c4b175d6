# ruff: noqa: RUF001 -- signs are written as they are shown
"""What bioRxiv's and medRxiv's own flattening of an abstract left in it, and its removal.

Their details API (https://api.biorxiv.org) gives abstracts with tokens where the elements of the manuscript were
(`O_LI` opens a list item, `C_LI` closes it), with headings glued to the word that follows, and with the names of
symbols in braces (`{rho}`).
"""

import html
import re

from digest.text import clean
from digest.text.characters import paragraphs
from digest.text.symbols import GREEK


def biorxiv(raw: str) -> str:
    """An abstract from bioRxiv or medRxiv, as `clean.abstract` gives it, with its headings told from its text."""
    text = _without_figures(raw)
    text = _TOKEN.sub(lambda token: _INSTEAD.get(token["element"] or "", " "), _HEADING.sub(_as_heading, text))
    text = _NAMED.sub(_symbol, text)
    return clean.abstract(_parted(paragraphs(text)))


# --- tokens ---------------------------------------------------------------------------------------------------------

# The first few are met glued to any word. Of an unknown element it is not known where it ends: before a capitalised word,
# another token, or what is no capital letter.
_TOKEN = re.compile(
    r"[OC]_(?P<element>ST_ABS|LI|SCPLOW|SCPCAP|QD)"
    r"|(?<![A-Za-z_])[OCM]_(?:INLINEFIG|LINKSMALLFIG|FIG|TBL|TABLEWRAP|TEXTBOX|[A-Z]{2,}?(?=[A-Z][a-z]|[OCM]_|[^A-Z]|\Z))"
)
_INSTEAD = {"LI": "\n\n", "ST_ABS": "\n\n", "SCPLOW": "", "SCPCAP": ""}
_HEADING = re.compile(r"O_ST_ABS\s*([^\n]{1,80}?)\s*C_ST_ABS\s*")
_FIGURES = ("FIG", "TBL", "INLINEFIG", "TABLEWRAP")


def _as_heading(found: re.Match[str]) -> str:
    heading = found.group(1)
    return f"\n\n{heading}{' ' if heading[-1:] in '.?!:' else ': '}"


def _without_figures(text: str) -> str:
    """`text` without embedded figures and tables: nothing but file names and sizes stand in them."""
    for element in _FIGURES:
        opening, closing = f"O_{element}", f"C_{element}"
        kept = []
        at = 0
        while (start := text.find(opening, at)) >= 0 and (end := text.find(closing, start)) >= 0:
            kept.append(text[at:start])
            at = end + len(closing)
        text = "".join([*kept, text[at:]])
    return text


# --- headings -------------------------------------------------------------------------------------------------------

_WORDS = (
    r"(?:Graphical )?Abstract|Backgrounds?(?: and (?:Aims?|Objectives?|Purpose))?|Introduction|Objectives?|Aims?|Purpose|Rationale|Motivation"
    r"|Hypothes[ie]s|Importance|Context|Significance(?: Statement)?|Question|Problem|Goals?"
    r"|(?:Study )?Design(?:, Setting,? (?:and|&) Participants)?|Setting|Participants|Patients|Population|Interventions?|Exposures?"
    r"|(?:Patients|Materials?|Subjects|Data|Participants) (?:and|&) Methods|Methods?(?: and (?:Findings|Results|Analysis))?"
    r"|Methodology(?:/Principal Findings)?|Approach|Data Sources|Main (?:Outcomes?(?: and Measures)?|Results|Findings)|Measurements|Measures"
    r"|Outcomes?|(?:Key |Principal )?(?:Results?|Findings)(?: and (?:Discussion|Conclusions?))?|Discussion|Limitations"
    r"|Conclusions?(?: and (?:Relevance|Significance))?|Interpretation|Implications|Relevance|Summary|Availability(?: and Implementation)?"
    r"|Data Availability|Contact|Supplementary Information|Funding|(?:Trial )?Registration|Key ?words|Novelty|Impact|Perspectives?"
)
# Glued: the heading starts a paragraph or follows a sentence, and the next word starts at once, with a capital.
_GLUED = re.compile(
    rf"(?P<before>\A|\n|[.!?)\]] ?)(?P<heading>{_WORDS})(?P<next>(?=[A-Z0-9{{])\S+)"
    rf"|(?P<before_capitals>\A|\n|[.!?)\]] ?)(?P<capitals>{_WORDS.upper()})(?P<after_capitals>(?=[A-Z][a-z]|[AI] |\d)\S+)"
)
# Words that hardly begin the name of a method (ContactNet, DesignBench) are headings by themselves.
_CERTAIN = re.compile(r"background|introduction|objective|aim|method|result|finding|conclusion|.* ", re.IGNORECASE)
_STARTER = re.compile(r"(?:An?|The|Th[ei]se|This|We|Our|In|To|It|Here|For|Of|What|How|Does|Is|Are)\b")


def _parted(text: str) -> str:
    several = len(_GLUED.findall(text)) > 1
    return _GLUED.sub(lambda found: _part(found, several=several), text)


def _part(found: re.Match[str], *, several: bool) -> str:
    before, heading, following = (part or "" for part in found.groups() if part is not None)
    if not (several or _CERTAIN.match(heading) or _STARTER.match(following)):
        return found.group()
    return f"{before.rstrip()}\n\n{heading}: {following}"


# --- symbols --------------------------------------------------------------------------------------------------------

_NAMED = re.compile(r"\{([A-Za-z+/ -]{1,24})\}")
_SYMBOLS = GREEK | {
    "+/-": "±", "-/+": "∓", "micro": "µ", "degrees": "°", "degree": "°", "middle dot": "·", "approx": "≈", "sim": "~",
    "approximately": "≈", "infinity": "∞", "infty": "∞", "angstrom": "Å", "square": "□", "radical": "√", "surd": "√",
    "leq": "≤", "geq": "≥", "less than or equal": "≤", "greater than or equal": "≥", "prime": "′", "bullet": "•",
    "rightarrow": "→", "leftarrow": "←", "uparrow": "↑", "downarrow": "↓", "leftrightarrow": "↔", "permil": "‰",
    "inverted exclamation": "¡", "inverted question mark": "¿", "section": "§", "dagger": "†", "times": "×", "div": "÷",
}  # fmt: skip


def _symbol(found: re.Match[str]) -> str:
    name = found.group(1)
    if shown := _SYMBOLS.get(name) or _SYMBOLS.get(name.lower()):
        return shown
    entity = html.unescape(f"&{name};")
    return entity if len(entity) == 1 else found.group()
