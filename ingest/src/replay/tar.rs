//! A PATH that is a `.tar`: its members one after another, nothing unpacked.
//!
//! Nothing is written anywhere, so that a member's name can do no harm; it is only a part of the position. Each header
//! is parsed on its own, from the offset at which the last member ended: that keeps no parser state between records
//! and passes over bodies with a seek. One number for each photo's name is kept, which tells repeats apart.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};

use super::file::{read_exactly, refuse_size};
use super::kind::Kind;
use super::member::{self, Member};
use super::root::{Content, Root};
use super::{Limits, Skipped};
use crate::digest::fnv64;
use crate::position::{Positions, member_fragment};
use crate::{Error, Payload, Refusal, RefusalCode, Result};

const BLOCK: u64 = 512;

/// The first bytes of gzip, zstd, xz and bzip2 files.
const COMPRESSED: [&[u8]; 4] = [b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"\xfd7zXZ", b"BZh"];

/// The members of an archive.
pub(crate) struct Tar {
    file: File,
    length: u64,
    position: String,
    max_record_bytes: u64,
    /// The offset of the next header; `None` behind the last.
    next: Option<u64>,
    repeats: HashMap<u64, u32>,
    current: Option<Slot>,
}

/// The record named last.
struct Slot {
    file: String,
    lane: Option<String>,
    recorded: DateTime<Utc>,
    body: Result<Body, Refusal>,
}

/// Where a member's bytes lie.
struct Body {
    header: u64,
    data: u64,
    size: u64,
    sparse: bool,
}

impl Tar {
    pub(crate) fn open(path: PathBuf, positions: &Positions, limits: Limits) -> Result<Self> {
        let opened = File::open(&path).and_then(|mut file| {
            let length = file.metadata()?.len();
            let mut magic = Vec::new();
            (&mut file).take(8).read_to_end(&mut magic)?;
            Ok((file, length, magic))
        });
        let (file, length, magic) = opened.map_err(|source| Error::Path { path: path.clone(), source })?;
        if COMPRESSED.iter().any(|one| magic.starts_with(one)) {
            return Err(Error::CompressedArchive { path });
        }
        let position = positions.of(&path);
        let max_record_bytes = limits.max_record_bytes;
        Ok(Self { file, length, position, max_record_bytes, next: Some(0), repeats: HashMap::new(), current: None })
    }

    /// The next member that is a photo's slot, with its position.
    fn advance(&mut self, skipped: &mut Skipped) -> Option<(String, Slot)> {
        while let Some(header) = self.next.take() {
            let member = match member::parse(&self.file, header, self.length) {
                Ok(Some(member)) => member,
                Ok(None) => return None,
                Err(refusal) => return Some(self.damaged(header, refusal)),
            };
            let whole = member.raw_size <= self.length.saturating_sub(member.data);
            if whole {
                self.next = Some(member.data + member.raw_size.next_multiple_of(BLOCK));
            }
            if let Some(named) = self.slot(header, &member, whole, skipped) {
                return Some(named);
            }
        }
        None
    }

    /// What a member is by its name and type.
    fn slot(&mut self, header: u64, member: &Member, whole: bool, skipped: &mut Skipped) -> Option<(String, Slot)> {
        let refuse = |code, detail: &str| Err(Refusal { code, detail: detail.into() });
        let body = match member.kind() {
            None if whole => return None,
            Some(Kind::Skip(reason)) if whole => {
                skipped.count(reason);
                return None;
            }
            _ if !whole => refuse(RefusalCode::TruncatedArchive, "the archive ends within this member"),
            Some(Kind::OtherImage) => {
                refuse(RefusalCode::UnsupportedFormat, "only JPEG, PNG and WebP are read; convert it to one of them")
            }
            _ if member.entry_type.is_symlink() || member.entry_type.is_hard_link() => {
                refuse(RefusalCode::ArchiveLink, "the member is a link to another; links in archives are not followed")
            }
            _ if !member.is_file() => refuse(RefusalCode::NotAFile, "the member is a device or pipe, not a file"),
            _ => match refuse_size(member.size, self.max_record_bytes) {
                Some(refusal) => Err(refusal),
                None => Ok(Body { header, data: member.data, size: member.size, sparse: member.is_sparse() }),
            },
        };
        let mut position = format!("{}#{}", self.position, member_fragment(&member.name));
        let times = self.repeats.entry(fnv64(&member.name)).or_insert(0);
        *times += 1;
        if *times > 1 {
            position.push_str(&format!(";{times}"));
        }
        let (file, lane, recorded) = (member.file(), member.lane(), member.modified);
        Some((position, Slot { file, lane, recorded, body }))
    }

    /// The record that stands for all that could not be read behind a damaged header.
    fn damaged(&self, header: u64, refusal: Refusal) -> (String, Slot) {
        let file = format!("byte {header}");
        let body = Err(refusal);
        (format!("{}?byte={header}", self.position), Slot { file, lane: None, recorded: DateTime::UNIX_EPOCH, body })
    }

    fn read_body(&mut self, body: &Body) -> io::Result<Vec<u8>> {
        if body.sparse {
            self.file.seek(SeekFrom::Start(body.header))?;
            let mut archive = tar::Archive::new(&self.file);
            let mut entries = archive.entries()?;
            let entry = entries.next().ok_or(io::ErrorKind::UnexpectedEof)??;
            read_exactly(entry, body.size)
        } else {
            self.file.seek(SeekFrom::Start(body.data))?;
            read_exactly((&self.file).take(body.size), body.size)
        }
    }
}

impl Root for Tar {
    fn name_next(&mut self, skipped: &mut Skipped) -> Result<Option<String>> {
        let named = self.advance(skipped);
        let (position, slot) = named.unzip();
        self.current = slot;
        Ok(position)
    }

    fn size(&mut self) -> u64 {
        let body = self.current.as_ref().and_then(|slot| slot.body.as_ref().ok());
        body.map_or(0, |body| body.size)
    }

    fn read(&mut self) -> Option<Content> {
        let Slot { file, lane, recorded, body } = self.current.take()?;
        let payload = match body {
            Err(refusal) => Payload::Refused(refusal),
            Ok(body) => match self.read_body(&body) {
                Ok(bytes) => Payload::Bytes(bytes),
                Err(error) => Payload::refused(RefusalCode::UnreadableFile, error.to_string()),
            },
        };
        Some(Content { file, path: None, lane, recorded, payload })
    }
}

/// Whether a name is that of a compressed archive.
pub(crate) fn is_compressed(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
    let endings = [".tar.gz", ".tgz", ".tar.zst", ".tzst", ".tar.xz", ".txz", ".tar.bz2", ".tbz2", ".zip", ".7z"];
    endings.iter().any(|ending| name.ends_with(ending))
}
