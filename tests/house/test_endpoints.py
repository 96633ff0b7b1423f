"""Where an endpoint lives, and that each says whom it admits."""

from __future__ import annotations

import pytest

from copydesk.accounts.permissions import Can
from copydesk.api.access import Anyone, HasAccount, Needs, Public, needed_for
from copydesk.api.desk import Desk
from tests.api.routes import Route, routes

PUBLIC = (Anyone, Public, HasAccount)
ROLES = {
    "client-management": "client",
    "writer-management": "writer",
    "editor-management": "editor",
    "support-management": "support",
    "admin-management": "admin",
    "superadmin-management": "superadmin",
}


@pytest.mark.parametrize("route", routes(), ids=str)
def test_says_whom_it_admits(route: Route) -> None:
    classes = [type(permission) for permission in route.view().get_permissions()]
    assert len(classes) == 1
    assert classes[0] is Needs or classes[0] in PUBLIC
    if classes[0] is Needs:
        assert isinstance(needed_for(route.view().needs, route.method), Can), "needs is not set: nobody is admitted"


@pytest.mark.parametrize("route", routes(), ids=str)
def test_path_is_file(route: Route) -> None:
    first, _, rest = route.path.removeprefix("/api/v1/").partition("/")
    folder, section = (ROLES[first], rest.partition("/")[0]) if first in ROLES else ("resources", first)
    stem = section.replace("-", "_")
    module = route.view_class.__module__
    prefix = f"copydesk.api.{folder}."
    assert module.startswith(prefix), f"{route} is in {module}"
    file = module.removeprefix(prefix)
    assert file == stem or file.startswith(f"{stem.rstrip('s')}_"), f"{route} is in {module}"


@pytest.mark.parametrize("route", routes(), ids=str)
def test_stands_on_the_desk_and_ends_in_a_slash(route: Route) -> None:
    assert issubclass(route.view_class, Desk)
    assert route.path.endswith("/")
