# SPDX-License-Identifier: AGPL-3.0-or-later
"""Distributed key generation, replayed: implements specs/key-ceremony.md#session, specs/key-ceremony.md#messages,
specs/key-ceremony.md#derived-keys and specs/key-ceremony.md#culprits.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from verifier import labels
from verifier.backend import Backend
from verifier.encoding import Fields, canonical_json, decode_hex, load_canonical_json
from verifier.errors import EncodingError, RuleError, VerificationError
from verifier.hashing import sha256, tagged_hash
from verifier.policy import Person, Policy
from verifier.proofs import decode_scalar, verify_schnorr
from verifier.signatures import decode_key_list, is_valid, read_key, read_seal, split_statement
from verifier.suite import G1_BYTES, G2_BYTES, GROUP_ORDER, MAX_PARTIES, PROOF_BYTES, SCALAR_BYTES
from verifier.texts import check_clean, require_distinct

REGISTRAR, TRUSTEE, LOTTERY = "registrar", "trustee", "lottery"
_FAULTY: Final = {REGISTRAR: "registrars", TRUSTEE: "trustees", LOTTERY: "lottery"}
_SEALED_SHARE_BYTES: Final = 80
_MIN_THRESHOLD: Final = 2
PLURALS: Final = {REGISTRAR: "registrars", TRUSTEE: "trustees", LOTTERY: "lottery holders"}

COMMITMENT, REVEAL, VERDICT, DISCLOSURE, CONFIRMATION = range(1, 6)
_ROUNDS: Final = {
    COMMITMENT: labels.CEREMONY_COMMITMENT,
    REVEAL: labels.CEREMONY_REVEAL,
    VERDICT: labels.CEREMONY_VERDICT,
    DISCLOSURE: labels.CEREMONY_DISCLOSURE,
    CONFIRMATION: labels.CEREMONY_CONFIRMATION,
}


@dataclass(frozen=True, slots=True)
class Session:
    """A session descriptor; party i is ``parties[i - 1]``."""

    role: str
    number: int
    threshold: int
    parties: tuple[Person, ...]
    seals: tuple[bytes, ...]
    culprits: tuple[bytes, ...]
    canonical: bytes

    def session_id(self, scope: bytes) -> bytes:
        """Return ``tagged_hash(VECHE-V1-SESSION, scope, descriptor)``."""
        return tagged_hash(labels.SESSION, scope, self.canonical)

    @property
    def keys(self) -> list[bytes]:
        """Ed25519 keys of the parties in order."""
        return [party.key for party in self.parties]


@dataclass(frozen=True, slots=True)
class DerivedKeys:
    """Public key and public shares, compressed; share of party j is ``shares[j - 1]``."""

    key: bytes
    shares: tuple[bytes, ...]


def read_session(value: Any, where: str, *roles: str) -> Session:  # noqa: ANN401
    """Read a session descriptor of one of ``roles``.

    Raises:
        EncodingError: members or types.

    """
    fields = Fields(value, ("role", "number", "threshold", "parties", "culprits"), where)
    role = fields.constant("role", *roles)
    parties: list[Person] = []
    seals: list[bytes] = []
    items = fields.array("parties")
    if len(items) > MAX_PARTIES:
        message = f"{where}: {len(items)} parties; at most {MAX_PARTIES}"
        raise EncodingError(message)
    for item in items:
        party = Fields(item, ("key", "name", "organisation", "seal"), f"{where}.parties")
        names = [check_clean(party.value(name), f"{where}.parties.{name}") for name in ("name", "organisation")]
        parties.append(Person(read_key(party, "key"), *names))
        seals.append(read_seal(party, "seal"))
    culprits = decode_key_list(fields.array("culprits"), f"{where}.culprits")
    return Session(
        role,
        fields.u32("number"),
        fields.u32("threshold"),
        tuple(parties),
        tuple(seals),
        culprits,
        canonical_json(value),
    )


def check_session(session: Session, policy: Policy, where: str) -> None:
    """Check the rules that a descriptor keeps by itself (thresholds, distinct parties, culprits left out).

    Raises:
        RuleError: the first rule that is broken.

    """
    n, t, f = len(session.parties), session.threshold, policy.faulty[_FAULTY[session.role]]
    reason = None
    if not _MIN_THRESHOLD <= t <= n:
        reason = f"threshold {t} of {n}"
    elif session.role == REGISTRAR and 2 * t <= n + f:
        reason = f"threshold {t} of {n} with {f} faulty: 2 t > n + f is needed"
    elif t <= f:
        reason = f"threshold {t} with {f} faulty: t > f is needed"
    elif len(set(session.keys)) != n or len(set(session.seals)) != n:
        reason = "two parties have one key or one seal"
    elif session.number < 1 or (session.number == 1) != (not session.culprits):
        reason = f"session {session.number} with {len(session.culprits)} culprits"
    elif set(session.culprits) & set(session.keys):
        reason = "a culprit of the session before is a party again"
    if reason is not None:
        message = f"{where}: {reason}"
        raise RuleError(message)
    require_distinct([party.name for party in session.parties], where)
    require_distinct([party.organisation for party in session.parties], where)


@dataclass(slots=True)
class Ceremony:
    """The accepted messages of one session, and what follows from them."""

    session: Session
    scope: bytes
    backend: Backend
    session_id: bytes = field(init=False)
    accepted: int = 0
    _commitments: dict[int, bytes] = field(default_factory=dict)
    _coefficients: dict[int, tuple[Any, ...]] = field(default_factory=dict)
    _complaints: dict[int, tuple[int, ...]] = field(default_factory=dict)
    _disclosed: set[tuple[int, int]] = field(default_factory=set)
    _confirmed: set[int] = field(default_factory=set)
    _statements: dict[tuple[int, int, int], bytes] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Derive the session's id."""
        self.session_id = self.session.session_id(self.scope)

    @property
    def _parties(self) -> range:
        return range(1, len(self.session.parties) + 1)

    def _open_complaints(self) -> set[tuple[int, int]]:
        """Return (dealer, complainer) pairs without a disclosure."""
        pairs = {(dealer, party) for party, dealers in self._complaints.items() for dealer in dealers}
        return pairs - self._disclosed

    @property
    def round(self) -> int:
        """Return the round that is open now."""
        n = len(self.session.parties)
        if len(self._commitments) < n:
            return COMMITMENT
        if len(self._coefficients) < n:
            return REVEAL
        if len(self._complaints) < n:
            return VERDICT
        return DISCLOSURE if self._open_complaints() else CONFIRMATION

    @property
    def is_complete(self) -> bool:
        """Tell whether all n confirmations are there."""
        return len(self._confirmed) == len(self.session.parties)

    def culprits(self) -> tuple[bytes, ...]:
        """Return the sorted keys of the parties whose next message is missing; nobody once the session is complete."""
        now = self.round
        if now == DISCLOSURE:
            missing = {dealer for dealer, _ in self._open_complaints()}
        else:
            there = {
                COMMITMENT: self._commitments.keys(),
                REVEAL: self._coefficients.keys(),
                VERDICT: self._complaints.keys(),
                CONFIRMATION: self._confirmed,
            }[now]
            missing = set(self._parties) - set(there)
        return tuple(sorted(self.session.parties[party - 1].key for party in missing))

    def transcript(self) -> bytes:
        """Return the ceremony transcript over the accepted messages of rounds 1 to 4."""
        statements = [self._statements[place] for place in sorted(self._statements)]
        return tagged_hash(labels.TRANSCRIPT_OF_CEREMONY, self.session_id, *statements)

    def offer(self, statement: bytes, signature: bytes) -> None:
        """Accept one message, or refuse it by rule C1 without any effect.

        Raises:
            BrokenError: malformed, another session, unknown party, wrong signature, out of its round, a second one, or
            it
                does not satisfy its round's conditions.

        """
        handlers: dict[int, Callable[[int, Fields, bytes], None]] = {
            COMMITMENT: self._commit,
            REVEAL: self._reveal,
            VERDICT: self._judge,
            DISCLOSURE: self._disclose,
            CONFIRMATION: self._confirm,
        }
        members = {
            COMMITMENT: ("commitment",),
            REVEAL: ("coefficients", "proof", "shares"),
            VERDICT: ("complaints",),
            DISCLOSURE: ("to", "share"),
            CONFIRMATION: ("transcript",),
        }
        kind, payload = split_message(statement)
        fields = Fields(payload, ("session", "party", *members[kind]), "message")
        party = fields.u32("party")
        if fields.hash("session") != self.session_id:
            message = "of another session"
            raise RuleError(message)
        if party not in self._parties:
            message = f"of unknown party {party}"
            raise RuleError(message)
        if not is_valid(self.session.parties[party - 1].key, signature, statement):
            message = f"party {party}: its signature does not verify"
            raise VerificationError(message)
        if kind != self.round:
            message = f"party {party}: a message of round {kind} in round {self.round}"
            raise RuleError(message)
        handlers[kind](party, fields, statement)
        self.accepted += 1

    def _require_first(self, party: int, done: object) -> None:
        if done:
            message = f"party {party}: a second message of its kind"
            raise RuleError(message)

    def _commit(self, party: int, fields: Fields, statement: bytes) -> None:
        self._require_first(party, party in self._commitments)
        self._commitments[party] = fields.hash("commitment")
        self._statements[COMMITMENT, party, 0] = statement

    def _reveal(self, party: int, fields: Fields, statement: bytes) -> None:
        self._require_first(party, party in self._coefficients)
        if sha256(statement) != self._commitments[party]:
            message = f"party {party}: the reveal does not match its commitment"
            raise VerificationError(message)
        items = fields.array("coefficients")
        if len(items) != self.session.threshold:
            message = f"party {party}: {len(items)} coefficients instead of {self.session.threshold}"
            raise EncodingError(message)
        shares = fields.array("shares")
        if len(shares) != len(self.session.parties):
            message = f"party {party}: {len(shares)} shares instead of {len(self.session.parties)}"
            raise EncodingError(message)
        for share in shares:
            decode_hex(share, _SEALED_SHARE_BYTES, f"party {party}: a sealed share")
        proof = fields.hex("proof", PROOF_BYTES)
        size = G1_BYTES if self.session.role == TRUSTEE else G2_BYTES
        decode = self.backend.g1_decode if self.session.role == TRUSTEE else self.backend.g2_decode
        encoded = [decode_hex(item, size, f"party {party}: a coefficient") for item in items]
        points = tuple(decode(data) for data in encoded)
        context = self.session_id + party.to_bytes(4, "big")
        where = f"party {party}: proof of possession"
        verify_schnorr(self.backend, labels.PROOF_OF_POSSESSION, context, encoded[0], proof, where)
        self._coefficients[party] = points
        self._statements[REVEAL, party, 0] = statement

    def _judge(self, party: int, fields: Fields, statement: bytes) -> None:
        self._require_first(party, party in self._complaints)
        complaints = fields.u32_array("complaints", ascending=True)
        if any(dealer not in self._parties for dealer in complaints):
            message = f"party {party}: a complaint about an unknown party"
            raise EncodingError(message)
        self._complaints[party] = complaints
        self._statements[VERDICT, party, 0] = statement

    def _disclose(self, dealer: int, fields: Fields, statement: bytes) -> None:
        to = fields.u32("to")
        if (dealer, to) not in self._open_complaints():
            message = f"party {dealer}: a disclosure to {to}, who has no open complaint"
            raise RuleError(message)
        share = decode_scalar(fields.hex("share", SCALAR_BYTES), f"party {dealer}: the disclosed share")
        # s B = sum_k j^k A_k
        powers = [pow(to, k, GROUP_ORDER) for k in range(self.session.threshold)]
        points = self._coefficients[dealer]
        if self.session.role == TRUSTEE:
            terms = (*points, self.backend.g1_generator())
            holds = self.backend.g1_is_identity(self.backend.g1_msm(terms, (*powers, -share % GROUP_ORDER)))
        else:
            terms = (*points, self.backend.g2_generator())
            holds = self.backend.g2_is_identity(self.backend.g2_msm(terms, (*powers, -share % GROUP_ORDER)))
        if not holds:
            message = f"party {dealer}: the disclosed share does not fit its coefficients"
            raise VerificationError(message)
        self._disclosed.add((dealer, to))
        self._statements[DISCLOSURE, dealer, to] = statement

    def _confirm(self, party: int, fields: Fields, statement: bytes) -> None:
        del statement
        self._require_first(party, party in self._confirmed)
        if fields.hash("transcript") != self.transcript():
            message = f"party {party}: it confirms another transcript"
            raise VerificationError(message)
        if len(self._confirmed) == len(self.session.parties) - 1:
            self._derive_keys()  # a key that cannot be used never completes a session
        self._confirmed.add(party)

    def derive_keys(self) -> DerivedKeys:
        """Derive ``P = sum_i A_{i,0}`` and ``P_j = sum_i sum_k j^k A_{i,k}`` of a complete session.

        Raises:
            RuleError: the session is not complete.

        """
        if not self.is_complete:
            message = f"session {self.session.number} of the {PLURALS[self.session.role]} is not complete"
            raise RuleError(message)
        return self._derive_keys()

    def _derive_keys(self) -> DerivedKeys:
        in_g1 = self.session.role == TRUSTEE
        add = self.backend.g1_add if in_g1 else self.backend.g2_add
        msm = self.backend.g1_msm if in_g1 else self.backend.g2_msm
        encode = self.backend.g1_encode if in_g1 else self.backend.g2_encode
        is_identity = self.backend.g1_is_identity if in_g1 else self.backend.g2_is_identity
        vectors = list(self._coefficients.values())
        totals = list(vectors[0])
        for vector in vectors[1:]:
            totals = [add(left, right) for left, right in zip(totals, vector, strict=True)]
        powers = [[pow(j, k, GROUP_ORDER) for k in range(len(totals))] for j in self._parties]
        points = [totals[0], *(msm(totals, row) for row in powers)]
        if any(is_identity(point) for point in points):
            message = f"a key of the {PLURALS[self.session.role]} is the identity"
            raise VerificationError(message)
        key, *shares = (encode(point) for point in points)
        return DerivedKeys(key, tuple(shares))


def split_message(statement: bytes) -> tuple[int, Any]:
    """Return the round and the payload of a ceremony message.

    Raises:
        EncodingError: none of the five labels, or a payload that is not canonical JSON.

    """
    for kind, label in _ROUNDS.items():
        if statement.startswith(label + b"\x00"):
            return kind, load_canonical_json(split_statement(statement, label, "message"))
    message = "the statement begins with no label of a ceremony"
    raise EncodingError(message)
