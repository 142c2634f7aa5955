//! What became of an attempt, by the original's names.

use std::fmt;

/// The outcome of an attempt that did not deliver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Outcome {
    /// There was none yet.
    NotAttempted,
    /// 400.
    BadRequest,
    /// 401.
    Unauthorized,
    /// 403.
    Forbidden,
    /// 404.
    NotFound,
    /// 413, or larger than the subscription allows.
    PayloadTooLarge,
    /// 408, or no whole answer in time.
    TimedOut,
    /// 429 or 503.
    Busy,
    /// Another status.
    GenericError,
    /// The name leads nowhere, or where it must not.
    ResolutionError,
    /// No connection, or it broke.
    SocketError,
}

impl Outcome {
    const ALL: [Self; 11] = [
        Self::NotAttempted,
        Self::BadRequest,
        Self::Unauthorized,
        Self::Forbidden,
        Self::NotFound,
        Self::PayloadTooLarge,
        Self::TimedOut,
        Self::Busy,
        Self::GenericError,
        Self::ResolutionError,
        Self::SocketError,
    ];

    /// `None` for a status that says the receiver has the events: 200 to 204.
    pub(super) fn of_status(status: u16) -> Option<Self> {
        Some(match status {
            200..=204 => return None,
            400 => Self::BadRequest,
            401 => Self::Unauthorized,
            403 => Self::Forbidden,
            404 => Self::NotFound,
            408 => Self::TimedOut,
            413 => Self::PayloadTooLarge,
            429 | 503 => Self::Busy,
            _ => Self::GenericError,
        })
    }

    /// Whether another attempt would have the same outcome.
    pub(super) fn is_final(self) -> bool {
        matches!(self, Self::BadRequest | Self::Unauthorized | Self::Forbidden | Self::PayloadTooLarge)
    }

    pub(super) fn code(self) -> u8 {
        Self::ALL.iter().position(|one| *one == self).and_then(|at| u8::try_from(at).ok()).unwrap_or_default()
    }

    pub(super) fn from_code(code: u8) -> Self {
        Self::ALL.get(usize::from(code)).copied().unwrap_or(Self::GenericError)
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

/// Why an event was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Reason {
    /// It was tried as often as allowed.
    MaxDeliveryAttemptsExceeded,
    /// It was not delivered in its time.
    TimeToLiveExceeded,
    /// The receiver will not have it: 400, 401, 403 or 413.
    UndeliverableDueToClientError,
}

impl Reason {
    pub(super) fn code(reason: Option<Self>) -> u8 {
        match reason {
            None => 0,
            Some(Self::MaxDeliveryAttemptsExceeded) => 1,
            Some(Self::TimeToLiveExceeded) => 2,
            Some(Self::UndeliverableDueToClientError) => 3,
        }
    }

    pub(super) fn from_code(code: u8) -> Option<Self> {
        match code {
            0 => None,
            1 => Some(Self::MaxDeliveryAttemptsExceeded),
            2 => Some(Self::TimeToLiveExceeded),
            _ => Some(Self::UndeliverableDueToClientError),
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_come_back() {
        for outcome in Outcome::ALL {
            assert_eq!(Outcome::from_code(outcome.code()), outcome);
        }
        for code in 0..=3 {
            assert_eq!(Reason::code(Reason::from_code(code)), code);
        }
    }

    #[test]
    fn two_hundred_to_two_hundred_and_four_deliver() {
        assert!((200..=204).all(|status| Outcome::of_status(status).is_none()));
        let given_up = (100..=599).filter(|&status| Outcome::of_status(status).is_some_and(Outcome::is_final));
        assert_eq!(given_up.collect::<Vec<_>>(), [400, 401, 403, 413]);
        assert!([199, 205, 206, 301, 404, 429, 500].into_iter().all(|status| Outcome::of_status(status).is_some()));
    }
}
