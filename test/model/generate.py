"""Random practices: the same facts for the model and, as SQL, for the extension.

Everything is made through the public functions, called by a database
administrator without identity, who may do all that the invariants allow.  Each
operation below therefore does two things: it writes a call, and it changes the
model's facts the way the call is documented to.  What an invariant refuses is
avoided, or attempted on purpose with the error it must give.

Where the documentation leaves a side effect open, the operation is not made in
that situation (each such place says so); a test must not guess.

plan(seed, number) is a pure function: the same pair gives the same practice.
"""

import copy
import random
from contextlib import contextmanager
from dataclasses import dataclass, field

from model import (
    ACTIONS,
    BUILT_IN_CATEGORIES,
    ChartShare,
    Client,
    Delegation,
    Emergency,
    Group,
    Link,
    Member,
    Model,
    Permission,
    ended,
)
from generate_events import EventOperations
from generate_portal import PortalOperations
from presets import PRESETS, practice_of, role_of
from sqltext import Identifiers, jsonb, literal, moment, text_array

REACHES = ("own",) * 4 + ("all",) * 2 + ("group",) * 3 + ("managed",) * 2 + ("delegated",) * 3
RULES = ("none", "author", "share", "group")

# Categories that a DBA adds, in every second seed.
CUSTOM_CATEGORIES = {"referral": False, "group_notes": True}


def custom_categories(seed):
    return dict(CUSTOM_CATEGORIES) if seed % 2 else {}


# -------------------------------------------------------------- the builder


@dataclass
class Plan:
    number: int
    preset: str
    ids: Identifiers
    stages: list = field(default_factory=list)  # (SQL, the facts after it)

    @property
    def practice(self):
        return self.stages[-1][1]


