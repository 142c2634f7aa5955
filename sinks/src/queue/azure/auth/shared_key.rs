//! What is signed of a request with the account's key, schemes `SharedKey` and `SharedKeyLite`.

use std::borrow::Cow;

use axum::http::header::{
    CONTENT_ENCODING, CONTENT_LANGUAGE, CONTENT_LENGTH, CONTENT_TYPE, DATE, HeaderName, IF_MATCH, IF_MODIFIED_SINCE,
    IF_NONE_MATCH, IF_UNMODIFIED_SINCE, RANGE,
};
use axum::http::{HeaderMap, Method};

use crate::queue::azure::query::Query;

const CONTENT_MD5: HeaderName = HeaderName::from_static("content-md5");
const OWN: &str = "x-ms-";

/// How a request is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::queue::azure) enum Scheme {
    /// All standard headers and all query parameters are signed.
    SharedKey,
    /// Four headers and the parameter `comp`.
    SharedKeyLite,
}

impl Scheme {
    pub(super) fn named(name: &str) -> Option<Self> {
        match name {
            "SharedKey" => Some(Self::SharedKey),
            "SharedKeyLite" => Some(Self::SharedKeyLite),
            _ => None,
        }
    }
}

/// What of a request is signed.
pub(in crate::queue::azure) struct Signed<'a> {
    pub(in crate::queue::azure) method: &'a Method,
    /// The path as it is sent, escapes and all.
    pub(in crate::queue::azure) path: &'a str,
    pub(in crate::queue::azure) query: &'a Query<'a>,
    pub(in crate::queue::azure) headers: &'a HeaderMap,
    pub(in crate::queue::azure) account: &'a str,
    /// Whether headers are in the order of their bytes, as the manual has it; clients do as the service does, which
    /// sorts as words.
    pub(in crate::queue::azure) by_byte: bool,
}

impl Signed<'_> {
    /// The text that is signed.
    pub(in crate::queue::azure) fn text(&self, scheme: Scheme) -> String {
        let mut text = String::with_capacity(512);
        text.push_str(self.method.as_str());
        text.push('\n');
        let standard: &[HeaderName] = match scheme {
            Scheme::SharedKeyLite => &[CONTENT_MD5, CONTENT_TYPE, DATE],
            Scheme::SharedKey => &[
                CONTENT_ENCODING,
                CONTENT_LANGUAGE,
                CONTENT_LENGTH,
                CONTENT_MD5,
                CONTENT_TYPE,
                DATE,
                IF_MODIFIED_SINCE,
                IF_MATCH,
                IF_NONE_MATCH,
                IF_UNMODIFIED_SINCE,
                RANGE,
            ],
        };
        for name in standard {
            text.push_str(&self.standard(name));
            text.push('\n');
        }
        self.push_own(&mut text);
        self.push_resource(&mut text, scheme);
        text
    }

    fn standard(&self, name: &HeaderName) -> Cow<'_, str> {
        let value = self.headers.get(name).map(|value| String::from_utf8_lossy(value.as_bytes())).unwrap_or_default();
        // A length of nothing is signed as nothing, and `x-ms-date` stands for the other date.
        let unsigned = name == CONTENT_LENGTH && value == "0" || name == DATE && self.headers.contains_key("x-ms-date");
        if unsigned { Cow::default() } else { value }
    }

    /// The service's own headers, sorted.
    fn push_own(&self, text: &mut String) {
        let mut names = own(self.headers);
        if self.by_byte {
            names.sort_unstable();
        } else {
            names.sort_unstable_by(|a, b| as_words(a).cmp(as_words(b)).then_with(|| a.cmp(b)));
        }
        for name in names {
            text.push_str(name);
            for (index, value) in self.headers.get_all(name).iter().enumerate() {
                text.push(if index == 0 { ':' } else { ',' });
                text.push_str(String::from_utf8_lossy(value.as_bytes()).trim());
            }
            text.push('\n');
        }
    }

    fn push_resource(&self, text: &mut String, scheme: Scheme) {
        text.extend(["/", self.account, self.path]);
        match scheme {
            Scheme::SharedKeyLite => {
                if let Some(comp) = self.query.get("comp") {
                    text.extend(["?comp=", comp]);
                }
            }
            Scheme::SharedKey => {
                let mut parameters: Vec<_> =
                    self.query.iter().map(|(name, value)| (name.to_ascii_lowercase(), value)).collect();
                parameters.sort_unstable();
                let mut last = None;
                for (name, value) in &parameters {
                    if last == Some(name) {
                        text.push(',');
                    } else {
                        text.extend(["\n", name, ":"]);
                    }
                    text.push_str(value);
                    last = Some(name);
                }
            }
        }
    }
}

/// Whether the two orders are the same for these headers: so it is unless the user's own have unusual names.
pub(super) fn orders_agree(headers: &HeaderMap) -> bool {
    let mut names = own(headers);
    names.sort_unstable();
    names.is_sorted_by(|a, b| as_words(a).le(as_words(b)))
}

fn own(headers: &HeaderMap) -> Vec<&str> {
    headers.keys().map(HeaderName::as_str).filter(|name| name.starts_with(OWN)).collect()
}

/// The order of words: hyphens do not count, and other signs come before digits, those before letters.
fn as_words(name: &str) -> impl Iterator<Item = u8> {
    let weight = |byte: u8| match byte {
        b'-' | b'\'' => None,
        b'+' => Some(0x80),
        _ if byte.is_ascii_alphanumeric() => Some(byte | 0x80),
        _ => Some(byte),
    };
    name.bytes().filter_map(weight)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pair = |(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), axum::http::HeaderValue::from_static(value))
        };
        pairs.iter().map(pair).collect()
    }

    #[test]
    fn the_text_is_that_of_the_manual() {
        let query = Query::parse(Some("Timeout=20&restype=container&comp=metadata&x=b&x=a%2Bc"));
        let sent = headers(&[
            ("x-ms-version", "2015-02-21"),
            ("x-ms-date", "Fri, 26 Jun 2015 23:39:12 GMT"),
            ("content-length", "0"),
            ("content-type", "text/plain"),
        ]);
        let method = Method::GET;
        let signed =
            Signed { method: &method, path: "/a/q", query: &query, headers: &sent, account: "a", by_byte: false };
        let own = "x-ms-date:Fri, 26 Jun 2015 23:39:12 GMT\nx-ms-version:2015-02-21\n";
        let whole = format!(
            "GET\n\n\n\n\ntext/plain\n\n\n\n\n\n\n{own}/a/a/q\ncomp:metadata\nrestype:container\ntimeout:20\nx:a+c,b"
        );
        assert_eq!(signed.text(Scheme::SharedKey), whole);
        assert_eq!(signed.text(Scheme::SharedKeyLite), format!("GET\n\ntext/plain\n\n{own}/a/a/q?comp=metadata"));
    }

    #[test]
    fn words_are_sorted_without_hyphens() {
        assert!(orders_agree(&headers(&[("x-ms-date", ""), ("x-ms-meta-b", ""), ("x-ms-meta-a", "")])));
        let odd = headers(&[("x-ms-meta-a0", ""), ("x-ms-meta-a_", "")]);
        assert!(!orders_agree(&odd));
    }
}
