"""The dataset: many videos as a folder of Parquet files, a star schema."""
