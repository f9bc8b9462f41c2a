"""Which shape a database has is told alike with and without Alembic."""

from alembic.script import ScriptDirectory

from billing_app.database import migrations, schema
from billing_app.database.engine import open_engine


class TestNewest:
    def test_is_what_alembic_finds(self):
        heads = ScriptDirectory(str(schema.SCRIPTS)).get_heads()

        assert schema.newest() == set(heads)


class TestIsFileCurrent:
    def test_only_once_it_has_the_newest_shape(self, tmp_path):
        url = f"sqlite:///{tmp_path}/with a space %20.db"
        engine = open_engine(url)

        assert not schema.is_file_current(url)
        migrations.upgrade(engine, "0001")
        assert not schema.is_file_current(url)
        assert not migrations.is_at_head(engine)
        migrations.upgrade(engine)
        assert schema.is_file_current(url)
        assert migrations.is_at_head(engine)
        engine.dispose()

    def test_does_not_make_a_file(self, tmp_path):
        assert not schema.is_file_current(f"sqlite:///{tmp_path}/none.db")
        assert list(tmp_path.iterdir()) == []

    def test_is_never_sure_of_another_database(self):
        assert not schema.is_file_current("postgresql+psycopg://localhost/none")
