"""What nobody may meet on a page, as Chromium shows it."""

from functools import cache

import pytest

_ALL = {"resultTypes": ["violations"]}
_COLOURS = _ALL | {"runOnly": ["color-contrast"]}  # all that a scheme changes
# Of a box to tick, all of its label can be pressed.
_TOO_SMALL = """[...document.querySelectorAll(
    'main button, main .button, main input:not([type=hidden]), main select, nav a, .foot a'
)].map(one => ['checkbox', 'radio'].includes(one.type) && one.closest('label') || one)
.filter(one => one.offsetParent && one.getBoundingClientRect().height < 44).map(one => one.outerHTML)"""


@cache
def _axe():
    return pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed").Axe()


def faults(page):
    """What axe finds in light and in dark, scrolling sideways, and what is too small for a finger."""
    found = []
    for scheme, rules in (("light", _ALL), ("dark", _COLOURS)):
        page.emulate_media(color_scheme=scheme)
        violations = _axe().run(page, options=rules).response["violations"]
        found += [(scheme, one["id"], node["html"]) for one in violations for node in one["nodes"]]
    wide, room = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
    found += [("wide", wide)] if wide > room else []
    return found + [("small", html) for html in page.evaluate(_TOO_SMALL)]
