"""The preview as a file that needs nothing but itself."""

import pytest
from lxml import html as lxml_html

from digest.rendering.page import file_page, in_mode, look, verdict, weight
from digest.rendering.remarks import Grade, Remark


@pytest.fixture
def page(make, renderer):
    """`page(edition)`: its preview, parsed."""

    def shown(edition):
        seen = look(edition, renderer.bodies(edition), renderer.message(edition).content, make.now)
        return lxml_html.fromstring(file_page(renderer.templates, seen))

    return shown


def test_a_file_shows_every_form_in_frames_without_scripts(make, renderer, page):
    edition = make.edition(make.pick())
    tree = page(edition)
    frames = tree.cssselect("iframe")
    assert [frame.get("title") for frame in frames] == [
        "Phone, 375 px, light",
        "Desktop, 760 px, light",
        "Phone, 375 px, dark",
        "Desktop, 760 px, dark",
    ]
    assert all("allow-scripts" not in frame.get("sandbox") for frame in frames)
    assert all("Flow Matching for" in frame.get("srcdoc") for frame in frames)
    text, markdown, headers = (element.text_content() for element in tree.cssselect("pre"))
    bodies = renderer.bodies(edition)
    assert text == bodies.text
    assert markdown == bodies.markdown
    assert "List-Unsubscribe: <https://papers.example.org/unsubscribe/7-" in headers
    assert "of the 102 KB that Gmail shows" in tree.text_content()
    assert "From is at example.org" in tree.cssselect(".remarks .fault")[0].text_content()


def test_a_file_needs_nothing_and_lets_nothing_of_a_title_out(make, page):
    listing = make.listing.__class__(title='"></iframe><script>alert(1)</script>')
    tree = page(make.edition(make.pick(listing)))
    assert not tree.cssselect("script, link, img, form")
    assert len(tree.cssselect("iframe")) == 4
    assert "</iframe><script>" in tree.cssselect("h1")[0].text_content()


@pytest.mark.parametrize(
    ("rule", "light", "dark"),
    [
        ("@media (prefers-color-scheme: dark)", "@media (max-width: 0)", "@media (min-width: 0)"),
        ("@media (prefers-color-scheme:light)", "@media (min-width: 0)", "@media (max-width: 0)"),
        (
            "@media screen and (max-width: 480px) and (prefers-color-scheme: dark)",
            "@media screen and (max-width: 480px) and (max-width: 0)",
            "@media screen and (max-width: 480px) and (min-width: 0)",
        ),
    ],
)
def test_a_frame_is_light_or_dark_whatever_the_browser_prefers(rule, light, dark):
    html = f"<html><head><style>{rule} {{ p {{ color: red }} }}</style></head><body></body></html>"
    assert f"<style>{light} {{" in in_mode(html, dark=False)
    assert f"<style>{dark} {{" in in_mode(html, dark=True)


@pytest.mark.parametrize("html", ["<html><head lang='en'><p>", "<HTML><HEAD><p>", "<p>no head at all", ""])
def test_links_of_a_frame_open_beside_it_whatever_the_template_is_like(html):
    shown = in_mode(html, dark=False)
    assert shown.count('<base target="_blank">') == 1
    assert "no-referrer" in shown


def test_the_size_is_told_against_what_gmail_shows():
    assert weight("é" * 1024).kilobytes == 2
    assert not weight("x" * 50_000).folds
    heavy = weight("x" * 200_000)
    assert (heavy.share, heavy.limit, heavy.folds) == (100, 102, True)


@pytest.mark.parametrize(
    ("grades", "said"),
    [
        ("", "nothing to remark"),
        ("note ok ok", "nothing to remark"),
        ("warning ok", "1 warning"),
        ("fault fault warning note", "2 faults, 1 warning"),
    ],
)
def test_remarks_are_summed_up(grades, said):
    assert verdict([Remark(Grade(grade), "It is so.") for grade in grades.split()]) == said
