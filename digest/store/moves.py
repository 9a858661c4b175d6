"""Which way a delivery may go: pure."""

from collections.abc import Mapping

from digest.errors import StoreError
from digest.model import State

# claimed -> claimed, sending -> claimed: another worker takes over from one whose lease ran out.
# sending -> pending: its worker did not learn that it might begin, and did not.
# pending, claimed, deferred -> unknown: too old for another try, and an earlier one may have arrived.
MOVES: Mapping[State, frozenset[State]] = {
    State.PENDING: frozenset({State.CLAIMED, State.CANCELLED, State.EXPIRED, State.UNKNOWN}),
    State.CLAIMED: frozenset(
        {
            *(State.SENDING, State.PENDING, State.CLAIMED, State.DEFERRED),
            *(State.FAILED, State.CANCELLED, State.EXPIRED, State.UNKNOWN),
        }
    ),
    State.SENDING: frozenset({State.SENT, State.DEFERRED, State.FAILED, State.UNKNOWN, State.CLAIMED, State.PENDING}),
    State.DEFERRED: frozenset({State.CLAIMED, State.CANCELLED, State.EXPIRED, State.UNKNOWN}),
    State.UNKNOWN: frozenset({State.CLAIMED, State.CANCELLED}),
    State.SENT: frozenset(),
    State.FAILED: frozenset(),
    State.CANCELLED: frozenset(),
    State.EXPIRED: frozenset(),
}


def moved(before: State, after: State) -> State:
    """`after`, if a delivery may go there from `before`.

    Raises:
        StoreError: it may not; whoever asked has a bug.
    """
    if after not in MOVES[before]:
        raise StoreError(f"a delivery that is {before} cannot become {after}: this is a bug, please report it")
    return after
