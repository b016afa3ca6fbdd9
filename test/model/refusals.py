#!/usr/bin/env python3
"""The matrix of refusals: who may call what, for every role of every preset.

    refusals.py [--world NAME] [--actor NAME] [--function NAME] [--keep-database]

Practices are made from every preset, with a member of every role and clients in
every relation to him. Each member then calls every function that changes access,
with arguments that are refused for each of the reasons there are; each call is
undone. What comes back is compared with the rules of refusals_rules.py. What a
hidden client gives must equal what a missing one gives, word for word. Each
refusal of a right or of a sight must stand in the server's log, once.

A public function without a row in the matrix is a failure, and so is a row
without a function.

The server is the one that PGHOST, PGPORT and PGUSER (a superuser) name; a
database of its own is made there and dropped at the end.

Exit code: 0 as expected, 1 differences, 2 anything else went wrong.
"""

import argparse
import concurrent.futures
import json
import os
import sys
import traceback
import zlib
from collections import Counter
from types import SimpleNamespace

from generate import literal
from psql import Session, SqlError
from refusals_calls import calls, missing_client
import refusals_outside  # noqa: F401 (its rules)
import refusals_rules  # noqa: F401
from refusals_ask import FORBIDDEN, HIDDEN, OK, RULES, Ask, expected
from refusals_world import Actor, Universe, render, worlds
from run import Database

BATCH = 100  # calls of one transaction
ALIKE = 5  # calls of one function that an actor tries for one reason
SHOWN = 100  # differences told in full

# Public functions that change nobody's access: they answer, or say who the
# session is. Everything else that the extension has must have a rule.
ANSWERING = {
    "careaccess_" + name
    for name in (
        "act_as act_as_portal_user stop_acting whoami current_member"
        " current_practice current_portal_user can can_view visible visible_clients viewers"
        " explain test_practitioner test_clinic_admin preview access_matrix graph could_view"
        " portal_profiles cache"
    ).split()
}
# For database administrators only: every member is refused, whatever he holds.
ADMINISTRATIVE = {
    "careaccess_protect": "tbl => 'refusals.notes', client_column => 'client', category => 'chart'",
    "careaccess_unprotect": "tbl => 'refusals.notes'",
    "careaccess_adopt_clients": "tbl => 'refusals.notes', id_column => 'client', practice => 'far'",
    "careaccess_adopt_members": (
        "tbl => 'refusals.notes', id_column => 'client', name_column => 'name', practice => 'far'"
    ),
    "careaccess_mask": "view_name => 'refusals.masked', tbl => 'refusals.notes', columns => '{}'",
    "careaccess_unmask": "view_name => 'refusals.masked'",
    "careaccess_unique": "tbl => 'refusals.notes', column_name => 'name'",
    "careaccess_set_token_key": "kid => 'k', algorithm => 'HS256', key => sha256('refusals')",
    "careaccess_retire_token_key": "kid => 'k'",
    "careaccess_check": "",
    "careaccess_seal_events": "",
    "careaccess_verify_events": "",
    "careaccess_grant_application": "role => 'pg_monitor'",
    "careaccess_grant_administrator": "role => 'pg_monitor'",
    "careaccess_revoke_application": "role => 'pg_monitor'",
    "careaccess_revoke_administrator": "role => 'pg_monitor'",
}
# Triggers: what they refuse is what the functions that they call refuse.
TRIGGERS = {"careaccess_book_trigger"}

# Who may restore a deleted client finds him in these.
DELETED_TOO = {
    "careaccess_" + name
    for name in "set_client_status reassign_client undelegate review_emergency".split()
}

PUBLIC = """
SELECT DISTINCT p.proname FROM pg_proc p
JOIN pg_depend d ON d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e'
JOIN pg_extension e ON d.refclassid = 'pg_extension'::regclass AND d.refobjid = e.oid
JOIN pg_namespace n ON n.oid = p.pronamespace
WHERE e.extname = 'careaccess' AND n.nspname <> 'careaccess' ORDER BY 1
"""

