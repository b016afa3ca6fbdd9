"""The rules of practices, accounts, clients, shares, restriction and groups.

What a rule is: refusals_ask.py.
"""

from refusals_ask import (
    ADMINISTRATION,
    BAD,
    CATEGORIES,
    FORBIDDEN,
    HIDDEN,
    IN_USE,
    STATE,
    STATUSES,
    Refused,
    refuse_if,
    rule,
)
from model import ended

# --------------------------------------------------------- practices and roles


@rule
def create_practice(ask, practice, name, preset):
    ask.somebody()
    refuse_if(not ask.administrator, FORBIDDEN)
    refuse_if(not name or preset not in ask.universe.presets, BAD)
    refuse_if(practice in ask.universe.worlds, IN_USE)


@rule
def configure_practice(ask, practice, settings):
    world = ask.practice(practice, "manage_roles")
    refuse_if(not set(settings) <= set(world.p.settings) | {"author_rules", "link_categories"}, BAD)
    clients = [c for c in world.p.clients.values() if c.status != "deleted"]
    refuse_if(settings.get("groups") is False and world.p.groups, STATE)
    refuse_if(
        settings.get("restriction") is False and any(c.restricted for c in world.p.clients.values()),
        STATE,
    )
    owner_mode = settings.get("owner_mode", world.p.settings["owner_mode"])
    if owner_mode != world.p.settings["owner_mode"]:
        owned = {l.client for l in world.p.links if l.kind == "owner" and l.active}
        refuse_if(any((c.id in owned) == (owner_mode == "none") for c in clients), STATE)


@rule
def define_role(ask, practice, role, definition):
    world = ask.practice(practice, "manage_roles")
    refuse_if(not role, BAD)
    known = {"practitioner", "administrative", "unrevocable", "permissions", "capabilities"}
    refuse_if(not set(definition) <= known, BAD)
    capabilities = set(definition.get("capabilities", ()))
    refuse_if(not capabilities <= ask.universe.capabilities, BAD)
    for row in definition.get("permissions", ()):
        refuse_if(row["category"] not in CATEGORIES, BAD)
        refuse_if(row.get("effect") == "deny" and row["reach"] not in ("own", "all"), "23514")
    was = world.p.roles.get(role)
    holders = [m for m in world.p.members.values() if role in m.roles and m.status != "removed"]
    if ask.member_acts:
        refuse_if(any(m.id == ask.me for m in holders), FORBIDDEN)
        before = was.capabilities if was else set()
        ask.within_own((capabilities | before) & ADMINISTRATION)
        if definition.get("unrevocable") or (was and was.unrevocable):
            ask.unrevocable()
        for m in holders:
            ask.within_own(ask.administration(m.id))
    if was and was.practitioner and not definition.get("practitioner"):
        for m in holders:
            others = [world.p.roles[r] for r in m.roles if r != role]
            if not any(r.practitioner for r in others):
                refuse_if(world.owned_by(m.id), STATE)


# -------------------------------------------------------------------- members


@rule
def add_member(ask, practice, member, name, roles, login_role=None):
    world = ask.practice(practice, "manage_members", "manage_members_below")
    if ask.member_acts:
        refuse_if(login_role is not None, FORBIDDEN)
    refuse_if(member is None or not name, BAD)
    ask.assignable(world, roles)
    refuse_if(login_role in ask.universe.unfit_logins, BAD)
    refuse_if(ask.universe.world_of_member(member) is not None, IN_USE)


@rule
def set_member_roles(ask, member, roles):
    world = ask.account(member)
    removed = ask.removed(world, member)
    refuse_if(not set(roles) <= set(world.p.roles), BAD, *removed)
    given = [world.p.roles[r] for r in roles]
    account = world.p.members[member]
    after = ({c for r in given for c in r.capabilities} | account.capabilities) & ADMINISTRATION
    ask.within_own(after)
    ask.below(after)
    ends = world.model.is_practitioner(member) and not any(r.practitioner for r in given)
    owns = {STATE} if ends and world.owned_by(member) else set()
    held = {r for r in account.roles if world.p.roles[r].unrevocable}
    if held != {r.name for r in given if r.unrevocable} and ask.member_acts:
        # Whether one is really taken or given is known when the rest is.
        fixed = ask.home.model.is_unrevocable(ask.me)
        refuse_if(not fixed, FORBIDDEN, *removed, *owns)
    ask.not_removed(world, member)
    refuse_if(owns, STATE)


