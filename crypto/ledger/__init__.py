# SPDX-License-Identifier: AGPL-3.0-or-later
"""Merkle tree, signed notes, checkpoints with cosignatures, framing.

Spec: specs/ledger.md#tree
"""