class Builder(PortalOperations, EventOperations):
    """Facts and SQL of one practice, growing together."""

    def __init__(self, rng, number, categories):
        self.rng = rng
        self.number = number
        self.ids = Identifiers(rng, number)
        self.preset = rng.choice(sorted(PRESETS))
        self.p = practice_of(self.preset, self.ids.id(0))
        self.p.categories = {**BUILT_IN_CATEGORIES, **categories}
        self.custom_roles = []
        self.next_member = 1
        self.next_client = 1
        self.next_group = 1
        self.next_emergency = 1
        self.next_invitation = 1
        self.steps = []

    # ---- writing SQL

    def call(self, function, *arguments):
        self.steps.append(f"PERFORM {function}({', '.join(arguments)});")

    def statement(self, sql):
        self.steps.append(sql + ";")

    def answers(self, expected, function, *arguments, shown="{}::text"):
        """The call must return this; shown: an expression over it, as text."""
        call = f"{function}({', '.join(arguments)})"
        expected = literal(expected)
        self.steps.append(
            f"answer := {shown.format(call)};\n"
            f"  IF answer IS DISTINCT FROM {expected} THEN\n"
            f"    RAISE EXCEPTION USING ERRCODE = 'ZM001', MESSAGE = concat("
            f"'answer ', answer, ' instead of ', {expected}, ' from ', {literal(call)});\n"
            "  END IF;"
        )

    def refused(self, sqlstate, function, *arguments):
        """The call must fail with exactly this error and change nothing."""
        call = f"{function}({', '.join(arguments)})"
        self.steps.append(
            f"BEGIN\n    PERFORM {call};\n"
            f"    RAISE EXCEPTION USING ERRCODE = 'ZM001',"
            f" MESSAGE = 'no error {sqlstate} from ' || {literal(call)};\n"
            f"  EXCEPTION\n    WHEN SQLSTATE '{sqlstate}' THEN NULL;\n"
            f"    WHEN SQLSTATE 'ZM001' THEN RAISE;\n"
            f"    WHEN OTHERS THEN RAISE EXCEPTION USING ERRCODE = 'ZM001', MESSAGE = concat("
            f"SQLSTATE, ' instead of {sqlstate} from ', {literal(call)}, ': ', SQLERRM);\n  END;"
        )

    @contextmanager
    def acting_as(self, m=None, portal_user=None, profile=None):
        """What is called within, this member calls, or this portal user; nobody: an administrator."""
        if m is not None:
            self.call("careaccess_act_as", self.ids.sql(m))
        elif portal_user is not None:
            self.call(
                "careaccess_act_as_portal_user", self.ids.sql(portal_user), self.ids.sql(profile)
            )
        yield
        if m is not None or portal_user is not None:
            self.call("careaccess_stop_acting")

    def undone(self, operation):
        """Do it, look (so that somebody may remember it), and roll it back."""
        facts, before = self.p, self.steps
        self.p, self.steps = copy.deepcopy(facts), []
        done = operation()
        steps, self.p, self.steps = self.steps, facts, before
        if not done:
            return False
        m = self.rng.choice(sorted(self.p.members))
        body = "\n  ".join(steps)
        self.steps.append(
            f"BEGIN\n  {body}\n"
            f"  PERFORM count(*) FROM careaccess_visible_clients({self.ids.sql(m)}, 'chart');\n"
            f"  RAISE SQLSTATE 'ZM000';\n"
            f"  EXCEPTION WHEN SQLSTATE 'ZM000' THEN NULL;\n  END;"
        )
        return True

    def stage(self):
        """The SQL since the last stage, as one statement, and the facts as they are now."""
        body = "\n  ".join(self.steps)
        self.steps = []
        return (f"DO $model$\nDECLARE\n  answer text;\nBEGIN\n  {body}\nEND\n$model$", copy.deepcopy(self.p))

    # ---- choosing

    def maybe(self, probability):
        return self.rng.random() < probability

    def some(self, values, least=0, most=None):
        values = sorted(values)
        most = len(values) if most is None else min(most, len(values))
        return self.rng.sample(values, self.rng.randint(min(least, most), most))

    def pick(self, values):
        values = list(values)
        return self.rng.choice(values) if values else None

    def some_actions(self):
        return self.rng.choice(
            (ACTIONS, ACTIONS, ("view",), ("view",), tuple(self.some(ACTIONS, 1)))
        )

    def some_end(self):
        """None mostly; else some time past or to come."""
        return self.rng.choice((None, None, None, -24.0, -1.0, 24.0, 2400.0))

    def active_members(self):
        return [
            m
            for m, member in self.p.members.items()
            if member.status == "active" and not ended(member.ends_at)
        ]

    def is_practitioner(self, m):
        return any(self.p.roles[r].practitioner for r in self.p.members[m].roles)

    def is_administrative(self, m):
        return any(self.p.roles[r].administrative for r in self.p.members[m].roles)

    def is_unrevocable(self, m):
        return any(self.p.roles[r].unrevocable for r in self.p.members[m].roles)

    def is_assistant(self, m):
        return any(
            row.reach == "delegated" and row.effect == "allow"
            for rows in [self.p.roles[r].permissions for r in self.p.members[m].roles]
            + [self.p.members[m].permissions]
            for row in rows
        )

    def delegators(self):
        """Those for whom somebody acts."""
        return {d.over for d in self.p.delegations if d.mode == "context"}

    def practitioners(self):
        return [m for m in self.active_members() if self.is_practitioner(m)]

    def some_client(self):
        return self.pick(c for c, client in self.p.clients.items() if client.status != "deleted")

    def active_links(self, c, m, *kinds):
        return [
            link
            for link in self.p.links
            if link.client == c
            and link.member == m
            and link.active
            and (not kinds or link.kind in kinds)
        ]

    def current_links(self, c, m, *kinds):
        return [l for l in self.active_links(c, m, *kinds) if not ended(l.valid_until)]

    def expired_links(self, c, m):
        return [l for l in self.active_links(c, m) if ended(l.valid_until)]

    def owner(self, c):
        for link in self.p.links:
            if link.client == c and link.active and link.kind == "owner":
                return link.member
        return None

    def may_receive(self, c, m):
        """May m be granted, listed or made owner of c?"""
        return (
            m in self.active_members()
            and self.is_practitioner(m)
            and (c, m) not in self.p.revocations
        )

    def shares_to(self, c, m):
        return [s for s in self.p.shares if s.client == c and s.to_provider == m and s.running]

    # ---- practice, roles

    def create_practice(self):
        self.call(
            "careaccess_create_practice",
            self.ids.sql(self.p.id),
            literal(f"Practice {self.number}"),
            literal(self.preset),
        )

    def configure(self, changes):
        """A settings object, written with booleans either way."""
        written = {
            key: (self.rng.choice((value, "on" if value else "off")))
            if isinstance(value, bool)
            else value
            for key, value in changes.items()
            if key not in ("author_rules", "link_categories")
        }
        for key, value in changes.items():
            if key == "author_rules":
                self.p.author_rules = dict(value)
                written[key] = value
            elif key == "link_categories":
                self.p.link_categories = {kind: set(codes) for kind, codes in value.items()}
                written[key] = value
            else:
                self.p.settings[key] = value
        self.call("careaccess_configure_practice", self.ids.sql(self.p.id), jsonb(written))

    def random_author_rules(self):
        rules = {
            category: self.rng.choice(RULES) if self.maybe(0.5) else rule
            for category, rule in self.p.author_rules.items()
        }
        for category in self.p.categories:
            if category not in BUILT_IN_CATEGORIES and self.maybe(0.5):
                rules[category] = self.rng.choice(RULES)
        return rules

    def random_link_categories(self):
        return {
            kind: self.some(self.p.categories, 1) if self.maybe(0.9) else []
            for kind in ("owner", "grant", "listed")
        }

    def first_settings(self):
        changes = {}
        choices = {
            "owner_mode": ("one", "none"),
            "restriction": (True, True, False),
            "restricted_new_member": ("allow", "deny"),
            "groups": (True, True, False),
            "share_private_notes_default": (True, False),
            **self.later_choices(),
        }
        for key, values in choices.items():
            if self.maybe(0.5):
                changes[key] = self.rng.choice(values)
        if self.maybe(0.5):
            changes["author_rules"] = self.random_author_rules()
        if self.maybe(0.5):
            changes["link_categories"] = self.random_link_categories()
        if changes:
            self.configure(changes)

    def later_choices(self):
        return {
            "staff_booking": ("none", "list", "grant"),
            "widget_booking": ("none", "list", "grant", "duplicate"),
            "allow_self_listing": (True, False),
            "emergency_max_minutes": (90, 240),
            "ungrouped_sees": ("own", "all"),
            "ungrouped_admin_manages": ("all", "none"),
            "manager_bypasses_groups": (True, False),
            "edit_others_records": (True, False),
            "emergency_access": (True, True, False),
            "emergency_overrides_revocation": (True, True, False),
        }

    def change_settings(self):
        what = self.rng.randrange(4)
        if what == 0:
            self.configure({"author_rules": self.random_author_rules()})
        elif what == 1:
            self.configure({"link_categories": self.random_link_categories()})
        else:
            choices = self.later_choices()
            self.configure({k: self.rng.choice(choices[k]) for k in self.some(choices, 1, 3)})
        return True

    def random_permissions(self):
        rows, seen = [], set()
        for category in self.some(self.p.categories, 3):
            for _ in range(self.rng.choice((1, 1, 1, 2))):
                effect = "deny" if self.maybe(0.15) else "allow"
                row = {
                    "category": category,
                    "actions": list(self.some_actions()),
                    "reach": self.rng.choice(("own", "all") if effect == "deny" else REACHES),
                }
                if effect == "deny" or self.maybe(0.3):
                    row["effect"] = effect
                if self.maybe(0.2):
                    row["only_if_practitioner"] = self.maybe(0.7)
                key = (category, row["reach"], effect, row.get("only_if_practitioner", False))
                if key not in seen:
                    seen.add(key)
                    rows.append(row)
        return rows

    def define_role(self, name, **flags):
        capabilities = ["create_client", "grant", "book", "manage_members", "break_glass"]
        definition = {
            **{flag: value for flag, value in flags.items() if value or self.maybe(0.3)},
            "permissions": self.random_permissions(),
            "capabilities": self.some(capabilities) + self.some(["manage_groups"]),
        }
        self.p.roles[name] = role_of(name, definition)
        self.call(
            "careaccess_define_role", self.ids.sql(self.p.id), literal(name), jsonb(definition)
        )

    def new_role(self):
        name = f"custom {len(self.custom_roles) + 1}"
        self.custom_roles.append(name)
        self.define_role(
            name,
            practitioner=self.maybe(0.6),
            administrative=self.maybe(0.5),
            unrevocable=self.maybe(0.1),
        )

    def redefine_role(self):
        """Other permissions and capabilities; what the role is stays.

        Turning a held role administrative or non-practitioner has side effects
        on its holders that are documented for changes of a member's roles only.
        """
        name = self.pick(self.custom_roles)
        if name is None:
            return False
        role = self.p.roles[name]
        self.define_role(
            name,
            practitioner=role.practitioner,
            administrative=role.administrative,
            unrevocable=role.unrevocable,
        )
        return True

    # ---- members

    def random_roles(self, practitioner=False):
        names = [n for n, r in self.p.roles.items() if r.practitioner or not practitioner]
        custom = [n for n in self.custom_roles if n in names]
        roles = [self.rng.choice(custom if custom and self.maybe(0.4) else names)]
        if self.maybe(0.3):
            roles.append(self.rng.choice(sorted(self.p.roles)))
        return sorted(set(roles))

    def add_member(self, roles):
        m = self.ids.id(self.next_member)
        self.next_member += 1
        self.p.members[m] = Member(m, list(roles))
        self.call(
            "careaccess_add_member",
            self.ids.sql(self.p.id),
            self.ids.sql(m),
            literal(f"Member {m}"[:60]),
            text_array(roles),
        )
        if self.is_administrative(m):
            self.new_administrative_member(m)
        return m

    def new_member(self):
        self.add_member(self.random_roles())
        return True

    def new_administrative_member(self, m):
        """SP-16: denied on every restricted client at that moment."""
        if self.p.settings["restricted_new_member"] != "deny" or self.is_unrevocable(m):
            return
        for c, client in self.p.clients.items():
            if client.restricted and self.owner(c) != m:
                self.facts_of_revocation(c, m)

    def promote_revoked(self):
        """Somebody revoked gets an unrevocable role."""
        m = self.pick(sorted({m for _, m in self.p.revocations}.intersection(self.active_members())))
        role = self.pick(name for name, role in self.p.roles.items() if role.unrevocable)
        if m is None or role is None:
            return False
        return self.set_member_roles(m, sorted({*self.p.members[m].roles, role}))

    def set_member_roles(self, m=None, roles=None):
        m = m or self.pick(self.active_members())
        roles = roles or self.random_roles()
        if m is None:
            return False
        was = self.p.members[m].roles
        practitioner = any(self.p.roles[r].practitioner for r in roles)
        administrative = {r for r in roles if self.p.roles[r].administrative}
        if self.is_practitioner(m) and not practitioner:
            owned = [c for c in self.p.clients if self.owner(c) == m]
            if any(self.p.clients[c].status == "deleted" for c in owned):
                return False  # Open: whether he still owns those
            if owned:
                self.refused(
                    "55000", "careaccess_set_member_roles", self.ids.sql(m), text_array(roles)
                )
                return True
            # Open: whether his own chart shares to others end, whether he stays
            # a group's admin, whether full clinical access ends with it.
            if (
                any(s.from_provider == m and s.running for s in self.p.shares)
                or any(m in g.admins for g in self.p.groups)
                or self.p.members[m].full_clinical
            ):
                return False
        # Open: whether one more administrative role is "getting" one (SP-16).
        if self.is_administrative(m) and not administrative <= set(was):
            return False
        newly = bool(administrative) and not self.is_administrative(m)
        lost = self.is_practitioner(m) and not practitioner
        self.call("careaccess_set_member_roles", self.ids.sql(m), text_array(roles))
        self.p.members[m].roles = list(roles)
        if lost:
            for link in self.p.links:
                if link.member == m:
                    link.active = False
            for share in self.p.shares:
                if share.to_provider == m:
                    share.running = False
            for group in self.p.groups:
                group.practitioners.discard(m)
        if newly:
            self.new_administrative_member(m)
        return True

    def set_member_permission(self):
        m = self.pick(self.active_members())
        if m is None:
            return False
        category = self.pick(self.p.categories)
        actions = self.some_actions()
        deny = self.maybe(0.35)
        reach = self.rng.choice(("own", "all") if deny else REACHES)
        arguments = [
            self.ids.sql(m),
            literal(category),
            text_array(actions),
            literal(reach),
        ]
        if deny or self.maybe(0.5):
            arguments.append(literal("deny" if deny else "allow"))
        self.call("careaccess_set_member_permission", *arguments)
        row = Permission(category, frozenset(actions), reach, "deny" if deny else "allow")
        rows = self.p.members[m].permissions
        rows[:] = [
            r
            for r in rows
            if (r.category, r.reach, r.effect) != (row.category, row.reach, row.effect)
        ] + [row]
        return True

    def clear_member_permission(self):
        m = self.pick(m for m in self.active_members() if self.p.members[m].permissions)
        if m is None:
            return False
        rows = self.p.members[m].permissions
        category = self.pick(r.category for r in rows)
        self.call("careaccess_clear_member_permission", self.ids.sql(m), literal(category))
        rows[:] = [r for r in rows if r.category != category]
        return True

    def set_full_clinical_access(self):
        m = self.pick(self.practitioners())
        if m is None:
            return False
        enabled = not self.p.members[m].full_clinical
        self.call(
            "careaccess_set_full_clinical_access", self.ids.sql(m), "true" if enabled else "false"
        )
        self.p.members[m].full_clinical = enabled
        return True

    def add_capability(self):
        m = self.pick(
            m for m in self.active_members() if "manage_groups" not in self.p.members[m].capabilities
        )
        if m is None:
            return False
        self.give_capability(m, "manage_groups")
        return True

    def give_capability(self, m, capability):
        """A capability of one member: no function gives one, the table has it."""
        self.statement(
            "INSERT INTO careaccess.member_capability (member, capability)"
            f" VALUES ({self.ids.sql(m)}, {literal(capability)})"
        )
        self.p.members[m].capabilities.add(capability)

    def set_member_status(self):
        disabled = [m for m, x in self.p.members.items() if x.status == "disabled"]
        m = self.pick(disabled if disabled and self.maybe(0.4) else self.active_members())
        delegators = self.delegators().intersection(self.active_members())
        if delegators and self.maybe(0.5):
            m = self.pick(sorted(delegators))
        inviters = {i.inviter for i in self.p.invitations}.intersection(self.active_members())
        if inviters and self.maybe(0.2):
            m = self.pick(sorted(inviters))
        if m is None or len(self.active_members()) < 3:
            return False
        member = self.p.members[m]
        member.status = "disabled" if member.status == "active" else "active"
        self.call("careaccess_set_member_status", self.ids.sql(m), literal(member.status))
        return True

    def set_member_end(self):
        m = self.pick(self.active_members())
        if m is None:
            return False
        delegators = self.delegators().intersection(self.active_members())
        if delegators and self.maybe(0.7):
            m = self.pick(sorted(delegators))
        member = self.p.members[m]
        member.ends_at = self.rng.choice((-1.0, 24.0))
        self.call(
            "careaccess_configure_member",
            self.ids.sql(m),
            f"jsonb_build_object('ends_at', {moment(member.ends_at)})",
        )
        return True

    def set_records_owned_by(self):
        m = self.pick(self.active_members())
        if m is None:
            return False
        who = self.rng.choice(("group", "provider"))
        self.call(
            "careaccess_configure_member", self.ids.sql(m), jsonb({"records_owned_by": who})
        )
        return True  # who may start a share, not who may see

    def remove_member(self):
        m = self.pick(self.active_members())
        if m is None:
            return False
        # Of those who own clients, and may not just go, there are fewer.
        owners = {self.owner(c) for c in self.p.clients}.intersection(self.active_members())
        if owners and self.maybe(0.4):
            m = self.pick(sorted(owners))
        if m is None or len(self.active_members()) < 3:
            return False
        owned = [c for c in self.p.clients if self.owner(c) == m]
        # A deleted client needs no owner until he is restored.
        must = any(self.p.clients[c].status != "deleted" for c in owned)
        if must and self.maybe(0.3):
            self.refused("55000", "careaccess_remove_member", self.ids.sql(m))
        if self.maybe(0.1):
            self.refused(
                "22023", "careaccess_remove_member", self.ids.sql(m), self.ids.sql(m)
            )
        staff = [x for x in self.active_members() if not self.is_practitioner(x)]
        if staff and self.maybe(0.2):
            x = self.rng.choice(staff)
            self.refused("22023", "careaccess_remove_member", self.ids.sql(m), self.ids.sql(x))
        successor = None
        # Who owns nothing may have a successor all the same.
        if must or self.maybe(0.3):
            others = [s for s in self.practitioners() if s != m]
            takers = [
                s for s in others if all((c, s) not in self.p.revocations for c in owned)
            ]
            granted = [
                s
                for s in takers
                if any(self.active_links(c, s, "grant") for c in owned)
            ]
            revoked = [s for s in others if s not in takers]
            if revoked and self.maybe(0.9):
                x = self.rng.choice(revoked)
                self.refused("55000", "careaccess_remove_member", self.ids.sql(m), self.ids.sql(x))
            successor = self.pick(granted if granted and self.maybe(0.5) else takers)
            if successor is None and must:
                return False
        if successor is not None:
            self.call("careaccess_remove_member", self.ids.sql(m), self.ids.sql(successor))
            for c in owned:
                self.facts_of_owner(c, successor)
        else:
            self.call("careaccess_remove_member", self.ids.sql(m))
        for link in self.p.links:
            if link.member == m:
                link.active = False
        for share in self.p.shares:
            if share.to_provider == m:
                share.running = False
        for group in self.p.groups:
            group.practitioners.discard(m)
            group.admins.discard(m)
        # Nobody acts for who is gone; what he wrote stays with its custodians.
        self.p.delegations = [
            d for d in self.p.delegations if d.member != m and not (d.over == m and d.mode == "context")
        ]
        self.p.revocations = {(c, x) for c, x in self.p.revocations if x != m}
        self.p.form_routes = {s: x for s, x in self.p.form_routes.items() if x != m}
        self.p.assignment_rules = [r for r in self.p.assignment_rules if r.practitioner != m]
        self.p.members[m].limits.clear()
        self.p.members[m].status = "removed"
        return True

    def transfer_clients(self):
        owners = sorted({self.owner(c) for c in self.p.clients} - {None})
        old = self.pick(owners)
        if old is None:
            return False
        owned = [c for c in self.p.clients if self.owner(c) == old]
        others = [s for s in self.practitioners() if s != old]
        revoked = [s for s in others if any((c, s) in self.p.revocations for c in owned)]
        if revoked and self.maybe(0.9):
            x = self.rng.choice(revoked)
            self.refused("55000", "careaccess_transfer_clients", self.ids.sql(old), self.ids.sql(x))
        takers = [s for s in others if s not in revoked]
        granted = [s for s in takers if any(self.current_links(c, s, "grant") for c in owned)]
        new = self.pick(granted if granted and self.maybe(0.7) else takers)
        if new is None:
            return False
        # Deleted ones too: a database administrator may restore them.
        self.answers(
            str(len(owned)), "careaccess_transfer_clients", self.ids.sql(old), self.ids.sql(new)
        )
        for c in owned:
            self.facts_of_owner(c, new)
        if new in granted and self.maybe(0.5):
            self.reassign()
        return True

    def set_colleague_limit(self):
        m = self.pick(self.active_members())
        if m is None:
            return False
        limits = self.p.members[m].limits
        if limits and self.maybe(0.3):
            category = self.pick(sorted(limits))
            del limits[category]
            colleagues = "NULL"
        else:
            category = self.pick(
                [k for k in self.p.categories if self.p.author_rules.get(k) == "group"]
                or self.p.categories
            )
            limits[category] = set(self.some(set(self.practitioners()) - {m}, 0, 3))
            colleagues = self.ids.array(sorted(limits[category]))
        self.call(
            "careaccess_set_colleague_limit", self.ids.sql(m), literal(category), colleagues
        )
        return True

    # ---- delegations

    def delegate(self):
        members = self.active_members()
        if len(members) < 2:
            return False
        m, over = self.rng.sample(members, 2)
        # An assistant has use for a context delegation, mostly over a practitioner.
        assistants = [x for x in members if self.is_assistant(x)]
        if assistants and self.maybe(0.7):
            m = self.rng.choice(assistants)
        others = [x for x in self.practitioners() if x != m]
        if others and self.maybe(0.8):
            over = self.rng.choice(others)
        mode = self.rng.choice(("context", "context", "author", "supervisor"))
        client = self.some_client() if self.maybe(0.3) else None
        if m == over or self.delegation(m, over, mode, client) is not None:
            return False
        d = Delegation(
            m,
            over,
            mode,
            frozenset(self.some(self.p.categories, 1)) if self.maybe(0.4) else None,
            frozenset(self.some_actions()) if self.maybe(0.3) else None,
            client,
            self.some_end(),
        )
        self.p.delegations.append(d)
        self.call(
            "careaccess_delegate",
            self.ids.sql(m),
            self.ids.sql(over),
            literal(mode),
            text_array(d.categories),
            text_array(d.actions),
            self.ids.sql(client),
            moment(d.valid_until),
        )
        return True

    def delegation(self, m, over, mode, client):
        for d in self.p.delegations:
            if (d.member, d.over, d.mode, d.client) == (m, over, mode, client):
                return d
        return None

    def undelegate(self):
        d = self.pick(self.p.delegations)
        if d is None:
            return False
        self.p.delegations.remove(d)
        arguments = [self.ids.sql(d.member), self.ids.sql(d.over), literal(d.mode)]
        if d.client is not None:
            arguments.append(self.ids.sql(d.client))
        self.call("careaccess_undelegate", *arguments)
        return True

    # ---- clients and links

    def add_client(self):
        practitioners = self.practitioners()
        if not practitioners:
            return False
        c = self.ids.id(self.next_client)
        self.next_client += 1
        self.p.clients[c] = Client(c)
        owner = None
        if self.p.settings["owner_mode"] == "one":
            owner = self.rng.choice(practitioners)
            providers = self.some(set(practitioners) - {owner}, 0, 2) if self.maybe(0.3) else []
        else:
            providers = self.some(practitioners, 1, 2)
        self.call(
            "careaccess_add_client",
            self.ids.sql(c),
            self.ids.sql(self.p.id),
            self.ids.sql(owner),
            self.ids.array(providers),
        )
        if owner is not None:
            self.p.links.append(Link(c, owner, "owner"))
        for m in providers:
            self.p.links.append(Link(c, m, "listed"))
        return True

    def set_client_status(self):
        c = self.pick(self.p.clients)
        logins = [user.client for user in self.p.portal_users.values()]
        if logins and self.maybe(0.25):
            c = self.rng.choice(logins)
        client = self.p.clients[c]
        client.status = self.rng.choice(
            [s for s in ("active", "archived", "archived", "deleted") if s != client.status]
        )
        self.call("careaccess_set_client_status", self.ids.sql(c), literal(client.status))
        return True

    def facts_of_grant(self, c, m, valid_until):
        if self.owner(c) == m:
            return  # sharing with the owner changes nothing
        links = self.active_links(c, m, "grant")
        if links:
            links[0].valid_until = valid_until
        else:
            self.p.links.append(Link(c, m, "grant", True, valid_until))

    def facts_of_owner(self, c, m):
        """The former owner's link ends; a grant of the new one is absorbed (SH-6)."""
        for link in self.p.links:
            if link.client == c and link.active:
                if link.kind == "owner" or (link.kind == "grant" and link.member == m):
                    link.active = False
        self.p.links.append(Link(c, m, "owner"))

    def share_client(self):
        c = self.some_client()
        m = self.pick(m for m in self.practitioners() if self.may_receive(c, m))
        if c is None or m is None:
            return False
        end = self.some_end()
        arguments = [self.ids.sql(c), self.ids.sql(m)]
        if end is not None or self.maybe(0.3):
            arguments.append(moment(end))
            if self.maybe(0.3):
                arguments.append(literal("asked for by the client"))
        self.call("careaccess_share_client", *arguments)
        self.facts_of_grant(c, m, end)
        return True

    def unshare_client(self):
        links = [
            l
            for l in self.p.links
            if l.kind == "grant"
            and l.active
            and not ended(l.valid_until)
            and self.p.clients[l.client].status != "deleted"
        ]
        receivers = [l for l in links if self.shares_to(l.client, l.member)]
        link = self.pick(receivers if receivers and self.maybe(0.5) else links)
        if link is None:
            return False
        c, m = link.client, link.member
        self.call("careaccess_unshare_client", self.ids.sql(c), self.ids.sql(m))
        link.active = False
        if self.shares_to(c, m) and self.may_receive(c, m) and self.maybe(0.5):
            self.list_provider(c, m)
        return True

    def set_client_access(self):
        c = self.some_client()
        if c is None:
            return False
        grants = [l for l in self.p.links if l.client == c and l.kind == "grant" and l.active]
        candidates = [m for m in self.practitioners() if self.may_receive(c, m)]
        owner = None
        if self.owner(c) is not None and candidates and self.maybe(0.4):
            owner = self.rng.choice(candidates)
        last = owner or self.owner(c)
        chosen = None
        if self.maybe(0.85):
            chosen = self.some(set(candidates) - {last})
        with_all = self.rng.choice((None, None, True, False))
        self.call(
            "careaccess_set_client_access",
            self.ids.sql(c),
            "NULL" if chosen is None else self.ids.array(chosen),
            self.ids.sql(owner),
            {None: "NULL", True: "true", False: "false"}[with_all],
        )
        if owner is not None and owner != self.owner(c):
            self.facts_of_owner(c, owner)
        if chosen is not None:
            for link in grants:
                if link.member not in chosen:
                    link.active = False
            # Shares that stay keep their end; one that ran out is no share.
            for m in chosen:
                if not self.current_links(c, m, "grant"):
                    self.facts_of_grant(c, m, None)
        if with_all is not None:
            self.p.clients[c].shared_with_all = with_all
        return True

    def share_with_all(self):
        c = self.some_client()
        if c is None:
            return False
        client = self.p.clients[c]
        client.shared_with_all = not client.shared_with_all
        self.call(
            "careaccess_share_client_with_all",
            self.ids.sql(c),
            "true" if client.shared_with_all else "false",
        )
        return True

    def reassign(self):
        c = self.some_client()
        # Who was granted before he became the owner (SH-6) keeps nothing
        # afterwards; whoever has become one so is reassigned from more often.
        absorbed = sorted(
            {
                l.client
                for l in self.p.links
                if l.kind == "grant"
                and not l.active
                and self.owner(l.client) == l.member
                and self.p.clients[l.client].status != "deleted"
            }
        )
        if absorbed and self.maybe(0.7):
            c = self.rng.choice(absorbed)
        if c is None or self.owner(c) is None:
            return False
        takers = [m for m in self.practitioners() if self.may_receive(c, m) and m != self.owner(c)]
        granted = [m for m in takers if self.current_links(c, m, "grant")]
        m = self.pick(granted if granted and self.maybe(0.7) else takers)
        if m is None:
            return False
        self.reassign_to(c, m)
        takers = [x for x in takers if x != m]
        if m in granted and takers and self.maybe(0.7):
            self.reassign_to(c, self.rng.choice(takers))
        return True

    def reassign_to(self, c, m):
        self.call("careaccess_reassign_client", self.ids.sql(c), self.ids.sql(m))
        self.facts_of_owner(c, m)

    def list_client(self):
        c = self.some_client()
        m = self.pick(
            m
            for m in self.practitioners()
            if self.may_receive(c, m) and m != self.owner(c)
        )
        # Who has no link any more, and a chart share that still runs.
        outlived = [
            (s.client, s.to_provider)
            for s in self.p.shares
            if s.running
            and not ended(s.valid_until)
            and self.p.clients[s.client].status != "deleted"
            and not self.current_links(s.client, s.to_provider)
            and self.may_receive(s.client, s.to_provider)
        ]
        if outlived and self.maybe(0.7):
            c, m = self.rng.choice(outlived)
        if c is None or m is None:
            return False
        self.list_provider(c, m)
        return True

    def list_provider(self, c, m):
        self.call("careaccess_list_client", self.ids.sql(c), self.ids.sql(m))
        if not self.current_links(c, m, "owner", "listed"):
            self.facts_of_listing(c, m)

    def facts_of_listing(self, c, m):
        """TA-5: a chart share that outlived his last link does not come back with this one."""
        if not self.current_links(c, m):
            for share in self.shares_to(c, m):
                share.running = False
        self.facts_of_link(c, m, "listed")

    def facts_of_link(self, c, m, kind):
        """A link begins; of this kind one that ran out is over."""
        for link in self.active_links(c, m, kind):
            link.active = False
        self.p.links.append(Link(c, m, kind))

    def unlist_client(self):
        links = [
            l
            for l in self.p.links
            if l.kind == "listed"
            and l.active
            and not ended(l.valid_until)
            and self.p.clients[l.client].status != "deleted"
        ]
        receivers = [l for l in links if self.reads_by_share(l.client, l.member)]
        link = self.pick(receivers if receivers and self.maybe(0.7) else links)
        if link is None:
            return False
        self.call("careaccess_unlist_client", self.ids.sql(link.client), self.ids.sql(link.member))
        link.active = False
        for share in self.shares_to(link.client, link.member):
            share.running = False
        return True

    def reads_by_share(self, c, m):
        """A chart share shows him something, and not by his listing alone."""
        shares = [s for s in self.shares_to(c, m) if not ended(s.valid_until)]
        if not shares:
            return False
        facts = copy.copy(self.p)
        facts.links = [l for l in facts.links if (l.client, l.member, l.kind) != (c, m, "listed")]
        model = Model(facts)
        with_shares = [
            model.can(m, c, k, "view", s.from_provider).allowed
            for s in shares
            for k in facts.categories
        ]
        facts.shares = [s for s in facts.shares if s not in shares]
        model = Model(facts)
        return with_shares != [
            model.can(m, c, k, "view", s.from_provider).allowed
            for s in shares
            for k in facts.categories
        ]

    def end_listing_later(self):
        """A listing with an end: no function sets one, the table has it."""
        links = [
            l
            for l in self.p.links
            if l.kind == "listed"
            and l.active
            and l.valid_until is None
            and (l.client, l.member) not in self.p.revocations
        ]
        receivers = [l for l in links if self.shares_to(l.client, l.member)]
        link = self.pick(receivers if receivers and self.maybe(0.5) else links)
        if link is None:
            return False
        link.valid_until = self.rng.choice((-1.0, 24.0))
        self.statement(
            f"UPDATE careaccess.client_link SET valid_until = {moment(link.valid_until)}"
            f" WHERE client OPERATOR(careaccess.=) {literal(link.client)}::careaccess.id"
            f" AND member OPERATOR(careaccess.=) {literal(link.member)}::careaccess.id"
            " AND kind = 'listed' AND active"
        )
        return True

    def begin_link_later(self):
        """A link whose time has not come: no function makes one, the table has it."""
        link = self.pick(
            l for l in self.p.links if l.kind != "owner" and l.active and l.valid_until is None
        )
        if link is None:
            return False
        link.valid_from = 24.0
        self.statement(
            f"UPDATE careaccess.client_link SET valid_from = {moment(link.valid_from)}"
            f" WHERE client OPERATOR(careaccess.=) {literal(link.client)}::careaccess.id"
            f" AND member OPERATOR(careaccess.=) {literal(link.member)}::careaccess.id"
            f" AND kind = {literal(link.kind)} AND active"
        )
        return True

    # ---- chart shares

    def share_chart(self):
        c = self.some_client()
        a = self.pick(m for m in self.practitioners() if self.current_links(c, m))
        b = self.pick(
            m
            for m in self.practitioners()
            if m != a
            and self.may_receive(c, m)
            and not self.expired_links(c, m)
            and not any(s.from_provider == a for s in self.shares_to(c, m))
        )
        if a is None or b is None:
            return False
        include = self.rng.choice((None, True, False))
        end = self.some_end()
        self.call(
            "careaccess_share_chart",
            self.ids.sql(c),
            self.ids.sql(a),
            self.ids.sql(b),
            {None: "NULL", True: "true", False: "false"}[include],
            moment(end),
        )
        if include is None:
            include = self.p.settings["share_private_notes_default"]
        self.p.shares.append(ChartShare(c, a, b, include, True, end))
        if not self.active_links(c, b):
            self.p.links.append(Link(c, b, "listed"))
        return True

    def stop_chart_share(self):
        shares = [
            s
            for s in self.p.shares
            if s.running
            and not ended(s.valid_until)
            and self.p.clients[s.client].status != "deleted"
        ]
        reading = [s for s in shares if self.reads_by_share(s.client, s.to_provider)]
        share = self.pick(reading if reading and self.maybe(0.7) else shares)
        if share is None:
            return False
        self.call(
            "careaccess_stop_chart_share",
            self.ids.sql(share.client),
            self.ids.sql(share.from_provider),
            self.ids.sql(share.to_provider),
        )
        share.running = False
        return True

    # ---- restriction

    def restrict(self):
        c = self.some_client()
        if c is None:
            return False
        client = self.p.clients[c]
        if not self.p.settings["restriction"]:
            self.refused("55000", "careaccess_restrict_client", self.ids.sql(c))
        elif client.restricted:
            self.call("careaccess_unrestrict_client", self.ids.sql(c))
            client.restricted = False
            self.p.revocations = {(x, m) for x, m in self.p.revocations if x != c}
        else:
            self.call("careaccess_restrict_client", self.ids.sql(c))
            client.restricted = True
        return True

    def revoke(self):
        candidates = [
            (c, m)
            for c, client in self.p.clients.items()
            for m in self.active_members()
            if client.restricted
            and client.status != "deleted"
            and self.is_administrative(m)
            and not self.is_unrevocable(m)
            and self.owner(c) != m
            and (c, m) not in self.p.revocations
        ]
        if not candidates:
            return False
        delegators = self.delegators()
        of_delegators = [pair for pair in candidates if pair[1] in delegators]
        if of_delegators and self.maybe(0.7):
            candidates = of_delegators
        c, m = self.rng.choice(candidates)
        self.call("careaccess_revoke_administrative_access", self.ids.sql(c), self.ids.sql(m))
        self.facts_of_revocation(c, m)
        # SP-8: nobody makes him the owner, and an appointment does not bring him back.
        owner = self.owner(c)
        if owner is not None and self.is_practitioner(m) and self.maybe(0.5):
            self.refused(
                "55000", "careaccess_transfer_clients", self.ids.sql(owner), self.ids.sql(m)
            )
        channels = [k for k in ("staff", "widget") if Model(self.p).booking(c, m, k) == "55000"]
        if channels and self.is_practitioner(m):
            channel = self.rng.choice(channels)
            self.refused(
                "55000", "careaccess_book", self.ids.sql(c), self.ids.sql(m), literal(channel)
            )
        return True

    def facts_of_revocation(self, c, m):
        """SP-4: the grant goes with it."""
        self.p.revocations.add((c, m))
        for link in self.active_links(c, m, "grant"):
            link.active = False

    def restore(self):
        pair = self.pick(
            (c, m)
            for c, m in sorted(self.p.revocations)
            if self.p.clients[c].status != "deleted" and m in self.active_members()
        )
        if pair is None:
            return False
        self.p.revocations.remove(pair)
        self.call(
            "careaccess_restore_administrative_access", self.ids.sql(pair[0]), self.ids.sql(pair[1])
        )
        return True

    # ---- groups

    def group_variable(self, group):
        return f"model.{group.name.replace(' ', '_').lower()}"

    def create_group(self):
        if not self.p.settings["groups"]:
            return False
        group = Group(
            f"Group {self.number} {self.next_group}",
            set(self.some(self.practitioners(), 0, 3)),
            set(self.some(self.active_members(), 0, 2)),
        )
        self.next_group += 1
        self.p.groups.append(group)
        self.statement(
            f"PERFORM set_config('{self.group_variable(group)}', careaccess_create_group("
            f"{self.ids.sql(self.p.id)}, {literal(group.name)},"
            f" {self.ids.array(sorted(group.practitioners))},"
            f" {self.ids.array(sorted(group.admins))})::text, false)"
        )
        return True

    def update_group(self):
        group = self.pick(self.p.groups)
        if group is None:
            return False
        practitioners = admins = "NULL"
        if self.maybe(0.7):
            group.practitioners = set(self.some(self.practitioners(), 0, 3))
            practitioners = self.ids.array(sorted(group.practitioners))
        if self.maybe(0.5):
            group.admins = set(self.some(self.active_members(), 0, 2))
            admins = self.ids.array(sorted(group.admins))
        self.call(
            "careaccess_update_group",
            f"current_setting('{self.group_variable(group)}')::bigint",
            "NULL",
            practitioners,
            admins,
        )
        return True

    def delete_group(self):
        group = self.pick(self.p.groups)
        promised = [g for g in self.p.groups if any(g.name in i.groups for i in self.p.invitations)]
        if promised and self.maybe(0.5):
            group = self.rng.choice(promised)
        if group is None:
            return False
        self.p.groups.remove(group)
        self.call(
            "careaccess_delete_group", f"current_setting('{self.group_variable(group)}')::bigint"
        )
        return True

    # ---- emergency

    def emergency(self):
        c = self.some_client()
        m = self.pick(self.active_members())
        revoked = sorted(self.p.revocations)
        if revoked and self.maybe(0.5):
            c, m = self.rng.choice(revoked)
        if c is None or m is None:
            return False
        # The fraction keeps two of the same member and client apart.
        start = round(self.rng.choice((-30, -2, -2, -2, -2, 2)) - self.next_emergency / 1000, 3)
        until = round(start + self.rng.choice((1, 4, 40, 40)), 3)
        self.next_emergency += 1
        self.p.emergencies.append(Emergency(c, m, start, until))
        self.statement(
            'INSERT INTO careaccess.emergency_access (client, member, reason, "from", until) VALUES'
            f" ({self.ids.sql(c)}, {self.ids.sql(m)}, 'found unconscious at home',"
            f" {moment(start)}, {moment(until)})"
        )
        return True

    # ---- what must be refused

    def attempt(self):
        """Something that the invariants refuse, with the error it must give."""
        members, practitioners = self.active_members(), self.practitioners()
        c = self.some_client()
        m = self.pick(members)
        others = [x for x in members if not self.is_practitioner(x)]
        attempts = []

        def offer(*attempt):
            attempts.append(attempt)

        offer(
            "23514",
            "careaccess_set_member_permission",
            self.ids.sql(m),
            "'chart'",
            "ARRAY['view']",
            literal(self.rng.choice(("group", "managed", "delegated"))),
            "'deny'",
        )
        offer(
            "22023",
            "careaccess_configure_practice",
            self.ids.sql(self.p.id),
            jsonb({"edit_others_records": True, "no_such_setting": True}),
        )
        if len(members) > 1:
            x, y = self.rng.sample(members, 2)
            offer(
                "22023",
                "careaccess_delegate",
                self.ids.sql(x),
                self.ids.sql(y),
                "'context'",
                "'{}'::text[]",
            )
        if self.p.groups:
            offer(
                "55000",
                "careaccess_configure_practice",
                self.ids.sql(self.p.id),
                jsonb({"groups": False}),
            )
        if any(client.restricted for client in self.p.clients.values()):
            offer(
                "55000",
                "careaccess_configure_practice",
                self.ids.sql(self.p.id),
                jsonb({"restriction": "off"}),
            )
        if others:
            x = self.rng.choice(others)
            offer("22023", "careaccess_set_full_clinical_access", self.ids.sql(x), "true")
            if c is not None and (c, x) not in self.p.revocations:
                offer("22023", "careaccess_share_client", self.ids.sql(c), self.ids.sql(x))
                offer("22023", "careaccess_list_client", self.ids.sql(c), self.ids.sql(x))
        if c is not None and not self.p.clients[c].restricted:
            x = self.pick(
                x
                for x in members
                if self.is_administrative(x)
                and not self.is_unrevocable(x)
                and self.owner(c) != x
            )
            if x is not None:
                offer(
                    "55000",
                    "careaccess_revoke_administrative_access",
                    self.ids.sql(c),
                    self.ids.sql(x),
                )
        revoked = [
            (k, x)
            for k, x in sorted(self.p.revocations)
            if x in practitioners
            and not self.is_unrevocable(x)
            and self.owner(k) != x
            and self.p.clients[k].status != "deleted"
        ]
        if revoked:
            k, x = self.rng.choice(revoked)
            function = self.rng.choice(
                ["careaccess_share_client", "careaccess_list_client"]
                + (["careaccess_reassign_client"] if self.owner(k) is not None else [])
            )
            offer("55000", function, self.ids.sql(k), self.ids.sql(x))
        self.refused(*self.rng.choice(attempts))
        return True


