"""The practices of the refusals: facts for the rules, SQL for the extension.

A World is one practice. Each of its methods changes the facts that
refusals_rules.py judges by and notes the statement that makes the extension
know the same; the statements run as an administrator of the database.

Every member who acts has clients in each relation to him, each named after it:
"p:scheduler/listed" is the client for whom the scheduler of practice p is
listed.
"""

import copy
import json
from dataclasses import dataclass, field
from typing import Optional

from generate import literal
from model import (
    ChartShare,
    Client,
    Delegation,
    Emergency,
    Group,
    Link,
    Member,
    Model,
)
from presets import PRESETS, practice_of, role_of
from refusals_ask import ADMINISTRATION

# The plainest practitioner of each preset: owns or is listed for most clients.
PRACTITIONER = {
    "simplepractice": "clinician_basic",
    "intakeq": "practitioner",
    "therapyappointment": "provider",
    "sessionshealth": "practitioner",
    "embodia": "practitioner",
    "standard": "clinician",
}

# Accounts with several roles, where one alone shows too little.
SEVERAL = {
    "simplepractice": {
        "biller_clinician": ["practice_biller", "clinician_basic"],
        "second_owner": ["account_owner"],
    },
    "intakeq": {"two_assisted": ["assistant"], "owner_assistant": ["administrator", "assistant"]},
    "therapyappointment": {
        "late_custodian": ["records_custodian"],
        "custodian_provider": ["records_custodian", "provider"],
        "below_scheduler": ["staff_administrator", "scheduler"],
    },
    "sessionshealth": {"clinical_administrator": ["administrator", "practitioner"]},
    "embodia": {"admin_practitioner": ["clinic_admin", "practitioner"]},
    "standard": {
        "manager_clinician": ["manager", "clinician"],
        "two_assisted": ["assistant"],
        "auditing_clinician": ["records_custodian", "clinician"],
    },
}

CAPABILITIES = sorted(
    {c for rows in PRESETS.values() for role in rows["roles"].values() for c in role["capabilities"]}
)
EMERGENCY_START = "2020-02-02 12:00:00+00"


class Raw(str):
    """An argument that is an SQL expression."""


@dataclass(frozen=True)
class GroupName:
    """A group, whose number only the database knows."""

    world: str
    name: str


@dataclass
class Actor:
    label: str
    kind: str  # member, administrator, nobody, portal
    world: Optional[str]
    id: Optional[str]
    clients_of: str  # whose clients he names
    start: list = field(default_factory=list)
    # Whether his database role may execute what is granted by hand: functions for
    # web pages, and careaccess_act_as.
    trusted: bool = True
    becomes_anybody: bool = True


@dataclass
class Call:
    name: str
    arguments: dict
    relation: str = "-"


