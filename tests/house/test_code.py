"""The rules of docs/ARCHITECTURE.md that no linter can say: read from the code."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from procrastinate.contrib.django import app

from copydesk.journal.actions import reactions
from copydesk.journal.models import Journaled
from copydesk.journal.verbs import VERBS
from tests.house.source import ROOT, calls, files, first_text, lines_of_code, name, tree

LONGEST = 400
LONGEST_TEST = 500
FORBIDDEN = {"utils", "helpers", "services", "managers", "common", "misc"}
KIT_LINES = 1_240

STATUS_WRITERS = ("copydesk/journal/actions.py", "copydesk/demo/")
"""Where a status may be written: advance(), and the demonstration's loader, which is compared with replayed actions."""

SET_STATUS = re.compile(r"\bUPDATE\s+\S+(\s+\w+)?\s+SET\b[^;]*\bstatus\s*=", re.I | re.S)

NOT_LIFECYCLES = {
    ("copydesk/journal/idempotency.py", "bulk_create"): "the HTTP status of a kept answer",
    ("copydesk/accounts/actions.py", "update"): "a membership stands below the journal: recorded by whoever calls",
}

UNSCOPED = {
    "User",
    "Token",
    "Attempts",
    "EmailAddress",
    "Authenticator",
    "Website",
}
"""Models of no website (accounts are of all of them; a website's own row is under its own policy)."""

ANY_MODEL = {
    ("copydesk/api/desk.py", "self.model.objects"): "visible_to() stands in the next line, .none() for the schema",
}

KIT = {
    "copydesk/core": {"bulk", "clock", "errors", "lifecycle", "money"},
    "copydesk/journal": {"actions", "idempotency", "models", "queries"},
    "copydesk/api": {"access", "body", "desk", "filters", "lists", "problems", "shape"},
}
"""What every desk stands on. Verbs are a table; seals, the stream, the schema are features, not the kit."""


def test_one_status_writer() -> None:
    found = [
        f"{name(path)}:{line} {what}"
        for path in files("copydesk")
        if not name(path).startswith(STATUS_WRITERS)
        for line, what in status_writes(path)
        if (name(path), what) not in NOT_LIFECYCLES
    ]
    assert not found, "only journal.actions.advance() writes a status"


def status_writes(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(tree(path)):
        if isinstance(node, (ast.Assign, ast.AugAssign, ast.AnnAssign)):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            for target in targets:
                if (
                    isinstance(target, ast.Attribute)
                    and target.attr == "status"
                    and ast.unparse(target.value) != "self"
                ):
                    yield node.lineno, ast.unparse(target)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and SET_STATUS.search(node.value):
            yield node.lineno, "UPDATE … SET status"
    for called, call in calls(path):
        by_keyword = called in ("update", "change") and any(word.arg == "status" for word in call.keywords)
        in_bulk = called in ("bulk_update", "bulk_create", "update_or_create") and "'status'" in ast.unparse(call)
        if by_keyword or in_bulk or (called == "setattr" and first_text(call, 1) == "status"):
            yield call.lineno, called


def test_no_bare_managers() -> None:
    found = []
    for path in files("copydesk"):
        said = {
            id(node.value)
            for node in ast.walk(tree(path))
            if isinstance(node, ast.Attribute) and node.attr in ("of", "visible_to", "across_tenants", "none")
        }
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Attribute) and node.attr in ("_default_manager", "_base_manager"):
                found.append(f"{name(path)}:{node.lineno} {ast.unparse(node)}")
            if isinstance(node, ast.Attribute) and node.attr == "objects" and id(node) not in said:
                text = ast.unparse(node)
                if text.partition(".")[0] not in UNSCOPED and (name(path), text) not in ANY_MODEL:
                    found.append(f"{name(path)}:{node.lineno} {text}")
    assert not found, "a query of a website's rows starts with .of(), .visible_to() or .across_tenants()"


def test_unscoped_models_have_no_website() -> None:
    by_name = {model.__name__: model for model in apps.get_models()}
    for model in UNSCOPED:
        columns = {field.column for field in by_name[model]._meta.concrete_fields}
        assert "website_id" not in columns, model


