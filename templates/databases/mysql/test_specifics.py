"""What only MySQL, MariaDB and their drivers can get wrong."""
