"""The comparison: every answer of the extension about one practice.

A Checker asks in bulk (one row of 0s and 1s per member) and compares with the
model, bit by bit.  What it compares:

- careaccess_can and careaccess_can_view for every member, client, category,
  action and author (not asked, unknown, each member, somebody who is none);
- careaccess_visible_clients, careaccess_viewers and
  the two test tools;
- the rows that each member sees, updates, inserts and deletes in protected
  tables, as a plain role acting as him.
"""

import itertools
from dataclasses import dataclass

from generate import literal
from model import ACTIONS, EVERYBODY, NOT_ASKED, UNKNOWN, Model

# Numbers in Identifiers that no member and no client gets.
STRANGER, UNKNOWN_CLIENT, UNKNOWN_MEMBER = 900, 901, 902


@dataclass
class Difference:
    where: str
    member: object
    client: object
    category: str
    action: str
    author: object
    expected: object
    actual: object


# ------------------------------------------------------------------ tables


@dataclass(frozen=True, eq=False)
class Table:
    """A protected table of every shape: with and without category and author column."""

    name: str
    types: dict  # identifier type -> (client column's type, author column's type)
    category: str = None  # None: it has a category column
    author: bool = True
    client_visible: bool = False

    def called(self, worker, id_type):
        return f"model_{self.name}_{id_type}_{worker}"

    def create(self, worker, id_type, role):
        name = self.called(worker, id_type)
        client, author = self.types[id_type]
        columns = [f"n bigint PRIMARY KEY, client {client}"]
        arguments = [f"'{name}'", "client_column => 'client'"]
        if self.category is None:
            columns.append("category text")
            arguments.append("category_column => 'category'")
        else:
            arguments.append(f"category => '{self.category}'")
        if self.author:
            columns.append(f"author {author}")
            arguments.append("author_column => 'author'")
        if self.client_visible:
            columns.append("shown boolean")
            arguments.append("client_visible_column => 'shown'")
        columns.append("touched integer NOT NULL DEFAULT 0")
        return [
            f"CREATE TABLE {name} ({', '.join(columns)})",
            f"CREATE INDEX ON {name} (client)",
            f"SELECT careaccess_protect({', '.join(arguments)})",
            f"GRANT SELECT, INSERT, UPDATE, DELETE ON {name} TO {role}",
        ]

    def rows(self, clients, categories, authors):
        """(client, category, author, client_visible) of the rows.

        One author where it has no column.  Whether a row is for the client
        goes round, so that there are more rows by it only where there is one
        of each else.
        """
        shown = itertools.cycle((True, False, None) if self.client_visible else (None,))
        return [
            (c, k, a, next(shown))
            for c in clients
            for k in (categories if self.category is None else (self.category,))
            for a in (authors if self.author else (UNKNOWN,) * (3 if self.client_visible else 1))
        ]

    def columns(self):
        names = ["n", "client"]
        if self.category is None:
            names.append("category")
        if self.author:
            names.append("author")
        if self.client_visible:
            names.append("shown")
        return ", ".join(names)

    def values(self, ids, n, row):
        client, category, author, shown = row
        values = [str(n), literal(ids.spell(client))]
        if self.category is None:
            values.append(literal(category))
        if self.author:
            values.append("NULL" if author is None else literal(ids.spell(author)))
        if self.client_visible:
            values.append({True: "true", False: "false", None: "NULL"}[shown])
        return "(" + ", ".join(values) + ")"


RECORDS = Table(
    "records",
    {"bigint": ("bigint", "bigint"), "uuid": ("uuid", "uuid"), "text": ("text", "text")},
    client_visible=True,
)
TABLES = (
    RECORDS,
    Table(
        "charts",
        {
            "bigint": ("bigint", "text"),
            "uuid": ("text", "uuid"),
            "text": ("varchar(300)", "careaccess.id"),
        },
        category="chart",
    ),
    Table(
        "open",
        {
            "bigint": ("careaccess.id", ""),
            "uuid": ("careaccess.id", ""),
            "text": ("careaccess.id", ""),
        },
        author=False,
    ),
    Table(
        "bills",
        {"bigint": ("bigint", ""), "uuid": ("uuid", ""), "text": ("text", "")},
        category="billing",
        author=False,
        client_visible=True,
    ),
)
ID_TYPES = ("bigint", "uuid", "text")


