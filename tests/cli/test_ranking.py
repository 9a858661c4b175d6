"""Rankers are found by name, a third party's too; ranking in a process of its own gives what ranking here gives."""

import importlib
import subprocess
import sys
import tomllib
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path

import pytest

from digest import pipeline, sample
from digest.cli import ranking, wiring
from digest.cli.ranking import PassingRanker, Recipe
from digest.errors import UsageError
from digest.model import Announcement, Ground, Kind, Listing, Ranking, Shard, Subscriber
from digest.sample.server import serving
from digest.sources.client import Client

ENCODER = """
import hashlib
import numpy as np

class SentenceTransformer:
    def __init__(self, folder, **options):
        pass

    def encode(self, texts, **options):
        return np.array([[text.count(letter) for letter in "aeiounrst"] for text in texts], dtype=np.float32)
"""


@pytest.fixture
def model(tmp_path, monkeypatch):
    """The folder of a sentence encoder, and what runs it."""
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "tokenizer.json").write_text("{}")
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "sentence_transformers.py").write_text(ENCODER)
    monkeypatch.syspath_prepend(tmp_path / "site")
    yield tmp_path / "model"
    sys.modules.pop("sentence_transformers", None)


def editions_apart_and_here(config, monkeypatch):
    """What the daemon composes of the sample, and what `send` would."""
    monkeypatch.setattr(wiring, "Client", partial(Client, gap={"arxiv": timedelta(0)}))
    with serving(sample.DAYS[0]) as web:
        text = sample.configuration(web, 25)
        config.write_text(text + config.read_text() if config.exists() else text, encoding="utf-8")
        with wiring.installation(config, sample.MORNING, ranker=PassingRanker) as apart:
            assert all(not pulled.problems for pulled in pipeline.pull(apart.parts, sample.MORNING))
            issues = pipeline.issues_of(apart.store.subscribers(), sample.MORNING, early=True)
            editions = pipeline.compose_for(apart.parts, issues, sample.MORNING)
        with wiring.installation(config) as here:
            return editions, pipeline.compose_for(here.parts, issues, sample.MORNING)


def test_the_daemons_editions_are_those_that_send_would_compose(run, tmp_path, monkeypatch):
    apart, here = editions_apart_and_here(tmp_path / "config.toml", monkeypatch)
    assert apart == here
    assert all(edition.picks for edition in apart)


def test_a_sentence_encoder_looks_again_at_what_the_ranker_finds(run, tmp_path, monkeypatch, model):
    config = tmp_path / "config.toml"
    config.write_text(f'\n[ranking]\nsemantic_model = "{model}"\nsemantic_share = 0.25\n')
    apart, here = editions_apart_and_here(config, monkeypatch)
    assert apart == here
    reasons = [reason for edition in apart for pick in edition.picks for reason in pick.reasons]
    assert {reason.ground for reason in reasons} >= {Ground.KEYWORD, Ground.MEANING}


def test_a_daemon_that_composes_nothing_loads_no_numpy(tmp_path):
    program = "import sys; from digest.cli import wiring, run; from digest import daemon; print('numpy' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "False"


# --- rankers by name ----------------------------------------------------------------------------------------------

NOW = datetime(2026, 5, 18, 6, tzinfo=UTC)
SHARD = Shard([Subscriber("ann@example.org")], (), NOW)
THEIRS = """
import os, sys
from digest.model import Ranking

class Sorry(Exception):
    def __init__(self, *, why):
        super().__init__(why)

class Constant:
    def rank(self, shard):
        return [Ranking(matched=7) for _ in shard.subscribers]

class Exits(Constant):
    def rank(self, shard):
        sys.exit("I have had enough")

class Raises(Constant):
    def rank(self, shard):
        raise Sorry(why="no model")

class Dies(Constant):
    def rank(self, shard):
        os._exit(3)

def unable():
    raise OSError("no such model")

nothing = dict
"""
POINTS = """[digest.rankers]
constant = their_ranker:Constant
exits = their_ranker:Exits
raises = their_ranker:Raises
dies = their_ranker:Dies
unable = their_ranker:unable
nothing = their_ranker:nothing
absent = their_ranker.other:Ranker
keywords = their_ranker:Constant
"""


