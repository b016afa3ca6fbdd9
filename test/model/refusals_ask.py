"""Who may change access, written a second time.

For each function that changes access, a rule: a plain Python function of the
same arguments that raises Refused(SQLSTATE) where the function must refuse.
Here are the questions that rules are made of; the rules are in
refusals_rules.py and refusals_outside.py. They are written from the description of who may do what, over the facts of
a World (refusals_world.py) and the decision of model.py; nothing is asked of the
extension.

Every rule asks in the same order, and the SQLSTATE that is expected is that of
the first question that is answered with no:

    may the actor see the client          P0002
    may he do this                        42501
    do the arguments make sense           22023, P0002 for others named
    does the state allow it               55000

Where the description leaves open which of two refusals comes first, Refused
names both.
"""

import traceback

from model import ended

OK = "00000"
HIDDEN = "P0002"
FORBIDDEN = "42501"
BAD = "22023"
STATE = "55000"
IN_USE = "23505"
TOKEN = "28000"

ADMINISTRATION = {
    "manage_members",
    "manage_roles",
    "manage_groups",
    "delegate",
    "appoint_custodian",
    "view_audit",
    "restrict",
}
STATUSES = ("active", "archived", "deleted")
CATEGORIES = (
    "name", "profile", "diagnosis", "schedule", "documents", "billing", "chart", "private_notes",
)  # fmt: skip

RULES = {}
# What a portal user may call with success.
FOR_PORTAL_USERS = {
    "careaccess_" + name
    for name in "book submit_form accept_invitation accept_portal_access switch_profile".split()
}


class Refused(Exception):
    def __init__(self, *codes):
        super().__init__(*codes)
        self.codes = set(codes)


def rule(function):
    RULES["careaccess_" + function.__name__] = function
    return function


def refuse_if(condition, *codes):
    if condition:
        raise Refused(*codes)


def expected(universe, actor, name, arguments):
    """The SQLSTATEs with which the call may end (almost always one), and why: where
    in the rules the refusal stands."""
    if actor.kind == "portal" and name not in FOR_PORTAL_USERS:
        # He has no capability and sees no client, whichever is asked first.
        unknown_mode = {BAD} if arguments.get("mode") == "?" else set()
        return {FORBIDDEN, HIDDEN} | unknown_mode, ("portal",)
    try:
        RULES[name](Ask(universe, actor), **arguments)
    except Refused as refused:
        frames = traceback.extract_tb(refused.__traceback__)
        return refused.codes, tuple(frame.lineno for frame in frames[1:])
    return {OK}, ()


