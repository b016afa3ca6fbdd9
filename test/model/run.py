#!/usr/bin/env python3
"""The differential test: the model against the extension, on random practices.

    run.py [--seed N] [--practices N] [--practice K] [--jobs N] [--keep-going]

The server is the one that PGHOST, PGPORT and PGUSER (a superuser) name; a
database of its own is made there and dropped at the end.

Exit code: 0 no difference, 1 differences, 2 anything else went wrong.
"""

import argparse
import multiprocessing
import os
import random
import re
import sys
import traceback

from check import Checker, Rows, setup_tables
from generate import custom_categories, literal, plan
from model import NOT_ASKED, UNKNOWN
from psql import Session, SqlError
from report import describe, model_says, question

SHOWN = 3  # differences shown of one practice

# What a setup raises when a call that must fail did not, or failed otherwise
# (Builder.refused), or answered something else (Builder.answers).
WRONG_ANSWER = re.compile(r"ERROR:  (no error \w{5} from|\w{5} instead of \w{5} from|answer )")


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seed", type=int, help="the same seed, the same practices; else random")
    parser.add_argument("--practices", type=int, default=int(os.environ.get("MODEL_PRACTICES") or 300),
                        help="how many (MODEL_PRACTICES, or 300)")
    parser.add_argument("--practice", type=int, help="only this one of the seed")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 2)
    parser.add_argument("--keep-going", action="store_true", help="do not stop at a difference")
    parser.add_argument("--keep-database", action="store_true", help="do not drop it at the end")
    parser.add_argument("--dump", action="store_true", help="print the SQL of --practice, no more")
    given = parser.parse_args()
    if given.dump and given.practice is None:
        parser.error("--dump needs --practice")
    if given.seed is None:
        given.seed = random.randrange(1_000_000)
    return given


# ------------------------------------------------------------------ database


class Database:
    """A database with the extension, and a plain role as an application's."""

    def __init__(self, given):
        self.name = self.role = f"careaccess_model_{os.getpid()}"
        self.maintenance = os.environ.get("PGDATABASE") or "postgres"
        self.keep = given.keep_database
        self.jobs = given.jobs
        self.seed = given.seed

    def __enter__(self):
        with Session(self.maintenance) as session:
            session.run(
                f"CREATE DATABASE {self.name} TEMPLATE template0"
                " ENCODING 'UTF8' LC_COLLATE 'C' LC_CTYPE 'C'",
                f"CREATE ROLE {self.role}",
            )
        try:
            self.prepare()
        except BaseException:
            self.__exit__()
            raise
        return self

    def prepare(self):
        with Session(self.name) as session:
            session.run(
                "CREATE EXTENSION careaccess",
                f"SELECT careaccess_grant_application('{self.role}')",
                "GRANT EXECUTE ON FUNCTION careaccess_act_as(careaccess.id, boolean),"
                " careaccess_act_as_portal_user(careaccess.id, careaccess.id, boolean)"
                f" TO {self.role}",
            )
            for code, authored in custom_categories(self.seed).items():
                session.run(
                    "INSERT INTO careaccess.category (code, authored)"
                    f" VALUES ({literal(code)}, {authored})"
                )
            for worker in range(self.jobs):
                session.run(*setup_tables(worker, self.role))

    def __exit__(self, *_):
        if self.keep:
            print(f"kept: database and role {self.name}")
            return
        with Session(self.maintenance) as session:
            session.run(f"DROP DATABASE {self.name} WITH (FORCE)", f"DROP ROLE {self.role}")


# -------------------------------------------------------------------- worker


def check_practice(session, seed, number, rows, role):
    """(decisions, differences, plan); the SqlError of a failed setup goes up."""
    made = plan(seed, number)
    decisions, differences = 0, []
    for last, (sql, facts) in enumerate(made.stages, 1 - len(made.stages)):
        session.run(sql)
        checker = Checker(session, made, facts, rows, role)
        if last == 0:
            checker.check_all()
        else:
            # Now every right is remembered that the next stage changes.
            checker.check_lists()
        decisions += checker.decisions
        differences += checker.differences
        if differences:
            return decisions, differences, made, facts
    return decisions, differences, made, facts


