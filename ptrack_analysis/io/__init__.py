"""Between files and tables: pages, archives, Parquet."""
