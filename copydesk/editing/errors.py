"""What editing refuses with."""

from __future__ import annotations

from copydesk.core.errors import Forbidden, Refusal


class TaskTaken(Refusal):
    """`context`: `holder` is a label, `until` null where the task was assigned, which does not run out."""

    code = "task_taken"
    message = "Another editor has this task."


class NotYourTask(Refusal):
    code = "not_your_task"
    message = "This task is another editor's, or nobody's."


class LeaseExpired(Refusal):
    code = "lease_expired"
    message = "Your claim has run out: claim the task again."


class OwnWriting(Refusal):
    code = "own_writing"
    message = "Nobody reviews what they have written themselves."


class EditorUnavailable(Refusal):
    code = "editor_unavailable"
    message = "This editor takes no tasks now."


class EditorAtLimit(Refusal):
    """`context.limit` is how many tasks the editor may have at a time."""

    code = "editor_at_limit"
    message = "The editor has as many tasks as it may have."


class NoEditorFree(Refusal):
    code = "no_editor_free"
    message = "No editor may have this task now: all are at their limit, unavailable, or wrote it."


class RejectInstead(Refusal):
    code = "reject_instead"
    message = "The task was assigned to you, not claimed: reject it."


class UnclaimInstead(Refusal):
    code = "unclaim_instead"
    message = "You have claimed the task: unclaim it."


class NotInEditing(Refusal):
    code = "not_in_editing"
    message = "This work is not in editing now."


class LimitByStaff(Forbidden):
    code = "limit_by_staff"
    message = "Staff set how many tasks an editor may have."
