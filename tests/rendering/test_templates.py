import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from digest.errors import TemplateError
from digest.rendering.templates import built_in

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
