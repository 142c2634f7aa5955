//! What a path means: `/ACCOUNT`, `/ACCOUNT/QUEUE`, `/ACCOUNT/QUEUE/messages`, `/ACCOUNT/QUEUE/messages/ID`.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

use super::fault::Fault;
use super::name;

/// The account's second place, which is read from; here the same as the first.
const SECONDARY: &str = "-secondary";

/// A path taken apart.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Target<'a> {
    /// The account's name.
    pub(super) account: Cow<'a, str>,
    /// Whether its second place was asked.
    pub(super) secondary: bool,
    /// What is meant in it.
    pub(super) resource: Resource<'a>,
}

/// What is meant within an account.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Resource<'a> {
    /// The account as a whole.
    Service,
    /// A queue.
    Queue(Cow<'a, str>),
    /// Its messages.
    Messages(Cow<'a, str>),
    /// One message of it, by its id.
    Message(Cow<'a, str>, Cow<'a, str>),
}

impl<'a> Target<'a> {
    /// Takes a path apart. It is divided before it is decoded, so that no escape makes a new part.
    pub(super) fn parse(path: &'a str) -> Result<Self, Fault> {
        let mut parts = path.strip_prefix('/').unwrap_or(path).split('/').map(decode);
        let mut next = || parts.next().transpose();
        let account = next()?.filter(|name| !name.is_empty()).ok_or_else(Fault::bad_uri)?;
        let main = account.strip_suffix(SECONDARY).map(str::to_owned);
        let resource = match (next()?, next()?, next()?, next()?) {
            (None, ..) => Resource::Service,
            // A slash behind the account, or the two that a client makes of it, and nothing else.
            (Some(queue), None, None, None) if queue.is_empty() => Resource::Service,
            (Some(queue), Some(word), None, None) if queue.is_empty() && word.is_empty() => Resource::Service,
            // The Python client puts the account's name behind the host name of its second place.
            (Some(again), Some(word), None, None) if word.is_empty() && main.as_deref() == Some(&*again) => {
                Resource::Service
            }
            (Some(queue), None, None, None) => Resource::Queue(queue),
            (Some(queue), Some(word), None, None) if word == "messages" => Resource::Messages(queue),
            (Some(queue), Some(word), Some(id), None) if word == "messages" && !id.is_empty() => {
                Resource::Message(queue, id)
            }
            _ => return Err(Fault::bad_uri()),
        };
        let secondary = main.is_some();
        Ok(Self { account: main.map_or(account, Cow::Owned), secondary, resource })
    }
}

impl Resource<'_> {
    /// The queue's name.
    pub(super) fn queue(&self) -> Option<&str> {
        match self {
            Self::Service => None,
            Self::Queue(queue) | Self::Messages(queue) | Self::Message(queue, _) => Some(queue),
        }
    }

    /// Checks the queue's name.
    pub(super) fn check(&self) -> Result<(), Fault> {
        self.queue().map_or(Ok(()), |queue| Ok(name::check(queue)?))
    }
}

fn decode(part: &str) -> Result<Cow<'_, str>, Fault> {
    percent_decode_str(part).decode_utf8().ok().ok_or_else(Fault::bad_uri)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_divided_before_they_are_decoded() {
        let at = |path| Target::parse(path).map(|target| (target.secondary, format!("{:?}", target.resource)));
        assert_eq!(at("/acc").unwrap(), (false, "Service".into()));
        assert_eq!(at("/acc-secondary/").unwrap(), (true, "Service".into()));
        assert_eq!(at("/acc-secondary//").unwrap(), (true, "Service".into()));
        assert_eq!(at("/acc-secondary/acc/").unwrap(), (true, "Service".into()));
        assert_eq!(at("/acc/q-1").unwrap(), (false, "Queue(\"q-1\")".into()));
        assert_eq!(at("/acc/q/messages").unwrap(), (false, "Messages(\"q\")".into()));
        assert_eq!(at("/acc/q/messages/a%2Fb").unwrap(), (false, "Message(\"q\", \"a/b\")".into()));
        for bad in ["", "/", "//q", "/acc/q/", "/acc/q/other", "/acc/q/messages/", "/acc/q/messages/a/b", "/acc/%ff"] {
            assert!(at(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn tricks_are_no_names() {
        for bad in ["/acc/..", "/acc/..%2f..%2fetc", "/acc/%2e%2e", "/acc/a%00b", "/acc/$metrics", "/acc/q%2fmessages"]
        {
            assert!(Target::parse(bad).unwrap().resource.check().is_err(), "{bad}");
        }
    }
}
