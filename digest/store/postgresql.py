"""Connections to PostgreSQL: how long anything may take before the other side counts as gone, and what is tried again."""

from time import monotonic, sleep
from typing import Any

from sqlalchemy import URL, Engine, create_engine, event
from sqlalchemy.engine.interfaces import Dialect

from digest.errors import StoreError

_PAUSE = 0.2  # seconds between two tries to connect
_GONE = 60  # seconds after which the other side of a connection that keeps silent counts as gone
_CHECKED = 10  # seconds between two looks at whether whoever waits for a statement is still there

# What a server that comes back says meanwhile; libpq gives no code for a connection that was not made.
_PASSING = (
    "connection refused",
    "starting up",
    "shutting down",
    "not yet accepting connections",
    "recovery mode",
    "terminating connection",
    "too many clients",
    "too many connections",
    "connection slots",
    "closed the connection unexpectedly",
    "reset by peer",
)

_BROKEN = "the server was stopped, or the network broke: try again; nothing was half written"
_ABSENT = "nobody answers there: is the server running, and are host and port in store.url right?"

# What to do about its words.
ADVICE = {
    "password authentication failed": "user or password in store.url are wrong",
    "no password supplied": "store.url names no password, and the server wants one",
    "no pg_hba.conf entry": "the server lets nobody in like this: it needs a line for it in its pg_hba.conf",
    'fatal:  role "': "the server knows no such user: make it with createuser, or change store.url",
    'fatal:  database "': "there is no such database: make it with `createdb -O USER NAME`, or change store.url",
    "failed to resolve host": "there is no such host: is its name in store.url right?",
    "connection refused": _ABSENT,
    "no such file or directory": _ABSENT,
    "timeout expired": _ABSENT,
    "too many clients": "the server has no connection left: raise its max_connections, or begin fewer processes",
    "too many connections": "this user, or database, has no connection left: raise its CONNECTION LIMIT",
    "connection slots": "the server has no connection left: raise its max_connections, or begin fewer processes",
    "unsupported startup parameter": "a pooler stands before the server: write ?options= behind store.url",
    "unrecognized configuration parameter": "the server is too old: PostgreSQL 14 or newer is needed",
    "lock timeout": "another program has kept the database locked: let it finish, or stop it, and try again",
    "deadlock detected": "another program wanted the same rows: try again; nothing was half written",
    "statement timeout": "the server ends what takes so long: raise its statement_timeout for this user",
    "idle-in-transaction": "this process stood still in the middle of its work: try again; nothing was half written",
    "read-only transaction": "the server lets nobody write: does store.url name a replica?",
    "permission denied": "this user may not do that there: let it own the database",
    "already exists": "there are tables of another program in this database: make one for the digest alone",
    "no space left on device": "the server's disk is full: make room and try again; nothing was half written",
    "starting up": "the server is just being started: try again",
    "shutting down": _BROKEN,
    "not yet accepting connections": "the server is just being started: try again",
    "terminating connection": _BROKEN,
    "closed the connection": _BROKEN,
    "connection is lost": _BROKEN,
    "connection is closed": _BROKEN,
    "reset by peer": _BROKEN,
}


def engine(url: URL, patience: float) -> Engine:
    """A pool of connections that waits up to `patience` seconds for a server that is away, and for a locked row.

    Every connection is tried before it is used. What was under way when one broke is not repeated: only who asked knows
    whether it may be, since a commit that nobody confirmed may have been made.

    What the query of the URL says takes the place of what is said here: with `?options=` nothing is asked of the server,
    as a pooler (PgBouncer) wants it.

    Raises:
        StoreError: there is no driver.
    """
    try:
        made = create_engine(
            url, max_overflow=-1, pool_pre_ping=True, hide_parameters=True, connect_args=arguments(url, patience)
        )
    except ImportError as error:
        raise StoreError(
            f"store.url: PostgreSQL needs the driver psycopg ({error}): install it with `pip install 'daily-paper-digest[cluster]'`"
        ) from error

    @event.listens_for(made, "do_connect")
    def connect(dialect: Dialect, _record: object, arguments: tuple[Any, ...], keywords: dict[str, Any]) -> Any:
        return _patiently(dialect, arguments, keywords, patience)

    return made


def _patiently(dialect: Dialect, arguments: tuple[Any, ...], keywords: dict[str, Any], patience: float) -> Any:
    """A new connection; nothing has been asked over it, so that trying again is safe."""
    deadline = monotonic() + patience
    while True:
        try:
            return dialect.connect(*arguments, **keywords)
        except dialect.loaded_dbapi.OperationalError as error:
            if not passes(str(error)) or monotonic() >= deadline:
                raise
            sleep(_PAUSE)


def passes(said: str) -> bool:
    """Whether what the server or the network said to a try to connect may be otherwise in a moment."""
    return any(sign in said.lower() for sign in _PASSING)


def arguments(url: URL, patience: float) -> dict[str, Any]:
    """What libpq is told (https://www.postgresql.org/docs/current/libpq-connect.html), but for what the URL tells it."""
    ours = {
        "connect_timeout": max(2, round(patience)),  # two at least, as libpq says
        "keepalives_idle": _GONE // 2,
        "keepalives_interval": _GONE // 6,
        "keepalives_count": 3,
        "tcp_user_timeout": _GONE * 1000,  # ms for which what was sent may stay unacknowledged
        "fallback_application_name": "digest",
        "options": " ".join(f"-c {name}={value}" for name, value in _asked_of_the_server(patience).items()),
    }
    return {name: value for name, value in ours.items() if name not in url.query}


def _asked_of_the_server(patience: float) -> dict[str, str]:
    """So that whoever was cut off, or killed, holds no row that others wait for.

    Its own defaults are two hours and for ever (https://www.postgresql.org/docs/current/runtime-config-connection.html).
    """
    return {
        "lock_timeout": f"{max(1, round(1000 * patience))}ms",
        "idle_in_transaction_session_timeout": f"{_GONE}s",
        "tcp_keepalives_idle": f"{_GONE // 2}s",
        "tcp_keepalives_interval": f"{_GONE // 6}s",
        "tcp_keepalives_count": "3",
        "tcp_user_timeout": f"{_GONE}s",
        "client_connection_check_interval": f"{_CHECKED}s",
    }
