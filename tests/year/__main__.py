"""`python -m tests.year`: the whole year, once for each way to settle what is unknown."""

import tempfile
from dataclasses import asdict
from pathlib import Path

import structlog

from .books import balanced
from .running import Plan, lived


def main() -> None:
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))  # a year of bad days is a long log
    for on_unknown in ("resend", "hold"):
        with tempfile.TemporaryDirectory() as folder, lived(Path(folder), Plan(on_unknown=on_unknown)) as run:
            figures = asdict(balanced(run))
        print(f"on_unknown = {on_unknown}")
        for name, value in figures.items():
            print(f"  {name:12} {value}")


if __name__ == "__main__":
    main()