class World:
    def __init__(self, key, preset, settings=None):
        self.key, self.preset = key, preset
        self.base = PRACTITIONER[preset]
        self.p = practice_of(preset, key)
        self.sql = [f"SELECT careaccess_create_practice({literal(key)}, 'P', {literal(preset)})"]
        if settings:
            self.p.settings.update(settings)
            self.call("configure_practice", practice=key, settings=settings)
        self.records_owned_by = {}
        self.groups = {}
        self.invitations = {}
        self.portal_users = {}
        self.profile_links = set()
        self.portal_access = set()
        self.routes = set()
        self.whole = True  # else only what concerns clients and the practice
        self.actors = []  # labels
        self.relations = {}  # label -> {relation: client}
        self.logins = {}  # label -> database role

    def call(self, function, **arguments):
        self.sql.append("SELECT " + render(Call("careaccess_" + function, arguments), {}))

    def id(self, label):
        return f"{self.key}:{label}"

    def done(self):
        """The facts are complete."""
        self.model = Model(self.p)
        restored = copy.deepcopy(self.p)
        for c in restored.clients.values():
            if c.status == "deleted":
                c.status = "archived"
        self.as_archived = Model(restored)

    # ---- what rules ask

    def owned_by(self, m, deleted=False):
        return [
            l.client
            for l in self.p.links
            if l.member == m
            and l.kind == "owner"
            and l.active
            and (deleted or self.p.clients[l.client].status != "deleted")
        ]

    def has_practising_owner(self, c):
        return any(
            l.kind == "owner"
            and l.active
            and self.p.members[l.member].status != "removed"
            and self.model.is_practitioner(l.member)
            for l in self.model.links(c)
        )

    def assisted_by(self, m):
        return [
            d.over
            for d in self.p.delegations
            if d.member == m
            and d.mode == "context"
            and d.client is None
            and d.covers("name", "create", None)
            and self.model.is_active(d.over)
            and self.model.is_practitioner(d.over)
        ]

    # ---- facts

    def role(self, name, definition):
        self.p.roles[name] = role_of(name, definition)
        self.call("define_role", practice=self.key, role=name, definition=definition)

    def member(self, label, roles):
        m = self.id(label)
        self.p.members[m] = Member(m, list(roles))
        self.call("add_member", practice=self.key, member=m, name=label, roles=list(roles))
        return m

    def status(self, label, status):
        self.p.members[self.id(label)].status = status
        if status == "removed":
            self.call("remove_member", member=self.id(label))
        else:
            self.call("set_member_status", member=self.id(label), status=status)

    def ended(self, label):
        self.p.members[self.id(label)].ends_at = -1
        self.call("configure_member", member=self.id(label), settings={"ends_at": "2020-01-01"})

    def keeps_records(self, label):
        self.records_owned_by[self.id(label)] = "provider"
        self.call(
            "configure_member", member=self.id(label), settings={"records_owned_by": "provider"}
        )

    def login(self, label, role):
        self.logins[label] = role
        self.call("configure_member", member=self.id(label), settings={"login_role": role})

    def delegate(self, label, over, mode, late=False):
        m, o = self.id(label), self.id(over)
        until = -1 if late else None
        self.p.delegations.append(Delegation(m, o, mode, valid_until=until))
        self.call(
            "delegate",
            member=m,
            over_member=o,
            mode=mode,
            valid_until=Raw("now() - interval '1 hour'") if late else None,
        )

    def client(self, c, practitioner):
        """A client of a practitioner, as its owner or as the one provider listed."""
        self.p.clients[c] = Client(c)
        if self.p.settings["owner_mode"] == "one":
            self.p.links.append(Link(c, practitioner, "owner"))
            self.call("add_client", client=c, practice=self.key, owner=practitioner)
        else:
            self.p.links.append(Link(c, practitioner, "listed"))
            self.call("add_client", client=c, practice=self.key, providers=[practitioner])
        return c

    def grant(self, c, m, late=False):
        self.p.links.append(Link(c, m, "grant", valid_until=-1 if late else None))
        until = Raw("now() - interval '1 hour'") if late else None
        self.call("share_client", client=c, member=m, valid_until=until)

    def list(self, c, m):
        self.p.links.append(Link(c, m, "listed"))
        self.call("list_client", client=c, provider=m)

    def unlisted(self, c, m):
        self.p.links.append(Link(c, m, "listed", active=False, valid_until=-0.01))
        self.call("list_client", client=c, provider=m)
        self.call("unlist_client", client=c, provider=m)

    def with_all(self, c):
        self.p.clients[c].shared_with_all = True
        self.call("share_client_with_all", client=c, enabled=True)

    def client_status(self, c, status):
        self.p.clients[c].status = status
        self.call("set_client_status", client=c, status=status)

    def restrict(self, c):
        self.p.clients[c].restricted = True
        self.call("restrict_client", client=c)

    def revoke(self, c, m):
        self.p.revocations.add((c, m))
        self.call("revoke_administrative_access", client=c, member=m)

    def share_chart(self, c, giver, receiver):
        self.p.shares.append(ChartShare(c, giver, receiver))
        if not any(l.client == c and l.member == receiver and l.active for l in self.p.links):
            self.p.links.append(Link(c, receiver, "listed"))
        self.call("share_chart", client=c, from_provider=giver, to_provider=receiver)

    def emergency(self, c, m):
        self.p.emergencies.append(Emergency(c, m, -1000, 1000))
        self.sql.append(
            'INSERT INTO careaccess.emergency_access (client, member, reason, "from", until) VALUES'
            f" ({literal(c)}, {literal(m)}, 'a reason', {literal(EMERGENCY_START)}, '2099-01-01')"
        )

    def group(self, name, practitioners, admins=()):
        group = Group(name, {self.id(m) for m in practitioners}, {self.id(m) for m in admins})
        self.p.groups.append(group)
        self.groups[name] = group
        self.call(
            "create_group",
            practice=self.key,
            name=name,
            practitioners=sorted(group.practitioners),
            admins=sorted(group.admins),
        )

    def invitation(self, contact, roles):
        self.invitations[contact] = list(roles)
        self.call("invite_member", practice=self.key, contact=contact, roles=list(roles))

    def portal_user(self, user, c):
        self.portal_users[user] = c
        self.call("add_portal_user", portal_user=user, client=c)

    def link_profile(self, c, contact):
        # "self" counts in both directions.
        self.profile_links |= {(c, contact), (contact, c)}
        self.call("link_profile", client=c, contact_client=contact)

    def invite_to_portal(self, c, user):
        self.portal_access.add((c, user))
        self.call("invite_to_portal", client=c, portal_user=user)

    def route(self, slug, m):
        self.routes.add(slug)
        self.call("add_form_route", practice=self.key, slug=slug, practitioner=m)

    # ---- a member who acts, and his clients

    def actor(self, label, few=False):
        self.actors.append(label)
        x, a, b, provider = (self.id(l) for l in (label, "A", "B", "P"))
        if x == a:
            a, b = b, provider
        practises = any(self.p.roles[r].practitioner for r in self.p.members[x].roles)
        settings = self.p.settings
        relations = self.relations[label] = {}

        def client(relation, practitioner=a):
            relations[relation] = self.client(f"{x}/{relation}", practitioner)
            return relations[relation]

        client("unlinked")
        if not few:
            client("of B", b)
            client("of P", provider)
            self.client_status(client("archived"), "archived")
            self.client_status(client("deleted"), "deleted")
            self.with_all(client("with all"))
            self.share_chart(client("shared to B"), a, b)
        if practises:
            client("own", x)
            self.grant(client("granted"), x)
            self.list(client("listed"), x)
            if not few:
                self.client_status(client("own archived", x), "archived")
                self.client_status(client("own deleted", x), "deleted")
                self.grant(client("grant ended"), x, late=True)
                self.unlisted(client("unlisted"), x)
                self.share_chart(client("shared to me"), a, x)
        if settings["emergency_access"]:
            self.emergency(client("emergency"), x)
        if settings["restriction"]:
            self.restrict(client("restricted"))
            roles = [self.p.roles[r] for r in self.p.members[x].roles]
            if any(r.administrative for r in roles) and not any(r.unrevocable for r in roles):
                c = client("revoked")
                self.restrict(c)
                self.revoke(c, x)
                if settings["emergency_access"]:
                    c = client("revoked, emergency")
                    self.restrict(c)
                    self.revoke(c, x)
                    self.emergency(c, x)
            if practises and settings["owner_mode"] == "one":
                self.restrict(client("own restricted", x))


