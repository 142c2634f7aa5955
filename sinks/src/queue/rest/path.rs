//! What a path asks for.

use percent_encoding::percent_decode_str;

/// A path taken apart.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Path {
    /// All its parts, decoded.
    pub(super) parts: Vec<String>,
    /// The queue, topic, subscription or dead-letter queue.
    pub(super) name: String,
    pub(super) target: Target,
}

/// What of an entity is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Target {
    /// The entity itself.
    Entity,
    /// Its messages.
    Messages,
    /// Its first message.
    Head,
    /// A message by id or sequence number, and the token of its lock.
    Message(String, String),
}

/// Takes a path apart; `None`: it is no path of this face.
pub(super) fn parse(path: &str) -> Option<Path> {
    let decoded = |part: &str| Some(percent_decode_str(part).decode_utf8().ok()?.into_owned());
    let parts: Vec<String> = path.strip_prefix('/')?.split('/').map(decoded).collect::<Option<_>>()?;
    let (at, target) = target(&parts)?;
    let name = &parts[..at];
    // A slash that is encoded is no way around: names are checked part by part.
    if name.iter().any(|part| part.is_empty() || part.contains('/') || part == "." || part == "..") {
        return None;
    }
    Some(Path { name: name.join("/"), parts, target })
}

/// Where the name ends, and what follows. A queue may be called `messages`, and so may a message.
fn target(parts: &[String]) -> Option<(usize, Target)> {
    let is_divider = |at: &usize| *at > 0 && parts[*at].eq_ignore_ascii_case("messages");
    let mut dividers = (0..parts.len()).filter(is_divider).peekable();
    if dividers.peek().is_none() {
        return Some((parts.len(), Target::Entity));
    }
    dividers.find_map(|at| match &parts[at + 1..] {
        [] => Some((at, Target::Messages)),
        [head] if head.eq_ignore_ascii_case("head") => Some((at, Target::Head)),
        [message, token] if !message.is_empty() => Some((at, Target::Message(message.clone(), token.clone()))),
        _ => None,
    })
}

impl Path {
    /// The queue or topic that it is about.
    pub(super) fn entity(&self) -> &str {
        let lower = self.name.to_ascii_lowercase();
        let ends = ["/subscriptions/", super::super::DEAD_LETTERS].into_iter().filter_map(|mark| lower.find(mark));
        // Lower case by ASCII keeps every byte where it is.
        &self.name[..ends.min().unwrap_or(self.name.len())]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_taken_apart() {
        let message = |id: &str| Target::Message(id.into(), "token".into());
        for (path, name, entity, target) in [
            ("/q", "q", "q", Target::Entity),
            ("/q/messages", "q", "q", Target::Messages),
            ("/messages/messages", "messages", "messages", Target::Messages),
            ("/a/b/messages/7/token", "a/b", "a/b", message("7")),
            ("/q/messages/lane%2F7/token", "q", "q", message("lane/7")),
            ("/q/messages/messages/token", "q", "q", message("messages")),
            (
                "/T/Subscriptions/s/%24DeadLetterQueue/messages/head",
                "T/Subscriptions/s/$DeadLetterQueue",
                "T",
                Target::Head,
            ),
            ("/q/$deadletterqueue", "q/$deadletterqueue", "q", Target::Entity),
        ] {
            let parsed = parse(path).unwrap();
            assert_eq!((parsed.name.as_str(), parsed.entity(), &parsed.target), (name, entity, &target), "{path}");
        }
    }

    #[test]
    fn tricks_are_no_paths() {
        for bad in [
            "",
            "/",
            "//",
            "/q//messages",
            "/../q",
            "/%2e%2e/q",
            "/a%2fb",
            "/a%2fb/messages",
            "/q/messages/1/2/3",
            "/%ff",
            "/q/messages/",
            "/q/messages/1",
            "/q/messages//token",
            "/q/./messages/head",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
