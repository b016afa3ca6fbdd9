"""The decision, written a second time.

This module answers the question "may this member do this with records of that
category of this client?" from plain facts, in plain Python.  It shares nothing
with the extension: no code, no tables, no data files.  It exists to be compared
with the extension (run.py), so it prefers the wording of the rules to speed and
says in each place which rule it follows.

Time is a number of hours relative to now: -1 is past, +1 is to come, None is
no end.  Identifiers are whatever compares equal when they are the same
identifier; the model never looks inside them.
"""

from dataclasses import dataclass, field
from typing import NamedTuple, Optional

ACTIONS = ("view", "create", "edit", "delete")

# Category -> are its records authored (does it matter who wrote them)?
BUILT_IN_CATEGORIES = {
    "name": False,
    "profile": False,
    "diagnosis": False,
    "schedule": False,
    "documents": False,
    "billing": False,
    "chart": True,
    "private_notes": True,
}

# What an author delegation covers where it does not say.
AUTHOR_DELEGATION_CATEGORIES = frozenset(("name", "profile", "documents", "chart"))
AUTHOR_DELEGATION_ACTIONS = frozenset(("view",))

# The permissions that "full clinical access" stands for.
FULL_CLINICAL_CATEGORIES = ("name", "profile", "diagnosis", "documents", "chart")


class _NotAsked:
    """The question is about the client, not about a record with an author."""

    def __repr__(self):
        return "NOT_ASKED"


NOT_ASKED = _NotAsked()

# A record always has an author; None says that it is not known who.
UNKNOWN = None


class _Everybody:
    """A set without a limit: whoever it is, he is in it."""

    def __contains__(self, anyone):
        return True

    def __repr__(self):
        return "everybody"


EVERYBODY = _Everybody()


class Decision(NamedTuple):
    allowed: bool
    rule: str


# ---------------------------------------------------------------- the facts


@dataclass(frozen=True)
class Permission:
    category: str
    actions: frozenset
    reach: str  # all, own, group, managed, delegated
    effect: str = "allow"  # or deny
    only_if_practitioner: bool = False

    def __str__(self):
        actions = "+".join(a for a in ACTIONS if a in self.actions)
        only = " (only if practitioner)" if self.only_if_practitioner else ""
        return f"{self.effect} {self.category} {actions} reach {self.reach}{only}"


@dataclass
class Role:
    name: str
    practitioner: bool = False
    administrative: bool = False
    unrevocable: bool = False
    permissions: list = field(default_factory=list)
    capabilities: set = field(default_factory=set)


@dataclass
class Member:
    id: object
    roles: list = field(default_factory=list)  # names
    status: str = "active"  # invited, active, disabled, removed
    ends_at: Optional[float] = None
    permissions: list = field(default_factory=list)
    full_clinical: bool = False
    capabilities: set = field(default_factory=set)
    limits: dict = field(default_factory=dict)  # category -> set of colleagues


@dataclass
class Client:
    id: object
    status: str = "active"  # active, archived, deleted
    restricted: bool = False
    shared_with_all: bool = False


@dataclass
class Link:
    client: object
    member: object
    kind: str  # owner, grant, listed
    active: bool = True
    valid_until: Optional[float] = None
    valid_from: float = 0.0


@dataclass
class ChartShare:
    client: object
    from_provider: object
    to_provider: object
    include_private: bool = False
    running: bool = True
    valid_until: Optional[float] = None


@dataclass
class Group:
    name: str
    practitioners: set = field(default_factory=set)
    admins: set = field(default_factory=set)


@dataclass
class Delegation:
    member: object
    over: object
    mode: str  # context, author, supervisor
    categories: Optional[frozenset] = None
    actions: Optional[frozenset] = None
    client: object = None
    valid_until: Optional[float] = None

    def covers(self, category, action, client):
        categories, actions = self.categories, self.actions
        if self.mode != "context":
            if categories is None:
                categories = AUTHOR_DELEGATION_CATEGORIES
            if actions is None:
                actions = AUTHOR_DELEGATION_ACTIONS
        return (
            (categories is None or category in categories)
            and (actions is None or action in actions)
            and (self.client is None or self.client == client)
        )


