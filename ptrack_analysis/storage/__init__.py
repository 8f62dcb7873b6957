"""Files on disk and in S3, Arrow and Parquet."""
