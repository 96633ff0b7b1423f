"""What the fuzz asks with: the schema's operations, cases of schemathesis, and real ids and words to put in them."""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import schemathesis
from schemathesis.core.parameters import ParameterLocation
from schemathesis.generation import GenerationMode
from schemathesis.generation.case import Case
from schemathesis.generation.drivers import CoverageGenerator
from schemathesis.generation.feedback import NO_FEEDBACK
from schemathesis.generation.overrides import Override
from schemathesis.schemas import APIOperation

from copydesk.api.access import SLUG
from copydesk.api.schema import document
from copydesk.core import clock
from copydesk.orders.actions import staffing
from copydesk.orders.models import Order
from copydesk.tenancy.scope import website_scope
from copydesk.writers.models import WriterStatus
from tests.api.client import Caller
from tests.api.world import API, World, pair
from tests.factories.accounts import actor, membership, user
from tests.factories.orders import available_order, order_in_editing
from tests.factories.writers import writer
from tests.jobs import run_jobs

SCHEMA = schemathesis.openapi.from_dict(json.loads(document()))
# The caller's token is not fuzzed: it is there, or it is not.
SCHEMA.config.generation.update(with_security_parameters=False)
SCHEMA.config.checks.update(
    included_check_names=[
        "not_a_server_error",
        "status_code_conformance",
        "content_type_conformance",
        "response_headers_conformance",
        "response_schema_conformance",
        "negative_data_rejection",
        "missing_required_header",
        "unsupported_method",
    ]
)

# A version that is none is refused before the body is read.
SCHEMA.config.checks.negative_data_rejection.expected_statuses.append("412")

PASSWORD = "correct horse battery staple"
Pick = Callable[[Sequence[Any]], Any]


@cache
def operations() -> tuple[APIOperation, ...]:
    return tuple(found.ok() for found in SCHEMA.get_all_operations())


def route(operation: APIOperation) -> tuple[str, str]:
    """(method, path) as the permission matrix writes them."""
    return operation.method.upper(), re.sub(r"\{\w+\}", "{id}", operation.path.removeprefix(API))


def reading() -> list[APIOperation]:
    return [operation for operation in operations() if operation.method == "get"]


def label(operation: APIOperation) -> str:
    return f"{operation.method.upper()} {operation.path.removeprefix(API)}"


def plain(operation: APIOperation, query: dict[str, str]) -> Case:
    """With nothing in it but ids to be filled in."""
    return operation.Case(path_parameters=dict.fromkeys(re.findall(r"\{(\w+)\}", operation.path), "1"), query=query)


def open_to_all(operation: APIOperation) -> bool:
    return {} in operation.definition.raw.get("security", [{}])


def strategy(operation: APIOperation) -> Any:
    """Of cases that fit the schema, and of cases that do not."""
    return operation.as_strategy(GenerationMode.POSITIVE, feedback=NO_FEEDBACK) | operation.as_strategy(
        GenerationMode.NEGATIVE, feedback=NO_FEEDBACK
    )


def boundaries(operation: APIOperation) -> list[Case]:
    """Each limit that the schema names, met and just missed; each part left out; each of another type."""
    return list(
        CoverageGenerator(
            operation=operation,
            generation_modes=list(GenerationMode),
            generation_config=SCHEMA.config.generation,
            auth_storage=None,
            override=Override(),
            feedback=NO_FEEDBACK,
        )
    )


def turn(number: int) -> Pick:
    """Picks that go through all combinations, as the number counts up."""

    def pick(options: Sequence[Any]) -> Any:
        nonlocal number
        number, at = divmod(number, len(options))
        return options[at]

    return pick


