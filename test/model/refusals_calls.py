"""The calls of the matrix: which functions with which arguments.

Each generator yields the calls of one part of the interface for an actor of a
World; the arguments are chosen so that every question of every rule is the
first one that is answered with no, for some actor and some call.
"""

from presets import PRESETS
from refusals_ask import ADMINISTRATION
from refusals_world import EMERGENCY_START, Call, GroupName, Raw, distinct_roles

MISSING = "missing"
# Where every kind of member is named; elsewhere a few are enough.
THOROUGH = {"unlinked", "own", "granted", "listed", "restricted", "own restricted", MISSING}


def calls(universe, world, actor):
    yield from for_clients(universe, world, actor)
    if world.whole:
        yield from for_accounts(world, actor)
    yield from for_practice(world, actor)


def call(relation, function, **arguments):
    return Call("careaccess_" + function, arguments, relation)


def clients_of(universe, world, actor):
    relations = dict(world.relations[actor.clients_of])
    far = universe.worlds["far"]
    other = far if world is not far else universe.worlds["standard"]
    relations["profile"], relations["contact"] = world.profile, world.contact
    relations["other practice"] = other.relations[other.actors[0]]["unlinked"]
    relations[MISSING] = missing_client(actor)
    return relations


def missing_client(actor):
    return f"{actor.world or 'far'}:{actor.clients_of}/missing"


def for_clients(universe, world, actor):
    a, b, p, d, e, r, n = (world.id(label) for label in "ABPDERN")
    me = actor.id if actor.id in world.p.members else world.id(actor.clients_of)
    far, nobody = "far:A", world.id("missing")
    administrative = [
        m
        for m in world.accounts
        if m not in (a, b) and any(role.administrative for role in world.model.roles(m))
    ]
    other_profile = world.relations[actor.clients_of]["unlinked"]
    for relation, c in clients_of(universe, world, actor).items():
        thorough = relation in THOROUGH
        people = [b, me] + ([a, p, d, e, r, n, far, nobody] if thorough else [])
        for m in people:
            yield call(relation, "share_client", client=c, member=m)
            yield call(relation, "reassign_client", client=c, new_owner=m)
            yield call(relation, "list_client", client=c, provider=m)
            yield call(relation, "book", client=c, provider=m)
        for m in (b, me, nobody) if thorough else (b,):
            yield call(relation, "unshare_client", client=c, member=m)
            yield call(relation, "unlist_client", client=c, provider=m)
        yield call(relation, "set_client_access", client=c, members=[b])
        yield call(relation, "set_client_access", client=c, members=[], owner=b, with_all=True)
        yield call(relation, "set_client_access", client=c, members=None, owner=b)
        if thorough:
            for members in ([me], [b, me], [n], [d, b], [nobody], [b, None], []):
                yield call(relation, "set_client_access", client=c, members=members)
            yield call(relation, "set_client_access", client=c, members=None, with_all=True)
            for owner in (me, n, far):
                yield call(relation, "set_client_access", client=c, members=[a], owner=owner)
        yield call(relation, "share_client_with_all", client=c, enabled=True)
        yield call(relation, "share_client_with_all", client=c, enabled=None)
        for giver in (a, me, p) + ((nobody,) if thorough else ()):
            receivers = [b, me] + ([a, n, d, far] if thorough else [])
            for receiver in receivers:
                yield call(
                    relation, "share_chart", client=c, from_provider=giver, to_provider=receiver
                )
            for receiver in (b, me) + ((nobody,) if thorough else ()):
                yield call(
                    relation,
                    "stop_chart_share",
                    client=c,
                    from_provider=giver,
                    to_provider=receiver,
                )
        for private in (True, False):
            yield call(
                relation,
                "share_chart",
                client=c,
                from_provider=a,
                to_provider=b,
                include_private=private,
            )
        yield call(relation, "restrict_client", client=c)
        yield call(relation, "unrestrict_client", client=c)
        for m in administrative[:2] + [a, me] + ([n, nobody, *administrative[2:6]] if thorough else []):
            yield call(relation, "revoke_administrative_access", client=c, member=m)
            yield call(relation, "restore_administrative_access", client=c, member=m)
        for status in ("active", "archived", "deleted", "gone"):
            yield call(relation, "set_client_status", client=c, status=status)
        yield call(relation, "book", client=c, provider=b, channel="widget")
        yield call(relation, "book", client=c, provider=b, channel="post")
        if c != other_profile:
            yield call(relation, "link_profile", client=c, contact_client=other_profile)
            yield call(relation, "link_profile", client=other_profile, contact_client=c)
            yield call(relation, "unlink_profile", client=c, contact_client=other_profile)
            yield call(relation, "unlink_profile", client=other_profile, contact_client=c)
        yield call(relation, "link_profile", client=c, contact_client=c)
        yield call(relation, "add_portal_user", portal_user="new user", client=c)
        for user in [*world.portal_users, "far:login", "missing user"]:
            yield call(relation, "invite_to_portal", client=c, portal_user=user)
            yield call(relation, "withdraw_portal_access", client=c, portal_user=user)
        yield call(relation, "accept_portal_access", client=c)
        yield call(relation, "switch_profile", client=c)
        for slug in (world.id("form"), None, "far:form"):
            yield call(relation, "submit_form", form="f", slug=slug, client=c, answers={})
        yield call(relation, "break_glass", client=c, reason="he fell off his chair")
        yield call(relation, "break_glass", client=c, reason="short")
        for m in (me, b):
            yield call(
                relation, "review_emergency", client=c, member=m, since=Raw(f"'{EMERGENCY_START}'")
            )
        if thorough or relation in ("revoked", "other practice"):
            for m in (n, a):
                yield call(relation, "delegate", member=m, over_member=b, mode="context", client=c)
                yield call(relation, "undelegate", member=m, over_member=b, mode="context", client=c)


