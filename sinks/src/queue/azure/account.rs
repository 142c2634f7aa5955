//! Who may ask: accounts, each a name with a key.

use std::collections::BTreeMap;
use std::fmt;
use std::net::IpAddr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use serde::Deserialize;
use sha2::Sha256;

use super::name;

/// The account there is where none is configured: the storage emulator's, which `UseDevelopmentStorage=true` means.
pub const DEVELOPMENT_ACCOUNT: &str = "devstoreaccount1";
/// Its key. No secret: the vendor prints it in the emulator's manual, and every client library has it built in.
pub const DEVELOPMENT_KEY: &str =
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

/// A key that signs, shown to nobody.
#[derive(Clone, Deserialize)]
#[serde(try_from = "String")]
pub struct Key {
    bytes: Vec<u8>,
    /// The key already mixed in: a request is signed from here.
    mac: Hmac<Sha256>,
}

impl Key {
    /// A key as it is written: in base64.
    ///
    /// # Errors
    /// It is empty or not base64.
    pub fn parse(text: &str) -> Result<Self, BadAccount> {
        let bytes = STANDARD.decode(text.trim()).map_err(|source| BadAccount::Key { source: Some(source) })?;
        let mac = Hmac::new_from_slice(&bytes).ok().filter(|_| !bytes.is_empty());
        Ok(Self { mac: mac.ok_or(BadAccount::Key { source: None })?, bytes })
    }

    /// The signature of a text, in base64.
    #[must_use]
    pub fn sign(&self, text: &str) -> String {
        STANDARD.encode(self.mac_of(text).finalize().into_bytes())
    }

    /// Whether this is the signature of a text, in a time that does not depend on where they differ.
    #[must_use]
    pub fn verify(&self, text: &str, signature: &str) -> bool {
        STANDARD.decode(signature).is_ok_and(|given| self.mac_of(text).verify_slice(&given).is_ok())
    }

    fn mac_of(&self, text: &str) -> Hmac<Sha256> {
        let mut mac = self.mac.clone();
        mac.update(text.as_bytes());
        mac
    }
}

impl TryFrom<String> for Key {
    type Error = BadAccount;

    fn try_from(text: String) -> Result<Self, BadAccount> {
        Self::parse(&text)
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("(secret)")
    }
}

/// An account as it is configured.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AccountConfig {
    /// The key, in base64.
    pub key: Key,
    /// Where its queues lie among all: `billing` makes its queue `orders` the queue `billing/orders` of the other faces.
    /// Empty: they have the same names everywhere.
    #[serde(default)]
    pub folder: String,
}

/// Why an account cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BadAccount {
    /// The key cannot be read.
    #[error("an account's key must be base64 of at least one byte, as the client's connection string has it")]
    Key {
        /// What is wrong with it.
        source: Option<base64::DecodeError>,
    },
    /// The name breaks the rules.
    #[error("{name:?} is no account: 3 to 24 lower-case letters and digits")]
    Name {
        /// The name.
        name: String,
    },
    /// The folder breaks the rules.
    #[error("{folder:?} is no folder for queues: 1 to 63 lower-case letters, digits and single hyphens")]
    Folder {
        /// The folder.
        folder: String,
    },
    /// Everybody knows the key.
    #[error(
        "the task queues would be open to other machines at {address} with the emulator's key, which everybody knows; \
             name an account with a key of your own in [queues.account.NAME]"
    )]
    Exposed {
        /// The address.
        address: IpAddr,
    },
}

/// The accounts: those of the config, or the emulator's.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(try_from = "BTreeMap<String, AccountConfig>")]
pub struct Accounts(BTreeMap<String, AccountConfig>);

impl Accounts {
    /// The account of a name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&AccountConfig> {
        self.0.get(name)
    }

    /// Their names.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// Refuses to listen to other machines with a key that everybody knows.
    ///
    /// # Errors
    /// [`BadAccount::Exposed`].
    pub fn check_exposure(&self, address: IpAddr) -> Result<(), BadAccount> {
        let known = Key::parse(DEVELOPMENT_KEY).ok();
        let exposed = !address.is_loopback() && self.0.values().any(|account| Some(&account.key) == known.as_ref());
        if exposed { Err(BadAccount::Exposed { address }) } else { Ok(()) }
    }
}

impl Default for Accounts {
    fn default() -> Self {
        let account = |key| AccountConfig { key, folder: String::new() };
        let known = Key::parse(DEVELOPMENT_KEY).ok().map(|key| (DEVELOPMENT_ACCOUNT.to_owned(), account(key)));
        Self(known.into_iter().collect())
    }
}

impl TryFrom<BTreeMap<String, AccountConfig>> for Accounts {
    type Error = BadAccount;

    fn try_from(accounts: BTreeMap<String, AccountConfig>) -> Result<Self, BadAccount> {
        for (name, AccountConfig { folder, .. }) in &accounts {
            let plain = name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit());
            if !plain || !(3..=24).contains(&name.len()) {
                return Err(BadAccount::Name { name: name.clone() });
            }
            if !folder.is_empty() && !name::is_plain(folder) {
                return Err(BadAccount::Folder { folder: folder.clone() });
            }
        }
        if accounts.is_empty() { Ok(Self::default()) } else { Ok(Self(accounts)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_default_is_the_emulators_account_and_stays_at_home() {
        let accounts = Accounts::default();
        assert_eq!(accounts.names().collect::<Vec<_>>(), [DEVELOPMENT_ACCOUNT]);
        assert!(accounts.check_exposure([127, 0, 0, 1].into()).is_ok());
        assert!(matches!(accounts.check_exposure([0, 0, 0, 0].into()), Err(BadAccount::Exposed { .. })));
    }

    #[test]
    fn accounts_are_checked_where_they_are_read() {
        let read = |text: &str| toml::from_str::<Accounts>(text);
        let own = read("[toll]\nkey = \"c2VjcmV0\"\nfolder = \"billing\"").unwrap();
        assert_eq!(own.names().collect::<Vec<_>>(), ["toll"]);
        assert!(own.check_exposure([0, 0, 0, 0].into()).is_ok());
        assert!(!format!("{own:?}").contains("c2VjcmV0"));
        for bad in ["[Toll]\nkey = \"c2VjcmV0\"", "[toll]\nkey = \"\"", "[toll]\nkey = \"%\"", "[toll]\nkeys = \"\""] {
            assert!(read(bad).is_err(), "{bad}");
        }
        assert!(read("[toll]\nkey = \"c2VjcmV0\"\nfolder = \"../x\"").is_err());
        assert_eq!(read("").unwrap(), Accounts::default());
    }

    #[test]
    fn signatures_are_known_again() {
        let key = Key::parse("c2VjcmV0").unwrap();
        let signature = key.sign("text");
        assert!(key.verify("text", &signature));
        for bad in ["", "x", &signature[1..], &Key::parse("c2VjcmV1").unwrap().sign("text")] {
            assert!(!key.verify("text", bad), "{bad}");
        }
    }
}
