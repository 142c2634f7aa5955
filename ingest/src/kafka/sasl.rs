//! Logging in: SASL PLAIN (RFC 4616), with `$ConnectionString` as the user and a connection string as the password.

use kafka_protocol::error::ResponseError;
use kafka_protocol::messages::{
    SaslAuthenticateRequest, SaslAuthenticateResponse, SaslHandshakeRequest, SaslHandshakeResponse,
};
use kafka_protocol::protocol::StrBytes;

use super::reply::text;
use super::session::{Login, Session};
use super::shared::Shared;

const PLAIN: &str = "PLAIN";
/// The user's name that says that the password is a connection string.
const USER: &str = "$ConnectionString";

/// Agrees on the mechanism.
pub(super) fn handshake(session: &mut Session, request: &SaslHandshakeRequest) -> SaslHandshakeResponse {
    let answer = SaslHandshakeResponse::default().with_mechanisms(vec![StrBytes::from_static_str(PLAIN)]);
    if request.mechanism.as_str() != PLAIN {
        return answer.with_error_code(ResponseError::UnsupportedSaslMechanism.code());
    }
    if let Login::Awaited { agreed } = &mut session.login {
        *agreed = true;
    }
    answer
}

/// Logs in. Without success nothing is said about why beyond what the sender must know to correct it.
pub(super) fn authenticate(
    shared: &Shared,
    session: &mut Session,
    request: &SaslAuthenticateRequest,
) -> SaslAuthenticateResponse {
    let answer = SaslAuthenticateResponse::default();
    match session.login {
        // Who need not log in may do so nevertheless: clients are configured the same way everywhere.
        Login::NotNeeded => return answer,
        Login::Awaited { agreed: true } => {}
        Login::Awaited { agreed: false } | Login::Failed(_) | Login::Granted(_) => {
            let message = "agree on a mechanism first (SaslHandshake)";
            return answer
                .with_error_code(ResponseError::IllegalSaslState.code())
                .with_error_message(Some(StrBytes::from_static_str(message)));
        }
    }
    let (reason, refused) = match password(&request.auth_bytes).map(|text| shared.access.by_connection_string(text)) {
        Some(Ok(grant)) => {
            session.login = Login::Granted(grant);
            return answer;
        }
        Some(Err(denied)) => (denied.name(), denied.to_string()),
        None => {
            let message = format!("log in with PLAIN, the user {USER} and a connection string as the password");
            ("malformed-login", message)
        }
    };
    session.login = Login::Failed(reason);
    answer.with_error_code(ResponseError::SaslAuthenticationFailed.code()).with_error_message(Some(text(refused)))
}

/// The password of a PLAIN message: identity, user and password, with a zero byte between them.
fn password(message: &[u8]) -> Option<&str> {
    let mut parts = std::str::from_utf8(message).ok()?.split('\0');
    let (_identity, user, password) = (parts.next()?, parts.next()?, parts.next()?);
    (user == USER && parts.next().is_none()).then_some(password)
}
