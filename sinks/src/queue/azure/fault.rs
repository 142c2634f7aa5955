//! What a request is refused with: the original's status, code and XML.

use std::borrow::Cow;

use axum::http::StatusCode;

use super::name::BadName;
use super::xml::Writer;
use crate::Error;
use crate::queue::Refusal;

/// A refusal.
#[derive(Debug)]
pub(super) struct Fault {
    pub(super) status: StatusCode,
    code: &'static str,
    message: Cow<'static, str>,
    /// Further elements of the body.
    details: Vec<(&'static str, String)>,
}

impl Fault {
    pub(super) fn new(status: StatusCode, code: &'static str, message: impl Into<Cow<'static, str>>) -> Self {
        Self { status, code, message: message.into(), details: Vec::new() }
    }

    fn bad(code: &'static str, message: &'static str) -> Self {
        Self::new(StatusCode::BAD_REQUEST, code, message)
    }

    fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.details.push((name, value.into()));
        self
    }

    /// The code, also in header `x-ms-error-code`.
    pub(super) fn code(&self) -> &'static str {
        self.code
    }

    /// The body.
    pub(super) fn body(&self, request_id: &str, time: &str) -> String {
        let message = format!("{}\nRequestId:{request_id}\nTime:{time}", self.message);
        let mut xml = Writer::new();
        xml.open("Error").leaf("Code", self.code).leaf("Message", &message);
        for (name, value) in &self.details {
            xml.leaf(name, value);
        }
        xml.close("Error");
        xml.finish()
    }

    pub(super) fn bad_query(name: &'static str, value: &str, reason: &'static str) -> Self {
        let message = "Value for one of the query parameters specified in the request URI is invalid.";
        let fault = Self::bad("InvalidQueryParameterValue", message);
        fault.with("QueryParameterName", name).with("QueryParameterValue", value).with("Reason", reason)
    }

    pub(super) fn out_of_range(name: &'static str, value: i64, least: i64, most: i64) -> Self {
        let message = "One of the query parameters specified in the request URI is outside the permissible range.";
        Self::bad("OutOfRangeQueryParameterValue", message)
            .with("QueryParameterName", name)
            .with("QueryParameterValue", value.to_string())
            .with("MinimumAllowed", least.to_string())
            .with("MaximumAllowed", most.to_string())
    }

    pub(super) fn missing_query(name: &'static str) -> Self {
        let message = "A query parameter that's mandatory for this request is not specified.";
        Self::bad("MissingRequiredQueryParameter", message).with("QueryParameterName", name)
    }

    pub(super) fn bad_header(name: &'static str, value: &str) -> Self {
        let message = "The value for one of the HTTP headers is not in the correct format.";
        Self::bad("InvalidHeaderValue", message).with("HeaderName", name).with("HeaderValue", value)
    }

    pub(super) fn bad_metadata() -> Self {
        let message = "The metadata specified is invalid. It has characters that are not permitted.";
        Self::bad("InvalidMetadata", message)
    }

    pub(super) fn metadata_too_large() -> Self {
        Self::bad("MetadataTooLarge", "The metadata specified exceeds the maximum permissible limit.")
    }

    pub(super) fn bad_xml() -> Self {
        Self::bad("InvalidXmlDocument", "XML specified is not syntactically valid.")
    }

    pub(super) fn body_too_large(limit: usize) -> Self {
        let message = "The request body is too large and exceeds the maximum permissible limit.";
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "RequestBodyTooLarge", message).with("MaxLimit", limit.to_string())
    }

    pub(super) fn bad_uri() -> Self {
        Self::bad("InvalidUri", "The requested URI does not represent any resource on the server.")
    }

    pub(super) fn bad_verb() -> Self {
        let message = "The resource doesn't support specified Http Verb.";
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "UnsupportedHttpVerb", message)
    }

    pub(super) fn no_account() -> Self {
        Self::new(StatusCode::NOT_FOUND, "ResourceNotFound", "The specified resource does not exist.")
    }

    pub(super) fn no_queue() -> Self {
        Self::new(StatusCode::NOT_FOUND, "QueueNotFound", "The specified queue does not exist.")
    }

    pub(super) fn queue_exists() -> Self {
        Self::new(StatusCode::CONFLICT, "QueueAlreadyExists", "The specified queue already exists.")
    }

    pub(super) fn no_message() -> Self {
        Self::new(StatusCode::NOT_FOUND, "MessageNotFound", "The specified message does not exist.")
    }

    pub(super) fn wrong_receipt() -> Self {
        let message = "The specified pop receipt did not match the pop receipt for a dequeued message.";
        Self::bad("PopReceiptMismatch", message)
    }

    /// The signature, its time or what it was made with is wrong: the sender is not told which.
    pub(super) fn unauthenticated() -> Self {
        let message = "Server failed to authenticate the request. Make sure the value of the Authorization header is \
                       formed correctly including the signature.";
        Self::new(StatusCode::FORBIDDEN, "AuthenticationFailed", message)
    }

    /// The signature is right, and does not allow this: `what` ends the code and the sentence.
    pub(super) fn unauthorised(code: &'static str, what: &str) -> Self {
        let message = format!("This request is not authorized to perform this operation using this {what}.");
        Self::new(StatusCode::FORBIDDEN, code, message)
    }

    /// Too much to do; clients come back by themselves.
    pub(super) fn busy() -> Self {
        let message = "The server is currently unable to receive requests. Please retry your request.";
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "ServerBusy", message)
    }

    /// The body did not come in time.
    pub(super) fn timed_out() -> Self {
        let message = "The operation could not be completed within the permitted time.";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "OperationTimedOut", message)
    }

    /// The machine's own trouble; its log says what.
    pub(super) fn failed(error: impl std::fmt::Display) -> Self {
        tracing::error!(%error, "a request to the task queues failed");
        Self::internal()
    }

    /// The machine's own trouble.
    pub(super) fn internal() -> Self {
        let message = "The server encountered an internal error. Please retry the request.";
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "InternalError", message)
    }
}

impl From<BadName> for Fault {
    fn from(bad: BadName) -> Self {
        match bad {
            BadName::Length => {
                let message = "The specified resource name length is not within the permissible limits.";
                Self::bad("OutOfRangeInput", message)
            }
            BadName::Character => {
                Self::bad("InvalidResourceName", "The specified resource name contains invalid characters.")
            }
        }
    }
}

impl From<Refusal> for Fault {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NoEntity { .. } => Self::no_queue(),
            Refusal::EntityExists { .. } => Self::queue_exists(),
            Refusal::NoMessage { .. } => Self::no_message(),
            Refusal::LockLost { .. } => Self::wrong_receipt(),
            Refusal::TooLarge { limit, .. } => Self::body_too_large(limit),
            Refusal::Full { .. } | Refusal::Busy => Self::busy(),
            // What only other faces can make of a queue, such as one with sessions.
            other => Self::new(StatusCode::BAD_REQUEST, "UnsupportedOperation", other.to_string()),
        }
    }
}

impl From<Error> for Fault {
    fn from(error: Error) -> Self {
        match error {
            Error::Refused(refusal) => refusal.into(),
            error => Self::failed(error),
        }
    }
}
