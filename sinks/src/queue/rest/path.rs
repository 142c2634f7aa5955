//! What a path asks for.

use percent_encoding::percent_decode_str;

/// A path taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// The entity itself.
    Entity(String),
    /// Its messages.
    Messages(String),
    /// Its first message.
    Head(String),
    /// A message by id or sequence number, and the token of its lock.
    Message(String, String, String),
}

/// Takes a path apart; `None`: it is no path of this face.
pub(super) fn parse(path: &str) -> Option<Target> {
    let decoded = |part: &str| Some(percent_decode_str(part).decode_utf8().ok()?.into_owned());
    let parts: Vec<String> = path.strip_prefix('/')?.split('/').map(decoded).collect::<Option<_>>()?;
    // A slash that is encoded is no way around: names are checked part by part.
    if parts.iter().any(|part| part.is_empty() || part.contains('/') || part == "." || part == "..") {
        return None;
    }
    let at = parts.iter().rposition(|part| part.eq_ignore_ascii_case("messages")).filter(|at| *at > 0);
    let Some(at) = at else { return Some(Target::Entity(parts.join("/"))) };
    let name = parts[..at].join("/");
    match &parts[at + 1..] {
        [] => Some(Target::Messages(name)),
        [head] if head.eq_ignore_ascii_case("head") => Some(Target::Head(name)),
        [message, token] => Some(Target::Message(name, message.clone(), token.clone())),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_taken_apart_and_tricks_are_none() {
        let name = || "t/subscriptions/s/$deadletterqueue".to_owned();
        assert_eq!(parse("/q"), Some(Target::Entity("q".into())));
        assert_eq!(parse("/t/subscriptions/s/%24deadletterqueue/messages/head"), Some(Target::Head(name())));
        let message = Target::Message("a/b".into(), "7".into(), "token".into());
        assert_eq!(parse("/a/b/messages/7/token"), Some(message));
        for bad in ["", "/", "//", "/q//messages", "/../q", "/%2e%2e/q", "/a%2fb", "/q/messages/1/2/3", "/%ff"] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