def render(call, groups):
    """The call as SQL; groups knows the numbers of groups."""

    def value(v):
        if v is None:
            return "NULL"
        if isinstance(v, Raw):
            return str(v)
        if isinstance(v, bool):
            return "true" if v else "false"
        if isinstance(v, int):
            return str(v)
        if isinstance(v, GroupName):
            return str(groups.get((v.world, v.name), 2_000_000_000))
        if isinstance(v, dict):
            return literal(json.dumps(v)) + "::jsonb"
        if isinstance(v, (list, tuple)):
            return literal("{" + ",".join(element(e) for e in v) + "}")
        return literal(v)

    def element(e):
        if e is None:
            return "NULL"
        if isinstance(e, GroupName):
            return value(e)
        return '"' + str(e).replace("\\", "\\\\").replace('"', '\\"') + '"'

    given = ", ".join(f"{n} => {value(v)}" for n, v in call.arguments.items())
    return f"{call.name}({given})"


# ------------------------------------------------------------------- practices


def people(w):
    """Whom everybody can name: two practitioners with clients, one whose records are
    his own, those who are disabled, past their end or removed, and one with no role."""
    for label in "ABPDER":
        w.member(label, [w.base])
    w.member("N", [])
    w.keeps_records("P")
    w.status("D", "disabled")
    w.ended("E")
    w.status("R", "removed")


