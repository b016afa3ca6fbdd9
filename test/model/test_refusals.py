"""The rules of the matrix of refusals, in cases worked out by hand."""

import unittest

import refusals_outside  # noqa: F401 (its rules)
import refusals_rules  # noqa: F401
from refusals import ANSWERING, TRIGGERS, Run, actors, check_functions, Judge, Roles
from refusals_ask import BAD, FORBIDDEN, HIDDEN, IN_USE, OK, RULES, STATE, expected
from refusals_calls import calls
from refusals_world import Actor, GroupName, Universe, render, worlds
from types import SimpleNamespace

MADE = worlds()
UNIVERSE = Universe(MADE)


def answer(world, label, function, kind="member", **arguments):
    actor = Actor(label, kind, world, f"{world}:{label}" if kind == "member" else None, label)
    codes, _ = expected(UNIVERSE, actor, "careaccess_" + function, arguments)
    return codes


class Sight(unittest.TestCase):
    def test_a_hidden_client_comes_before_everything(self):
        c = "intakeq:practitioner/unlinked"
        for function, more in (
            ("share_client", {"member": "intakeq:missing"}),
            ("reassign_client", {"new_owner": None}),
            ("set_client_status", {"status": "?"}),
            ("restrict_client", {}),
        ):
            self.assertEqual(
                answer("intakeq", "practitioner", function, client=c, **more), {HIDDEN}, function
            )

    def test_a_deleted_client_is_there_for_who_may_restore_him(self):
        c = "standard:clinician/own deleted"
        self.assertEqual(
            answer("standard", "manager", "set_client_status", client=c, status="active"), {OK}
        )
        self.assertEqual(
            answer("standard", "clinician", "set_client_status", client=c, status="active"),
            {HIDDEN},
        )

    def test_the_client_of_another_practice_is_missing(self):
        self.assertEqual(
            answer("standard", "owner", "restrict_client", client="far:everything/own"), {HIDDEN}
        )


class Rights(unittest.TestCase):
    def test_a_linked_capability_needs_a_link_as_owner_or_by_grant(self):
        for relation, wanted in (
            ("own", OK),
            ("granted", OK),
            ("unlinked", FORBIDDEN),
            ("listed", FORBIDDEN),
        ):
            self.assertEqual(
                answer(
                    "simplepractice",
                    "clinician_full_client_list",
                    "share_client",
                    client=f"simplepractice:clinician_full_client_list/{relation}",
                    member="simplepractice:B",
                ),
                {wanted},
                relation,
            )

    def test_nobody_and_another_practice(self):
        c = "standard:owner/own"
        self.assertEqual(answer("standard", "x", "restrict_client", "nobody", client=c), {FORBIDDEN})
        self.assertEqual(answer("far", "everything", "restrict_client", client=c), {HIDDEN})

    def test_the_administrator_is_held_by_invariants_only(self):
        c = "intakeq:practitioner/own"
        ask = ("intakeq", "x", "restrict_client", "administrator")
        self.assertEqual(answer(*ask, client=c), {STATE})
        ask = ("intakeq", "x", "reassign_client", "administrator")
        self.assertEqual(answer(*ask, client=c, new_owner="intakeq:D"), {BAD})
        self.assertEqual(answer(*ask, client=c, new_owner="intakeq:B"), {OK})

    def test_records_of_the_provider_are_shared_by_himself(self):
        c = "therapyappointment:manager/of P"
        shared = {"from_provider": "therapyappointment:P", "to_provider": "therapyappointment:B"}
        ask = ("therapyappointment", "manager", "share_chart")
        self.assertEqual(answer(*ask, client=c, **shared), {FORBIDDEN})
        ask = ("therapyappointment", "P", "share_chart")
        self.assertEqual(answer(*ask, client=c, **shared), {OK})

    def test_who_manages_some_names_only_those(self):
        c = "embodia groups:clinic_admin/unlinked"
        for provider, wanted in (("A", OK), ("B", FORBIDDEN)):
            self.assertEqual(
                answer(
                    "embodia groups",
                    "clinic_admin",
                    "book",
                    client=c,
                    provider=f"embodia groups:{provider}",
                ),
                {wanted},
            )

    def test_nobody_lists_or_shares_with_himself_where_that_is_off(self):
        c = "simplepractice emergency:clinician_entire_practice/unlinked"
        me = "simplepractice emergency:clinician_entire_practice"
        ask = ("simplepractice emergency", "clinician_entire_practice")
        self.assertEqual(answer(*ask, "share_client", client=c, member=me), {FORBIDDEN})
        self.assertEqual(answer(*ask, "book", client=c, provider=me), {FORBIDDEN})


