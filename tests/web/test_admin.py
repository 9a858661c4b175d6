"""The operator's pages: what they show, and what they change."""

import pytest

from digest.model import Status
from digest.web.admin.visits import PLACES

from .admin_desk import operated
from .conftest import ANN


@pytest.fixture
def operator(make_site, tmp_path):
    found = operated(make_site, tmp_path)
    assert found.log_in().status_code == 303
    return found


@pytest.mark.parametrize("path", [path for path, _ in PLACES])
def test_every_page_can_be_looked_at(operator, path):
    operator.site.subscribe()
    answer = operator.get(path)
    assert answer.status_code == 200, answer.text
    assert 'aria-current="page"' in answer.text
    assert answer.headers["cache-control"] == "no-store"


def test_somebody_is_paused_and_resumed(operator):
    ann = operator.site.subscribe()
    answer = operator.post(f"/admin/subscribers/{ann.id}/pause")
    assert answer.status_code == 303
    assert operator.site.store.subscriber(ANN.email).status is Status.PAUSED
    assert "Paused." in operator.get(answer.headers["location"]).text
