"""Run migrations on the connection the app hands over."""

from alembic import context
from sqlmodel import SQLModel

import billing_app.models  # noqa: F401  (fills the metadata)

connection = context.config.attributes.get("connection")
assert connection is not None, "run migrations with `tallyport migrate`"

context.configure(
    connection=connection,
    target_metadata=SQLModel.metadata,
    render_as_batch=connection.dialect.name == "sqlite",
    compare_type=False,
)
with context.begin_transaction():
    context.run_migrations()
