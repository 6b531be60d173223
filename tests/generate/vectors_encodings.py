# SPDX-License-Identifier: AGPL-3.0-or-later
"""specs/vectors/encodings.json: JSON, hex, base64, texts, scalars, points, keys, signatures."""

from __future__ import annotations

import hashlib
from typing import Any

from tests.generate import plain
from tests.generate.drbg import GROUP_ORDER as Q
from tests.generate.drbg import derive, derive_scalar
from tests.generate.plain import FIELD_MODULUS as P
from tests.generate.plain import G1, G2, compressed, times, xy

L = 2**252 + 27742317777372353535851937790883648493
"""Order of the Ed25519 group."""


def build() -> dict[str, Any]:
    return {
        "page": "conventions.md, suite.md",
        "json": _json(),
        "hex": _hex(),
        "base64": _base64(),
        "texts": _texts(),
        "skeletons": _skeletons(),
        "scalars": _scalars(),
        "g1": _g1(),
        "g2": _g2(),
        "uncompressed": _uncompressed(),
        "clearing": _clearing(),
        "ed25519_keys": _ed25519_keys(),
        "x25519_keys": _x25519_keys(),
        "signatures": _signatures(),
    }


def _json() -> list[dict[str, Any]]:
    def read(name: str, data: bytes, canonical: bytes | None = None) -> dict[str, Any]:
        return {"name": name, "bytes": data.hex(), "canonical": (data if canonical is None else canonical).hex()}

    def refuse(name: str, data: bytes) -> dict[str, Any]:
        return {"name": name, "bytes": data.hex(), "error": "EncodingError"}

    def nested(levels: int) -> bytes:
        return b"[" * levels + b"]" * levels

    return [
        read("an object in canonical form", b'{"a":1,"b":[2,"c"],"d":{}}'),
        read("white space", b' { "b" : 1 ,\n\t"a":2}\r\n', b'{"a":2,"b":1}'),
        read("members sorted by code point", b'{"b":1,"B":2,"_":3,"0":4}', b'{"0":4,"B":2,"_":3,"b":1}'),
        read("zero", b"0"),
        read("the largest number", b"9007199254740991"),
        read("letters of several scripts as themselves", '"Ж字é\u2028\U0001f5f3"'.encode()),
        read("needless escapes", b'"\\u0041\\/\\u00e9"', '"A/é"'.encode()),
        read("a pair of surrogates as escapes", b'"\\ud83d\\uddf3"', '"\U0001f5f3"'.encode()),
        read("quotation mark and backslash", b'"\\"\\\\"'),
        read("the newline of a note", b'"\\n"'),
        read("the newline of a note in another spelling", b'"\\u000a"', b'"\\n"'),
        read("U+007F as itself", b'"\x7f"'),
        read("sixteen levels", nested(16)),
        read("true and false", b"[true,false]"),
        refuse("nothing", b""),
        refuse("seventeen levels", nested(17)),
        refuse("seventeen levels of objects", b'{"a":' * 16 + b"{}" + b"}" * 16),
        refuse("a hundred levels that do not end", b"[" * 100),
        refuse("null", b"null"),
        refuse("null in an object", b'{"a":null}'),
        refuse("two members of one name", b'{"a":1,"a":1}'),
        refuse("two members of one name, one escaped", b'{"a":1,"\\u0061":2}'),
        refuse("two members of one name deep inside", b'[{"b":{"a":1,"a":2}}]'),
        refuse("a name outside ASCII", '{"é":1}'.encode()),
        refuse("a name with a control character", b'{"\\u0001":1}'),
        refuse("a name with U+007F", b'{"\x7f":1}'),
        refuse("a name with a newline", b'{"\\n":1}'),
        refuse("an unpaired surrogate in a name", b'{"\\ud800":1}'),
        refuse("2^53", b"9007199254740992"),
        refuse("a number of four hundred digits", b"9" * 400),
        refuse("minus one", b"-1"),
        refuse("minus zero", b"-0"),
        refuse("a fraction", b"1.0"),
        refuse("an exponent", b"1e2"),
        refuse("an exponent beyond floating point", b"1e400"),
        refuse("a leading zero", b"01"),
        refuse("a plus", b"+1"),
        refuse("a hexadecimal number", b"0x1"),
        refuse("an underscore", b"1_0"),
        refuse("digits of another script", "٣".encode()),
        refuse("NaN", b"NaN"),
        refuse("Infinity", b"Infinity"),
        refuse("minus Infinity", b"-Infinity"),
        refuse("an unpaired high surrogate", b'"\\ud800"'),
        refuse("an unpaired low surrogate", b'"\\udc00x"'),
        refuse("surrogates in the wrong order", b'"\\udc00\\ud800"'),
        refuse("a surrogate in UTF-8", b'"\xed\xa0\x80"'),
        refuse("a raw tab in a string", b'"\t"'),
        refuse("a raw newline in a string", b'"\n"'),
        refuse("a tab as a long escape", b'"\\u0009"'),
        refuse("a tab as a short escape", b'"\\t"'),
        refuse("a carriage return as a short escape", b'"\\r"'),
        refuse("a backspace as a short escape", b'"\\b"'),
        refuse("a form feed as a short escape", b'{"a":["\\f"]}'),
        refuse("U+0000", b'"\\u0000"'),
        refuse("UTF-8 with byte order mark", b"\xef\xbb\xbf1"),
        refuse("UTF-16", "[1]".encode("utf-16")),
        refuse("UTF-32", "[1]".encode("utf-32-be")),
        refuse("an overlong encoding", b'"\xc0\xaf"'),
        refuse("a cut character", b'"\xe2\x82"'),
        refuse("a comment", b"[1 /* one */]"),
        refuse("a trailing comma", b"[1,]"),
        refuse("single quotes", b"'a'"),
        refuse("a second value", b"1 2"),
        refuse("trailing bytes", b"{}\x00"),
        refuse("a no-break space between tokens", "[\u00a01]".encode()),
    ]


