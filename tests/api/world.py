"""A small website with a row of everything, made over HTTP and by the real actions; and the ids that routes ask for."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass, field
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from copydesk.accounts.models import Membership, User
from copydesk.core import clock
from copydesk.disputes.models import Evidence
from copydesk.editing.models import RequiredChange
from copydesk.orders.models import Order
from copydesk.payments.actions import approve_payout, pay_payout, prepare_payout
from copydesk.payments.models import Payout, PayoutStatement
from copydesk.refunds.actions import reject_refund
from copydesk.refunds.models import RefundDestination
from copydesk.reviews.actions import rank_writers
from copydesk.tenancy.models import Website
from copydesk.tenancy.scope import website_scope
from tests.api.client import Caller, anonymous, as_, as_user
from tests.factories import disputes, editing, fines, refunds, reviews
from tests.factories.accounts import actor, membership, superadmin
from tests.factories.orders import (
    available_order,
    completed_order,
    delivered_order,
    order_charges,
    order_in_progress,
    unpaid_order,
)
from tests.factories.payments import earning, filled_wallet
from tests.factories.tenancy import website
from tests.factories.writers import writer
from tests.jobs import run_jobs

ROLES = ("anonymous", "client", "writer", "editor", "support", "admin", "superadmin", "stranger")
UNKNOWN = 999_999_999
API = "/api/v1/"


@dataclass
class World:
    """`ids`: how a path with `{id}` begins → what stands for each of its ids; the longest beginning counts."""

    website: Website
    people: dict[str, Membership]
    boss: User
    stranger: Membership
    ids: dict[str, tuple[Any, ...]] = field(default_factory=dict)

    def caller(self, role: str) -> Caller:
        if role == "anonymous":
            return anonymous(self.website)
        if role == "superadmin":
            return as_user(self.boss, self.website)
        if role == "stranger":
            return as_user(self.stranger.user, self.website)
        return as_(self.people[role])

    def fill(self, path: str) -> str:
        """The path with this world's ids in it."""
        wanted = path.count("{id}")
        if not wanted:
            return path
        begun = max((begin for begin in self.ids if path.removeprefix(API).startswith(begin)), key=len)
        ids = iter(self.ids[begun][:wanted])
        return re.sub(r"\{id\}", lambda _: str(next(ids)), path)


def build(slug: str, boss: User, stranger: Membership) -> World:
    """`boss` is a superadmin, `stranger` a member of another website."""
    of = website(slug)
    people = {role: membership(of, role) for role in ("client", "editor", "support", "admin")}
    people["writer"] = membership(of, "writer")
    profile = writer(people["writer"])
    world = World(of, people, boss, stranger)
    client, quill = people["client"], people["writer"]
    unpaid_order(client)
    available = available_order(client)
    completed = completed_order(client, quill)
    delivered_order(client, quill)
    working = order_in_progress(client, quill)
    filled_wallet(client, 50_000)
    world.ids |= {
        "admin-management/orders/": (working.pk,),
        "orders/": (working.pk,),
        "writers/": (profile.pk,),
        "payments/": (order_charges(working)[0].pk,),
        "payments/webhooks/": ("sandbox",),
    }
    _talk(world, working, available)
    _edit(world)
    _pay_out(world)
    feeds = f"{API}writer-management/dashboard/calendar/feeds/"
    feed = as_(quill).post(feeds)
    world.ids |= {
        "writer-management/dashboard/calendar/feed/": (feed["url"].split("/")[-2],),
        "writer-management/dashboard/calendar/feeds/": (feed["id"],),
    }
    _ask_support(world, working)
    review = as_(client).post(f"{API}orders/{completed.pk}/review/", {"rating": 4, "text": "Good."})
    _dispute(world)
    _moderate(world)
    _refund(world)
    _fine(world, working)
    run_jobs()
    with website_scope(of.pk):
        rank_writers(of, clock.now())
    told = as_(client).get(f"{API}notifications/")["results"]
    world.ids |= {
        "orders/{id}/review/": (completed.pk,),
        "reviews/": (review["id"],),
        "notifications/": (told[0]["id"],),
    }
    return world


