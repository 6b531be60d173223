# SPDX-License-Identifier: AGPL-3.0-or-later
"""Writes `specs/vectors/*.json`: `python -m tests.generate`.

The values come from `plain*.py`, a third implementation: short, slow, made from the specification with integers,
`hashlib`, `py_ecc` and the bare bindings. `crypto` is not imported by it, so `tests/conformance` compares two independent
answers. Every secret is derived from a public seed and a label (`drbg.py`): the files come out the same to the byte.
"""