def _hex() -> list[dict[str, Any]]:
    return [
        {"name": "four bytes", "size": 4, "text": "00ff10a5", "bytes": "00ff10a5"},
        *(
            {"name": name, "size": 4, "text": text, "error": "EncodingError"}
            for name, text in {
                "upper case": "00FF10A5",
                "one upper-case digit": "00ff10A5",
                "too short": "00ff10",
                "too long": "00ff10a500",
                "an odd number of digits": "00ff10a",
                "white space": "00ff 0a5",
                "white space around": " 00ff1a ",
                "a prefix": "0x00ff10",
                "another letter": "00ff10g5",
                "digits of another script": "00ff10٣٣",
                "empty": "",
            }.items()
        ),
    ]


def _base64() -> list[dict[str, Any]]:
    return [
        *({"name": f"{len(data)} bytes", "text": plain.b64(data), "bytes": data.hex()} for data in (b"", b"V", b"Ve", b"Vec", b"\xfb\xff\xfe\x00")),
        *(
            {"name": name, "text": text, "error": "EncodingError"}
            for name, text in {
                "stray trailing bits": "Vh==",
                "stray trailing bits with one padding": "VmV=",
                "missing padding": "Vg",
                "too much padding": "VmVj====",
                "padding inside": "Vg==VmVj",
                "URL alphabet": "-__-AA==",
                "a line break": "VmVj\nVmVj",
                "a line break at the end": "VmVj\n",
                "white space": "Vm Vj",
                "a character outside": "VmVj!",
                "a letter outside ASCII": "VmVж",
                "one digit": "V",
            }.items()
        ),
    ]  # fmt: skip


