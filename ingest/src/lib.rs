//! Where records come from: photo folders, archives, Parquet files; the stream log.
