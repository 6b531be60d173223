# SPDX-License-Identifier: AGPL-3.0-or-later
"""The tree against a naive recursive one, and against the vectors of transparency-dev."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crypto.errors import InvalidConsistencyProof, InvalidInclusionProof
from crypto.ledger.merkle import EMPTY_ROOT, Tree, leaf_hash, node_hash, verify_consistency, verify_inclusion
from crypto.suite import MAX_PROOF_HASHES
from tests.generate import plain
from tests.shared_data import shared_path

NO_INCLUSION = r"no proof can show leaf|too many or too few hashes|leads to another root"
NO_CONSISTENCY = r"no proof can show that|too many or too few hashes|leads to other roots|equal sizes need equal roots"

SIZES = 71
LEAVES = [plain.leaf_hash(f"entry {number}".encode()) for number in range(SIZES - 1)]
TREE = Tree(LEAVES)
ROOTS = [plain.tree_root(LEAVES[:size]) for size in range(SIZES)]


def test_hashes_of_rfc_6962() -> None:
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert leaf_hash(b"").hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    assert leaf_hash(b"x") == plain.sha256(b"\x00x")
    assert node_hash(b"l", b"r") == plain.sha256(b"\x01lr")


@pytest.mark.parametrize("size", range(SIZES))
def test_roots_of_every_size(size: int) -> None:
    assert TREE.root(size) == Tree(LEAVES[:size]).root() == ROOTS[size]


@pytest.mark.parametrize("size", range(1, SIZES))
def test_inclusion_of_every_leaf_in_every_size(size: int) -> None:
    for index in range(size):
        proof = TREE.inclusion_proof(index, size)
        assert proof == plain.inclusion_path(index, LEAVES[:size])
        verify_inclusion(LEAVES[index], index, size, proof, ROOTS[size])


@pytest.mark.parametrize("new", range(SIZES))
def test_consistency_of_every_pair_of_sizes(new: int) -> None:
    for old in range(new + 1):
        proof = TREE.consistency_proof(old, new)
        assert proof == plain.consistency_path(old, LEAVES[:new])
        verify_consistency(old, new, proof, ROOTS[old], ROOTS[new])


@pytest.mark.parametrize("size", range(1, 20))
def test_attack_34_no_other_index_size_length_or_hash(size: int) -> None:
    for index in range(size):
        proof = TREE.inclusion_proof(index, size)

        def refused(*, at: int = index, of: int = size, by: Any = proof, leaf: bytes = LEAVES[index]) -> None:
            with pytest.raises(InvalidInclusionProof, match=NO_INCLUSION):
                verify_inclusion(leaf, at, of, by, ROOTS[size])

        for other in (*range(size), size, size + 1, -1, 2**40):
            if other != index:
                refused(at=other)
        refused(of=0)
        refused(of=index)
        refused(by=[*proof, ROOTS[size]])
        refused(by=[LEAVES[index], *proof])
        refused(leaf=LEAVES[index + 1])
        refused(leaf=ROOTS[size] if size > 1 else LEAVES[1])
        for place in range(len(proof)):
            refused(by=proof[:place] + proof[place + 1 :])
            refused(by=[*proof[:place], proof[place][:-1] + bytes([proof[place][-1] ^ 1]), *proof[place + 1 :]])
            refused(by=[*proof[:place], proof[place][:31], *proof[place + 1 :]])
            refused(by=[*proof[:place], proof[place] + b"\x00", *proof[place + 1 :]])
        if len(proof) > 1:
            refused(by=[proof[1], proof[0], *proof[2:]])


def test_attack_34_sizes_that_fit_the_same_path() -> None:
    """A path shows a leaf in every tree whose right edge it does not touch; only the root decides."""
    proof = TREE.inclusion_proof(0, 8)
    for size in (5, 6, 7):
        with pytest.raises(InvalidInclusionProof, match="leads to another root"):
            verify_inclusion(LEAVES[0], 0, size, proof, ROOTS[size])


@pytest.mark.parametrize("new", range(1, 18))
def test_attack_34_no_other_consistency(new: int) -> None:
    for old in range(1, new):
        proof = TREE.consistency_proof(old, new)

        def refused(
            *, a: int = old, b: int = new, by: Any = proof, first: bytes = ROOTS[old], second: bytes = ROOTS[new]
        ) -> None:
            with pytest.raises(InvalidConsistencyProof, match=NO_CONSISTENCY):
                verify_consistency(a, b, by, first, second)

        refused(first=ROOTS[old - 1])
        refused(first=ROOTS[new])
        refused(second=ROOTS[new + 1])
        refused(second=ROOTS[old])
        refused(first=ROOTS[new], second=ROOTS[old])
        refused(a=new, b=old)
        refused(a=old + 1)
        refused(by=[])
        refused(by=proof[:-1])
        refused(by=proof[1:])
        refused(by=[*proof, proof[-1]])
        refused(by=[proof[0], *proof])
        for place in range(len(proof)):
            changed = bytes([proof[place][0] ^ 1]) + proof[place][1:]
            refused(by=[*proof[:place], changed, *proof[place + 1 :]])
            refused(by=[*proof[:place], proof[place][:31], *proof[place + 1 :]])


def test_equal_sizes_and_size_zero() -> None:
    verify_consistency(5, 5, [], ROOTS[5], ROOTS[5])
    verify_consistency(0, 0, [], EMPTY_ROOT, EMPTY_ROOT)
    verify_consistency(0, 7, [], EMPTY_ROOT, ROOTS[7])
    for old, new, proof, first, second in (
        (5, 5, [], ROOTS[5], ROOTS[6]),
        (5, 5, [ROOTS[5]], ROOTS[5], ROOTS[5]),
        (0, 0, [], EMPTY_ROOT, ROOTS[1]),
        (0, 0, [], ROOTS[1], ROOTS[1]),
        (0, 7, [ROOTS[7]], EMPTY_ROOT, ROOTS[7]),
        (0, 7, [], ROOTS[7], ROOTS[7]),
        (-1, 7, [], EMPTY_ROOT, ROOTS[7]),
    ):
        with pytest.raises(InvalidConsistencyProof, match=NO_CONSISTENCY):
            verify_consistency(old, new, proof, first, second)


def test_attack_33_a_node_is_no_leaf_and_the_last_leaf_is_not_doubled() -> None:
    left, right = LEAVES[0], LEAVES[1]
    assert Tree([plain.leaf_hash(left + right)]).root() != ROOTS[2]
    assert Tree(LEAVES[:3]).root() != Tree([*LEAVES[:3], LEAVES[2]]).root()
    assert leaf_hash(left + right) != node_hash(left, right)
    with pytest.raises(InvalidInclusionProof, match=NO_INCLUSION):
        verify_inclusion(leaf_hash(left + right), 0, 2, [LEAVES[2]], ROOTS[3])
    with pytest.raises(InvalidInclusionProof, match=NO_INCLUSION):
        verify_inclusion(node_hash(left, right), 0, 3, [LEAVES[2]], ROOTS[3])


def test_attack_34_more_hashes_than_any_tree_needs() -> None:
    for size in (2**63, 2**64, 2**70):
        with pytest.raises(InvalidInclusionProof, match=NO_INCLUSION):
            verify_inclusion(LEAVES[0], 0, size, [LEAVES[1]] * (MAX_PROOF_HASHES + 1), ROOTS[1])
        with pytest.raises(InvalidConsistencyProof, match=NO_CONSISTENCY):
            verify_consistency(1, size, [LEAVES[1]] * (MAX_PROOF_HASHES + 1), ROOTS[1], ROOTS[2])
    node = LEAVES[0]
    for _ in range(MAX_PROOF_HASHES):
        node = node_hash(node, LEAVES[1])
    verify_inclusion(LEAVES[0], 0, 2**MAX_PROOF_HASHES, [LEAVES[1]] * MAX_PROOF_HASHES, node)


@given(
    st.integers(0, 2**64),
    st.integers(0, 2**64),
    st.lists(st.binary(min_size=31, max_size=33), max_size=5),
    st.binary(max_size=32),
)
def test_random_proofs_are_refused_in_one_way(first: int, second: int, proof: list[bytes], root: bytes) -> None:
    with pytest.raises(InvalidInclusionProof, match=NO_INCLUSION):
        verify_inclusion(LEAVES[0], first, second, proof, root)
    if proof or (first, second) != (0, 0):
        with pytest.raises(InvalidConsistencyProof, match=NO_CONSISTENCY):
            verify_consistency(first, second, proof, root, LEAVES[1])


def test_misuse_of_our_own_tree() -> None:
    tree = Tree(LEAVES[:3])
    with pytest.raises(ValueError, match="a leaf hash has 32 bytes"):
        tree.append(b"short")
    for call in (
        lambda: tree.root(4),
        lambda: tree.root(-1),
        lambda: tree.inclusion_proof(3, 3),
        lambda: tree.inclusion_proof(-1, 3),
        lambda: tree.inclusion_proof(0, 4),
        lambda: tree.consistency_proof(3, 2),
        lambda: tree.consistency_proof(-1, 2),
        lambda: tree.consistency_proof(1, 4),
    ):
        with pytest.raises(ValueError, match=r"leaves|leaf"):
            call()
    assert tree.size == 3


# --- transparency-dev/merkle


def shared_cases(kind: str) -> list[tuple[str, dict[str, Any]]]:
    folder = shared_path(f"vectors/merkle/testdata/{kind}")
    return [
        (str(path.relative_to(folder)), json.loads(path.read_text("utf-8"))) for path in sorted(folder.rglob("*.json"))
    ]


def test_shared_inclusion_vectors() -> None:
    cases = shared_cases("inclusion")
    assert len(cases) > 60
    accepted = 0
    for name, case in cases:
        proof = [base64.b64decode(node) for node in case["proof"] or []]
        leaf, root = base64.b64decode(case["leafHash"]), base64.b64decode(case["root"])
        if case["wantErr"]:
            with pytest.raises(InvalidInclusionProof, match=NO_INCLUSION):
                verify_inclusion(leaf, case["leafIdx"], case["treeSize"], proof, root)
        else:
            verify_inclusion(leaf, case["leafIdx"], case["treeSize"], proof, root)
            accepted += 1
        assert name
    assert accepted >= 5


def test_shared_consistency_vectors() -> None:
    """They call a proof from size 0 useless and an error; our page lets it be empty and say nothing."""
    cases = shared_cases("consistency")
    assert len(cases) > 80
    accepted, from_nothing = 0, 0
    for name, case in cases:
        proof = [base64.b64decode(node) for node in case["proof"] or []]
        first, second = base64.b64decode(case["root1"]), base64.b64decode(case["root2"])
        error = case["wantErr"]
        if case["size1"] == 0 and not proof and first == EMPTY_ROOT and case["size2"] > 0:
            from_nothing += 1
            error = False
        if error:
            with pytest.raises(InvalidConsistencyProof, match=NO_CONSISTENCY):
                verify_consistency(case["size1"], case["size2"], proof, first, second)
        else:
            verify_consistency(case["size1"], case["size2"], proof, first, second)
            accepted += 1
        assert name
    assert accepted >= 5
    assert from_nothing <= 1
