import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("audiences", "0070_calls_of_files"),
    ]

    operations = [
        migrations.AddField(
            model_name="erasure",
            name="hinted_at",
            field=models.DateTimeField(
                blank=True, editable=False, help_text="When the queue was last told.", null=True
            ),
        ),
        migrations.AddField(
            model_name="erasure",
            name="lease_token",
            field=models.CharField(blank=True, editable=False, max_length=40),
        ),
        migrations.AddField(
            model_name="erasure",
            name="lease_until",
            field=models.DateTimeField(blank=True, editable=False, null=True),
        ),
        migrations.AlterField(
            model_name="removal",
            name="displaced",
            field=models.ForeignKey(
                blank=True,
                help_text="The first run that made way, until it is started again.",
                null=True,
                on_delete=django.db.models.deletion.SET_NULL,
                related_name="+",
                to="audiences.run",
            ),
        ),
    ]
