"""Who may do what: two tables. An endpoint names its `Can`; a role has what GRANTS gives it, and nothing else."""

from __future__ import annotations

from enum import StrEnum


class Role(StrEnum):
    CLIENT = "client"
    WRITER = "writer"
    EDITOR = "editor"
    SUPPORT = "support"
    ADMIN = "admin"
    SUPERADMIN = "superadmin"
    SYSTEM = "system"


STAFF = frozenset({Role.SUPPORT, Role.ADMIN, Role.SUPERADMIN})
MEMBER_ROLES = (Role.CLIENT, Role.WRITER, Role.EDITOR, Role.SUPPORT, Role.ADMIN)


class Can(StrEnum):
    USE_ACCOUNT = "use_account"
    """Own account, notifications, the live stream."""

    # Orders
    VIEW_ORDERS = "view_orders"
    PLACE_ORDERS = "place_orders"
    PAY_ORDERS = "pay_orders"
    EDIT_BRIEF = "edit_brief"
    ASSIGN_WRITERS = "assign_writers"
    STEER_ORDERS = "steer_orders"
    """The admins' desk of orders: its queues and figures, and many orders at once."""
    ANSWER_OFFERS = "answer_offers"
    TAKE_ORDERS = "take_orders"
    RELEASE_ORDERS = "release_orders"
    SUBMIT_WORK = "submit_work"
    EDIT_WORK = "edit_work"
    APPROVE_WORK = "approve_work"
    REQUEST_REVISION = "request_revision"
    HOLD_ORDERS = "hold_orders"
    CANCEL_ORDERS = "cancel_orders"
    EXTEND_DEADLINES = "extend_deadlines"
    ARCHIVE_ORDERS = "archive_orders"
    ADJUST_ORDERS = "adjust_orders"
    OPEN_DISPUTES = "open_disputes"
    """And withdraw what they opened."""
    VIEW_DISPUTES = "view_disputes"
    ANSWER_DISPUTES = "answer_disputes"
    SETTLE_DISPUTES = "settle_disputes"
    TIP_WRITERS = "tip_writers"
    REQUEST_ORDERS = "request_orders"
    VIEW_REQUESTS = "view_requests"
    DECIDE_REQUESTS = "decide_requests"
    UPLOAD_FILES = "upload_files"
    WRITE_MESSAGES = "write_messages"
    REVIEW_ORDERS = "review_orders"
    VIEW_REVIEWS = "view_reviews"
    REPORT_REVIEWS = "report_reviews"
    MODERATE_REVIEWS = "moderate_reviews"

    # Editing
    VIEW_EDITING = "view_editing"
    """Tasks and editors."""
    CLAIM_EDITING = "claim_editing"
    """Claim, start, review: an editor's own work."""
    ASSIGN_EDITING = "assign_editing"
    OVERRULE_EDITING = "overrule_editing"
    """Pass or return work without a review."""
    VIEW_CHANGES = "view_changes"
    TICK_CHANGES = "tick_changes"

    # Tickets
    USE_TICKETS = "use_tickets"
    """Open, read, answer, close, reopen: a requester its own, staff all."""

    WORK_TICKETS = "work_tickets"
    RATE_TICKETS = "rate_tickets"
    MANAGE_DESK = "manage_desk"
    """Capacities and shifts of the desk's members, how its work is spread, and its figures as a whole."""

    APPROVE_ESCALATIONS = "approve_escalations"
    """Of accounts, and of payment issues: another person than who asked."""

    # Writers
    HAVE_WRITER_PROFILE = "have_writer_profile"
    VIEW_WRITERS = "view_writers"
    DECIDE_WRITERS = "decide_writers"
    CHOOSE_WRITERS = "choose_writers"

    # Money
    USE_WALLET = "use_wallet"
    TOP_UP_WALLET = "top_up_wallet"
    VIEW_OWN_CHARGES = "view_own_charges"
    PREPARE_PAYOUTS = "prepare_payouts"
    APPROVE_PAYOUTS = "approve_payouts"
    VIEW_OWN_PAYOUTS = "view_own_payouts"
    VIEW_REFUNDS = "view_refunds"
    REQUEST_REFUNDS = "request_refunds"
    """And cancel: a client the own, staff all."""

    CONSENT_TO_WALLET = "consent_to_wallet"
    DECIDE_REFUNDS = "decide_refunds"
    EXECUTE_REFUNDS = "execute_refunds"
    GRANT_REFUNDS = "grant_refunds"
    """As a dispute ends: decided and executed at once."""

    RETRY_REPAYMENTS = "retry_repayments"
    VIEW_FINES = "view_fines"
    PROPOSE_FINES = "propose_fines"
    APPEAL_FINES = "appeal_fines"
    DECIDE_FINES = "decide_fines"
    """Issue, waive, void, decide appeals, change the policy; and the figures."""

    SETTLE_MONEY = "settle_money"
    """What a provider said: the system alone takes it down."""

    # Desks
    VIEW_CLIENT_DESK = "view_client_desk"
    VIEW_WRITER_DESK = "view_writer_desk"
    VIEW_EDITOR_DESK = "view_editor_desk"
    VIEW_SUPPORT_DESK = "view_support_desk"
    """What staff share: the desk's figures and its own records. Changing them is WORK_TICKETS or MANAGE_DESK."""

    # What the clock does, and what follows from another step
    RUN_CLOCK = "run_clock"


