"""The rules of booking, the client's side, forms and emergencies.

What a rule is: refusals_ask.py.
"""

from refusals_ask import BAD, FORBIDDEN, HIDDEN, IN_USE, STATE, TOKEN, Refused, refuse_if, rule


@rule
def accept_invitation(ask, token, member, name):
    """Asks for no identity: the token is the right, and the database role's EXECUTE."""
    refuse_if(not ask.actor.trusted, FORBIDDEN)
    refuse_if(token is None, BAD)
    raise Refused(TOKEN)


# -------------------------------------------------------------------- booking


@rule
def book(ask, client, provider, channel="staff", duplicate=None):
    # Who may book this client follows from the channel.
    refuse_if(channel not in ("staff", "widget"), BAD)
    if channel == "widget":
        refuse_if(ask.member_acts, FORBIDDEN)
        world = any_client(ask, client, ask.actor.becomes_anybody)
    else:
        refuse_if(ask.actor.kind == "portal", HIDDEN, FORBIDDEN)
        world = ask.client(client)
        ask.needs("book")
        ask.may_name(world, provider)
    ask.self_listing(world, client, provider)
    ask.found(world, provider)
    ask.practitioner(world, provider)
    effect = world.p.settings[channel + "_booking"]
    linked = {
        "list": ask.linked(world, client, provider, "owner", "grant", "listed"),
        "grant": ask.linked(world, client, provider, "owner", "grant")
        or world.model.can(provider, client, "name", "view").allowed,
    }
    # Where booking gives nothing, there is nothing to refuse.
    if effect in linked and not linked[effect]:
        ask.not_revoked(world, client, provider)


def any_client(ask, client, trusted):
    """A client whom nobody need see: for the practice's web pages and portal users."""
    if ask.actor.kind != "portal":
        refuse_if(not trusted, FORBIDDEN)
    world = ask.universe.world_of_client(client)
    refuse_if(world is None or world.p.clients[client].status == "deleted", HIDDEN)
    if ask.actor.kind == "portal":
        refuse_if(client != own_profile(ask), HIDDEN)
    return world


def own_profile(ask):
    return ask.universe.worlds[ask.actor.world].portal_users[ask.actor.id]


# --------------------------------------------------------- profiles and portal


def login(ask, user):
    """The client whose login it is; of a hidden client nobody has a login."""
    refuse_if(user is None, BAD)
    client = ask.universe.profile_of(user)
    refuse_if(client is None or not ask.sees(client), HIDDEN)
    return client


@rule
def link_profile(ask, client, contact_client, relationship="self"):
    world = ask.client(client)
    other = ask.client(contact_client)
    ask.needs("link_profiles")
    refuse_if(not relationship or client == contact_client or world is not other, BAD)


@rule
def unlink_profile(ask, client, contact_client):
    ask.client(client)
    ask.client(contact_client)
    ask.needs("link_profiles")


@rule
def add_portal_user(ask, portal_user, client):
    ask.client(client)
    ask.needs("manage_portal")
    refuse_if(portal_user is None, BAD)
    refuse_if(ask.universe.profile_of(portal_user) is not None, IN_USE)


@rule
def remove_portal_user(ask, portal_user):
    ask.somebody()
    login(ask, portal_user)
    ask.needs("manage_portal")


@rule
def invite_to_portal(ask, client, portal_user, view_appointments=False, manage_information=False):
    world = ask.client(client)
    ask.needs("manage_portal")
    own = login(ask, portal_user)
    refuse_if(own == client, BAD)
    refuse_if((client, own) not in world.profile_links, STATE)


@rule
def withdraw_portal_access(ask, client, portal_user):
    world = ask.client(client)
    ask.needs("manage_portal")
    # Who sees the client may know who has access to his profile.
    if (client, portal_user) not in world.portal_access:
        login(ask, portal_user)


@rule
def accept_portal_access(ask, client):
    refuse_if(ask.actor.kind != "portal", FORBIDDEN)
    refuse_if(client is None, BAD)
    world = ask.universe.worlds[ask.actor.world]
    refuse_if((client, ask.actor.id) not in world.portal_access, HIDDEN)


@rule
def switch_profile(ask, client):
    refuse_if(ask.actor.kind != "portal", FORBIDDEN)
    refuse_if(client is not None and client != own_profile(ask), HIDDEN)


# ---------------------------------------------------------------------- forms


@rule
def add_form_route(ask, practice, slug, practitioner):
    world = ask.practice(practice, "manage_rules")
    refuse_if(not slug, BAD)
    ask.found(world, practitioner)
    ask.practitioner(world, practitioner)
    refuse_if(any(slug in w.routes for w in ask.universe.worlds.values() if w is not world), IN_USE)


@rule
def remove_form_route(ask, practice, slug):
    ask.practice(practice, "manage_rules")
    refuse_if(not slug, BAD)


@rule
def add_assignment_rule(ask, practice, form, question, answer, practitioner):
    world = ask.practice(practice, "manage_rules")
    refuse_if(not form or not question or answer is None, BAD)
    ask.found(world, practitioner)
    ask.practitioner(world, practitioner)


@rule
def remove_assignment_rule(ask, practice, form, question, answer):
    ask.practice(practice, "manage_rules")
    refuse_if(not form or not question or answer is None, BAD)


@rule
def submit_form(ask, form, slug, client, answers):
    """From outside: a form is no member's way round what he may do himself."""
    refuse_if(ask.member_acts or not ask.actor.trusted, FORBIDDEN)
    refuse_if(not form or client is None, BAD)
    if ask.actor.kind == "portal":
        refuse_if(client != own_profile(ask), HIDDEN)
    routes = {s: w for w in ask.universe.worlds.values() for s in w.routes}
    refuse_if(slug is not None and slug not in routes, HIDDEN)
    world = ask.universe.world_of_client(client)
    refuse_if(world is None and slug is None, BAD)
    refuse_if(world is not None and slug is not None and routes[slug] is not world, IN_USE)
    refuse_if(world is not None and world.p.clients[client].status == "deleted", HIDDEN)


# ------------------------------------------------------------------ emergency


@rule
def break_glass(ask, client, reason):
    """For oneself. It needs no sight of the client, who is asked for after the right
    and the setting."""
    ask.needs("break_glass")
    refuse_if(not ask.member_acts, FORBIDDEN)
    settings = ask.home.p.settings
    refuse_if(not settings["emergency_access"], STATE)
    refuse_if(client is None, BAD)
    world = ask.universe.world_of_client(client)
    refuse_if(world is not ask.home or world.p.clients[client].status == "deleted", HIDDEN)
    if world.model.is_revoked(ask.me, client):
        refuse_if(not settings["emergency_overrides_revocation"], HIDDEN)
    refuse_if(reason is None or len(reason.strip()) < 10, BAD)


@rule
def review_emergency(ask, client, member, since):
    world = ask.client(client, deleted=ask.has("delete_client"))
    ask.needs("view_audit")
    refuse_if(ask.member_acts and member == ask.me, FORBIDDEN)
    refuse_if(member is None or since is None, BAD)
    refuse_if(not any((e.client, e.member) == (client, member) for e in world.p.emergencies), HIDDEN)
