//! Whether a JPEG reaches its end marker. Decoders fill what is missing with grey and say nothing; a toll must not be
//! charged on half a photo.

/// Markers that stand alone, without a length (ITU-T T.81, table B.1): TEM and RST0–RST7.
fn stands_alone(marker: u8) -> bool {
    marker == 0x01 || (0xd0..=0xd7).contains(&marker)
}

/// Walks the segments (and past the entropy-coded data) to the EOI marker. A thumbnail's EOI inside an APP segment is
/// stepped over with its segment, so it does not count.
pub(super) fn is_complete(bytes: &[u8]) -> bool {
    let mut at = 2;
    while let Some(marker) = next_marker(bytes, &mut at) {
        match marker {
            0xd9 => return true,
            m if stands_alone(m) => {}
            _ => match bytes.get(at..at + 2) {
                Some(length) => at += usize::from(u16::from_be_bytes([length[0], length[1]])).max(2),
                None => return false,
            },
        }
    }
    false
}

/// The next marker's code; `at` is left behind it. Bytes between are entropy-coded data, where ff 00 is a plain ff.
fn next_marker(bytes: &[u8], at: &mut usize) -> Option<u8> {
    loop {
        *at += memchr::memchr(0xff, bytes.get(*at..)?)? + 1;
        match bytes.get(*at)? {
            0x00 => *at += 1,
            // Fill bytes: the last ff before the code is the marker's.
            0xff => {}
            marker => {
                *at += 1;
                return Some(*marker);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use image::codecs::jpeg::JpegEncoder;

    fn jpeg() -> Vec<u8> {
        let mut out = Vec::new();
        let pixels: Vec<u8> = (0..64 * 48 * 3).map(|i| (i * 7 % 251) as u8).collect();
        JpegEncoder::new(&mut out).encode(&pixels, 64, 48, image::ExtendedColorType::Rgb8).unwrap();
        out
    }

    #[test]
    fn a_whole_file_is_complete_and_no_prefix_is() {
        let whole = jpeg();
        assert!(is_complete(&whole));
        for end in 0..whole.len() - 1 {
            assert!(!is_complete(&whole[..end]), "cut at {end} of {}", whole.len());
        }
    }

    #[test]
    fn bytes_after_the_end_do_no_harm() {
        let mut longer = jpeg();
        longer.extend_from_slice(&[0; 100]);
        assert!(is_complete(&longer));
    }

    #[test]
    fn a_thumbnail_that_ends_is_not_the_photo() {
        let (thumb, whole) = (jpeg(), jpeg());
        let mut photo = vec![0xff, 0xd8, 0xff, 0xe1];
        photo.extend_from_slice(&(thumb.len() as u16 + 2).to_be_bytes());
        photo.extend_from_slice(&thumb);
        photo.extend_from_slice(&whole[2..]);
        assert!(is_complete(&photo));
        assert!(!is_complete(&photo[..photo.len() - 40]));
    }
}