# --------------------------------------------------------------- the recipe

# What happens later in a practice's life, and how often.
LATER = (
    (4, Builder.share_client),
    (3, Builder.unshare_client),
    (3, Builder.set_client_access),
    (2, Builder.share_with_all),
    (5, Builder.reassign),
    (1, Builder.transfer_clients),
    (3, Builder.list_client),
    (4, Builder.unlist_client),
    (3, Builder.end_listing_later),
    (4, Builder.share_chart),
    (2, Builder.stop_chart_share),
    (3, Builder.restrict),
    (5, Builder.revoke),
    (2, Builder.restore),
    (2, Builder.create_group),
    (2, Builder.update_group),
    (1, Builder.delete_group),
    (3, Builder.set_colleague_limit),
    (4, Builder.delegate),
    (2, Builder.undelegate),
    (4, Builder.set_member_permission),
    (2, Builder.clear_member_permission),
    (2, Builder.set_full_clinical_access),
    (2, Builder.set_member_roles),
    (2, Builder.promote_revoked),
    (1, Builder.new_member),
    (3, Builder.set_member_status),
    (2, Builder.set_member_end),
    (1, Builder.set_records_owned_by),
    (2, Builder.remove_member),
    (2, Builder.set_client_status),
    (1, Builder.add_client),
    (2, Builder.redefine_role),
    (3, Builder.change_settings),
    (2, Builder.add_capability),
    (5, Builder.emergency),
    (4, Builder.break_glass),
    (14, Builder.book),
    (2, Builder.add_form_route),
    (3, Builder.add_assignment_rule),
    (1, Builder.remove_form_parts),
    (6, Builder.submit_form),
    (3, Builder.invite_member),
    (4, Builder.accept_invitation),
    (1, Builder.withdraw_invitation),
    (2, Builder.link_profile),
    (2, Builder.unlink_profile),
    (1, Builder.add_portal_user),
    (1, Builder.remove_portal_user),
    (3, Builder.invite_to_portal),
    (3, Builder.accept_portal_access),
    (2, Builder.withdraw_portal_access),
    (4, Builder.attempt),
)


