# SPDX-License-Identifier: AGPL-3.0-or-later
"""The one place that imports the BLS12-381 binding. Everything else goes through the rest of this package.

Measured traps of the binding (0.5.0), each closed by a function beside this module: its checked parser accepts several
encodings of the identity; `Scalar(int)` reduces silently; its multi-scalar multiplication cuts to the shorter list; a
pairing check of no pairs is true.

Spec: specs/suite.md#points
"""

from __future__ import annotations

from py_arkworks_bls12381 import GT, G1Point, G2Point, Scalar

__all__ = ["GT", "G1Point", "G2Point", "Scalar"]
