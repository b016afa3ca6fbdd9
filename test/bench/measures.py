"""What is measured. Each measure returns rows of the report."""

import statistics
import time

from compare import BY_HAND, CARE, NONE, ROLES, interleave, ratio, statements
from psql import Failed, Pgbench, Psql, TimedOut

LIMIT_S = 20		# of one statement of a hand-written policy
MIDDLE = 2			# the member with half of the clients

COUNT = "SELECT count(*) FROM note"
NEWEST = "SELECT id, client, at FROM note ORDER BY at DESC LIMIT 20"
JOIN = ("SELECT date_trunc('month', n.at) AS month, count(*) "
        "FROM client c JOIN appointment a ON a.client = c.id JOIN note n ON n.appointment = a.id "
        "GROUP BY 1 ORDER BY 1")


class Row:
    """A line of the report: samples by way, and what was to be reached."""

    def __init__(self, title, samples, unit="ms", target="", met=None, note=""):
        self.title, self.samples, self.unit, self.target, self.met = title, samples, unit, target, met
        self.note = note
        self.best = None
        hand = {n: s.median() for n, s in samples.items() if n in BY_HAND and s.rounds}
        if hand:
            self.best = (max if unit == "tps" else min)(hand, key=hand.get)
        self.of_none = ratio(samples[CARE], samples[NONE]) if NONE in samples else None
        self.of_best = ratio(samples[CARE], samples[self.best]) if self.best else None

    def judged(self, met):
        self.met = met
        return self


def identify(session, name, member):
    if name == CARE:
        session.run(f"SELECT careaccess_act_as({member}, true)")
    else:
        session.run(f"SET bench.member = '{member}'")


def sessions(member, prepared, names=(NONE, *BY_HAND, CARE), db="bench"):
    result = {}
    for name in names:
        result[name] = session = Psql(ROLES[name], db, limit_s=LIMIT_S)
        identify(session, name, member)
        session.run(f"PREPARE q AS {prepared}")
    return result


def compared(b, title, member, sql, names=(NONE, *BY_HAND, CARE)):
    open_sessions = sessions(member, sql, names)
    try:
        return statements(open_sessions, "EXECUTE q", title, b.repeat)
    finally:
        for s in open_sessions.values():
            s.close()


def count(b):
    """count(*)"""
    for who, member in (("100 clients", 1), ("5,000 clients", 2), ("all clients", 3)):
        row = Row(f"count(*), member with {who}", compared(b, f"count(*), {who}", member, COUNT))
        row.chart = ("count", who)
        if member == 3:
            row.target = "≤ 1.35 × none"
            yield row.judged(row.of_none <= 1.35)
        else:
            row.target = "≤ best by hand"
            yield row.judged(row.of_best <= 1)


def newest(b):
    """newest 20"""
    for who, member in (("100 clients", 1), ("5,000 clients", 2), ("all clients", 3), ("100 clients, old rows only", 4)):
        row = Row(f"newest 20, member with {who}", compared(b, f"newest 20, {who}", member, NEWEST))
        row.chart = ("newest", who)
        if member == 3:
            row.target = "≤ 1.3 × none"
            yield row.judged(row.of_none <= 1.3)
        elif member == 4:
            row.target = "≤ 3 × best by hand"
            yield row.judged(row.of_best <= 3)
        else:
            row.target = "≤ best by hand"
            yield row.judged(row.of_best <= 1)


def records(b):
    """records"""
    for what, sql in (("count(*)", COUNT), ("newest 20", NEWEST)):
        for who, member in (("100 clients", 1), ("5,000 clients", 2), ("all clients", 3)):
            of_care = sql.replace("note", "record")
            open_sessions = sessions(member, sql, (NONE,)) | sessions(member, of_care, (CARE,))
            if member != 3:
                # Only for all clients both return the same rows.
                open_sessions.pop(NONE).close()
            try:
                samples = interleave({n: (lambda s=s: statistics.median(s.timed("EXECUTE q", 5)))
                                      for n, s in open_sessions.items()}, b.repeat)
            finally:
                for s in open_sessions.values():
                    s.close()
            yield Row(f"{what} of records with authors, {who}", samples)


