"""What the languages promise: complete catalogs, days and numbers as their readers write them, no word left behind."""

import os
import re
import subprocess
import sys
from collections import Counter
from dataclasses import replace
from datetime import date, datetime
from gettext import NullTranslations
from pathlib import Path
from string import Formatter

import pytest
from babel import Locale
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po
from lxml import html as lxml_html

from digest.errors import UsageError
from digest.model import Ground, Kind, Layout, Listing, Reason, Section
from digest.rendering import plain
from digest.rendering.cards import Setting
from digest.rendering.language import LANGUAGES, language, require, speaking
from digest.rendering.templates import Templates
from digest.rendering.view import Frame, more, view

REPOSITORY = Path(__file__).parents[2]
CATALOGS = REPOSITORY / "digest" / "locale"
TRANSLATED = [name for name in LANGUAGES if name != "en"]


# --- catalogs -----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def messages():
    with (CATALOGS / "babel.cfg").open(encoding="utf-8") as file:
        methods, options = parse_mapping_cfg(file, filename="babel.cfg")
    found = extract_from_dir(REPOSITORY, methods, options)
    return {message for _, _, message, _, _ in found}


def catalog(name):
    with (CATALOGS / name / "LC_MESSAGES" / "digest.po").open("rb") as file:
        return read_po(file, locale=name)


def placeholders(text):
    named = [name for _, name, _, _ in Formatter().parse(text) if name is not None]
    return Counter(named + re.findall(r"%\((\w+)\)s", text))


def test_there_are_these_languages():
    assert LANGUAGES == ("en", "de", "zh_Hans")


@pytest.mark.parametrize("name", TRANSLATED)
def test_a_catalog_holds_every_message_and_no_other(name, messages):
    held = {message.id for message in catalog(name) if message.id}
    assert messages - held == set(), "run `make messages` and translate what it adds"
    assert held - messages == set(), "run `make messages`: the code says this no longer"


@pytest.mark.parametrize("name", TRANSLATED)
def test_every_message_is_translated_in_every_plural_form(name):
    whole = catalog(name)
    assert not whole.obsolete
    for message in whole:
        if not message.id:
            continue
        forms = message.string if isinstance(message.id, tuple) else (message.string,)
        assert len(forms) == (whole.num_plurals if isinstance(message.id, tuple) else 1), message.id
        assert all(forms), message.id
        assert not message.fuzzy, message.id


@pytest.mark.parametrize("name", TRANSLATED)
def test_translations_fill_in_what_the_english_does(name):
    for message in catalog(name):
        if not message.id:
            continue
        if isinstance(message.id, str):
            assert placeholders(message.string) == placeholders(message.id), message.id
            continue
        one, many = map(placeholders, message.id)
        *few, last = map(placeholders, message.string)
        assert last == many, message.id
        assert all(form in (one, many) for form in few), message.id


# --- which language -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("locale", "tag", "title"),
    [
        ("", "en", "For you"),
        ("en", "en", "For you"),
        ("en_US", "en-US", "For you"),
        ("en_XX", "en", "For you"),
        ("de", "de", "Für dich"),
        ("de_AT", "de-AT", "Für dich"),
        ("de-CH", "de-CH", "Für dich"),
        ("de_XX", "de", "Für dich"),
        ("zh", "zh-Hans", "为你精选"),
        ("zh_Hans", "zh-Hans", "为你精选"),
        ("zh_CN", "zh-Hans-CN", "为你精选"),
        ("zh_SG", "zh-Hans-SG", "为你精选"),
        ("zh_Hant", "en", "For you"),  # who reads Traditional Chinese is not given Simplified
        ("zh_TW", "en", "For you"),
        ("tlh", "en", "For you"),
        ("not a locale at all", "en", "For you"),
        ("../../../etc", "en", "For you"),
    ],
)
def test_a_reader_gets_their_language_or_the_nearest_or_english(locale, tag, title):
    own = language(locale)
    assert (own.tag, own.gettext("For you"), own.direction) == (tag, title, "ltr")


def test_a_locale_has_one_language_so_that_it_can_be_a_key():
    assert language("zh") is language("zh_Hans")
    assert language("tlh") is language("en")


def test_a_language_that_is_not_there_is_named_beside_those_that_are():
    for known in ("", "de_AT", "zh", "en_GB"):
        require(known)
    with pytest.raises(UsageError, match=r'no words in "fr" yet; there are en, de, zh_Hans'):
        require("fr")