def plan(seed, number):
    rng = random.Random(f"{seed}/{number}")
    b = Builder(rng, number, custom_categories(seed))
    b.create_practice()
    b.first_settings()
    for _ in range(rng.randint(1, 3)):
        b.new_role()
    for n in range(rng.randint(4, 6)):
        b.add_member(b.random_roles(practitioner=n < 2))
    for _ in range(rng.randint(4, 7)):
        b.add_client()

    # A practice of its own making: each ingredient is there or not.
    ingredients = (
        (0.7, 4, b.share_client),
        (0.5, 2, b.share_with_all),
        (0.6, 4, b.list_client),
        (0.6, 5, b.share_chart),
        (0.6, 3, b.create_group),
        (0.5, 3, b.set_colleague_limit),
        (0.8, 6, b.delegate),
        (0.5, 3, b.set_member_permission),
        (0.3, 1, b.set_full_clinical_access),
        (0.7, 3, b.restrict),
        (0.9, 5, b.revoke),
        (0.6, 4, b.emergency),
        (0.7, 3, b.add_portal_user),
        (0.8, 5, b.link_profile),
        (0.9, 5, b.invite_to_portal),
        (0.9, 4, b.accept_portal_access),
        (0.4, 2, b.add_form_route),
        (0.4, 3, b.add_assignment_rule),
        (0.3, 2, b.invite_member),
    )
    for probability, most, operation in ingredients:
        if b.maybe(probability):
            for _ in range(rng.randint(1, most)):
                operation()
    stages = [b.stage()]

    weights = [weight for weight, _ in LATER]
    operations = [operation for _, operation in LATER]
    for _ in range(rng.randint(16, 46)):
        operation = rng.choices(operations, weights)[0]
        if b.maybe(0.1):
            b.undone(lambda: operation(b))
        else:
            operation(b)
    # Last, since whether such a link is one for other functions is open.
    for _ in range(2):
        if b.maybe(0.4):
            b.begin_link_later()
    stages.append(b.stage())
    return Plan(number, b.preset, b.ids, stages)
