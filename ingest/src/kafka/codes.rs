//! The protocol's error codes for what the log answers.

use kafka_protocol::error::ResponseError;

use crate::Error;
use crate::log::BatchFault;

/// No error.
pub(super) const OK: i16 = 0;

/// The code of what the log answered.
pub(super) fn of(error: &Error) -> i16 {
    let code = match error {
        Error::NoHub { .. } | Error::NoPartition { .. } => ResponseError::UnknownTopicOrPartition,
        Error::HubExists { .. } => ResponseError::TopicAlreadyExists,
        Error::BatchTooLarge { .. } => ResponseError::MessageTooLarge,
        Error::Fenced { .. } => ResponseError::InvalidProducerEpoch,
        Error::OutOfSequence { .. } => ResponseError::OutOfOrderSequenceNumber,
        Error::OffsetOutOfRange { .. } => ResponseError::OffsetOutOfRange,
        Error::BadGroup { .. } => ResponseError::InvalidGroupId,
        Error::BadHub { .. } => ResponseError::InvalidConfig,
        Error::Io { .. } | Error::CommitFailed { .. } | Error::CorruptLog { .. } => ResponseError::KafkaStorageError,
        _ => ResponseError::UnknownServerError,
    };
    code.code()
}

/// The code of a batch that cannot be appended.
pub(super) fn of_fault(fault: BatchFault) -> i16 {
    let code = match fault {
        BatchFault::Magic(_) => ResponseError::UnsupportedForMessageFormat,
        BatchFault::Codec => ResponseError::UnsupportedCompressionType,
        BatchFault::TooLarge => ResponseError::MessageTooLarge,
        BatchFault::Transaction => ResponseError::TransactionalIdAuthorizationFailed,
        BatchFault::Count | BatchFault::Records => ResponseError::InvalidRecord,
        _ => ResponseError::CorruptMessage,
    };
    code.code()
}
