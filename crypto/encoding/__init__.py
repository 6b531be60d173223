# SPDX-License-Identifier: AGPL-3.0-or-later
"""Strict encodings: one byte string for every value, and one door through which each comes in.

`strict_json` reads and writes JSON, `members` takes typed members out of it, `binary` does fixed fields, `text` keeps
names from deceiving readers.

Spec: specs/conventions.md#strict-json
"""
