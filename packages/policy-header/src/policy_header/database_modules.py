"""What the header must come before: drivers, object mappers and their tools.

psycopg refuses ProactorEventLoop (InterfaceError, psycopg/connection_async.py), and so does
psycopg_pool; aiopg ends in a bare NotImplementedError.
"""

import re

ASYNCHRONOUS = {
    *("aiomysql", "aioodbc", "aiopg", "aioredis", "aiosqlite", "asyncmy", "asyncpg", "beanie"),
    *("databases", "edgedb", "gel", "gino", "motor", "odmantic", "ormar", "piccolo", "psqlpy"),
    "tortoise",
}
"""Those that are for coroutines."""

FOR_BOTH = {
    *("alembic", "mysql", "oracledb", "psycopg", "psycopg_pool", "pymongo", "redis"),
    *("sqlalchemy", "sqlmodel"),
}
"""Those that coroutines can use, and other code, too."""

DATABASE_MODULES = ASYNCHRONOUS | FOR_BOTH
DATABASE_MODULES |= {"MySQLdb", "mariadb", "peewee", "pony", "psycopg2", "pymysql", "pyodbc"}

USED_BY_COROUTINES = re.compile(
    rb"(?m)^[ \t]*(?:import|from)[ \t]+(?:%s)\b"
    rb"|\b(?:sqlalchemy|sqlmodel)\.ext\.asyncio\b|\b(?:mysql\.connector\.aio|redis\.asyncio)\b"
    rb"|\b(?:create_async_engine|async_engine_from_config|connect_async|create_pool_async)\b"
    rb"|\b(?:postgresql|mysql|mariadb|sqlite|oracle)\+(?:%s)\w*://"
    rb"|\bAsync(?:Connection|ConnectionPool|Engine|MongoClient|NullConnectionPool|Session)\b"
    % (("|".join(sorted(ASYNCHRONOUS)).encode(),) * 2)
)
"""What the sources of a code base have if coroutines of it reach a database."""
