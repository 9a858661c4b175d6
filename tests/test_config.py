"""A configuration is read whole, and everything wrong with it is said at once, in words that help."""

import re
import tomllib
from datetime import time, timedelta
from pathlib import Path
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from digest import config
from digest.config.settings import SECTIONS, SOURCE_KINDS
from digest.errors import ConfigError, ProfileError
from digest.model import Format, Layout, Origin

EXAMPLE = Path(__file__).parent.parent / "config.example.toml"
SOURCE = '[[sources]]\nkind = "huggingface"\n'
ARXIV = '[[sources]]\nkind = "arxiv"\n'
ANN = '[[subscribers]]\nemail = "ann@example.org"\n'


def read(text, path=Path("config.toml"), environ=None, check_keyword=None):
    return config.from_text(text, path, environ or {}, check_keyword)


def faults(text, **more):
    with pytest.raises(ConfigError) as caught:
        read(text, **more)
    return {fault.key: fault.what for fault in caught.value.faults}


# --- the file -------------------------------------------------------------------------------------------------------


def test_the_least_configuration_is_one_source():
    settings = read(SOURCE)
    assert settings.sources[0].name == "huggingface"
    assert settings.site.name == "Daily Papers"
    assert settings.mail.from_ == "Daily Papers <digest@localhost>"
    assert settings.subscribers == ()


def test_no_source_at_all_is_a_fault():
    assert "[[sources]]" in faults("")["sources"]


def test_a_file_of_another_editor_is_read_too(tmp_path):
    """A byte order mark and CRLF line ends are what Windows writes."""
    path = tmp_path / "config.toml"
    path.write_bytes(b"\xef\xbb\xbf" + SOURCE.replace("\n", "\r\n").encode())
    assert config.load(path, {}).sources[0].name == "huggingface"


@pytest.mark.parametrize(
    ("text", "key", "words"),
    [
        ('[site]\nname = "a\n', "line 2", "Illegal character"),
        ("[site\n", "line 1", "Expected ']'"),
        ("a = 1\na = 2\n", "line 2", "overwrite"),
        ('keywords = [""flow matching"^3"]', "line 1", "single quotes"),
    ],
)
def test_a_syntax_error_names_its_line(text, key, words):
    assert words in faults(text)[key]


def test_a_syntax_error_does_not_repeat_a_password():
    assert "hunter2" not in str(faults('[smtp]\npassword = "hunter2\n'))


def test_a_file_in_another_encoding_names_the_line(tmp_path):
    path = tmp_path / "config.toml"
    path.write_bytes('[site]\nname = "Zürich"\n'.encode("latin-1"))
    with pytest.raises(ConfigError, match="line 2: is not UTF-8"):
        config.load(path, {})


@pytest.mark.parametrize("name", ["missing.toml", "."])
def test_a_file_that_cannot_be_read_is_a_fault(tmp_path, name):
    with pytest.raises(ConfigError, match=r"not (found|readable)"):
        config.load(tmp_path / name, {})


# --- finding it -----------------------------------------------------------------------------------------------------


def test_the_file_in_the_working_folder_goes_before_the_users_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    own = tmp_path / "xdg" / "digest" / "config.toml"
    own.parent.mkdir(parents=True)
    own.touch()
    environ = {"XDG_CONFIG_HOME": str(tmp_path / "xdg")}
    assert config.find(None, environ) == own
    Path("config.toml").touch()
    assert config.find(None, environ) == Path("config.toml")
    assert config.find(own, environ) == own


def test_without_a_folder_of_configurations_it_is_in_the_home(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    own = tmp_path / ".config" / "digest" / "config.toml"
    own.parent.mkdir(parents=True)
    own.touch()
    assert config.find(None, {"HOME": str(tmp_path), "XDG_CONFIG_HOME": "relative"}) == own


def test_no_file_anywhere_says_where_it_looked_and_what_to_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ConfigError) as caught:
        config.find(None, {"HOME": str(tmp_path)})
    assert f"{tmp_path}/.config/digest/config.toml" in str(caught.value)
    assert "digest init" in str(caught.value)
    with pytest.raises(ConfigError, match=r"mine\.toml"):
        config.find(Path("mine.toml"), {})