class Accounts(unittest.TestCase):
    def roles(self, actor, target, roles, world="capabilities"):
        return answer(
            world, actor, "set_member_roles", member=f"{world}:{target}", roles=list(roles)
        )

    def test_administration_is_compared_before_and_after(self):
        self.assertEqual(self.roles("manage_members", "t.grant", ["bare"]), {OK})
        self.assertEqual(self.roles("manage_members", "t.view_audit", ["bare"]), {FORBIDDEN})
        self.assertEqual(self.roles("manage_members", "t.grant", ["view_audit"]), {FORBIDDEN})
        self.assertEqual(self.roles("auditing_manager", "t.view_audit", ["bare"]), {OK})

    def test_below_is_over_accounts_without_administration(self):
        self.assertEqual(self.roles("auditing_below", "t.grant", ["bare"]), {OK})
        self.assertEqual(self.roles("auditing_below", "t.view_audit", ["bare"]), {FORBIDDEN})

    def test_nobody_changes_his_own_account(self):
        self.assertEqual(self.roles("manage_members", "manage_members", ["bare"]), {FORBIDDEN})

    def test_unrevocable_roles_are_given_and_taken_by_holders(self):
        for actor, wanted in (("manage_members", FORBIDDEN), ("fixed_manager", OK)):
            self.assertEqual(self.roles(actor, "t.fixed", ["bare"]), {wanted})
            self.assertEqual(self.roles(actor, "t.grant", ["fixed"]), {wanted})

    def test_an_owner_stays_a_practitioner(self):
        self.assertEqual(self.roles("manage_members", "A", ["staff"]), {STATE})

    def test_a_login_role_is_the_administrator_s(self):
        more = {"member": "capabilities:t.grant", "settings": {"login_role": None}}
        ask = ("capabilities", "manage_members", "configure_member")
        self.assertEqual(answer(*ask, **more), {FORBIDDEN})

    def test_a_role_that_one_holds(self):
        ask = ("capabilities", "manage_roles", "define_role")
        more = {"practice": "capabilities", "definition": {}}
        self.assertEqual(answer(*ask, role="manage_roles", **more), {FORBIDDEN})
        self.assertEqual(answer(*ask, role="view_audit", **more), {FORBIDDEN})
        self.assertEqual(answer(*ask, role="new", **more), {OK})


class Matrix(unittest.TestCase):
    def test_a_function_without_a_row_is_told(self):
        judge = Judge(UNIVERSE)
        present = set(RULES) | TRIGGERS | ANSWERING | {"careaccess_new"}
        check_functions(present, judge)
        self.assertIn("careaccess_new has no row in the matrix of refusals", judge.differences)

    def test_every_rule_is_tried_and_hidden_clients_have_their_missing_twin(self):
        run = Run(SimpleNamespace(function=None), MADE)
        run.functions = set(RULES)
        tried = set()
        for label in ("manager", "clinician"):
            world = UNIVERSE.worlds["standard"]
            actor = Actor(label, "member", "standard", world.id(label), label)
            plan = run.plan(world, actor)
            tried |= {call.name for call, _ in plan}
            texts = {render(call, {}) for call, _ in plan}
            hidden = [c for c, wanted in plan if wanted == {HIDDEN} and c.relation == "deleted"]
            self.assertTrue(hidden)
            for call in hidden:
                if "contact_client" not in call.arguments and call.arguments.get("client"):
                    twin = type(call)(
                        call.name, {**call.arguments, "client": f"{world.id(label)}/missing"}
                    )
                    self.assertIn(render(twin, {}), texts)
        self.assertEqual(tried, set(RULES))

    def test_everybody_acts(self):
        kinds = {
            (a.kind, a.label) for a in actors(UNIVERSE.worlds["standard"], UNIVERSE, Roles("r"))
        }
        self.assertTrue({"owner", "assistant", "A"} <= {l for k, l in kinds if k == "member"})
        self.assertEqual(
            {k for k, _ in kinds}, {"member", "nobody", "administrator", "portal"}
        )

    def test_rendering(self):
        world = UNIVERSE.worlds["standard"]
        actor = Actor("owner", "member", "standard", "standard:owner", "owner")
        for call in calls(UNIVERSE, world, actor):
            self.assertTrue(render(call, {("standard", "One"): 7}).startswith(call.name + "("))
        group = {"group_id": GroupName("standard", "One")}
        self.assertEqual(
            render(type(call)("f", group), {("standard", "One"): 7}), "f(group_id => 7)"
        )

    def test_what_is_in_use(self):
        self.assertEqual(
            answer(
                "standard",
                "manager",
                "add_member",
                practice="standard",
                member="far:A",
                name="New",
                roles=[],
            ),
            {IN_USE},
        )


if __name__ == "__main__":
    unittest.main()