def for_accounts(world, actor):
    a, b, n = (world.id(label) for label in "ABN")
    me = actor.id if actor.id in world.p.members else world.id(actor.clients_of)
    nobody = world.id("missing")
    # Single roles only: what several do together follows from what each does.
    choices = [[r.name] for r in distinct_roles(world)] + [[], ["no such role"]]
    for m in [me, *world.accounts, "far:A", nobody]:
        for names in choices:
            yield call("-", "set_member_roles", member=m, roles=names)
        yield call("-", "configure_member", member=m, settings={"records_owned_by": "provider"})
        yield call("-", "configure_member", member=m, settings={"login_role": None})
        yield call(
            "-", "set_member_permission", member=m, category="chart", actions=["view"], reach="all"
        )
        yield call("-", "clear_member_permission", member=m, category="chart")
        yield call("-", "set_full_clinical_access", member=m, enabled=True)
        yield call("-", "set_member_status", member=m, status="disabled")
        for successor in (None, b):
            yield call("-", "remove_member", member=m, reassign_to=successor)
        yield call("-", "transfer_clients", from_member=m, to_member=b)
        for mode in ("context", "author", "supervisor"):
            yield call("-", "delegate", member=m, over_member=b, mode=mode)
            yield call("-", "undelegate", member=m, over_member=a, mode=mode)
        yield call("-", "set_colleague_limit", member=m, category="chart", colleagues=[b])
    for m in (a, n, nobody):
        for settings in (
            {"name": "New"},
            {"ends_at": "2099-01-01"},
            {"records_owned_by": "nobody"},
            {"unknown": 1},
        ):
            yield call("-", "configure_member", member=m, settings=settings)
        yield call(
            "-", "set_member_permission", member=m, category="?", actions=["view"], reach="all"
        )
        yield call(
            "-",
            "set_member_permission",
            member=m,
            category="chart",
            actions=["view"],
            reach="group",
            effect="deny",
        )
        for enabled in (False, None):
            yield call("-", "set_full_clinical_access", member=m, enabled=enabled)
        for status in ("active", "removed", "?"):
            yield call("-", "set_member_status", member=m, status=status)
        for successor in (n, m, nobody):
            yield call("-", "remove_member", member=m, reassign_to=successor)
            yield call("-", "transfer_clients", from_member=m, to_member=successor)
        yield call("-", "delegate", member=m, over_member=b, mode="?")
        yield call("-", "undelegate", member=m, over_member=b, mode="?")
        yield call("-", "delegate", member=m, over_member=nobody, mode="supervisor")
        yield call("-", "delegate", member=m, over_member=world.id("R"), mode="context")
        yield call("-", "delegate", member=m, over_member=world.id("R"), mode="author")
        yield call("-", "delegate", member=m, over_member=a, mode="author", categories=[])
        yield call("-", "set_colleague_limit", member=m, category="chart", colleagues=None)
        yield call("-", "set_colleague_limit", member=m, category="chart", colleagues=["far:A"])


