"""The presets, from the model's own copy (presets.json)."""

import json
import os

from model import Permission, Practice, Role

with open(os.path.join(os.path.dirname(os.path.abspath(__file__)), "presets.json")) as file:
    PRESETS = json.load(file)


def role_of(name, definition):
    """A Role from a definition as careaccess_define_role takes it."""
    return Role(
        name,
        definition.get("practitioner", False),
        definition.get("administrative", False),
        definition.get("unrevocable", False),
        [
            Permission(
                row["category"],
                frozenset(row["actions"]),
                row["reach"],
                row.get("effect", "allow"),
                row.get("only_if_practitioner", False),
            )
            for row in definition.get("permissions", ())
        ],
        set(definition.get("capabilities", ())),
    )


def practice_of(preset, id="practice"):
    """A new practice as the preset makes it."""
    rows = PRESETS[preset]
    return Practice(
        id=id,
        settings=dict(rows["settings"]),
        author_rules=dict(rows["author_rules"]),
        link_categories={kind: set(codes) for kind, codes in rows["link_categories"].items()},
        roles={name: role_of(name, definition) for name, definition in rows["roles"].items()},
    )
