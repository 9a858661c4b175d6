"""Run every benchmark, or those that are named; each in a process of its own, so that none warms the next one up.

Figures are printed; those of `SAVED` are kept as JSON in `benchmarks/results/`, too. What needs a server beside it is run when it
is named only.
"""

import pkgutil
import subprocess
import sys
from pathlib import Path

import benchmarks

RESULTS = Path(__file__).parent / "results"
APART = ("cluster",)
SAVED = ("delivery", "message", "pages", "peers", "ranking")


def names() -> list[str]:
    return sorted(
        module.name for module in pkgutil.iter_modules(benchmarks.__path__) if not module.name.startswith("_")
    )


def main(asked: list[str]) -> int:
    known = names()
    if unknown := [name for name in asked if name not in known]:
        print(
            f"There is no benchmark {', '.join(unknown)}; there are {', '.join(known) or 'none yet'}.", file=sys.stderr
        )
        return 2
    failed = [name for name in asked or (each for each in known if each not in APART) if not _run(name)]
    if failed:
        print(f"\nfailed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def _run(name: str) -> bool:
    print(f"\n--- {name}", flush=True)
    RESULTS.mkdir(exist_ok=True)
    saving = ["--json", str(RESULTS / f"{name}.json")] if name in SAVED else []
    return subprocess.run([sys.executable, "-m", f"benchmarks.{name}", *saving], check=False).returncode == 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