@rule
def configure_member(ask, member, settings):
    world = ask.account(member)
    removed = ask.removed(world, member)
    if ask.member_acts:
        refuse_if("login_role" in settings, FORBIDDEN, *removed)
    refuse_if(not set(settings) <= {"name", "ends_at", "records_owned_by", "login_role"}, BAD, *removed)
    refuse_if(settings.get("records_owned_by", "group") not in ("group", "provider"), BAD, *removed)
    refuse_if(settings.get("login_role") in ask.universe.unfit_logins, BAD, *removed)
    ask.not_removed(world, member)


@rule
def set_member_permission(ask, member, category, actions, reach, effect="allow"):
    world = ask.account(member)
    removed = ask.removed(world, member)
    refuse_if(category not in CATEGORIES or not actions, BAD, *removed)
    refuse_if(effect == "deny" and reach not in ("own", "all"), "23514", *removed)
    ask.not_removed(world, member)


@rule
def clear_member_permission(ask, member, category):
    world = ask.account(member)
    removed = ask.removed(world, member)
    refuse_if(category not in CATEGORIES, BAD, *removed)
    ask.not_removed(world, member)


@rule
def set_full_clinical_access(ask, member, enabled):
    world = ask.account(member)
    removed = ask.removed(world, member)
    refuse_if(enabled is None, BAD, *removed)
    refuse_if(enabled and not world.model.is_practitioner(member), BAD, *removed)
    ask.not_removed(world, member)


@rule
def set_member_status(ask, member, status):
    world = ask.account(member)
    removed = ask.removed(world, member)
    refuse_if(status not in ("active", "disabled", "invited"), BAD, *removed)
    ask.not_removed(world, member)


@rule
def remove_member(ask, member, reassign_to=None):
    world = ask.account(member)
    removed = ask.removed(world, member)
    if world.model.is_unrevocable(member) and not removed:
        ask.unrevocable()
    if reassign_to is not None and not removed:
        refuse_if(reassign_to == member, BAD)
        ask.found(world, reassign_to)
        ask.practitioner(world, reassign_to)
    ask.not_removed(world, member)
    owned = world.owned_by(member, deleted=reassign_to is not None)
    refuse_if(reassign_to is None and owned, STATE)
    refuse_if(any((c, reassign_to) in world.p.revocations for c in owned), STATE)


@rule
def transfer_clients(ask, from_member, to_member):
    ask.needs("reassign", "reassign_linked")
    refuse_if(from_member is None or to_member is None or from_member == to_member, BAD)
    world = ask.home_of(from_member)
    deleted = ask.has("delete_client")
    owned = [c for c in world.owned_by(from_member, deleted) if ask.sees(c, deleted)]
    # Whether he has a link to each is asked of the clients, when they are locked with
    # the members.
    lacking = set()
    if not ask.has("reassign"):
        if not all(ask.linked(world, c, ask.me, "owner", "grant") for c in owned):
            lacking = {FORBIDDEN}
    refuse_if(to_member not in world.p.members, HIDDEN, *lacking)
    model = world.model
    refuse_if(not (model.is_active(to_member) and model.is_practitioner(to_member)), BAD, *lacking)
    refuse_if(lacking, FORBIDDEN)
    for c in owned:
        ask.not_revoked(world, c, to_member)


def delegation(ask, member, mode, client):
    """Rights first or the client first: he is only one of the arguments here."""
    if mode not in ("context", "author", "supervisor"):
        # Which capability it needs follows from the mode.
        raise Refused(BAD, *(() if ask.has("delegate", "appoint_custodian") else (FORBIDDEN,)))
    hidden = {HIDDEN} if client is not None and not ask.sees(client, True) else set()
    try:
        world = ask.account(member, "appoint_custodian" if mode == "author" else "delegate")
    except Refused as refused:
        raise Refused(*(refused.codes | hidden))
    return world, hidden