# --- keys -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "key", "words"),
    [
        ("[smtp]\nprot = 25\n", "smtp.prot", 'unknown key; did you mean "port"?'),
        ("[smtp]\nqqq = 25\n", "smtp.qqq", "known here: auth, chaining, host, kind"),
        ('[mail]\nfrom_ = "a@example.org"\n', "mail.from_", 'did you mean "from"?'),
        ("[smpt]\n", "smpt", 'did you mean "smtp"?'),
        ('host = "x"\n', "host", "belongs below [smtp]"),
        ("whatever = 1\n", "whatever", "unknown key"),
        ("smtp = 3\n", "smtp", "must be a table"),
        ("[[smtp]]\n", "smtp", "one pair of brackets"),
        ('subscribers = "ann@example.org"\n', "subscribers", "two pairs of brackets"),
        ("subscribers = [3]\n", "subscribers[0]", "must be a table, not 3"),
        (ANN + "sned_at = 1\n", "subscribers[0].sned_at (ann@example.org)", 'did you mean "send_at"?'),
    ],
)
def test_an_unknown_key_says_what_was_meant(text, key, words):
    document = text + SOURCE if text.startswith(("[", "#")) else text + "\n" + SOURCE
    assert words in faults(document)[key]


def test_sources_in_one_pair_of_brackets_are_said_once():
    assert list(faults('[sources]\nkind = "arxiv"\n')) == ["sources"]


@pytest.mark.parametrize(
    ("text", "key", "words"),
    [
        ("[smtp]\nport = true\n", "smtp.port", "must be a number, not true"),
        ('[smtp]\nport = "abc"\n', "smtp.port", 'must be a whole number, not "abc"'),
        ("[smtp]\nport = 0\n", "smtp.port", "must be 1 or more, not 0"),
        ("[smtp]\nport = 70000\n", "smtp.port", "must be 65535 or less, not 70000"),
        ("[smtp]\ntimeout = nan\n", "smtp.timeout", "must be 1 or more, not nan"),
        ('[smtp]\nsecurity = "ssl"\n', "smtp.security", 'must be "starttls", "tls" or "none", not "ssl"'),
        ("[smtp]\npath = 3\n", "smtp.path", "must be a path in quotes"),
        ("[site]\nname = 5\n", "site.name", 'must be text in quotes, like "this", not 5'),
        ('[site]\nname = ""\n', "site.name", "must not be empty"),
        ('[site]\nname = "=?utf-8?q?x=0D=0ABcc?="\n', "site.name", 'must not hold "=?"'),
        ('[site]\nname = "a\\nBcc: b"\n', "site.name", "one line of plain text"),
        ('[site]\nurl = "papers.example.org"\n', "site.url", "begins with https://"),
        ('[site]\nurl = "https://papers.example.org/?a=b"\n', "site.url", "without ? or #"),
        ('[site]\nurl = "https://papers.example.org:port"\n', "site.url", "begins with https://"),
        ('[site]\ncontact = "me"\n', "site.contact", "not a web address"),
        ('[site]\ntemplates_dir = "nowhere"\n', "site.templates_dir", "no folder"),
        ('[site]\nlocale = ""\n', "site.locale", "is not a language like"),
        ('[site]\nlocale = "de_DE.UTF-8"\n', "site.locale", 'did you mean "de_DE"?'),
        (
            '[site]\ntheme = "../journal"\n',
            "site.theme",
            'is not the name of a theme: small letters and digits, like "j',
        ),
        ('[site]\nimages = "perhaps"\n', "site.images", "must be true or false"),
        ('[mail]\nfrom = "nobody"\n', "mail.from", "is not an e-mail address"),
        ('[mail]\nfrom = "A <a@x.org>, B <b@x.org>"\n', "mail.from", "is not one address"),
        ('[mail]\nfrom = "Lab, Papers <a@x.org>"\n', "mail.from", "quotes of its own"),
        ('[mail]\nlist_id = "<papers"\n', "mail.list_id", "not a list id"),
        ('[store]\nurl = "postgres://h/db"\n', "store.url", 'write "postgresql://"'),
        ('[store]\nurl = "sqlite://digest.db"\n', "store.url", '"sqlite:///digest.db"'),
        ('[store]\nurl = "digest.db"\n', "store.url", "must be like"),
        ('[delivery]\non_unknown = "retry"\n', "delivery.on_unknown", '"resend" or "hold"'),
        ('[ranking]\nranker = ""\n', "ranking.ranker", "must not be empty"),
        ("[ranking]\nsemantic_share = 1.5\n", "ranking.semantic_share", "must be 1 or less, not 1.5"),
        ('[ranking]\nsemantic_model = "nowhere"\n', "ranking.semantic_model", "nowhere; nothing is downloaded"),
        ("semantic_share = 0.1\n", "semantic_share", "belongs below [ranking]"),
        (ANN + 'send_empty = "perhaps"\n', "subscribers[0].send_empty (ann@example.org)", "must be true or false"),
        (ANN + "keywords = [1]\n", "subscribers[0].keywords[0] (ann@example.org)", "must be text in quotes"),
        (ANN + 'keywords = "x"\n', "subscribers[0].keywords (ann@example.org)", 'must be a list, like ["one", "two"]'),
    ],
)
def test_a_value_of_the_wrong_kind_says_what_is_wanted_and_what_was_given(text, key, words):
    found = faults(text + SOURCE)
    assert words in found[key]
    assert len(found) == 1


