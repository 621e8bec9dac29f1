"""The people of Acme, as in the tests of workspaces."""

from tests.workspaces.conftest import acme  # noqa: F401 -- a fixture
