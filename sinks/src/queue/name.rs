//! Names of entities: the original's rules, and no way out of the name space.

use std::borrow::Cow;

use super::Refusal;
use super::settings::Kind;

/// The suffix of a dead-letter queue.
pub const DEAD_LETTERS: &str = "/$deadletterqueue";
const SUBSCRIPTIONS: &str = "/subscriptions/";
/// Characters of a queue's or topic's name, at most.
const MAX_NAME: usize = 260;
/// Characters of a subscription's own name, at most.
const MAX_SUBSCRIPTION: usize = 50;

/// A name taken apart: the entity's key, and whether its dead letters are meant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address<'a> {
    /// Names differ by more than case: this is in lower case.
    pub(super) key: Cow<'a, str>,
    pub(super) dead: bool,
}

/// Takes a name apart; it may name nothing that exists.
pub(super) fn address(name: &str) -> Address<'_> {
    let key = lower(name);
    match key.strip_suffix(DEAD_LETTERS) {
        None => Address { key, dead: false },
        Some(rest) => Address { key: Cow::Owned(rest.to_owned()), dead: true },
    }
}

fn lower(name: &str) -> Cow<'_, str> {
    if name.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(name.to_ascii_lowercase())
    } else {
        Cow::Borrowed(name)
    }
}

/// The topic of a subscription's key.
pub(super) fn topic_of(key: &str) -> Option<&str> {
    key.split_once(SUBSCRIPTIONS).map(|(topic, _)| topic)
}

/// The name of a subscription.
#[must_use]
pub fn subscription(topic: &str, name: &str) -> String {
    format!("{topic}{SUBSCRIPTIONS}{name}")
}

/// Checks the name of something to be created.
///
/// # Errors
/// [`Refusal::BadName`].
pub fn check(name: &str, kind: Kind) -> Result<(), Refusal> {
    let bad = |rule| Err(Refusal::BadName { name: name.chars().take(80).collect(), rule });
    let plain = |part: &str| {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_' | b'/' | b'~');
        let ends = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
        let bytes = part.as_bytes();
        bytes.iter().all(|byte| allowed(*byte)) && ends(bytes.first()) && ends(bytes.last())
    };
    let (main, own) = match name.split_once(SUBSCRIPTIONS) {
        Some((topic, own)) if kind == Kind::Subscription => (topic, Some(own)),
        None if kind == Kind::Subscription => return bad("a subscription is named TOPIC/subscriptions/NAME"),
        Some(_) => return bad("only a subscription's name may have /subscriptions/ in it"),
        None => (name, None),
    };
    if main.len() > MAX_NAME || !plain(main) {
        return bad("1 to 260 letters, digits, '.', '-', '_', '~' and '/', with a letter or digit at both ends");
    }
    if main.split('/').any(|part| part.is_empty() || part.starts_with('.')) {
        return bad("a part between slashes must not be empty or begin with a full stop");
    }
    match own {
        Some(own) if own.len() > MAX_SUBSCRIPTION || own.contains('/') || !plain(own) => {
            bad("a subscription's own name has 1 to 50 letters, digits, '.', '-' and '_'")
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_by_the_rules() {
        for good in ["q", "orders", "a/b/c", "A-1_x.y~z", &"x".repeat(260)] {
            assert_eq!(check(good, Kind::Queue), Ok(()), "{good}");
        }
        let long = "x".repeat(261);
        for bad in ["", "/", "a/", "/a", "a//b", "a/../b", "..", "a b", "q/$deadletterqueue", "ü", "a\0", &long] {
            assert!(check(bad, Kind::Queue).is_err(), "{bad:?}");
        }
        assert_eq!(check("t/subscriptions/s", Kind::Subscription), Ok(()));
        for bad in ["t", "t/subscriptions/", "t/subscriptions/a/b", "/subscriptions/a"] {
            assert!(check(bad, Kind::Subscription).is_err(), "{bad:?}");
        }
        assert!(check("t/subscriptions/s", Kind::Queue).is_err());
    }

    #[test]
    fn addresses_find_the_dead_letters_in_any_case() {
        assert_eq!(address("Orders/$DeadLetterQueue"), Address { key: "orders".into(), dead: true });
        assert_eq!(address("orders"), Address { key: "orders".into(), dead: false });
        assert_eq!(topic_of("t/subscriptions/s"), Some("t"));
    }
}
