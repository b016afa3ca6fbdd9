"""Operations of random practices: linked profiles and the clients' own logins."""

from model import Model, PortalAccess, PortalUser

RELATIONSHIPS = ("self", "self", "parent", "child")


class PortalOperations:
    """Part of the Builder (generate.py)."""

    def two_clients(self):
        there = [c for c, client in self.p.clients.items() if client.status != "deleted"]
        return self.rng.sample(there, 2) if len(there) > 1 else (None, None)

    def visible_portal_users(self):
        """Those who are not the logins of deleted clients."""
        return [
            u
            for u, user in self.p.portal_users.items()
            if self.p.clients[user.client].status != "deleted"
        ]

    def facts_of_links(self):
        """SH-11: an access ends when no link is left that it rests on."""
        for access in self.p.portal_accesses.values():
            own = self.p.portal_users[access.user].client
            if not self.p.rests_on_link(access.client, own):
                access.status = "withdrawn"

    def link_profile(self):
        c, contact = self.two_clients()
        if c is None:
            return False
        # Mostly somebody who has a login, or two who are linked the other way.
        users = self.visible_portal_users()
        if users and self.maybe(0.6):
            contact = self.p.portal_users[self.rng.choice(users)].client
        linked = [
            pair
            for pair in sorted(self.p.profile_links)
            if all(self.p.clients[x].status != "deleted" for x in pair)
        ]
        if linked and self.maybe(0.3):
            c, contact = self.rng.choice(linked)
            if self.maybe(0.5):
                c, contact = contact, c
        arguments = [self.ids.sql(c), self.ids.sql(contact)]
        if c == contact:
            self.refused("22023", "careaccess_link_profile", *arguments)
            return True
        relationship = self.rng.choice(RELATIONSHIPS)
        if relationship != "self" or self.maybe(0.5):
            arguments.append(f"'{relationship}'")
        self.call("careaccess_link_profile", *arguments)
        self.p.profile_links[c, contact] = relationship
        self.facts_of_links()
        return True

    def unlink_profile(self):
        pair = self.pick(
            pair
            for pair in sorted(self.p.profile_links)
            if all(self.p.clients[x].status != "deleted" for x in pair)
        )
        if pair is None:
            return False
        c, contact = pair if self.maybe(0.7) else pair[::-1]
        self.call("careaccess_unlink_profile", self.ids.sql(c), self.ids.sql(contact))
        if (c, contact) in self.p.profile_links:
            del self.p.profile_links[c, contact]
        elif self.p.profile_links[contact, c] == "self":
            del self.p.profile_links[contact, c]
        self.facts_of_links()
        return True

    def add_portal_user(self):
        c = self.some_client()
        if c is None:
            return False
        # Numbered like members and clients: a member may have the same identifier.
        n = len(self.p.portal_users) + 1
        u = self.ids.id(n)
        if u in self.p.portal_users:
            self.refused("23505", "careaccess_add_portal_user", self.ids.sql(u), self.ids.sql(c))
            return True
        self.call("careaccess_add_portal_user", self.ids.sql(u), self.ids.sql(c))
        self.p.portal_users[u] = PortalUser(u, c)
        return True

    def remove_portal_user(self):
        u = self.pick(self.visible_portal_users())
        if u is None:
            return False
        self.call("careaccess_remove_portal_user", self.ids.sql(u))
        del self.p.portal_users[u]
        self.p.portal_accesses = {
            key: access for key, access in self.p.portal_accesses.items() if access.user != u
        }
        return True

    def invite_to_portal(self):
        u = self.pick(self.visible_portal_users())
        c = self.some_client()
        if u is None or c is None:
            return False
        own = self.p.portal_users[u].client
        linked = [
            x
            for x, client in self.p.clients.items()
            if client.status != "deleted" and x != own and self.p.rests_on_link(x, own)
        ]
        withdrawn = [
            x
            for x in linked
            if (x, u) in self.p.portal_accesses
            and self.p.portal_accesses[x, u].status == "withdrawn"
        ]
        if withdrawn and self.maybe(0.6):
            c = self.rng.choice(withdrawn)
        elif linked and self.maybe(0.8):
            c = self.rng.choice(linked)
        appointments, information = self.rng.choice(
            ((False, False), (True, False), (False, True), (True, True))
        )
        arguments = [self.ids.sql(c), self.ids.sql(u)]
        if appointments or information or self.maybe(0.5):
            arguments += [f"view_appointments => {appointments}"]
        if information or self.maybe(0.5):
            arguments += [f"manage_information => {information}"]
        if c == own:
            self.refused("22023", "careaccess_invite_to_portal", *arguments)
        elif c not in linked:
            self.refused("55000", "careaccess_invite_to_portal", *arguments)
        else:
            self.call("careaccess_invite_to_portal", *arguments)
            was = self.p.portal_accesses.get((c, u))
            status = "accepted" if was is not None and was.status == "accepted" else "invited"
            self.p.portal_accesses[c, u] = PortalAccess(c, u, appointments, information, status)
        return True

    def accept_portal_access(self):
        u = self.pick(self.visible_portal_users())
        c = self.some_client()
        invited = [
            (access.client, access.user)
            for access in self.p.portal_accesses.values()
            if access.status == "invited" and access.user in self.visible_portal_users()
        ]
        if invited and self.maybe(0.85):
            c, u = self.rng.choice(invited)
        if u is None or c is None:
            return False
        access = self.p.portal_accesses.get((c, u))
        with self.acting_as(portal_user=u):
            if (
                access is None
                or access.status == "withdrawn"
                or self.p.clients[c].status == "deleted"
            ):
                self.refused("P0002", "careaccess_accept_portal_access", self.ids.sql(c))
            else:
                self.call("careaccess_accept_portal_access", self.ids.sql(c))
                access.status = "accepted"
        return True

    def withdraw_portal_access(self):
        access = self.pick(
            a
            for a in self.p.portal_accesses.values()
            if self.p.clients[a.client].status != "deleted"
        )
        if access is None:
            return False
        self.call(
            "careaccess_withdraw_portal_access",
            self.ids.sql(access.client),
            self.ids.sql(access.user),
        )
        access.status = "withdrawn"
        if self.maybe(0.3):
            self.invite_to_portal()
        return True

    def some_login(self, profile=None):
        """(user, profile) that may be chosen, or None; one on this profile, if there is."""
        model = Model(self.p)
        logins = [
            (u, c)
            for u in self.p.portal_users
            for c in self.p.clients
            if model.portal_permissions(u, c) is not None
        ]
        return self.pick([login for login in logins if login[1] == profile] or logins)
