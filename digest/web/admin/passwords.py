"""The operator's password, kept only as an Argon2id hash (RFC 9106) with the library's own parameters."""

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

_HASHER = PasswordHasher()
_LONGEST = 1024  # characters; hashing longer ones is work for a stranger's sake


def hashed(password: str) -> str:
    """What to keep of a password, in one line (a PHC string: `$argon2id$...`), without a line break.

    Raises ValueError for one that is empty or longer than can be checked.
    """
    if not 0 < len(password) <= _LONGEST:
        raise ValueError(f"a password has 1 to {_LONGEST} characters")
    return _HASHER.hash(password)


def is_right(kept: str, password: str) -> bool:
    """Whether this is the password; False also for a hash that is none. Takes the same time for every wrong one."""
    if len(password) > _LONGEST:
        return False
    try:
        return _HASHER.verify(kept.strip(), password)
    except (VerificationError, InvalidHashError):
        return False


def is_outdated(kept: str) -> bool:
    """Whether it was made with weaker parameters than today's, so that it is to be made again at the next login."""
    try:
        return _HASHER.check_needs_rehash(kept.strip())
    except InvalidHashError:
        return False
