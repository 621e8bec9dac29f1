from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("audiences", "0067_turns"),
    ]

    operations = [
        migrations.AddField(
            model_name="audience",
            name="audience_missing_at",
            field=models.DateTimeField(
                blank=True,
                editable=False,
                help_text="When Pinterest first said that it does not know the audience.",
                null=True,
            ),
        ),
        migrations.AddField(
            model_name="audience",
            name="list_missing_at",
            field=models.DateTimeField(
                blank=True,
                editable=False,
                help_text="When Pinterest first said that it does not know the list.",
                null=True,
            ),
        ),
    ]
