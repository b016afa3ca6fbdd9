"""Self-tests of the model: scenarios written by hand, one or more per rule.

The model is what the extension is compared with, so it needs a witness of its
own: each test states a situation a clinic would recognise and the answer it
would expect.  Run with:  python3 -m unittest -v test_model
"""

import unittest

from model import (
    ACTIONS,
    EVERYBODY,
    NOT_ASKED,
    AssignmentRule,
    ChartShare,
    Client,
    Delegation,
    Emergency,
    Group,
    Link,
    Member,
    Model,
    Permission,
    PortalAccess,
    PortalUser,
    Role,
    UNKNOWN,
    can,
)
from presets import PRESETS, practice_of

CLINICAL = ("profile", "diagnosis", "schedule", "documents", "billing", "chart", "private_notes")


class Clinic(unittest.TestCase):
    """A practice with a few words to put facts into it and to ask it."""

    preset = "standard"

    def setUp(self):
        self.p = practice_of(self.preset)

    def member(self, id, *roles, **facts):
        self.p.members[id] = Member(id, list(roles), **facts)
        return self.p.members[id]

    def client(self, id, owner=None, listed=(), granted=(), **facts):
        self.p.clients[id] = Client(id, **facts)
        if owner is not None:
            self.link(id, owner, "owner")
        for m in listed:
            self.link(id, m, "listed")
        for m in granted:
            self.link(id, m, "grant")
        return self.p.clients[id]

    def link(self, c, m, kind, **facts):
        self.p.links.append(Link(c, m, kind, **facts))
        return self.p.links[-1]

    def role(self, name, *permissions, **facts):
        self.p.roles[name] = Role(name, permissions=list(permissions), **facts)

    def ask(self, m, c, category="profile", action="view", author=NOT_ASKED):
        return can(self.p, m, c, category, action, author)

    def yes(self, *question):
        answer = self.ask(*question)
        self.assertTrue(answer.allowed, (question, answer.rule))
        return answer

    def no(self, *question):
        answer = self.ask(*question)
        self.assertFalse(answer.allowed, (question, answer.rule))
        return answer


def allow(category, reach, *actions, **facts):
    return Permission(category, frozenset(actions or ACTIONS), reach, **facts)


def deny(category, reach, *actions, **facts):
    return Permission(category, frozenset(actions or ACTIONS), reach, "deny", **facts)


class TestKnownAndActive(Clinic):
    def setUp(self):
        super().setUp()
        self.member("ann", "owner")
        self.client("cat", owner="ann")

    def test_strangers(self):
        self.yes("ann", "cat")
        self.no("zoe", "cat")
        self.no("ann", "dog")

    def test_status(self):
        for status in ("invited", "disabled", "removed"):
            self.p.members["ann"].status = status
            self.no("ann", "cat")

    def test_end_of_member(self):
        self.p.members["ann"].ends_at = 1
        self.yes("ann", "cat")
        self.p.members["ann"].ends_at = 0  # the instant itself is over
        self.no("ann", "cat")

    def test_client_status(self):
        self.p.clients["cat"].status = "archived"
        self.yes("ann", "cat")
        self.p.clients["cat"].status = "deleted"
        self.no("ann", "cat", "name")