@rule
def delegate(ask, member, over_member, mode, categories=None, actions=None, client=None):
    world, hidden = delegation(ask, member, mode, client)
    refuse_if(over_member is None or over_member == member, BAD, *hidden)
    bad = (categories is not None and not (categories and set(categories) <= set(CATEGORIES))) or (
        actions is not None and not actions
    )
    refuse_if(bad, BAD, *hidden)
    refuse_if(client is not None and not ask.sees(client), HIDDEN)
    refuse_if(client is not None and client not in world.p.clients, HIDDEN)
    refuse_if(over_member not in world.p.members, HIDDEN, *ask.removed(world, member))
    ask.not_removed(world, member)
    refuse_if(mode == "context" and world.p.members[over_member].status == "removed", STATE)


@rule
def undelegate(ask, member, over_member, mode, client=None):
    world, hidden = delegation(ask, member, mode, client)
    refuse_if(over_member is None, BAD, *hidden)
    there = any(
        d.member == member and d.over == over_member and d.mode == mode and d.client == client
        for d in world.p.delegations
    )
    if client is not None:
        refuse_if(not ask.sees(client, ask.has("delete_client")), HIDDEN)
    ask.not_removed(world, member)
    refuse_if(not there, HIDDEN)


@rule
def set_colleague_limit(ask, member, category, colleagues):
    world = ask.account(member)
    ask.not_removed(world, member)
    refuse_if(category not in CATEGORIES, BAD)
    for m in colleagues or ():
        ask.found(world, m)


# ---------------------------------------------------------------- invitations


@rule
def invite_member(ask, practice, contact, roles, groups=()):
    world = ask.practice(practice, "manage_members", "manage_members_below")
    if groups:
        ask.needs("manage_groups")
    refuse_if(not set(roles) <= set(world.p.roles), BAD)
    ask.assignable(world, roles)
    refuse_if(not contact, BAD)
    if groups:
        on = world.p.settings["groups"]
        # A group cannot be named where there are none.
        refuse_if(not on, STATE)
        refuse_if(not all(g.world == world.key and g.name in world.groups for g in groups), HIDDEN)
        given = [world.p.roles[r] for r in roles]
        refuse_if(
            not any(r.practitioner or any(p.reach == "managed" for p in r.permissions) for r in given),
            BAD,
        )
    refuse_if(contact in world.invitations, IN_USE)


@rule
def withdraw_invitation(ask, practice, contact):
    world = ask.practice(practice, "manage_members", "manage_members_below")
    refuse_if(contact not in world.invitations, HIDDEN)
    ask.assignable(world, world.invitations[contact])


# -------------------------------------------------------------------- clients


@rule
def add_client(ask, client, practice=None, owner=None, providers=()):
    ask.somebody()
    refuse_if(client is None, BAD)
    world = ask.practice(practice, "create_client")
    assisted = world.assisted_by(ask.me) if ask.member_acts else []
    default = None
    if ask.member_acts:
        if world.model.is_practitioner(ask.me):
            default = ask.me
        elif len(assisted) == 1:
            default = assisted[0]
    named = list(providers)
    if world.p.settings["owner_mode"] == "one":
        owner = owner or default
        if ask.member_acts and owner is not None and owner != ask.me and owner not in assisted:
            ask.needs("reassign")
        if owner is not None:
            named.append(owner)
    elif not named and owner is None and default is not None:
        named = [default]
    for m in named:
        ask.may_name(world, m)
    if world.p.settings["owner_mode"] == "one":
        refuse_if(owner is None, BAD)
    else:
        refuse_if(owner is not None, BAD)
    for m in named:
        ask.found(world, m)
    for m in named:
        ask.practitioner(world, m)
    refuse_if(ask.universe.world_of_client(client) is not None, IN_USE)


