//! Puts blobs, a bounded number at a time.

use std::sync::Arc;

use object_store::azure::{MicrosoftAzure, MicrosoftAzureBuilder};
use object_store::path::Path;
use object_store::{Attribute, Attributes, ObjectStore, PutOptions, PutPayload, RetryConfig};

use super::account;
use super::blob_config::AzureBlobConfig;
use crate::bridge::CONTENT_TYPE;
use crate::bridge::link::{Cause, Link, Sent};
use crate::bridge::parts::BridgeParts;
use crate::bridge::sender::{Bounds, Bridge, Place};
use crate::bridge::template::Template;
use crate::error::Result;
use crate::published::Published;
use crate::sink::Sink;

/// The longest name of a blob.
const MAX_NAME_BYTES: usize = 1024;

pub(in crate::bridge) fn open(
    name: &str,
    config: &AzureBlobConfig,
    parts: &BridgeParts,
) -> Result<Box<dyn Sink<Published> + Send>> {
    let place = Place { kind: "azure-blob", sink: name.into(), broker: format!("{}/{}", config.url, config.container) };
    let bounds = Bounds::new(config.timeout_ms, config.max_in_flight);
    Ok(Box::new(Bridge::open(place, bounds, parts, async { AzureBlob::new(config, bounds) })?))
}

struct AzureBlob {
    store: Arc<MicrosoftAzure>,
    name: Template,
}

impl AzureBlob {
    /// Does not connect yet.
    fn new(config: &AzureBlobConfig, bounds: Bounds) -> Result<Self, Cause> {
        // Another part of the program may have said it before; all say the same.
        drop(rustls::crypto::ring::default_provider().install_default());
        let account = account::name(&config.url)?;
        let key = account::key(&account, config.key.as_ref())?;
        // The follower tries again; a client that did so as well would hide an outage from it.
        let retry = RetryConfig { max_retries: 0, retry_timeout: bounds.timeout, ..RetryConfig::default() };
        let store = MicrosoftAzureBuilder::new()
            .with_endpoint(config.url.trim_end_matches('/').to_owned())
            .with_allow_http(config.url.starts_with("http:"))
            .with_account(&account)
            .with_access_key(key)
            .with_container_name(&config.container)
            .with_retry(retry)
            .build()?;
        Ok(Self { store: Arc::new(store), name: config.name.clone() })
    }
}

impl Link for AzureBlob {
    async fn send(&mut self, item: &Published) -> Result<Sent, Cause> {
        let name = self.name.fill(item);
        let Ok(path) = Path::parse(&name) else {
            return Ok(Sent::Unfit(format!("{name:?} cannot name a blob")));
        };
        if name.len() > MAX_NAME_BYTES {
            return Ok(Sent::Unfit(format!("its name would have more than {MAX_NAME_BYTES} bytes")));
        }
        let attributes = Attributes::from_iter([(Attribute::ContentType, CONTENT_TYPE)]);
        let options = PutOptions { attributes, ..PutOptions::default() };
        let (store, json) = (Arc::clone(&self.store), PutPayload::from(item.json.to_vec()));
        // On its way at once, whenever somebody waits for it.
        let putting = tokio::spawn(async move { store.put_opts(&path, json, options).await });
        Ok(Sent::waiting(async move { Ok(putting.await?.map(drop)?) }))
    }
}
