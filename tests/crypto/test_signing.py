# SPDX-License-Identifier: AGPL-3.0-or-later
"""Ed25519 with one rule, statements, lists of signatures, sealed boxes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nacl.public
import nacl.signing
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.errors import EncodingError, InvalidSignature, NonCanonical
from crypto.labels import ANSWER, APPROVAL, ENVELOPE, PROMISE, registered
from crypto.secret import Secret
from crypto.signing import (
    SEAL_OVERHEAD_BYTES,
    PublicKey,
    Signature,
    SigningKey,
    UnsealKey,
    decode_public_key,
    decode_seal_key,
    json_payload,
    make_json_statement,
    make_statement,
    read_signatures,
    require_quorum,
    seal,
    sign_all,
    statement_payload,
    verify,
    verify_all,
)
from tests.generate.vectors_encodings import (
    FIELD,
    L,
    ed_add,
    ed_encode,
    ed_hash,
    ed_key,
    ed_order_8,
    ed_times,
)

KEY = SigningKey(Secret(b"k" * 32))
OTHERS = [SigningKey(Secret(bytes([number]) * 32)) for number in range(1, 5)]

TORSION = [ed_encode(ed_times(k, ed_order_8())) for k in range(8)]
"""k times a point of order 8."""

SMALL_ORDER = set(TORSION)


def test_rfc_8032_vectors() -> None:
    """Section 7.1, tests 1 to 3, by their seeds; the signatures are PyNaCl's own."""
    for seed, message in (
        ("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60", b""),
        ("4ccd" * 16, b"r"),
    ):
        ours, theirs = SigningKey(Secret(bytes.fromhex(seed))), nacl.signing.SigningKey(bytes.fromhex(seed))
        assert ours.public == bytes(theirs.verify_key)
        assert ours.sign(message) == theirs.sign(message).signature
        verify(ours.public, message, ours.sign(message))
    first = SigningKey(Secret(bytes.fromhex("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60")))
    assert first.public.hex() == "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
    assert first.sign(b"").hex().startswith("e5564300c360ac729086e2cc806e828a84877f1eb8e5d974d873e06522490155")


def test_there_are_eight_points_of_small_order() -> None:
    assert len(SMALL_ORDER) == 8


@pytest.mark.parametrize("key", sorted(SMALL_ORDER), ids=lambda key: key.hex()[:8])
def test_attack_19_keys_of_small_order_are_refused_when_read(key: bytes) -> None:
    with pytest.raises(EncodingError, match="of small order"):
        decode_public_key(key)


def small_order_forgeries(multiple: int, key: bytes) -> list[tuple[bytes, bytes]]:
    """Signatures made without a secret: S = 0 and R of small order with 0 = R + h A, A = `multiple` times the point."""
    forged = []
    for attempt in range(40):
        message = f"forged {attempt}".encode()
        for k, commitment in enumerate(TORSION):
            if (k + ed_hash(commitment, key, message) * multiple) % 8 == 0:
                forged.append((message, commitment + bytes(32)))
    return forged


@pytest.mark.parametrize("multiple", range(8))
def test_attack_19_nothing_verifies_under_a_key_of_small_order(multiple: int) -> None:
    """OpenSSL accepts such signatures: their equation holds."""
    key = TORSION[multiple]
    forged = small_order_forgeries(multiple, key)
    assert forged
    for message, signature in forged:
        with pytest.raises(InvalidSignature, match="does not verify"):
            verify(PublicKey(key), message, signature)


@pytest.mark.parametrize("y", range(19))
@pytest.mark.parametrize("sign", [0, 1])
def test_attack_19_keys_that_are_not_canonical_are_refused_when_read(y: int, sign: int) -> None:
    key = ((FIELD + y) | sign << 255).to_bytes(32, "little")
    with pytest.raises((NonCanonical, EncodingError), match=r"not canonical|small order"):
        decode_public_key(key)


@pytest.mark.parametrize(("multiple", "y"), [(0, 1), (4, FIELD - 1)])
def test_attack_19_zero_with_a_sign_is_refused_when_read_and_verifies_nothing(multiple: int, y: int) -> None:
    """x = 0 has no sign: two further encodings of points of small order, which RFC 8032 does not decode."""
    key = (y | 1 << 255).to_bytes(32, "little")
    with pytest.raises(EncodingError, match="of small order"):
        decode_public_key(key)
    forged = small_order_forgeries(multiple, key)
    assert forged
    for message, signature in forged:
        with pytest.raises(InvalidSignature, match="does not verify"):
            verify(PublicKey(key), message, signature)


