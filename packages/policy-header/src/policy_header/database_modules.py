"""What the header must come before: drivers, object mappers and their tools.

psycopg refuses ProactorEventLoop (InterfaceError, psycopg/connection_async.py), and so does
psycopg_pool; aiopg ends in a bare NotImplementedError.
"""

DATABASE_MODULES = {
    *("aiomysql", "aioodbc", "aiopg", "aioredis", "aiosqlite", "asyncmy", "asyncpg"),
    *("alembic", "beanie", "databases", "edgedb", "gel", "gino", "motor", "mysql"),
    *("MySQLdb", "mariadb", "odmantic", "oracledb", "ormar", "peewee", "piccolo", "pony"),
    *("psqlpy", "psycopg", "psycopg2", "psycopg_pool", "pymongo", "pymysql", "pyodbc"),
    *("redis", "sqlalchemy", "sqlmodel", "tortoise"),
}

SYNCHRONOUS = {
    *("MySQLdb", "mariadb", "peewee", "pony", "psycopg2", "pymysql", "pyodbc"),
}
"""Those that know no loop: a code base that has only these needs no header."""