class TestSimplePractice(Clinic):
    preset = "simplepractice"

    def setUp(self):
        super().setUp()
        self.member("boss", "account_owner")
        self.member("manager", "practice_manager")
        self.member("scheduler", "practice_scheduler")
        self.member("biller", "practice_biller")
        self.member("entire", "clinician_entire_practice")
        self.member("full", "clinician_full_client_list")
        self.member("basic", "clinician_basic")
        self.member("billing", "clinician_billing")
        self.client("cat", owner="basic")
        self.client("dog", owner="entire")

    def revoke(self, c, m):
        self.p.clients[c].restricted = True
        self.p.revocations.add((c, m))

    def test_sp_1_restricting_alone(self):
        before = {(m, k): self.ask(m, "cat", k) for m in self.p.members for k in self.p.categories}
        self.p.clients["cat"].restricted = True
        after = {(m, k): self.ask(m, "cat", k) for m in self.p.members for k in self.p.categories}
        self.assertEqual(before, after)

    def test_sp_3_revoked_hides_all(self):
        self.yes("manager", "cat", "name")
        self.revoke("cat", "manager")
        for category in self.p.categories:
            for action in ACTIONS:
                self.no("manager", "cat", category, action)
        self.yes("manager", "dog", "name")
        self.assertEqual(Model(self.p).visible_clients("manager", "name"), {"dog"})

    def test_sp_6_unrevocable_and_owner(self):
        self.revoke("cat", "boss")
        self.yes("boss", "cat", "chart")
        self.revoke("dog", "entire")
        self.yes("entire", "dog", "chart")
        self.p.links[1].active = False  # no longer the owner
        self.no("entire", "dog", "name")

    def test_sp_7_follows_through_roles(self):
        self.revoke("cat", "manager")
        self.p.members["manager"].roles = ["clinician_basic"]
        self.link("cat", "manager", "grant")
        self.no("manager", "cat", "name")

    def test_sp_10_names_only(self):
        self.yes("full", "cat", "name")
        for category in CLINICAL:
            self.no("full", "cat", category)
        self.no("full", "cat", "name", "edit")
        self.link("cat", "full", "grant")
        for category in CLINICAL:
            self.yes("full", "cat", category)

    def test_sp_11_own_only(self):
        self.yes("basic", "cat", "chart")
        self.no("basic", "dog", "name")
        self.no("billing", "dog", "billing")
        self.no("basic", "cat", "billing", "edit")

    def test_sp_12_entire_practice(self):
        for category in ("name", "chart", "billing"):
            self.yes("entire", "cat", category)

    def test_sp_12_private_notes_stay_with_links(self):
        self.no("entire", "cat", "private_notes")

    def test_private_notes_by_author(self):
        self.link("cat", "entire", "grant")
        self.yes("basic", "cat", "private_notes", "view", "basic")
        self.no("basic", "cat", "private_notes", "view", "entire")
        self.no("entire", "cat", "private_notes", "view", "basic")
        self.no("entire", "cat", "private_notes", "view", UNKNOWN)
        self.yes("entire", "cat", "private_notes")  # could be one of his own

    def test_sp_15_profiles_are_separate(self):
        self.client("cat2", owner="basic")
        self.revoke("cat", "manager")
        self.yes("manager", "cat2", "name")


class TestIntakeQ(Clinic):
    preset = "intakeq"

    def setUp(self):
        super().setUp()
        self.member("admin", "administrator_only")
        self.member("ann", "practitioner")
        self.member("ben", "practitioner")
        self.member("all", "practitioner_all_clients")
        self.member("help", "assistant")
        self.client("cat", owner="ann")
        self.client("dog", owner="ben")

    def test_iq_3_iq_4_owner_and_administrators(self):
        self.yes("ann", "cat", "chart")
        self.no("ben", "cat", "name")
        for category in self.p.categories:
            self.yes("admin", "cat", category)

    def test_iq_6_with_all(self):
        self.p.clients["cat"].shared_with_all = True
        self.yes("ben", "cat", "chart")
        self.member("new", "practitioner")
        self.yes("new", "cat", "chart")
        self.no("help", "cat", "name")
        # a member with reach own and without a practitioner role is not meant
        self.role("clerk", allow("name", "own"))
        self.member("clerk", "clerk")
        self.no("clerk", "cat", "name")

    def test_with_all_opens_what_a_grant_opens(self):
        self.p.clients["cat"].shared_with_all = True
        self.p.link_categories["grant"] = {"name"}
        self.yes("ben", "cat", "name")
        self.no("ben", "cat", "chart")

    def test_iq_7_former_owner(self):
        self.p.links[0].active = False
        self.link("cat", "ben", "owner")
        self.no("ann", "cat", "name")
        self.link("cat", "ann", "grant")
        self.yes("ann", "cat", "name")

    def test_iq_10_assistant(self):
        self.no("help", "cat", "name")
        self.p.delegations.append(Delegation("help", "ann", "context"))
        self.yes("help", "cat", "chart")
        self.no("help", "dog", "name")
        self.no("help", "cat", "private_notes")  # his own role stops there
        self.p.members["ann"].status = "disabled"
        self.no("help", "cat", "chart")

    def test_iq_10_never_more_than_the_practitioner(self):
        self.p.delegations.append(Delegation("help", "ben", "context"))
        self.no("help", "cat", "name")
        self.link("cat", "ben", "grant", valid_until=-1)
        self.no("help", "cat", "name")
        self.link("cat", "ben", "grant", valid_until=1)
        self.yes("help", "cat", "name")

    def test_iq_10_not_a_chain(self):
        self.member("help2", "assistant")
        self.p.delegations.append(Delegation("help", "ann", "context"))
        self.p.delegations.append(Delegation("help2", "help", "context"))
        self.no("help2", "cat", "name")

    def test_delegation_narrowed(self):
        self.p.delegations.append(
            Delegation("help", "ann", "context", frozenset(("chart",)), frozenset(("view",)), "cat")
        )
        self.client("cow", owner="ann")
        self.yes("help", "cat", "chart")
        self.no("help", "cat", "chart", "edit")
        self.no("help", "cat", "name")
        self.no("help", "cow", "chart")
        self.p.delegations[0].valid_until = -1
        self.no("help", "cat", "chart")

    def test_iq_12_deny_beats_allow(self):
        self.role("no_chart", deny("chart", "all"))
        self.p.members["all"].roles.append("no_chart")
        self.no("all", "cat", "chart")
        self.p.roles["no_chart"].permissions = [deny("chart", "own")]
        self.yes("all", "cat", "chart")  # his allow has reach all
        self.p.members["ann"].roles.append("no_chart")
        self.no("ann", "cat", "chart")
        self.yes("ann", "cat", "profile")

    def test_deny_own_takes_the_delegated_too(self):
        self.p.delegations.append(Delegation("help", "ann", "context"))
        self.p.members["help"].permissions.append(deny("chart", "own", "view"))
        self.no("help", "cat", "chart")
        self.yes("help", "cat", "chart", "edit")

    def test_deny_only_if_practitioner(self):
        row = deny("name", "all", only_if_practitioner=True)
        self.p.members["admin"].permissions.append(row)
        self.yes("admin", "cat", "name")
        self.p.members["all"].permissions.append(row)
        self.no("all", "cat", "name")