def test_the_refused_keys_are_those_of_the_page() -> None:
    page = (Path(__file__).resolve().parents[2] / "specs" / "conventions.md").read_text("utf-8")
    listed = {bytes.fromhex(line) for line in page.split("```")[1].split()}
    signed_zero = {(y | 1 << 255).to_bytes(32, "little") for y in (1, FIELD - 1)}
    assert listed == SMALL_ORDER | signed_zero


@pytest.mark.parametrize("size", [0, 31, 33, 64])
def test_keys_have_32_bytes(size: int) -> None:
    with pytest.raises(EncodingError, match=f"an Ed25519 key has 32 bytes, not {size}"):
        decode_public_key(b"k" * size)
    with pytest.raises(EncodingError, match="an X25519 key has 32 bytes"):
        decode_seal_key(b"k" * size)


def test_a_seal_key_of_zeros_is_refused() -> None:
    with pytest.raises(EncodingError, match="not all zero"):
        decode_seal_key(bytes(32))


def test_attack_18_s_plus_the_group_order_is_refused() -> None:
    signature = KEY.sign(b"m")
    s = int.from_bytes(signature[32:], "little")
    verify(KEY.public, b"m", signature)
    for more in range(1, 8):
        forged = signature[:32] + (s + more * L).to_bytes(32, "little")
        with pytest.raises(InvalidSignature, match="does not verify"):
            verify(KEY.public, b"m", forged)


