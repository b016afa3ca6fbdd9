"""Are the random practices worth asking about?

For each rule of the model there is a variant here with that one rule broken.
Over a few dozen practices the variant must give at least one other answer than
the model; if it does not, the generator never makes the situation in which the
rule decides, and the differential test would not see the extension break it.
"""

import dataclasses
import itertools
import re
import unittest

import model
from generate import plan
from generate_events import FORMS, QUESTIONS
from model import (
    ACTIONS,
    EVERYBODY,
    NOT_ASKED,
    UNKNOWN,
    Model,
    ended,
)

SEED, PRACTICES = 1, 200

# In the SQL of a practice: a call whose answer is compared, one that must fail.
ANSWERED = re.compile(r"' instead of ', ('[^']*'|NULL), ' from ', '(careaccess_\w+)\(")
REFUSED = re.compile(r"'no error (\w{5}) from ' \|\| '(careaccess_\w+)\(")


class IgnoresEndOfMember(Model):
    def is_active(self, m):
        member = self.p.members.get(m)
        return member is not None and member.status == "active"


class IgnoresStatusOfMember(Model):
    def is_active(self, m):
        return m in self.p.members and not ended(self.p.members[m].ends_at)


class IgnoresRevocation(Model):
    def is_revoked(self, m, c):
        return False


class RevokesTheUnrevocable(Model):
    def is_unrevocable(self, m):
        return False


class IgnoresDeny(Model):
    def _permissions(self, m, category, action):
        rows = [row for role in self.roles(m) for row in role.permissions]
        rows += self.p.members[m].permissions
        if self.p.members[m].full_clinical:
            rows += model.full_clinical_permissions()
        return [
            row
            for row in rows
            if row.category == category
            and action in row.actions
            and row.effect == "allow"
            and (self.is_practitioner(m) or not row.only_if_practitioner)
        ]


class DenyOwnTakesAll(Model):
    def _permissions(self, m, category, action):
        kept = super()._permissions(m, category, action)
        denied = any(
            row.category == category
            and action in row.actions
            and row.effect == "deny"
            and (self.is_practitioner(m) or not row.only_if_practitioner)
            for rows in [r.permissions for r in self.roles(m)] + [self.p.members[m].permissions]
            for row in rows
        )
        return [] if denied else kept


class EverybodyIsPractitioner(Model):
    def is_practitioner(self, m):
        return True


class NoFullClinicalAccess(Model):
    def _permissions(self, m, category, action):
        member = self.p.members[m]
        was, member.full_clinical = member.full_clinical, False
        try:
            return super()._permissions(m, category, action)
        finally:
            member.full_clinical = was


class LinksOpenEverything(Model):
    def opens(self, kind, category):
        return True


class LinksNeverEnd(Model):
    def reaches_own(self, m, c, category, action, author):
        return super().reaches_own(m, c, category, action, author) or any(
            link.member == m and link.active and self.opens(link.kind, category)
            for link in self.links(c)
        )


class ForgetsWhatAnEndedListingLeaves(Model):
    def reaches_own(self, m, c, category, action, author):
        return super().reaches_own(m, c, category, "create", author)


class EndedListingLeavesAll(Model):
    def reaches_own(self, m, c, category, action, author):
        return super().reaches_own(m, c, category, action, author) or any(
            link.member == m and link.kind == "listed" for link in self.links(c)
        )


class NobodySharesWithAll(Model):
    def reaches_own(self, m, c, category, action, author):
        client = self.p.clients[c]
        was, client.shared_with_all = client.shared_with_all, False
        try:
            return super().reaches_own(m, c, category, action, author)
        finally:
            client.shared_with_all = was


class GroupReachIsOwn(Model):
    def in_reach(self, m, reach, c, category, action, author):
        return super().in_reach(m, "own" if reach == "group" else reach, c, category, action, author)


class OwnLinksCountAsManaged(Model):
    def in_reach(self, m, reach, c, category, action, author):
        if reach == "managed" and self.managed(m) is not EVERYBODY:
            return not self.managed(m).isdisjoint(self.linked_now(c))
        return super().in_reach(m, reach, c, category, action, author)


