"""SQLAlchemy's engine for asyncio, imported without the ORM."""

from contract_first.imports import deferred

with deferred("sqlalchemy.ext.asyncio.scoping", "sqlalchemy.ext.asyncio.session"):
    from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

__all__ = ["AsyncConnection", "AsyncEngine", "create_async_engine"]