def test_every_fault_is_reported_at_once():
    text = (
        '[smtp]\nprot = 1\nport = "x"\nsecurity = "x"\nkind = "files"\n[sight]\n'
        '[[sources]]\nkind = "arxvi"\n[[sources]]\nkind = "feed"\n'
        + ANN
        + 'timezone = "Mars"\nsources = ["nope"]\n'
        + ANN
    )
    assert set(faults(text, environ={"DIGEST_SMTP__HSOT": "x"})) == {
        "smtp.prot",
        "smtp.port",
        "smtp.path",
        "smtp.security",
        "sight",
        "DIGEST_SMTP__HSOT",
        "sources[0].kind",
        "sources[1].name (feed)",
        "sources[1].url (feed)",
        "subscribers[0].timezone (ann@example.org)",
        "subscribers[0].sources[0] (ann@example.org)",
        "subscribers[1].email",
    }


# --- secrets and mail -----------------------------------------------------------------------------------------------

LOGIN = '[smtp]\nhost = "smtp.example.org"\nusername = "u"\n'


def test_a_password_comes_from_a_file_beside_the_configuration(tmp_path):
    (tmp_path / "secret").write_text("hunter2\n")
    settings = read(LOGIN + 'password_file = "secret"\n' + SOURCE, tmp_path / "config.toml")
    assert settings.smtp.password.get_secret_value() == "hunter2"
    assert "hunter2" not in repr(settings)


def test_the_environment_goes_before_the_files(tmp_path):
    settings = read(
        LOGIN + 'password_file = "gone"\n' + SOURCE,
        environ={"DIGEST_SMTP__PASSWORD": "pa ss", "DIGEST_SMTP__PORT": "2525", "DIGEST_MAIL__FROM": "a@example.org"},
    )
    assert settings.smtp.password.get_secret_value() == "pa ss"
    assert settings.smtp.effective_port == 2525
    assert settings.mail.from_ == "a@example.org"


def test_a_password_file_from_the_environment_is_read(tmp_path):
    (tmp_path / "secret").write_text("hunter2")
    settings = read(LOGIN + SOURCE, environ={"DIGEST_SMTP__PASSWORD_FILE": str(tmp_path / "secret")})
    assert settings.smtp.password.get_secret_value() == "hunter2"


@pytest.mark.parametrize(
    ("content", "words"), [(None, "No such file"), ("\n", "is empty"), (b"\xff\xfe", "it is not text")]
)
def test_a_password_file_that_holds_none_is_a_fault(tmp_path, content, words):
    if content is not None:
        (tmp_path / "secret").write_bytes(content.encode() if isinstance(content, str) else content)
    found = faults(LOGIN + 'password_file = "secret"\n' + SOURCE, path=tmp_path / "config.toml")
    assert words in found["smtp.password_file"]
    assert len(found) == 1