class GroupsAreTransitive(Model):
    def _accessible(self, m):
        found = super()._accessible(m)
        if found is EVERYBODY:
            return found
        return found.union(
            *(g.practitioners for g in self.p.groups if not found.isdisjoint(g.practitioners))
        )


class ManagerNeverBypasses(Model):
    def bypasses_groups(self, m):
        return False


class UngroupedSeeAll(Model):
    def _accessible(self, m):
        found = super()._accessible(m)
        return EVERYBODY if found == {m} else found


class UngroupedAdminsManageAll(Model):
    def _managed(self, m):
        return super()._managed(m) or EVERYBODY


class NoLimits(Model):
    def group_author_passes(self, m, reach, category, author):
        limits, self.p.members[m].limits = self.p.members[m].limits, {}
        try:
            return super().group_author_passes(m, reach, category, author)
        finally:
            self.p.members[m].limits = limits


class EmptyLimitIsNone(Model):
    def group_author_passes(self, m, reach, category, author):
        member = self.p.members[m]
        limits = member.limits
        member.limits = {k: v for k, v in limits.items() if v}
        try:
            return super().group_author_passes(m, reach, category, author)
        finally:
            member.limits = limits


class UnknownAuthorIsAnybody(Model):
    def author_passes(self, m, reach, c, category, action, author, counts_as_own=None):
        return author is UNKNOWN or super().author_passes(
            m, reach, c, category, action, author, counts_as_own
        )


class ChartSharesAreMutual(Model):
    def chart_is_shared(self, c, author, m, category):
        return super().chart_is_shared(c, author, m, category) or (
            author is not UNKNOWN and super().chart_is_shared(c, m, author, category)
        )


class ChartSharesIncludePrivateNotes(Model):
    def chart_is_shared(self, c, author, m, category):
        return super().chart_is_shared(c, author, m, "chart")


class StoppedSharesRun(Model):
    def chart_is_shared(self, c, author, m, category):
        return author is not UNKNOWN and any(
            share.from_provider == author
            and (category != "private_notes" or share.include_private)
            for share in self._shares.get((c, m), ())
        )


class EditsOthersRecords(Model):
    def setting(self, name):
        return True if name == "edit_others_records" else super().setting(name)


class NoAssistants(Model):
    def delegated_by(self, *_):
        return None


class AssistantsCreateForOthers(Model):
    def delegated_by(self, m, c, category, action, author):
        if action == "create":
            author = NOT_ASKED
        return super().delegated_by(m, c, category, action, author)


class AssistantsRecordsAreNotTheirs(Model):
    def undelegated_right(self, o, c, category, action, author, assistant):
        return super().undelegated_right(o, c, category, action, author, None)


class AssistantsOfTheRevoked(Model):
    def delegated_by(self, m, c, category, action, author):
        model = Model(self.p)
        model.is_revoked = lambda o, c: False
        return model.delegated_by(m, c, category, action, author)


class AssistantsOfTheInactive(Model):
    def delegated_by(self, m, c, category, action, author):
        model = Model(self.p)
        model.is_active = lambda o: True
        return model.delegated_by(m, c, category, action, author)


class DelegationsNeverEnd(Model):
    def __init__(self, practice):
        super().__init__(practice)
        self.endless = [
            model.Delegation(d.member, d.over, d.mode, d.categories, d.actions, d.client)
            for d in practice.delegations
        ]

    def can(self, *question):
        was, self.p.delegations = self.p.delegations, self.endless
        try:
            return super().can(*question)
        finally:
            self.p.delegations = was


class NoCustodians(Model):
    def author_delegation(self, *_):
        return None


class SupervisorsAddUp(Model):
    def is_replaced(self, d, c):
        return False


class CustodyOfOtherAuthors(Model):
    def author_delegation(self, m, c, category, action, author):
        return super().author_delegation(m, c, category, action, NOT_ASKED)


class CustodyOfTheUnlinked(Model):
    def author_delegation(self, m, c, category, action, author):
        linked = Model(self.p)
        over = {d.over for d in self.p.delegations if d.member == m}
        linked.links = lambda c: [model.Link(c, o, "owner") for o in over]
        return linked.author_delegation(m, c, category, action, author)