class Ask:
    """The questions that rules are made of, asked about one actor."""

    def __init__(self, universe, actor):
        self.universe = universe
        self.actor = actor
        self.me = actor.id
        self.member_acts = actor.kind == "member"
        self.administrator = actor.kind == "administrator"
        self.home = universe.worlds[actor.world] if self.member_acts else None

    # ---- what the actor may

    def somebody(self):
        refuse_if(self.actor.kind == "nobody", FORBIDDEN)

    def has(self, *capabilities):
        if self.administrator:
            return True
        return self.member_acts and any(
            self.home.model.has_capability(self.me, c) for c in capabilities
        )

    def needs(self, *capabilities):
        self.somebody()
        refuse_if(not self.has(*capabilities), FORBIDDEN)

    def administration(self, m):
        model = self.universe.world_of_member(m).model
        return {c for c in ADMINISTRATION if model.has_capability(m, c)}

    def within_own(self, capabilities):
        """Administration capabilities are acted on only by who has them himself."""
        if self.member_acts:
            refuse_if(not capabilities <= self.administration(self.me), FORBIDDEN)

    def below(self, capabilities):
        if self.member_acts:
            refuse_if(capabilities and not self.has("manage_members"), FORBIDDEN)

    def unrevocable(self):
        """Gives or takes an unrevocable role."""
        if self.member_acts:
            refuse_if(not self.home.model.is_unrevocable(self.me), FORBIDDEN)

    # ---- clients

    def sees(self, c, deleted=False):
        world = self.universe.world_of_client(c)
        if world is None:
            return False
        is_deleted = world.p.clients[c].status == "deleted"
        if is_deleted and not deleted:
            return False
        if self.administrator:
            return True
        if not self.member_acts or world is not self.home:
            return False
        model = world.as_archived if is_deleted else world.model
        return model.can(self.me, c, "name", "view").allowed

    def client(self, c, deleted=False):
        """The client's world; a client whom the actor may not see is missing."""
        self.somebody()
        refuse_if(c is None, BAD)
        refuse_if(not self.sees(c, deleted), HIDDEN)
        return self.universe.world_of_client(c)

    def linked(self, world, c, m, *kinds):
        return any(
            link.member == m and link.kind in kinds and link.active and not ended(link.valid_until)
            for link in world.model.links(c)
        )

    def on_client(self, world, c, anywhere, linked, *kinds):
        if self.has(anywhere):
            return
        refuse_if(not (self.has(linked) and self.linked(world, c, self.me, *kinds)), FORBIDDEN)

    def not_revoked(self, world, c, m):
        refuse_if((c, m) in world.p.revocations, STATE)

    def with_owners(self, world):
        refuse_if(world.p.settings["owner_mode"] != "one", STATE)

    # ---- members

    def found(self, world, m):
        refuse_if(m is None, BAD)
        refuse_if(m not in world.p.members, HIDDEN)

    def practitioner(self, world, m):
        model = world.model
        refuse_if(not (model.is_active(m) and model.is_practitioner(m)), BAD)

    def may_name(self, world, m):
        """Who creates appointments by reach managed only names those he manages."""
        if not self.member_acts:
            return
        rows = world.model.permissions(self.me, "schedule", "create")
        if rows and all(row.reach == "managed" for row in rows):
            refuse_if(m not in world.model.managed(self.me), FORBIDDEN)

    def home_of(self, m):
        """The world in which the actor finds this member."""
        refuse_if(m is None, BAD)
        world = self.universe.world_of_member(m)
        refuse_if(world is None or (self.member_acts and world is not self.home), HIDDEN)
        return world

    def account(self, m, *capabilities):
        """May the actor act over this account, as it is?"""
        capabilities = capabilities or ("manage_members", "manage_members_below")
        self.needs(*capabilities)
        world = self.home_of(m)
        refuse_if(m == self.me, FORBIDDEN)
        self.within_own(self.administration(m))
        if "manage_members_below" in capabilities:
            self.below(self.administration(m))
        return world

    def practice(self, p, *capabilities):
        """The world of a practice, for who holds one of the capabilities."""
        self.somebody()
        world = self.universe.worlds.get(p) if p is not None else self.home
        elsewhere = world is None or (self.member_acts and world is not self.home)
        lacking = not self.has(*capabilities)
        # No client is concerned: which comes first is left open.
        refuse_if(elsewhere and lacking, FORBIDDEN, BAD if p is None else HIDDEN)
        refuse_if(lacking, FORBIDDEN)
        refuse_if(elsewhere, BAD if p is None else HIDDEN)
        return world

    def assignable(self, world, roles):
        """May these roles be given to somebody who has none yet?"""
        refuse_if(roles is None or not set(roles) <= set(world.p.roles), BAD)
        given = [world.p.roles[r] for r in roles]
        administration = {c for r in given for c in r.capabilities} & ADMINISTRATION
        self.within_own(administration)
        self.below(administration)
        if any(r.unrevocable for r in given):
            self.unrevocable()

    def removed(self, world, m):
        """What else may be said first of an account that is not used any more."""
        return {STATE} if world.p.members[m].status == "removed" else set()

    def not_removed(self, world, m):
        refuse_if(self.removed(world, m), STATE)

    # ---- chart shares

    def may_share_chart(self, world, c, giver):
        if self.administrator:
            return True
        if not self.member_acts:
            return False
        if self.me == giver and self.has("share_chart_own"):
            return True
        if world.records_owned_by.get(giver) == "provider":
            return False
        return self.has("share_chart_any") or (
            self.has("share_chart_custody")
            and any(
                d.member == self.me
                and d.over == giver
                and d.mode == "author"
                and d.client in (None, c)
                and not ended(d.valid_until)
                for d in world.p.delegations
            )
        )

    def self_share(self, world, m):
        """Asked of practitioners, like self_listing: nobody else is shared with."""
        refuse_if(
            self.member_acts and m == self.me and not world.p.settings["allow_self_share"],
            FORBIDDEN,
        )

    def self_listing(self, world, c, m):
        """Only a practitioner can be listed at all."""
        refuse_if(
            self.member_acts
            and m == self.me
            and world.model.is_practitioner(m)
            and not world.p.settings["allow_self_listing"]
            and not self.linked(world, c, m, "owner", "grant", "listed"),
            FORBIDDEN,
        )
