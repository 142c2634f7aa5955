//! An object store. A put is atomic, and so is the completion of a multipart upload.

use std::fs::File;
use std::future::Future;
use std::io::Read;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use object_store::path::Path;
use object_store::{Error as StoreError, MultipartUpload, ObjectStore, ObjectStoreExt, PutPayload, parse_url_opts};
use tokio::runtime::Handle;
use url::Url;

use super::DepotOptions;
use super::draft::{Draft, Drafts};
use crate::error::{Error, Result};
use crate::failpoint;

/// A larger file is uploaded in parts of this size. Each is in memory once.
const PART_BYTES: u64 = 8 << 20;

#[derive(Debug)]
pub(super) struct Remote {
    store: Arc<dyn ObjectStore>,
    root: Path,
    url: String,
    drafts: Drafts,
    runtime: Handle,
    timeout: Duration,
}

impl Remote {
    pub(super) fn open(url: &Url, options: &DepotOptions) -> Result<Self> {
        // Several parts of the program may come to this first; any of them says the same.
        drop(rustls::crypto::ring::default_provider().install_default());
        let opened = parse_url_opts(url, std::env::vars());
        let (store, root) = opened.map_err(Error::depot("open", url.as_str()))?;
        let drafts = Drafts::open(options.staging.join(&options.owner))?;
        let (runtime, timeout) = (options.runtime.clone(), options.timeout);
        Ok(Self { store: Arc::from(store), root, url: url.to_string(), drafts, runtime, timeout })
    }

    pub(super) fn drafts(&self) -> &Drafts {
        &self.drafts
    }

    pub(super) fn publish(&self, mut draft: Draft, key: &str) -> Result<()> {
        draft.close()?;
        failpoint::reach("depot.staged");
        let path = draft.path();
        let mut file = File::open(path).map_err(Error::io("open", path))?;
        let bytes = file.metadata().map_err(Error::io("inspect", path))?.len();
        let at = self.key(key)?;
        if bytes <= PART_BYTES {
            let whole = part(&mut file).map_err(Error::io("read", path))?;
            self.wait(key, "put", self.store.put(&at, whole.into())).map(drop)
        } else {
            self.upload(&at, key, || part(&mut file).map_err(Error::io("read", path)))
        }
    }

    /// Uploads parts until one is empty. What fails is given up, so that the store keeps nothing of it.
    fn upload(&self, at: &Path, key: &str, mut next: impl FnMut() -> Result<Bytes>) -> Result<()> {
        let mut upload = self.wait(key, "begin an upload of", self.store.put_multipart(at))?;
        let done = self.parts(key, upload.as_mut(), &mut next);
        if let Err(error) = done {
            if let Err(left) = self.wait(key, "give up an upload of", upload.abort()) {
                tracing::warn!(key, error = %left, "parts of a failed upload may be left in the store");
            }
            return Err(error);
        }
        failpoint::reach("depot.uploaded");
        self.wait(key, "complete", upload.complete()).map(drop)
    }

    fn parts(
        &self,
        key: &str,
        upload: &mut dyn MultipartUpload,
        next: &mut dyn FnMut() -> Result<Bytes>,
    ) -> Result<()> {
        loop {
            let part = next()?;
            if part.is_empty() {
                return Ok(());
            }
            self.wait(key, "upload a part of", upload.put_part(PutPayload::from(part)))?;
        }
    }

    pub(super) fn has(&self, key: &str) -> Result<bool> {
        let at = self.key(key)?;
        let found = self.asked(self.store.head(&at));
        match found {
            Err(StoreError::NotFound { .. }) => Ok(false),
            found => found.map(|_| true).map_err(Error::depot("look for", &self.place(key))),
        }
    }

    pub(super) fn read(&self, key: &str, max_bytes: usize) -> Result<Option<Vec<u8>>> {
        let at = self.key(key)?;
        let got = self.asked(async {
            let found = self.store.get_range(&at, 0..max_bytes as u64 + 1).await?;
            Ok(Vec::from(found))
        });
        match got {
            Err(StoreError::NotFound { .. }) => Ok(None),
            got => got.map(Some).map_err(Error::depot("read", &self.place(key))),
        }
    }

    fn key(&self, key: &str) -> Result<Path> {
        let text = format!("{}/{key}", self.root);
        let parsed = Path::parse(text.trim_start_matches('/'));
        parsed.map_err(|source| Error::depot("name", &self.place(key))(source.into()))
    }

    fn place(&self, key: &str) -> String {
        format!("{}/{key}", self.url.trim_end_matches('/'))
    }

    fn wait<T>(
        &self,
        key: &str,
        action: &'static str,
        asked: impl Future<Output = object_store::Result<T>>,
    ) -> Result<T> {
        self.asked(asked).map_err(Error::depot(action, &self.place(key)))
    }

    fn asked<T>(&self, asked: impl Future<Output = object_store::Result<T>>) -> object_store::Result<T> {
        self.runtime.block_on(async {
            match tokio::time::timeout(self.timeout, asked).await {
                Ok(answered) => answered,
                Err(elapsed) => Err(StoreError::Generic { store: "the object store", source: Box::new(elapsed) }),
            }
        })
    }
}

/// The next part of a file; empty at its end.
fn part(file: &mut File) -> std::io::Result<Bytes> {
    let mut bytes = Vec::new();
    file.take(PART_BYTES).read_to_end(&mut bytes)?;
    Ok(bytes.into())
}
