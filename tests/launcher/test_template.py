import ast
from pathlib import Path

import pytest

from tests import template

MIGRATIONS = sorted(template.ROOT.glob("copydesk/*/migrations/[0-9]*.py"))


@pytest.mark.parametrize("path", MIGRATIONS, ids=lambda path: f"{path.parts[-3]}-{path.stem}")
def test_migrations_run_only_what_the_template_watches(path: Path) -> None:
    """Django's own `import copydesk.…` names a default of the state; a `from` is code that a person wants to run."""
    tree = ast.parse(path.read_text())
    used = [node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    ours = [module for module in used if module.startswith("copydesk")]
    assert all(module.startswith(("copydesk.core", "copydesk.tenancy")) for module in ours), ours


def test_another_migration_is_another_template(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(template, "ROOT", tmp_path)
    before = template.key()
    folder = tmp_path / "copydesk" / "orders" / "migrations"
    folder.mkdir(parents=True)
    (tmp_path / "copydesk" / "orders" / "models.py").touch()
    assert template.key() == before
    (folder / "0001_initial.py").touch()
    assert template.key() != before