class TestAssistantsRecords(Clinic):
    """Delegated reach and authors."""

    def setUp(self):
        super().setUp()
        self.member("ann", "clinician")
        self.member("ben", "clinician")
        self.member("help", "assistant")
        self.client("cat", owner="ann", granted=("ben",))
        self.p.delegations.append(Delegation("help", "ann", "context"))

    def test_edits_what_the_practitioner_may_and_his_own(self):
        self.yes("help", "cat", "chart", "edit", "ann")
        self.yes("help", "cat", "chart", "edit", "help")
        self.no("help", "cat", "chart", "edit", "ben")
        self.no("ann", "cat", "chart", "edit", "help")
        self.yes("help", "cat", "chart", "view", "ben")

    def test_creates_in_his_own_name(self):
        self.yes("help", "cat", "chart", "create", "help")
        self.no("help", "cat", "chart", "create", "ann")
        self.no("help", "cat", "chart", "create", UNKNOWN)
        self.yes("help", "cat", "chart", "create")
        self.yes("help", "cat", "profile", "create", "ann")
        self.p.settings["edit_others_records"] = True
        self.yes("help", "cat", "chart", "create", "ann")

    def test_revoked_practitioner(self):
        self.p.revocations.add(("cat", "ben"))
        self.p.delegations[0].over = "ben"
        self.no("help", "cat", "chart")
        self.p.members["ben"].roles.append("owner")  # unrevocable
        self.yes("help", "cat", "chart")

    def test_the_practitioners_own_deny(self):
        self.p.members["ann"].permissions.append(deny("chart", "own"))
        self.no("help", "cat", "chart")