def one_client(b):
    """notes of one client"""
    query = "SELECT id, at, body FROM note WHERE client = :c ORDER BY at DESC"
    open_sessions = sessions(MIDDLE, query.replace(":c", "1"))
    try:
        for s in open_sessions.values():
            if s.run("EXECUTE q") != open_sessions[CARE].run("EXECUTE q"):
                raise Failed("the notes of one client are not the same for all")
    finally:
        for s in open_sessions.values():
            s.close()

    def way(name):
        identity = f"SELECT careaccess_act_as({MIDDLE}, true);" if name == CARE else f"SET bench.member = '{MIDDLE}';"
        text = (f"\\if :acted = 0\n{identity}\n\\set acted 1\n\\endif\n"
                f"\\set c 1 + 10 * random(0, {b.clients // 10 - 1})\n{query};\n")
        return lambda: Pgbench(text, 1, ROLES[name]).result()
    samples = interleave({name: way(name) for name in (NONE, *BY_HAND, CARE)}, min(b.repeat, 5))
    row = Row("notes of one client, prepared", samples, "tps", "≥ 0.90 × none")
    yield row.judged(row.of_none >= 0.90)


def join(b):
    """join"""
    row = Row("join of three tables by month, 5,000 clients", compared(b, "join", MIDDLE, JOIN),
              target="≤ best by hand")
    yield row.judged(row.of_best <= 1)


def decision(b):
    """decision"""
    passes = 20 if b.quick else 100
    with Psql(ROLES[CARE]) as session:
        session.run(f"SELECT careaccess_act_as({MIDDLE}, true)")
        sql = (f"SELECT count(*) FROM generate_series(1, 1000 * {{}}) AS n "
               f"WHERE careaccess_can_view({MIDDLE}, 1 + n % 1000, 'chart')")
        if session.value(sql.format(1)) != "500":
            raise Failed("careaccess_can_view does not say yes to every second client")

        def warm():
            # What the first pass costs, in which the clients are read, is taken off.
            return (session.timed(sql.format(passes + 1))[0] - session.timed(sql.format(1))[0]) / passes
        samples = interleave({CARE: warm}, b.repeat)
    row = Row("decision, same member, facts read before", samples, "µs", "≤ 1 µs")
    yield row.judged(samples[CARE].median() <= 1)

    b.big()
    with Psql(db="big") as session:
        sql = ("SELECT count(*) FROM generate_series(3, 1002) AS m "
               f"WHERE careaccess_can_view(m, m - 3 + {b.big_members - 2}, 'chart')")
        if int(session.value(sql)) < 900:
            raise Failed("the members do not see their own clients")

    def cold():
        # In a connection that knows nothing yet, save for its own loading.
        with Psql(db="big") as new:
            new.run("SELECT careaccess_can_view(1, 1, 'chart')")
            return new.timed(sql)[0]
    samples = interleave({CARE: cold}, b.repeat)
    row = Row("decision, another member and client each time", samples, "µs", "≤ 30 µs")
    yield row.judged(samples[CARE].median() <= 30)


def connection(b):
    """first query"""
    roles = {NONE: ROLES[NONE], "in": ROLES["in"], CARE: "login_of_2"}

    def way(name):
        def once():
            with Psql(roles[name], options="" if name == CARE else f"-c bench.member={MIDDLE}") as session:
                return session.timed(NEWEST)[0]
        return once
    samples = interleave({name: way(name) for name in roles}, 3 * b.repeat)
    row = Row("newest 20, first query of a connection, 5,000 clients", samples, target="≤ none + 5 ms")
    yield row.judged(samples[CARE].median() - samples[NONE].median() <= 5)


