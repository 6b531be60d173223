# SPDX-License-Identifier: AGPL-3.0-or-later
"""`veche demo`: a whole election on one machine, with all roles as separate objects and a simulated clock.

`world` carries bytes between the roles and moves the clock, `founding` makes the register, `story` plays the election,
`voters` decide, `ballot_files` reads real ballots, `work` spreads dear work over processes, `command` is the entry.

Spec: specs/overview.md#course-of-an-election
"""
