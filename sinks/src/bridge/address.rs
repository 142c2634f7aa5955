//! A broker's address: a URL without credentials.

use std::fmt;

use url::Url;

/// A scheme, its usual port, and whether it means TLS.
pub(super) type Scheme = (&'static str, u16, bool);

/// Where a broker is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) tls: bool,
    /// The path without its first slash, percent-decoded.
    pub(super) path: String,
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

impl Address {
    /// Reads a URL. What is wrong with it is said without it: a password may be in it.
    pub(super) fn parse(url: &str, schemes: &[Scheme]) -> Result<Self, String> {
        let (first, port, _) = schemes.first().copied().unwrap_or_default();
        let form = format!("write it as {first}://broker.example.com:{port}");
        let parsed = Url::parse(url).map_err(|error| format!("it is no URL ({error}); {form}"))?;
        if !parsed.username().is_empty() || parsed.password().is_some() {
            return Err("no user or password belongs into it; use `user` and `password`".into());
        }
        let known = schemes.iter().find(|(scheme, ..)| *scheme == parsed.scheme());
        let Some(&(_, usual, tls)) = known else {
            let known: Vec<&str> = schemes.iter().map(|(scheme, ..)| *scheme).collect();
            return Err(format!("{}: is not one of {}; {form}", parsed.scheme(), known.join(", ")));
        };
        let host = parsed.host_str().filter(|host| !host.is_empty()).ok_or(format!("it names no host; {form}"))?;
        let path = parsed.path().trim_start_matches('/');
        let path = percent_encoding::percent_decode_str(path).decode_utf8();
        let path = path.map_err(|error| format!("its path is no text ({error})"))?.into_owned();
        // An address of version 6 stands in brackets in a URL alone.
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        Ok(Self { host, port: parsed.port().unwrap_or(usual), tls, path })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCHEMES: &[Scheme] = &[("amqp", 5672, false), ("amqps", 5671, true)];

    #[test]
    fn addresses_are_read() {
        let read = |url: &str| Address::parse(url, SCHEMES).unwrap();
        let plain = Address { host: "b.example".into(), port: 5672, tls: false, path: String::new() };
        assert_eq!(read("amqp://b.example"), plain);
        assert_eq!(read("amqps://b.example/%2fa/"), Address { port: 5671, tls: true, path: "/a/".into(), ..plain });
        assert_eq!(read("amqp://[::1]:77").to_string(), "::1:77");
    }

    #[test]
    fn what_is_wrong_is_said_without_the_password() {
        for (url, said) in [
            ("amqp://u:s3cret@h", "use `user` and `password`"),
            ("amqp://s3cret@h", "use `user` and `password`"),
            ("http://h", "amqp, amqps"),
            ("amqp://u:s3cret@:1", "no URL"),
            ("amqp:///x", "no host"),
            ("", "no URL"),
        ] {
            let error = Address::parse(url, SCHEMES).unwrap_err();
            assert!(error.contains(said) && !error.contains("s3cret"), "{url}: {error}");
        }
    }
}
