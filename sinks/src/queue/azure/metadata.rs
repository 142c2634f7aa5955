//! A queue's metadata: headers `x-ms-meta-NAME`. HTTP libraries hand on names of headers in lower case, so names are kept
//! in lower case.

use std::collections::BTreeMap;

use axum::http::{HeaderMap, HeaderName, HeaderValue};

use super::fault::Fault;

const PREFIX: &str = "x-ms-meta-";
/// Bytes of all names and values, at most.
const MAX_BYTES: usize = 8 << 10;

/// The metadata of a request.
pub(super) fn read(headers: &HeaderMap) -> Result<BTreeMap<String, String>, Fault> {
    let mut metadata = BTreeMap::new();
    let mut bytes = 0;
    for (header, value) in headers {
        let Some(name) = header.as_str().strip_prefix(PREFIX) else { continue };
        let value = value.to_str().ok().filter(|_| is_identifier(name)).ok_or_else(Fault::bad_metadata)?;
        bytes += name.len() + value.len();
        if bytes > MAX_BYTES {
            return Err(Fault::metadata_too_large());
        }
        metadata.insert(name.to_owned(), value.to_owned());
    }
    Ok(metadata)
}

/// Writes metadata into the headers of an answer; what another face put there and no header can hold is left out.
pub(super) fn write(metadata: &BTreeMap<String, String>, headers: &mut HeaderMap) {
    for (name, value) in metadata.iter().filter(|(name, _)| is_identifier(name)) {
        let name = HeaderName::try_from(format!("{PREFIX}{name}"));
        if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(value)) {
            headers.insert(name, value);
        }
    }
}

/// Names are identifiers, as the original has it: they become elements of XML in lists.
pub(super) fn is_identifier(name: &str) -> bool {
    let first = name.as_bytes().first().is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'_');
    first && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(pairs: &[(&str, &str)]) -> Result<BTreeMap<String, String>, &'static str> {
        let pair = |(name, value): &(&str, &str)| {
            (HeaderName::try_from(*name).unwrap(), HeaderValue::from_bytes(value.as_bytes()).unwrap())
        };
        read(&pairs.iter().map(pair).collect()).map_err(|fault| fault.code())
    }

    #[test]
    fn metadata_goes_and_comes_back_in_headers() {
        let metadata = sent(&[("X-Ms-Meta-Lane", "7"), ("x-ms-meta-a_1", ""), ("x-ms-date", "now")]).unwrap();
        assert_eq!(metadata, BTreeMap::from([("lane".into(), "7".into()), ("a_1".into(), String::new())]));
        let mut headers = HeaderMap::new();
        write(&metadata, &mut headers);
        assert_eq!(read(&headers).unwrap(), metadata);
    }

    #[test]
    fn what_is_no_metadata_is_refused() {
        for bad in [("x-ms-meta-", "x"), ("x-ms-meta-1a", "x"), ("x-ms-meta-a-b", "x"), ("x-ms-meta-a", "ü")] {
            assert_eq!(sent(&[bad]), Err("InvalidMetadata"), "{bad:?}");
        }
        assert_eq!(sent(&[("x-ms-meta-a", &"x".repeat(9000))]), Err("MetadataTooLarge"));
    }
}
