"""`python -m tests.year`: the whole year; and a quarter of it in which nothing uncertain is sent again."""

import tempfile
from dataclasses import asdict
from pathlib import Path

import structlog

from .books import balanced
from .running import Plan, lived


def main() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))  # a year of bad days is a long log
    for plan in (Plan(on_unknown="hold", days=91, downtimes=((40, 0.3), (60, 5))), Plan()):
        with tempfile.TemporaryDirectory() as folder, lived(Path(folder), plan) as run:
            figures = asdict(balanced(run))
        print(f"on_unknown = {plan.on_unknown}")
        for name, value in figures.items():
            print(f"  {name:12} {value}")


if __name__ == "__main__":
    main()
