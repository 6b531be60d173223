# SPDX-License-Identifier: AGPL-3.0-or-later
"""The frozen parameters of the protocol. No setting and no environment variable changes any of them.

Spec: specs/suite.md#identifier, specs/suite.md#groups, specs/suite.md#sizes, specs/suite.md#limits
"""

from __future__ import annotations

from typing import Final

SUITE_ID: Final = "VECHE-V1"

FIELD_MODULUS: Final = (
    0x1A0111EA397FE69A4B1BA7B6434BACD764774B84F38512BF6730D2A0F6B0F6241EABFFFEB153FFFFB9FEFFFFFFFFAAAB
)
GROUP_ORDER: Final = 0x73EDA753299D7D483339D80809A1D80553BDA402FFFE5BFEFFFFFFFF00000001
G1_COFACTOR: Final = 0x396C8C005555E1568C00AAAB0000AAAB

SCALAR_BYTES: Final = 32
G1_BYTES: Final = 48
G1_UNCOMPRESSED_BYTES: Final = 96
G2_BYTES: Final = 96
HASH_BYTES: Final = 32
MEMBER_ID_BYTES: Final = 16

MAX_ENTRY_BYTES: Final = 65_535
MAX_NOTE_BYTES: Final = 16_384
MAX_NOTE_SIGNATURES: Final = 64
MAX_BODY_BYTES: Final = 134_217_728
MAX_JSON_BYTES: Final = 67_108_864
MAX_JSON_DEPTH: Final = 16
MAX_TEXT_CHARACTERS: Final = 500
MAX_CONTESTS: Final = 32
MAX_OPTIONS: Final = 1_000
MAX_LANGUAGES: Final = 8
MAX_PARTIES: Final = 32
MAX_REVOTES: Final = 32
MAX_PROOF_HASHES: Final = 63

MAX_U16: Final = 2**16 - 1
MAX_U32: Final = 2**32 - 1
MAX_U53: Final = 2**53 - 1