@pytest.mark.parametrize("order", [8, 4, 2])
def test_the_equation_is_checked_without_the_cofactor(order: int) -> None:
    """R with a component of small order: only a verifier that multiplies by 8 accepts it."""
    torsion = ed_times(8 // order, ed_order_8())
    secret, public = ed_key("signing test")
    nonce, commitment = ed_key("signing test nonce")
    mixed = ed_encode(ed_add(commitment, torsion))
    key = ed_encode(public)
    s = (nonce + ed_hash(mixed, key, b"m") * secret) % L
    with pytest.raises(InvalidSignature, match="does not verify"):
        verify(PublicKey(key), b"m", mixed + s.to_bytes(32, "little"))
    plain = ed_encode(commitment)
    s = (nonce + ed_hash(plain, key, b"m") * secret) % L
    verify(PublicKey(key), b"m", plain + s.to_bytes(32, "little"))


@given(st.integers(0, 511))
def test_no_bit_of_a_signature_can_change(bit: int) -> None:
    signature = bytearray(KEY.sign(b"message"))
    signature[bit // 8] ^= 1 << bit % 8
    with pytest.raises(InvalidSignature, match="does not verify"):
        verify(KEY.public, b"message", bytes(signature))


@pytest.mark.parametrize("size", [0, 63, 65, 128])
def test_signatures_have_64_bytes(size: int) -> None:
    with pytest.raises(InvalidSignature, match=f"a signature has 64 bytes, not {size}"):
        verify(KEY.public, b"m", (KEY.sign(b"m") * 2)[:size])


def test_attack_17_zero_key_and_zero_signature() -> None:
    with pytest.raises(InvalidSignature, match="does not verify"):
        verify(PublicKey(bytes(32)), b"m", bytes(64))


# --- statements


@given(st.binary(max_size=40))
def test_statements_come_back_under_their_label_only(payload: bytes) -> None:
    statement = make_statement(PROMISE, payload)
    assert statement == PROMISE + b"\x00" + payload
    assert statement_payload(PROMISE, statement) == payload
    for label in registered() - {PROMISE}:
        with pytest.raises(EncodingError, match=f"not a statement under {label.decode()}$"):
            statement_payload(label, statement)


@pytest.mark.parametrize(
    "statement", [b"", PROMISE, PROMISE[:-1] + b"\x00", PROMISE.lower() + b"\x00", b"\x00" + PROMISE]
)
def test_what_does_not_begin_with_label_and_zero_is_refused(statement: bytes) -> None:
    with pytest.raises(EncodingError, match="not a statement under VECHE-V1-PROMISE"):
        statement_payload(PROMISE, statement)


def test_json_payloads_are_canonical() -> None:
    statement = make_json_statement(ANSWER, {"b": 1, "a": "\u0436"})
    assert statement == ANSWER + b'\x00{"a":"\xd0\xb6","b":1}'
    assert json_payload(ANSWER, statement) == {"a": "\u0436", "b": 1}
    with pytest.raises(NonCanonical, match="not in canonical form"):
        json_payload(ANSWER, ANSWER + b'\x00{"a":1, "b":2}')
    with pytest.raises(EncodingError, match="not a statement"):
        json_payload(APPROVAL, statement)


def test_a_signature_on_one_kind_of_statement_is_none_on_another() -> None:
    signature = KEY.sign(make_statement(PROMISE, b"p"))
    with pytest.raises(InvalidSignature, match="does not verify"):
        verify(KEY.public, make_statement(ENVELOPE, b"p"), signature)


# --- lists of signatures


def signed_list(count: int = 3) -> list[Any]:
    return sign_all(OTHERS[:count], b"statement")


def test_lists_are_sorted_and_verify() -> None:
    items = signed_list()
    assert [item["key"] for item in items] == sorted(key.public.hex() for key in OTHERS[:3])
    read = read_signatures(items, "list")
    assert verify_all(read, b"statement") == {key.public for key in OTHERS[:3]}


@pytest.mark.parametrize("change", ["reversed", "twice", "empty", "too many"])
def test_lists_that_are_not_ascending_without_repetition_are_refused(change: str) -> None:
    items = signed_list()
    changed = {"reversed": items[::-1], "twice": [items[0], items[0]], "empty": [], "too many": items * 11}[change]
    with pytest.raises(EncodingError, match="list: "):
        read_signatures(changed, "list")


def test_one_key_with_two_signatures_is_refused() -> None:
    first = signed_list(1)[0]
    other = {**first, "signature": OTHERS[0].sign(b"other").hex()}
    with pytest.raises(EncodingError, match="or a key signs twice"):
        read_signatures([first, other], "list")


@pytest.mark.parametrize("key", sorted(SMALL_ORDER), ids=lambda key: key.hex()[:8])
def test_attack_19_a_list_with_a_key_of_small_order_is_refused(key: bytes) -> None:
    with pytest.raises(EncodingError, match="small order"):
        read_signatures([{"key": key.hex(), "signature": "00" * 64}], "list")


@pytest.mark.parametrize(
    "item",
    [{}, {"key": "00" * 32}, {"key": "00" * 32, "signature": "00" * 64, "x": 1}, [], "x", None],
    ids=["empty", "no signature", "unknown member", "array", "string", "null"],
)
def test_malformed_items_are_refused(item: Any) -> None:
    with pytest.raises(EncodingError, match="list: signature"):
        read_signatures([item], "list")


def test_one_bad_signature_makes_the_list_invalid() -> None:
    read = list(read_signatures(signed_list(), "list"))
    for place in range(3):
        broken = list(read)
        broken[place] = Signature(read[place].key, read[place - 1].signature)
        with pytest.raises(InvalidSignature, match="does not verify"):
            verify_all(broken, b"statement")
    with pytest.raises(InvalidSignature, match="does not verify"):
        verify_all(read, b"other")


def test_attack_53_nobody_is_no_quorum() -> None:
    with pytest.raises(InvalidSignature, match="nobody signed"):
        verify_all([], b"statement")
    with pytest.raises(InvalidSignature, match="0 signatures, 0 are needed"):
        require_quorum(frozenset(), frozenset({KEY.public}), 0, "x")


def test_quorums_count_only_the_entitled_and_suffer_no_stranger() -> None:
    entitled = frozenset(key.public for key in OTHERS[:3])
    require_quorum(frozenset(key.public for key in OTHERS[:2]), entitled, 2, "x")
    with pytest.raises(InvalidSignature, match="x: 1 signatures, 2 are needed"):
        require_quorum(frozenset({OTHERS[0].public}), entitled, 2, "x")
    with pytest.raises(InvalidSignature, match=r"x: signed by .*, who is not entitled"):
        require_quorum(frozenset(key.public for key in OTHERS), entitled, 2, "x")


# --- boxes


def test_boxes_open_for_their_key_only() -> None:
    right, wrong = UnsealKey(Secret(b"r" * 32)), UnsealKey(Secret(b"w" * 32))
    assert right.public == bytes(nacl.public.PrivateKey(b"r" * 32).public_key)
    box = seal(right.public, b"share")
    assert len(box) == 5 + SEAL_OVERHEAD_BYTES == 53
    assert right.unseal(box) == b"share"
    assert seal(right.public, b"share") != box
    for bad in (
        box[:-1],
        box + b"\x00",
        b"",
        bytes(48),
        bytes([box[0] ^ 1]) + box[1:],
        box[:-1] + bytes([box[-1] ^ 1]),
    ):
        with pytest.raises(EncodingError, match="does not open with this key"):
            right.unseal(bad)
    with pytest.raises(EncodingError, match="does not open with this key"):
        wrong.unseal(box)


def test_generated_keys_differ() -> None:
    assert SigningKey.generate().public != SigningKey.generate().public
    assert UnsealKey.generate().public != UnsealKey.generate().public
