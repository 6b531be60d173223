# SPDX-License-Identifier: AGPL-3.0-or-later
"""Making a key that n parties share and any t can use.

`polynomial` is Shamir's arithmetic, `session` what the board approves, `ceremony` the public side that everybody
recomputes, `party` the secret side of one holder, `readiness` the proof that a share is still there.

Spec: specs/key-ceremony.md#session
"""
