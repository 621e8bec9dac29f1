from typing import Any

from django.db import migrations, models

# As they were when this was written.
UNDER_WAY = ("queued", "preparing", "held", "uploading", "settling")
SHORT_BYTES, SHORT_MEMBERS = 8_000_000, 200_000


def mark_large(apps: Any, schema_editor: Any) -> None:
    """Runs under way keep to the workers that they were meant for."""
    for run in apps.get_model("audiences", "Run").objects.filter(state__in=UNDER_WAY).select_related("audience"):
        members = sum(run.audience.ledger_members.values()) if run.audience else 0
        if run.plan.get("source_bytes", SHORT_BYTES + 1) > SHORT_BYTES or members > SHORT_MEMBERS:
            run.is_large = True
            run.save(update_fields=["is_large"])


class Migration(migrations.Migration):
    dependencies = [("audiences", "0066_file_uploads")]

    operations = [
        migrations.AddField(
            model_name="run",
            name="is_large",
            field=models.BooleanField(
                default=False, editable=False, help_text="It is prepared by the workers for long tasks."
            ),
        ),
        migrations.RunPython(mark_large, migrations.RunPython.noop),
        migrations.AddIndex(
            model_name="run",
            index=models.Index(fields=["workspace", "hinted_at"], name="run_attended"),
        ),
    ]
