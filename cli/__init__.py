# SPDX-License-Identifier: AGPL-3.0-or-later
"""The `veche` command: thin programs around `crypto`, which do the files, the clock and the words.

Spec: specs/overview.md#course-of-an-election
"""
