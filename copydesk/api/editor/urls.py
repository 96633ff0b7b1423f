"""The table of contents: one register line a section, literal segments before `{id}`."""

from rest_framework.routers import SimpleRouter

from copydesk.api.editor.dashboard import EditorDashboard
from copydesk.api.editor.dashboard_tasks import EditorTaskDashboard
from copydesk.api.editor.performance import PerformanceDesk
from copydesk.api.editor.profiles import ProfileDesk
from copydesk.api.editor.task_changes import ChangeDesk
from copydesk.api.editor.tasks import TaskDesk

router = SimpleRouter()
router.register("profiles", ProfileDesk, basename="editor-profiles")
router.register("tasks/changes", ChangeDesk, basename="editing-changes")
router.register("tasks", TaskDesk, basename="editing-tasks")
router.register("performance", PerformanceDesk, basename="editor-performance")
router.register("dashboard", EditorDashboard, basename="editor-dashboard")
router.register("dashboard", EditorTaskDashboard, basename="editor-dashboard-tasks")

urlpatterns = router.urls