@rule
def set_client_status(ask, client, status):
    world = ask.client(client, deleted=True)
    was = world.p.clients[client].status
    refuse_if(was == "deleted" and not ask.has("delete_client"), HIDDEN)
    if "deleted" in (was, status):
        ask.needs("delete_client")
    elif ask.member_acts:
        ask.needs("create_client")
        refuse_if(not world.model.can(ask.me, client, "profile", "edit").allowed, FORBIDDEN)
    refuse_if(status not in STATUSES, BAD)
    if was == "deleted" and status != "deleted" and world.p.settings["owner_mode"] == "one":
        refuse_if(not world.has_practising_owner(client), STATE)


@rule
def reassign_client(ask, client, new_owner):
    world = ask.client(client, deleted=ask.administrator)
    ask.on_client(world, client, "reassign", "reassign_linked", "owner", "grant")
    ask.found(world, new_owner)
    ask.practitioner(world, new_owner)
    ask.with_owners(world)
    ask.not_revoked(world, client, new_owner)


def may_grant(ask, world, client):
    ask.on_client(world, client, "grant", "grant_linked", "owner", "grant")


@rule
def share_client(ask, client, member):
    world = ask.client(client)
    may_grant(ask, world, client)
    ask.found(world, member)
    if ask.linked(world, client, member, "owner"):
        return
    ask.practitioner(world, member)
    ask.self_share(world, member)
    ask.not_revoked(world, client, member)


@rule
def unshare_client(ask, client, member):
    world = ask.client(client)
    may_grant(ask, world, client)
    ask.found(world, member)


@rule
def set_client_access(ask, client, members, owner=None, with_all=None):
    world = ask.client(client)
    if members is not None or with_all is not None or owner is None:
        may_grant(ask, world, client)
    changes_owner = owner is not None and not ask.linked(world, client, owner, "owner")
    if changes_owner:
        ask.on_client(world, client, "reassign", "reassign_linked", "owner", "grant")
    refuse_if(members is not None and None in members, BAD)
    for m in members or ():
        ask.found(world, m)
    if owner is not None:
        ask.found(world, owner)

    def is_owner(m):
        return m == owner if changes_owner else ask.linked(world, client, m, "owner")

    new = [
        m for m in members or () if not is_owner(m) and not ask.linked(world, client, m, "grant")
    ]
    for m in new + ([owner] if owner is not None else []):
        ask.practitioner(world, m)
    for m in new:
        ask.self_share(world, m)
    if owner is not None:
        ask.with_owners(world)
        ask.not_revoked(world, client, owner)
    for m in new:
        ask.not_revoked(world, client, m)


@rule
def share_client_with_all(ask, client, enabled):
    world = ask.client(client)
    may_grant(ask, world, client)
    refuse_if(enabled is None, BAD)


def may_list(ask, world, client, provider):
    if not ask.has("list_client") and not (provider == ask.me and ask.has("list_client_own")):
        # Who may start a chart share to the provider lists him by doing so.
        givers = {
            l.member
            for l in world.model.links(client)
            if l.active and not ended(l.valid_until) and l.member != provider
        }
        refuse_if(not any(ask.may_share_chart(world, client, g) for g in givers), FORBIDDEN)
        ask.self_share(world, provider)
    ask.may_name(world, provider)


@rule
def list_client(ask, client, provider):
    world = ask.client(client)
    may_list(ask, world, client, provider)
    ask.self_listing(world, client, provider)
    ask.found(world, provider)
    ask.practitioner(world, provider)
    ask.not_revoked(world, client, provider)


@rule
def unlist_client(ask, client, provider):
    world = ask.client(client)
    may_list(ask, world, client, provider)
    ask.found(world, provider)