@pytest.mark.parametrize("name", ["he", "ar", "fa_IR"])
def test_a_language_that_is_written_from_the_right_says_so(name):
    own = speaking(Locale.parse(name), NullTranslations())
    assert (own.tag, own.direction) == (name.replace("_", "-"), "rtl")
    assert own.long_day(date(2026, 5, 18)) != language("en").long_day(date(2026, 5, 18))


# --- days, numbers, lists -----------------------------------------------------------------------------------------

DAY, LATER = date(2026, 5, 18), date(2027, 1, 1)


@pytest.mark.parametrize(
    ("locale", "full", "short", "plain", "with_year"),
    [
        ("en", "Monday, 18 May 2026", "Mon, 18 May", "18 May", "18 May 2026"),
        ("en_US", "Monday, May 18, 2026", "Mon, May 18", "May 18", "May 18, 2026"),
        ("de", "Montag, 18. Mai 2026", "Mo., 18. Mai", "18. Mai", "18. Mai 2026"),
        ("zh_Hans", "2026年5月18日星期一", "5月18日周一", "5月18日", "2026年5月18日"),
    ],
)
def test_days_are_written_as_their_readers_do(locale, full, short, plain, with_year):
    own = language(locale)
    assert own.long_day(DAY) == full
    assert own.short_day(DAY) == own.short_day(DAY, DAY) == short
    assert own.plain_day(DAY, DAY) == plain
    assert own.plain_day(DAY, LATER) == with_year
    assert "2026" in own.short_day(DAY, LATER)


@pytest.mark.parametrize(
    ("locale", "number", "lists"),
    [
        ("en", "1,204,567", ["", "a", "a and b", "a, b and c"]),
        ("en_US", "1,204,567", ["", "a", "a and b", "a, b, and c"]),
        ("de", "1.204.567", ["", "a", "a und b", "a, b und c"]),
        ("de_CH", "1’204’567", ["", "a", "a und b", "a, b und c"]),
        ("zh_Hans", "1,204,567", ["", "a", "a和b", "a、b和c"]),
    ],
)
def test_numbers_and_lists_are_written_as_their_readers_do(locale, number, lists):
    own = language(locale)
    assert own.number(1204567) == number
    assert (own.number(0), own.number(999)) == ("0", "999")
    assert [own.listed("abc"[:length]) for length in range(4)] == lists
    assert own.listed(["{0}", "{x}"]).count("{") == 2


@pytest.mark.parametrize(
    ("hour", "english", "german", "chinese"),
    [
        (2, "in the night to Sunday", "in der Nacht zum Sonntag", "星期日凌晨"),
        (8, "on Sunday morning", "am Sonntagmorgen", "星期日上午"),
        (14, "on Sunday afternoon", "am Sonntagnachmittag", "星期日下午"),
        (20, "on Sunday evening", "am Sonntagabend", "星期日晚上"),
        (23, "on Sunday night", "spät am Sonntagabend", "星期日深夜"),
    ],
)
def test_hours_are_said_as_people_say_them(hour, english, german, chinese):
    moment = datetime(2026, 5, 17, hour)  # noqa: DTZ001
    assert [language(name).part_of_day(moment) for name in ("en", "de", "zh_Hans")] == [english, german, chinese]


def test_nothing_follows_the_locale_or_the_time_zone_of_the_process():
    script = (
        "from datetime import date; from digest.rendering.language import language; import sys;"
        "own = language('de'); sys.stdout.buffer.write((own.long_day(date(2026, 5, 18)) + own.number(1204)).encode())"
    )
    foreign = {"LC_ALL": "zh_CN.UTF-8", "LANGUAGE": "fr", "TZ": "Mars/Olympus", "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run([sys.executable, "-c", script], env=os.environ | foreign, capture_output=True, check=False)
    assert done.stdout.decode() == "Montag, 18. Mai 20261.204", done.stderr


# --- whole digests ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("locale", "said"),
    [
        (
            "de",
            [
                "2 von 1.243 neuen Arbeiten passen; am stärksten: flow matching.",
                "Flow Matching for Generative Modeling und 2 weitere",
                (
                    "Hugging Face konnte seit heute 06:10 Uhr nicht vollständig gelesen werden (it answered 503); "
                    "die Arbeiten von dort kommen in einer späteren Ausgabe."
                ),
                (
                    "Diese Mail kommt, weil anna@example.org „Daily Papers“ abonniert hat, täglich um 07:30 Uhr "
                    "(Europe/Berlin)."
                ),
                "Übereinstimmung 4 von 5: flow matching (Titel und Kurzfassung); Autorenname Chen",
            ],
        ),
        (
            "zh",
            [
                "1,243 篇新论文中有 2 篇匹配；最相关：flow matching。",
                "Flow Matching for Generative Modeling，另有 2 篇",
                "Hugging Face 自今天 06:10 起未能完整读取（it answered 503）；其中的论文会在之后的简报中补上。",
                "你收到这封邮件，是因为 anna@example.org 订阅了 Daily Papers，每天 07:30 发送（Europe/Berlin）。",
                "匹配度 4/5：flow matching（标题和摘要）；作者 Chen",
            ],
        ),
    ],
)
def test_a_digest_speaks_its_readers_language(make, locale, said):
    missing = make.missing("hf", "it answered 503", make.now.replace(hour=4, minute=10))
    edition = make.edition(make.pick(), make.pick(), make.trending(make.listing), missing=(missing,))
    shown = view(edition, Setting({"hf": "Hugging Face"}, language(locale)), replace(FRAME, site="Daily Papers"))
    assert [
        shown.summary,
        shown.subject,
        *shown.missing,
        shown.why,
        shown.sections[0].cards[0].explanation,
    ] == said