class TestTherapyAppointment(Clinic):
    preset = "therapyappointment"

    def setUp(self):
        super().setUp()
        self.member("ann", "provider")
        self.member("ben", "provider")
        self.member("carl", "provider")
        self.member("boss", "owner")
        self.client("cat", listed=("ann", "ben"))

    def share(self, a, b, **facts):
        self.p.shares.append(ChartShare("cat", a, b, **facts))
        return self.p.shares[-1]

    def test_ta_2_never_anothers_chart(self):
        for category in ("name", "profile", "diagnosis", "schedule", "documents"):
            self.yes("ben", "cat", category, "view", "ann")
        for one, other in (("ann", "ben"), ("ben", "ann")):
            self.no(one, "cat", "chart", "view", other)
            self.yes(one, "cat", "chart", "view", one)
        self.yes("boss", "cat", "chart", "view", "ann")
        self.yes("boss", "cat", "chart", "view", UNKNOWN)
        self.no("ann", "cat", "chart", "view", UNKNOWN)

    def test_ta_3_directed(self):
        self.share("ann", "ben")
        self.yes("ben", "cat", "chart", "view", "ann")
        self.no("ann", "cat", "chart", "view", "ben")

    def test_ta_6_read_only(self):
        self.share("ann", "ben")
        for action in ("create", "edit", "delete"):
            self.no("ben", "cat", "chart", action, "ann")
            self.p.settings["edit_others_records"] = True
            self.no("ben", "cat", "chart", action, "ann")

    def test_ta_7_private_notes(self):
        share = self.share("ann", "ben")
        self.no("ben", "cat", "private_notes", "view", "ann")
        share.include_private = True
        self.yes("ben", "cat", "private_notes", "view", "ann")

    def test_ta_8_not_transitive(self):
        self.link("cat", "carl", "listed")
        self.share("ann", "ben")
        self.share("ben", "carl")
        self.yes("carl", "cat", "chart", "view", "ben")
        self.no("carl", "cat", "chart", "view", "ann")

    def test_share_that_stopped_or_ended(self):
        share = self.share("ann", "ben")
        share.running = False
        self.no("ben", "cat", "chart", "view", "ann")
        share.running, share.valid_until = True, 0
        self.no("ben", "cat", "chart", "view", "ann")
        share.valid_until = 1
        self.yes("ben", "cat", "chart", "view", "ann")

    def test_share_without_link(self):
        self.share("ann", "carl")
        self.no("carl", "cat", "chart", "view", "ann")

    def test_ta_14_custodian(self):
        self.member("eve", "records_custodian")
        custody = Delegation("eve", "ann", "author", valid_until=1)
        self.p.delegations.append(custody)
        self.yes("eve", "cat", "chart", "view", "ann")
        self.no("eve", "cat", "chart", "view", "ben")
        self.no("eve", "cat", "chart", "edit", "ann")
        self.no("eve", "cat", "private_notes", "view", "ann")
        self.no("eve", "cat", "chart", "view", UNKNOWN)
        # a profile is nobody's record in particular
        self.yes("eve", "cat", "profile", "view", "ben")
        self.yes("eve", "cat", "profile", "view", UNKNOWN)
        self.no("eve", "cat", "billing", "view", "ann")
        self.p.members["ann"].status = "removed"
        self.p.links[0].active = False
        self.yes("eve", "cat", "chart", "view", "ann")
        custody.valid_until = 0
        self.no("eve", "cat", "chart", "view", "ann")

    def test_custodian_named_categories(self):
        self.member("eve", "records_custodian")
        self.p.delegations.append(
            Delegation(
                "eve", "ann", "author", frozenset(("private_notes",)), frozenset(("view", "edit"))
            )
        )
        self.yes("eve", "cat", "private_notes", "view", "ann")
        self.yes("eve", "cat", "private_notes", "edit", "ann")
        self.no("eve", "cat", "name")

    def test_custodian_of_a_provider_without_link(self):
        self.member("eve", "records_custodian")
        self.p.delegations.append(Delegation("eve", "carl", "author"))
        self.no("eve", "cat", "name")

    def test_ta_15_keeps_what_he_wrote(self):
        for facts in ({"active": False}, {"valid_until": -1}):
            self.setUp()
            for name, value in facts.items():
                setattr(self.p.links[0], name, value)
            self.yes("ann", "cat", "chart", "view", "ann")
            self.yes("ann", "cat", "chart")
            self.no("ann", "cat", "chart", "view", "ben")
            self.no("ann", "cat", "chart", "view", UNKNOWN)
            self.no("ann", "cat", "chart", "edit", "ann")
            self.no("ann", "cat", "profile", "view", "ann")
            # names: providers see all of them
            self.yes("ann", "cat", "name")

    def test_ta_15_whatever_the_listing_opened(self):
        self.p.link_categories["listed"] = {"name"}
        self.no("ann", "cat", "chart", "view", "ann")
        self.p.links[0].active = False
        self.yes("ann", "cat", "chart", "view", "ann")

    def test_only_a_listing_leaves_that(self):
        self.p.links[0].kind = "grant"
        self.p.links[0].active = False
        self.no("ann", "cat", "chart", "view", "ann")

    def test_billing_by_author(self):
        self.yes("ann", "cat", "billing", "view", "ann")
        self.no("ann", "cat", "billing", "view", "ben")
        self.yes("boss", "cat", "billing", "view", "ben")


