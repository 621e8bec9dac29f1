from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("audiences", "0009_restored_files"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="batch",
            index=models.Index(fields=["run", "state", "root", "operation", "attempts", "id"], name="batch_turn"),
        ),
    ]
