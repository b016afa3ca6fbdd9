"""Operations of random practices: what gives access by the way.

Appointments, web forms, invitations of members, emergencies.  Who calls is now
a database administrator, now a member or a portal user; where the rules of who
may do what say no, the call must fail as they say.
"""

from model import (
    AssignmentRule,
    Client,
    Emergency,
    Invitation,
    Member,
    Model,
)
from sqltext import jsonb, literal, text_array

# What somebody needs himself to give a role that has it.
ADMINISTRATION = {
    "manage_members",
    "manage_roles",
    "manage_groups",
    "delegate",
    "appoint_custodian",
    "view_audit",
    "restrict",
}
FORMS = ("intake", "referral")
QUESTIONS = {"language": ("English", "Spanish"), "reason": ("pain", "sleep", "")}


# Answers of careaccess_book, and how much each is worth to be asked for.
INTERESTING = {
    "linked": 1,
    "unlinked": 3,
    "new_provider": 2,
    "granted": 6,
    "duplicate_needed": 8,
    "55000": 10,
}


class EventOperations:
    """Part of the Builder (generate.py)."""

    # ---- booking

    def some_appointment(self):
        """(client, practitioner, channel): what booking rarely gives more often."""
        there = [c for c, client in self.p.clients.items() if client.status != "deleted"]
        practitioners = self.practitioners()
        if not there or not practitioners:
            return None
        model = Model(self.p)
        found = {
            (
                self.rng.choice(there),
                self.rng.choice(practitioners),
                self.rng.choice(("staff", "widget")),
            ): None
            for _ in range(12)
        }
        revoked = [(c, m) for c, m in sorted(self.p.revocations) if m in practitioners and c in there]
        if revoked:
            found[(*self.rng.choice(revoked), self.rng.choice(("staff", "widget")))] = None
        weights = [INTERESTING[model.booking(*appointment)] for appointment in found]
        return self.rng.choices(list(found), weights)[0]

    def book(self):
        appointment = self.some_appointment()
        if appointment is None:
            return False
        c, m, channel = appointment
        model = Model(self.p)
        actor = login = None
        if channel == "staff" and self.maybe(0.6):
            # More often one who may.
            booking = [
                x
                for x in self.active_members()
                if model.has_capability(x, "book") and model.can(x, c, "name", "view").allowed
            ]
            actor = self.pick(booking if booking and self.maybe(0.7) else self.active_members())
            if m in booking and self.maybe(0.3):
                actor = m
            # Whether he may book for himself is asked of who has no link.
            unlinked = [
                x
                for x in booking
                if self.is_practitioner(x) and not model.has_current_link(c, x)
            ]
            if unlinked and not self.p.settings["allow_self_listing"] and self.maybe(0.5):
                actor = m = self.rng.choice(unlinked)
        elif channel == "widget" and self.maybe(0.15):
            actor = self.pick(self.active_members())
        elif channel == "widget" and self.maybe(0.6):
            login = self.some_login(c if self.maybe(0.85) else None)
        others = [x for x in self.active_members() if not self.is_practitioner(x)]
        if others and self.maybe(0.05):
            m = self.rng.choice(others)
        error = self.may_not_book(c, m, channel, actor, login)
        answer = Model(self.p).booking(c, m, channel)
        if (c, m) in self.p.revocations and not Model(self.p).is_revoked(m, c):
            return False  # Open: whether the revocation of an unrevocable member counts here
        duplicate = None
        if self.maybe(0.6 if answer == "duplicate_needed" else 0.1):
            duplicate = self.ids.id(self.next_client)
        arguments = [self.ids.sql(c), self.ids.sql(m)]
        if channel == "widget" or self.maybe(0.3):
            arguments.append(literal(channel))
        if duplicate is not None:
            arguments.append(f"duplicate => {self.ids.sql(duplicate)}")
        u, profile = login or (None, None)
        with self.acting_as(actor, u, profile):
            if error is not None:
                self.refused(error, "careaccess_book", *arguments)
                return True
            if answer == "duplicate_needed" and duplicate is not None:
                used = self.pick(self.p.clients)
                if self.maybe(0.1):
                    self.refused(
                        "23505",
                        "careaccess_book",
                        *arguments[:-1],
                        f"duplicate => {self.ids.sql(used)}",
                    )
                answer = "duplicated"
            if answer == "55000":
                self.refused("55000", "careaccess_book", *arguments)
            else:
                self.answers(answer, "careaccess_book", *arguments)
        if answer == "new_provider":
            self.facts_of_listing(c, m)
        elif answer == "granted":
            self.facts_of_link(c, m, "grant")
        elif answer == "duplicated":
            self.next_client += 1
            self.facts_of_new_client(duplicate, m)
        return True

    def may_not_book(self, c, m, channel, actor, login):
        """The error, or None."""
        model = Model(self.p)
        if channel == "widget":
            if actor is not None:
                return "42501"
            if login is not None and login[1] != c:
                return "P0002"
        elif actor is not None:
            if not model.can(actor, c, "name", "view").allowed:
                return "P0002"
            if not model.has_capability(actor, "book"):
                return "42501"
            if model.names_only_managed(actor) and m not in model.managed(actor):
                return "42501"
        if not self.is_practitioner(m):
            return "22023"
        if (
            actor == m
            and not self.p.settings["allow_self_listing"]
            and not model.has_current_link(c, m)
        ):
            return "42501"
        return None

    def facts_of_new_client(self, c, m):
        self.p.clients[c] = Client(c)
        one = self.p.settings["owner_mode"] == "one"
        self.facts_of_link(c, m, "owner" if one else "listed")

    # ---- web forms

    def add_form_route(self):
        m = self.pick(self.practitioners())
        if m is None:
            return False
        slug = f"form {self.number}-{self.rng.randint(1, 2)}"
        self.call(
            "careaccess_add_form_route", self.ids.sql(self.p.id), literal(slug), self.ids.sql(m)
        )
        self.p.form_routes[slug] = m
        return True

    def add_assignment_rule(self):
        m = self.pick(self.practitioners())
        revoked = {x for _, x in self.p.revocations}.intersection(self.practitioners())
        if revoked and self.maybe(0.4):
            m = self.pick(sorted(revoked))
        if m is None:
            return False
        form = self.rng.choice(FORMS)
        question = self.rng.choice(sorted(QUESTIONS))
        answer = self.rng.choice(QUESTIONS[question])
        position = self.rng.choice((None, None, None, 1, 2, -5))
        same = (form, question, answer, m)
        rules = [
            r
            for r in self.p.assignment_rules
            if (r.form, r.question, r.answer, r.practitioner) != same
        ]
        last = max((r.position for r in rules if r.form == form), default=0)
        rules.append(AssignmentRule(*same, last + 1 if position is None else position))
        self.p.assignment_rules = rules
        arguments = [literal(form), literal(question), literal(answer), self.ids.sql(m)]
        if position is not None:
            arguments.append(str(position))
        self.call("careaccess_add_assignment_rule", self.ids.sql(self.p.id), *arguments)
        return True

    def remove_form_parts(self):
        practice = self.ids.sql(self.p.id)
        rule = self.pick(self.p.assignment_rules)
        slug = self.pick(sorted(self.p.form_routes))
        if slug is not None and (rule is None or self.maybe(0.4)):
            self.call("careaccess_remove_form_route", practice, literal(slug))
            del self.p.form_routes[slug]
            return True
        if rule is None:
            return False
        arguments = [literal(x) for x in (rule.form, rule.question, rule.answer)]
        one = self.maybe(0.5)
        if one:
            arguments.append(self.ids.sql(rule.practitioner))
        self.call("careaccess_remove_assignment_rule", practice, *arguments)
        self.p.assignment_rules = [
            r
            for r in self.p.assignment_rules
            if (r.form, r.question, r.answer) != (rule.form, rule.question, rule.answer)
            or (one and r.practitioner != rule.practitioner)
        ]
        return True

    def submit_form(self):
        slug = self.pick(sorted(self.p.form_routes))
        idle = [s for s, m in sorted(self.p.form_routes.items()) if not Model(self.p).may_take(None, m)]
        if idle and self.maybe(0.3):
            slug = self.rng.choice(idle)
        form = self.rng.choice(FORMS)
        if self.p.assignment_rules and self.maybe(0.7):
            form = self.rng.choice(self.p.assignment_rules).form
        answers = {}
        for question, values in sorted(QUESTIONS.items()):
            if self.maybe(0.8):
                several = self.maybe(0.3)
                answers[question] = self.some(values) if several else self.rng.choice(values)
        new = self.maybe(0.4) and slug is not None
        c = self.ids.id(self.next_client) if new else self.pick(self.p.clients)
        # Rules that match, more often than by chance; of a registered client
        # most often such as would move him to somebody granted or revoked.
        rule = self.pick(self.p.assignment_rules)
        if not new:
            telling = [
                (k, r)
                for r in self.p.assignment_rules
                for k, client in self.p.clients.items()
                if client.status != "deleted"
                and (
                    (k, r.practitioner) in self.p.revocations
                    or (
                        self.current_links(k, r.practitioner, "grant")
                        and self.owner(k) != r.practitioner
                    )
                )
            ]
            revoked = [(k, r) for k, r in telling if (k, r.practitioner) in self.p.revocations]
            if telling and self.maybe(0.6):
                c, rule = self.rng.choice(revoked if revoked and self.maybe(0.6) else telling)
        if rule is not None and self.maybe(0.6):
            form = rule.form
            answers[rule.question] = rule.answer
        login = actor = None
        if not new and self.maybe(0.4):
            login = self.some_login(c)
            if login is not None and self.maybe(0.8):
                c = login[1]
        elif self.maybe(0.1):
            actor = self.pick(self.active_members())
        if not new and self.maybe(0.5):
            slug = None
        if any(
            key[0] == c and not Model(self.p).is_revoked(key[1], c) for key in self.p.revocations
        ):
            return False  # as in book()
        model = Model(self.p)
        owner = model.assigned(form, c, answers)
        error = None
        if actor is not None:
            error = "42501"
        elif login is not None and login[1] != c:
            error = "P0002"
        elif not new and self.p.clients[c].status == "deleted":
            error = "P0002"
        elif login is not None and not (model.portal_permissions(*login) or (0, 0))[1]:
            error = "42501"
        elif new and owner is None:
            owner = self.p.form_routes[slug]
            if not model.may_take(c, owner):
                error = "55000"
        u, profile = login or (None, None)
        arguments = [literal(form), literal(slug), self.ids.sql(c), jsonb(answers)]
        with self.acting_as(actor, u, profile):
            if error is not None:
                self.refused(error, "careaccess_submit_form", *arguments)
                return True
            if self.maybe(0.1):
                self.refused(
                    "P0002", "careaccess_submit_form", arguments[0], "'no such form'", *arguments[2:]
                )
            one = self.p.settings["owner_mode"] == "one"
            returned = self.owner(c) if owner is None and one else owner
            self.answers(returned, "careaccess_submit_form", *arguments)
        if new:
            self.next_client += 1
            self.facts_of_new_client(c, owner)
        elif owner is not None and one:
            # No rule removes a share, nor the new owner's own (IQ-9).
            if owner != self.owner(c):
                for link in self.p.links:
                    if link.client == c and link.active and link.kind == "owner":
                        link.active = False
                granted = self.current_links(c, owner, "grant")
                self.facts_of_link(c, owner, "owner")
                takers = [
                    x for x in self.practitioners() if x != owner and self.may_receive(c, x)
                ]
                if granted and takers and self.maybe(0.5):
                    self.reassign_to(c, self.rng.choice(takers))
        elif owner is not None and not self.current_links(c, owner, "listed"):
            self.facts_of_listing(c, owner)
        return True

    # ---- invitations

    def place_in_groups(self, roles):
        """What a holder of these roles becomes in a group."""
        rows = [self.p.roles[r] for r in roles]
        if any(role.practitioner for role in rows):
            return "practitioners"
        managed = any(
            row.reach == "managed" and not row.only_if_practitioner
            for role in rows
            for row in role.permissions
        )
        return "admins" if managed else None

    def may_promise(self, m, roles, groups):
        """May m give these roles and groups to somebody new?"""
        model = Model(self.p)
        given = set().union(*(self.p.roles[r].capabilities for r in roles)) & ADMINISTRATION
        own = {k for k in ADMINISTRATION if model.has_capability(m, k)}
        manages = model.has_capability(m, "manage_members") or (
            not given and model.has_capability(m, "manage_members_below")
        )
        unrevocable = any(self.p.roles[r].unrevocable for r in roles)
        return (
            model.is_active(m)
            and manages
            and given <= own
            and (not unrevocable or model.is_unrevocable(m))
            and (not groups or model.has_capability(m, "manage_groups"))
        )

    def invite_member(self):
        roles = self.random_roles()
        names = sorted(g.name for g in self.p.groups)
        groups = set(self.some(names, 1)) if names and self.maybe(0.6) else set()
        contact = f"contact {self.rng.randint(1, 3)}@example.org"
        pending = [i for i in self.p.invitations if i.contact == contact]
        inviter = None
        if self.maybe(0.5):
            model = Model(self.p)
            managers = [
                m for m in self.active_members() if model.has_capability(m, "manage_members")
            ]
            inviter = self.pick(
                managers if managers and self.maybe(0.8) else self.active_members()
            )
        written = contact.upper() if self.maybe(0.3) else contact
        arguments = [self.ids.sql(self.p.id), literal(written), text_array(roles)]
        if groups:
            arguments.append(
                "ARRAY["
                + ", ".join(
                    f"current_setting('{self.group_variable(g)}')::bigint"
                    for g in self.p.groups
                    if g.name in groups
                )
                + "]"
            )
        error = None
        if inviter is not None and not self.may_promise(inviter, roles, groups):
            error = "42501"
        elif groups and self.place_in_groups(roles) is None:
            error = "22023"
        elif pending:
            error = "23505"
        with self.acting_as(inviter):
            if error is not None:
                self.refused(error, "careaccess_invite_member", *arguments)
                return True
            number = self.next_invitation
            self.next_invitation += 1
            call = f"careaccess_invite_member({', '.join(arguments)})"
            self.statement(f"PERFORM set_config('model.token_{number}', {call}, false)")
        self.p.invitations.append(Invitation(number, contact, roles, groups, inviter))
        return True

    def accept_invitation(self):
        used = self.maybe(0.15)
        i = self.pick(self.p.invitations)
        shaky = [
            x
            for x in self.p.invitations
            if (x.inviter is not None and not self.may_promise(x.inviter, x.roles, x.groups))
            or not x.groups.issubset({g.name for g in self.p.groups})
        ]
        if shaky and self.maybe(0.5):
            i = self.rng.choice(shaky)
        if i is None:
            return False
        token = f"current_setting('model.token_{i.number}')"
        m = self.ids.id(self.next_member)
        arguments = [token, self.ids.sql(m), literal(f"Member {m}"[:60])]
        # EM-5: groups deleted meanwhile are left out.
        groups = [g for g in self.p.groups if g.name in i.groups]
        place = self.place_in_groups(i.roles)
        if (groups and place is None) or (
            i.inviter is not None and not self.may_promise(i.inviter, i.roles, groups)
        ):
            self.refused("28000", "careaccess_accept_invitation", *arguments)
            return True
        if self.maybe(0.2):
            self.refused(
                "28000", "careaccess_accept_invitation", f"{token} || 'x'", *arguments[1:]
            )
        self.call("careaccess_accept_invitation", *arguments)
        self.next_member += 1
        self.p.invitations.remove(i)
        self.p.members[m] = Member(m, list(i.roles))
        for group in groups:
            getattr(group, place).add(m)
        if self.is_administrative(m):
            self.new_administrative_member(m)
        if used:
            again = self.ids.sql(self.ids.id(self.next_member))
            self.refused("28000", "careaccess_accept_invitation", token, again, "'somebody else'")
        return True

    def withdraw_invitation(self):
        i = self.pick(self.p.invitations)
        practice = self.ids.sql(self.p.id)
        if i is None:
            self.refused("P0002", "careaccess_withdraw_invitation", practice, "'nobody'")
            return True
        self.call("careaccess_withdraw_invitation", practice, literal(i.contact))
        self.p.invitations.remove(i)
        self.refused(
            "28000",
            "careaccess_accept_invitation",
            f"current_setting('model.token_{i.number}')",
            self.ids.sql(self.ids.id(self.next_member)),
            "'too late'",
        )
        return True

    # ---- emergency

    def break_glass(self):
        c = self.pick(self.p.clients)
        if not self.p.settings["emergency_access"] and self.maybe(0.5):
            self.configure({"emergency_access": True})
        model = Model(self.p)
        members = self.active_members()
        breaking = [x for x in members if model.has_capability(x, "break_glass")]
        m = self.pick(breaking if breaking and self.maybe(0.8) else members)
        revoked = [(k, x) for k, x in sorted(self.p.revocations) if x in members]
        able = [(k, x) for k, x in revoked if x in breaking]
        if able and self.maybe(0.6):
            c, m = self.rng.choice(able)
        elif revoked and self.maybe(0.4):
            c, m = self.rng.choice(revoked)
        if m is not None and m not in breaking and self.maybe(0.7):
            self.give_capability(m, "break_glass")
            model = Model(self.p)
        # Twice at the same instant is one emergency.
        if m is None or any(
            e.client == c and e.member == m and e.start == 0 for e in self.p.emergencies
        ):
            return False
        minutes = self.rng.choice((None, 60, 600))
        arguments = [self.ids.sql(c), "'found unconscious at home'"]
        if minutes is not None:
            arguments.append(str(minutes))
        error = None
        if not model.has_capability(m, "break_glass"):
            error = "42501"
        elif not self.p.settings["emergency_access"]:
            error = "55000"
        elif self.p.clients[c].status == "deleted" or (
            model.is_revoked(m, c) and not self.p.settings["emergency_overrides_revocation"]
        ):
            error = "P0002"
        with self.acting_as(m):
            if error is not None:
                self.refused(error, "careaccess_break_glass", *arguments)
                return True
            if self.maybe(0.1):
                self.refused("22023", "careaccess_break_glass", arguments[0], "' too short '")
            most = self.p.settings["emergency_max_minutes"]
            minutes = most if minutes is None else min(minutes, most)
            self.answers(
                str(minutes),
                "careaccess_break_glass",
                *arguments,
                shown="round(extract(epoch FROM {} - statement_timestamp()) / 60)::text",
            )
        self.p.emergencies.append(Emergency(c, m, 0.0, minutes / 60))
        return True
