from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("audiences", "0044_listing"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="batch",
            index=models.Index(
                condition=models.Q(("lease_until__isnull", False)), fields=["lease_until"], name="batch_held"
            ),
        ),
        migrations.AddIndex(
            model_name="run",
            index=models.Index(
                condition=models.Q(("lease_until__isnull", False)), fields=["lease_until"], name="run_held"
            ),
        ),
    ]