class TestSessionsHealth(Clinic):
    preset = "sessionshealth"

    def setUp(self):
        super().setUp()
        self.member("admin", "administrator")
        self.member("ann", "practitioner")
        self.member("ben", "practitioner")
        self.member("biller", "biller")
        self.client("cat", owner="ann")

    def test_sh_1(self):
        self.yes("ann", "cat", "chart")
        self.yes("admin", "cat", "profile")
        self.no("ben", "cat", "name")

    def test_sh_2_charts_for_practitioners_only(self):
        self.no("admin", "cat", "chart")
        self.p.members["admin"].roles.append("practitioner")
        self.yes("admin", "cat", "chart", "view", "ann")
        self.no("admin", "cat", "private_notes", "view", "ann")

    def test_sh_4_full_clinical_access(self):
        self.p.members["ben"].full_clinical = True
        for category in ("name", "profile", "diagnosis", "documents", "chart"):
            for action in ACTIONS:
                self.yes("ben", "cat", category, action)
        self.yes("ben", "cat", "schedule")
        self.no("ben", "cat", "schedule", "edit")
        self.no("ben", "cat", "billing")
        self.no("ben", "cat", "private_notes")
        self.p.members["ben"].permissions.append(deny("chart", "own"))
        self.yes("ben", "cat", "chart")
        self.p.members["ben"].permissions.append(deny("chart", "all"))
        self.no("ben", "cat", "chart")

    def test_sh_7_billers(self):
        self.yes("biller", "cat", "diagnosis")
        self.no("biller", "cat", "chart")

    def test_sh_13_supervisors(self):
        self.member("sue", "supervisor")
        self.member("sid", "supervisor")
        self.client("dog", owner="ann")
        self.p.delegations.append(Delegation("sue", "ann", "supervisor"))
        self.yes("sue", "cat", "chart", "view", "ann")
        special = Delegation("sid", "ann", "supervisor", client="cat")
        self.p.delegations.append(special)
        self.yes("sid", "cat", "chart", "view", "ann")
        self.no("sid", "dog", "chart", "view", "ann")
        self.no("sue", "cat", "name")
        self.yes("sue", "dog", "chart", "view", "ann")
        special.valid_until = -1
        self.yes("sue", "cat", "chart", "view", "ann")
        # other modes add up
        special.valid_until = None
        self.p.delegations.append(Delegation("sue", "ann", "author"))
        self.yes("sue", "cat", "chart", "view", "ann")

    def test_edit_others_records(self):
        self.link("cat", "ben", "grant")
        self.yes("ben", "cat", "chart", "edit", "ann")
        self.p.settings["edit_others_records"] = False
        self.no("ben", "cat", "chart", "edit", "ann")
        self.yes("ben", "cat", "chart", "view", "ann")
        self.yes("ben", "cat", "chart", "edit", "ben")
        self.yes("ben", "cat", "profile", "edit", "ann")


