from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [
        ("audiences", "0064_split"),
    ]

    operations = [
        migrations.AddField(
            model_name="audience",
            name="takes_other_hashes",
            field=models.BooleanField(
                default=False,
                editable=False,
                help_text="MD5 or SHA-1 may be on it, so a person is looked for by them as well.",
            ),
        ),
        migrations.AlterField(
            model_name="deliverycolumn",
            name="treatment",
            field=models.CharField(
                default="auto", help_text="auto, plain, hashed, any_hash or e164.", max_length=10
            ),
        ),
    ]
