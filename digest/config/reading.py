"""From config.toml and the environment to `Settings`, with every fault at once."""

from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from digest.config.domains import domain_of
from digest.config.environment import overrides, variable
from digest.config.faults import did_you_mean, dotted, faults_of, keys_of, one_of, shown
from digest.config.files import parse, read_text
from digest.config.settings import (
    LISTS,
    SECTIONS,
    SOURCE_KINDS,
    DkimSettings,
    MailSettings,
    Settings,
    SourceSettings,
    SubscriberSettings,
)
from digest.config.values import CheckKeyword
from digest.errors import ConfigError, Fault

Table = dict[str, Any]
T = TypeVar("T", bound=BaseModel)


def load(path: Path, environ: Mapping[str, str], check_keyword: Callable[[str], object] | None = None) -> Settings:
    """Read a configuration. Relative paths in it are relative to its folder; numbers in keys count from 0.

    Args:
        path: The TOML file.
        environ: Where `DIGEST_<SECTION>__<KEY>` may override a key.
        check_keyword: Called with each keyword line; its ProfileError becomes a fault.

    Raises:
        ConfigError: with every fault found.
    """
    return from_text(read_text(path), path, environ, check_keyword)


def from_text(text: str, path: Path, environ: Mapping[str, str], check_keyword: CheckKeyword | None = None) -> Settings:
    """As `load`, for the text of a file that is, or will be, at `path`."""
    reader = _Reader(path.absolute().parent, check_keyword)
    settings = reader.settings(parse(text, path), environ)
    if settings is None:
        raise ConfigError(str(path), reader.faults)
    return settings


def read_subscriber(
    table: Mapping[str, Any], sources: Collection[str] | None = None, check_keyword: CheckKeyword | None = None
) -> tuple[SubscriberSettings | None, list[Fault]]:
    """One subscriber by the rules of the file: the settings if there is no fault. `sources` None: any name will do."""
    reader = _Reader(Path.cwd(), check_keyword)
    entry = reader.subscriber(dict(table), "", "", sources)
    return (None if reader.faults else entry), reader.faults


