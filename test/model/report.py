"""A difference, written so that a person can judge who is right."""

from model import ACTIONS, EVERYBODY, NOT_ASKED, UNKNOWN, Model


def name_of_author(author):
    if author is NOT_ASKED:
        return "not asked"
    if author is UNKNOWN:
        return "unknown"
    return repr(author)


def end(valid_until):
    if valid_until is None:
        return ""
    return f", ended {-valid_until:g} h ago" if valid_until <= 0 else f", ends in {valid_until:g} h"


def listed(values):
    if values is None:
        return "all"
    if values is EVERYBODY:
        return "everybody"
    return "{" + ", ".join(sorted(map(str, values))) + "}"


def describe_member(p, m, category=None):
    """Lines about one member; permissions on one category only, if given."""
    member = p.members.get(m)
    if member is None:
        return [f"member {m!r}: unknown"]
    lines = [f"member {m!r}: {member.status}{end(member.ends_at)}"]
    for name in member.roles:
        role = p.roles[name]
        flags = [f for f in ("practitioner", "administrative", "unrevocable") if getattr(role, f)]
        if "manage_groups" in role.capabilities:
            flags.append("manage_groups")
        lines.append(f"  role {name!r} ({', '.join(flags) or 'no flags'})")
        lines += [
            f"    {row}" for row in role.permissions if category is None or row.category == category
        ]
    lines += [
        f"  his own: {row}"
        for row in member.permissions
        if category is None or row.category == category
    ]
    if member.full_clinical:
        lines.append("  full clinical access")
    if member.capabilities:
        lines.append(f"  capabilities {listed(member.capabilities)}")
    for k, colleagues in member.limits.items():
        if category is None or k == category:
            lines.append(f"  colleague limit on {k}: {listed(colleagues)}")
    return lines


def describe_portal(p, c):
    """Lines about the logins that may have to do with a client."""
    lines = [f"portal user {u!r}: login of {user.client!r}" for u, user in p.portal_users.items()]
    for access in p.portal_accesses.values():
        allowed = [x for x in ("view_appointments", "manage_information") if getattr(access, x)]
        if access.client == c:
            lines.append(f"  {access.user!r} on {c!r}: {access.status}, {listed(allowed)}")
    for (one, contact), relationship in p.profile_links.items():
        if c in (one, contact):
            lines.append(f"  profile {one!r} linked with {contact!r}: {relationship}")
    return lines


def describe(p, m, c, category=None):
    """The facts about a member and a client, line by line."""
    lines = []
    shown = {k: v for k, v in p.settings.items() if k not in ("emergency_max_minutes",)}
    lines.append("settings: " + ", ".join(f"{k}={v}" for k, v in sorted(shown.items())))
    for k in [category] if category else sorted(p.categories):
        opened = [kind for kind in ("owner", "grant", "listed") if k in p.link_categories[kind]]
        lines.append(
            f"category {k}: {'authored' if p.categories[k] else 'not authored'},"
            f" author rule {p.author_rules.get(k, '(none set)')}, opened by {listed(opened)}"
        )
    model = Model(p)
    if m is None:
        lines += describe_portal(p, c)
    else:
        lines += describe_member(p, m, category)
    if m in p.members:
        lines.append(f"  accessible: {listed(model.accessible(m))}")
        lines.append(f"  managed: {listed(model.managed(m))}")
    client = p.clients.get(c)
    if client is None:
        lines.append(f"client {c!r}: not of this practice")
    else:
        flags = [f for f in ("restricted", "shared_with_all") if getattr(client, f)]
        lines.append(f"client {c!r}: {', '.join([client.status] + flags)}")
    for link in p.links:
        if link.client == c:
            state = "active" if link.active else "ended"
            if link.valid_from > 0:
                state += f", begins in {link.valid_from:g} h"
            lines.append(f"  {link.kind} {link.member!r}: {state}{end(link.valid_until)}")
    for pair in sorted(p.revocations):
        if pair[0] == c:
            lines.append(f"  revoked: {pair[1]!r}")
    for s in p.shares:
        if s.client == c:
            lines.append(
                f"  chart share {s.from_provider!r} → {s.to_provider!r}:"
                f" {'running' if s.running else 'stopped'}{end(s.valid_until)}"
                f"{', with private notes' if s.include_private else ''}"
            )
    for e in p.emergencies:
        if e.client == c:
            lines.append(f"  emergency of {e.member!r}: from {e.start:+g} h to {e.until:+g} h")
    overs = []
    for d in p.delegations:
        if d.member == m or (d.mode == "supervisor" and d.client == c):
            overs.append(d.over)
            lines.append(
                f"delegation {d.member!r} → {d.over!r}: {d.mode}, categories"
                f" {listed(d.categories)}, actions {listed(d.actions)}, client"
                f" {'all' if d.client is None else repr(d.client)}{end(d.valid_until)}"
            )
    for over in sorted(set(overs) - {m}):
        lines += describe_member(p, over, category)
    for g in p.groups:
        lines.append(
            f"{g.name}: practitioners {listed(g.practitioners)}, admins {listed(g.admins)}"
        )
    return lines


def question(m, c, category, action, author):
    if m is None or c is None or category is None:
        known = (("member", m), ("client", c), ("category", category))
        return ", ".join(f"{what} {value!r}" for what, value in known if value is not None)
    return (
        f"can member {m!r} {action} {category} of client {c!r},"
        f" author {name_of_author(author)}?"
    )


def model_says(p, m, c, category, action, author):
    if category not in p.categories or action not in ACTIONS:
        return "(no such question)"
    decision = Model(p).can(m, c, category, action, author)
    return f"{'yes' if decision.allowed else 'no'}, by {decision.rule}"