def for_practice(world, actor):
    key = world.key
    a, b, n, d = (world.id(label) for label in "ABND")
    me = actor.id if actor.id in world.p.members else world.id(actor.clients_of)
    nobody = world.id("missing")
    new = f"{key}:new"
    yield call("-", "create_practice", practice="new", name="New", preset="standard")
    for settings in (
        {},
        {"unknown": 1},
        {"groups": False},
        {"restriction": False},
        {"owner_mode": "none" if world.p.settings["owner_mode"] == "one" else "one"},
        {"allow_self_share": True},
    ):
        yield call("-", "configure_practice", practice=key, settings=settings)
    for p in ("far", "no such practice"):
        yield call("-", "configure_practice", practice=p, settings={})
        yield call("-", "define_role", practice=p, role="new", definition={})
        yield call("-", "add_member", practice=p, member=new, name="New", roles=[])
        yield call("-", "invite_member", practice=p, contact="new@example.org", roles=[])
        yield call("-", "withdraw_invitation", practice=p, contact="plain@example.org")
        yield call("-", "add_client", client=new, practice=p)
        yield call("-", "create_group", practice=p, name="New")
        yield call("-", "add_form_route", practice=p, slug="new", practitioner=a)
        yield call(
            "-",
            "add_assignment_rule",
            practice=p,
            form="f",
            question="q",
            answer="a",
            practitioner=a,
        )
    for r in world.p.roles.values() if world.whole else distinct_roles(world):
        definition = definition_of(world, r)
        yield call("-", "define_role", practice=key, role=r.name, definition=definition)
        yield call(
            "-",
            "define_role",
            practice=key,
            role=r.name,
            definition={**definition, "practitioner": False},
        )
        yield call("-", "add_member", practice=key, member=new, name="New", roles=[r.name])
        yield call("-", "invite_member", practice=key, contact="new@example.org", roles=[r.name])
    for c in sorted(ADMINISTRATION) + ["grant"]:
        yield call("-", "define_role", practice=key, role="new", definition={"capabilities": [c]})
        definition = definition_of(world, world.p.roles[world.base])
        definition["capabilities"] = definition["capabilities"] + [c]
        yield call("-", "define_role", practice=key, role=world.base, definition=definition)
    yield call("-", "define_role", practice=key, role="new", definition={"unrevocable": True})
    yield call("-", "define_role", practice=key, role="new", definition={"capabilities": ["?"]})
    yield call("-", "define_role", practice=key, role="new", definition={"?": True})
    deny = {"category": "chart", "actions": ["view"], "reach": "group", "effect": "deny"}
    yield call("-", "define_role", practice=key, role="new", definition={"permissions": [deny]})
    for roles in ([], ["no such role"]):
        yield call("-", "add_member", practice=key, member=new, name="New", roles=roles)
        yield call("-", "invite_member", practice=key, contact="new@example.org", roles=roles)
    yield call("-", "add_member", practice=key, member=a, name="New", roles=[])
    yield call("-", "add_member", practice=key, member="far:A", name="New", roles=[])
    yield call("-", "add_member", practice=key, member=new, name="", roles=[])
    yield call(
        "-", "add_member", practice=key, member=new, name="New", roles=[], login_role="postgres"
    )
    for groups in ([GroupName(key, "One")], [GroupName("far", "One")]):
        for roles in ([world.base], []):
            yield call(
                "-",
                "invite_member",
                practice=key,
                contact="new@example.org",
                roles=roles,
                groups=groups,
            )
    for contact in (*world.invitations, "nobody@example.org"):
        yield call("-", "withdraw_invitation", practice=key, contact=contact)
        yield call("-", "invite_member", practice=key, contact=contact, roles=[])
    yield call("-", "accept_invitation", token="0" * 32, member=new, name="New")

    for owner in (None, a, b, me, n, d, nobody, "far:A"):
        yield call("-", "add_client", client=new, practice=key, owner=owner)
    for providers in ([a], [b], [a, b], [me], [n], [d], [nobody]):
        yield call("-", "add_client", client=new, practice=key, providers=providers)
    if actor.kind == "member":
        yield call("-", "add_client", client=new)
    for c in (*list(world.p.clients)[:2], "far:everything/unlinked"):
        yield call("-", "add_client", client=c, practice=key)

    yield call("-", "create_group", practice=key, name="New")
    yield call("-", "create_group", practice=key, name="")
    yield call("-", "create_group", practice=key, name="ONE")
    yield call("-", "create_group", practice=key, name="New", practitioners=[a, d], admins=[n])
    yield call("-", "create_group", practice=key, name="New", practitioners=[n])
    yield call("-", "create_group", practice=key, name="New", admins=["far:A"])
    for group in (GroupName(key, "One"), GroupName("far", "One"), GroupName(key, "None")):
        yield call("-", "update_group", group_id=group, name="New")
        yield call("-", "update_group", group_id=group, practitioners=[n])
        yield call("-", "update_group", group_id=group, name="two")
        yield call("-", "delete_group", group_id=group)

    for user in [*world.portal_users, "far:login", "missing user"]:
        yield call("-", "remove_portal_user", portal_user=user)
        yield call("-", "add_portal_user", portal_user=user, client=world.profile)
    yield call("-", "add_form_route", practice=key, slug="far:form", practitioner=a)
    for p in (key, "far"):
        yield call("-", "remove_form_route", practice=p, slug=world.id("form"))
        yield call(
            "-", "remove_assignment_rule", practice=p, form="f", question="q", answer="a"
        )
    yield call("-", "remove_form_route", practice=key, slug="")
    for m in (a, n, d, nobody, "far:A"):
        yield call("-", "add_form_route", practice=key, slug=f"{key} new", practitioner=m)
        yield call(
            "-",
            "add_assignment_rule",
            practice=key,
            form="f",
            question="q",
            answer="a",
            practitioner=m,
        )
    yield call("-", "add_form_route", practice=key, slug="", practitioner=a)


def definition_of(world, role):
    """The role as it is."""
    rows = PRESETS.get(world.preset, {}).get("roles", {}).get(role.name)
    if rows is not None:
        return dict(rows)
    return {
        "practitioner": role.practitioner,
        "administrative": role.administrative,
        "unrevocable": role.unrevocable,
        "capabilities": sorted(role.capabilities),
        "permissions": [
            {
                "category": p.category,
                "actions": sorted(p.actions),
                "reach": p.reach,
                "effect": p.effect,
                "only_if_practitioner": p.only_if_practitioner,
            }
            for p in role.permissions
        ],
    }