@dataclass
class Emergency:
    client: object
    member: object
    start: float
    until: float


@dataclass
class PortalUser:
    """The login of a client, whose own profile is that client."""

    id: object
    client: object


@dataclass
class PortalAccess:
    """What a portal user may do with a profile that is not his own."""

    client: object
    user: object
    view_appointments: bool = False
    manage_information: bool = False
    status: str = "invited"  # invited, accepted, withdrawn


@dataclass
class AssignmentRule:
    """Whoever answers so to the question of the form goes to the practitioner."""

    form: str
    question: str
    answer: str
    practitioner: object
    position: int


@dataclass
class Invitation:
    """A promise of roles and groups that can still be accepted."""

    number: int
    contact: str
    roles: list
    groups: set = field(default_factory=set)  # names
    inviter: object = None  # None: a database administrator


@dataclass
class Practice:
    id: object = "practice"
    settings: dict = field(default_factory=dict)
    author_rules: dict = field(default_factory=dict)  # category -> rule
    link_categories: dict = field(default_factory=dict)  # kind -> set of categories
    categories: dict = field(default_factory=lambda: dict(BUILT_IN_CATEGORIES))
    roles: dict = field(default_factory=dict)  # name -> Role
    members: dict = field(default_factory=dict)  # id -> Member
    clients: dict = field(default_factory=dict)  # id -> Client
    links: list = field(default_factory=list)
    revocations: set = field(default_factory=set)  # (client, member)
    shares: list = field(default_factory=list)
    groups: list = field(default_factory=list)
    delegations: list = field(default_factory=list)
    emergencies: list = field(default_factory=list)
    # (client, contact) -> relationship: the contact's login may be invited to the client
    profile_links: dict = field(default_factory=dict)
    portal_users: dict = field(default_factory=dict)  # id -> PortalUser
    portal_accesses: dict = field(default_factory=dict)  # (client, user) -> PortalAccess
    form_routes: dict = field(default_factory=dict)  # address -> practitioner
    assignment_rules: list = field(default_factory=list)  # in the order they were added
    invitations: list = field(default_factory=list)

    def rests_on_link(self, c, own):
        """May the login of own be invited to c?  Two profiles of one person go both ways."""
        return (c, own) in self.profile_links or self.profile_links.get((own, c)) == "self"


def ended(valid_until):
    """Ends count until their instant; now is 0."""
    return valid_until is not None and valid_until <= 0


def full_clinical_permissions():
    """The rows that the switch "full clinical access" stands for."""
    rows = [Permission(c, frozenset(ACTIONS), "all") for c in FULL_CLINICAL_CATEGORIES]
    rows.append(Permission("schedule", frozenset(("view",)), "all"))
    return rows


# ------------------------------------------------------------- the decision