@pytest.mark.parametrize(
    ("text", "key", "words"),
    [
        (LOGIN, "smtp.password", "no password"),
        ('[smtp]\npassword = "hunter2"\n', "smtp.password", "no username"),
        ('[smtp]\nauth = "xoauth2"\n', "smtp.password", "needs a username"),
        (LOGIN + 'password = "hunter2"\nsecurity = "none"\n', "smtp.password", "in the clear"),
        (LOGIN + "password = 7777777\n", "smtp.password", "must be text"),
        (LOGIN + 'password = "hunter2"\npassword_file = "x"\n', "smtp.password_file", "keep one"),
        ('[smtp]\nkind = "files"\n', "smtp.path", "needs a path"),
        ('[smtp]\nkind = "mbox"\n', "smtp.kind", '"maildir" or "files"'),
    ],
)
def test_mail_settings_that_do_not_fit_together_are_faults_without_the_secret(text, key, words):
    found = faults(text + SOURCE)
    assert words in found[key]
    assert not re.search("hunter2|7777777", str(found))


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.9.9.9", "::1", "mail.localhost"])
def test_a_password_may_go_in_the_clear_to_this_machine(host):
    settings = read(f'[smtp]\nhost = "{host}"\nusername="u"\npassword="p"\nsecurity="none"\n{SOURCE}')
    assert settings.smtp.effective_port == 25


def test_a_login_inside_a_url_is_not_repeated():
    found = faults('[store]\nurl = "postgresql+x://u:hunter2@h/db"\n' + SOURCE.replace("sources", "sorces"))
    found |= faults(SOURCE + 'url = "htp://u:hunter2@h/"\n')
    assert "hunter2" not in str(found)


@pytest.mark.parametrize(("security", "port"), [("starttls", 587), ("tls", 465), ("none", 25)])
def test_the_port_follows_the_security(security, port):
    assert read(f'[smtp]\nsecurity = "{security}"\n{SOURCE}').smtp.effective_port == port


@pytest.mark.parametrize(
    ("variable", "words"),
    [
        ("DIGEST_SMTP__PROT", 'did you mean "port"?'),
        ("DIGEST_SMPT__PORT", 'did you mean "DIGEST_SMTP__PORT"?'),
        ("DIGEST_SMTP_PASSWORD", 'did you mean "DIGEST_SMTP__PASSWORD"?'),
        ("DIGEST_SOURCES__0__NAME", "in the file only"),
        ("DIGEST_SMTP__PORT", 'must be a whole number, not "secret"'),
    ],
)
def test_a_variable_that_cannot_be_meant_is_a_fault(variable, words):
    assert words in faults(SOURCE, environ={variable: "secret"})[variable]


def test_other_variables_and_empty_ones_are_left_alone():
    environ = {"DIGEST_CONFIG": "x", "DIGEST_SMTP__PORT": "", "XDG_CONFIG_HOME": "y", "DIGESTIVE__X": "z"}
    assert read(SOURCE, environ=environ).smtp.port is None


@pytest.mark.parametrize(
    "mailbox",
    [
        "digest@example.org",
        "Daily Papers <digest@example.org>",
        '"Lab, Papers" <digest@example.org>',
        "Käfer <digest@localhost>",
        "Papers <digest@lab.local>",
    ],
)
def test_mail_may_come_from_any_one_address(mailbox):
    assert read(f"[mail]\nfrom = '{mailbox}'\n{SOURCE}").mail.from_ == mailbox


# --- signing --------------------------------------------------------------------------------------------------------

LAB = '[mail]\nfrom = "Papers <digest@papers.lab.org>"\n[dkim]\n'


def test_nothing_is_signed_without_a_key():
    assert read(SOURCE).dkim.key_file is None


def test_the_signing_key_is_beside_the_file(tmp_path):
    dkim = read(LAB + 'key_file = "dkim.pem"\nselector = "May26.Digest"\n' + SOURCE, tmp_path / "config.toml").dkim
    assert dkim.key_file == tmp_path / "dkim.pem"
    assert dkim.selector == "may26.digest"


@pytest.mark.parametrize("domain", ["papers.lab.org", "Lab.org.", "lab.org"])
def test_the_signing_domain_is_the_senders_or_above_it(domain):
    assert read(f'{LAB}domain = "{domain}"\n{SOURCE}').dkim.domain == domain.lower().rstrip(".")