# Each call in a subtransaction of its own, which is undone. PL/pgSQL undoes a
# block that ends in an error, so success is an error, too.
RUN = """
CREATE FUNCTION refusals.run(calls text[]) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
	i integer;
	state text;
	message text;
	detail text;
	hint text;
BEGIN
	FOR i IN 1..coalesce(cardinality(calls), 0) LOOP
		BEGIN
			EXECUTE 'SELECT ' || calls[i];
			RAISE EXCEPTION 'done' USING ERRCODE = 'ZZ000';
		EXCEPTION WHEN OTHERS THEN
			GET STACKED DIAGNOSTICS state = RETURNED_SQLSTATE, message = MESSAGE_TEXT,
				detail = PG_EXCEPTION_DETAIL, hint = PG_EXCEPTION_HINT;
		END;
		RETURN NEXT json_build_array(state, message, detail, hint);
	END LOOP;
END
$$
"""


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--world", help="only this practice")
    parser.add_argument("--actor", help="only this actor")
    parser.add_argument("--function", help="only this function")
    parser.add_argument("--jobs", type=int, default=min(2, os.cpu_count() or 2))
    parser.add_argument("--keep-database", action="store_true", help="do not drop it at the end")
    return parser.parse_args()


class Roles:
    """Database roles of the run, dropped with it."""

    def __init__(self, prefix):
        self.application = prefix  # made by Database
        self.administrator = f"{prefix}_admin"
        self.prefix = prefix
        self.made = [self.administrator]

    def login(self):
        self.made.append(f"{self.prefix}_{len(self.made)}")
        return self.made[-1]


def actors(world, universe, roles):
    """Everybody who tries in this practice."""

    def member(label, start, id=None):
        m = id or world.id(label)
        return Actor(label, "member", universe.world_of_member(m).key, m, label, start)

    for number, label in enumerate(world.actors):
        act = f"SELECT careaccess_act_as({literal(world.id(label))})"
        # With a superuser's rights, and with those of an application's role.
        if label in world.logins:
            actor = member(label, [f"SET LOCAL ROLE {world.logins[label]}"])
            actor.trusted = False
            yield actor
        elif number % 2:
            yield member(label, [f"SET LOCAL ROLE {roles.application}", act])
        else:
            yield member(label, [act])
    clients_of = world.actors[0]
    key = world.key
    yield Actor("nobody", "nobody", key, None, clients_of, [f"SET LOCAL ROLE {roles.application}"])
    if "D" in world.logins:
        yield Actor(
            "disabled",
            "nobody",
            key,
            None,
            clients_of,
            [f"SET LOCAL ROLE {world.logins['D']}"],
            trusted=False,
            becomes_anybody=False,
        )
    yield Actor("superuser", "administrator", key, None, clients_of, [])
    yield Actor(
        "administrator",
        "administrator",
        key,
        None,
        clients_of,
        [f"SET LOCAL ROLE {roles.administrator}"],
        becomes_anybody=False,
    )
    yield Actor(
        "portal user",
        "portal",
        key,
        world.id("login"),
        clients_of,
        [f"SELECT careaccess_act_as_portal_user({literal(world.id('login'))})"],
    )
    if key != "far":
        yield Actor(
            "of another practice",
            "member",
            "far",
            "far:everything",
            clients_of,
            ["SELECT careaccess_act_as('far:everything')"],
        )


def hidden_clients(call, wanted):
    """The arguments that name clients of whom nothing may be told."""
    if HIDDEN not in wanted:
        return []
    return [n for n in ("client", "contact_client") if call.arguments.get(n) is not None]


def shuffled(actor, every):
    """The calls in an order that differs from actor to actor and is always the same."""
    keyed = [(zlib.crc32(f"{actor.world} {actor.label} {render(c, {})}".encode()), c) for c in every]
    return [c for _, c in sorted(keyed, key=lambda pair: pair[0])]


class Judge:
    """Compares what came back with what the rules say."""

    def __init__(self, universe):
        self.universe = universe
        self.passed = 0
        self.outcomes = Counter()
        self.refused = []  # (SQLSTATE, message): what the log must tell
        self.differences = []

    def tell(self, world, actor, call, wanted, got):
        state, message, detail, hint = got
        text = " / ".join(t for t in (message, detail, hint) if t)
        shown = render(call, {}).replace("careaccess_", "", 1)
        self.differences.append(
            f"{world.key} | {actor.label} | {call.relation} | {shown} |"
            f" expected {' or '.join(sorted(wanted))}, got {state}: {text}"
        )

    def note(self, results):
        """PostgreSQL's own refusals, of a right that a role has not, are not in the log."""
        for state, message, *_ in results:
            if state in (FORBIDDEN, HIDDEN) and not message.startswith("permission denied for"):
                self.refused.append((state, message))

    def judge(self, world, actor, plan, results):
        answers = {render(call, {}): got for (call, _), got in zip(plan, results)}
        for (call, wanted), got in zip(plan, results):
            state = OK if got[0] == "ZZ000" else got[0]
            self.outcomes[call.name, state] += 1
            if state not in wanted:
                self.tell(world, actor, call, wanted, (state, *got[1:]))
            elif self.tells_of_hidden(actor, call, wanted, got, answers):
                self.tell(world, actor, call, {"the words for a missing client"}, got)
            else:
                self.passed += 1

    def tells_of_hidden(self, actor, call, wanted, got, answers):
        """Whether a hidden client gives another answer than a missing one."""
        ask = Ask(self.universe, actor)
        missing = missing_client(actor)
        from_outside = call.name == "careaccess_submit_form" or (
            call.arguments.get("channel") == "widget"
        )
        if from_outside and actor.kind != "portal":
            # Web pages register whom they do not find; nobody's sight is asked.
            return False
        for name in hidden_clients(call, wanted):
            client = call.arguments[name]
            with_deleted = call.name in DELETED_TOO and ask.has("delete_client")
            if missing in call.arguments.values() or ask.sees(client, with_deleted):
                continue
            twin = answers[render(twin_of(call, name, missing), {})]
            if [t.replace(missing, client) for t in twin] != got:
                return True
        return False


