//! Compressed batches, made readable.

use std::io::Write;

use proptest::prelude::*;
use tollgate_ingest::log::{BatchFault, Decompressor, HEADER_BYTES, Records};

use super::batch;

// Made by the Python client aiokafka 0.14.0 (cramjam 2.14.0): 8 records, time 1536762781000 + i, key `lane-{i % 2}`,
// value 4 times `the plate is AB 123 CD `, header `n` = i.
const GZIP: &str = concat!(
    "0000000000000000000000acffffffff02e3d853d200010000000700000165ce331d4800000165ce331d4fffffffffffffff",
    "ffffffffffffff000000081f8b08008a31036b02ffbbc5c8c0c0c093939897aa6bb083b1242355a12027b1245521b358c1d1",
    "49c1d0c858c1d945812ac24c4c794c06b71819989820d619d2de3a43a0752c2c74f39d11d03a3636baf9ce18681d0707dd7c",
    "6702b48e8b8b6ebe33055ac7c34337df9901ade3e3a39befcc017e32db5f78030000",
);
const SNAPPY: &str = concat!(
    "0000000000000000000000e3ffffffff02ed8470ae00020000000700000165ce331d4800000165ce331d4fffffffffffffff",
    "ffffffffffffff0000000882534e415050590000000001000000010000009ef80690da010000000c6c616e652d30b8017468",
    "6520706c6174652069732041422031323320434420fe170005172402026e0230da01000202096f0031fe6f00866f001431da",
    "01000404096ffede008ade001432da01000606096ffede008ade001433da01000808096ffede008ade001434da01000a0a09",
    "6ffede008ade001435da01000c0c096ffede008ade001436da01000e0e096ffede008ade000037",
);
const LZ4: &str = concat!(
    "0000000000000000000000c2ffffffff02dc6ec8f400030000000700000165ce331d4800000165ce331d4fffffffffffffff",
    "ffffffffffffff0000000804224d187040ad7e000000ff16da010000000c6c616e652d30b80174686520706c617465206973",
    "2041422031323320434420170032a202026e0230da010002026f001f316f004f6f31da01000404de00566f32da01000606de",
    "00566f33da01000808de00566f34da01000a0ade00566f35da01000c0cde00566f36da01000e0ede00525002026e0237bcae",
    "182400000000",
);
const ZSTD: &str = concat!(
    "0000000000000000000000b9ffffffff0218bae55000040000000700000165ce331d4800000165ce331d4fffffffffffffff",
    "ffffffffffffff0000000828b52ffd607802f50300b285151fb0271d0c1e0cc314b0468805870e9c35a9ac6d23c4b14680ec",
    "846c1bc89402844c92fa0354aabe2011a47e008fa3fe9229d55710a1fa9966f5d11cb3431c6e51f20c8563286e3d4cb3b895",
    "78dc40c0729846b5f5030f000fa600433d98170cf5605e30d48379c1500fe605433d98170cf530af1c065451743e01",
);

fn bytes(hex: &str) -> Vec<u8> {
    let digit = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).expect("hex");
    (0..hex.len()).step_by(2).map(digit).collect()
}

/// A batch whose records were replaced by some bytes of a codec.
fn compressed(codec: u8, records: &[u8]) -> Vec<u8> {
    let mut bytes = batch(&[b"one"], None);
    bytes.truncate(HEADER_BYTES);
    bytes.extend_from_slice(records);
    let length = (bytes.len() - 12) as i32;
    bytes[8..12].copy_from_slice(&length.to_be_bytes());
    bytes[22] = codec;
    bytes
}

fn zipped(codec: u8, plain: &[u8]) -> Vec<u8> {
    let records = match codec {
        1 => {
            let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            encoder.write_all(plain).expect("an encoder into memory");
            encoder.finish().expect("an encoder into memory")
        }
        2 => snap::raw::Encoder::new().compress_vec(plain).expect("an encoder into memory"),
        3 => {
            let mut encoder = lz4_flex::frame::FrameEncoder::new(Vec::new());
            encoder.write_all(plain).expect("an encoder into memory");
            encoder.finish().expect("an encoder into memory")
        }
        _ => zstd::encode_all(plain, 1).expect("an encoder into memory"),
    };
    compressed(codec, &records)
}

