"""Database servers, proxies in front of them, and a connection that watches them."""
