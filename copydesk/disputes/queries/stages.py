"""How long a dispute waits for whom, and what follows from silence: told when it is opened."""

from __future__ import annotations

from dataclasses import dataclass

from ..models import ACTIVE, AWAITING, TURNS, DisputeStatus, OnSilence, Party
from ..policies import DisputePolicy

S = DisputeStatus
SILENCES = {"review": OnSilence.REVIEW, "expires": OnSilence.EXPIRES}


@dataclass(frozen=True, slots=True)
class DeclaredStage:
    """`turn` is whose answer is awaited, for so many hours, and `on_silence` what follows then."""

    status: DisputeStatus
    turn: Party
    hours: int
    on_silence: OnSilence


def declared_stages(policy: DisputePolicy, opener: Party) -> list[DeclaredStage]:
    return [declared(policy, status, opener) for status in ACTIVE if opener == Party.STAFF or status != S.OPEN]


def declared(policy: DisputePolicy, status: DisputeStatus, opener: Party) -> DeclaredStage:
    hours = {S.OPEN: policy.open_hours, S.UNDER_REVIEW: policy.review_hours}.get(status, policy.answer_hours)
    turn = TURNS[status]
    if status in AWAITING.values():
        silence = SILENCES[policy.opener_silence if turn == opener else policy.other_silence]
    else:
        silence = OnSilence.ASKS_WRITER if status == S.OPEN else OnSilence.REMINDS
    return DeclaredStage(status, turn, hours, silence)