class NoEmergencies(Model):
    def emergency(self, *_):
        return False


class EmergenciesWithoutSetting(Model):
    def setting(self, name):
        return True if name == "emergency_access" else super().setting(name)


class EmergenciesNeverOverride(Model):
    def setting(self, name):
        return False if name == "emergency_overrides_revocation" else super().setting(name)


class EmergenciesOpenPrivateNotes(Model):
    def emergency(self, m, c, category, action):
        return super().emergency(m, c, "name", action)


class EmergenciesNeverEnd(Model):
    def emergency(self, m, c, category, action):
        return super().emergency(m, c, category, action) or (
            self.setting("emergency_access")
            and action == "view"
            and category != "private_notes"
            and any(e.member == m and e.client == c for e in self.p.emergencies)
        )


class DeletedClientsStay(Model):
    def can(self, m, c, category, action, author=NOT_ASKED):
        client = self.p.clients[c]
        was, client.status = client.status, "active"
        try:
            return super().can(m, c, category, action, author)
        finally:
            client.status = was


class MissingRuleIsNone(Model):
    def author_rule(self, category):
        return self.p.author_rules.get(category, "none")


class AuthorRuleIsNone(Model):
    def author_rule(self, category):
        rule = super().author_rule(category)
        return "none" if rule == "author" else rule


class CustodyStillNamesEverything(Model):
    """An author delegation without categories covers all of them."""

    def __init__(self, practice):
        super().__init__(practice)
        self.wide = [
            model.Delegation(
                d.member,
                d.over,
                d.mode,
                frozenset(practice.categories)
                if d.categories is None and d.mode != "context"
                else d.categories,
                d.actions,
                d.client,
                d.valid_until,
            )
            for d in practice.delegations
        ]

    def author_delegation(self, *question):
        was, self.p.delegations = self.p.delegations, self.wide
        try:
            return super().author_delegation(*question)
        finally:
            self.p.delegations = was


class AcceptedNotAsked(Model):
    def portal_permissions(self, u, profile):
        access = self.p.portal_accesses.get((profile, u))
        if access is None:
            return super().portal_permissions(u, profile)
        was, access.status = access.status, "accepted"
        try:
            return super().portal_permissions(u, profile)
        finally:
            access.status = was


class OwnPermissionsEverywhere(Model):
    def portal_permissions(self, u, profile):
        return super().portal_permissions(u, profile) and (True, True)


class PortalPermissionsAreOne(Model):
    def portal_permissions(self, u, profile):
        found = super().portal_permissions(u, profile)
        return found and (any(found),) * 2


class NobodyIsDeletedForThePortal(Model):
    def is_there(self, c):
        return c in self.p.clients


class PortalSeesEveryProfile(Model):
    def portal_can(self, u, profile, c, category, action, client_visible=None):
        return super().portal_can(u, profile, profile, category, action, client_visible)


class EveryRowIsForClients(Model):
    def portal_can(self, u, profile, c, category, action, client_visible=None):
        return super().portal_can(u, profile, c, category, action, True)


class NoRowIsForClients(Model):
    def portal_can(self, u, profile, c, category, action, client_visible=None):
        return super().portal_can(u, profile, c, category, action, None)


class PortalChangesNothing(Model):
    def portal_can(self, u, profile, c, category, action, client_visible=None):
        return action == "view" and super().portal_can(
            u, profile, c, category, action, client_visible
        )


class BookingBySight(Model):
    def booking(self, c, m, channel):
        return super().booking(c, m, channel) if not self.sees(m, c) else "linked"

    def sees(self, m, c):
        return self.can(m, c, "name", "view").allowed


class BookingByLink(Model):
    def booking(self, c, m, channel):
        return super().booking(c, m, channel) if not self.has_current_link(c, m) else "linked"


class BookingOfTheRevoked(Model):
    def booking(self, c, m, channel):
        was, self.p.revocations = self.p.revocations, set()
        try:
            return super().booking(c, m, channel)
        finally:
            self.p.revocations = was


class OneBookingSetting(Model):
    def booking(self, c, m, channel):
        return super().booking(c, m, "staff")


