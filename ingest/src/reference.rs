//! Photos sent by reference: fetched from a file or an object store (S3, Azure Blob, HTTP) when they are decoded.
//!
//! Only what lies below one of the allowed prefixes is fetched: a sender must not make this process read any file or
//! ask any host it can reach. Credentials come from the environment (`AWS_…`, `AZURE_…`), as object_store reads them.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use object_store::path::Path;
use object_store::{ObjectStore, ObjectStoreExt, parse_url_opts};
use tokio::runtime::Handle;
use url::Url;

use crate::{Refusal, RefusalCode};

/// What may be fetched.
#[derive(Debug, Clone)]
pub struct ReferenceLimits {
    /// URLs must begin with one of these, such as `file:///photos/` or `s3://bucket/lane-1/`.
    pub allowed: Vec<String>,
    /// Bytes of a photo.
    pub max_bytes: u64,
    /// How long a fetch may take, tries and all.
    pub timeout: Duration,
}

/// Fetches photos; shared by all lanes.
pub struct References {
    limits: ReferenceLimits,
    runtime: Handle,
    /// By scheme and host: clients keep connections. As many as the allowed prefixes have hosts.
    stores: Mutex<HashMap<String, Arc<dyn ObjectStore>>>,
}

impl References {
    /// Fetches on a runtime; what is not below an allowed prefix is refused.
    #[must_use]
    pub fn new(limits: ReferenceLimits, runtime: Handle) -> Self {
        // Two parts of the program may come to this first; any of them says the same.
        drop(rustls::crypto::ring::default_provider().install_default());
        Self { limits, runtime, stores: Mutex::default() }
    }

    /// The photo at a URL. Blocks the calling thread, which must not be one of the runtime's.
    ///
    /// # Errors
    /// Why there is none.
    pub fn fetch(&self, url: &str) -> Result<Vec<u8>, Refusal> {
        let parsed = self.allowed(url)?;
        self.runtime.block_on(async {
            match tokio::time::timeout(self.limits.timeout, self.get(&parsed)).await {
                Ok(fetched) => fetched,
                Err(_elapsed) => {
                    let detail = format!("{url} was not there after {} s", self.limits.timeout.as_secs());
                    Err(Refusal { code: RefusalCode::ReferenceUnreachable, detail })
                }
            }
        })
    }

    /// Parsing removes `..` and the like, so that a prefix is a prefix.
    fn allowed(&self, url: &str) -> Result<Url, Refusal> {
        let refuse = |detail: String| Err(Refusal { code: RefusalCode::ReferenceMissing, detail });
        let parsed = match Url::parse(url) {
            Ok(parsed) => parsed,
            Err(error) => return refuse(format!("{url:?} is no URL: {error}")),
        };
        if self.limits.allowed.iter().any(|prefix| parsed.as_str().starts_with(prefix)) {
            return Ok(parsed);
        }
        refuse(format!("{url} may not be fetched: it lies below none of the prefixes in source.references"))
    }

    async fn get(&self, url: &Url) -> Result<Vec<u8>, Refusal> {
        let (store, path) = self.store(url).map_err(|error| refusal(url, &error))?;
        let found = store.get(&path).await.map_err(|error| refusal(url, &error))?;
        if found.meta.size > self.limits.max_bytes {
            let detail =
                format!("{url} has {} bytes, more than the {} of a photo", found.meta.size, self.limits.max_bytes);
            return Err(Refusal { code: RefusalCode::TooLarge, detail });
        }
        Ok(found.bytes().await.map_err(|error| refusal(url, &error))?.into())
    }

    fn store(&self, url: &Url) -> object_store::Result<(Arc<dyn ObjectStore>, Path)> {
        let host = url[..url::Position::BeforePath].to_owned();
        let known = |stores: &Mutex<HashMap<_, Arc<dyn ObjectStore>>>| {
            stores.lock().unwrap_or_else(PoisonError::into_inner).get(&host).map(Arc::clone)
        };
        let (fresh, path) = match known(&self.stores) {
            Some(store) => return Ok((store, object_store::ObjectStoreScheme::parse(url)?.1)),
            None => parse_url_opts(url, std::env::vars())?,
        };
        let fresh: Arc<dyn ObjectStore> = Arc::from(fresh);
        self.stores.lock().unwrap_or_else(PoisonError::into_inner).insert(host, Arc::clone(&fresh));
        Ok((fresh, path))
    }
}

/// A store that says no is another matter than one that says nothing.
fn refusal(url: &Url, error: &object_store::Error) -> Refusal {
    use object_store::Error as E;
    let code = match error {
        E::NotFound { .. } | E::InvalidPath { .. } | E::PermissionDenied { .. } | E::Unauthenticated { .. } => {
            RefusalCode::ReferenceMissing
        }
        _ => RefusalCode::ReferenceUnreachable,
    };
    Refusal { code, detail: format!("{url}: {error}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn references(folder: &std::path::Path, runtime: &tokio::runtime::Runtime) -> References {
        let allowed = vec![format!("file://{}/", folder.display())];
        let limits = ReferenceLimits { allowed, max_bytes: 16, timeout: Duration::from_secs(5) };
        References::new(limits, runtime.handle().clone())
    }

    #[test]
    fn what_is_allowed_is_fetched_and_nothing_else() {
        let (runtime, dir) = (tokio::runtime::Runtime::new().unwrap(), tempfile::tempdir().unwrap());
        let folder = dir.path().join("photos");
        std::fs::create_dir(&folder).unwrap();
        for (name, size) in [("photos/a b.jpg", 16), ("photos/large.jpg", 17), ("secret.jpg", 3)] {
            std::fs::write(dir.path().join(name), vec![7; size]).unwrap();
        }
        let references = references(&folder, &runtime);
        let at = |name: &str| references.fetch(&format!("file://{}/{name}", folder.display()));
        let code = |name: &str| at(name).unwrap_err().code;
        assert_eq!(at("a%20b.jpg"), Ok(vec![7; 16]));
        assert_eq!(at("a%20b.jpg"), Ok(vec![7; 16]), "from the store that was kept");
        assert_eq!(code("large.jpg"), RefusalCode::TooLarge);
        assert_eq!(code("none.jpg"), RefusalCode::ReferenceMissing);
        assert_eq!(code("../secret.jpg"), RefusalCode::ReferenceMissing);
        assert_eq!(code("%2e%2e/secret.jpg"), RefusalCode::ReferenceMissing);
        for url in ["file:///etc/passwd", "http://127.0.0.1:1/a.jpg", "no url"] {
            assert_eq!(references.fetch(url).unwrap_err().code, RefusalCode::ReferenceMissing, "{url}");
        }
    }
}
