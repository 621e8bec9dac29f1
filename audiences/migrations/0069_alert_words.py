from typing import Any

from django.db import migrations

# As they were when this was written.
NEW_LIST = "Open the delivery and choose “Make a new list”: it is filled again from the dataset."
NOBODY_LEFT = (
    "This delivery only takes people out, and nobody is left to take out of a list that is gone. Archive it, or go on "
    "with it once a delivery that fills the list has made a new one."
)


def fill(apps: Any, schema_editor: Any) -> None:
    """Alerts of earlier versions lack the parts of sentences that the wording asks for now."""
    alerts = apps.get_model("alerts", "Alert").objects
    removing = set(apps.get_model("audiences", "Delivery").objects.filter(mode="remove").values_list("pk", flat=True))
    for alert in alerts.filter(kind="audiences.run_held").iterator():
        if "change" not in alert.context and "adds" in alert.context:
            alert.context["change"] = change(alert.context)
            alert.save(update_fields=["context"])
    for alert in alerts.filter(kind="audiences.list_gone").iterator():
        if "todo" not in alert.context:
            alert.context["todo"] = NOBODY_LEFT if alert.context.get("delivery_id") in removing else NEW_LIST
            alert.save(update_fields=["context"])


def change(context: dict[str, Any]) -> str:
    """Of the numbers, which were kept as texts with commas."""
    adds, removals, members = (str(context.get(part, "0")) for part in ("adds", "removals", "members"))
    there = f"the {members} that {'is' if members == '1' else 'are'} on the list"
    if adds == "0":
        return f"remove {identifiers(removals)} of {there}"
    adding = f"add {identifiers(adds)}"
    return f"{adding} to {there}" if removals == "0" else f"{adding} and remove {removals} of {there}"


def identifiers(count: str) -> str:
    return f"{count} identifier{'' if count == '1' else 's'}"


class Migration(migrations.Migration):
    dependencies = [("audiences", "0068_missing_at"), ("alerts", "0002_initial")]

    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
