"""Environment of alembic. `gateway.runtime.schema` passes the connection, inside a transaction."""

from alembic import context

from gateway.runtime.postgres import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
context.run_migrations()
