# SPDX-License-Identifier: AGPL-3.0-or-later
"""Ed25519 and statements: implements specs/conventions.md#signatures."""

from collections.abc import Collection
from itertools import pairwise
from typing import Final

from verifier.encoding import Fields, decode_hex
from verifier.errors import EncodingError, VerificationError
from verifier.suite import ED25519_KEY_BYTES, SIGNATURE_BYTES, X25519_KEY_BYTES

try:
    from nacl.bindings import crypto_sign_open
    from nacl.exceptions import BadSignatureError
except ImportError:  # the command says so in plain words before anything needs a signature
    LIBRARY_FOUND = False
else:
    LIBRARY_FOUND = True

_PRIME: Final = 2**255 - 19
_SMALL_ORDER: Final = frozenset(
    bytes.fromhex(text)
    for text in (
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
        "0100000000000000000000000000000000000000000000000000000000000080",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    )
)

SignatureList = tuple[tuple[bytes, bytes], ...]
"""(public key, signature) pairs, sorted by key, no key twice."""


def is_acceptable_key(key: bytes) -> bool:
    """Tell whether 32 bytes may be an Ed25519 public key: y below 2^255 - 19 and not of small order."""
    return int.from_bytes(key, "little") & (2**255 - 1) < _PRIME and key not in _SMALL_ORDER


def check_key(key: bytes, where: str) -> bytes:
    """Return the key if it is acceptable.

    Raises:
        EncodingError: not canonical, or one of the eight points of small order.

    """
    if len(key) != ED25519_KEY_BYTES or not is_acceptable_key(key):
        message = f"{where}: {key.hex()} is not an acceptable Ed25519 key"
        raise EncodingError(message)
    return key


def read_key(fields: Fields, name: str) -> bytes:
    """Read a member of type `ed25519`."""
    return check_key(fields.hex(name, ED25519_KEY_BYTES), f"{fields.where}.{name}")


def read_seal(fields: Fields, name: str) -> bytes:
    """Read a member of type `x25519`: any 32 bytes but zeros."""
    key = fields.hex(name, X25519_KEY_BYTES)
    if not any(key):
        message = f"{fields.where}.{name}: all zero"
        raise EncodingError(message)
    return key


def read_signature(fields: Fields, name: str) -> bytes:
    """Read a member of type `signature`."""
    return fields.hex(name, SIGNATURE_BYTES)


def read_signatures(fields: Fields, name: str) -> SignatureList:
    """Read a list of signatures: sorted by key, no key twice.

    Raises:
        EncodingError: another shape or order, or a key that is not acceptable.

    """
    found: list[tuple[bytes, bytes]] = []
    where = f"{fields.where}.{name}"
    for item in fields.array(name):
        pair = Fields(item, ("key", "signature"), where)
        key = read_key(pair, "key")
        if found and found[-1][0] >= key:
            message = f"{where}: keys are not ascending"
            raise EncodingError(message)
        found.append((key, read_signature(pair, "signature")))
    return tuple(found)


def is_valid(key: bytes, signature: bytes, message: bytes) -> bool:
    """Tell whether libsodium's strict, cofactorless verification accepts (sizes 32, 64, any)."""
    try:
        crypto_sign_open(signature + message, key)
    except BadSignatureError:
        return False
    return True


def require_valid(key: bytes, signature: bytes, message: bytes, where: str) -> None:
    """Raise VerificationError unless the signature verifies."""
    if not is_valid(key, signature, message):
        reason = f"{where}: signature by {key.hex()[:16]}.. does not verify"
        raise VerificationError(reason)


def require_quorum(
    signatures: SignatureList, entitled: Collection[bytes], quorum: int, where: str, *, exactly: bool = False
) -> None:
    """Require that all signers are entitled and that there are at least (or exactly) ``quorum``; verifies nothing.

    Raises:
        VerificationError: a signer who is not entitled, or too few (or too many).

    """
    for key, _ in signatures:
        if key not in entitled:
            message = f"{where}: signed by {key.hex()[:16]}.., who is not entitled"
            raise VerificationError(message)
    if len(signatures) < quorum or (exactly and len(signatures) != quorum):
        message = f"{where}: {len(signatures)} signatures where {quorum} are needed"
        raise VerificationError(message)


def make_statement(label: bytes, payload: bytes) -> bytes:
    """Return ``label || 0x00 || payload``."""
    return label + b"\x00" + payload


def split_statement(statement: bytes, label: bytes, where: str) -> bytes:
    """Return the payload of a statement that begins with the label and a zero byte.

    Raises:
        EncodingError: another label.

    """
    start = label + b"\x00"
    if not statement.startswith(start):
        message = f"{where}: the statement does not begin with {label.decode('ascii')}"
        raise EncodingError(message)
    return statement[len(start) :]


def decode_key_list(items: list[object], where: str) -> tuple[bytes, ...]:
    """Read an array of `ed25519`, sorted, no key twice (used for culprits)."""
    keys = tuple(check_key(decode_hex(item, ED25519_KEY_BYTES, where), where) for item in items)
    if any(left >= right for left, right in pairwise(keys)):
        message = f"{where}: keys are not ascending"
        raise EncodingError(message)
    return keys
