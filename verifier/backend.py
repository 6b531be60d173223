# SPDX-License-Identifier: AGPL-3.0-or-later
"""What the verifier asks of a curve library: the operations of specs/suite.md#groups and the decoders of
specs/suite.md#points.

Two modules offer it: `backend_fast` (arkworks) and `backend_reference` (py_ecc). They are imported only when asked for,
so that either can run where the other's library is missing. Scalars are Python integers from 0 to q - 1 everywhere.
"""

import functools
import importlib
from collections.abc import Sequence
from typing import Any, Final, Protocol, cast

from verifier.errors import UsageError

G1 = Any
"""A point of the curve of G1, opaque outside its backend; outside the subgroup only where it came from a ballot body.
"""
G2 = Any
"""A point of G2, opaque outside its backend."""

MAX_SCALAR_BITS: Final = 255


class Backend(Protocol):
    """Arithmetic of BLS12-381. Decoders raise EncodingError; everything else raises ValueError on misuse."""

    name: str

    def g1_generator(self) -> G1:
        """Return G."""

    def g1_identity(self) -> G1:
        """Return the identity of the curve."""

    def g1_is_identity(self, point: G1) -> bool:
        """Tell whether a point is the identity."""

    def g1_equal(self, left: G1, right: G1) -> bool:
        """Tell whether two points are the same point of the curve."""

    def g1_decode(self, data: bytes, *, identity: bool = False) -> G1:
        """Decode 48 compressed bytes strictly: canonical, on the curve, in the subgroup; the identity only if asked."""

    def g1_decode_again(self, data: bytes) -> G1:
        """Decode 48 bytes that `g1_decode` has accepted before, without checking the subgroup once more."""

    def g1_decode_curve(self, data: bytes) -> G1:
        """Decode 96 uncompressed bytes of a ballot body: on the curve, not zeros, NOT checked for the subgroup."""

    def g1_decode_curves(self, data: bytes) -> list[G1]:
        """Decode a sequence of uncompressed points, each as `g1_decode_curve`."""

    def g1_encode(self, point: G1) -> bytes:
        """Return 48 compressed bytes."""

    def g1_encode_curve(self, point: G1) -> bytes:
        """Return 96 uncompressed bytes; zeros for the identity (used between our own processes only)."""

    def g1_add(self, left: G1, right: G1) -> G1:
        """Return left + right."""

    def g1_add_each(self, left: Sequence[G1], right: Sequence[G1]) -> list[G1]:
        """Return left + right for each pair of two sequences of one length."""

    def g1_multiply(self, point: G1, scalar: int) -> G1:
        """Return the plain multiple, also right outside the subgroup."""

    def g1_msm(self, points: Sequence[G1], scalars: Sequence[int]) -> G1:
        """Return the sum of multiples; refuses empty input and different lengths."""

    def g2_generator(self) -> G2:
        """Return G2."""

    def g2_is_identity(self, point: G2) -> bool:
        """Tell whether a point is the identity."""

    def g2_decode(self, data: bytes) -> G2:
        """Decode 96 compressed bytes strictly; the identity is refused."""

    def g2_encode(self, point: G2) -> bytes:
        """Return 96 compressed bytes."""

    def g2_add(self, left: G2, right: G2) -> G2:
        """Return left + right."""

    def g2_msm(self, points: Sequence[G2], scalars: Sequence[int]) -> G2:
        """Return the sum of multiples of points of the subgroup; refuses empty input and different lengths."""

    def pairing_product_is_one(self, pairs: Sequence[tuple[G1, G2]]) -> bool:
        """Tell whether the product of the pairings is one; refuses an empty product."""

    def hash_to_g1(self, label: bytes, message: bytes) -> G1:
        """Return ``hash_to_g1(label, message)`` of specs/hashing.md#hash-to-curve."""


_MODULES: Final = {
    "fast": ("verifier.backend_fast", "py_arkworks_bls12381"),
    "reference": ("verifier.backend_reference", "py-ecc"),
}
NAMES: Final = tuple(_MODULES)


@functools.cache
def load_backend(name: str) -> Backend:
    """Import a backend when it is first asked for.

    Raises:
        UsageError: its library is not installed; the message says how to install it.

    """
    module, package = _MODULES[name]
    try:
        loaded = importlib.import_module(module)
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("verifier"):
            raise
        other = "reference" if name == "fast" else "fast"
        message = (
            f"the {name} backend needs the library {package}, which is not installed here. "
            f"Install it with: python -m pip install '{package}'   (or choose --backend {other})"
        )
        raise UsageError(message) from error
    return cast("Backend", loaded.BACKEND)


def require_pairs(left: Sequence[object], right: Sequence[object]) -> None:
    """Refuse what multi-scalar multiplications of libraries silently cut or call true (empty, different lengths)."""
    if not left or len(left) != len(right):
        message = f"a sum over {len(left)} points and {len(right)} scalars"
        raise ValueError(message)