def twin_of(call, name, missing):
    return type(call)(call.name, {**call.arguments, name: missing}, "missing")


class Log:
    """The lines that the server's log got since, of refusals: each is written once."""

    PREFIX = "careaccess refusal: "

    def __init__(self):
        self.file = open(os.environ["CAREACCESS_LOG"], encoding="utf-8")
        self.file.seek(0, os.SEEK_END)

    def compare(self, judge):
        refused = Counter(judge.refused)
        logged = Counter()
        for line in self.file:
            _, found, text = line.partition(self.PREFIX)
            if found:
                entry = json.loads(text)
                logged[entry["sqlstate"], entry["message"]] += 1
        for (state, message), times in sorted(((refused - logged) + (logged - refused)).items()):
            judge.differences.append(
                f"{state}: {message} | refused {refused[state, message]} times,"
                f" in the server's log {logged[state, message]} times"
            )
        judge.passed += len(refused & logged)
        if not refused:
            judge.differences.append("nothing was refused")


class Run:
    def __init__(self, given, made):
        self.given = given
        self.made = made
        self.universe = Universe(made)
        self.roles = None
        self.groups = {}
        self.functions = set()

    def prepare(self, session):
        roles = self.roles
        session.run(
            "CREATE SCHEMA refusals",
            "GRANT USAGE ON SCHEMA refusals TO public",
            "CREATE TABLE refusals.notes (client text, name text)",
            RUN,
            f"CREATE ROLE {roles.administrator}",
            f"SELECT careaccess_grant_administrator('{roles.administrator}')",
        )
        self.universe.unfit_logins.add("postgres")
        self.functions = set(session.run(PUBLIC))
        for role in (roles.application, roles.administrator):
            session.run(
                "GRANT EXECUTE ON FUNCTION careaccess_accept_invitation(text, careaccess.id, text),"
                f" careaccess_submit_form(text, text, careaccess.id, jsonb) TO {role}"
            )

    def set_up(self, session, world):
        if world.key == world.preset:
            for label in "AD":
                role = self.roles.login()
                session.run(
                    f"CREATE ROLE {role}", f"SELECT careaccess_grant_application('{role}')"
                )
                world.login(label, role)
        session.run("BEGIN", *world.sql, "COMMIT")
        for line in session.run(
            "SELECT json_build_array(id, name) FROM careaccess.practitioner_group"
            f" WHERE practice::text = {literal(world.key)}"
        ):
            number, name = json.loads(line)
            self.groups[world.key, name] = number

    def plan(self, world, actor):
        """[(call, expected)] of one actor, with the missing twins of hidden clients."""
        missing = missing_client(actor)
        planned, alike = {}, Counter()
        for call in shuffled(actor, calls(self.universe, world, actor)):
            if call.name not in self.functions or self.given.function not in (None, call.name):
                continue
            text = render(call, {})
            if text in planned:
                continue
            wanted, why = expected(self.universe, actor, call.name, call.arguments)
            # A few calls for each reason are enough; other actors try others.
            kind = (call.name, why)
            if alike[kind] == ALIKE or (call.relation != "-" and alike[kind, call.relation]):
                continue
            alike[kind] += 1
            alike[kind, call.relation] += 1
            planned[text] = (call, wanted)
            for name in hidden_clients(call, wanted):
                twin = twin_of(call, name, missing)
                planned.setdefault(
                    render(twin, {}),
                    (twin, expected(self.universe, actor, twin.name, twin.arguments)[0]),
                )
        return list(planned.values())

    def try_all(self, session, world, actor, judge):
        plan = self.plan(world, actor)
        rendered = [literal(render(call, self.groups)) for call, _ in plan]
        plain = []
        if actor.kind != "administrator":
            plain = [n for n in sorted(ADMINISTRATIVE) if n in self.functions]
            if self.given.function:
                plain = [n for n in plain if n == self.given.function]
        rendered += [literal(f"{n}({ADMINISTRATIVE[n]})") for n in plain]
        statements = []
        for first in range(0, len(rendered), BATCH):
            some = ", ".join(rendered[first : first + BATCH])
            statements += ["BEGIN", *actor.start, f"SELECT refusals.run(ARRAY[{some}])", "ROLLBACK"]
        lines = session.run(*statements)
        results = [json.loads(line) for line in lines if line]
        if len(results) != len(rendered):
            raise SqlError(f"{len(rendered)} calls, {len(results)} answers")
        judge.note(results)
        judge.judge(world, actor, plan, results[: len(plan)])
        for name, got in zip(plain, results[len(plan) :]):
            judge.outcomes[name, got[0]] += 1
            if got[0] == FORBIDDEN:
                judge.passed += 1
            else:
                judge.differences.append(
                    f"{world.key} | {actor.label} | - | {name} |"
                    f" expected {FORBIDDEN}, got {got[0]}: {got[1]}"
                )

    def work(self, database, queue, judge):
        """One practice after the other: two calls on one would wait for each other."""
        with Session(database) as session:
            while queue:
                try:
                    world, actors = queue.pop(0)
                except IndexError:
                    return
                for actor in actors:
                    self.try_all(session, world, actor, judge)


