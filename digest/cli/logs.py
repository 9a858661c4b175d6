"""How the program speaks of what it does: structured lines on stderr, without secrets."""

import logging
import re
import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from structlog.typing import EventDict, Processor, WrappedLogger

    from digest.config import Settings

Hide = Callable[[str], str]

_HIDDEN = "***"
_SHORTEST = 4  # a shorter secret is a part of common words
_NAMED_SECRET = re.compile(r"password|secret|token|authorization", re.IGNORECASE)
_PROOF = re.compile(
    r"(\d{1,18}-\d{8}-)[\w-]{16}", re.ASCII
)  # of a token of `digest.tokens`; the rest of it may be read
_SEALED = re.compile(r"[\w-]+\.[\w-]{5,8}\.[\w-]{43}", re.ASCII)  # what itsdangerous signed with SHA-256, for pages


def quiet() -> None:
    """Only errors: for commands that print their own results."""
    _configure(logging.ERROR, json=False, hide=str)


def verbose(hide: Hide = str) -> None:
    """Everything that happens: for the daemon. Readable on a terminal, else one JSON object a line."""
    _configure(logging.INFO, json=not sys.stderr.isatty(), hide=hide)
    _take_in_others()


# --- secrets --------------------------------------------------------------------------------------------------------


def hiding(settings: "Settings") -> Hide:
    """What takes the secrets of a configuration, and the proofs of tokens in links and addresses, out of a text."""
    from sqlalchemy import make_url

    written = [one.get_secret_value() for one in (settings.smtp.password, settings.bounces.password) if one]
    secrets = [*written, str(make_url(settings.store.url).password or "")]
    literal = [re.escape(secret) for secret in secrets if len(secret) >= _SHORTEST]
    known = re.compile("|".join(literal) or r"(?!)")
    return lambda text: _SEALED.sub(_HIDDEN, _PROOF.sub(rf"\1{_HIDDEN}", known.sub(_HIDDEN, text)))


def _censored(hide: Hide) -> "Processor":
    def censor(_logger: "WrappedLogger", _name: str, event: "EventDict") -> "EventDict":
        return {key: _HIDDEN if _NAMED_SECRET.search(key) else _hidden(value, hide) for key, value in event.items()}

    return censor


def _hidden(value: Any, hide: Hide) -> Any:
    """Also inside of lists and mappings; what JSON has no form for becomes text."""
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, Mapping):
        return {str(key): _hidden(item, hide) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_hidden(item, hide) for item in value]
    return hide(str(value))


# --- structlog ------------------------------------------------------------------------------------------------------

_FIRST = ("timestamp", "level", "event")


def _stamped() -> "list[Processor]":
    import structlog

    return [structlog.processors.add_log_level, structlog.processors.TimeStamper(fmt="%Y-%m-%dT%H:%M:%SZ", utc=True)]


def _rendered(*, json: bool, hide: Hide) -> "list[Processor]":
    import structlog

    last: Processor
    if sys.stderr.isatty():
        last = structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)
    elif json:
        last = structlog.processors.JSONRenderer(ensure_ascii=False)
    else:
        last = structlog.processors.LogfmtRenderer(bool_as_flag=False)
    return [structlog.processors.format_exc_info, _censored(hide), _ordered, last]


def _ordered(_logger: "WrappedLogger", _name: str, event: "EventDict") -> "EventDict":
    return {key: event[key] for key in _FIRST if key in event} | dict(event)


def _configure(level: int, *, json: bool, hide: Hide) -> None:
    import structlog

    structlog.configure(
        processors=[*_stamped(), *_rendered(json=json, hide=hide)],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )


def _take_in_others() -> None:
    """What libraries say by `logging` and `warnings` becomes lines of the same form."""
    logging.captureWarnings(capture=True)
    root = logging.getLogger()
    root.handlers = [_Forwarding()]
    root.setLevel(logging.WARNING)


class _Forwarding(logging.Handler):
    """Hands the records of `logging` to structlog."""

    def emit(self, record: logging.LogRecord) -> None:
        import structlog

        said = structlog.get_logger(record.name)
        said.log(record.levelno, record.getMessage(), logger=record.name, exc_info=record.exc_info or False)