def test_domains_are_as_dns_has_them():
    settings = read(f'[mail]\nfrom = "digest@Käfer.example.org"\n[dkim]\ndomain = "käfer.example.org"\n{SOURCE}')
    assert settings.dkim.domain == settings.sender_domain == "xn--kfer-loa.example.org"


@pytest.mark.parametrize(
    ("line", "key", "words"),
    [
        ('domain = "other.org"', "domain", '"other.org" must be papers.lab.org, the domain of mail.from, or above it'),
        ('domain = "s.lab.org"', "domain", "or above it"),
        ('domain = "b.org"', "domain", "or above it"),
        ('domain = "lab..org"', "domain", 'not a domain like "example.org"'),
        ('selector = ""', "selector", "letters, digits, hyphens and dots"),
        ('selector = "a b"', "selector", "letters, digits, hyphens and dots"),
        ('selector = "a;b"', "selector", "letters, digits, hyphens and dots"),
        ('selector = "-a"', "selector", "letters, digits, hyphens and dots"),
        ('selector = "x"\ned25519_selector = "X"', "ed25519_selector", "a DNS record of its own"),
        ('ed25519_key_file = "e.pem"', "ed25519_key_file", "needs a key_file beside it"),
        ('key_flie = "e.pem"', "key_flie", 'did you mean "key_file"?'),
    ],
)
def test_a_signature_that_could_not_be_verified_is_a_fault(line, key, words):
    found = faults(f"{LAB}{line}\n{SOURCE}")
    assert words in found[f"dkim.{key}"]
    assert len(found) == 1


# --- places ---------------------------------------------------------------------------------------------------------


def test_relative_places_are_beside_the_file(tmp_path):
    (tmp_path / "t").mkdir()
    settings = read(
        '[site]\nnote_file = "note.md"\ntemplates_dir = "t"\n[smtp]\nkind = "files"\npath = "out"\n' + SOURCE,
        tmp_path / "config.toml",
    )
    assert settings.site.note_file == tmp_path / "note.md"
    assert settings.site.templates_dir == tmp_path / "t"
    assert settings.smtp.folder == tmp_path / "out"
    assert settings.store.url == f"sqlite:///{tmp_path}/digest.db"


@pytest.mark.parametrize(
    "url", ["sqlite:////var/lib/digest.db", "sqlite:///:memory:", "postgresql+psycopg://u:p@h/db", "postgresql:///db"]
)
def test_other_databases_are_left_as_they_are(url):
    assert read(f'[store]\nurl = "{url}"\n{SOURCE}').store.url == url


@pytest.mark.parametrize(
    ("written", "locale"),
    [
        ("de", "de"),
        ("DE", "de"),
        (" en-gb ", "en_GB"),
        ("en_GB", "en_GB"),
        ("zh-Hans", "zh_Hans"),
        ("zh_hant_tw", "zh_Hant_TW"),
        ("es-419", "es_419"),
        ("haw", "haw"),
    ],
)
def test_a_language_is_spelled_one_way_however_it_is_written(written, locale):
    settings = read(f'[site]\nlocale = "{written}"\n{SOURCE}{ANN}locale = "{written}"\n')
    assert (settings.site.locale, settings.subscribers[0].locale) == (locale, locale)


def test_a_subscriber_without_a_language_has_that_of_the_site():
    assert read(SOURCE + ANN + 'locale = " "\n').subscribers[0].subscriber().locale == ""


def test_how_the_mail_looks_can_be_said_for_all():
    site = read(f'[site]\ntheme = "two-columns"\nimages = true\n{SOURCE}').site
    assert (site.theme, site.images) == ("two-columns", True)
    assert read(SOURCE, environ={"DIGEST_SITE__IMAGES": "true"}).site.images


def test_a_base_url_has_no_slash_at_its_end():
    assert read(f'[site]\nurl = "https://x.org/papers/"\n{SOURCE}').site.url == "https://x.org/papers"


@pytest.mark.parametrize("contact", ["me@example.org", "https://example.org/@me"])
def test_a_contact_is_an_address_or_a_page(contact):
    assert read(f'[site]\ncontact = "{contact}"\n{SOURCE}').site.contact == contact