class Bracketed(NullTranslations):
    """A language whose words can be told from everything else."""

    def gettext(self, message):
        return f"⟦{message}⟧"

    def ngettext(self, msgid1, msgid2, n):
        return f"⟦{msgid1 if n == 1 else msgid2}⟧"


FRAME = Frame(
    "ÄÖÜ", "https://1.2.3.4/", "https://1.2.3.4/1", "https://1.2.3.4/2", "https://1.2.3.4/3", "https://1.2.3.4/4"
)
GREEK = Listing(
    title="Περί ύλης",
    abstract="Η ύλη είναι αιώνια.",
    authors=tuple("ΑΒΓΔΕ"),
    url="https://1.2.3.4/5",
    pdf_url="https://1.2.3.4/6",
    code_url="https://1.2.3.4/7",
    project_url="https://1.2.3.4/8",
    discussion_url="https://1.2.3.4/9",
    comments=14,
    upvotes=42,
    version=3,
)


def editions(make):
    """One for each sort of day."""
    grounds = [
        Reason("ύλη", "title", 9.0),
        Reason("author:Δ", "authors", 8.0),
        Reason("=ύλη", "abstract", -8.0),
        *(Reason(word, "abstract", 5.0, ground=Ground.LIKED) for word in "αβ"),
        Reason("3 upvotes", "upvotes", 3.0, ground=Ground.SIGNAL),
        Reason("meaning", "text", 3.0, ground=Ground.MEANING),
    ]
    reader = make.subscriber(email="1@2.3", profile=replace(make.subscriber().profile, keywords=("ύλη",)))
    reader = replace(reader, schedule=replace(reader.schedule, timezone="+1", days=frozenset({0, 3})))
    plain = {"subscriber": reader, "read": {"α": 1204}, "problems": ("ΩΩ",) * 7}
    pick = make.pick(GREEK, reasons=tuple(grounds), kind=Kind.REVISION, source="α")
    others = [replace(pick, section=section) for section in Section if section is not Section.FOR_YOU]
    missing = tuple(make.missing(name, "Ω", make.now) for name in "αβγδεζηθικλ")
    yield make.edition(pick, *others, missing=missing, **plain)
    yield make.edition(others[0], **plain)
    yield make.edition(**plain)
    yield make.edition(**(plain | {"read": {}, "missing": missing[:1]}))


@pytest.mark.parametrize("layout", Layout)
@pytest.mark.parametrize("ending", ["txt", "md", "html"])
def test_no_word_of_ours_escapes_translation(make, layout, ending):
    own = speaking(Locale.parse("ja"), Bracketed())
    templates = Templates()
    for edition in editions(make):
        shown = view(edition, Setting({"α": "Ά", "arxiv": "Ω"}, own, layout), FRAME)
        shown = replace(shown, more=more(3, own))

        page = plain.whole(ending, shown, templates, own)
        subject = templates.render("subject.txt", own, digest=shown)
        left = re.sub(r"https?://\S+", "", f"{_visible(page, ending)} {subject}").replace("\\", "")
        while left != (left := re.sub(r"⟦[^⟦⟧]*⟧", "", left)):
            pass
        assert re.findall(r"[A-Za-z]{2,}", left) == []


def _visible(page, ending):
    """What a page says: of HTML its texts, and what is read aloud."""
    if ending != "html":
        return page
    root = lxml_html.fromstring(page)
    for unseen in root.xpath("//style | //comment()"):
        unseen.drop_tree()
    return " ".join([root.text_content(), *root.xpath("//@aria-label | //@alt | //@title")])
