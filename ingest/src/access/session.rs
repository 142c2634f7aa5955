//! A browser's way in: whoever shows a key once gets a signature for a day's work, so that the key need not be kept.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use super::{Access, Denied, SCHEME, connection};

impl Access {
    /// The fields of a signature (`sr=…&sig=…&se=…&skn=…`) for who shows a connection string or a signature of their
    /// own: of the first a new one that is good for `lifetime_s`, the second as it is. `None` where everything is open.
    ///
    /// # Errors
    /// What is wrong with what was shown.
    pub fn session(&self, shown: &str, now_ms: i64, lifetime_s: i64) -> Result<Option<String>, Denied> {
        if self.is_open() {
            return Ok(None);
        }
        let shown = shown.trim();
        if let Some((scheme, fields)) = shown.split_once(' ')
            && scheme.eq_ignore_ascii_case(SCHEME)
        {
            self.by_signature(shown, now_ms)?;
            return Ok(Some(fields.trim().to_owned()));
        }
        self.by_connection_string(shown)?;
        let parts = connection::parse(shown).ok_or(Denied::Malformed)?;
        let key = self.keys.get(parts.name).ok_or(Denied::UnknownKey)?;
        let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        let resource = encoded(&format!("sb://tollgate/{}", parts.hub.map(encoded).unwrap_or_default()));
        let expiry = (now_ms / 1000).saturating_add(lifetime_s).to_string();
        let signature = encoded(&STANDARD.encode(key.sign(&resource, &expiry).ok_or(Denied::WrongKey)?));
        Ok(Some(format!("sr={resource}&sig={signature}&se={expiry}&skn={}", encoded(parts.name))))
    }

    /// The same as [`Access::by_signature`] for the fields that [`Access::session`] gave.
    ///
    /// # Errors
    /// What is wrong with them.
    pub fn by_session(&self, fields: &str, now_ms: i64) -> Result<super::Grant, Denied> {
        self.by_signature(&format!("{SCHEME} {fields}"), now_ms)
    }
}
