"""A world: websites with their people and orders, from a seed and a moment, the same each time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from allauth.account.models import EmailAddress

from copydesk.accounts.models import User
from copydesk.files.gateway import keep_content
from copydesk.orders.actions.kept import keep_dwells, keep_forms
from copydesk.reviews.actions import rank_writers
from copydesk.tenancy.models import Website, WebsiteStatus
from copydesk.tenancy.scope import website_scope

from .copy import Database, Loader, Row
from .crew import Crew
from .desk import desk_prepared, measures_asked, shifts_planned
from .dispute_scenes import dispute_scenes
from .enquiries import TicketLife
from .fine_scenes import fine_scenes
from .fining import fined
from .lives import OrderLife
from .mirror import editing, fines, refunds, reviews, telling
from .people import Arrivals
from .refund_scenes import refund_scenes
from .review_scenes import review_scenes
from .scenes import scenes
from .stage import Life, Stage, Step
from .ticket_scenes import ticket_scenes

DAY = dt.timedelta(days=1)
RATED_AT = dt.time(3, 17)


@dataclass(frozen=True, slots=True)
class Site:
    slug: str
    name: str
    currency: str
    timezone: str


@dataclass(frozen=True, slots=True)
class World:
    """`orders`, `clients`, `writers` and `tickets` are of each website; `password` is the hash that all accounts share.
    `regulars`: the named accounts have a good part of all orders."""

    sites: Sequence[Site]
    orders: int
    clients: int
    writers: int
    now: dt.datetime
    password: str
    days: int = 425
    tickets: int = 0
    editors: int = 3
    agents: int = 2
    regulars: bool = True
    seed: str = "copydesk"


DEMO_SITES = (
    Site("atlas", "Atlas Writing", "USD", "America/New_York"),
    Site("borealis", "Borealis Texts", "EUR", "Europe/Helsinki"),
)


def load(
    database: Database,
    world: World,
    *,
    told: Callable[[str], None] = lambda text: None,
    scripts: dict[str, list[Step]] | None = None,
) -> int:
    """Plays every website and sends its rows, one transaction a website; gives the number of rows. As the owner of the
    tables, whom the policies do not bind. `scripts` takes down what was done, by slug."""
    loader = Loader(database)
    now = world.now.replace(microsecond=0)
    for row in superadmin(loader, world, now):
        loader.send(row)
    for site in world.sites:
        with database.transaction():
            stage = play(loader, world, site, now, told, None if scripts is None else scripts.setdefault(site.slug, []))
            loader.finish()
        for content in stage.contents.values():
            keep_content(stage.website.pk, content)
        with website_scope(stage.website.pk):
            rank_writers(stage.website, now)
            keep_forms(stage.website, now)
            keep_dwells(stage.website, now)
        told(f"{site.slug}: {stage.website.last_order_number} orders, {loader.sent} rows so far")
    return loader.sent


def superadmin(loader: Loader, world: World, now: dt.datetime) -> Iterator[Row]:
    """One for all websites, member of none."""
    email = "superadmin@copydesk.test"
    founded = now - world.days * DAY
    user = loader.sheets[User].make(
        email=email, full_name="Super Admin", password=world.password, is_superadmin=True, created_at=founded
    )
    yield user
    yield loader.sheets[EmailAddress].make(user_id=user.id, email=email, primary=True, verified=True)


def play(
    loader: Loader,
    world: World,
    site: Site,
    now: dt.datetime,
    told: Callable[[str], None],
    script: list[Step] | None,
) -> Stage:
    founded = now - world.days * DAY
    row = loader.sheets[Website].make(
        slug=site.slug,
        name=site.name,
        status=WebsiteStatus.ACTIVE.value,
        currency=site.currency,
        timezone=site.timezone,
        created_at=founded,
    )
    website = Website(**vars(row))
    crew = Crew(regulars=world.regulars)
    stage = Stage(loader, website, crew, seed=world.seed, end=now, script=script)
    stage.notify = partial(telling.notify, stage)
    stage.fined = lambda row: stage.begin(fined(stage, row))
    stage.reactions = {
        "editing.follow_order": partial(editing.follow_order, stage),
        "fines.judge": partial(fines.judge, stage),
        "fines.follow_payout": partial(fines.follow_payout, stage),
        "refunds.follow_order": partial(refunds.follow_order, stage),
        "refunds.follow_repayment": partial(refunds.follow_repayment, stage),
    }
    arrivals = Arrivals(
        stage,
        crew,
        clients=world.clients,
        writers=world.writers,
        editors=world.editors,
        agents=world.agents,
        password=world.password,
    )
    arrivals.employ_staff()
    for life in (
        arrivals.clients_come(),
        arrivals.writers_come(),
        arrivals.payouts_go_out(),
        arrivals.last_days(),
        orders_come(stage, crew, world.orders, told),
        scenes(stage),
        review_scenes(stage),
        refund_scenes(stage),
        fine_scenes(stage),
        dispute_scenes(stage),
        desk_prepared(stage, capacity=25 + world.tickets // 500),
        shifts_planned(stage),
        tickets_come(stage, world.tickets),
        measures_asked(stage, 3 + world.tickets // 1_000),
        ticket_scenes(stage, arrivals),
        rated(stage),
    ):
        stage.begin(life)
    stage.play()
    for counted in ("last_order_number", "last_ticket_number", "last_refund_receipt"):
        setattr(row, counted, getattr(website, counted))
    loader.send(row)
    for member in crew.everybody():
        loader.send(member.row)
        if member.profile:
            loader.send(member.profile)
    return stage


def orders_come(stage: Stage, crew: Crew, orders: int, told: Callable[[str], None]) -> Life:
    """One after the other, more of them as time goes by."""
    start = stage.now + 3 * DAY
    span = stage.end - start
    for index in range(orders):
        chance = stage.chance("placement", index)
        at = start + span * ((index + chance.random()) / orders) ** 0.8
        yield at
        stage.begin(OrderLife(stage, index, crew.some_client(chance)).live())
        if index and index % 1_000 == 0:
            told(f"{stage.website.slug}: {index} orders placed")


def tickets_come(stage: Stage, tickets: int) -> Life:
    """As orders come."""
    start = stage.now + 4 * DAY
    span = stage.end - start
    for index in range(tickets):
        yield start + span * ((index + stage.chance("asking", index).random()) / tickets) ** 0.8
        stage.begin(TicketLife(stage, index).live())


def rated(stage: Stage) -> Life:
    """The nightly job's last run."""
    night = dt.datetime.combine(stage.end.date(), RATED_AT, dt.UTC)
    yield night if night <= stage.end else night - DAY
    reviews.rate_writers(stage)
