from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("workspaces", "0002_workspace_logo")]

    operations = [
        migrations.RemoveIndex(model_name="auditevent", name="workspaces__workspa_de81dd_idx"),
        migrations.AddIndex(
            model_name="auditevent",
            index=models.Index(fields=["workspace", "-at", "-id"], name="audit_of_workspace"),
        ),
    ]