# --- sources --------------------------------------------------------------------------------------------------------


def test_each_kind_of_source_has_its_own_name_and_pace():
    settings = read(
        ARXIV + 'categories = ["cs.CL"]\n' + SOURCE + '[[sources]]\nkind = "biorxiv"\n'
        '[[sources]]\nkind = "biorxiv"\nserver = "medrxiv"\n'
        '[[sources]]\nkind = "feed"\nname = "JMLR"\nurl = "https://jmlr.org/jmlr.xml"\nschedule = "1d"\n'
    )
    assert [(s.name, s.every) for s in settings.sources] == [
        ("arxiv", timedelta(hours=1)),
        ("huggingface", timedelta(hours=1)),
        ("biorxiv", timedelta(hours=6)),
        ("medrxiv", timedelta(hours=6)),
        ("JMLR", timedelta(days=1)),
    ]


@pytest.mark.parametrize(
    "category",
    ["cs.CL", "math.AG", "hep-th", "q-bio.NC", "stat.ML", "cs", "cond-mat.str-el", "physics.optics", "quant-ph"],
)
def test_arxiv_categories_are_known_by_their_shape(category):
    assert read(f'{ARXIV}categories = ["{category}"]\n').sources[0].categories == (category,)


@pytest.mark.parametrize(
    ("category", "words"),
    [
        ("cs.cl", 'did you mean "cs.CL"?'),
        ("CS.CL", 'did you mean "cs.CL"?'),
        ("cs.*", 'did you mean "cs"?'),
        ("cond-mat.*", 'did you mean "cond-mat"?'),
        ("machine learning", 'like "cs.CL"'),
        ("", 'like "cs.CL"'),
    ],
)
def test_what_is_no_arxiv_category_says_what_is(category, words):
    assert words in faults(f'{ARXIV}categories = ["{category}"]\n')["sources[0].categories[0] (arxiv)"]


@pytest.mark.parametrize(
    ("text", "key", "words"),
    [
        (ARXIV, "sources[0].categories (arxiv)", "is required"),
        (ARXIV + "categories = []\n", "sources[0].categories (arxiv)", "at least one"),
        (ARXIV + 'categories = "cs.CL"\n', "sources[0].categories (arxiv)", "must be a list"),
        ('[[sources]]\nkind = "arxvi"\n', "sources[0].kind", 'did you mean "arxiv"?'),
        ('[[sources]]\nname = "x"\n', "sources[0].kind", '"biorxiv" or "feed"'),
        ("[[sources]]\nkind = []\n", "sources[0].kind", "an empty list is no kind of source"),
        (SOURCE + 'schedule = "10s"\n', "sources[0].schedule (huggingface)", "between"),
        (SOURCE + 'schedule = "hourly"\n', "sources[0].schedule (huggingface)", '"30m", "6h" or "1d"'),
        (SOURCE + 'schedule = "999999d"\n', "sources[0].schedule (huggingface)", "between"),
        (SOURCE + "schedule = 60\n", "sources[0].schedule (huggingface)", "must be text"),
        (SOURCE + SOURCE, "sources[1].name", '"huggingface" is the name of sources[0]'),
        ('[[sources]]\nkind = "biorxiv"\nserver = "arxiv"\n', "sources[0].server (biorxiv)", '"medrxiv"'),
        (
            '[[sources]]\nkind = "feed"\nname = "J"\nurl = "file:///etc/passwd"\n',
            "sources[0].url (J)",
            "not a web address",
        ),
    ],
)
def test_a_source_that_cannot_be_used_says_why(text, key, words):
    found = faults(text)
    assert words in found[key]
    assert len(found) == 1


# --- subscribers ----------------------------------------------------------------------------------------------------