def viewers(b):
    """viewers"""
    b.big()
    with Psql(db="big") as session:
        if int(session.value("SELECT count(*) FROM careaccess_viewers(1)")) != 2:
            raise Failed("careaccess_viewers does not name the owner and the one who sees all")
        samples = interleave({CARE: lambda: session.timed("SELECT * FROM careaccess_viewers(1)")[0]}, b.repeat)
    row = Row(f"careaccess_viewers in a practice of {b.big_members:,} members", samples, target="≤ 50 ms")
    yield row.judged(samples[CARE].median() <= 50)


def visible_clients(b):
    """visible clients"""
    b.big()
    for member, clients in ((1, b.big_clients), (2, b.big_clients // 20)):
        sql = f"SELECT count(*) FROM careaccess_visible_clients({member})"
        with Psql(db="big") as session:
            if int(session.value(sql)) != clients:
                raise Failed(f"careaccess_visible_clients({member}) does not return {clients} clients")

            def cold():
                with Psql(db="big") as new:
                    return new.timed(sql)[0]
            samples = interleave({"warm": lambda: session.timed(sql)[0], "cold": cold}, b.repeat)
        who = f"careaccess_visible_clients, {clients:,} of {b.big_clients:,}"
        yield Row(f"{who}, repeated", {CARE: samples["warm"]}, target="≤ 60 ms").judged(samples["warm"].median() <= 60)
        yield Row(f"{who}, first in a connection", {CARE: samples["cold"]}, target="≤ 150 ms").judged(
            samples["cold"].median() <= 150)


PAIR = "SELECT careaccess_share_client(:c, {to});\nSELECT careaccess_unshare_client(:c, {to});\n"


def share(b):
    """share"""
    with Psql() as session:
        before = int(session.value("SELECT count(*) FROM careaccess.event"))
        text = f"\\set c random(1, {b.clients})\n" + PAIR.format(to=199)
        samples = interleave({CARE: lambda: Pgbench(text, 2, options="-c synchronous_commit=off").result()},
                             min(b.repeat, 5))
        if int(session.value("SELECT count(*) FROM careaccess.event")) - before < 2 * samples[CARE].median():
            raise Failed("sharing wrote no events")
    row = Row("share and unshare, with events, one session", samples, "pairs/s", "≥ 2,000 pairs/s")
    yield row.judged(samples[CARE].median() >= 2000)


def neighbour(b):
    """neighbour"""
    text = "\\set c random(1000001, 1000100)\n" + PAIR.format(to=1010)
    open_sessions = sessions(MIDDLE, NEWEST, (NONE, CARE))
    quiet, busy = {}, {}
    try:
        ways = {name: (lambda s=s: statistics.median(s.timed("EXECUTE q", 200))) for name, s in open_sessions.items()}
        for _ in range(min(b.repeat, 5)):
            for result, background in ((quiet, None), (busy, Pgbench(text, 3, rate=100))):
                if background:
                    time.sleep(0.3)		# until it has connected; it goes on for longer than we need
                for name, value in interleave(ways, 3).items():
                    result.setdefault(name, []).append(value.median())
                if background and background.result() < 70:
                    raise Failed("the neighbour did not change 200 rights a second")
        rebuilds = open_sessions[CARE].value("SELECT rebuilds FROM careaccess_cache()")
        if rebuilds != "0":
            raise Failed(f"another practice's changes had facts read anew {rebuilds} times")
    finally:
        for s in open_sessions.values():
            s.close()
    slowdown = {n: statistics.median(y / x for x, y in zip(quiet[n], busy[n])) for n in quiet}
    row = Row("newest 20 while another practice changes 200 rights/s", as_samples(busy),
              target="≤ 1.15 × quiet",
              note=f"{slowdown[CARE]:.2f} × quiet; without row security, on the same busy machine, {slowdown[NONE]:.2f} ×")
    yield row.judged(slowdown[CARE] <= 1.15)


def as_samples(values):
    samples = interleave(dict.fromkeys(values, None), 0)
    for name, s in samples.items():
        s.rounds = dict(enumerate(values[name]))
    return samples


def adopt(b):
    """careaccess_adopt_clients, each time in a new database"""
    limit = 30 if b.quick else 120
    for clients, analyzed in ((10_000, False), (b.adopt, False), (20_000, True)):
        title = f"careaccess_adopt_clients of {clients:,} clients"
        if analyzed:
            # Whoever analyzes the whole database first tells the planner that
            # careaccess's tables are empty, and it believes that for a while.
            title += ", catalog analyzed when empty"
        b.progress(title + "…")
        b.database("adopt")
        with Psql(db="adopt", limit_s=limit) as session:
            session.run("CREATE EXTENSION careaccess")
            session.run("SELECT careaccess_create_practice(1, 'Practice')")
            session.run("SELECT careaccess_add_member(1, m, 'Member', '{clinician}') FROM generate_series(1, 100) AS m")
            session.run("CREATE TABLE client (id bigint PRIMARY KEY, owner bigint NOT NULL)")
            session.run(f"INSERT INTO client SELECT c, 1 + c % 100 FROM generate_series(1, {clients}) AS c")
            session.run("ANALYZE" if analyzed else "ANALYZE client")
            try:
                took = session.timed("SELECT careaccess_adopt_clients('client', 'id', practice => 1, "
                                     "owner_column => 'owner')")[0] / 1000
                registered = int(session.value("SELECT count(*) FROM careaccess.client_link"))
                if registered != clients:
                    raise Failed(f"{registered} of {clients} clients were adopted")
                samples, note = as_samples({CARE: [took]}), ""
            except TimedOut:
                took = limit
                samples, note = as_samples({CARE: []}), f"stopped after {limit} s"
                samples[CARE].too_long = True
        b.drop("adopt")
        row = Row(title, samples, "s", "≤ 60 s" if clients == 1_000_000 else "", note=note)
        yield row.judged(took <= 60 if row.target else None)


def scale(b):
    """scale"""
    sizes = [10, 100, 1000] + ([] if b.quick else [10000])
    sql = "SELECT id, client, at FROM public.note WHERE practice = 1 ORDER BY at DESC LIMIT 20"
    open_sessions = {}
    try:
        for practices in sizes:
            b.progress(f"loading {practices:,} practices, {100 * practices:,} clients…")
            b.database(f"scale{practices}", "scale", practices=practices)
            for name, s in sessions(1, sql, (NONE, CARE), f"scale{practices}").items():
                open_sessions[name, practices] = s
        ways = {}
        for key, s in open_sessions.items():
            if len(s.run("EXECUTE q")) != 20:
                raise Failed("the page has not 20 rows")
            ways[key] = lambda s=s: statistics.median(s.timed("EXECUTE q", 100))
        samples = interleave(ways, 2 * b.repeat)
    finally:
        for s in open_sessions.values():
            s.close()
    for practices in sizes:
        b.drop(f"scale{practices}")
    rows = []
    for practices in sizes:
        row = Row(f"newest 20 of a practice, {practices:,} practices, {100 * practices:,} clients",
                  {n: samples[n, practices] for n in (NONE, CARE)})
        row.chart = ("scale", 100 * practices)
        rows.append(row)
    care = [row.samples[CARE].median() for row in rows]
    rows[-1].target = "all sizes within 1.3 ×"
    rows[-1].note = f"slowest size ÷ fastest size: {max(care) / min(care):.2f}"
    rows[-1].judged(max(care) / min(care) <= 1.3)
    yield from rows


MEASURES = {f.__name__.replace("_", "-"): f for f in (
    count, newest, records, one_client, join, decision, connection, viewers, visible_clients, share, neighbour, adopt, scale)}
