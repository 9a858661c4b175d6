"""Deliveries asked for in the very transaction that writes their editions: a job and the rows it speaks of commit together."""

from typing import TYPE_CHECKING, Any

from procrastinate import App, SyncPsycopgConnector
from procrastinate.exceptions import ConnectorException

from digest.cluster import speaking
from digest.cluster.orders import FIRST, batches, deliveries
from digest.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Callable


def handing_on() -> "Callable[[Any, int], None]":
    """For `open_store(hand_on=...)`: defers what delivers so many editions, on the psycopg connection that writes them.

    It raises StoreError if that cannot be written.
    """
    app = App(connector=SyncPsycopgConnector())  # never opened: the connection is the store's

    def hand_on(connection: Any, editions: int) -> None:
        orders = deliveries(batches(editions))
        task = app.configure_task("deliver", queue="deliver", priority=FIRST["deliver"], connection=connection)
        try:
            task.batch_defer(*(dict(order.arguments) for order in orders))
        except ConnectorException as error:
            raise StoreError(f"jobs cannot be written: {speaking.reason(error)}") from error

    return hand_on
