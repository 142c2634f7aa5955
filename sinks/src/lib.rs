//! Where results go: events, queues, Arrow and Parquet files, reports.