def test_a_subscriber_in_full():
    settings = read(
        SOURCE
        + ANN
        + """name = "Ann"
        keywords = ['"flow matching"^3', "-survey"]
        categories = ["cs.*", "neuroscience"]
        sources = ["huggingface"]
        timezone = "Europe/Zurich"
        send_at = 06:15:00
        days = ["Mon", "friday"]
        max_papers = 5
        max_trending = 0
        min_match = 12.5
        max_per_term = 3
        diversity = 1
        signals = true
        format = "text"
        layout = "compact"
        locale = "de-CH"
        send_empty = false
        """
    )
    ann = settings.subscribers[0].subscriber()
    assert ann.origin is Origin.FILE
    assert ann.email == "ann@example.org"
    assert ann.profile.keywords == ('"flow matching"^3', "-survey")
    assert ann.profile.categories == ("cs.*", "neuroscience")
    assert ann.profile.sources == ("huggingface",)
    assert (ann.profile.max_papers, ann.profile.max_trending) == (5, 0)
    assert (ann.profile.min_match, ann.profile.max_per_term) == (12.5, 3)
    assert (ann.profile.diversity, ann.profile.signals) == (1.0, True)
    assert (ann.schedule.timezone, ann.schedule.send_at, ann.schedule.days) == ("Europe/Zurich", time(6, 15), {0, 4})
    assert (ann.format, ann.send_empty, ann.name) == (Format.TEXT, False, "Ann")
    assert (ann.layout, ann.locale) == (Layout.COMPACT, "de_CH")


@pytest.mark.parametrize(
    ("line", "key", "words"),
    [
        ('timezone = "Zurich"', "timezone", 'did you mean "Europe/Zurich"?'),
        ('timezone = "europe/zurich"', "timezone", 'did you mean "Europe/Zurich"?'),
        ('timezone = "new york"', "timezone", 'did you mean "America/New_York"?'),
        ('timezone = "../../etc/passwd"', "timezone", "is not a time zone"),
        ('timezone = "Europe"', "timezone", "is not a time zone"),
        ('send_at = "24:00"', "send_at", 'like "07:30", not "24:00"'),
        ('send_at = "07:60"', "send_at", 'like "07:30"'),
        ("send_at = 730", "send_at", 'like "07:30", not 730'),
        ("send_at = 07:30:15", "send_at", 'like "07:30", not 07:30:15'),
        ("days = []", "days", "at least one day"),
        ('days = ["tusday"]', "days", 'did you mean "tuesday"?'),
        ("days = [1]", "days", "1 is not a day"),
        ('days = "mon"', "days", "must be a list"),
        ("max_papers = 201", "max_papers", "200 or less"),
        ("max_trending = -1", "max_trending", "0 or more"),
        ("min_match = 101", "min_match", "must be 100 or less, not 101"),
        ("min_match = -0.5", "min_match", "must be 0 or more, not -0.5"),
        ("min_match = nan", "min_match", "must be 0 or more, not nan"),
        ("min_match = true", "min_match", "must be a number, not true"),
        ('min_match = "much"', "min_match", "must be a number"),
        ("max_per_term = -1", "max_per_term", "must be 0 or more, not -1"),
        ("max_per_term = 1.5", "max_per_term", "must be a whole number, not 1.5"),
        ("diversity = 30", "diversity", "must be 1 or less, not 30"),
        ("diversity = -inf", "diversity", "must be 0 or more"),
        ("signals = 2", "signals", "must be true or false, not 2"),
        ("min_macth = 10", "min_macth", 'did you mean "min_match"?'),
        ('format = "md"', "format", '"text" or "markdown"'),
        ('layout = "brief"', "layout", 'must be "cards", "compact" or "full", not "brief"'),
        ('locale = "German"', "locale", '"German" is not a language like "de"'),
        ('categories = ["cs.cl"]', "categories[0]", 'did you mean "cs.CL"?'),
        ('sources = ["hugingface"]', "sources[0]", 'did you mean "huggingface"?'),
    ],
)
def test_a_subscribers_slip_is_named_with_the_address(line, key, words):
    found = faults(SOURCE + ANN + line + "\n")
    assert words in found[f"subscribers[0].{key} (ann@example.org)"]
    assert len(found) == 1


@pytest.mark.parametrize("email", ["ann", "ann@", "a b@example.org", "ann@example..org", "ann@exa_mple.org\\n"])
def test_what_is_no_address_is_a_fault(email):
    assert "is not an e-mail address" in str(faults(f'{SOURCE}[[subscribers]]\nemail = "{email}"\n'))