@pytest.mark.parametrize(("folder", "most"), [("copydesk", LONGEST), ("launcher", LONGEST), ("tests", LONGEST_TEST)])
def test_no_file_is_too_long(folder: str, most: int) -> None:
    lines = {name(path): len(path.read_text().splitlines()) for path in files(folder)}
    assert not {path: count for path, count in lines.items() if count > most}


def test_no_forbidden_names() -> None:
    found = [name(path) for path in files("copydesk", "launcher") if {path.stem, *path.parts} & FORBIDDEN]
    assert not found


def test_no_signals_no_save_overrides() -> None:
    found = []
    for path in files("copydesk"):
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.FunctionDef) and node.name in ("save", "delete") and "models" in name(path):
                found.append(f"{name(path)}:{node.lineno} {node.name}")
            if isinstance(node, ast.ImportFrom) and (node.module or "").endswith(("dispatch", "models.signals")):
                found.append(f"{name(path)}:{node.lineno} {node.module}")
    assert not found


def test_no_filter_asks_for_distinct_rows() -> None:
    """None reaches into many; with DISTINCT a list could not be sorted by what it does not select."""
    found = []
    for path in files("copydesk/api"):
        for called, call in calls(path):
            if called == "MultipleChoiceFilter" and not any(word.arg == "distinct" for word in call.keywords):
                found.append(f"{name(path)}:{call.lineno}")
    assert not found


def test_the_kit_stays_small() -> None:
    sizes = {f"{folder}/{file}": lines_of_code(ROOT / folder / f"{file}.py") for folder in KIT for file in KIT[folder]}
    assert sum(sizes.values()) <= KIT_LINES, sizes


def test_the_kit_is_named_whole() -> None:
    features = {
        *("verbs", "seals", "stream", "tasks", "apps", "health", "schema", "uploads", "__init__"),
        *("period", "numbers", "reports"),  # what reports are made of
        *("live", "queues"),
    }
    for folder, known in KIT.items():
        present = {path.stem for path in (ROOT / folder).glob("*.py")} - features
        assert present == known, f"{folder}: part of the kit, or a feature?"


def test_recorded_verbs_exist() -> None:
    unknown = [
        f"{name(path)}:{call.lineno} {verb}"
        for path in files("copydesk")
        for called, call in calls(path)
        if called == "record" and (verb := first_text(call)) is not None and verb not in VERBS
    ]
    assert not unknown


def journaled() -> list[type[Journaled]]:
    return [model for model in apps.get_models() if issubclass(model, Journaled)]


@pytest.mark.parametrize("model", journaled(), ids=lambda model: model.noun)
def test_every_step_has_its_verb(model: type[Journaled]) -> None:
    """But for steps that stay where they are: those are actions of their own, with their own verbs."""
    steps = {step for step, what in getattr(model, "LIFECYCLE", {}).items() if not what.stays}
    assert {f"{model.noun}.{step}" for step in steps} <= set(VERBS)


def test_steps_named_in_code_exist() -> None:
    known = {step for model in journaled() for step in getattr(model, "LIFECYCLE", {})}
    unknown = [
        f"{name(path)}:{call.lineno} {step}"
        for path in files("copydesk")
        for called, call in calls(path)
        if called == "advance" and (step := first_text(call, 1)) is not None and step not in known
    ]
    assert not unknown


def test_nouns_are_distinct() -> None:
    nouns = [model.noun for model in journaled()]
    assert len(nouns) == len(set(nouns))


def test_reactions_resolve() -> None:
    for verb, jobs in reactions().items():
        assert verb in VERBS, verb
        for job in jobs:
            assert job in app.tasks, f"{verb} → {job}"


def test_deferred_jobs_exist() -> None:
    unknown = [
        f"{name(path)}:{call.lineno} {job}"
        for path in files("copydesk")
        for called, call in calls(path)
        if called in ("defer", "configure_task") and (job := first_text(call)) is not None and job not in app.tasks
    ]
    assert not unknown
