"""Remarks on what a message holds: its size, its pictures, its words in both forms, its lines."""

import re
import unicodedata
from collections.abc import Iterator
from math import ceil

from lxml import html as lxml_html

from digest.rendering import HTML_BUDGET
from digest.rendering.remarks.mail import Grade, Mail, Remark, several

CLIPPED_AT = 102 * 1024  # bytes of HTML after which Gmail shows "[Message clipped]"

# --- size ---------------------------------------------------------------------------------------------------------


def size(mail: Mail) -> list[Remark]:
    """Whether Gmail shows all of it."""
    if mail.html is None:
        return []
    length = len(mail.html.encode())
    said = f"The HTML has {ceil(length / 1024)} KB; Gmail shows {CLIPPED_AT // 1024}."
    if length > CLIPPED_AT:
        advice = "Show fewer papers (max_papers) or less of each (layout), or shorten the template."
        return [Remark(Grade.FAULT, f"{said} The end, with the way to unsubscribe, is cut off.", advice)]
    if length > HTML_BUDGET:
        return [Remark(Grade.WARNING, said, f"Papers fold at {HTML_BUDGET:,} bytes; what remains is the template's.")]
    return [Remark(Grade.OK, said)]


# --- the HTML -----------------------------------------------------------------------------------------------------


def images(mail: Mail) -> list[Remark]:
    """Whether the message is whole without its pictures, and they tell nobody who looks."""
    pictures = list(mail.tree.iter("img"))
    found = several(remark for picture in pictures for remark in _picture(picture))
    if found or not pictures:
        return found
    return [Remark(Grade.OK, f"Every picture ({len(pictures)}) has an alternative text and a size.")]


def _picture(picture: lxml_html.HtmlElement) -> Iterator[Remark]:
    source = picture.get("src", "")
    shown = f"The picture {source[:60]}" if source else "A picture"
    if picture.get("alt") is None:
        yield Remark(Grade.FAULT, f"{shown} has no alt.", "Say what it shows; alt='' if nothing.", "WCAG 1.1.1")
    if {picture.get("width"), picture.get("height")} & {"0", "1"}:
        yield Remark(
            Grade.FAULT, f"{shown} is a pixel, as trackers are.", "Take it out: a digest does not watch its readers."
        )
    elif not (picture.get("width") and picture.get("height")):
        advice = "Give width and height: Outlook shows its own size, and text jumps when it loads."
        yield Remark(Grade.WARNING, f"{shown} has no size.", advice)
    if not source.casefold().startswith(("https://", "cid:")):
        advice = "Use https://: mail programs do not load others, and Gmail shows no data: URLs."
        yield Remark(Grade.WARNING, f"{shown} will not load everywhere.", advice)


_TAKEN_OUT = (
    *("applet", "audio", "button", "embed", "form", "frame", "iframe", "input", "link", "object", "script"),
    *("select", "svg", "textarea", "video"),
)
_HIDING = re.compile(r"display:none|visibility:hidden|font-size:[01](px|pt)?(;|$)|opacity:0(;|$)|max-height:0")


def markup(mail: Mail) -> list[Remark]:
    """Whether mail programs leave the HTML as it is, and screen readers can read it."""
    if mail.html is None:
        return []
    found = several(_markup(mail))
    return found or [Remark(Grade.OK, "The HTML says its language, hides nothing and holds nothing that is taken out.")]


def _markup(mail: Mail) -> Iterator[Remark]:
    if not mail.tree.get("lang"):
        yield Remark(Grade.WARNING, "The page does not say its language.", "Write <html lang=...>.", "WCAG 3.1.1")
    for name in _TAKEN_OUT:
        if next(mail.tree.iter(name), None) is not None:
            yield Remark(Grade.FAULT, f"<{name}> is in it.", "Mail programs take it out: do without.", "caniemail.com")
    for element in mail.tree.iter():
        if not isinstance(element.tag, str):
            continue
        if any(name.startswith("on") for name in element.attrib):
            what = f"<{element.tag}> has a script."
            yield Remark(Grade.FAULT, what, "Mail programs take scripts out: do without.", "caniemail.com")
        style = re.sub(r"\s", "", element.get("style", "")).casefold()
        if _HIDING.search(style) and element.text_content().strip():
            words = " ".join(element.text_content().split())[:50]
            advice = "Show it or take it out: filters take hidden words for a trick."
            yield Remark(Grade.WARNING, f"“{words}” is hidden.", advice, "SpamAssassin FONT_INVIS_*")


# --- both forms ---------------------------------------------------------------------------------------------------

_ALIKE = 0.8  # of the HTML's words


