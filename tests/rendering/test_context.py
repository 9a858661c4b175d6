"""The fields that templates are given, as docs/templates.md tells of them."""

import re
from dataclasses import fields
from pathlib import Path
from types import NoneType, UnionType
from typing import Any, get_args, get_origin, get_type_hints

import pytest

from digest.rendering.cards import Card, Link
from digest.rendering.excerpts import Run
from digest.rendering.reasons import Why
from digest.rendering.view import CardSection, Read, View

PAGE = (Path(__file__).parent.parent.parent / "docs" / "templates.md").read_text(encoding="utf-8")
TOLD = {
    name: kind.strip() for name, kind in re.findall(r"^\| `(\w+\.\w+)` \| ([^|]+) \|", PAGE, re.MULTILINE)
}  # "card.title": "text"
GIVEN = {"digest": View, "section": CardSection, "card": Card, "run": Run, "why": Why, "link": Link, "read": Read}
SAID = {str: "text", int: "number", bool: "yes or no"}


def said(kind: Any) -> str:
    """A type in the words of the page."""
    if get_origin(kind) is UnionType:
        return " or ".join("nothing" if part is NoneType else said(part) for part in get_args(kind))
    if get_origin(kind) is tuple:
        return f"list of {said(get_args(kind)[0])}"
    return SAID.get(kind) or kind.__name__


def given(kind: type) -> dict[str, str]:
    """Every field and property of what a template is given, with its type."""
    hints = get_type_hints(kind)
    properties = {name: value for name, value in vars(kind).items() if isinstance(value, property)}
    return {field.name: said(hints[field.name]) for field in fields(kind)} | {
        name: said(get_type_hints(value.fget)["return"]) for name, value in properties.items()
    }


@pytest.mark.parametrize("name", GIVEN)
def test_the_page_tells_every_field_with_its_type_and_no_other(name):
    told = {field: kind for full, kind in TOLD.items() for word, field in [full.split(".")] if word == name}
    assert told == given(GIVEN[name])


def test_the_page_names_every_file_of_the_mail():
    folder = Path(__file__).parent.parent.parent / "templates" / "email"
    cells = " ".join(re.findall(r"^\| (`.*?) \|", PAGE, re.MULTILINE))
    named = {name.removeprefix("email/") for name in re.findall(r"`([^`]+\.j2)`", cells)}
    endings = {name for name in named if name.startswith(".")}
    whole = {name for name in named if not name.startswith(".")}
    whole |= {name.partition(".")[0] + ending for name in whole for ending in endings if name.endswith(".html.j2")}
    assert [path.name for path in sorted(folder.iterdir()) if path.name not in whole] == []
