//! Which operation a request asks for, and what a shared access signature must allow for it.

use axum::http::Method;

use super::fault::Fault;
use super::query::Query;
use super::target::Resource;

/// An operation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operation {
    ListQueues,
    GetProperties,
    SetProperties,
    GetStatistics,
    CreateQueue,
    DeleteQueue,
    GetMetadata,
    SetMetadata,
    GetPolicies,
    SetPolicies,
    Put,
    Get,
    Peek,
    Clear,
    Update,
    Delete,
}

/// What an account's signature must allow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct AccountRight {
    /// `s`ervice, `c`ontainer (a queue) or `o`bject (messages).
    pub(super) resource: char,
    /// Any of these permissions; none: no such signature allows it.
    pub(super) any_of: &'static str,
}

impl Operation {
    pub(super) fn of(method: &Method, resource: &Resource<'_>, query: &Query<'_>) -> Result<Self, Fault> {
        let method = method.as_str();
        let comp = query.some("comp");
        let service = query.some("restype") == Some("service");
        Ok(match (resource, method, comp) {
            (Resource::Service, "GET", Some("list")) => Self::ListQueues,
            (Resource::Service, "GET", Some("properties")) if service => Self::GetProperties,
            (Resource::Service, "PUT", Some("properties")) if service => Self::SetProperties,
            (Resource::Service, "GET", Some("stats")) if service => Self::GetStatistics,
            (Resource::Queue(_), "PUT", None) => Self::CreateQueue,
            (Resource::Queue(_), "DELETE", None) => Self::DeleteQueue,
            (Resource::Queue(_), "GET" | "HEAD", Some("metadata")) => Self::GetMetadata,
            (Resource::Queue(_), "PUT", Some("metadata")) => Self::SetMetadata,
            (Resource::Queue(_), "GET" | "HEAD", Some("acl")) => Self::GetPolicies,
            (Resource::Queue(_), "PUT", Some("acl")) => Self::SetPolicies,
            (Resource::Messages(_), "POST", None) => Self::Put,
            (Resource::Messages(_), "GET", None) if query.some("peekonly").is_some_and(is_true) => Self::Peek,
            (Resource::Messages(_), "GET", None) => Self::Get,
            (Resource::Messages(_), "DELETE", None) => Self::Clear,
            (Resource::Message(..), "PUT", None) => Self::Update,
            (Resource::Message(..), "DELETE", None) => Self::Delete,
            (_, "GET" | "HEAD" | "PUT" | "POST" | "DELETE", Some(comp)) => {
                return Err(Fault::bad_query("comp", comp, "It names nothing that can be done with this resource."));
            }
            (Resource::Service, "GET" | "PUT", None) => return Err(Fault::missing_query("comp")),
            _ => return Err(Fault::bad_verb()),
        })
    }

    /// What an account's signature must allow.
    pub(super) fn account_right(self) -> AccountRight {
        let (resource, any_of) = match self {
            Self::ListQueues => ('s', "l"),
            Self::GetProperties | Self::GetStatistics => ('s', "r"),
            Self::SetProperties => ('s', "w"),
            Self::CreateQueue => ('c', "cw"),
            Self::DeleteQueue => ('c', "d"),
            Self::GetMetadata => ('c', "r"),
            Self::SetMetadata => ('c', "w"),
            Self::GetPolicies | Self::SetPolicies => ('c', ""),
            Self::Put => ('o', "a"),
            Self::Get | Self::Delete => ('o', "p"),
            Self::Peek => ('o', "r"),
            Self::Clear => ('o', "d"),
            Self::Update => ('o', "u"),
        };
        AccountRight { resource, any_of }
    }

    /// The permission that a queue's signature must give; `None`: no such signature allows it.
    pub(super) fn queue_right(self) -> Option<char> {
        match self {
            Self::GetMetadata | Self::Peek => Some('r'),
            Self::Put => Some('a'),
            Self::Update => Some('u'),
            Self::Get | Self::Delete => Some('p'),
            _ => None,
        }
    }
}

fn is_true(text: &str) -> bool {
    text.eq_ignore_ascii_case("true")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_told_apart_by_method_path_and_query() {
        let queue = || Resource::Queue("q".into());
        let messages = || Resource::Messages("q".into());
        let of = |method: Method, resource: Resource<'_>, query| {
            Operation::of(&method, &resource, &Query::parse(Some(query))).map_err(|fault| fault.code())
        };
        assert_eq!(of(Method::GET, Resource::Service, "comp=list"), Ok(Operation::ListQueues));
        assert_eq!(of(Method::GET, Resource::Service, "restype=service&comp=stats"), Ok(Operation::GetStatistics));
        assert_eq!(of(Method::HEAD, queue(), "comp=metadata"), Ok(Operation::GetMetadata));
        assert_eq!(of(Method::PUT, queue(), ""), Ok(Operation::CreateQueue));
        assert_eq!(of(Method::GET, messages(), "peekonly=True"), Ok(Operation::Peek));
        assert_eq!(of(Method::GET, messages(), "numofmessages=3"), Ok(Operation::Get));
        assert_eq!(of(Method::GET, queue(), "comp=bogus"), Err("InvalidQueryParameterValue"));
        assert_eq!(of(Method::GET, Resource::Service, ""), Err("MissingRequiredQueryParameter"));
        assert_eq!(of(Method::PATCH, queue(), ""), Err("UnsupportedHttpVerb"));
        assert_eq!(of(Method::POST, queue(), ""), Err("UnsupportedHttpVerb"));
    }
}
