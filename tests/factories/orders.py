"""Orders in any state, made by the real actions: the smallest valid ones. Each works in its own website's scope."""

from __future__ import annotations

import datetime as dt
import hashlib
from typing import Any

from copydesk.accounts.actor import Actor
from copydesk.accounts.models import Membership
from copydesk.accounts.permissions import Role
from copydesk.core import clock
from copydesk.files.models import File
from copydesk.orders.actions import delivery, payment, placement, staffing
from copydesk.orders.models import FileKind, Order, OrderFile, Round
from copydesk.payments.actions import charge_wallet
from copydesk.payments.models import Charge, Purpose, Reference
from copydesk.tenancy.models import Website
from copydesk.tenancy.scope import website_scope

from .accounts import actor
from .payments import filled_wallet

DAYS = 10


def form(**values: Any) -> placement.OrderForm:
    """Two double-spaced bachelor pages of history, due in ten days: 32.00."""
    return placement.OrderForm(
        **{
            "topic": "The causes of the war",
            "instructions": "Five sources.",
            "paper_type": "essay",
            "subject": "history",
            "academic_level": "bachelor",
            "work_type": "writing",
            "pages": 2,
            "slides": 0,
            "spacing": "double",
            "client_deadline": clock.now() + dt.timedelta(days=DAYS),
            "extras": [],
            "preferred_writer_id": None,
            "requires_editing": False,
            **values,
        }
    )


def unpaid_order(client: Membership, **values: Any) -> Order:
    with website_scope(client.website_id):
        return placement.place_order(form(**values), by=actor(client))


def available_order(client: Membership, **values: Any) -> Order:
    """Paid from a wallet filled for it."""
    order = unpaid_order(client, **values)
    filled_wallet(client, order.price_minor)
    with website_scope(client.website_id):
        charge = charge_wallet(
            client.website,
            payer_id=client.pk,
            amount_minor=order.price_minor,
            purpose=Purpose.ORDER,
            reference=order.reference,
            key=f"pay {order.pk}",
            by=actor(client),
        )
        payment.apply_capture(charge, by=actor(client))
        return _again(order)


def order_in_progress(client: Membership, writer: Membership, staff: Membership | None = None, **values: Any) -> Order:
    """Assigned by staff (the system's own admin, where none is named) to a writer who is at work."""
    order = available_order(client, **values)
    with website_scope(client.website_id):
        by = actor(staff) if staff else _admin(client.website)
        return staffing.assign(order, writer.pk, by=by)


def work_file(order: Order, writer: Membership, kind: str = FileKind.FINAL) -> OrderFile:
    """A file of the current round."""
    with website_scope(order.website_id):
        current = Round.objects.of(order.website_id).get(order=order, submitted_at=None, closed_at=None)
        file = stored_file(writer)
        return OrderFile.objects.of(order.website_id).create(
            order=order,
            file=file,
            round=current,
            kind=kind,
            name=file.name,
            number=OrderFile.objects.of(order.website_id).filter(order=order).count() + 1,
            uploader_role=writer.role,
        )


def stored_file(uploader: Membership, content: bytes = b"text", name: str = "work.txt") -> File:
    digest = hashlib.sha256(content).hexdigest()
    return File.objects.of(uploader.website_id).create(
        uploader=uploader,
        name=name,
        content_type="text/plain",
        size=len(content),
        sha256=digest,
        storage_key=f"{uploader.website_id}/{digest}",
    )


def delivered_order(client: Membership, writer: Membership, **values: Any) -> Order:
    order = order_in_progress(client, writer, **values)
    work_file(order, writer)
    with website_scope(client.website_id):
        return delivery.submit(order, by=actor(writer))


def order_in_editing(client: Membership, writer: Membership, **values: Any) -> Order:
    return delivered_order(client, writer, requires_editing=True, **values)


def completed_order(client: Membership, writer: Membership, **values: Any) -> Order:
    order = delivered_order(client, writer, **values)
    with website_scope(client.website_id):
        return delivery.approve(order, by=actor(client))


def order_charges(order: Order) -> list[Charge]:
    with website_scope(order.website_id):
        return list(Charge.objects.of(order.website_id).about(Reference("order", order.pk)).order_by("id"))


def _admin(website: Website) -> Actor:
    found = Membership.objects.of(website).filter(role="admin").first()
    return Actor(website, Role.ADMIN, membership_id=found.pk if found else None)


def _again(order: Order) -> Order:
    return Order.objects.of(order.website_id).get(pk=order.pk)