def check_functions(functions, judge):
    """Every function has its row, every row its function."""
    rows = set(RULES) | set(ADMINISTRATIVE) | TRIGGERS
    for name in sorted(functions - rows - ANSWERING):
        judge.differences.append(f"{name} has no row in the matrix of refusals")
    for name in sorted(rows - functions):
        judge.differences.append(f"{name} has a row, but is not there")


def check_outcomes(functions, judge):
    """A row that only ever allows, or only ever refuses, shows nothing."""
    always_refuses = {"careaccess_accept_invitation"}
    for name in sorted(functions & set(RULES)):
        if not judge.outcomes[name, OK] and name not in always_refuses:
            judge.differences.append(f"{name} was allowed to nobody")
        if not any(judge.outcomes[name, s] for s in (FORBIDDEN, HIDDEN, "28000")):
            judge.differences.append(f"{name} was refused to nobody")


def run(given):
    made = worlds()
    this = Run(given, made)
    judge = Judge(this.universe)
    log = Log()
    settings = SimpleNamespace(keep_database=given.keep_database, jobs=0, seed=0)
    with Database(settings) as database:
        this.roles = Roles(database.role)
        try:
            with Session(database.name) as session:
                this.prepare(session)
                for world in made:
                    this.set_up(session, world)
                session.run("ANALYZE")
            queue = []
            for world in made:
                chosen = [
                    actor
                    for actor in actors(world, this.universe, this.roles)
                    if given.world in (None, world.key) and given.actor in (None, actor.label)
                ]
                queue.append((world, chosen))
            # The longest first.
            queue.sort(key=lambda pair: -len(pair[1]))
            with concurrent.futures.ThreadPoolExecutor(given.jobs) as pool:
                work = [
                    pool.submit(this.work, database.name, queue, judge) for _ in range(given.jobs)
                ]
                for one in work:
                    one.result()
        finally:
            if not given.keep_database:
                with Session(database.name) as session:
                    for role in this.roles.made:
                        session.run(
                            "DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname ="
                            f" '{role}') THEN DROP OWNED BY {role}; DROP ROLE {role};"
                            " END IF; END $$"
                        )
    log.compare(judge)
    check_functions(this.functions, judge)
    if not (given.world or given.actor or given.function):
        check_outcomes(this.functions, judge)
    for line in judge.differences[:SHOWN]:
        print(line)
    if len(judge.differences) > SHOWN:
        print(f"… and {len(judge.differences) - SHOWN} more")
    print(f"{judge.passed} passed, {len(judge.differences)} failed")
    return 1 if judge.differences else 0


def main():
    try:
        return run(arguments())
    except SqlError as error:
        print(f"the test could not run:\n{error}", file=sys.stderr)
    except Exception:
        traceback.print_exc()
    return 2


if __name__ == "__main__":
    sys.exit(main())