@dataclass
class Aim:
    """`ids`: how a path begins → what may stand for its ids. `words`: a field's name → what it may be, the soundest
    first."""

    world: World
    callers: dict[str, Caller]
    ids: dict[str, list[tuple[Any, ...]]]
    words: dict[str, list[Any]]

    def take(self, case: Case, pick: Pick) -> None:
        """Puts real ids and words where the case has well-formed ones; else all would be 404, or an unknown subject."""
        if case.path_parameters and self._sound(case, ParameterLocation.PATH):
            ids = map(str, pick(self._ids(case.path)))
            case.path_parameters = dict(zip(re.findall(r"\{(\w+)\}", case.path), ids, strict=False))
        if words := self._words(case.query, pick):
            case.query |= words
        if isinstance(case.body, dict) and (words := self._words(case.body, pick)):
            case.body |= words

    def headers(self, case: Case, caller: Caller, pick: Pick) -> dict[str, str]:
        """For the call, over the case's own: this website, unless the name is malformed; any version, half the time."""
        headers = dict(caller._headers)
        if not SLUG.fullmatch(str(case.headers.get("X-Website", "sound"))):
            del headers["X-Website"]
        if "If-Match" in case.headers and pick((True, False)):
            headers["If-Match"] = "*"
        return headers

    def _ids(self, path: str) -> list[tuple[Any, ...]]:
        return self.ids[max((begin for begin in self.ids if path.removeprefix(API).startswith(begin)), key=len)]

    def _words(self, given: Mapping[str, Any], pick: Pick) -> dict[str, Any]:
        return {
            name: pick(self.words[name])
            for name, value in given.items()
            if name in self.words and well_formed(value, self.words[name][0])
        }

    def _sound(self, case: Case, location: ParameterLocation) -> bool:
        made = case.meta.components.get(location) if case.meta else None
        return made is None or made.mode.is_positive


def well_formed(value: Any, word: Any) -> bool:
    """Whether a generated value could be meant for what `word` is, and is not there to be refused."""
    if isinstance(word, list):
        return isinstance(value, list) and 0 < len(value) < 20 and all(well_formed(one, word[0]) for one in value)
    if isinstance(word, str):
        return isinstance(value, str) and 0 < len(value) <= 40
    return type(value) is type(word) and 0 < value < 2**63


def aim() -> Aim:
    """A world with orders in every state, and what is real in it."""
    world = pair()[0]
    client, quill, staff = (world.people[role] for role in ("client", "writer", "admin"))
    order_in_editing(client, quill)
    offered = available_order(client)
    applied = writer(world.website, status=WriterStatus.APPLIED)
    known = membership(world.website, account=user("known@example.test", password=PASSWORD))
    with website_scope(world.website.pk):
        staffing.assign(offered, quill.pk, by=actor(staff), offer=True)
        orders = [*Order.objects.of(world.website).order_by("pk").values_list("pk", flat=True)]
    run_jobs()
    callers = {role: world.caller(role) for role in ("anonymous", *world.people, "superadmin")}
    login = callers["anonymous"].post(f"{API}auth/login/", {"email": known.user.email, "password": PASSWORD})
    later = [(clock.now() + dt.timedelta(days=days)).isoformat() for days in (20, 6, 400, -1)]
    writers = [quill.pk, applied.member_id]
    ids = {begin: [ids] for begin, ids in world.ids.items()}
    common = [world.ids["orders/"], world.ids["orders/{id}/review/"]]
    ids["orders/"] = ids["orders/{id}/review/"] = [*common, *((pk,) for pk in orders if (pk,) not in common)]
    ids["writers/"].append((applied.pk,))
    words = {
        "paper_type": ["essay"],
        "subject": ["history", "law"],
        "academic_level": ["bachelor", "doctoral"],
        "work_type": ["writing", "editing"],
        "spacing": ["double", "single"],
        "extras": [["abstract"], ["sources", "top_writer"]],
        "subjects": [["history"], ["law", "history"]],
        "paper_types": [["essay"]],
        "level": ["senior", "junior"],
        "payment_token": ["tok_ok", "tok_declined", "tok_late", "tok_timeout"],
        "amount": ["12.50"],
        "email": [known.user.email, "new@example.test"],
        "password": [PASSWORD],
        "refresh": [login["refresh"]],
        **dict.fromkeys(("client_deadline", "new_deadline", "until", "due_at", "starts_at", "ends_at"), later),
        **dict.fromkeys(("writer_id", "preferred_writer_id"), writers),
        "client_id": [client.pk, known.pk],
        "member_id": [client.pk, quill.pk, world.people["support"].pk],
        "ticket_id": [world.ids["tickets/"][0]],
        "charge_id": [world.ids["payments/"][0]],
        "requester_id": [client.pk, quill.pk],
        "about_id": orders,
        "assignee_id": [staff.pk, world.people["support"].pk],
        "target_id": [world.people["support"].pk],
        "order_id": orders,
        "editor_id": [world.people["editor"].pk],
        "task_id": [world.ids["editor-management/tasks/"][0]],
        "criterion": ["sources"],
    }
    return Aim(world, callers, ids, words)