def _talk(world: World, working: Order, available: Order) -> None:
    orders = f"{API}orders/{working.pk}/"
    as_(world.people["client"]).post(f"{orders}messages/", {"body": "When is it ready?"})
    sent = as_(world.people["writer"]).upload(
        f"{orders}files/", {"file": SimpleUploadedFile("work.txt", b"Some work."), "kind": "final"}
    )
    asked = as_(world.people["writer"]).post(f"{API}orders/{available.pk}/request/", {"message": "I can."})
    adjusted = as_(world.people["client"]).post(f"{orders}adjust/", {"pages": 3})
    world.ids |= {
        "orders/files/": (sent["id"],),
        "orders/adjustments/": (adjusted["id"],),
        "orders/requests/": (asked["id"],),
    }


def _edit(world: World) -> None:
    """A task that waits, one that is assigned to the editor, and returned work with a change that is open."""
    client, quill, editor = (world.people[role] for role in ("client", "writer", "editor"))
    returned = editing.completed_task(client, quill, editor, editing.RETURNED)
    waiting = editing.open_task(client, quill)
    with website_scope(world.website.pk):
        change = RequiredChange.objects.of(world.website).filter(review__task=returned).order_by("position")[0]
    world.ids |= {
        "editor-management/profiles/": (editor.pk,),
        "editor-management/tasks/": (waiting.pk,),
        "editor-management/tasks/{id}/changes/": (returned.pk,),
        "editor-management/tasks/changes/": (change.pk,),
    }


def _ask_support(world: World, working: Order) -> None:
    """The client's ticket about its order, answered, with a note and a file; and one of the writer."""
    about = {"about_type": "order", "about_id": working.pk}
    ticket = as_(world.people["client"]).post(f"{API}tickets/", {"title": "Late?", "body": "When?", **about})
    path = f"{API}tickets/{ticket['id']}/"
    sent = as_(world.people["client"]).upload(f"{path}files/", {"file": SimpleUploadedFile("seen.txt", b"Seen.")})
    as_(world.people["client"]).post(f"{path}reply/", {"body": "See this.", "file_ids": [sent["id"]]})
    as_(world.people["support"]).post(f"{path}note/", {"body": "An old acquaintance."})
    as_(world.people["support"]).post(f"{path}reply/", {"body": "Soon.", "then": "awaiting_client"})
    as_(world.people["writer"]).post(f"{API}tickets/", {"title": "Pay", "body": "When?", "category": "payment"})
    world.ids |= {"tickets/": (ticket["id"],), "tickets/files/": (sent["id"],)}
    _keep_desk(world, path)


def _keep_desk(world: World, ticket: str) -> None:
    """What support keeps: an escalated ticket, a measure that is asked for, a payment issue, a shift, texts."""
    desk, people = f"{API}support-management/", world.people
    support = as_(people["support"])
    support.post(f"{ticket}escalate/", {"reason": "A lot of money."})
    measure = {"member_id": people["writer"].pk, "measure": "blacklist", "reason": "Fraud."}
    issue = {"client_id": people["client"].pk, "kind": "double_charge", "description": "Twice."}
    order, text = world.ids["orders/"], {"category": "order", "question": "When?", "answer": "Soon."}
    later = clock.now() + dt.timedelta(hours=8)
    shift = {"member_id": people["support"].pk, "starts_at": clock.now().isoformat(), "ends_at": later.isoformat()}
    made = {
        "escalations": support.post(f"{desk}escalations/", measure)["id"],
        "payment-issues": support.post(f"{desk}payment-issues/", {**issue, "order_id": order[0]})["id"],
        "canned-replies": support.post(f"{desk}canned-replies/", {"title": "Soon", "body": "Soon."})["id"],
        "faqs": support.post(f"{desk}faqs/", {**text, "is_published": True})["id"],
        "shifts": as_(people["admin"]).post(f"{desk}shifts/", shift)["id"],
        "support-profiles": people["support"].pk,
        "workload-tracker": people["support"].pk,
        "order-management": order[0],
    }
    support.patch(f"{desk}support-profiles/{people['support'].pk}/", {"available": True})
    world.ids |= {f"support-management/{section}/": (row_id,) for section, row_id in made.items()}


