"""Bytes in and out: one registry row per URL scheme; text and Parquet files as typed partitions."""
