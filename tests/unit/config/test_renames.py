"""`renamed_from` as the checks see it."""

from pathlib import Path

from monitor.config.effective import effective_table, to_toml
from monitor.config.load import loads
from monitor.config.renames import renaming_of

TEXT = """
[[endpoints]]
name = "new"
base_url = "https://gw.example.com/v1"
renamed_from = "old"
models = ["a/one", { id = "a/two", renamed_from = "a/old" }]

[[endpoints]]
name = "kept"
base_url = "https://other.example.com/v1"
models = ["a/old"]
"""


def test_the_names_that_endpoints_and_models_had(tmp_path: Path) -> None:
    """A model's former id is that on its own endpoint, under either of the endpoint's names."""
    renaming = renaming_of(loads(TEXT, tmp_path).config)
    assert renaming.check("old/chat/a/old") == renaming.check("new/chat/a/old") == "new/chat/a/two"
    assert renaming.check("old/models") == "new/models"
    assert renaming.check("kept/chat/a/old") == "kept/chat/a/old"


def test_what_is_shown_renames_alike(tmp_path: Path) -> None:
    """`config show` writes a file that means the same."""
    config = loads(TEXT, tmp_path).config
    again = loads(to_toml(effective_table(config)), tmp_path).config
    assert renaming_of(again) == renaming_of(config)
