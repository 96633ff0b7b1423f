"""When the people of a website come, and what they do beside orders: top up, prefer and block, pause, are paid out."""

from __future__ import annotations

import datetime as dt
import random

from copydesk.accounts.permissions import Role
from copydesk.payments.gateway.sandbox import OK
from copydesk.writers.models import ChoiceKind, WriterStatus

from . import texts
from .crew import NAMED_CLIENTS, STAFF, Crew, Member
from .mirror import editing, money, payouts, people
from .mirror.placement import PRICES
from .stage import Life, Stage

DAY, HOUR = dt.timedelta(days=1), dt.timedelta(hours=1)
LIFTED_EVERY = 5
UNDECIDED = 2
"""The last applications still wait."""
REJECTED = 7
"""The place of the first application that is rejected."""
NAMED_WRITERS = {"writer": "senior", "writer2": "standard", "writer3": "expert"}
CONTESTED = "One of its orders is contested."
DISCIPLINES = [subject.code for subject in PRICES.subjects]
PAPERS = [paper.code for paper in PRICES.paper_types]


class Arrivals:
    """Everybody of one website who ever joins it."""

    def __init__(
        self, stage: Stage, crew: Crew, *, clients: int, writers: int, editors: int, agents: int, password: str
    ) -> None:
        self.stage = stage
        self.crew = crew
        self.clients = clients
        self.writers = writers
        self.editors = editors
        self.agents = agents
        self.password = password
        self.start = stage.now
        self.span = stage.end - stage.now

    def employ_staff(self) -> None:
        more = [(f"editor{number}", Role.EDITOR) for number in range(3, self.editors + 1)]
        more += [(f"support{number}", Role.SUPPORT) for number in range(3, self.agents + 1)]
        for name, role in (*STAFF, *more):
            member = people.employ(
                self.stage,
                name=name,
                role=role,
                email=self.email(name),
                full_name=self.full_name(name),
                password=self.password,
            )
            if role is Role.EDITOR and name != "editor":
                self.specialise(name, member)

    def specialise(self, name: str, editor: Member) -> None:
        """But for the first one, who takes everything, editors know some subjects, or some kinds of papers."""
        chance = self.stage.chance("editor", name)
        known = {"subjects": chance.sample(DISCIPLINES, 8)} if chance.random() < 0.7 else {}
        papers = {"paper_types": chance.sample(PAPERS, 5)} if not known or chance.random() < 0.3 else {}
        editing.change_editor(self.stage, editor, by=editor.actor, **known, **papers)

    def email(self, name: str) -> str:
        return f"{name}@{self.stage.website.slug}.test"

    def full_name(self, name: str) -> str:
        chance = self.stage.chance("name", name)
        return f"{chance.choice(texts.FIRST_NAMES)} {chance.choice(texts.LAST_NAMES)}"

    def clients_come(self) -> Life:
        """A fifth in the first weeks, the others over the whole time."""
        for index in range(self.clients):
            chance = self.stage.chance("client", index)
            at = self.start + self.span * 0.97 * ((index + chance.random()) / self.clients) ** 1.4
            # Orders are placed from the third day on, and somebody must be there.
            yield at if index else min(at, self.start + 3 * DAY - HOUR)
            name = NAMED_CLIENTS[index] if index < len(NAMED_CLIENTS) else f"client{index + 1}"
            client = people.register_client(
                self.stage,
                email=self.email(name),
                full_name=self.full_name(name),
                password=self.password,
            )
            if name in NAMED_CLIENTS:
                self.crew.named[name] = client
            named = self.crew.regulars and name in NAMED_CLIENTS
            self.stage.begin(self.client_lives(client, chance, named=named))

    def client_lives(self, client: Member, chance: random.Random, *, named: bool) -> Life:
        """Fills the wallet now and then; has writers it prefers, rarely one that it blocks."""
        while True:
            yield self.stage.now + DAY * (20 + 300 * chance.random()) / (3 if named else 1)
            if named or chance.random() < 0.25:
                amount = chance.choice((5_000, 10_000, 20_000))
                money.top_up(self.stage, amount_minor=amount, token=OK, by=client.actor)
            if self.crew.writers and chance.random() < (0.8 if named else 0.3):
                writer = chance.choice(self.crew.writers)
                if writer.id not in client.chosen:
                    kind = ChoiceKind.BLOCK if chance.random() < 0.12 else ChoiceKind.FAVOUR
                    people.choose_writer(self.stage, writer.writer, kind, by=client.actor)

    def writers_come(self) -> Life:
        for index in range(self.writers):
            chance = self.stage.chance("writer", index)
            place = max(index - self.writers / 3, 0) / self.writers
            undecided = self.writers - index
            if undecided <= UNDECIDED:
                yield self.stage.end - undecided * 3 * HOUR
            else:
                # An hour apart; closer where they are many, so that the last ones come before the end as well.
                apart = min(HOUR, self.span * 0.02 / self.writers)
                yield min(self.start + self.span * (place * 1.5) + apart * index, self.stage.end - 8 * HOUR)
            self.apply(index, chance)

    def apply(self, index: int, chance: random.Random) -> None:
        names = list(NAMED_WRITERS)
        name = names[index] if index < len(names) else f"writer{index + 1}"
        subjects = chance.sample(DISCIPLINES, chance.randint(3, 6))
        first, last = texts.PEN_FIRST, texts.PEN_LAST
        member = people.apply(
            self.stage,
            email=self.email(name),
            full_name=self.full_name(name),
            password=self.password,
            pen_name=f"{first[index % len(first)]} {last[(index + index // len(first)) % len(last)]}"
            + (f" {index // 400 + 1}" if index >= 400 else ""),
            bio=texts.BIO.format(subjects=subjects[0].replace("_", " "), years=chance.randint(2, 15)),
            subjects=subjects,
            paper_types=chance.sample(PAPERS, chance.randint(2, 5)),
        )
        if name in NAMED_WRITERS:
            self.crew.named[name] = member
            self.stage.begin(self.named_writer_lives(member, NAMED_WRITERS[name]))
        elif index < self.writers - UNDECIDED:
            self.stage.begin(self.writer_lives(member, chance, index))

    def named_writer_lives(self, writer: Member, level: str) -> Life:
        yield self.stage.now + HOUR
        people.approve_writer(self.stage, writer.writer, by=self.crew.staff["admin"].actor, level=level)

    def writer_lives(self, writer: Member, chance: random.Random, index: int) -> Life:
        """Decided within two days; later a pause, a promotion, a suspension."""
        yield self.stage.now + HOUR * chance.uniform(1, 40)
        admin = self.crew.staff["admin"].actor
        if index == REJECTED or (index > REJECTED and chance.random() < 0.08):
            people.reject_writer(self.stage, writer.writer, by=admin, reason=chance.choice(texts.REJECTIONS))
            return
        level = chance.choices(("junior", "standard", "senior", "expert"), (15, 45, 25, 15))[0]
        people.approve_writer(self.stage, writer.writer, by=admin, level=level)
        while True:
            yield self.stage.now + DAY * chance.uniform(30, 200)
            if writer.writer.status != WriterStatus.APPROVED:
                return
            what = chance.random()
            if what < 0.4:
                until = (self.stage.now + DAY * chance.uniform(3, 21)).replace(microsecond=0)
                reason = chance.choice(texts.LEAVES)
                people.take_leave(self.stage, writer.writer, by=writer.actor, until=until, reason=reason)
                yield swept(until)
                people.turn_clock(self.stage, writer.writer)
            elif what < 0.55:
                until = (self.stage.now + DAY * chance.uniform(3, 30)).replace(microsecond=0)
                reason = chance.choice(texts.SUSPENSIONS)
                people.suspend_writer(self.stage, writer.writer, by=admin, until=until, reason=reason)
                yield swept(until)
                people.turn_clock(self.stage, writer.writer)
            elif what < 0.75 and writer.writer.level == "standard":
                reason = chance.choice(texts.PROMOTIONS)
                people.change_level(self.stage, writer.writer, by=admin, level="senior", reason=reason)

    def last_days(self) -> Life:
        """Whatever chance has done, a writer of each status is there to be seen."""
        yield self.stage.end - 2 * DAY
        named = set(self.crew.named.values())
        others = [writer for writer in self.crew.writers if writer not in named]
        working = [writer for writer in others if writer.writer.status == WriterStatus.APPROVED]
        leaving, suspended = sorted(working, key=lambda writer: len(writer.cases))[:2]
        admin, end = self.crew.staff["admin"].actor, self.stage.end
        people.take_leave(self.stage, leaving.writer, by=leaving.actor, until=end + 5 * DAY, reason=texts.LEAVES[0])
        people.suspend_writer(self.stage, suspended.writer, by=admin, until=end + 10 * DAY, reason=texts.SUSPENSIONS[0])

    def payouts_go_out(self) -> Life:
        """Every second week: prepared by one, approved and paid by another. The last ones are on their way."""
        admin, other = self.crew.staff["admin"].actor, self.crew.staff["admin2"].actor
        number = 0
        while self.stage.end - self.stage.now > 24 * DAY:
            yield self.stage.now + 14 * DAY
            batch = payouts.prepare_payout(self.stage, by=admin)
            if batch is None:
                continue
            number += 1
            yield self.stage.now + 5 * HOUR
            if number == 5 or payouts.held(self.stage, batch):
                payouts.cancel_payout(self.stage, batch, by=other, reason="One statement was not yet checked.")
                continue
            payouts.approve_payout(self.stage, batch, by=other)
            yield self.stage.now + 20 * HOUR
            if payouts.held(self.stage, batch):
                payouts.cancel_payout(self.stage, batch, by=other, reason=CONTESTED)
            else:
                payouts.pay_payout(self.stage, batch, by=other)
        yield self.stage.end - 9 * DAY
        if batch := payouts.prepare_payout(self.stage, by=admin):
            yield self.stage.end - 8 * DAY
            if payouts.held(self.stage, batch):
                payouts.cancel_payout(self.stage, batch, by=other, reason=CONTESTED)
            else:
                payouts.approve_payout(self.stage, batch, by=other)
        yield self.stage.end - 2 * HOUR
        payouts.prepare_payout(self.stage, by=other)


def swept(at: dt.datetime) -> dt.datetime:
    """When the clock's job finds it."""
    past = dt.timedelta(minutes=at.minute % LIFTED_EVERY, seconds=at.second)
    return at if not past else at - past + dt.timedelta(minutes=LIFTED_EVERY)