class TestEmbodia(Clinic):
    preset = "embodia"

    def setUp(self):
        super().setUp()
        self.member("ann", "practitioner")
        self.member("ben", "practitioner")
        self.member("carl", "practitioner")
        self.member("adam", "clinic_admin")
        self.member("boss", "clinic_manager")
        self.client("cat", listed=("ann",))
        self.client("dog", listed=("carl",))
        self.client("cow")

    def group(self, *practitioners, admins=()):
        self.p.groups.append(Group(f"g{len(self.p.groups)}", set(practitioners), set(admins)))
        return self.p.groups[-1]

    def test_em_1_no_group(self):
        for c in ("cat", "dog", "cow"):
            self.yes("ben", c, "chart", "view", "carl")
            self.yes("ben", c, "chart", "view", UNKNOWN)
            self.yes("adam", c, "billing", "view", "carl")
        self.group("carl")
        for c in ("cat", "dog", "cow"):
            self.no("ben", c, "name")
        self.no("ben", "dog", "chart", "view", "carl")
        self.p.groups.clear()
        self.yes("ben", "dog", "chart", "view", "carl")

    def test_em_2_union_by_author(self):
        self.group("ann", "ben")
        self.group("ben", "carl")
        self.assertEqual(Model(self.p).accessible("ben"), {"ann", "ben", "carl"})
        self.yes("ben", "cat", "chart", "view", "ann")
        self.yes("ben", "dog", "chart", "view", "carl")
        self.no("ann", "dog", "name")  # not through ben
        self.no("ben", "cat", "chart", "view", UNKNOWN)
        self.no("ben", "cat", "chart", "view", "stranger")
        self.no("ben", "cow", "name")

    def test_em_3_outsiders_records(self):
        self.group("ann", "ben")
        self.link("cat", "carl", "listed")
        self.yes("ben", "cat", "chart", "view", "ann")
        self.no("ben", "cat", "chart", "view", "carl")
        self.yes("ben", "cat", "profile", "view", "carl")

    def test_group_counts_links_of_any_kind_and_status(self):
        self.group("ann", "ben")
        self.p.members["ann"].status = "disabled"
        self.p.link_categories["listed"] = set()
        self.yes("ben", "cat", "chart", "view", "ann")
        self.p.links[0].valid_until = -1
        self.no("ben", "cat", "chart", "view", "ann")

    def test_em_4_clinic_admin(self):
        self.group("ann", admins=("adam",))
        self.yes("adam", "cat", "profile")
        self.no("adam", "dog", "profile")
        self.yes("adam", "cat", "billing", "view", "ann")
        self.no("adam", "cat", "billing", "view", "carl")
        self.no("adam", "cat", "billing", "view", UNKNOWN)
        self.yes("adam", "cat", "billing", "view", "adam")

    def test_managed_is_not_himself(self):
        self.p.members["adam"].roles.append("practitioner")
        self.p.roles["practitioner"].permissions.clear()
        self.group("adam", admins=("adam",))
        self.client("emu", listed=("adam",))
        self.no("adam", "emu", "profile")
        self.link("emu", "ann", "listed")
        self.p.groups[0].practitioners.add("ann")
        self.yes("adam", "emu", "profile")

    def test_em_8_colleague_limits(self):
        self.group("ann", "ben", "carl")
        self.p.members["ben"].limits["chart"] = {"carl"}
        self.no("ben", "cat", "chart", "view", "ann")
        self.yes("ben", "cat", "chart", "view", "carl")
        self.yes("ben", "cat", "chart", "view", "ben")
        self.yes("ben", "cat", "documents", "view", "ann")
        self.p.members["ben"].limits["chart"] = set()
        self.no("ben", "cat", "chart", "view", "carl")
        self.yes("ben", "cat", "chart", "view", "ben")

    def test_limit_without_groups(self):
        self.p.members["ben"].limits["chart"] = {"carl"}
        self.no("ben", "cat", "chart", "view", "ann")
        self.no("ben", "cat", "chart", "view", UNKNOWN)
        self.yes("ben", "cat", "chart", "view", "carl")
        self.p.author_rules["chart"] = "none"
        self.yes("ben", "cat", "chart", "view", "ann")

    def test_em_9_ungrouped(self):
        self.group("ann")
        self.assertEqual(Model(self.p).accessible("ben"), {"ben"})
        self.assertIs(Model(self.p).managed("adam"), EVERYBODY)
        self.yes("adam", "cow", "profile")
        self.p.settings["ungrouped_sees"] = "all"
        self.yes("ben", "cow", "chart", "view", "carl")
        self.p.settings["ungrouped_admin_manages"] = "none"
        self.no("adam", "cat", "name")

    def test_manager_bypasses(self):
        self.group("ann")
        self.yes("boss", "dog", "chart", "view", "carl")
        self.p.settings["manager_bypasses_groups"] = False
        self.no("boss", "dog", "chart", "view", "carl")
        self.yes("boss", "dog", "profile")  # reach all, rule none

    def test_groups_off(self):
        self.group("ann")
        self.p.settings["groups"] = False
        self.yes("ben", "dog", "chart", "view", "carl")


class TestEmergency(Clinic):
    def setUp(self):
        super().setUp()
        self.member("ann", "clinician")
        self.member("ben", "clinician")
        self.client("cat", owner="ann")
        self.p.emergencies.append(Emergency("cat", "ben", -1, 1))

    def test_view_only(self):
        for category in self.p.categories:
            if category == "private_notes":
                self.no("ben", "cat", category)
            else:
                self.yes("ben", "cat", category, "view", "ann")
                self.yes("ben", "cat", category, "view", UNKNOWN)
                self.no("ben", "cat", category, "edit", "ben")

    def test_time_and_setting(self):
        self.p.settings["emergency_access"] = False
        self.no("ben", "cat", "chart")
        self.p.settings["emergency_access"] = True
        self.p.emergencies[0].until = 0
        self.no("ben", "cat", "chart")
        self.p.emergencies[0].start, self.p.emergencies[0].until = 1, 2
        self.no("ben", "cat", "chart")

    def test_revoked(self):
        self.p.revocations.add(("cat", "ben"))
        self.no("ben", "cat", "name")
        self.p.settings["emergency_overrides_revocation"] = True
        self.yes("ben", "cat", "name")
        self.link("cat", "ben", "grant")
        self.no("ben", "cat", "name", "edit")  # the emergency only

    def test_inactive(self):
        self.p.members["ben"].status = "disabled"
        self.no("ben", "cat", "name")


