"""What the header must come before: drivers, object mappers and their tools."""

DATABASE_MODULES = {
    *("aiomysql", "aioodbc", "aiopg", "aioredis", "aiosqlite", "asyncmy", "asyncpg"),
    *("alembic", "beanie", "databases", "edgedb", "gel", "gino", "motor", "mysql"),
    *("MySQLdb", "mariadb", "odmantic", "oracledb", "ormar", "peewee", "piccolo", "pony"),
    *("psqlpy", "psycopg", "psycopg2", "psycopg_pool", "pymongo", "pymysql", "pyodbc"),
    *("redis", "sqlalchemy", "sqlmodel", "tortoise"),
}
