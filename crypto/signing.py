# SPDX-License-Identifier: AGPL-3.0-or-later
"""Ed25519 signatures on labelled statements, with one strict verification rule (libsodium's), and sealed boxes.

Spec: specs/conventions.md#signatures
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, NewType

import nacl.bindings
import nacl.exceptions
import nacl.public

from crypto.encoding.members import Members
from crypto.encoding.strict_json import Json, dumps, loads_canonical
from crypto.errors import EncodingError, InvalidSignature, NonCanonical
from crypto.labels import Label
from crypto.secret import Secret
from crypto.suite import MAX_PARTIES

PublicKey = NewType("PublicKey", bytes)
"""32 bytes: a canonical Ed25519 key that is not of small order."""

SealKey = NewType("SealKey", bytes)
"""32 bytes: an X25519 key to which things are sealed."""

KEY_BYTES: Final = 32
SIGNATURE_BYTES: Final = 64
SEAL_OVERHEAD_BYTES: Final = nacl.bindings.crypto_box_SEALBYTES

_FIELD = 2**255 - 19
_SMALL_ORDER: Final = frozenset(
    bytes.fromhex(key)
    for key in (
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


def decode_public_key(data: bytes) -> PublicKey:
    """An acceptable Ed25519 key.

    Raises:
        EncodingError: not 32 bytes, or of small order.
        NonCanonical: the y coordinate is 2^255 - 19 or more.
    """
    if len(data) != KEY_BYTES:
        raise EncodingError(f"an Ed25519 key has {KEY_BYTES} bytes, not {len(data)}")
    if data in _SMALL_ORDER:
        raise EncodingError("an Ed25519 key of small order: anybody could sign for it")
    if int.from_bytes(data, "little") & (2**255 - 1) >= _FIELD:
        raise NonCanonical("an Ed25519 key that is not canonical")
    return PublicKey(bytes(data))


def decode_seal_key(data: bytes) -> SealKey:
    """An X25519 key.

    Raises:
        EncodingError: not 32 bytes, or all zero.
    """
    if len(data) != KEY_BYTES or not any(data):
        raise EncodingError("an X25519 key has 32 bytes, not all zero")
    return SealKey(bytes(data))


def verify(key: PublicKey, message: bytes, signature: bytes) -> None:
    """One Ed25519 signature.

    Raises:
        InvalidSignature.
    """
    if len(signature) != SIGNATURE_BYTES:
        raise InvalidSignature(f"a signature has {SIGNATURE_BYTES} bytes, not {len(signature)}")
    try:
        nacl.bindings.crypto_sign_open(signature + message, key)
    except nacl.exceptions.BadSignatureError:
        raise InvalidSignature("an Ed25519 signature does not verify") from None


class SigningKey:
    """An Ed25519 secret key made from a 32-byte seed."""

    __slots__ = ("_secret", "public")

    def __init__(self, seed: Secret[bytes]) -> None:
        public, secret = nacl.bindings.crypto_sign_seed_keypair(seed.reveal())
        self._secret = Secret(secret)
        self.public = PublicKey(public)

    @classmethod
    def generate(cls) -> SigningKey:
        """A fresh key."""
        return cls(Secret(secrets.token_bytes(KEY_BYTES)))

    def sign(self, message: bytes) -> bytes:
        """64 bytes."""
        return nacl.bindings.crypto_sign(message, self._secret.reveal())[:SIGNATURE_BYTES]

    def hedging_secret(self) -> Secret[bytes]:
        """The secret key, for hedging randomness with it and for nothing else."""
        return self._secret

    def __repr__(self) -> str:
        return f"SigningKey(public={self.public.hex()})"


class UnsealKey:
    """An X25519 secret key that opens what was sealed to it."""

    __slots__ = ("_key", "public")

    def __init__(self, seed: Secret[bytes]) -> None:
        self._key = Secret(nacl.public.PrivateKey(seed.reveal()))
        self.public = SealKey(bytes(self._key.reveal().public_key))

    @classmethod
    def generate(cls) -> UnsealKey:
        """A fresh key."""
        return cls(Secret(secrets.token_bytes(KEY_BYTES)))

    def unseal(self, box: bytes) -> bytes:
        """What is inside.

        Raises:
            EncodingError: not a box sealed to this key.
        """
        try:
            return nacl.public.SealedBox(self._key.reveal()).decrypt(box)
        except (nacl.exceptions.CryptoError, ValueError):
            raise EncodingError("a sealed box does not open with this key") from None

    def __repr__(self) -> str:
        return f"UnsealKey(public={self.public.hex()})"


def seal(key: SealKey, data: bytes) -> bytes:
    """`data` in an anonymous box of len(data) + 48 bytes that only the key's holder opens."""
    return nacl.public.SealedBox(nacl.public.PublicKey(key)).encrypt(data)


