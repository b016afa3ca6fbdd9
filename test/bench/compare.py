"""Interleaved repetitions of the same thing by several ways, and what follows from them."""

import statistics
import time

from psql import Failed, TimedOut

# name, role, what it is called in the tables
NONE, CARE = "none", "careaccess"
BY_HAND = ["plpgsql", "any_function", "any_array", "in", "exists"]
ROLES = {NONE: "without_row_security", CARE: "with_careaccess", **{s: "by_" + s for s in BY_HAND}}
TITLES = {
    NONE: "no row security",
    "plpgsql": "PL/pgSQL per row",
    "any_function": "= ANY (function)",
    "any_array": "= ANY (ARRAY(…))",
    "in": "IN (SELECT …)",
    "exists": "EXISTS",
    CARE: "careaccess",
}


class Samples:
    """What was measured of one way: a value per round, or that it took too long."""

    def __init__(self):
        self.rounds = {}
        self.too_long = False

    def median(self):
        return statistics.median(self.rounds.values()) if self.rounds else None

    def spread(self):
        """Distance of the quartiles, as a part of the median."""
        values = sorted(self.rounds.values())
        if len(values) < 3:
            return None
        quartiles = statistics.quantiles(values, n=4, method="inclusive")
        return (quartiles[2] - quartiles[0]) / self.median()


def ratio(a, b):
    """The median of the ratios round by round: what slows both cancels out."""
    if not a.rounds or not b.rounds:
        return None
    common = [a.rounds[r] / b.rounds[r] for r in a.rounds if r in b.rounds]
    return statistics.median(common) if len(common) >= 3 else a.median() / b.median()


def interleave(ways, rounds, budget_s=8.0, known=None):
    """Call each of {name: function() → value} once a round, in turning order.

    A way that has used up its budget is left out of the rounds that follow the
    third; one of which a value is known (or None: it took too long) is not
    called at all.
    """
    known = known or {}
    samples = {name: Samples() for name in ways}
    used = dict.fromkeys(ways, 0.0)
    for name, value in known.items():
        samples[name].too_long = value is None
        if value is not None:
            samples[name].rounds[0] = value
        used[name] = budget_s + 1
    names = list(ways)
    for r in range(rounds):
        turn = r % len(names)
        for name in names[turn:] + names[:turn]:
            if used[name] > budget_s and (name in known or len(samples[name].rounds) >= 3):
                continue
            start = time.monotonic()
            samples[name].rounds[r] = ways[name]()
            used[name] += time.monotonic() - start
    return samples


def same_answers(sessions, sql, what):
    """All ways but the one without row security must return the same rows.

    Returns the milliseconds that each took; None where the limit was reached.
    """
    answers, took = {}, {}
    for name, session in sessions.items():
        took[name] = None
        try:
            answers[name], took[name] = session.rows_and_time(sql)
        except TimedOut:
            session.send("\\timing off")
    reference = answers[CARE]
    for name, rows in answers.items():
        if name != NONE and rows != reference:
            raise Failed(f"{what}: {TITLES[name]} returns other rows than careaccess\n"
                         f"  {len(rows)} rows, the first {rows[:1]}\n  {len(reference)} rows, the first {reference[:1]}")
    if not reference:
        raise Failed(f"{what}: no rows at all, so nothing is measured")
    return took


ONCE_ENOUGH_MS = 8000


def statements(sessions, sql, what, rounds):
    """Measure one statement by several ways, after checking that they agree.

    A round executes it a few times, about 60 ms together, and takes the median.
    """
    took = same_answers(sessions, sql, what)
    known, ways = {}, {}
    for name, session in sessions.items():
        if took[name] is None or took[name] > ONCE_ENOUGH_MS:
            known[name] = took[name]
        again = session.timed(sql)[0] if name not in known else 0
        n = max(1, min(40, int(60 / max(again, 0.01))))
        ways[name] = lambda session=session, n=n: statistics.median(session.timed(sql, n))
    return interleave(ways, rounds, known=known)