def _texts() -> list[dict[str, Any]]:
    clean = {
        "Latin": "Anna Smith-Jones",
        "Cyrillic": "Ёжик Йодль",
        "one character": "x",
        "composed": "\u00e9",
        "outside the basic plane": "\U0001f5f3",
    }
    unclean = {
        "empty": "",
        "a space at the beginning": " x",
        "a space at the end": "x ",
        "two spaces in a row": "x  y",
        "a tab": "x\ty",
        "a newline": "x\ny",
        "a no-break space": "x\u00a0y",
        "an ideographic space": "x\u3000y",
        "a zero-width space": "x\u200by",
        "a zero-width joiner": "x\u200dy",
        "a soft hyphen": "x\u00ady",
        "a byte order mark": "\ufeffx",
        "a bidirectional override": "x\u202ey",
        "a bidirectional isolate": "x\u2066y",
        "a line separator": "x\u2028y",
        "a paragraph separator": "x\u2029y",
        "a private use character": "x\ue000",
        "an unassigned character": "x\u0378",
        "a noncharacter": "x\uffff",
        "U+007F": "x\x7f",
        "a decomposed letter": "e\u0301",
        "a singleton that normal form C replaces": "\u212b",
    }
    return [
        *({"name": name, "text": text} for name, text in clean.items()),
        *({"name": name, "text": text, "error": "EncodingError"} for name, text in unclean.items()),
    ]


def _skeletons() -> list[dict[str, Any]]:
    alike = [
        ("Anna", "\u0410nn\u0430"),
        ("Pay Ol", "P\u0430y 0l"),
        ("PETROV", "petrov"),
        ("Иванов", "Йванов"),
        ("Семёнов", "Семенов"),
        ("Ivan", "lvan"),
        ("Ivan", "1van"),
        ("Jan Novak", "JanNovak"),
        ("O'Neill (A.)", "0NeiIIA"),
        ("\uff21nna", "Anna"),
        ("stra\u00dfe", "STRASSE"),
        ("\u03a3\u03bf\u03c6\u03af\u03b1", "\u03c3\u03bf\u03c6\u03af\u03b1"),
        ("\u0501\u051b\u051d\u0455\u0458", "dqwsj"),
    ]
    unlike = [("Anna", "Anne"), ("Иван", "Ivan"), ("Ko", "Кл"), ("abc", "cba"), ("e", "\u00e9")]
    skeletons = [
        ("Anna", "anna"),
        ("\u0410\u043d\u043d\u0430", "ahha"),
        ("Will 10", "wiiiio"),
        ("Зоя Йод-3", "3oяиoд3"),
        ("( ' )", ""),
        ("\ufb01n", "fin"),
    ]
    return [
        *({"name": name, "skeleton": skeleton} for name, skeleton in skeletons),
        *({"pair": list(pair), "confusable": True} for pair in alike),
        *({"pair": list(pair), "confusable": False} for pair in unlike),
    ]


def _scalars() -> list[dict[str, Any]]:
    good = {"zero": 0, "one": 1, "q - 1": Q - 1, "derived": derive_scalar("encodings scalar")}
    bad = {
        "q": Q.to_bytes(32, "big"),
        "q + 1": (Q + 1).to_bytes(32, "big"),
        "2^256 - 1": bytes([255]) * 32,
        "q in the other byte order": Q.to_bytes(32, "little")[::-1],
        "31 bytes": bytes(31),
        "33 bytes": bytes(33),
        "no bytes": b"",
    }
    return [
        *({"name": name, "bytes": value.to_bytes(32, "big").hex()} for name, value in good.items()),
        *({"name": name, "bytes": data.hex(), "error": "MalformedScalar"} for name, data in bad.items()),
    ]


