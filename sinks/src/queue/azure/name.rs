//! Names of task queues: the original's rules, which leave no way out of the name space.

/// What is wrong with a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum BadName {
    /// Too short or too long.
    Length,
    /// A character or its place.
    Character,
}

/// Checks the name of a queue: 3 to 63 lower-case letters, digits and single hyphens within.
pub(super) fn check(name: &str) -> Result<(), BadName> {
    match name.chars().count() {
        0 => Err(BadName::Character),
        3..=63 if is_plain(name) => Ok(()),
        3..=63 => Err(BadName::Character),
        _ => Err(BadName::Length),
    }
}

/// Whether these are 1 to 63 lower-case letters, digits and single hyphens, with no hyphen at either end.
pub(super) fn is_plain(name: &str) -> bool {
    let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    name.len() <= 63 && name.bytes().all(allowed) && name.split('-').all(|part| !part.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_by_the_rules() {
        for good in ["abc", "a-b", "0a0", "a-b-c", &"x".repeat(63)] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        for bad in ["", "Abc", "-ab", "ab-", "a--b", "a_b", "a/b", "...", "äöü", "a\0b", "a b", "a|b"] {
            assert_eq!(check(bad), Err(BadName::Character), "{bad:?}");
        }
        for bad in ["a", "..", &"x".repeat(64)] {
            assert_eq!(check(bad), Err(BadName::Length), "{bad}");
        }
    }
}