def preset_world(key, preset, settings=None, groups=False):
    """Every role of a preset, alone and with others."""
    w = World(key, preset, settings)
    people(w)
    roles = list(w.p.roles)
    if preset == "embodia":
        # By reach managed alone, and may list.
        definition = copy.deepcopy(PRESETS[preset]["roles"]["clinic_admin"])
        definition["capabilities"].append("list_client")
        w.role("listing_admin", definition)
        roles.append("listing_admin")
    for r in roles:
        w.member(r, [r])
        w.member("t." + r, [r])
    for label, several in SEVERAL[preset].items():
        w.member(label, several)
    for label, account in (("assistant", "A"), ("two_assisted", "A"), ("owner_assistant", "A")):
        if w.id(label) in w.p.members:
            w.delegate(label, account, "context")
    if w.id("two_assisted") in w.p.members:
        w.delegate("two_assisted", "B", "context")
    for label in ("records_custodian", "custodian_provider"):
        if w.id(label) in w.p.members:
            w.delegate(label, "A", "author")
            w.delegate(label, "P", "author")
    if w.id("late_custodian") in w.p.members:
        w.delegate("late_custodian", "A", "author", late=True)
    if w.p.settings["groups"] and groups:
        inside = [l for l in roles if w.p.roles[l].practitioner] + ["A"]
        admins = [l for l in ("clinic_admin", "listing_admin", "manager") if l in roles]
        w.group("One", inside, admins)
        w.group("Two", ["B"])
    for label in roles + list(SEVERAL[preset]) + ["A"]:
        w.actor(label)
    targets = ["t." + r.name for r in distinct_roles(w) if w.id("t." + r.name) in w.p.members]
    # Those to whom something is delegated.
    finish(w, targets + sorted({d.member.split(":")[1] for d in w.p.delegations}))
    w.whole = settings is None
    return w


def capability_world(key, preset, settings=None):
    """Every capability in a role of its own, and nothing else in it."""
    w = World(key, preset, settings)
    sees = [
        {"category": "name", "actions": ["view"], "reach": "all"},
        {"category": "profile", "actions": ["view", "edit"], "reach": "all"},
    ]
    one = {"practitioner": True, "administrative": True, "permissions": sees}
    w.role("bare", one)
    w.role("sightless", {"practitioner": True, "capabilities": CAPABILITIES})
    w.role("fixed", {**one, "administrative": False, "unrevocable": True})
    w.role("staff", {"administrative": True, "permissions": sees})
    for c in CAPABILITIES:
        w.role(c, {**one, "capabilities": [c]})
    people(w)
    accounts = {"staff": ["staff"], "bare": ["bare"], "fixed": ["fixed"]}
    accounts.update({c: [c] for c in sorted(ADMINISTRATION) + ["grant"]})
    accounts["all"] = sorted(ADMINISTRATION)
    for label, roles in accounts.items():
        w.member("t." + label, roles)
    acting = {c: [c] for c in CAPABILITIES}
    acting["bare"] = ["bare"]
    acting["sightless"] = ["sightless"]
    acting["fixed_manager"] = ["manage_members", "fixed"]
    acting["auditing_manager"] = ["manage_members", "view_audit"]
    acting["auditing_below"] = ["manage_members_below", "view_audit"]
    acting["auditing_roles"] = ["manage_roles", "view_audit"]
    acting["fixed_roles"] = ["manage_roles", "fixed"]
    acting["auditing_delegate"] = ["delegate", "view_audit"]
    acting["grouping_manager"] = ["manage_members", "manage_groups"]
    for label, roles in acting.items():
        w.member(label, roles)
    w.delegate("share_chart_custody", "A", "author")
    w.delegate("share_chart_custody", "P", "author")
    if w.p.settings["groups"]:
        w.group("One", ["A"])
    for label in acting:
        w.actor(label, few=True)
    finish(w, ["t." + label for label in accounts])
    w.whole = settings is None
    return w