@rule
def share_chart(ask, client, from_provider, to_provider, include_private=None):
    world = ask.client(client)
    ask.needs("share_chart_any", "share_chart_own", "share_chart_custody")
    ask.found(world, from_provider)
    ask.found(world, to_provider)
    refuse_if(not ask.may_share_chart(world, client, from_provider), FORBIDDEN)
    refuse_if(from_provider == to_provider, BAD)
    ask.practitioner(world, to_provider)
    ask.self_share(world, to_provider)
    refuse_if(not ask.linked(world, client, from_provider, "owner", "grant", "listed"), STATE)
    ask.not_revoked(world, client, to_provider)
    if include_private is None:
        include_private = world.p.settings["share_private_notes_default"]
    for share in world.p.shares:
        if (share.client, share.from_provider, share.to_provider) == (
            client,
            from_provider,
            to_provider,
        ):
            refuse_if(share.running and share.include_private != include_private, STATE)


@rule
def stop_chart_share(ask, client, from_provider, to_provider):
    world = ask.client(client)
    if not (ask.member_acts and to_provider == ask.me):
        ask.needs("share_chart_any", "share_chart_own", "share_chart_custody")
    ask.found(world, from_provider)
    ask.found(world, to_provider)
    if not (ask.member_acts and to_provider == ask.me):
        refuse_if(not ask.may_share_chart(world, client, from_provider), FORBIDDEN)


# ---------------------------------------------------------------- restriction


def may_restrict(ask, world, client):
    ask.on_client(world, client, "restrict", "restrict_own", "owner")


@rule
def restrict_client(ask, client):
    world = ask.client(client)
    may_restrict(ask, world, client)
    refuse_if(not world.p.settings["restriction"], STATE)


@rule
def unrestrict_client(ask, client):
    world = ask.client(client)
    may_restrict(ask, world, client)
    refuse_if((client, ask.me) in world.p.revocations, FORBIDDEN)


@rule
def revoke_administrative_access(ask, client, member):
    world = ask.client(client)
    may_restrict(ask, world, client)
    ask.found(world, member)
    if (client, member) in world.p.revocations:
        return
    codes = set()
    if not any(r.administrative for r in world.model.roles(member)):
        codes.add(BAD)
    if ask.linked(world, client, member, "owner") or world.model.is_unrevocable(member):
        codes.add(STATE)
    if not world.p.clients[client].restricted:
        codes.add(STATE)
    # Who has no administrative role may be the owner, too: either says enough.
    refuse_if(codes, *codes)


@rule
def restore_administrative_access(ask, client, member):
    world = ask.client(client)
    may_restrict(ask, world, client)
    ask.found(world, member)
    refuse_if(member == ask.me and (client, member) in world.p.revocations, FORBIDDEN)


# --------------------------------------------------------------------- groups


@rule
def create_group(ask, practice, name, practitioners=(), admins=()):
    world = ask.practice(practice, "manage_groups")
    # The setting stands beside the capability.
    refuse_if(not world.p.settings["groups"], STATE)
    refuse_if(not name, BAD)
    group_members(ask, world, practitioners, admins)
    refuse_if(name.lower() in {g.lower() for g in world.groups}, IN_USE)


def group_members(ask, world, practitioners, admins):
    # What is wrong with one, and what with another: whichever is found first.
    codes = set()
    for m in list(practitioners or ()) + list(admins or ()):
        if m is None:
            codes.add(BAD)
        elif m not in world.p.members:
            codes.add(HIDDEN)
        elif world.p.members[m].status == "removed":
            codes.add(BAD)
    for m in practitioners or ():
        if m in world.p.members and not world.model.is_practitioner(m):
            codes.add(BAD)
    refuse_if(codes, *codes)


def group(ask, group_id):
    ask.needs("manage_groups")
    world = ask.universe.worlds.get(group_id.world)
    known = world is not None and group_id.name in world.groups
    refuse_if(not known or (ask.member_acts and world is not ask.home), HIDDEN)
    return world


@rule
def update_group(ask, group_id, name=None, practitioners=None, admins=None):
    world = group(ask, group_id)
    group_members(ask, world, practitioners, admins)
    others = {g.lower() for g in world.groups if g != group_id.name}
    refuse_if(name is not None and name.lower() in others, IN_USE)


@rule
def delete_group(ask, group_id):
    group(ask, group_id)