@pytest.mark.parametrize(
    ("written", "read_as"),
    [
        (" Ann@Example.ORG ", "Ann@example.org"),
        ("ann@xn--mnchen-3ya.de", "ann@münchen.de"),
        ("käthe@example.org", "käthe@example.org"),
        ("ann@lab.local", "ann@lab.local"),
        ("root@localhost", "root@localhost"),
    ],
)
def test_an_address_may_be_of_any_script_and_of_any_network(written, read_as):
    text = f'{SOURCE}[[subscribers]]\nemail = "{written}"\n'
    assert read(text).subscribers[0].email == read_as


def test_one_address_twice_is_a_fault_that_names_both():
    found = faults(SOURCE + ANN + ANN.replace("ann@", "Ann@"))
    assert found == {"subscribers[1].email": "Ann@example.org is in subscribers[0], too; an address is one subscriber"}


def test_a_keyword_that_cannot_be_read_shows_where():
    def check(line):
        raise ProfileError(line, 2, "this quote is never closed")

    found = faults(SOURCE + ANN + "keywords = ['a \"b']\n", check_keyword=check)
    assert found["subscribers[0].keywords[0] (ann@example.org)"].endswith('closed\n    a "b\n      ^')


def test_a_subscriber_may_name_a_source_that_has_faults_of_its_own():
    found = faults(ARXIV + ANN + 'sources = ["arxiv"]\n')
    assert list(found) == ["sources[0].categories (arxiv)"]


# --- whatever comes -------------------------------------------------------------------------------------------------

_SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=9), st.times(), st.dates())
_VALUES = st.recursive(
    _SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3)
)


@given(
    table=st.dictionaries(
        st.sampled_from(["email", *config.SubscriberSettings.model_fields]) | st.text(max_size=5), _VALUES, max_size=6
    )
)
def test_any_table_is_a_subscriber_or_has_faults(table):
    entry, found = config.read_subscriber(table, ["arxiv"])
    assert (entry is None) == bool(found)
    assert all(fault.what and "pydantic" not in fault.what for fault in found)


# --- the example ----------------------------------------------------------------------------------------------------


def _every_example() -> str:
    """The example with its commented keys and tables switched on."""
    return re.sub(r"^# (?=\w+ = |\[\[\w+\]\]$)", "", EXAMPLE.read_text(encoding="utf-8"), flags=re.MULTILINE)


def _keys(model: type[BaseModel]) -> set[str]:
    return {field.alias or name for name, field in model.model_fields.items()}


def test_the_example_loads_as_it_is():
    settings = config.load(EXAMPLE, {})
    assert [source.name for source in settings.sources] == ["arxiv", "huggingface"]
    assert settings.subscribers[0].email == "you@example.org"


def test_the_example_is_complete():
    """Every key of every table is in it, and nothing else."""
    document = tomllib.loads(_every_example())
    assert document.keys() == config.Settings.model_fields.keys()
    for name, model in SECTIONS.items():
        assert document[name].keys() == _keys(model)
    shown = {table["kind"]: table.keys() for table in document["sources"]}
    assert shown == {kind: _keys(model) for kind, model in SOURCE_KINDS.items()}
    assert {model.model_fields["kind"].annotation for model in SOURCE_KINDS.values()} == {
        model.model_fields["kind"].annotation for model in get_args(config.SourceSettings)
    }
    assert document["subscribers"][0].keys() == _keys(config.SubscriberSettings)


def test_what_the_example_switches_off_is_right_too(tmp_path):
    for folder in ("templates", "models/all-minilm-l6-v2"):
        (tmp_path / folder).mkdir(parents=True)
    text = re.sub(r"^password_file = .*$", "", _every_example(), flags=re.MULTILINE)
    assert len(read(text, tmp_path / "config.toml").sources) == 4


def test_what_the_example_switches_on_is_the_default(tmp_path):
    path = tmp_path / "config.toml"
    example = read(EXAMPLE.read_text(encoding="utf-8"), path)
    least = read(SOURCE + ANN, path)
    assert {name: getattr(example, name) for name in SECTIONS} == {name: getattr(least, name) for name in SECTIONS}
    written, plain = example.subscribers[0].model_dump(), least.subscribers[0].model_dump()
    assert {key for key in plain if written[key] != plain[key]} == {"email", "keywords"}
