"""The documentation of the simulator is complete."""

import re
from pathlib import Path

from monitor.simulator.apis.registry import APIS
from monitor.simulator.kinds import FIELDS, FaultKind
from monitor.simulator.served import Balance, ModelList, Script, ServedModel

TEXT = (Path(__file__).parents[3] / "docs/simulator.md").read_text(encoding="utf-8")


def test_every_kind_of_fault_has_a_row_with_its_options() -> None:
    """No kind is missing, none is there that is gone, and each row names what the kind understands."""
    rows = dict(re.findall(r"^\| `([a-z_0-9]+)` \|[^|]*\|(.*)\|$", TEXT, re.MULTILINE))
    told = {kind: set(re.findall(r"`([a-z_]+)`", rows[kind])) for kind in FaultKind}
    assert {name for name in rows if name in set(FaultKind)} == set(FaultKind)
    for kind, options in FIELDS.items():
        assert options <= told[kind], kind


def test_every_option_of_a_script_is_told_of() -> None:
    """Of the script, the model list, a model, the account."""
    for table in (Script, ModelList, ServedModel, Balance):
        for key in table.known_keys():
            assert re.search(rf"\b{key}\b", TEXT), key


def test_every_path_is_told_of() -> None:
    """With the name of its protocol."""
    for path, api in APIS.items():
        assert f"| `POST /v1{path}` | `{api.name}` |" in TEXT
