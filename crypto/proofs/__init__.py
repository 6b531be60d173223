# SPDX-License-Identifier: AGPL-3.0-or-later
"""Zero-knowledge proofs: of knowing a share, of decrypting with it, of a well-formed contest.

Spec: specs/proofs.md#schnorr, specs/contest-proof.md#statement
"""
