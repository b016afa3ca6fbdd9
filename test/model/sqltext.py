"""Identifiers and values of random practices, written as SQL."""

import json
import re
import uuid

UUID_TEXT = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")


class Identifiers:
    """Identifiers of one practice, of one type: bigint, uuid or text.

    In Python an identifier is its canonical text.  Members and clients are
    numbered alike on purpose: a member and a client may have the same one.
    """

    def __init__(self, rng, number):
        self.rng = rng
        self.number = number
        self.type = rng.choice(("bigint", "uuid", "text"))
        self.base = rng.choice((0, 0, 5_000_000_000)) + number * 1000
        self.sign = rng.choice((1, 1, 1, -1))
        self.made = {}

    def id(self, n):
        """The n-th identifier, 0 ≤ n < 1000."""
        if n not in self.made:
            self.made[n] = self._id(n)
        return self.made[n]

    def _id(self, n):
        if self.type == "bigint":
            return str(self.sign * (self.base + n + 1))
        if self.type == "uuid":
            return str(uuid.UUID(int=self.rng.getrandbits(128)))
        unique = self.number * 1000 + n
        return self.rng.choice(
            (
                f"00{unique}",
                f"{unique}",  # a bigint after all
                f"-0{unique}",
                f"+{unique}",
                f" {unique}",
                f"clinic {self.number}/{n}",
                f"o'neil {unique}",
                f"back\\slash {unique}",
                f"Zoë {unique}",
                f"{unique}." + "x" * 40,
                f"{{{unique},NULL}}",
                str(uuid.UUID(int=self.rng.getrandbits(128))),  # a uuid after all
                "aB" + str(uuid.UUID(int=self.rng.getrandbits(128)))[2:],  # no uuid: mixed case
            )
        )

    def spell(self, id):
        """The same identifier as another program might write it."""
        if self.type == "text" and UUID_TEXT.fullmatch(id) and self.rng.random() < 0.5:
            return id.upper()
        return id

    def spellings(self, id):
        """All that spell() may return."""
        return {id, id.upper()} if self.type == "text" and UUID_TEXT.fullmatch(id) else {id}

    def sql(self, id):
        """An expression that careaccess.id takes without an explicit cast."""
        if id is None:
            return "NULL"
        text = literal(self.spell(id))
        if self.type == "bigint":
            return self.rng.choice((id, id, text))
        return self.rng.choice((text, f"{text}::{self.type}"))

    def array(self, ids):
        return "ARRAY[" + ", ".join(self.sql(i) for i in ids) + "]::careaccess.id[]"


def literal(text):
    return "NULL" if text is None else "'" + str(text).replace("'", "''") + "'"


def text_array(values):
    if values is None:
        return "NULL"
    return "ARRAY[" + ", ".join(literal(v) for v in sorted(values)) + "]::text[]"


def moment(hours):
    return "NULL" if hours is None else f"now() + interval '{hours} hours'"


def jsonb(value):
    return literal(json.dumps(value)) + "::jsonb"
