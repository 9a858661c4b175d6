"""What an operator sees of workers and their jobs; and that who has none sees nothing."""

import json

import pytest
from typer.testing import CliRunner

from digest.cli import app, metrics
from digest.cluster.orders import Order
from digest.daemon import Pulse
from digest.store import open_store

from .test_processes import CONFIG


def statused(folder, url, *arguments):
    (folder / "config.toml").write_text(CONFIG.format(url=url, folder=folder))
    ran = CliRunner().invoke(app, ["-c", str(folder / "config.toml"), "status", *arguments])
    assert ran.exit_code == 0, ran.output
    return ran.stdout


@pytest.fixture
def asked(house):
    """Two jobs that wait, one at work, one that failed."""
    house.defer(*[Order("deliver", {"most": 500})] * 3, Order("compose", {}, lock="compose 0"))

    async def begin(app):
        worker = await app.job_manager.register_worker()
        await app.job_manager.fetch_job(["compose"], worker)

    house.ask(begin)
    house.say("UPDATE procrastinate_jobs SET status = 'failed' WHERE id = (SELECT min(id) FROM procrastinate_jobs)")
    return house


def test_status_says_who_works_on_what(asked, tmp_path):
    said = statused(tmp_path, asked.url)
    lines = said[said.index("Workers") :].splitlines()[:4]
    assert [line.strip() for line in lines] == [
        "Workers      one process at work",
        "waiting: 2 deliver",
        "at work on: 1 compose",
        "failed within a day: 1 deliver",
    ]
    assert json.loads(statused(tmp_path, asked.url, "--json"))["jobs"] == {
        "workers": 1,
        "counts": {"compose": {"doing": 1}, "deliver": {"failed": 1, "todo": 2}},
    }


def test_prometheus_is_told_of_jobs(asked):
    collector = metrics.StoreCollector(asked.store, Pulse(), asked.store.time)
    samples = {(s.name, *s.labels.values()): s.value for family in collector.collect() for s in family.samples}
    assert samples["digest_workers",] == 1
    assert samples["digest_jobs", "deliver", "todo"] == 2
    assert samples["digest_jobs", "compose", "doing"] == 1


def test_a_single_machine_does_not_hear_of_workers(tmp_path):
    url = f"sqlite:///{tmp_path}/digest.db"
    open_store(url).close()
    assert "Workers" not in statused(tmp_path, url)
    assert "jobs" not in json.loads(statused(tmp_path, url, "--json"))