class _Reader:
    """Reads tables one by one and gathers what is wrong with them."""

    def __init__(self, folder: Path, check_keyword: CheckKeyword | None) -> None:
        self._context = {"folder": folder, "check_keyword": check_keyword}
        self._folder = folder
        self.faults: list[Fault] = []

    def settings(self, document: Table, environ: Mapping[str, str]) -> Settings | None:
        self._unknown_tables(document)
        given, misnamed = overrides(environ)
        self.faults += misnamed
        tables = {name: self._section(document, name, given.get(name, {})) for name in SECTIONS}
        self._aligned(tables["dkim"], tables["mail"])
        sources = self._sources(self._tables(document, "sources"))
        names = [str(name) for name in map(_source_name, self._tables(document, "sources")) if name]
        subscribers = self._subscribers(self._tables(document, "subscribers"), names)
        if self.faults:
            return None
        return self._validated(Settings, {**tables, "sources": sources, "subscribers": subscribers}, "")

    def _fault(self, key: str, what: str) -> None:
        self.faults.append(Fault(key, what))

    def _validated(self, model: type[T], table: object, key: str, label: str = "") -> T | None:
        try:
            return model.model_validate(table, context=self._context)
        except ValidationError as error:
            self.faults += faults_of(error, model, key, label)
            return None

    def _unknown_tables(self, document: Table) -> None:
        for key in document:
            if key in SECTIONS or key in LISTS:
                continue
            homes = [name for name, model in SECTIONS.items() if key in keys_of(model)]
            if homes and not isinstance(document[key], dict | list):
                self._fault(key, f"belongs below {' or '.join(f'[{home}]' for home in homes)}")
            else:
                known, what = [*SECTIONS, *LISTS], "table" if isinstance(document[key], dict | list) else "key"
                self._fault(key, f"unknown {what}{did_you_mean(key, known) or f'; the tables are {one_of(known)}'}")

    # --- plain tables

    def _section(self, document: Table, name: str, given: Mapping[str, str]) -> BaseModel | None:
        table = document.get(name, {})
        if not isinstance(table, dict):
            two = f", with one pair of brackets: [{name}]" if isinstance(table, list) else f": [{name}]"
            self._fault(name, f"must be a table{two}")
            return None
        merged = {**table, **given}
        if {"password", "password_file"} <= set(keys_of(SECTIONS[name])):  # [admin] has a file with a hash alone
            merged = self._with_password(name, merged, overridden="password" in given)
        before = len(self.faults)
        settings = self._validated(SECTIONS[name], merged, name)
        self.faults[before:] = [_blamed(fault, name, given) for fault in self.faults[before:]]
        return settings

    def _aligned(self, dkim: BaseModel | None, mail: BaseModel | None) -> None:
        """A signature of another domain says nothing for ours (RFC 9989, 4.4)."""
        if not isinstance(dkim, DkimSettings) or not isinstance(mail, MailSettings) or dkim.domain is None:
            return
        sender = domain_of(mail.from_)
        if not f".{sender}".endswith(f".{dkim.domain}"):
            self._fault("dkim.domain", f"{shown(dkim.domain)} must be {sender}, the domain of mail.from, or above it")

    def _with_password(self, section: str, table: Table, *, overridden: bool) -> Table:
        """The table with the password that its `password_file` holds; one from the environment goes first."""
        file = table.get("password_file")
        if overridden:
            return {key: value for key, value in table.items() if key != "password_file"}
        if not isinstance(file, str) or not file:
            return table
        if "password" in table:
            self._fault(f"{section}.password_file", "there is a password, too; keep one of the two")
            return table
        try:
            password = (self._folder / Path(file).expanduser()).read_text(encoding="utf-8").rstrip("\r\n")
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not text"
            self._fault(f"{section}.password_file", f"cannot read {shown(file)}: {reason}")
            password = ""
        else:
            if not password:
                self._fault(f"{section}.password_file", f"{shown(file)} is empty; write the password into it")
        return {**table, "password": password}

    # --- lists of tables

    def _tables(self, document: Table, name: str) -> list[object]:
        given = document.get(name, [])
        if isinstance(given, list):
            return given
        fault = Fault(name, f"is a list: write [[{name}]], with two pairs of brackets, above each")
        if fault not in self.faults:
            self.faults.append(fault)
        return []

    def _sources(self, tables: Sequence[object]) -> tuple[SourceSettings, ...]:
        if not tables and not any(fault.key == "sources" for fault in self.faults):
            self._fault("sources", 'there is none; add [[sources]] with kind = "arxiv" and categories = ["cs.CL"]')
        read = [self._source(table, f"sources[{number}]") for number, table in enumerate(tables)]
        first: dict[str, int] = {}
        for number, source in enumerate(read):
            if source and first.setdefault(source.name, number) != number:
                taken = f"sources[{first[source.name]}]"
                self._fault(f"sources[{number}].name", f'"{source.name}" is the name of {taken}; choose another')
        return tuple(source for source in read if source)

    def _source(self, table: object, key: str) -> SourceSettings | None:
        if not isinstance(table, dict):
            self._fault(key, f"must be a table, not {shown(table)}")
            return None
        kind = table.get("kind")
        if not isinstance(kind, str) or kind not in SOURCE_KINDS:
            what = "is required here" if kind is None else f"{shown(kind)} is no kind of source"
            suggestion = did_you_mean(kind, SOURCE_KINDS) if isinstance(kind, str) else ""
            self._fault(f"{key}.kind", f"{what}{suggestion or f'; write {one_of(list(SOURCE_KINDS))}'}")
            return None
        name = table.get("name")
        label = f" ({name if isinstance(name, str) else kind})"
        return self._validated(SOURCE_KINDS[kind], table, key, label)

    def _subscribers(self, tables: Sequence[object], sources: Collection[str]) -> tuple[SubscriberSettings, ...]:
        read = []
        first: dict[str, int] = {}
        for number, table in enumerate(tables):
            key, email = f"subscribers[{number}]", _email(table)
            read.append(self.subscriber(table, key, f" ({email})" if email else "", sources))
            if email and first.setdefault(email.casefold(), number) != number:
                taken = f"subscribers[{first[email.casefold()]}]"
                self._fault(f"{key}.email", f"{email} is in {taken}, too; an address is one subscriber")
        return tuple(entry for entry in read if entry)

    def subscriber(
        self, table: object, key: str, label: str, sources: Collection[str] | None
    ) -> SubscriberSettings | None:
        """One subscriber; `sources` are the names to choose from, None: any will do."""
        if not isinstance(table, dict):
            self._fault(key, f"must be a table, not {shown(table)}")
            return None
        if sources is not None:
            self._known_sources(table.get("sources"), key, label, sources)
        return self._validated(SubscriberSettings, table, key, label)

    def _known_sources(self, names: object, key: str, label: str, known: Collection[str]) -> None:
        for number, name in enumerate(names if isinstance(names, list | tuple) else ()):
            if isinstance(name, str) and name.strip() not in known:
                hint = did_you_mean(name, known) or f"; there are {one_of(sorted(known)) if known else 'none'}"
                self._fault(dotted(key, ["sources", number]) + label, f"no source is named {shown(name)}{hint}")


def _blamed(fault: Fault, section: str, given: Mapping[str, str]) -> Fault:
    """The fault with the variable's name, where a variable brought it in."""
    key = fault.key.removeprefix(f"{section}.")
    return Fault(variable(section, key), fault.what) if key in given else fault


def _source_name(table: object) -> object:
    """The name that a [[sources]] table will have, also where it has faults."""
    if not isinstance(table, dict):
        return None
    return table.get("name") or table.get("server") or table.get("kind")


def _email(table: object) -> str | None:
    email = table.get("email") if isinstance(table, dict) else None
    return email.strip() if isinstance(email, str) else None