def far_world():
    """Another practice: who may do everything there may do nothing elsewhere."""
    w = World("far", "standard")
    definition = copy.deepcopy(PRESETS["standard"]["roles"]["owner"])
    definition["capabilities"] = CAPABILITIES
    w.role("everything", definition)
    people(w)
    w.member("everything", ["everything"])
    w.group("One", ["A"])
    w.actor("everything")
    finish(w, [])
    return w


def distinct_roles(w):
    """One role of each kind that makes a difference to whoever gives or takes it."""
    kinds = {}
    for r in w.p.roles.values():
        kind = (frozenset(r.capabilities & ADMINISTRATION), r.unrevocable, r.practitioner)
        kinds.setdefault((*kind, r.administrative), r)
    return list(kinds.values())


def finish(w, targets):
    w.accounts = [w.id(l) for l in ["A", "B", "P", "D", "N", "R"] + targets]
    manager = max(w.p.roles.values(), key=lambda r: len(r.capabilities & ADMINISTRATION))
    w.invitation("plain@example.org", [w.base])
    w.invitation("high@example.org", [manager.name])
    a, b = w.id("A"), w.id("B")
    w.profile, w.contact, hidden = (w.id(l) for l in ("profile", "contact", "profile of B"))
    w.client(w.profile, a)
    w.client(w.contact, a)
    w.client(hidden, b)
    w.portal_user(w.id("login"), w.profile)
    w.portal_user(w.id("login of B"), hidden)
    w.link_profile(w.contact, w.profile)
    w.invite_to_portal(w.contact, w.id("login"))
    w.route(w.id("form"), a)
    w.done()


def worlds():
    off = {"allow_self_share": False, "allow_self_listing": False}
    return [far_world()] + [preset_world(p, p) for p in PRESETS] + [
        preset_world("embodia groups", "embodia", off, groups=True),
        preset_world(
            "standard open",
            "standard",
            {
                "allow_self_share": True,
                "allow_self_listing": True,
                "emergency_overrides_revocation": True,
                "restricted_new_member": "allow",
            },
            groups=True,
        ),
        preset_world("therapyappointment strict", "therapyappointment", off),
        preset_world(
            "simplepractice emergency",
            "simplepractice",
            {**off, "emergency_access": True, "groups": True},
        ),
        capability_world("capabilities", "standard"),
        capability_world(
            "capabilities listed", "therapyappointment", {**off, "restriction": True}
        ),
    ]


class Universe:
    def __init__(self, made):
        self.worlds = {w.key: w for w in made}
        self.presets = set(PRESETS) | {"custom"}
        self.capabilities = set(CAPABILITIES)
        self.unfit_logins = set()
        self._members = {m: w for w in made for m in w.p.members}
        self._clients = {c: w for w in made for c in w.p.clients}

    def profile_of(self, portal_user):
        for w in self.worlds.values():
            if portal_user in w.portal_users:
                return w.portal_users[portal_user]
        return None

    def world_of_member(self, m):
        return self._members.get(m)

    def world_of_client(self, c):
        return self._clients.get(c)
