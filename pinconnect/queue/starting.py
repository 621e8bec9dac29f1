"""What must be true of the database before anything is started on it."""

from django.core import checks
from django.core.management.base import CommandError
from django.db import DEFAULT_DB_ALIAS, OperationalError, connection
from django.db.migrations.executor import MigrationExecutor

from pinconnect.lib.redact import redact


def refuse_unready_database() -> None:
    """Raises CommandError with a sentence: no connection, tables that are behind, or contents that may not be there."""
    try:
        behind = _is_behind()
    except OperationalError as error:
        raise CommandError(unreachable(error)) from error
    if behind:
        raise CommandError("The database is not up to date. Run: python manage.py migrate")
    refuse_forbidden_contents()


def refuse_forbidden_contents() -> None:
    """Raises CommandError when a check of the database fails, such as demo accounts in production."""
    problems = checks.run_checks(tags=[checks.Tags.database], databases=[DEFAULT_DB_ALIAS])
    serious = [problem for problem in problems if problem.is_serious() and not problem.is_silenced()]
    if serious:
        raise CommandError("\n".join(" ".join(filter(None, (problem.msg, problem.hint))) for problem in serious))


def _is_behind() -> bool:
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def unreachable(error: Exception) -> str:
    """The sentence for a database that does not answer; without its address, which may hold a password."""
    first_line = (str(error).strip().splitlines() or [type(error).__name__])[0]
    return f"The database cannot be used ({redact(first_line)}). Check DATABASE_URL, and that the database runs."
