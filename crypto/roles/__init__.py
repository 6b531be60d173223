# SPDX-License-Identifier: AGPL-3.0-or-later
"""What each role does, as objects that take bytes and give bytes, with time as an argument.

They hold keys and state, but open no file, no socket and no clock: a command, a server or a test carries the bytes
between them. Each refuses what its role must refuse; making a message without these checks is the business of
`crypto.protocol`.

Spec: specs/overview.md#roles
"""