class TestCustomCategories(Clinic):
    def setUp(self):
        super().setUp()
        self.p.categories.update(referral=False, group_notes=True)
        self.role(
            "custom", allow("referral", "own"), allow("group_notes", "own"), practitioner=True
        )
        self.member("ann", "custom")
        self.member("ben", "custom")
        self.client("cat", owner="ann", granted=("ben",))

    def test_links_open_it_only_if_told(self):
        self.no("ann", "cat", "referral")
        self.p.link_categories["owner"].add("referral")
        self.yes("ann", "cat", "referral")

    def test_author_rule_missing(self):
        for kind in ("owner", "grant"):
            self.p.link_categories[kind] |= {"referral", "group_notes"}
        self.yes("ann", "cat", "referral", "view", "ben")
        self.no("ann", "cat", "group_notes", "view", "ben")
        self.yes("ann", "cat", "group_notes", "view", "ann")


class TestPresets(unittest.TestCase):
    """The copy is whole: every category has a rule, every role's rows are known words."""

    def test_shape(self):
        self.assertEqual(
            set(PRESETS),
            {
                "simplepractice",
                "intakeq",
                "therapyappointment",
                "sessionshealth",
                "embodia",
                "standard",
            },
        )
        for name in PRESETS:
            practice = practice_of(name)
            self.assertEqual(set(practice.author_rules), set(practice.categories))
            for role in practice.roles.values():
                for row in role.permissions:
                    self.assertIn(row.category, practice.categories)
                    self.assertLessEqual(row.actions, set(ACTIONS))
                    self.assertIn(row.reach, ("all", "own", "group", "managed", "delegated"))



class TestPortal(Clinic):
    """SH-9 to SH-11: mum has her own profile, one for her son, and an old one."""

    def setUp(self):
        super().setUp()
        for c in ("mum", "son", "old", "dog"):
            self.client(c)
        self.p.portal_users["login"] = PortalUser("login", "mum")
        self.p.profile_links = {("son", "mum"): "child"}
        self.access("son", view_appointments=True)

    def access(self, c, **permissions):
        access = PortalAccess(c, "login", status="accepted", **permissions)
        self.p.portal_accesses[c, "login"] = access
        return access

    def portal(self, profile, c, category, action="view", client_visible=None):
        return Model(self.p).portal_can("login", profile, c, category, action, client_visible)

    def allowed(self, profile, client_visible=None):
        return {
            (category, action)
            for category in self.p.categories
            for action in ACTIONS
            if self.portal(profile, profile, category, action, client_visible)
        }

    def test_own_profile(self):
        own = {("name", "view"), ("profile", "view"), ("profile", "edit"), ("schedule", "view")}
        self.assertEqual(self.allowed("mum"), own)
        self.assertEqual(self.allowed("mum", False), own)
        views = {(category, "view") for category in self.p.categories}
        self.assertEqual(self.allowed("mum", True), own | views)

    def test_permissions_are_independent(self):
        self.assertEqual(self.allowed("son"), {("name", "view"), ("schedule", "view")})
        self.access("son", manage_information=True)
        self.assertEqual(
            self.allowed("son"), {("name", "view"), ("profile", "view"), ("profile", "edit")}
        )
        self.access("son")
        self.assertEqual(self.allowed("son", True), {("name", "view")})

    def test_rows_for_clients(self):
        self.assertTrue(self.portal("son", "son", "chart", "view", True))
        self.assertFalse(self.portal("son", "son", "chart", "view", None))
        self.assertFalse(self.portal("son", "son", "chart", "edit", True))

    def test_chosen_profile_only(self):
        for c in ("son", "old", "dog", "nobody"):
            self.assertFalse(self.portal("mum", c, "name"))
        self.assertFalse(self.portal("son", "mum", "name"))

    def test_which_may_be_chosen(self):
        model = Model(self.p)
        self.assertEqual(model.portal_permissions("login", "mum"), (True, True))
        self.assertEqual(model.portal_permissions("login", "son"), (True, False))
        self.assertIsNone(model.portal_permissions("login", "dog"))
        self.assertIsNone(model.portal_permissions("login", "nobody"))
        self.assertIsNone(model.portal_permissions("stranger", "mum"))
        for status in ("invited", "withdrawn"):
            self.p.portal_accesses["son", "login"].status = status
            self.assertIsNone(model.portal_permissions("login", "son"))

    def test_deleted_profiles(self):
        model = Model(self.p)
        self.p.clients["son"].status = "deleted"
        self.assertIsNone(model.portal_permissions("login", "son"))
        self.p.clients["son"].status = "archived"
        self.assertIsNotNone(model.portal_permissions("login", "son"))
        self.p.clients["mum"].status = "deleted"  # without a login nothing is chosen
        self.assertIsNone(model.portal_permissions("login", "son"))
        self.assertIsNone(model.portal_permissions("login", "mum"))

    def test_links(self):
        model = Model(self.p)
        self.access("old")
        self.assertIsNone(model.portal_permissions("login", "old"))
        self.p.profile_links["mum", "old"] = "parent"  # the other way round
        self.assertIsNone(model.portal_permissions("login", "old"))
        self.p.profile_links["mum", "old"] = "self"
        self.assertIsNotNone(model.portal_permissions("login", "old"))


