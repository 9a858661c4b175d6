"""A database in which somebody has had a digest: composing one takes longer than all that a test does with it."""

from pathlib import Path

from digest import pipeline, sample

from ..stores import POSTGRESQL, copy_store  # noqa: TID252  (tests are no package)
from .conftest import NOW, served


def digested(pulled: Path, folder: Path) -> Path:
    """The sample's, with Ann's digest of today in it, sent."""
    copy_store(pulled, folder / "digest.db")
    with served(folder, "https://papers.example.org", "") as site:
        site.subscribe()
        list(pipeline.compose(site.parts, NOW))
        assert pipeline.deliver(site.parts, lambda: NOW).sent == 1
        if not POSTGRESQL:
            site.store.compact()  # so that all is in the one file that is copied
    assert sample.DAYS[1] == NOW.date()
    return folder / "digest.db"
