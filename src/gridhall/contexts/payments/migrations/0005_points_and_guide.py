import django.contrib.postgres.fields
from django.db import migrations, models


class Migration(migrations.Migration):

    dependencies = [
        ('payments', '0004_refunds_autopay'),
    ]

    operations = [
        migrations.CreateModel(
            name='GuideArticle',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('slug', models.CharField(db_collation='C', max_length=40)),
                ('language', models.CharField(choices=[('zh-hans', '简体中文'), ('en', 'English')], max_length=7)),
                ('position', models.SmallIntegerField(default=0)),
                ('title', models.CharField(max_length=80)),
                ('summary', models.CharField(blank=True, default='', max_length=200)),
                ('icon', models.CharField(db_collation='C', default='book', max_length=40)),
                ('body', models.TextField()),
                ('video', models.CharField(blank=True, default='', max_length=80)),
                ('published', models.BooleanField(default=True)),
                ('changed_at', models.DateTimeField()),
                ('changed_by', models.CharField(max_length=100)),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('slug', 'language'), name='payments_guidearticle_once'), models.CheckConstraint(condition=models.Q(('language__in', ['zh-hans', 'en'])), name='payments_guidearticle_language')],
            },
        ),
        migrations.CreateModel(
            name='PaymentPoint',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', models.CharField(db_collation='C', max_length=40)),
                ('kind', models.CharField(choices=[('hall', '营业厅'), ('agent', '代收点'), ('machine', '自助缴费终端'), ('bank', '银行网点')], max_length=7)),
                ('name', models.CharField(max_length=80)),
                ('name_en', models.CharField(blank=True, default='', max_length=80)),
                ('address', models.CharField(max_length=160)),
                ('address_en', models.CharField(blank=True, default='', max_length=160)),
                ('phone', models.CharField(blank=True, default='', max_length=30)),
                ('hours', models.JSONField(default=dict)),
                ('exceptions', models.JSONField(default=dict)),
                ('services', django.contrib.postgres.fields.ArrayField(base_field=models.CharField(choices=[('cash', '现金缴费'), ('card', '刷卡缴费'), ('code', '扫码缴费'), ('invoice', '开具发票'), ('contract', '办理用电业务'), ('charging_card', '充值购电卡'), ('step_free', '无障碍通道')], max_length=20), default=list, size=None)),
                ('longitude', models.FloatField()),
                ('latitude', models.FloatField()),
                ('active', models.BooleanField(default=True)),
                ('source', models.CharField(blank=True, default='', help_text='the file it was imported from', max_length=80)),
                ('changed_at', models.DateTimeField()),
            ],
            options={
                'constraints': [models.UniqueConstraint(fields=('code',), name='payments_point_code'), models.CheckConstraint(condition=models.Q(('kind__in', ['hall', 'agent', 'machine', 'bank'])), name='payments_point_kind'), models.CheckConstraint(condition=models.Q(('latitude__gte', -90), ('latitude__lte', 90), ('longitude__gte', -180), ('longitude__lte', 180)), name='payments_point_place')],
            },
        ),
    ]
