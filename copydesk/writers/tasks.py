from copydesk.tenancy.jobs import sweep
from copydesk.tenancy.models import Website

from . import actions


@sweep("writers.turn_clock", "* * * * *")
def turn_clock(website: Website) -> None:
    actions.turn_clock(website)
