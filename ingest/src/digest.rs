//! The running digest of positions, and the wide hash that recognises a repeated one.
//!
//! FNV-1a (Fowler, Noll, Vo; constants from the IETF draft `draft-eastlake-fnv`): small, the same on every machine and
//! in every version, and strong enough to tell an edited folder from the one a run began with. It guards against
//! mistakes, not against an adversary.

const BASIS_64: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME_64: u64 = 0x0000_0100_0000_01b3;
const BASIS_128: u128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d;
const PRIME_128: u128 = 0x0000_0000_0100_0000_0000_0000_0000_013b;

/// A hash chain over positions: FNV-1a 64 over each position's bytes followed by one zero byte, which no position
/// contains, so that two different sequences are two different inputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Digest(u64);

impl Digest {
    /// The digest of no position at all.
    pub(crate) const EMPTY: Self = Self(BASIS_64);

    /// Extends the chain by one position.
    pub(crate) fn push(&mut self, position: &str) {
        for byte in position.bytes().chain([0]) {
            self.0 = (self.0 ^ u64::from(byte)).wrapping_mul(PRIME_64);
        }
    }

    pub(crate) fn value(self) -> u64 {
        self.0
    }
}

/// FNV-1a 64 of some bytes.
pub(crate) fn fnv64(bytes: &[u8]) -> u64 {
    bytes.iter().fold(BASIS_64, |hash, &byte| (hash ^ u64::from(byte)).wrapping_mul(PRIME_64))
}

/// FNV-1a 128 of some bytes: wide enough that a million positions collide by chance about never (10⁻²⁷).
pub(crate) fn fnv128(bytes: &[u8]) -> u128 {
    bytes.iter().fold(BASIS_128, |hash, &byte| (hash ^ u128::from(byte)).wrapping_mul(PRIME_128))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_test_vectors_hold() {
        assert_eq!(fnv64(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv64(b"a"), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(fnv64(b"foobar"), 0x8594_4171_f739_67e8);
        assert_eq!(fnv128(b"a"), 0xd228_cb69_6f1a_8caf_7891_2b70_4e4a_8964);
        assert_eq!(fnv128(b"foobar"), 0x343e_1662_793c_64bf_6f0d_3597_ba44_6f18);
    }

    #[test]
    fn the_chain_knows_where_one_position_ends() {
        let chain = |positions: &[&str]| {
            let mut digest = Digest::EMPTY;
            positions.iter().for_each(|position| digest.push(position));
            digest.value()
        };
        assert_ne!(chain(&["ab", "c"]), chain(&["a", "bc"]));
        assert_ne!(chain(&["a", "b"]), chain(&["b", "a"]));
        assert_eq!(chain(&["a", "b"]), chain(&["a", "b"]));
    }
}
