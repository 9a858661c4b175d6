import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from digest.errors import TemplateError
from digest.rendering.language import language
from digest.rendering.templates import Templates, built_in

REPOSITORY = Path(__file__).parent.parent.parent


@pytest.fixture
def own(tmp_path):
    (tmp_path / "email").mkdir()

    def write(name: str, source: str) -> Path:
        (tmp_path / "email" / name).write_text(source, encoding="utf-8")
        return tmp_path

    return write


def test_an_operators_file_takes_the_place_of_one_and_leaves_the_others(make, own):
    folder = own("footer.html.j2", '<tr><td class="cell">Ours: {{ digest.stop.url }}</td></tr>')
    bodies = make.renderer(templates_dir=folder).bodies(make.edition(make.pick()))
    assert "Ours: https://papers.example.org/unsubscribe/7-" in bodies.html
    assert "Read for you" not in bodies.html
    assert "Flow Matching for" in bodies.html
    assert "Read for you" in bodies.text


def test_a_name_that_is_not_there_is_named_with_template_and_line(make, own):
    folder = own("card.html.j2", "<tr><td>\n{{ card.title }}\n{{ card.titel }}</td></tr>")
    with pytest.raises(TemplateError, match=r"card\.html\.j2, line 3: 'Card object' has no attribute 'titel'"):
        make.renderer(templates_dir=folder).bodies(make.edition(make.pick()))


def test_an_undefined_variable_is_named_with_template_and_line(make, own):
    folder = own("subject.txt.j2", "\n{{ headline }}")
    with pytest.raises(TemplateError, match=r"subject\.txt\.j2, line 2: 'headline' is undefined"):
        make.renderer(templates_dir=folder).bodies(make.edition())


@pytest.mark.parametrize(
    ("source", "what"),
    [
        ("a\n{% if %}", r"subject\.txt\.j2, line 2: Expected an expression"),
        ("a\n{% for x in digest.reads %}", r"subject\.txt\.j2, line 2: Unexpected end of template"),
        ("{{ 1 | nosuch }}", r"subject\.txt\.j2, line 1: No filter named 'nosuch'"),
        ("{% include 'email/gone.j2' %}", r"subject\.txt\.j2, line 1: there is no template email/gone\.j2"),
        ("\n\n{{ 1 / 0 }}", r"subject\.txt\.j2, line 3: ZeroDivisionError"),
        ("{{ digest.__class__ }}", r"subject\.txt\.j2, line 1: .*unsafe"),
        ("{{ ''.__class__.__mro__ }}", r"subject\.txt\.j2, line 1: .*unsafe"),
        ("{{ digest.count.append(1) }}", r"subject\.txt\.j2, line 1: .*no attribute 'append'"),
    ],
)
def test_every_fault_of_a_template_says_where_it_is(make, own, source, what):
    folder = own("subject.txt.j2", source)
    with pytest.raises(TemplateError, match=what):
        make.renderer(templates_dir=folder).bodies(make.edition())


@pytest.mark.parametrize(
    ("name", "source"),
    [
        ("digest.html.j2", ""),
        ("digest.html.j2", "<!-- {{ digest.summary }} -->"),
        ("style.css.j2", r".\31 0 { margin: 0 }"),
    ],
)
def test_a_page_that_styles_cannot_be_written_into_is_told_with_its_template(make, own, name, source):
    with pytest.raises(TemplateError, match=r"digest\.html\.j2: the styles cannot be written into the elements"):
        make.renderer(templates_dir=own(name, source)).message(make.edition(make.pick()))


@pytest.mark.parametrize(
    ("odd", "said"),
    [
        ("{{ digest.read - digest.count }}", "1242"),
        ("{{ 2000 - digest.read }}", "757"),
        (
            "{{ digest.read // 10 }} {{ digest.read / 1 }} {{ digest.count ** 2 }} {{ 2 ** digest.count }}",
            "124 1243.0 1 2",
        ),
        ("{{ {digest.count: 'one'}[1] }}", "one"),
    ],
)
def test_what_is_computed_with_what_differs_is_right(make, own, odd, said):
    folder = own("subject.txt.j2", odd)
    own("digest.txt.j2", odd)
    bodies = make.renderer(templates_dir=folder).bodies(make.edition(make.pick()))
    assert (bodies.subject, bodies.text) == (said, f"{said}\n")


def test_an_operators_html_is_escaped_too(make, own):
    folder = own("card.html.j2", "<tr><td>{{ card.title }}</td></tr>")
    listing = make.listing.__class__(title="<script>alert(1)</script>")
    html = make.renderer(templates_dir=folder).bodies(make.edition(make.pick(listing))).html
    assert "<script" not in html
    assert "&lt;script&gt;" in html


def test_an_operators_subject_cannot_make_headers(make, own):
    folder = own("subject.txt.j2", "Hello\nBcc: someone@example.org\n=?utf-8?q?x?=")
    email = make.renderer(templates_dir=folder).email(make.edition())
    assert email["Subject"] == "Hello Bcc: someone@example.org = ?utf-8?q?x?="
    assert "Bcc" not in email