def _g1() -> list[dict[str, Any]]:
    point = compressed(times(G1, derive_scalar("encodings point")))
    identity = bytes([0xC0]) + bytes(47)

    def bad(name: str, data: bytes, error: str) -> dict[str, Any]:
        return {"name": name, "bytes": data.hex(), "error": error}

    x_without_point = next(x for x in range(1, 100) if plain._square_root(x**3 + 4) is None)
    small = [
        bad(f"a point of order {order}", compressed(plain.point_of_order(order)), "NotInSubgroup")
        for order in (3, 11, 10177, 859267, 52437899)
    ]
    return [
        {"name": "the generator", "bytes": compressed(G1).hex(), "xy": xy(G1).hex()},
        {"name": "a derived point", "bytes": point.hex()},
        {"name": "the identity where a page allows it", "bytes": identity.hex(), "allow_identity": True},
        *small,
        bad("the generator plus a point of order 3", compressed(G1 + plain.point_of_order(3)), "NotInSubgroup"),
        bad("the smallest x of the curve", compressed(next(plain.curve_points())), "NotInSubgroup"),
        bad("the identity", identity, "IdentityPoint"),
        bad("the identity with the sign flag", bytes([0xE0]) + bytes(47), "NonCanonical"),
        bad("the identity with a coordinate", identity[:-1] + b"\x01", "NonCanonical"),
        bad("x = p", bytes([P >> 376 | 0x80]) + P.to_bytes(48, "big")[1:], "MalformedPoint"),
        bad("x + p of a point", ((1 << 383) + P + 4).to_bytes(48, "big"), "MalformedPoint"),
        bad("an x without a point", bytes([0x80]) + x_without_point.to_bytes(47, "big"), "MalformedPoint"),
        bad("no compression flag", bytes([point[0] & 0x7F]) + point[1:], "MalformedPoint"),
        bad("the infinity flag on a point", bytes([point[0] | 0x40]) + point[1:], "EncodingError"),
        bad("47 bytes", point[:-1], "MalformedPoint"),
        bad("49 bytes", point + b"\x00", "MalformedPoint"),
        bad("96 bytes, uncompressed", xy(G1), "MalformedPoint"),
        bad("no bytes", b"", "MalformedPoint"),
        bad("zeros", bytes(48), "MalformedPoint"),
        bad("ones", bytes([255]) * 48, "EncodingError"),
    ]


def _g2() -> list[dict[str, Any]]:
    point = compressed(times(G2, derive_scalar("encodings point")))
    identity = bytes([0xC0]) + bytes(95)

    def bad(name: str, data: bytes, error: str) -> dict[str, Any]:
        return {"name": name, "bytes": data.hex(), "error": error}

    modulus = P.to_bytes(48, "big")
    return [
        {"name": "the generator", "bytes": compressed(G2).hex()},
        {"name": "a derived point", "bytes": point.hex()},
        bad("a point of the twist outside the subgroup", _g2_outside(), "NotInSubgroup"),
        bad("the identity", identity, "IdentityPoint"),
        bad("the identity with the sign flag", bytes([0xE0]) + bytes(95), "NonCanonical"),
        bad("the identity with a coordinate", identity[:-1] + b"\x01", "NonCanonical"),
        bad("imaginary part of x is p", bytes([modulus[0] | 0x80]) + modulus[1:] + bytes(48), "MalformedPoint"),
        bad("real part of x is p", bytes([0x80]) + bytes(47) + modulus, "MalformedPoint"),
        bad("no compression flag", bytes([point[0] & 0x7F]) + point[1:], "MalformedPoint"),
        bad("the parts of x in the other order", bytes([point[0]]) + point[49:96] + b"\xff" + point[1:48], "MalformedPoint"),
        bad("48 bytes", compressed(G1), "MalformedPoint"),
        bad("97 bytes", point + b"\x00", "MalformedPoint"),
        bad("zeros", bytes(96), "MalformedPoint"),
    ]  # fmt: skip


def _g2_outside() -> bytes:
    """The first x = (k, 0) on the twist y^2 = x^3 + 4(1 + u)."""
    for k in range(1, 50):
        real, imaginary = k**3 + 4, 4
        # A square in the quadratic field has a norm that is a square.
        if plain._square_root(real * real + imaginary * imaginary) is not None:
            return bytes([0x80]) + bytes(47) + k.to_bytes(48, "big")
    raise ValueError("unreachable")


