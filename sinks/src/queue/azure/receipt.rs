//! Names of messages: an id derives from the message's place in its queue, a pop receipt from its lock.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest, Sha256};
use uuid::{Builder, Uuid};

/// Bits of the last half that the layout of a UUID leaves free.
const FREE: u64 = (1 << 62) - 1;

/// Makes and knows the ids of one queue.
pub(super) struct Ids {
    /// Tells queues apart.
    queue: u64,
}

impl Ids {
    pub(super) fn of(queue: &str) -> Self {
        let digest = Sha256::digest(queue);
        let half = digest.iter().take(8).fold(0, |half, byte| half << 8 | u64::from(*byte));
        Self { queue: half }
    }

    /// The id of the message of a sequence number.
    pub(super) fn id(&self, sequence: u64) -> Uuid {
        let whole = u128::from(self.queue) << 64 | u128::from(sequence & FREE);
        Builder::from_custom_bytes(whole.to_be_bytes()).into_uuid()
    }

    /// The sequence number of an id; `None` where it is none of this queue's.
    pub(super) fn sequence(&self, id: &str) -> Option<u64> {
        let id = Uuid::try_parse(id).ok()?;
        let sequence = id.as_u64_pair().1 & FREE;
        (self.id(sequence) == id).then_some(sequence)
    }
}

/// A pop receipt: the token of a lock, fit for a URL and a header.
pub(super) fn pop_receipt(token: Uuid) -> String {
    URL_SAFE_NO_PAD.encode(token.as_bytes())
}

/// The token of a pop receipt; `None` where it is none.
pub(super) fn token(receipt: &str) -> Option<Uuid> {
    let bytes = URL_SAFE_NO_PAD.decode(receipt).ok()?;
    Uuid::from_slice(&bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn ids_and_receipts_come_back(sequence in 0..=FREE, token_bits: u128, junk in "\\PC{0,40}") {
            let ids = Ids::of("orders");
            let id = ids.id(sequence).to_string();
            prop_assert_eq!(ids.sequence(&id), Some(sequence));
            prop_assert_eq!(Ids::of("others").sequence(&id), None);
            prop_assert_eq!(token(&pop_receipt(Uuid::from_u128(token_bits))), Some(Uuid::from_u128(token_bits)));
            prop_assert_eq!(ids.sequence(&junk), None);
            prop_assert_eq!(token(&junk), None);
        }
    }
}
