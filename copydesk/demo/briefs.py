"""Order forms as clients fill them in."""

from __future__ import annotations

import datetime as dt
import random

from copydesk.orders.actions.placement import OrderForm

from . import texts
from .mirror.placement import PRICES

LEADS = ((6, 12, 6), (12, 24, 12), (24, 72, 27), (72, 168, 30), (168, 480, 25))
"""(hours from, to, weight) between placement and the client's deadline."""


def draw_brief(chance: random.Random, now: dt.datetime, preferred_writer_id: int | None = None) -> OrderForm:
    """`preferred_writer_id` is asked for now and then, where there is one."""
    subject = chance.choice(PRICES.subjects).code
    paper_type = chance.choice(PRICES.paper_types).code
    since, until, _ = chance.choices(LEADS, [weight for *_, weight in LEADS])[0]
    lead = dt.timedelta(minutes=chance.randint(since * 60, until * 60))
    return OrderForm(
        topic=chance.choice(texts.TOPICS[subject]),
        instructions=chance.choice(texts.INSTRUCTIONS).format(sources=chance.randint(3, 12)),
        paper_type=paper_type,
        subject=subject,
        academic_level=chance.choices(PRICES.levels, (15, 45, 30, 10))[0].code,
        work_type=chance.choices(PRICES.work_types, (82, 8, 6, 4))[0].code,
        pages=0 if paper_type == "presentation" else min(1 + int(chance.expovariate(1 / 4)), 25),
        slides=chance.randint(5, 20) if paper_type == "presentation" else 0,
        spacing=chance.choices(PRICES.spacings, (85, 15))[0].code,
        client_deadline=(now + lead).replace(second=0, microsecond=0),
        extras=tuple(extra.code for extra in PRICES.extras if chance.random() < 0.12),
        preferred_writer_id=preferred_writer_id if chance.random() < 0.5 else None,
        requires_editing=chance.choices((None, True, False), (75, 8, 17))[0],
    )