def _uncompressed() -> list[dict[str, Any]]:
    x, y = 0, 2
    good = {
        "the generator": xy(G1),
        "(0, 2), of order 3": xy(plain.from_xy(x, y)),
        "(0, p - 2), of order 3": xy(plain.from_xy(x, P - y)),
        "a point of order 11": xy(plain.point_of_order(11)),
        "the generator plus a point of order 10177": xy(G1 + plain.point_of_order(10177)),
        "the smallest x of the curve": xy(next(plain.curve_points())),
    }
    point = xy(times(G1, derive_scalar("encodings uncompressed")))
    px, py = int.from_bytes(point[:48], "big"), int.from_bytes(point[48:], "big")

    def pair(first: int, second: int) -> bytes:
        return first.to_bytes(48, "big") + second.to_bytes(48, "big")

    bad = {
        "zeros": (bytes(96), "IdentityPoint"),
        "off the curve": (pair(px, py ^ 1), "MalformedPoint"),
        "x and y swapped": (pair(py, px), "MalformedPoint"),
        "x = p, y = 2": (pair(P, 2), "MalformedPoint"),
        "x = 0, y = p + 2": (pair(0, P + 2), "MalformedPoint"),
        "x + p": (pair(px + P, py), "MalformedPoint"),
        "y + p": (pair(px, py + P), "MalformedPoint"),
        "the compression flag": (bytes([point[0] | 0x80]) + point[1:], "MalformedPoint"),
        "the infinity flag": (bytes([point[0] | 0x40]) + point[1:], "MalformedPoint"),
        "the infinity flag on zeros": (bytes([0x40]) + bytes(95), "MalformedPoint"),
        "the sign flag": (bytes([point[0] | 0x20]) + point[1:], "MalformedPoint"),
        "a point of another curve": (pair(1, 1), "MalformedPoint"),
        "95 bytes": (point[:-1], "MalformedPoint"),
        "97 bytes": (point + b"\x00", "MalformedPoint"),
        "48 bytes, compressed": (compressed(G1), "MalformedPoint"),
        "no bytes": (b"", "MalformedPoint"),
    }
    return [
        *({"name": name, "bytes": data.hex()} for name, data in good.items()),
        *({"name": name, "bytes": data.hex(), "error": error} for name, (data, error) in bad.items()),
    ]


def _clearing() -> list[dict[str, Any]]:
    """h times points of the curve, compressed; `c0` and zeros where that is the identity."""
    starts = plain.curve_points()
    points = {
        "of order 3": plain.from_xy(0, 2),
        "of order 10177": plain.point_of_order(10177),
        "the generator": G1,
        "the generator plus a point of order 11": G1 + plain.point_of_order(11),
        "the smallest x": next(starts),
        "the next x": next(starts),
    }
    return [
        {"name": name, "bytes": xy(point).hex(), "cleared": compressed(plain.cleared(point)).hex()}
        for name, point in points.items()
    ]


