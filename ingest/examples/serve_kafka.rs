//! Serves a data folder over Kafka until it is interrupted: `serve_kafka FOLDER ADDRESS`.

use std::path::Path;
use std::sync::Arc;

use tollgate_ingest::access::{Access, AccessConfig};
use tollgate_ingest::kafka::{Endpoint, KafkaConfig};
use tollgate_ingest::log::{Store, StoreOptions};
use tollgate_ingest::metrics::Metrics;
use tollgate_ingest::system_clock;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let (Some(folder), Some(address)) = (arguments.next(), arguments.next()) else {
        return Err("usage: serve_kafka FOLDER ADDRESS".into());
    };
    let (store, torn) = Store::open(Path::new(&folder), StoreOptions::default())?;
    for tail in torn {
        eprintln!("{tail:?}");
    }
    let config = KafkaConfig { plaintext: Some(address.parse()?), ..KafkaConfig::default() };
    let state = Path::new(&folder).join("kafka");
    let access = Arc::new(Access::new(&AccessConfig::default())?);
    let metrics = Arc::new(Metrics::new());
    let endpoint =
        Endpoint::bind(config, &state, Arc::new(store), access, Arc::clone(&metrics), system_clock()).await?;
    println!("{}", endpoint.plaintext_addr().ok_or("no address")?);
    endpoint.serve(async { _ = tokio::signal::ctrl_c().await }).await;
    let mut text = String::new();
    metrics.write(&mut text)?;
    print!("{text}");
    Ok(())
}
