//! An account as the two kinds write it: a URL and a key.

use url::{Host, Url};

use crate::bridge::config::Fault;
use crate::queue::azure::{DEVELOPMENT_ACCOUNT, DEVELOPMENT_KEY, Key};
use crate::secret::Secret;

/// The account that a URL means: the first part of its path, as emulators have it, or of its host's name.
pub(super) fn name(url: &str) -> Result<String, String> {
    let form = "write it as https://ACCOUNT.queue.core.windows.net or http://127.0.0.1:10001/ACCOUNT";
    let parsed = Url::parse(url).map_err(|error| format!("it is no URL ({error}); {form}"))?;
    if !parsed.username().is_empty() || parsed.password().is_some() || parsed.query().is_some() {
        return Err("no user, password or signature belongs into it; use `key`".into());
    }
    if !matches!(parsed.scheme(), "http" | "https") {
        return Err(format!("{}: cannot be used; {form}", parsed.scheme()));
    }
    let path = parsed.path().trim_matches('/');
    let label = match parsed.host() {
        Some(Host::Domain(host)) => host.split_once('.').map(|(label, _)| label),
        _ => None,
    };
    let name = if path.is_empty() { label } else { Some(path) };
    name.filter(|name| !name.contains('/')).map(str::to_owned).ok_or(format!("it names no account; {form}"))
}

/// The account's key: the emulator's account has one that everybody knows.
pub(super) fn key<'a>(account: &str, key: Option<&'a Secret>) -> Result<&'a str, String> {
    match key {
        Some(key) => Ok(key.text()),
        None if account == DEVELOPMENT_ACCOUNT => Ok(DEVELOPMENT_KEY),
        None => Err(format!("the account {account} has one, in base64")),
    }
}

/// Checks both.
pub(super) fn check(url: &str, secret: Option<&Secret>) -> Result<(), Fault> {
    let account = name(url).map_err(|why| ("url", why))?;
    let key = key(&account, secret).map_err(|why| ("key", why))?;
    Key::parse(key).map_err(|error| ("key", error.to_string())).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_found_in_urls() {
        for (url, account) in [
            ("http://127.0.0.1:10001/devstoreaccount1", "devstoreaccount1"),
            ("http://127.0.0.1:10001/devstoreaccount1/", "devstoreaccount1"),
            ("https://toll.queue.core.windows.net", "toll"),
            ("https://toll.blob.core.windows.net/", "toll"),
        ] {
            assert_eq!(name(url), Ok(account.to_owned()), "{url}");
        }
        for url in ["", "toll", "http://127.0.0.1:10001", "ftp://a.b/", "http://a.b/c/d", "http://localhost"] {
            assert!(name(url).is_err(), "{url}");
        }
    }

    #[test]
    fn no_secret_is_repeated() {
        for url in ["https://u:s3cret@toll.queue.core.windows.net", "https://toll.blob.core.windows.net/?sig=s3cret"] {
            let said = name(url).unwrap_err();
            assert!(said.contains("use `key`") && !said.contains("s3cret"), "{said}");
        }
        let (key, why) =
            check("https://toll.queue.core.windows.net", Some(&Secret::new("s3cret!".into()))).unwrap_err();
        assert!(key == "key" && !why.contains("s3cret"), "{why}");
        assert_eq!(check("http://127.0.0.1:10001/devstoreaccount1", None), Ok(()));
        assert!(check("https://toll.queue.core.windows.net", None).is_err());
    }
}