class Model:
    """The decision over one practice's facts, which must not change meanwhile.

    Whatever is asked more than once is worked out once and kept; make a new
    Model after changing a fact.
    """

    def __init__(self, practice):
        self.p = practice
        self._kept = {}
        self._links = {}
        for link in practice.links:
            self._links.setdefault(link.client, []).append(link)
        self._shares = {}
        for share in practice.shares:
            self._shares.setdefault((share.client, share.to_provider), []).append(share)

    def _keep(self, key, work):
        if key not in self._kept:
            self._kept[key] = work()
        return self._kept[key]

    def setting(self, name):
        return self.p.settings[name]

    # ---- what a member is

    def roles(self, m):
        return [self.p.roles[name] for name in self.p.members[m].roles]

    def is_practitioner(self, m):
        return any(role.practitioner for role in self.roles(m))

    def is_unrevocable(self, m):
        return any(role.unrevocable for role in self.roles(m))

    def has_capability(self, m, capability):
        return capability in self.p.members[m].capabilities or any(
            capability in role.capabilities for role in self.roles(m)
        )

    def is_active(self, m):
        member = self.p.members.get(m)
        return member is not None and member.status == "active" and not ended(member.ends_at)

    def accessible(self, m):
        return self._keep(("accessible", m), lambda: self._accessible(m))

    def _accessible(self, m):
        if not self.setting("groups") or not self.p.groups:
            return EVERYBODY
        if self.bypasses_groups(m):
            return EVERYBODY
        mine = [g for g in self.p.groups if m in g.practitioners]
        if not mine:
            return EVERYBODY if self.setting("ungrouped_sees") == "all" else {m}
        return {m}.union(*(g.practitioners for g in mine))

    def managed(self, m):
        return self._keep(("managed", m), lambda: self._managed(m))

    def _managed(self, m):
        if not self.setting("groups") or not self.p.groups:
            return EVERYBODY
        mine = [g for g in self.p.groups if m in g.admins]
        if not mine:
            return EVERYBODY if self.setting("ungrouped_admin_manages") == "all" else set()
        return set().union(*(g.practitioners for g in mine))

    def bypasses_groups(self, m):
        return self.setting("manager_bypasses_groups") and self.has_capability(m, "manage_groups")

    # ---- what a client is

    def links(self, c):
        return self._links.get(c, ())

    def linked_now(self, c):
        """Members with an active, currently valid link of any kind."""
        return self._keep(
            ("linked", c),
            lambda: {
                l.member
                for l in self.links(c)
                if l.active and l.valid_from <= 0 and not ended(l.valid_until)
            },
        )

    def opens(self, kind, category):
        return category in self.p.link_categories.get(kind, ())

    def author_rule(self, category):
        rule = self.p.author_rules.get(category)
        if rule is None:  # a category that the practice has no rule for
            return "author" if self.p.categories[category] else "none"
        return rule

    def is_revoked(self, m, c):
        """Step 2."""
        if (c, m) not in self.p.revocations or self.is_unrevocable(m):
            return False
        return not any(l.kind == "owner" and l.active and l.member == m for l in self.links(c))

    # ---- permissions (steps 3 and 4)

    def permissions(self, m, category, action):
        """The allow rows on (category, action) that no deny row takes away."""
        return self._keep(
            ("permissions", m, category, action), lambda: self._permissions(m, category, action)
        )

    def _permissions(self, m, category, action):
        member = self.p.members[m]
        rows = [row for role in self.roles(m) for row in role.permissions] + member.permissions
        if member.full_clinical:
            rows = rows + full_clinical_permissions()
        practitioner = self.is_practitioner(m)
        rows = [
            row
            for row in rows
            if row.category == category
            and action in row.actions
            and (practitioner or not row.only_if_practitioner)
        ]
        denied = {row.reach for row in rows if row.effect == "deny"}
        allows = [row for row in rows if row.effect == "allow"]
        if "all" in denied:
            return []
        if "own" in denied:
            return [row for row in allows if row.reach == "all"]
        return allows

    # ---- reach (step 5)

    def in_reach(self, m, reach, c, category, action, author):
        if reach == "all":
            return True
        if reach == "own":
            return self.reaches_own(m, c, category, action, author)
        if reach == "group":
            if self.reaches_own(m, c, category, action, author):
                return True
            group = self.accessible(m)
            return group is EVERYBODY or not group.isdisjoint(self.linked_now(c))
        if reach == "managed":
            group = self.managed(m)
            return group is EVERYBODY or not (group - {m}).isdisjoint(self.linked_now(c))
        raise ValueError(reach)

    def reaches_own(self, m, c, category, action, author):
        for link in self.links(c):
            if link.member != m:
                continue
            over = not link.active or ended(link.valid_until)
            if not over and link.valid_from <= 0 and self.opens(link.kind, category):
                return True
            # A listing that is over leaves him what he wrote himself.
            if (
                over
                and link.kind == "listed"
                and action == "view"
                and self.p.categories[category]
                and (author is NOT_ASKED or author == m)
            ):
                return True
        return (
            self.p.clients[c].shared_with_all
            and self.is_practitioner(m)
            and self.opens("grant", category)
        )

    # ---- the author filter (step 6)

    def author_passes(self, m, reach, c, category, action, author, counts_as_own=None):
        if author is NOT_ASKED:
            return True
        if author is not UNKNOWN and (author == m or author == counts_as_own):
            return True
        if (
            self.p.categories[category]
            and action != "view"
            and not self.setting("edit_others_records")
        ):
            return False
        rule = self.author_rule(category)
        if rule == "none":
            return True
        if rule == "author":
            return reach == "all"
        if rule == "share":
            return reach == "all" or (
                action == "view" and self.chart_is_shared(c, author, m, category)
            )
        if rule == "group":
            return self.group_author_passes(m, reach, category, author)
        raise ValueError(rule)

    def chart_is_shared(self, c, author, m, category):
        return author is not UNKNOWN and any(
            share.from_provider == author
            and share.running
            and not ended(share.valid_until)
            and (category != "private_notes" or share.include_private)
            for share in self._shares.get((c, m), ())
        )

    def group_author_passes(self, m, reach, category, author):
        if self.bypasses_groups(m):
            return True
        limit = self.p.members[m].limits.get(category)
        group = self.managed(m) if reach == "managed" else self.accessible(m)
        if author is UNKNOWN:
            return group is EVERYBODY and limit is None
        if reach == "managed":  # a colleague limit speaks of accessible(m) only
            return author in group
        return author in group and (limit is None or author in limit)

    # ---- own right (step 3), delegated reach (step 5)

    def own_right(self, m, c, category, action, author):
        """The permission that gives it, or None."""
        for row in self.permissions(m, category, action):
            if row.reach == "delegated":
                over = self.delegated_by(m, c, category, action, author)
                if over is not None:
                    return f"{row}, for {over}"
            elif self.in_reach(
                m, row.reach, c, category, action, author
            ) and self.author_passes(m, row.reach, c, category, action, author):
                return str(row)
        return None

    def delegated_by(self, m, c, category, action, author):
        """The colleague o for whom m may do it, or None."""
        if (
            action == "create"
            and self.p.categories[category]
            and not self.setting("edit_others_records")
            and author is not NOT_ASKED
            and author != m
        ):
            return None
        for d in self.p.delegations:
            if (
                d.member == m
                and d.mode == "context"
                and d.over != m
                and not ended(d.valid_until)
                and d.covers(category, action, c)
                and self.is_active(d.over)
                and not self.is_revoked(d.over, c)
                and self.undelegated_right(d.over, c, category, action, author, m)
            ):
                return d.over
        return None

    def undelegated_right(self, o, c, category, action, author, assistant):
        """o's own right, where a record by his assistant counts as o's in the author filter."""
        return any(
            row.reach != "delegated"
            and self.in_reach(o, row.reach, c, category, action, author)
            and self.author_passes(o, row.reach, c, category, action, author, assistant)
            for row in self.permissions(o, category, action)
        )

    # ---- author delegation (step 7)

    def author_delegation(self, m, c, category, action, author):
        for d in self.p.delegations:
            if (
                d.member == m
                and d.mode in ("author", "supervisor")
                and not ended(d.valid_until)
                and d.covers(category, action, c)
                and not self.is_replaced(d, c)
                and any(link.member == d.over for link in self.links(c))
                and (
                    author is NOT_ASKED
                    or author == d.over
                    or (
                        not self.p.categories[category] and self.author_rule(category) == "none"
                    )
                )
            ):
                return d
        return None

    def is_replaced(self, d, c):
        """A supervisor named for this client replaces the general ones."""
        return (
            d.mode == "supervisor"
            and d.client is None
            and any(
                other.mode == "supervisor"
                and other.over == d.over
                and other.client == c
                and not ended(other.valid_until)
                for other in self.p.delegations
            )
        )

    # ---- emergency (step 8)

    def emergency(self, m, c, category, action):
        return (
            self.setting("emergency_access")
            and action == "view"
            and category != "private_notes"
            and any(
                e.member == m and e.client == c and e.start <= 0 and not ended(e.until)
                for e in self.p.emergencies
            )
        )

    # ---- all of it, in order

    def can(self, m, c, category, action, author=NOT_ASKED):
        """Decision(allowed, rule): may m do action on a record of c by author?"""
        if not self.is_active(m):
            return Decision(False, "1: the member is not active")
        client = self.p.clients.get(c)
        if client is None or client.status == "deleted":
            return Decision(False, "1: the client is not there")
        if self.is_revoked(m, c):
            if self.setting("emergency_overrides_revocation") and self.emergency(
                m, c, category, action
            ):
                return Decision(True, "8: emergency, over a revocation")
            return Decision(False, "2: revoked")
        right = self.own_right(m, c, category, action, author)
        if right is not None:
            return Decision(True, f"3: {right}")
        delegation = self.author_delegation(m, c, category, action, author)
        if delegation is not None:
            return Decision(True, f"7: {delegation.mode} over {delegation.over}")
        if self.emergency(m, c, category, action):
            return Decision(True, "8: emergency")
        return Decision(False, "9: nothing allows it")

    # ---- the portal: a client-side login with one profile chosen

    def is_there(self, c):
        client = self.p.clients.get(c)
        return client is not None and client.status != "deleted"

    def portal_permissions(self, u, profile):
        """(view_appointments, manage_information) of u there; None if he may not choose it."""
        user = self.p.portal_users.get(u)
        if user is None or not self.is_there(user.client) or not self.is_there(profile):
            return None
        if user.client == profile:
            return True, True
        access = self.p.portal_accesses.get((profile, u))
        if (
            access is None
            or access.status != "accepted"
            or not self.p.rests_on_link(profile, user.client)
        ):
            return None
        return access.view_appointments, access.manage_information

    def portal_can(self, u, profile, c, category, action, client_visible=None):
        """May u, who has chosen the profile, do action on such a record of c?"""
        permissions = self.portal_permissions(u, profile)
        if permissions is None or c != profile:
            return False
        appointments, information = permissions
        if action == "edit":
            return category == "profile" and information
        if action != "view":
            return False
        if category == "name":
            return True
        if client_visible is True and (appointments or information):
            return True
        return (category == "profile" and information) or (category == "schedule" and appointments)

    # ---- who may book, and what it gives

    def names_only_managed(self, m):
        """Who makes appointments by reach managed only names only those he manages."""
        rows = self.permissions(m, "schedule", "create")
        return bool(rows) and all(row.reach == "managed" for row in rows)

    def has_current_link(self, c, m, *kinds):
        return any(
            l.member == m
            and l.active
            and not ended(l.valid_until)
            and (not kinds or l.kind in kinds)
            for l in self.links(c)
        )

    def booking(self, c, m, channel):
        """What an appointment of c with m gives: an answer of careaccess_book, or an SQLSTATE."""
        setting = self.setting("staff_booking" if channel == "staff" else "widget_booking")
        sees = self.can(m, c, "name", "view").allowed
        if setting == "list":
            # A listing says that he treats the client, so only a link will do.
            if self.has_current_link(c, m):
                return "linked"
            return "55000" if (c, m) in self.p.revocations else "new_provider"
        if setting == "grant":
            if sees or self.has_current_link(c, m, "owner", "grant"):
                return "linked"
            return "55000" if (c, m) in self.p.revocations else "granted"
        if setting == "duplicate":
            return "linked" if sees else "duplicate_needed"
        return "linked" if sees or self.has_current_link(c, m) else "unlinked"

    def may_take(self, c, m):
        """Is m an active practitioner who is not revoked on c?"""
        return (
            self.is_active(m) and self.is_practitioner(m) and (c, m) not in self.p.revocations
        )

    def assigned(self, form, c, answers):
        """The practitioner of the last rule that matches and can be kept, or None."""
        matching = [
            rule
            for rule in self.p.assignment_rules
            if rule.form == form
            and (
                rule.answer in answers[rule.question]
                if isinstance(answers.get(rule.question), list)
                else rule.answer == answers.get(rule.question)
            )
        ]
        matching.sort(key=lambda rule: rule.position)  # stable: as they were added
        for rule in reversed(matching):
            if self.may_take(c, rule.practitioner):
                return rule.practitioner
        return None

    # ---- the answers that are made of decisions

    def visible_clients(self, m, category):
        return {c for c in self.p.clients if self.can(m, c, category, "view").allowed}

    def viewers(self, c, category):
        return {m for m in self.p.members if self.can(m, c, category, "view").allowed}


def can(practice, m, c, category, action, author=NOT_ASKED):
    """One question about one practice; for many, keep a Model."""
    return Model(practice).can(m, c, category, action, author)