def make_statement(label: Label, payload: bytes) -> bytes:
    """label, a zero byte, payload: what is signed."""
    return label + b"\x00" + payload


def make_json_statement(label: Label, payload: Json) -> bytes:
    """A statement whose payload is canonical JSON."""
    return make_statement(label, dumps(payload))


def statement_payload(label: Label, statement: bytes) -> bytes:
    """The payload of a statement that must begin with `label`.

    Raises:
        EncodingError: another label.
    """
    head = label + b"\x00"
    if not statement.startswith(head):
        raise EncodingError(f"not a statement under {label.decode('ascii')}")
    return statement[len(head) :]


def json_payload(label: Label, statement: bytes) -> Json:
    """The JSON payload of a statement that must begin with `label`, in canonical form.

    Raises:
        EncodingError.
    """
    return loads_canonical(statement_payload(label, statement))


@dataclass(frozen=True, slots=True)
class Signature:
    """One signature of a list, with the key that made it."""

    key: PublicKey
    signature: bytes


def sign_all(keys: Iterable[SigningKey], statement: bytes) -> list[Json]:
    """The JSON list of signatures on `statement`, sorted by key."""
    signatures = [{"key": key.public.hex(), "signature": key.sign(statement).hex()} for key in keys]
    return sorted(signatures, key=lambda entry: entry["key"])


def read_signatures(value: Sequence[Json], what: str) -> tuple[Signature, ...]:
    """A list of signatures, ascending by key, at least one, none twice. Nothing is verified.

    Raises:
        EncodingError.
    """
    if not 1 <= len(value) <= MAX_PARTIES:
        raise EncodingError(f"{what}: {len(value)} signatures, not 1 to {MAX_PARTIES}")
    read = []
    for item in value:
        members = Members(item, f"{what}: signature", ("key", "signature"))
        key = decode_public_key(members.hex("key", KEY_BYTES))
        read.append(Signature(key, members.hex("signature", SIGNATURE_BYTES)))
    keys = [signature.key for signature in read]
    if keys != sorted(set(keys)):
        raise EncodingError(f"{what}: signatures are not ascending by key, or a key signs twice")
    return tuple(read)


def verify_all(signatures: Iterable[Signature], statement: bytes) -> frozenset[PublicKey]:
    """Every signature of the list; returns who signed.

    Raises:
        InvalidSignature: one of them does not verify, or there are none.
    """
    signers = set()
    for signature in signatures:
        verify(signature.key, statement, signature.signature)
        signers.add(signature.key)
    if not signers:
        raise InvalidSignature("nobody signed")
    return frozenset(signers)


def require_quorum(signers: frozenset[PublicKey], entitled: frozenset[PublicKey], quorum: int, what: str) -> None:
    """Only entitled signers, and at least `quorum` of them.

    Raises:
        InvalidSignature.
    """
    strangers = signers - entitled
    if strangers:
        raise InvalidSignature(f"{what}: signed by {min(strangers).hex()}, who is not entitled")
    if quorum < 1 or len(signers) < quorum:
        raise InvalidSignature(f"{what}: {len(signers)} signatures, {quorum} are needed")
