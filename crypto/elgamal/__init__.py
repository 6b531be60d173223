# SPDX-License-Identifier: AGPL-3.0-or-later
"""Exponential ElGamal on sums: adding ciphertexts, clearing them, decrypting by t of n, reading the total.

Spec: specs/tally.md#sum
"""