def setup_tables(worker, role):
    return [
        statement
        for id_type in ID_TYPES
        for table in TABLES
        for statement in table.create(worker, id_type, role)
    ]


class Rows:
    """What one worker keeps in its tables: the rows of this practice and of the last one."""

    def __init__(self, worker):
        self.worker = worker
        self.next = 1
        self.last = {}  # identifier type -> first n of the last practice


# ----------------------------------------------------------------- checking


class Checker:
    def __init__(self, session, plan, practice, rows, role):
        self.session = session
        self.plan = plan
        self.ids = plan.ids
        self.p = practice
        self.model = Model(practice)
        self.rows = rows
        self.role = role
        self.rng = plan.ids.rng
        self.members = list(practice.members)
        self.clients = list(practice.clients)
        self.categories = list(practice.categories)
        self.stranger = self.ids.id(STRANGER)
        self.authors = [UNKNOWN, *self.members, self.stranger]
        self.decisions = 0
        self.differences = []

    # ---- asking

    def listed(self, values, type=None):
        """A FROM item of (value, n), in the type that the application would use."""
        type = type or self.ids.type
        items = ", ".join(
            "NULL" if v is None else literal(self.ids.spell(v) if type == self.ids.type else v)
            for v in values
        )
        return f"unnest(ARRAY[{items}]::{type}[]) WITH ORDINALITY"

    def ask(self, tag, sql):
        """The rows that start with tag, without it, split."""
        return [
            line.split("|")[1:]
            for line in self.session.run(sql)
            if line.startswith(tag + "|")
        ]

    def differ(self, where, m, c, category, action, author, expected, actual):
        self.differences.append(
            Difference(where, m, c, category, action, author, expected, actual)
        )

    def compare(self, where, questions, expected, actual):
        """Two strings of answers to the same list of questions (m, c, category, action, author)."""
        self.decisions += len(expected)
        if expected == actual:
            return
        if len(expected) != len(actual):
            self.differ(where, *questions()[0], f"{len(expected)} answers", f"{len(actual)}")
            return
        for asked, yes, got in zip(questions(), expected, actual):
            if yes != got:
                self.differ(where, *asked, yes, got)

    def can(self, m, c, category, action, author=NOT_ASKED):
        return self.model.can(m, c, category, action, author).allowed

    def bits(self, answers):
        return "".join("1" if answer else "0" for answer in answers)

    # ---- everything

    def check_lists(self):
        """careaccess_visible_clients, for each member and category."""
        actual = self.ask(
            "L",
            f"""
            SELECT 'L', m.n - 1, k.n - 1, cardinality(v.ids),
                   string_agg(CASE WHEN c.id::careaccess.id OPERATOR(careaccess.=) ANY (v.ids)
                              THEN '1' ELSE '0' END, '' ORDER BY c.n)
            FROM {self.listed(self.members)} AS m(id, n)
            CROSS JOIN {self.listed(self.categories, 'text')} AS k(code, n)
            CROSS JOIN LATERAL (SELECT ARRAY(
                SELECT careaccess_visible_clients(m.id, k.code))) AS v(ids)
            CROSS JOIN {self.listed(self.clients)} AS c(id, n)
            GROUP BY m.n, k.n, v.ids""",
        )
        self.expect_rows("careaccess_visible_clients", len(actual), self.members, self.categories)
        for m_n, k_n, count, answers in actual:
            m, k = self.members[int(m_n)], self.categories[int(k_n)]
            expected = self.bits(self.can(m, c, k, "view") for c in self.clients)
            self.compare(
                "careaccess_visible_clients",
                lambda: [(m, c, k, "view", NOT_ASKED) for c in self.clients],
                expected,
                answers,
            )
            if int(count) != answers.count("1"):
                self.differ(
                    "careaccess_visible_clients lists others or some twice",
                    *(m, None, k, "view", NOT_ASKED),
                    answers.count("1"),
                    count,
                )

    def expect_rows(self, where, actual, *factors):
        expected = 1
        for factor in factors:
            expected *= len(factor)
        if actual != expected:
            self.differ(where, None, None, None, None, None, f"{expected} answers", actual)

    def check_decisions(self):
        """careaccess_can in both forms; for view sometimes careaccess_can_view."""
        as_view = self.plan.number % 2 == 1
        answer = "CASE {} WHEN true THEN '1' WHEN false THEN '0' ELSE '?' END"
        plain = "careaccess_can(m.id, c.id, k.code, a.code)"
        asked = "careaccess_can(m.id, c.id, k.code, a.code, h.id)"
        if as_view:
            view = "CASE WHEN a.code = 'view' THEN careaccess_can_view({}) ELSE {} END"
            plain = view.format("m.id, c.id, k.code", plain)
            asked = view.format("m.id, c.id, k.code, h.id", asked)
        for where, expression, authors in (
            ("careaccess_can", plain, None),
            ("careaccess_can with author", asked, self.authors),
        ):
            others = ", c.n, k.n, a.n"
            from_authors = ""
            if authors is not None:
                others += ", h.n"
                from_authors = f"CROSS JOIN {self.listed(authors)} AS h(id, n)"
            actual = self.ask(
                "D",
                f"""
                SELECT 'D', m.n - 1,
                       string_agg({answer.format(expression)}, '' ORDER BY {others[2:]})
                FROM {self.listed(self.members)} AS m(id, n)
                CROSS JOIN {self.listed(self.clients)} AS c(id, n)
                CROSS JOIN {self.listed(self.categories, 'text')} AS k(code, n)
                CROSS JOIN {self.listed(ACTIONS, 'text')} AS a(code, n)
                {from_authors}
                GROUP BY m.n""",
            )
            self.expect_rows(where, len(actual), self.members)
            for m_n, answers in actual:
                m = self.members[int(m_n)]

                def questions():
                    return [
                        (m, c, k, a, h)
                        for c in self.clients
                        for k in self.categories
                        for a in ACTIONS
                        for h in (authors or (NOT_ASKED,))
                    ]

                can = self.model.can
                expected = self.bits(can(*question).allowed for question in questions())
                self.compare(where, questions, expected, answers)

    def check_strangers(self):
        """Nobody may do anything with what is not there."""
        rows = self.ask(
            "S",
            f"""
            SELECT 'S', count(*) FILTER (WHERE careaccess_can(m.id, c.id, 'name', 'view')
                                            OR careaccess_can(m.id, c.id, 'chart', 'edit', m.id))
            FROM {self.listed([*self.members, self.ids.id(UNKNOWN_MEMBER)])} AS m(id, n)
            JOIN {self.listed([*self.clients, self.ids.id(UNKNOWN_CLIENT)])} AS c(id, n)
              ON m.n > {len(self.members)} OR c.n > {len(self.clients)}""",
        )
        self.decisions += 2 * (len(self.members) + len(self.clients) + 1)
        if rows != [["0"]]:
            self.differ(
                "a stranger", None, None, "name or chart", "view or edit", NOT_ASKED, 0, rows
            )

    def check_viewers(self):
        """careaccess_viewers."""
        clients = [c for c in self.clients if self.p.clients[c].status != "deleted"]
        if clients:
            actual = self.ask(
                "V",
                f"""
                SELECT 'V', c.n - 1, k.n - 1, cardinality(v.ids),
                       string_agg(CASE WHEN m.id::careaccess.id OPERATOR(careaccess.=) ANY (v.ids)
                                  THEN '1' ELSE '0' END, '' ORDER BY m.n)
                FROM {self.listed(clients)} AS c(id, n)
                CROSS JOIN {self.listed(self.categories, 'text')} AS k(code, n)
                CROSS JOIN LATERAL (SELECT ARRAY(
                    SELECT DISTINCT w.member FROM careaccess_viewers(c.id, k.code) AS w)) AS v(ids)
                CROSS JOIN {self.listed(self.members)} AS m(id, n)
                GROUP BY c.n, k.n, v.ids""",
            )
            self.expect_rows("careaccess_viewers", len(actual), clients, self.categories)
            for c_n, k_n, count, answers in actual:
                c, k = clients[int(c_n)], self.categories[int(k_n)]
                self.compare(
                    "careaccess_viewers",
                    lambda: [(m, c, k, "view", NOT_ASKED) for m in self.members],
                    self.bits(self.can(m, c, k, "view") for m in self.members),
                    answers,
                )
                if int(count) != answers.count("1"):
                    self.differ(
                        "careaccess_viewers names others",
                        *(None, c, k, "view", NOT_ASKED),
                        answers.count("1"),
                        count,
                    )

    def check_test_tools(self):
        """accessible(m) and managed(m), where they are not everybody."""
        for where, function, answer in (
            ("careaccess_test_practitioner", "accessible", self.model.accessible),
            ("careaccess_test_clinic_admin", "managed", self.managed_or_none),
        ):
            asked = [
                m for m in self.members if self.model.is_active(m) and answer(m) is not EVERYBODY
            ]
            if not asked:
                continue
            rows = self.ask(
                "T",
                f"""
                SELECT 'T', m.n - 1, cardinality(v.ids),
                       string_agg(CASE WHEN o.id::careaccess.id OPERATOR(careaccess.=) ANY (v.ids)
                                  THEN '1' ELSE '0' END, '' ORDER BY o.n)
                FROM {self.listed(asked)} AS m(id, n)
                CROSS JOIN LATERAL (SELECT ARRAY(SELECT {where}(m.id))) AS v(ids)
                CROSS JOIN {self.listed(self.members)} AS o(id, n)
                GROUP BY m.n, v.ids""",
            )
            self.expect_rows(where, len(rows), asked)
            for m_n, count, answers in rows:
                m = asked[int(m_n)]
                expected = self.bits(o in answer(m) for o in self.members)
                self.decisions += len(expected)
                if expected != answers or int(count) != answers.count("1"):
                    found = [o for o, bit in zip(self.members, answers) if bit == "1"]
                    self.differ(
                        where, m, None, None, function, None, sorted(answer(m)), (count, found)
                    )

    def managed_or_none(self, m):
        """The test tool answers only for who manages at all: a role with that reach."""
        if any(row.reach == "managed" for role in self.model.roles(m) for row in role.permissions):
            return self.model.managed(m)
        return set()

    # ---- protected tables

    def check_tables(self):
        names = {t: t.called(self.rows.worker, self.ids.type) for t in TABLES}
        rows, statements = {}, []
        first = self.rows.next
        keep_from = self.rows.last.get(self.ids.type, first)
        for table, name in names.items():
            rows[table] = {}
            for row in table.rows(self.clients, self.categories, self.authors):
                rows[table][self.rows.next] = row
                self.rows.next += 1
            values = ",\n".join(table.values(self.ids, n, row) for n, row in rows[table].items())
            statements.append(f"DELETE FROM {name} WHERE n < {keep_from}")
            statements.append(f"INSERT INTO {name} ({table.columns()}) VALUES\n{values}")
        self.rows.last[self.ids.type] = first
        self.session.run(*statements)
        self.check_nobody(names)
        self.check_portal(names, rows, first)
        for m in self.members:
            if self.model.is_active(m):
                self.check_member(m, names, rows, first)
            else:
                self.check_inactive(m)

    def check_nobody(self, names):
        """A plain role that is no member sees nothing."""
        for table, name in names.items():
            count = self.ask("Z", f"SET ROLE {self.role}; SELECT 'Z', count(*) FROM {name}; RESET ROLE")
            self.decisions += 1
            if count != [["0"]]:
                self.differ(f"rows of {table.name} seen by nobody", *(None,) * 5, 0, count)

    def check_inactive(self, m):
        answer = self.ask(
            "A",
            f"""
            BEGIN;
            SET LOCAL ROLE {self.role};
            DO $$
            DECLARE result text := 'no error';
            BEGIN
              BEGIN
                PERFORM careaccess_act_as({self.ids.sql(m)});
              EXCEPTION WHEN OTHERS THEN result := SQLSTATE;
              END;
              PERFORM set_config('model.result', result, true);
            END $$;
            SELECT 'A', current_setting('model.result');
            ROLLBACK""",
        )
        self.decisions += 1
        if answer != [["28000"]]:
            self.differ("careaccess_act_as", m, None, None, None, None, "28000", answer)

    def check_member(self, m, names, rows, first):
        """What a plain role that acts as m sees, changes, adds and removes."""
        script = ["BEGIN", *self.as_role(f"careaccess_act_as({self.ids.sql(m)})")]
        if self.rng.random() < 0.5:
            script.append("SET LOCAL enable_seqscan = off")
        tried = self.rng.sample(sorted(rows[RECORDS]), min(24, len(rows[RECORDS])))
        work, pinned = self.work_on_rows("M", names, rows, first, tried)
        answers = self.answers("M", [*script, *work, "ROLLBACK"])

        def can(row, action):
            c, k, a, _ = row
            return self.can(m, c, k, action, a)

        self.compare_work(m, "", answers, rows, tried, pinned, can)

    def as_role(self, identity):
        return [f"SET LOCAL ROLE {self.role}", f"SELECT {identity}"]

    def answers(self, tag, script):
        return {what: answer for what, answer in self.ask(tag, ";\n".join(script))}

    def work_on_rows(self, tag, names, rows, first, tried):
        """Statements that use the tables as whoever is acting, and the client that one names."""
        records = names[RECORDS]
        pinned = self.rng.choice(self.clients)
        # A text column holds the spellings that programs wrote into it.
        pinned_as = ", ".join(
            f"{literal(spelling)}::{RECORDS.types[self.ids.type][0]}"
            for spelling in sorted(self.ids.spellings(pinned))
        )
        inserts = "\n".join(
            f"""
            BEGIN
              INSERT INTO {records} ({RECORDS.columns()})
              VALUES {RECORDS.values(self.ids, -n, rows[RECORDS][n])};
              result := result || '1';
            EXCEPTION WHEN insufficient_privilege THEN result := result || '0';
            END;"""
            for n in tried
        )
        seen = "coalesce(string_agg(n::text, ',' ORDER BY n), '')"
        say = f"SELECT '{tag}',"
        script = [
            f"{say} 'rows of {table.name} seen', {seen} FROM {name}" for table, name in names.items()
        ]
        script += [
            f"{say} 'records of one client', {seen} FROM {records} WHERE client IN ({pinned_as})",
            f"WITH u AS (UPDATE {records} SET touched = touched + 1 RETURNING n)"
            f" {say} 'records updated', {seen} FROM u",
            f"DO $$\nDECLARE result text := '';\nBEGIN\n{inserts}\n"
            "PERFORM set_config('model.result', result, true);\nEND $$",
            f"{say} 'records inserted', current_setting('model.result')",
            # Reads no column, so that only the policy for UPDATE is asked.
            f"DO $$\nBEGIN\n  UPDATE {records} SET touched = -1;\n"
            "EXCEPTION WHEN insufficient_privilege THEN NULL;\nEND $$",
            "RESET ROLE",
            f"{say} 'records updated unread', {seen} FROM {records}"
            f" WHERE touched = -1 AND n >= {first}",
            f"{say} 'careaccess_visible', {seen} FROM {records}"
            " WHERE n > 0 AND careaccess_visible(client, category, author)",
            f"SET LOCAL ROLE {self.role}",
            f"DELETE FROM {records}",
            "RESET ROLE",
            f"{say} 'records kept', {seen} FROM {records} WHERE n >= {first}",
        ]
        return script, pinned

    def compare_work(self, m, who, answers, rows, tried, pinned, can):
        """The answers to work_on_rows with what can(row, action) says."""

        def numbers(what):
            return {int(n) for n in answers[what].split(",") if n}

        def compare(what, table_rows, action, expected, actual):
            self.compare_rows(m, who + what, table_rows, action, expected, actual)

        every = rows[RECORDS]
        for table in TABLES:
            visible = {n for n, row in rows[table].items() if can(row, "view")}
            what = f"rows of {table.name} seen"
            compare(what, rows[table], "view", visible, numbers(what))
            if table is RECORDS:
                view = visible
        # It is not told whether a record is for the client.
        told = {n for n, row in every.items() if can((*row[:3], None), "view")}
        compare("careaccess_visible", every, "view", told, numbers("careaccess_visible"))
        of_one = {n for n in view if every[n][0] == pinned}
        what = "records of one client"
        compare(what, every, "view", of_one, numbers(what))
        edit = {n for n in view if can(every[n], "edit")}
        for what in ("records updated", "records updated unread"):
            compare(what, every, "edit", edit, numbers(what))
        delete = {n for n in view if can(every[n], "delete")}
        gone = set(every) - numbers("records kept")
        compare("records deleted", every, "delete", delete, gone)
        create = {n for n in tried if can(every[n], "create")}
        made = {n for n, bit in zip(tried, answers["records inserted"]) if bit == "1"}
        compare("records inserted", every, "create", create, made)

    # ---- the portal

    def check_portal(self, names, rows, first):
        """Which profiles each portal user may choose, and what he does with them."""
        if not self.p.portal_users:
            return
        chosen = self.check_profiles()
        script = ["BEGIN"]
        asked = []
        for n, (u, profile) in enumerate(self.rng.sample(chosen, min(5, len(chosen)))):
            # A profile of his own need not be named.
            own = self.p.portal_users[u].client == profile
            named = "" if own and self.rng.random() < 0.5 else f", {self.ids.sql(profile)}"
            tried = self.rng.sample(sorted(rows[RECORDS]), min(6, len(rows[RECORDS])))
            tried += [i for i, row in rows[RECORDS].items() if row[0] == profile][:: len(self.authors)]
            tried = list(dict.fromkeys(tried))
            work, pinned = self.work_on_rows(f"P{n}", names, rows, first, tried)
            asked.append((n, u, profile, tried, pinned))
            script += [
                "SAVEPOINT one",
                *self.as_role(f"careaccess_act_as_portal_user({self.ids.sql(u)}{named})"),
                *work,
                *self.taken_away(f"P{n}", names, u, profile),
                "ROLLBACK TO one",
            ]
        script.append("ROLLBACK")
        found = {}
        for line in self.session.run(*script):
            tag, _, rest = line.partition("|")
            what, _, answer = rest.partition("|")
            found.setdefault(tag, {})[what] = answer
        for n, u, profile, tried, pinned in asked:

            def can(row, action):
                c, k, _, shown = row
                return self.model.portal_can(u, profile, c, k, action, shown)

            who = f"portal user {u!r} on profile {profile!r}: "
            self.compare_work(None, who, found[f"P{n}"], rows, tried, pinned, can)
            self.decisions += 1
            if found[f"P{n}"]["taken away"] != "0":
                where = f"{who}rows after it was taken away"
                self.differ(where, *(None,) * 5, 0, found[f"P{n}"]["taken away"])

    def taken_away(self, tag, names, u, profile):
        """While he is acting the access ends, or the profile is deleted."""
        if self.p.portal_users[u].client == profile or self.rng.random() < 0.5:
            change = "client SET status = 'deleted' WHERE id"
        else:
            change = (
                "portal_access SET status = 'withdrawn'"
                f" WHERE portal_user OPERATOR(careaccess.=) {literal(u)}::careaccess.id AND client"
            )
        return [
            f"UPDATE careaccess.{change} OPERATOR(careaccess.=) {literal(profile)}::careaccess.id",
            f"SET LOCAL ROLE {self.role}",
            f"SELECT '{tag}', 'taken away', count(*) FROM {names[RECORDS]}",
        ]

    def check_profiles(self):
        """(user, profile) of all that may be chosen, compared."""
        users = [*self.p.portal_users, self.stranger]
        profiles = [*self.clients, self.ids.id(UNKNOWN_CLIENT)]
        type = self.ids.type

        def array(values):
            return f"ARRAY[{', '.join(literal(self.ids.spell(v)) for v in values)}]::{type}[]"

        lines = self.session.run(
            "BEGIN",
            f"SET LOCAL ROLE {self.role}",
            f"""DO $$
            DECLARE
              portal_user {type};
              profile {type};
              of_user text := '';
              chosen text;
              switched text;
              known text;
            BEGIN
              FOREACH portal_user IN ARRAY {array(users)} LOOP
                chosen := ''; switched := ''; known := '';
                FOREACH profile IN ARRAY {array(profiles)} LOOP
                  BEGIN
                    PERFORM careaccess_act_as_portal_user(portal_user, profile);
                    chosen := chosen || '1';
                  EXCEPTION
                    WHEN no_data_found THEN chosen := chosen || '0';
                    WHEN invalid_authorization_specification THEN chosen := chosen || 'D';
                  END;
                END LOOP;
                BEGIN
                  PERFORM careaccess_act_as_portal_user(portal_user);
                  known := (SELECT coalesce(string_agg(concat_ws(' ', p.client::text,
                      p.view_appointments, p.manage_information, p.own, p.chosen), ';'), '')
                    FROM careaccess_portal_profiles() AS p);
                  FOREACH profile IN ARRAY {array(profiles)} LOOP
                    BEGIN
                      PERFORM careaccess_switch_profile(profile);
                      switched := switched || '1';
                    EXCEPTION WHEN no_data_found THEN switched := switched || '0';
                    END;
                  END LOOP;
                EXCEPTION
                  WHEN no_data_found THEN known := 'unknown';
                  WHEN invalid_authorization_specification THEN known := 'deleted';
                END;
                of_user := of_user || chosen || '|' || switched || '|' || known || E'\n';
              END LOOP;
              PERFORM set_config('model.result', of_user, true);
            END $$""",
            "SELECT current_setting('model.result')",
            "ROLLBACK",
        )
        answers = [line.split("|", 2) for line in lines if "|" in line]
        self.expect_rows("profiles of portal users", len(answers), users)
        may = []
        for u, (chosen, switched, known) in zip(users, answers):
            user = self.p.portal_users.get(u)
            self.decisions += 2 * len(profiles)
            open_to = {c: self.model.portal_permissions(u, c) for c in profiles}
            bits = self.bits(permissions is not None for permissions in open_to.values())
            if user is None:
                expected = ("0" * len(profiles), "", "unknown")
            elif not self.model.is_there(user.client):
                expected = ("D" * len(profiles), "", "deleted")
            else:
                # Where the answers differ, it is told below, and not gone on from.
                may += [
                    (u, c)
                    for c, bit in zip(profiles, chosen)
                    if open_to[c] is not None and bit == "1"
                ]
                rows = {
                    " ".join(
                        (c, *("ft"[x] for x in (*open_to[c], c == user.client, c == user.client)))
                    )
                    for c in profiles
                    if open_to[c] is not None
                }
                expected = (bits, bits, rows)
                known = set(known.split(";"))
            for what, one, other in zip(
                ("careaccess_act_as_portal_user", "careaccess_switch_profile", "portal profiles"),
                expected,
                (chosen, switched, known),
            ):
                if one != other:
                    self.differ(f"{what} of {u!r}: {profiles}", *(None,) * 5, one, other)
        return may

    def compare_rows(self, m, what, rows, action, expected, actual):
        self.decisions += len(rows)
        for n in sorted(expected ^ actual):
            c, k, a, _ = rows.get(n, (None,) * 4)
            where = what if n in rows else f"{what}: row {n} of another practice"
            self.differ(where, m, c, k, action, a, int(n in expected), int(n in actual))

    def check_all(self):
        self.check_lists()
        self.check_decisions()
        self.check_strangers()
        self.check_viewers()
        self.check_test_tools()
        self.check_tables()