def text(mail: Mail) -> list[Remark]:
    """Whether there is plain text, before the HTML, and it says the same."""
    if mail.text is None or not mail.text.strip():
        advice = "Put the text back: some read it, and filters expect it."
        return [Remark(Grade.FAULT, "There is no plain text.", advice, "SpamAssassin MIME_HTML_ONLY")]
    if mail.html is None:
        return [Remark(Grade.OK, "Plain text alone, which every mail program shows.")]
    return list(_both(mail))


def _both(mail: Mail) -> Iterator[Remark]:
    kinds = [part.get_content_type() for part in mail.parts]
    if kinds.index("text/html") < kinds.index("text/plain"):
        advice = "Put the text first: the last part that a program can show is the one it shows."
        yield Remark(Grade.FAULT, "The HTML comes before the text.", advice, "RFC 2046, 5.1.4")
    told, shown = _words(mail.text or ""), _words(_visible(mail.tree))
    absent = [word for word in shown if word not in told]
    if len(absent) > (1 - _ALIKE) * len(shown):
        share, some = ceil(100 * len(absent) / len(shown)), ", ".join(list(absent)[:8])
        advice = "Let email/digest.txt.j2 say what email/digest.html.j2 says."
        yield Remark(
            Grade.WARNING,
            f"{share} % of the HTML's words are not in the text: {some}.",
            advice,
            "SpamAssassin MPART_ALT_DIFF",
        )
    elif kinds.index("text/html") > kinds.index("text/plain"):
        yield Remark(Grade.OK, "The text comes first and says what the HTML says.")


def _visible(tree: lxml_html.HtmlElement) -> str:
    """The words of a page, those of neighbours apart."""
    skipped = {"style", "script", "title", "head"}
    pieces = [
        text
        for element in tree.iter()
        if isinstance(element.tag, str) and element.tag not in skipped
        for text in (element.text, element.tail)
        if text
    ]
    return " ".join(pieces)


def _words(said: str) -> dict[str, None]:
    """The words of a text, in their order, in one spelling."""
    return dict.fromkeys(re.findall(r"[^\W\d_]{3,}", unicodedata.normalize("NFKC", said).casefold()))


# --- lines --------------------------------------------------------------------------------------------------------

_HARD, _SOFT, _ENCODED = 998, 78, 76


def lines(mail: Mail) -> list[Remark]:
    """Whether every server on the way can pass it on as it is."""
    found = several((*_ends(mail.content), *_lengths(mail)))
    return found or [Remark(Grade.OK, "Lines are short enough for every server on the way.", rule="RFC 5322, 2.1.1")]


_RELAYS = "Servers on the way break it, and a signature with it."


def _ends(content: bytes) -> Iterator[Remark]:
    if re.search(rb"(?<!\r)\n|\r(?!\n)", content):
        yield Remark(Grade.FAULT, "A line does not end in CR LF.", _RELAYS, "RFC 5321, 2.3.8")
    if b"\0" in content:
        yield Remark(Grade.FAULT, "There is a NUL in it.", _RELAYS, "RFC 5322, 4")
    longest = max(map(len, re.split(rb"\r\n|\n|\r", content)))
    if longest > _HARD:
        what = f"A line has {longest} bytes; {_HARD} are allowed."
        yield Remark(Grade.FAULT, what, _RELAYS, "RFC 5322, 2.1.1")


def _lengths(mail: Mail) -> Iterator[Remark]:
    head = re.split(rb"\r?\n\r?\n", mail.content, maxsplit=1)[0]
    for line in re.split(rb"\r?\n", head):
        if len(line) > _SOFT and b" " in line.strip().partition(b": ")[2]:  # else there is nowhere to fold it
            name = line.partition(b":")[0].decode("ascii", "replace")[:40]
            what = f"A line of {name} has {len(line)} characters, {_SOFT} are asked for."
            yield Remark(Grade.WARNING, what, "Fold it at a space.", "RFC 5322, 2.1.1")
    for part in mail.parts:
        payload = part.get_payload()
        encoding = str(part.get("Content-Transfer-Encoding", "7bit")).casefold()
        if isinstance(payload, str) and encoding in ("quoted-printable", "base64"):
            longest = max(map(len, payload.splitlines() or [""]))
            if longest > _ENCODED:
                what = f"A line of {part.get_content_type()} has {longest} characters, {_ENCODED} are allowed."
                yield Remark(Grade.WARNING, what, "Encode it in shorter lines.", "RFC 2045, 6.7 and 6.8")


def structure(mail: Mail) -> list[Remark]:
    """Whether it can be taken apart without guessing."""
    defects = [defect for part in mail.message.walk() for defect in part.defects]
    return several(
        Remark(Grade.FAULT, f"It is not well formed: {defect.__doc__ or type(defect).__name__}", _RELAYS, "RFC 2045")
        for defect in defects
    )