#[test]
fn what_another_client_compressed_is_read() {
    let mut decompressor = Decompressor::new(4096);
    for (name, hex) in [("gzip", GZIP), ("snappy", SNAPPY), ("lz4", LZ4), ("zstd", ZSTD), ("gzip", GZIP)] {
        let whole = bytes(hex);
        assert_eq!(Records::new(&whole).err(), Some(BatchFault::Compressed), "{name}");
        // A batch is followed by others in a slice.
        let slice = [whole.as_slice(), b"and more"].concat();
        let open = decompressor.open(&slice).unwrap();
        let records: Vec<_> = Records::new(open).unwrap().map(Result::unwrap).collect();
        assert_eq!(records.len(), 8, "{name}");
        for (i, record) in records.iter().enumerate() {
            assert_eq!((record.offset, record.timestamp_ms), (i as u64, 1_536_762_781_000 + i as i64));
            assert_eq!(record.key, Some(format!("lane-{}", i % 2).as_bytes()));
            assert_eq!(record.value, Some("the plate is AB 123 CD ".repeat(4).as_bytes()));
            let number = i.to_string();
            assert_eq!(record.headers().collect::<Vec<_>>(), [(b"n".as_slice(), Some(number.as_bytes()))]);
        }
    }
}

#[test]
fn what_is_not_compressed_is_not_copied() {
    let plain = batch(&[b"one", b"two"], None);
    let mut decompressor = Decompressor::new(0);
    assert_eq!(decompressor.open(&plain).unwrap().as_ptr(), plain.as_ptr());
    assert_eq!(decompressor.open(&plain[..plain.len() - 1]).err(), Some(BatchFault::Length));
}

#[test]
fn a_bomb_is_refused() {
    let plain = batch(&[&[0; 4000]], None);
    let zeros = vec![0; 64 << 20];
    for codec in 1..=4 {
        let fits = zipped(codec, &plain[HEADER_BYTES..]);
        assert_eq!(Decompressor::new(plain.len()).open(&fits).unwrap().len(), plain.len(), "{codec}");
        assert_eq!(Decompressor::new(plain.len() - 1).open(&fits).err(), Some(BatchFault::TooLarge), "{codec}");
        let bomb = zipped(codec, &zeros);
        assert_eq!(Decompressor::new(1 << 20).open(&bomb).err(), Some(BatchFault::TooLarge), "{codec}");
    }
}

#[test]
fn nonsense_has_a_name() {
    let mut decompressor = Decompressor::new(1 << 20);
    for codec in 1..=4 {
        for nonsense in [&[0xaa; 40][..], b"\x82SNAPPY\0", b"\x82SNAPPY\0\0\0\0\x01\0\0\0\x01\0\0\xff\xff12"] {
            let fault = decompressor.open(&compressed(codec, nonsense)).err();
            assert!(matches!(fault, Some(BatchFault::Decompression | BatchFault::TooLarge)), "{codec}: {fault:?}");
        }
    }
    assert_eq!(decompressor.open(&compressed(5, b"")).err(), Some(BatchFault::Codec));
}

proptest! {
    #[test]
    fn garbage_never_panics(codec in 1u8..=4, at: prop::sample::Index, with: u8, cut: prop::sample::Index) {
        let golden = bytes([GZIP, SNAPPY, LZ4, ZSTD][usize::from(codec) - 1]);
        let mut records = golden[HEADER_BYTES..].to_vec();
        let at = at.index(records.len());
        records[at] = with;
        records.truncate(cut.index(records.len() * 2).max(1));
        let mut decompressor = Decompressor::new(1 << 16);
        if let Ok(open) = decompressor.open(&compressed(codec, &records)) {
            prop_assert!(open.len() <= 1 << 16);
        }
    }
}
