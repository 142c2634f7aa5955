//! The signature by which a receiver knows that a request is genuine.

use hmac::{Hmac, Mac};
use sha2::Sha256;

/// The header it is in.
pub const HEADER: &str = "tollgate-signature";

fn mac(secret: &[u8], seconds: i64, body: &[u8]) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).ok()?;
    mac.update(format!("{seconds}.").as_bytes());
    mac.update(body);
    Some(mac)
}

/// The header's value for a body sent at a time (seconds since the epoch).
#[must_use]
pub fn sign(secret: &[u8], seconds: i64, body: &[u8]) -> String {
    // HMAC takes keys of any length; the type says otherwise for the sake of other MACs.
    let code = mac(secret, seconds, body).map(|mac| mac.finalize().into_bytes()).unwrap_or_default();
    let hex: String = code.iter().map(|byte| format!("{byte:02x}")).collect();
    format!("t={seconds},v1={hex}")
}

/// Whether a header is genuine, and its time at most `tolerance_s` from `now` (seconds since the epoch). Takes as long
/// for a wrong code as for the right one.
#[must_use]
pub fn verify(secret: &[u8], header: &str, body: &[u8], now: i64, tolerance_s: u32) -> bool {
    let genuine = || {
        let (time, code) = header.strip_prefix("t=")?.split_once(",v1=")?;
        let seconds: i64 = time.parse().ok()?;
        let code: Option<Vec<u8>> = code.as_bytes().chunks(2).map(hex_byte).collect();
        mac(secret, seconds, body)?.verify_slice(&code?).ok()?;
        (seconds.abs_diff(now) <= u64::from(tolerance_s)).then_some(())
    };
    genuine().is_some()
}

fn hex_byte(pair: &[u8]) -> Option<u8> {
    let [high, low] = pair else { return None };
    let digit = |byte: u8| char::from(byte).to_digit(16);
    u8::try_from(digit(*high)? * 16 + digit(*low)?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_known_code_and_what_is_refused() {
        // python3 -c 'import hmac;print(hmac.new(b"0123456789abcdef", b"1700000000.[]", "sha256").hexdigest())'
        let header = sign(b"0123456789abcdef", 1_700_000_000, b"[]");
        let known = KNOWN;
        assert_eq!(header, format!("t=1700000000,v1={known}"));
        let verified = |header: &str, body: &[u8], now| verify(b"0123456789abcdef", header, body, now, 300);
        assert!(verified(&header, b"[]", 1_700_000_300));
        assert!(!verified(&header, b"[]", 1_700_000_301), "too old");
        assert!(!verified(&header, b"[1]", 1_700_000_000), "another body");
        assert!(!verified(&header.replace("t=1", "t=2"), b"[]", 1_700_000_000), "another time");
        for bad in ["", "t=,v1=", "t=1700000000,v1=zz", "v1=00,t=1", &header[..header.len() - 1]] {
            assert!(!verified(bad, b"[]", 1_700_000_000), "{bad}");
        }
        assert!(!verify(b"another secret!!", &header, b"[]", 1_700_000_000, 300));
    }

    const KNOWN: &str = "c91545d09b999c13267144ab89f40da36c784c2397a9684263e82122a502a910";
}
