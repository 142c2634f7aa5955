//! Shared access signatures: `SharedAccessSignature sr=…&sig=…&se=…&skn=…`.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;

/// What the header's value begins with.
pub(super) const SCHEME: &str = "SharedAccessSignature";
/// Parts of a path that a signature may be narrowed to; the deepest path has five.
const MAX_PARTS: usize = 8;

/// What a signature shows.
#[derive(Debug)]
pub(super) struct Shown<'a> {
    /// The name of the key.
    pub(super) name: Cow<'a, str>,
    /// The resource in the encoded form that was signed.
    pub(super) resource: &'a str,
    /// The expiry as it was signed.
    pub(super) expiry: &'a str,
    /// The same in seconds since the epoch.
    pub(super) expiry_s: i64,
    pub(super) signature: Vec<u8>,
    /// The path of the resource, part by part.
    pub(super) scope: Vec<String>,
}

/// Takes a header's value apart; `None` where a part is missing, unknown, there twice or not what it should be.
pub(super) fn parse(header: &str) -> Option<Shown<'_>> {
    let (scheme, fields) = header.trim().split_once(' ')?;
    if !scheme.eq_ignore_ascii_case(SCHEME) {
        return None;
    }
    let (mut sr, mut sig, mut se, mut skn) = (None, None, None, None);
    for field in fields.trim().split('&') {
        let (name, value) = field.split_once('=')?;
        let slot = match name {
            "sr" => &mut sr,
            "sig" => &mut sig,
            "se" => &mut se,
            "skn" => &mut skn,
            _ => return None,
        };
        if slot.replace(value).is_some() {
            return None;
        }
    }
    let (resource, expiry) = (sr?, se?);
    let signature = STANDARD.decode(decoded(sig?)?.as_bytes()).ok()?;
    let scope = scope(&decoded(resource)?)?;
    Some(Shown { name: decoded(skn?)?, resource, expiry, expiry_s: expiry.parse().ok()?, signature, scope })
}

fn decoded(value: &str) -> Option<Cow<'_, str>> {
    percent_decode_str(value).decode_utf8().ok()
}

/// The parts of the path behind `scheme://host/`; a query is no part of it.
fn scope(address: &str) -> Option<Vec<String>> {
    let (_, rest) = address.split_once("://")?;
    let rest = rest.split(['?', '#']).next()?;
    let (host, path) = rest.split_once('/').unwrap_or((rest, ""));
    if host.is_empty() {
        return None;
    }
    // The address is encoded a second time in the header: its own encoding is still there.
    let parts = path.split('/').filter(|part| !part.is_empty()).map(|part| Some(decoded(part)?.into_owned()));
    let parts: Vec<String> = parts.take(MAX_PARTS + 1).collect::<Option<_>>()?;
    (parts.len() <= MAX_PARTS).then_some(parts)
}
