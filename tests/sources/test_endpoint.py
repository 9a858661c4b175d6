"""An operator may give a service's host alone, or all of its address."""

import pytest

from digest.sources.wire import endpoint


@pytest.mark.parametrize(
    ("base", "usual", "address"),
    [
        ("http://127.0.0.1:8765", "/api/query", "http://127.0.0.1:8765/api/query"),
        ("http://127.0.0.1:8765/", "/rss", "http://127.0.0.1:8765/rss"),
        ("http://127.0.0.1:8765/api", "/api/daily_papers", "http://127.0.0.1:8765/api/daily_papers"),
        ("https://export.arxiv.org/api/query", "/api/query", "https://export.arxiv.org/api/query"),
        ("https://rss.arxiv.org/atom/", "/rss", "https://rss.arxiv.org/atom"),
        ("https://mirror.example.org/arxiv/rss", "/rss", "https://mirror.example.org/arxiv/rss"),
        (
            "https://huggingface.co/api/daily_papers?x=1",
            "/api/daily_papers",
            "https://huggingface.co/api/daily_papers?x=1",
        ),
    ],
)
def test_a_base_that_stops_short_gets_the_usual_path(base, usual, address):
    assert endpoint(base, usual) == address