def _dispute(world: World) -> None:
    """One that the writer has answered, with a file: it is to be decided."""
    client, quill = world.people["client"], world.people["writer"]
    answered = disputes.answer(
        disputes.dispute(client, quill), quill, uploads=[SimpleUploadedFile("seen.txt", b"Seen.")]
    )
    with website_scope(world.website.pk):
        evidence = Evidence.objects.of(world.website).get(statement__dispute=answered)
    world.ids |= {"orders/disputes/": (answered.pk,), "orders/disputes/files/": (evidence.pk,)}


def _moderate(world: World) -> None:
    """A review that waits, reported; and one whose rejection is appealed, by another moderator's hand to be decided."""
    client, quill = world.people["client"], world.people["writer"]
    first = membership(world.website, "admin")
    appeal = reviews.open_appeal(client, quill, first)
    waiting = reviews.pending_review(client, quill, text=f"{reviews.LONG} {reviews.CONTACT}")
    reported = reviews.reported_review(membership(world.website), quill, quill)
    as_(first).post(f"{API}admin-management/reviews/{reported.pk}/flag/", {"ground": "spam", "reason": "Look again."})
    world.ids |= {
        "admin-management/reviews/": (waiting.pk,),
        "admin-management/reviews/appeals/": (appeal.pk,),
    }


def _refund(world: World) -> None:
    """One that waits, one that is rejected, one that has gone to the wallet."""
    client, admin = world.people["client"], world.people["admin"]
    order = refunds.card_order(client)
    done = refunds.succeeded(order, admin, destination=RefundDestination.WALLET)
    with website_scope(world.website.pk):
        reject_refund(refunds.request(order, client), by=actor(admin), reason="No.")
    world.ids |= {"refunds/": (refunds.request(order, client).pk,), "refunds/{id}/receipt/": (done.pk,)}


def _fine(world: World, working: Order) -> None:
    """One that is proposed, one that is issued, one that is appealed; by another admin."""
    first = membership(world.website, "admin")
    proposed = fines.proposed(working, first, 50)
    fines.issued(working, first, 50)
    appealed = fines.issued(working, first, 50)
    world.ids |= {
        "fines/": (proposed.pk,),
        "admin-management/fines/": (proposed.pk,),
        "admin-management/fines/appeals/": (fines.appeal_of(appealed).pk,),
    }


def _pay_out(world: World) -> None:
    """One batch that is paid, one that is prepared."""
    of, quill = world.website, world.people["writer"]
    for number in (1, 2):
        earning(quill, 6_000, order_id=number)
        with website_scope(of.pk):
            payout = prepare_payout(of, by=actor(world.people["admin"]))
            if number == 1:
                second = actor(membership(of, "admin"))
                pay_payout(approve_payout(payout, by=second), by=second)
    with website_scope(of.pk):
        paid = PayoutStatement.objects.of(of).filter(payout__status="paid").get()
        waiting = Payout.objects.of(of).filter(status="prepared").get()
    world.ids |= {
        "wallet/payouts/": (paid.pk,),
        "admin-management/writer-payments/": (waiting.pk, quill.pk),
    }


def pair() -> tuple[World, User, Membership]:
    """A world, a superadmin, and a member of another website."""
    elsewhere = website("elsewhere")
    stranger = membership(elsewhere, "admin")
    boss = superadmin()
    return build("atlas", boss, stranger), boss, stranger
