//! The certificate of the TLS listener: the one that is configured, or one that is made at the first start and kept, so
//! that clients can be told to trust it.

use std::fs::{self, File};
use std::io::{self, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::TlsAcceptor;

use super::KafkaConfig;
use crate::log::disk::{failed, sync_folder};
use crate::{Error, Result};

/// What a TLS listener answers handshakes with.
pub(super) fn acceptor(config: &KafkaConfig, folder: &Path) -> Result<TlsAcceptor> {
    let (certificate, key) = match (&config.tls_certificate, &config.tls_key) {
        (Some(certificate), Some(key)) => (certificate.clone(), key.clone()),
        (Some(path), None) | (None, Some(path)) => {
            let detail = "tls_certificate and tls_key belong together; name both or neither";
            return Err(bad(path)(io::Error::new(io::ErrorKind::InvalidInput, detail)));
        }
        (None, None) => own(config, folder)?,
    };
    let chain = CertificateDer::pem_file_iter(&certificate).and_then(Iterator::collect::<Result<Vec<_>, _>>);
    let chain = chain.map_err(bad(&certificate))?;
    let private = PrivateKeyDer::from_pem_file(&key).map_err(bad(&key))?;
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let server = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .and_then(|server| server.with_no_client_auth().with_single_cert(chain, private))
        .map_err(bad(&certificate))?;
    Ok(TlsAcceptor::from(Arc::new(server)))
}

fn bad<E: std::error::Error + Send + Sync + 'static>(path: &Path) -> impl FnOnce(E) -> Error {
    let path = path.to_path_buf();
    move |source| Error::Certificate { path, source: Box::new(source) }
}

/// The certificate of our own and its key; makes them where they are not.
fn own(config: &KafkaConfig, folder: &Path) -> Result<(PathBuf, PathBuf)> {
    let (certificate, key) = (folder.join("tls-certificate.pem"), folder.join("tls-key.pem"));
    if certificate.exists() && key.exists() {
        return Ok((certificate, key));
    }
    let mut names = vec!["localhost".to_owned()];
    let addresses = [IpAddr::V4(Ipv4Addr::LOCALHOST), IpAddr::V6(Ipv6Addr::LOCALHOST)];
    let listener = config.tls.map(|address| address.ip()).filter(|address| !address.is_unspecified());
    names.extend(addresses.into_iter().chain(listener).map(|address| address.to_string()));
    names.extend(config.advertised_host.clone());
    names.sort();
    names.dedup();
    let made = rcgen::generate_simple_self_signed(names).map_err(bad(&certificate))?;
    write_private(&key, made.signing_key.serialize_pem().as_bytes()).map_err(failed("write", &key))?;
    fs::write(&certificate, made.cert.pem()).map_err(failed("write", &certificate))?;
    sync_folder(folder).map_err(failed("make durable the names in", folder))?;
    tracing::info!(certificate = %certificate.display(), "a certificate was made: tell clients to trust it");
    Ok((certificate, key))
}

/// Writes a file that nobody else may read, from its first byte on.
fn write_private(path: &Path, content: &[u8]) -> io::Result<()> {
    fs::remove_file(path).or_else(|error| if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) })?;
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(content)?;
    file.sync_all()
}