class TestBooking(Clinic):
    preset = "intakeq"

    def setUp(self):
        super().setUp()
        self.role("therapist", allow("name", "own"), practitioner=True, capabilities={"book"})
        for m in ("ann", "ben", "cleo", "dora"):
            self.member(m, "therapist")
        self.client("cat", owner="ann", listed=["ben"], granted=["cleo"])
        self.p.link_categories = {"owner": {"name"}, "grant": {"name"}, "listed": set()}

    def booked(self, channel, **settings):
        self.p.settings.update(settings)
        model = Model(self.p)
        return [model.booking("cat", m, channel) for m in ("ann", "ben", "cleo", "dora")]

    def test_nothing(self):
        answers = ["linked", "linked", "linked", "unlinked"]
        self.assertEqual(self.booked("staff", staff_booking="none"), answers)

    def test_listing_is_for_who_has_no_link(self):
        answers = ["linked", "linked", "linked", "new_provider"]
        self.assertEqual(self.booked("staff", staff_booking="list"), answers)
        self.p.clients["cat"].shared_with_all = True  # sight is no link
        self.assertEqual(self.booked("widget", widget_booking="list"), answers)

    def test_grant_is_for_who_does_not_see(self):
        answers = ["linked", "granted", "linked", "granted"]
        self.assertEqual(self.booked("widget", widget_booking="grant"), answers)
        self.p.clients["cat"].shared_with_all = True
        self.assertEqual(self.booked("widget"), ["linked"] * 4)

    def test_duplicate_is_for_who_does_not_see(self):
        answers = ["linked", "duplicate_needed", "linked", "duplicate_needed"]
        self.assertEqual(self.booked("widget", widget_booking="duplicate"), answers)

    def test_links_that_ran_out(self):
        for link in self.p.links:
            link.valid_until = -1
        answers = ["new_provider"] * 4
        self.assertEqual(self.booked("staff", staff_booking="list"), answers)

    def test_the_revoked(self):
        self.p.revocations.add(("cat", "dora"))
        self.assertEqual(self.booked("staff", staff_booking="list")[3], "55000")
        self.assertEqual(self.booked("staff", staff_booking="none")[3], "unlinked")
        self.assertEqual(self.booked("widget", widget_booking="grant")[3], "55000")

    def test_names_only_managed(self):
        self.role("admin", allow("schedule", "managed"))
        self.role("both", allow("schedule", "managed"), allow("schedule", "own", "create"))
        self.member("eve", "admin")
        self.member("fay", "both")
        model = Model(self.p)
        named = {m for m in ("ann", "eve", "fay") if model.names_only_managed(m)}
        self.assertEqual(named, {"eve"})


class TestForms(Clinic):
    def setUp(self):
        super().setUp()
        self.role("therapist", practitioner=True)
        self.role("clerk")
        for m in ("ann", "ben", "cleo"):
            self.member(m, "therapist")
        self.client("cat", owner="ann")
        self.rule("ann", "Spanish", 2)
        self.rule("ben", "Spanish", 2)
        self.rule("cleo", "Spanish", 1)

    def rule(self, m, answer, position, form="intake"):
        self.p.assignment_rules.append(AssignmentRule(form, "language", answer, m, position))

    def assigned(self, answer="Spanish", form="intake"):
        return Model(self.p).assigned(form, "cat", {"language": answer})

    def test_last_match(self):
        self.assertEqual(self.assigned(), "ben")
        self.assertEqual(self.assigned(["English", "Spanish"]), "ben")
        self.assertIsNone(self.assigned("spanish"))
        self.assertIsNone(self.assigned(form="other"))
        self.assertIsNone(Model(self.p).assigned("intake", "cat", {}))

    def test_who_is_skipped(self):
        self.p.members["ben"].status = "disabled"
        self.assertEqual(self.assigned(), "ann")
        self.p.members["ann"].roles = ["clerk"]
        self.assertEqual(self.assigned(), "cleo")
        self.p.revocations.add(("cat", "cleo"))
        self.assertIsNone(self.assigned())


if __name__ == "__main__":
    unittest.main()