def test_templates_are_found_in_a_checkout_and_in_an_installed_package(tmp_path):
    assert built_in(REPOSITORY / "digest") == REPOSITORY / "templates"
    installed = tmp_path / "site-packages" / "digest"
    (installed / "templates" / "email").mkdir(parents=True)
    (tmp_path / "site-packages" / "templates" / "email").mkdir(parents=True)
    assert built_in(installed) == installed / "templates"
    with pytest.raises(TemplateError, match="install the package again"):
        built_in(tmp_path / "nowhere" / "digest")


def test_an_installed_package_renders_with_the_templates_inside_it(tmp_path):
    shutil.copytree(REPOSITORY / "digest", tmp_path / "digest", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(REPOSITORY / "templates", tmp_path / "digest" / "templates")
    script = (
        "from digest.rendering.templates import Templates; from types import SimpleNamespace as N;"
        "print(Templates().render('subject.txt', digest=N(subject='Monday: no new papers')))"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", script],
        cwd=tmp_path,
        env={"PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.strip() == "Monday: no new papers", done.stderr


# --- what a template must not reach -----------------------------------------------------------------------------------

ESCAPES = [
    "{{ digest.__class__ }}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ digest['__class__'] }}",
    "{{ digest | attr('__class__') }}",
    "{{ digest.__init__.__globals__ }}",
    "{{ digest.__dataclass_fields__ }}",
    "{{ cycler.__init__.__globals__.os }}",
    "{{ joiner.__init__.__globals__ }}",
    "{{ namespace.__init__ }}",
    "{{ lipsum.__globals__['os'].popen('id').read() }}",
    "{{ self.__init__.__globals__ }}",
    "{{ cards.__globals__ }}",
    "{{ cards.__code__ }}",
    "{{ _.__globals__ }}",
    "{{ gettext.__self__ }}",
    "{{ '{0.__class__}'.format(digest) }}",
    "{{ '{0.__class__.__init__.__globals__}'.format(cards) }}",
    "{{ '{x.__class__}'.format_map({'x': digest}) }}",
    "{{ digest.summary.format.__self__ }}",
    "{{ range(10**9) | list }}",
    "{{ digest.reads.append(1) }}",
    "{% set digest.site = 'x' %}{{ digest.site }}",
    "{{ import('os') }}",
    "{% import 'os' as os %}",
    "{{ open('/etc/passwd').read() }}",
    "{% include '/etc/passwd' %}",
    "{% include '../../../../etc/passwd' %}",
    "{% include '../pyproject.toml' %}",
    "{% extends '../../README.md' %}",
    "{% do digest.x %}",
    "{{ digest | tojson }}",
    "{{ (1).__class__ }}",
    "{{ (lambda: 1)() }}",
    "{{ caller.__init__ }}",
    "{{ loop.__init__ }}",
    "{{ debug() }}",
]


@pytest.mark.parametrize("name", ["digest.html.j2", "digest.md.j2"])
@pytest.mark.parametrize("source", ESCAPES)
def test_a_template_reaches_nothing_of_python_or_the_disk(make, own, name, source):
    folder = own(name, f"first line\n{source}\n")
    with pytest.raises(TemplateError, match=rf"{name.replace('.', '[.]')}, line [123]: "):
        make.renderer(templates_dir=folder).bodies(make.edition(make.pick()))


@pytest.mark.parametrize("source", [source for source in ESCAPES if "digest" not in source and "cards" not in source])
def test_the_template_of_a_paper_reaches_no_further(make, own, source):
    folder = own("card.html.j2", f"<tr><td>\n{source}\n</td></tr>")
    with pytest.raises(TemplateError, match=r"card\.html\.j2, line [123]: "):
        make.renderer(templates_dir=folder).message(make.edition(make.pick()))


# --- themes, languages, changes ---------------------------------------------------------------------------------------


def test_a_theme_takes_the_place_of_what_it_has_and_the_operator_goes_before_it(make, own):
    plain, themed = Templates(), Templates(theme="ledger")
    assert plain.folders == [REPOSITORY / "templates"]
    assert themed.folders == [REPOSITORY / "templates" / "themes" / "ledger", REPOSITORY / "templates"]
    folder = own("footer.html.j2", "")
    assert Templates(folder, "ledger").folders[0] == folder
    assert plain.fingerprint != themed.fingerprint


def test_a_theme_that_is_not_there_is_told_with_those_that_are():
    with pytest.raises(TemplateError, match=r'There is no theme "gothic"; there are journal, ledger\.'):
        Templates(theme="gothic")


def test_the_fingerprint_tells_whether_a_file_has_changed(own):
    folder = own("footer.html.j2", "one")
    before = Templates(folder).fingerprint
    assert Templates(folder).fingerprint == before
    own("footer.html.j2", "two")
    assert Templates(folder).fingerprint != before


def test_fixed_words_of_a_template_are_in_the_readers_language(own):
    templates = Templates(own("hello.txt.j2", '{{ _("Unsubscribe") }} {{ 1204 | number }}'))
    assert templates.render("hello.txt", language("de")) == "Abbestellen 1.204"
    assert templates.render("hello.txt") == "Unsubscribe 1,204"
