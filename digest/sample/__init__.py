"""Invented listings for one invented morning and the next, as the sources would announce them.

`2026-06-17.toml` and `2026-06-18.toml` are the papers as a person writes them down, `wire` turns them into the formats
that arXiv, Hugging Face and feeds speak, `server` answers with those on loopback. Nothing in here is real.
"""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from importlib.resources import files
from typing import Any

DAYS = (date(2026, 6, 17), date(2026, 6, 18))
MORNING = datetime(2026, 6, 17, 8, 30, tzinfo=UTC)  # the 17th in Berlin, Los Angeles and Tokyo alike

Table = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Sample:
    """What there is to be read on one of the days."""

    day: date
    announced: Sequence[Table]  # papers that became news on `day`
    discussed: Sequence[Table]  # papers the community talks about, on `day` and before, with today's upvotes
    posts: Sequence[Table]  # of the laboratory's notebook, newest first


def sample(day: date) -> Sample:
    """The sample as it stands on one of `DAYS`."""
    tables = {known: _read(f"{known}.toml") for known in DAYS if known <= day}
    papers = {paper["id"]: paper for table in tables.values() for paper in table["papers"]}
    posts = [post for table in tables.values() for post in table["posts"]]
    return Sample(
        day=day,
        announced=[paper for paper in tables[day]["papers"] if "categories" in paper],
        discussed=[paper for paper in papers.values() if "huggingface" in paper],
        posts=sorted(posts, key=lambda post: post["published"], reverse=True),
    )


def configuration(web: str, smtp_port: int) -> str:
    """The demo's config.toml, with the sample at `web` for its internet."""
    text = files(__name__).joinpath("demo.toml").read_text(encoding="utf-8")
    return text.replace("{web}", web).replace("{smtp_port}", str(smtp_port))


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads(files(__name__).joinpath(name).read_text(encoding="utf-8"))