def _ed25519_keys() -> list[dict[str, Any]]:
    field = 2**255 - 19
    minus = 1 << 255
    small = {
        "order 1": 1,
        "order 2": field - 1,
        "order 4, even x": 0,
        "order 4, odd x": minus,
    }
    torsion = [point for point in _ed_small_order() if point[1] not in (0, 1, field - 1)]
    for number, (x, y) in enumerate(sorted(torsion, key=lambda point: (point[1], point[0] & 1))):
        small[f"order 8, number {number}"] = y | (x & 1) << 255
    small["order 1 with a sign on x = 0"] = 1 | minus
    small["order 2 with a sign on x = 0"] = (field - 1) | minus
    noncanonical = {
        "y = p": field,
        "y = p + 1": field + 1,
        "y = 2^255 - 1": 2**255 - 1,
        "y = p + 3 with the sign": (field + 3) | minus,
        "y = p with the sign": field | minus,
        "y = p + 1 with the sign": (field + 1) | minus,
    }
    good = plain.Ed25519(derive("encodings key")).public
    return [
        {"name": "a key", "bytes": good.hex()},
        {"name": "canonical, but no point of the curve", "bytes": ed_no_point().hex()},
        *(
            {"name": name, "bytes": value.to_bytes(32, "little").hex(), "error": "EncodingError"}
            for name, value in small.items()
        ),
        *(
            {"name": name, "bytes": value.to_bytes(32, "little").hex(), "error": "EncodingError"}
            for name, value in noncanonical.items()
        ),
        {"name": "31 bytes", "bytes": good[:31].hex(), "error": "EncodingError"},
        {"name": "33 bytes", "bytes": (good + b"\x00").hex(), "error": "EncodingError"},
    ]


def _x25519_keys() -> list[dict[str, Any]]:
    good = plain.X25519(derive("encodings seal")).public
    return [
        {"name": "a key", "bytes": good.hex()},
        {"name": "zeros", "bytes": bytes(32).hex(), "error": "EncodingError"},
        {"name": "31 bytes", "bytes": good[:31].hex(), "error": "EncodingError"},
    ]


# --- Ed25519 with integers, to make signatures that no library makes


FIELD = 2**255 - 19
_D = -121665 * pow(121666, -1, FIELD) % FIELD
Point = tuple[int, int]


def ed_add(left: Point, right: Point) -> Point:
    (x1, y1), (x2, y2) = left, right
    cross = _D * x1 * x2 * y1 * y2 % FIELD
    x = (x1 * y2 + x2 * y1) * pow(1 + cross, -1, FIELD)
    y = (y1 * y2 + x1 * x2) * pow(1 - cross, -1, FIELD)
    return x % FIELD, y % FIELD


def ed_times(factor: int, point: Point) -> Point:
    result = (0, 1)
    for bit in f"{factor:b}":
        result = ed_add(result, result)
        if bit == "1":
            result = ed_add(result, point)
    return result