def explain(database, ids, d):
    """What careaccess_explain says, or why it says nothing."""
    if None in (d.member, d.client, d.category):
        return ["(not asked)"]
    call = (
        f"careaccess_explain({ids.sql(d.member)}, {ids.sql(d.client)},"
        f" {literal(d.category)}, {literal(d.action)}"
    )
    if d.author is UNKNOWN:
        note = ["(without author: it cannot be asked about an unknown one)"]
    else:
        note = []
        if d.author is not NOT_ASKED:
            call += f", {ids.sql(d.author)}"
    try:
        with Session(database) as session:
            return note + session.run(f"SELECT * FROM {call})")
    except SqlError as error:
        return [f"failed: {error}"]


def report(database, seed, number, made, facts, differences):
    lines = [
        "",
        f"DIFFERENCES: seed {seed}, practice {number} (preset {made.preset},"
        f" {made.ids.type} identifiers), {len(differences)} in all; the first ones:",
        f"again: run.py --seed {seed} --practice {number}   (its SQL: --dump)",
    ]
    shown = {}
    for d in differences:
        shown.setdefault((d.where, d.member, d.client, d.category), d)
    for d in list(shown.values())[:SHOWN]:
        lines += [
            "",
            f"* {d.where}: " + question(d.member, d.client, d.category, d.action, d.author),
            f"  expected {d.expected}, got {d.actual}",
        ]
        if None not in (d.member, d.client, d.category):
            says = model_says(facts, d.member, d.client, d.category, d.action, d.author)
            lines.append(f"  the model: {says}")
        lines.append("  facts:")
        lines += ["    " + line for line in describe(facts, d.member, d.client, d.category)]
        lines.append("  careaccess_explain:")
        lines += ["    " + line for line in explain(database, made.ids, d)]
    return "\n".join(lines)


def work(worker, given, numbers, database, role, results):
    """One process: its practices one after the other, over one connection."""
    session, rows = None, Rows(worker)
    try:
        for number in numbers:
            try:
                session = session or Session(database)
                decisions, differences, made, facts = check_practice(
                    session, given.seed, number, rows, role
                )
            except SqlError as error:
                again = f"again: run.py --seed {given.seed} --practice {number}"
                if WRONG_ANSWER.search(str(error)):
                    text = f"\nDIFFERENCE: a call of the setup answered otherwise; {again}\n{error}"
                    results.put(("checked", 1, 1, text))
                else:
                    results.put(("failed", f"a statement failed; {again}\n{error}"))
                session.close()
                session = None
                continue
            text = None
            if differences:
                text = report(database, given.seed, number, made, facts, differences)
            results.put(("checked", decisions, len(differences), text))
    except Exception:
        results.put(("failed", traceback.format_exc()))
    finally:
        if session is not None:
            session.close()
    results.put(("done",))


def run(given):
    if given.practice is not None:
        numbers = [given.practice]
    else:
        numbers = list(range(1, given.practices + 1))
    given.jobs = max(1, min(given.jobs, len(numbers)))
    practices = decisions = different = 0
    failed = False
    print(f"model: seed {given.seed}, {len(numbers)} practices", flush=True)
    with Database(given) as database:
        context = multiprocessing.get_context("fork")
        results = context.Queue()
        workers = [
            context.Process(
                target=work,
                args=(w, given, numbers[w :: given.jobs], database.name, database.role, results),
                daemon=True,
            )
            for w in range(given.jobs)
        ]
        for worker in workers:
            worker.start()
        running = len(workers)
        try:
            while running:
                kind, *result = results.get()
                if kind == "done":
                    running -= 1
                elif kind == "failed":
                    print(result[0], file=sys.stderr, flush=True)
                    failed = True
                    if not given.keep_going:
                        break
                else:
                    practices += 1
                    decisions += result[0]
                    different += result[1]
                    if result[2]:
                        print(result[2], flush=True)
                        if not given.keep_going:
                            break
        finally:
            for worker in workers:
                worker.terminate()
                worker.join()
    print(
        f"model: {practices:,} practices, {decisions:,} decisions,"
        f" {different:,} differences (seed {given.seed})"
    )
    if different:
        return 1
    return 2 if failed or practices != len(numbers) else 0


def main():
    given = arguments()
    if given.dump:
        for sql, _ in plan(given.seed, given.practice).stages:
            print(sql + ";\n")
        return 0
    try:
        return run(given)
    except SqlError as error:
        print(f"the test could not be set up:\n{error}", file=sys.stderr)
    except Exception:
        traceback.print_exc()
    return 2


if __name__ == "__main__":
    sys.exit(main())
