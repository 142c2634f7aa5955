//! Why an operation cannot be taken over; the caller adds which one it was.

use std::borrow::Cow;

/// Why an operation cannot be taken over.
#[derive(Debug)]
pub(super) enum Fault {
    /// No such operation is known, or not in this form.
    Unknown(Cow<'static, str>),
    /// It contradicts itself or what it is given.
    Because(Cow<'static, str>),
}

/// What becomes of an operation.
pub(super) type Lowered<T> = Result<T, Fault>;

impl Fault {
    pub(super) fn because(reason: impl Into<Cow<'static, str>>) -> Self {
        Self::Because(reason.into())
    }

    pub(super) fn unknown(form: impl Into<Cow<'static, str>>) -> Self {
        Self::Unknown(form.into())
    }
}