@pytest.fixture
def installed(tmp_path_factory, monkeypatch):
    """A distribution with rankers of a third party, as pip would install it."""
    site = tmp_path_factory.mktemp("site")
    (site / "their_ranker.py").write_text(THEIRS)
    info = site / "their_ranker-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: their-ranker\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(POINTS)
    monkeypatch.syspath_prepend(site)
    yield
    sys.modules.pop("their_ranker", None)


@pytest.mark.parametrize("made", [ranking.named, lambda name: PassingRanker(Recipe(name))])
def test_a_third_partys_ranker_is_found_by_its_entry_point(installed, made):
    assert made("constant").rank(SHARD) == [Ranking(matched=7)]


def test_the_example_of_the_page_on_rankers_is_one(tmp_path, monkeypatch):
    page = (Path(__file__).parents[2] / "docs" / "rankers.md").read_text(encoding="utf-8")
    (tmp_path / "lab_ranker.py").write_text(page.split("```python\n")[1].split("```")[0])
    monkeypatch.syspath_prepend(tmp_path)
    newest = importlib.import_module("lab_ranker").Newest()
    window = [Announcement(Listing(str(n), id=n), "arxiv", Kind.NEW, NOW.date(), seq=n) for n in range(1, 10)]
    ann = Subscriber("ann@example.org", id=1, cursor=2)
    (found,) = newest.rank(Shard([ann], window, NOW, sent={1: frozenset({9})}))
    assert [pick.listing.id for pick in found.picks] == [4, 5, 6, 7, 8]
    assert (found.matched, found.papers) == (6, 7)


def test_nobody_replaces_our_ranker_by_its_name(installed):
    assert ranking.named("keywords").rank(SHARD) == [Ranking()]


def test_an_unknown_ranker_is_an_error_that_names_those_there_are(installed):
    with pytest.raises(UsageError, match=r"no ranker 'best' \(there are absent, constant, .*, keywords, "):
        ranking.named("best")


def test_the_ranker_is_named_by_the_configuration(installed, run, tmp_path):
    config = tmp_path / "config.toml"
    config.write_text(sample.configuration("http://127.0.0.1:9", 25) + '\n[ranking]\nranker = "constant"\n')
    with wiring.installation(config, sample.MORNING) as home:
        assert home.parts.ranker.rank(SHARD) == [Ranking(matched=7)]
    config.write_text(config.read_text().replace("constant", "constnat").replace("[site]", "[site]\nlocale = 'fr'", 1))
    ran = run("--config", str(config), "status")
    assert ran.code == 2
    assert "ranking.ranker: there is no ranker 'constnat' (there are" in ran.err
    assert 'site.locale: there are no words in "fr" yet; there are en, de, zh_Hans' in ran.err


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("unable", r"their_ranker:unable\) cannot be made: OSError: no such model"),
        ("absent", "cannot be made: ModuleNotFoundError: No module named 'their_ranker.other'"),
        ("nothing", r"their_ranker:nothing gives is no ranker: it has no method rank\(shard\)"),
    ],
)
def test_a_ranker_that_cannot_be_made_says_why(installed, name, said):
    with pytest.raises(UsageError, match=said):
        ranking.named(name)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("exits", "the ranker 'exits' failed: SystemExit: I have had enough"),
        ("raises", "the ranker 'raises' failed: Sorry: no model"),
        ("dies", "terminated abruptly"),
    ],
)
def test_whatever_a_ranker_does_the_daemon_sees_an_ordinary_error(installed, name, said):
    with pytest.raises(RuntimeError, match=said):
        PassingRanker(Recipe(name)).rank(SHARD)


def test_our_ranker_is_registered_as_everybody_elses():
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["entry-points"][ranking.GROUP] == {ranking.OWN.name: ranking.OWN.value}