def ed_x(y: int, sign: int) -> int | None:
    square = (y * y - 1) * pow(_D * y * y + 1, -1, FIELD) % FIELD
    x = pow(square, (FIELD + 3) // 8, FIELD)
    if (x * x - square) % FIELD:
        x = x * pow(2, (FIELD - 1) // 4, FIELD) % FIELD
    if (x * x - square) % FIELD:
        return None
    return x if x & 1 == sign else FIELD - x


def ed_no_point() -> bytes:
    """A canonical y to which no x belongs."""
    return next(y for y in range(2, 100) if ed_x(y, 0) is None).to_bytes(32, "little")


def ed_encode(point: Point) -> bytes:
    return (point[1] | (point[0] & 1) << 255).to_bytes(32, "little")


ED_BASE_Y = 4 * pow(5, -1, FIELD) % FIELD
ED_BASE: Point = (ed_x(ED_BASE_Y, 0) or 0, ED_BASE_Y)


def _ed_small_order() -> list[Point]:
    """All eight points of small order: the multiples of one of order 8."""
    y = 2
    while True:
        x = ed_x(y, 0)
        if x is not None:
            point = ed_times(L, (x, y))
            if ed_times(4, point) != (0, 1):
                return [ed_times(k, point) for k in range(1, 8)] + [(0, 1)]
        y += 1


def ed_order_8() -> Point:
    return next(point for point in _ed_small_order() if ed_times(4, point) != (0, 1))


def ed_hash(*parts: bytes) -> int:
    return int.from_bytes(hashlib.sha512(b"".join(parts)).digest(), "little") % L


def ed_key(name: str) -> tuple[int, Point]:
    """A secret scalar and its point; the clamping of RFC 8032 is a matter of the signer."""
    secret = int.from_bytes(derive(name, 64), "little") % L
    return secret, ed_times(secret, ED_BASE)


def _signatures() -> list[dict[str, Any]]:
    key = plain.Ed25519(derive("encodings signer"))
    message = plain.statement("SHARE-LOST", b"{}")
    signature = key.sign(message)
    s = int.from_bytes(signature[32:], "little")

    def good(name: str, public: bytes, signed: bytes, made: bytes) -> dict[str, Any]:
        return {"name": name, "key": public.hex(), "message": signed.hex(), "signature": made.hex()}

    def bad(name: str, public: bytes, signed: bytes, made: bytes) -> dict[str, Any]:
        return good(name, public, signed, made) | {"error": "InvalidSignature"}

    def flip(data: bytes, place: int) -> bytes:
        return data[:place] + bytes([data[place] ^ 1]) + data[place + 1 :]

    return [
        good("a signature", key.public, message, signature),
        good("a signature on nothing", key.public, b"", key.sign(b"")),
        *_mixed_order(),
        bad("S + L", key.public, message, signature[:32] + (s + L).to_bytes(32, "little")),
        bad("S + 8 L", key.public, message, signature[:32] + (s + 8 * L).to_bytes(32, "little")),
        bad("another message", key.public, message + b"\x00", signature),
        bad("another key", plain.Ed25519(derive("encodings other")).public, message, signature),
        bad("a bit of R", key.public, message, flip(signature, 0)),
        bad("a bit of S", key.public, message, flip(signature, 32)),
        bad("63 bytes", key.public, message, signature[:63]),
        bad("65 bytes", key.public, message, signature + b"\x00"),
        bad("no bytes", key.public, message, b""),
        bad("zeros", key.public, message, bytes(64)),
        bad("a key that is no point", ed_no_point(), message, signature),
    ]


def _mixed_order() -> list[dict[str, Any]]:
    """Signatures on which implementations of Ed25519 differ: components of small order, equation without cofactor."""
    secret, public = ed_key("encodings mixed")
    nonce, commitment = ed_key("encodings mixed nonce")
    torsion = ed_order_8()
    cases = []

    def add(name: str, key: Point, r: Point, message: bytes, error: str | None) -> None:
        encoded_key, encoded_r = ed_encode(key), ed_encode(r)
        s = (nonce + ed_hash(encoded_r, encoded_key, message) * secret) % L
        case: dict[str, Any] = {
            "name": name,
            "key": encoded_key.hex(),
            "message": message.hex(),
            "signature": (encoded_r + s.to_bytes(32, "little")).hex(),
        }
        cases.append(case if error is None else case | {"error": error})

    for order, point in ((8, torsion), (2, ed_times(4, torsion))):
        mixed = ed_add(public, point)
        kept, lost = None, None
        for attempt in range(200):
            message = f"mixed {order} {attempt}".encode()
            vanishes = ed_hash(ed_encode(commitment), ed_encode(mixed), message) % order == 0
            if vanishes and kept is None:
                kept = message
            if not vanishes and lost is None:
                lost = message
        if kept is None or lost is None:
            raise ValueError("no such message; try more")
        add(f"a key with a component of order {order}, which the challenge cancels", mixed, commitment, kept, None)
        add(
            f"a key with a component of order {order}, which only a cofactor would cancel",
            mixed, commitment, lost, "InvalidSignature",
        )  # fmt: skip
    add("R with a component of order 8", public, ed_add(commitment, torsion), b"torsion", "InvalidSignature")
    identity = ed_encode((0, 1))
    s = ed_hash(identity, ed_encode(public), b"identity") * secret % L
    cases.append(
        {
            "name": "R is the identity",
            "key": ed_encode(public).hex(),
            "message": b"identity".hex(),
            "signature": (identity + s.to_bytes(32, "little")).hex(),
            "error": "InvalidSignature",
        }
    )
    return cases
