"""Private keys for DKIM: in a file, as what signs, and as the record that DNS is to have."""

import base64
import os
from enum import StrEnum
from hashlib import sha256
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric import ed25519, rsa
from cryptography.hazmat.primitives.asymmetric.padding import PKCS1v15
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from digest.delivery.dkim import Key

PrivateKey = rsa.RSAPrivateKey | ed25519.Ed25519PrivateKey

# Bits of RSA (RFC 8301, 3.2): with fewer than the first no receiver accepts a signature; the second is enough; more
# than the third no receiver need be able to read.
_LEAST, _ENOUGH, _MOST = 1024, 2048, 4096


class Kind(StrEnum):
    """The kinds of key that DKIM knows, by their names in a record."""

    RSA = "rsa"
    ED25519 = "ed25519"


# --- in a file ------------------------------------------------------------------------------------------------------


def load(path: Path, kind: Kind) -> PrivateKey:
    """The private key of this kind in a PEM file.

    Raises:
        ValueError: there is none, or none that receivers accept; says what to do.
    """
    try:
        pem = path.read_bytes()
    except OSError as error:
        raise ValueError(f"cannot read {path} ({error.strerror}); `digest dkim keygen` writes a key") from None
    key = _parsed(pem, path)
    if kind_of(key) is not kind:
        raise ValueError(f"{path} holds a key of the kind {kind_of(key)}, where one of the kind {kind} belongs")
    if isinstance(key, rsa.RSAPrivateKey) and key.key_size < _LEAST:
        raise ValueError(f"{path} holds a key of {key.key_size} bits, which no receiver accepts; make one of {_ENOUGH}")
    return key


def _parsed(pem: bytes, path: Path) -> PrivateKey:
    try:
        key = load_pem_private_key(pem, None)
    except TypeError:
        raise ValueError(f"{path} is locked by a passphrase, which nobody types at night; unlock it") from None
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError(f"{path} holds no private key in PEM form; `digest dkim keygen` writes one") from None
    if not isinstance(key, PrivateKey):
        raise ValueError(f"{path} holds a key that DKIM has no use for; `digest dkim keygen` writes one")  # noqa: TRY004 - the file is wrong, not the type
    return key


def kind_of(key: PrivateKey) -> Kind:
    return Kind.RSA if isinstance(key, rsa.RSAPrivateKey) else Kind.ED25519


def write_new(path: Path, key: PrivateKey) -> None:
    """Write the key where no file is yet, for our eyes only. Raises OSError, FileExistsError above all."""
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(pem)


def generate(kind: Kind) -> PrivateKey:
    if kind is Kind.ED25519:
        return ed25519.Ed25519PrivateKey.generate()
    return rsa.generate_private_key(public_exponent=65537, key_size=_ENOUGH)


def weakness(key: PrivateKey) -> str | None:
    """What speaks against a key that is accepted all the same."""
    if not isinstance(key, rsa.RSAPrivateKey) or _ENOUGH <= key.key_size <= _MOST:
        return None
    if key.key_size < _ENOUGH:
        return f"has {key.key_size} bits, which some receivers no longer trust; make one of {_ENOUGH}"
    return f"has {key.key_size} bits, more than many receivers can read; make one of {_ENOUGH}"


# --- as what signs, and in DNS --------------------------------------------------------------------------------------


def signing(key: PrivateKey, selector: str) -> Key:
    """The key as `dkim.Signer` takes it."""
    if isinstance(key, rsa.RSAPrivateKey):
        padding, algorithm = PKCS1v15(), SHA256()
        return Key("rsa-sha256", selector, lambda data: key.sign(data, padding, algorithm))
    return Key("ed25519-sha256", selector, lambda data: key.sign(sha256(data).digest()))  # RFC 8463, 3


def record(key: PrivateKey) -> str:
    """The text of the TXT record with the public key (RFC 6376, 3.6.1; RFC 8463, 4.2)."""
    public = key.public_key()
    if isinstance(public, rsa.RSAPublicKey):
        data = public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    else:
        data = public.public_bytes(Encoding.Raw, PublicFormat.Raw)
    return f"v=DKIM1; k={kind_of(key)}; p={base64.b64encode(data).decode()}"


_LONGEST = 255  # octets of one string in a TXT record (RFC 1035, 3.3.14); receivers join them


def strings(text: str) -> str:
    """The text as zone files have it: strings in quotes, none too long."""
    return " ".join(f'"{text[at : at + _LONGEST]}"' for at in range(0, len(text), _LONGEST))
