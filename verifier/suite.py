# SPDX-License-Identifier: AGPL-3.0-or-later
"""Frozen parameters: implements specs/suite.md#groups, specs/suite.md#sizes and specs/suite.md#limits."""

from typing import Final

SUITE_ID: Final = "VECHE-V1"

# specs/suite.md#groups
FIELD_PRIME: Final = 0x1A0111EA397FE69A4B1BA7B6434BACD764774B84F38512BF6730D2A0F6B0F6241EABFFFEB153FFFFB9FEFFFFFFFFAAAB
GROUP_ORDER: Final = 0x73EDA753299D7D483339D80809A1D80553BDA402FFFE5BFEFFFFFFFF00000001
COFACTOR: Final = 0x396C8C005555E1568C00AAAB0000AAAB

# specs/suite.md#sizes (bytes)
SCALAR_BYTES: Final = 32
G1_BYTES: Final = 48
G1_UNCOMPRESSED_BYTES: Final = 96
G2_BYTES: Final = 96
HASH_BYTES: Final = 32
MEMBER_ID_BYTES: Final = 16

# specs/suite.md#limits
MAX_ENTRY_BYTES: Final = 65535
MAX_NOTE_BYTES: Final = 16384
MAX_NOTE_SIGNATURES: Final = 64
MAX_BODY_BYTES: Final = 134217728
MAX_JSON_BYTES: Final = 67108864
MAX_JSON_DEPTH: Final = 16
MAX_TEXT_CHARACTERS: Final = 500
MAX_CONTESTS: Final = 32
MAX_OPTIONS: Final = 1000
MAX_LANGUAGES: Final = 8
MAX_PARTIES: Final = 32
MAX_REVOTES: Final = 32
MAX_PROOF_HASHES: Final = 63

# The proof of knowledge's two scalars (specs/proofs.md#schnorr), and sizes of Ed25519.
PROOF_BYTES: Final = 2 * SCALAR_BYTES
ED25519_KEY_BYTES: Final = 32
SIGNATURE_BYTES: Final = 64
X25519_KEY_BYTES: Final = 32
ZERO_HASH: Final = bytes(HASH_BYTES)
