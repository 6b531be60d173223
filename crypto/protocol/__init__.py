# SPDX-License-Identifier: AGPL-3.0-or-later
"""Formats and rules of register, election, ballots, receipts and tally.

`policy`, `entry`, `register*`, `members` are the register; `election`, `phases`, `contents`, `manifest` the frame of an
election; `credential`, `answers`, `envelope`, `ballot`, `chain`, `opening` what voters and registrars send; `closing`,
`tally`, `seats`, `lottery` the result; `promise`, `receipt` the voter's evidence; `record` the files.

Spec: specs/README.md
"""
