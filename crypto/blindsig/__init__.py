# SPDX-License-Identifier: AGPL-3.0-or-later
"""Threshold blind BLS signatures: the member's side, the registrars' side, and verifying.

Spec: specs/credential.md#credential
"""
