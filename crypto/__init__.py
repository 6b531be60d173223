# SPDX-License-Identifier: AGPL-3.0-or-later
"""The protocol of Veche as pure functions and frozen values: no files, no network, no clock, no logging.

Bottom to top, each layer importing only those above it in this list:

    errors                          what can go wrong, by whose fault
    suite, labels                   frozen parameters; the registry of domain separation
    encoding                        strict JSON, binary fields, texts
    group                           BLS12-381; the only place that touches the binding
    hashing                         labelled hashes, hash to scalar and to the curve
    signing, transcript             Ed25519 statements; Fiat-Shamir
    proofs                          Schnorr, Chaum-Pedersen, the contest proof
    sharing                         polynomials, the key ceremony
    elgamal, blindsig, ledger       threshold decryption; blind issuance; tree, notes, checkpoints
    protocol                        register, election, ballots, receipts, tally: formats and rules
    roles                           operator, witness, registrar, trustee, board, member: objects that exchange bytes

Spec: specs/README.md
"""