class FirstRuleWins(Model):
    def assigned(self, form, c, answers):
        was = self.p.assignment_rules
        self.p.assignment_rules = [
            dataclasses.replace(rule, position=-rule.position) for rule in reversed(was)
        ]
        try:
            return super().assigned(form, c, answers)
        finally:
            self.p.assignment_rules = was


class RulesOfAnybody(Model):
    def may_take(self, c, m):
        return True


def variants():
    found, waiting = [], [Model]
    while waiting:
        for variant in waiting.pop().__subclasses__():
            found.append(variant)
            waiting.append(variant)
    return sorted(found, key=lambda variant: variant.__name__)


def questions(practice):
    authors = (NOT_ASKED, UNKNOWN, *practice.members, "stranger")
    for m in practice.members:
        for c in practice.clients:
            for category in practice.categories:
                for action in ACTIONS:
                    for author in authors:
                        yield m, c, category, action, author


def portal_answers(model):
    """What the model says of portal users, bookings and forms."""
    practice = model.p
    for u in practice.portal_users:
        for profile in practice.clients:
            yield model.portal_permissions(u, profile)
            for c in practice.clients:
                for category in ("name", "profile", "schedule", "chart"):
                    for action in ("view", "edit"):
                        for shown in (None, True, False):
                            yield model.portal_can(u, profile, c, category, action, shown)
    for c in practice.clients:
        for m in practice.members:
            for channel in ("staff", "widget"):
                yield model.booking(c, m, channel)
        for form in FORMS:
            for answers in itertools.product(*QUESTIONS.values()):
                yield model.assigned(form, c, dict(zip(QUESTIONS, answers)))


class TestGenerator(unittest.TestCase):
    def test_same_seed_same_practice(self):
        for number in (1, 2, 3):
            one, other = plan(7, number), plan(7, number)
            self.assertEqual([s for s, _ in one.stages], [s for s, _ in other.stages])
            self.assertEqual(one.practice, other.practice)

    def test_every_call_is_made(self):
        """Each new operation, with each of its answers and each error it is to give."""
        wanted = {
            *(
                f"answers '{answer}' careaccess_book"
                for answer in (
                    "linked",
                    "unlinked",
                    "new_provider",
                    "granted",
                    "duplicate_needed",
                    "duplicated",
                )
            ),
            *(f"refuses {e} careaccess_book" for e in ("22023", "42501", "55000", "P0002")),
            *(f"refuses {e} careaccess_break_glass" for e in ("22023", "42501", "55000", "P0002")),
            *(f"refuses {e} careaccess_submit_form" for e in ("42501", "55000", "P0002")),
            *(f"refuses {e} careaccess_remove_member" for e in ("22023", "55000")),
            *(f"refuses {e} careaccess_invite_member" for e in ("22023", "23505", "42501")),
            *(f"refuses {e} careaccess_invite_to_portal" for e in ("22023", "55000")),
            "refuses 28000 careaccess_accept_invitation",
            "refuses P0002 careaccess_withdraw_invitation",
            "refuses P0002 careaccess_accept_portal_access",
            "refuses 55000 careaccess_transfer_clients",
        }
        for number in range(1, PRACTICES + 1):
            for sql, _ in plan(SEED, number).stages:
                for answer, function in ANSWERED.findall(sql):
                    wanted.discard(f"answers {answer} {function}")
                for error, function in REFUSED.findall(sql):
                    wanted.discard(f"refuses {error} {function}")
        self.assertEqual(wanted, set())

    def test_every_rule_decides_somewhere(self):
        left = {variant: 0 for variant in variants()}
        for number in range(1, PRACTICES + 1):
            practice = plan(SEED, number).practice
            right = Model(practice)
            wrong = {variant: variant(practice) for variant in left}
            answers = list(portal_answers(right))
            for variant, broken in list(wrong.items()):
                if list(portal_answers(broken)) != answers:
                    del wrong[variant], left[variant]
            for question in questions(practice):
                allowed = right.can(*question).allowed
                for variant, broken in list(wrong.items()):
                    if broken.can(*question).allowed != allowed:
                        del wrong[variant], left[variant]
            if not left:
                return
        self.fail(f"never decided anything: {[variant.__name__ for variant in left]}")


if __name__ == "__main__":
    unittest.main()
