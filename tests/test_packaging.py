"""What people install is whole, light to start, and documented."""

import os
import re
import subprocess
import sys
import sysconfig
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer.main

from digest.cli import app

ROOT = Path(__file__).parent.parent
HEAVY = {"aiosmtpd", "alembic", "apscheduler", "httpx", "jinja2", "lxml", "numpy", "pydantic", "scipy", "sqlalchemy"}


def run(*command: str | Path, cwd: Path) -> str:
    """What the command prints; fails with all of it if the command does."""
    environ = {name: value for name, value in os.environ.items() if name not in {"PYTHONPATH", "PYTHONHOME"}}
    done = subprocess.run(command, cwd=cwd, env=environ, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


# --- the wheel ----------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", folder, cwd=ROOT)
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory) -> Path:
    """The scripts' folder of an environment with the wheel and, since tests use no network, our own dependencies."""
    home = tmp_path_factory.mktemp("installed")
    run(sys.executable, "-m", "venv", "--without-pip", home, cwd=home)
    python = home / "bin" / "python"
    # A path named in a .pth file has no .pth files of its own read: an editable install of ours stays out.
    (site,) = home.glob("lib/python*/site-packages")
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n" + sysconfig.get_path("platlib") + "\n")
    pip = [sys.executable, "-m", "pip", "--python", python, "--disable-pip-version-check"]
    run(*pip, "install", "--quiet", "--no-deps", "--no-index", wheel, cwd=home)
    return python.parent


def test_the_wheel_holds_everything_that_is_not_code_and_no_tests(wheel):
    names = set(zipfile.ZipFile(wheel).namelist())
    for needed in ("digest/py.typed", "digest/sample/2026-06-17.toml", "digest/sample/demo.toml"):
        assert needed in names
    shipped = {str(path.relative_to(ROOT)) for path in (ROOT / "templates").rglob("*.j2")}
    assert shipped
    assert {f"digest/{name}" for name in shipped} <= names
    assert any(name.startswith("digest/store/migrations/versions/") for name in names)
    tops = {name.partition("/")[0] for name in names}
    assert {top for top in tops if not top.endswith(".dist-info")} == {"digest"}


def test_every_file_of_the_package_is_in_the_wheel(wheel):
    tracked = {str(path.relative_to(ROOT)) for path in (ROOT / "digest").rglob("*.*") if path.suffix != ".pyc"}
    assert tracked <= set(zipfile.ZipFile(wheel).namelist())


def test_an_installed_wheel_runs_far_from_its_checkout_with_its_own_templates(installed, tmp_path):
    where = run(installed / "python", "-c", "import digest; print(digest.__file__)", cwd=tmp_path)
    assert Path(where.strip()).is_relative_to(installed.parent)
    assert "demo" in run(installed / "digest", "--help", cwd=tmp_path)
    said = run(installed / "digest", "demo", cwd=tmp_path)
    assert "Mira" in said
    assert (tmp_path / "demo" / "mira.html").stat().st_size > 10_000
    assert [path.name for path in tmp_path.iterdir()] == ["demo"]


# --- the command line ---------------------------------------------------------------------------------------------


def test_help_loads_nothing_heavy():
    code = (
        "import sys, atexit; atexit.register(lambda: print(*sys.modules)); from digest.cli import app; app(['--help'])"
    )
    loaded = run(sys.executable, "-c", code, cwd=ROOT).split()
    assert HEAVY & set(loaded) == set()


def commands(command, path: str = "digest") -> Iterator[tuple[str, list[str]]]:
    """Every command as it is typed, with its long options."""
    options = [name for parameter in command.params for name in parameter.opts if name.startswith("--")]
    yield path, [name for name in options if name not in {"--help", "--install-completion", "--show-completion"}]
    for name, sub in getattr(command, "commands", {}).items():
        yield from commands(sub, f"{path} {name}")


ALL = dict(commands(typer.main.get_command(app)))


@pytest.mark.parametrize("path", ALL)
def test_every_command_and_option_is_documented(path):
    text = (ROOT / "docs" / "commands.md").read_text(encoding="utf-8")
    assert re.search(rf"{path}\b", text.replace("digest --config /etc/digest/config.toml", "digest")), path
    assert [option for option in ALL[path] if not re.search(rf"(?<!\w){option}\b", text)] == []


def test_every_command_shows_an_example():
    root = typer.main.get_command(app)
    lacking = [path for path, command in _leaves(root) if "Example: digest" not in (command.help or "")]
    assert lacking == []


def test_no_help_has_words_in_brackets_which_would_be_taken_for_markup_and_not_shown():
    for path, command in _leaves(typer.main.get_command(app)):
        told = [command.help, *(getattr(parameter, "help", None) for parameter in command.params)]
        assert [text for text in told if re.search(r"(?<!\\)\[[a-z]+\]", text or "")] == [], path


def _leaves(command, path: str = "digest"):
    subs = getattr(command, "commands", {})
    if not subs:
        yield path, command
    for name, sub in subs.items():
        yield from _leaves(sub, f"{path} {name}")


# --- what is written ----------------------------------------------------------------------------------------------

PAGES = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")] + sorted(
    (ROOT / "docs").glob("*.md")
)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page):
    text = page.read_text(encoding="utf-8")
    targets = [target for target in re.findall(r"\]\(([^)#\s]+)", text) if "://" not in target]
    assert [target for target in targets if not (page.parent / target).exists()] == []


def test_the_lock_names_hashes_and_no_place_to_get_them_from():
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    pinned = [line for line in lines if "==" in line]
    assert all(line.endswith("\\") for line in pinned)
    assert [line for line in lines if "://" in line or line.startswith(("--", "-f", "-i")) or "/" in line] == []


def test_the_lock_covers_every_dependency():
    import tomllib

    wanted = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["dependencies"]
    names = {re.sub(r"[-_.]+", "-", re.split(r"[<>=!\[ ]", entry)[0].lower()) for entry in wanted}
    locked = set(re.findall(r"^([\w.-]+)==", (ROOT / "requirements.lock").read_text(encoding="utf-8"), re.MULTILINE))
    assert names - locked == set()
