"""Ranking in a process of its own gives what ranking here gives."""

import subprocess
import sys
from datetime import timedelta
from functools import partial

from digest import pipeline, sample
from digest.cli import wiring
from digest.cli.ranking import PassingRanker
from digest.sample.server import serving
from digest.sources.client import Client


def test_the_daemons_editions_are_those_that_send_would_compose(run, tmp_path, monkeypatch):
    monkeypatch.setattr(wiring, "Client", partial(Client, gap={"arxiv": timedelta(0)}))
    with serving(sample.DAYS[0]) as web:
        config = tmp_path / "config.toml"
        config.write_text(sample.configuration(web, 25), encoding="utf-8")
        with wiring.installation(config, sample.MORNING, ranker=PassingRanker()) as apart:
            assert all(not pulled.problems for pulled in pipeline.pull(apart.parts, sample.MORNING))
            issues = pipeline.issues_of(apart.store.subscribers(), sample.MORNING, early=True)
            editions = pipeline.compose_for(apart.parts, issues, sample.MORNING)
        with wiring.installation(config) as here:
            assert pipeline.compose_for(here.parts, issues, sample.MORNING) == editions
    assert all(edition.picks for edition in editions)


def test_a_daemon_that_composes_nothing_loads_no_numpy(tmp_path):
    program = "import sys; from digest.cli import wiring, run; from digest import daemon; print('numpy' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "False"