_EVERYBODY = {Can.USE_ACCOUNT, Can.VIEW_ORDERS, Can.UPLOAD_FILES, Can.WRITE_MESSAGES, Can.VIEW_REVIEWS}
_SUPPORT = _EVERYBODY | {
    Can.PLACE_ORDERS,
    Can.EDIT_BRIEF,
    Can.ASSIGN_WRITERS,
    Can.RELEASE_ORDERS,
    Can.EDIT_WORK,
    Can.VIEW_EDITING,
    Can.ASSIGN_EDITING,
    Can.OVERRULE_EDITING,
    Can.VIEW_CHANGES,
    Can.REQUEST_REVISION,
    Can.HOLD_ORDERS,
    Can.CANCEL_ORDERS,
    Can.EXTEND_DEADLINES,
    Can.ARCHIVE_ORDERS,
    Can.ADJUST_ORDERS,
    Can.OPEN_DISPUTES,
    Can.VIEW_DISPUTES,
    Can.ANSWER_DISPUTES,
    Can.VIEW_REQUESTS,
    Can.DECIDE_REQUESTS,
    Can.VIEW_WRITERS,
    Can.VIEW_OWN_CHARGES,
    Can.VIEW_REFUNDS,
    Can.REQUEST_REFUNDS,
    Can.VIEW_FINES,
    Can.PROPOSE_FINES,
    Can.USE_TICKETS,
    Can.WORK_TICKETS,
    Can.VIEW_SUPPORT_DESK,
}
_ADMIN = _SUPPORT | {
    Can.APPROVE_ESCALATIONS,
    Can.SETTLE_DISPUTES,
    Can.MANAGE_DESK,
    Can.DECIDE_WRITERS,
    Can.PREPARE_PAYOUTS,
    Can.APPROVE_PAYOUTS,
    Can.DECIDE_REFUNDS,
    Can.EXECUTE_REFUNDS,
    Can.GRANT_REFUNDS,
    Can.DECIDE_FINES,
    Can.RETRY_REPAYMENTS,
    Can.MODERATE_REVIEWS,
    Can.STEER_ORDERS,
}

APPLICANT = frozenset({Can.USE_ACCOUNT, Can.HAVE_WRITER_PROFILE})
"""What a member may do before it is admitted."""

GRANTS: dict[Role, frozenset[Can]] = {
    Role.CLIENT: frozenset(
        _EVERYBODY
        | {
            Can.PLACE_ORDERS,
            Can.PAY_ORDERS,
            Can.EDIT_BRIEF,
            Can.APPROVE_WORK,
            Can.REQUEST_REVISION,
            Can.CANCEL_ORDERS,
            Can.ADJUST_ORDERS,
            Can.OPEN_DISPUTES,
            Can.VIEW_DISPUTES,
            Can.ANSWER_DISPUTES,
            Can.TIP_WRITERS,
            Can.REVIEW_ORDERS,
            Can.REPORT_REVIEWS,
            Can.VIEW_WRITERS,
            Can.CHOOSE_WRITERS,
            Can.USE_WALLET,
            Can.TOP_UP_WALLET,
            Can.VIEW_OWN_CHARGES,
            Can.VIEW_REFUNDS,
            Can.REQUEST_REFUNDS,
            Can.CONSENT_TO_WALLET,
            Can.VIEW_CLIENT_DESK,
            Can.USE_TICKETS,
            Can.RATE_TICKETS,
        }
    ),
    Role.WRITER: frozenset(
        _EVERYBODY
        | {
            Can.ANSWER_OFFERS,
            Can.TAKE_ORDERS,
            Can.RELEASE_ORDERS,
            Can.SUBMIT_WORK,
            Can.OPEN_DISPUTES,
            Can.VIEW_DISPUTES,
            Can.ANSWER_DISPUTES,
            Can.REQUEST_ORDERS,
            Can.REPORT_REVIEWS,
            Can.VIEW_REQUESTS,
            Can.HAVE_WRITER_PROFILE,
            Can.USE_WALLET,
            Can.VIEW_OWN_PAYOUTS,
            Can.VIEW_FINES,
            Can.APPEAL_FINES,
            Can.VIEW_WRITER_DESK,
            Can.VIEW_CHANGES,
            Can.TICK_CHANGES,
            Can.USE_TICKETS,
            Can.RATE_TICKETS,
        }
    ),
    Role.EDITOR: frozenset(
        (_EVERYBODY - {Can.WRITE_MESSAGES})
        | {
            Can.EDIT_WORK,
            Can.VIEW_EDITING,
            Can.CLAIM_EDITING,
            Can.VIEW_CHANGES,
            Can.VIEW_EDITOR_DESK,
            Can.REPORT_REVIEWS,
        }
    ),
    Role.SUPPORT: frozenset(_SUPPORT | {Can.REPORT_REVIEWS}),
    Role.ADMIN: frozenset(_ADMIN),
    Role.SUPERADMIN: frozenset(_ADMIN),
    Role.SYSTEM: frozenset(
        {
            Can.RUN_CLOCK,
            Can.SETTLE_MONEY,
            Can.GRANT_REFUNDS,
            Can.REQUEST_REFUNDS,
            Can.DECIDE_FINES,
            Can.SETTLE_DISPUTES,
            Can.APPROVE_WORK,
            Can.PAY_ORDERS,
            Can.ADJUST_ORDERS,
            Can.ARCHIVE_ORDERS,
            Can.ASSIGN_EDITING,
            Can.USE_TICKETS,
            Can.WORK_TICKETS,
        }
    ),
}
