//! A PATH that is a folder: walked recursively, lazily, in the order of the names.
//!
//! Files and folders of one folder come in one sequence sorted by the bytes of their names, so that the order is the
//! same on every machine. One folder's names are held for each level of depth; nothing else is.

use std::ffi::OsString;
use std::fs::{self, FileType};
use std::io;
use std::path::{Path, PathBuf};

use super::file::{OpenFile, refusal};
use super::image::content;
use super::kind::{self, Kind};
use super::root::{Content, Root};
use super::{Limits, Skipped};
use crate::position::Positions;
use crate::{Error, Refusal, RefusalCode, Result};

/// A walk through a folder.
pub(crate) struct Folder {
    root: PathBuf,
    positions: Positions,
    max_record_bytes: u64,
    /// The folders from the root down to the one being walked.
    levels: Vec<Level>,
    current: Option<Slot>,
}

/// A folder being walked.
struct Level {
    /// The path it was reached by.
    path: PathBuf,
    /// The same folder without links: what loops are recognised by.
    real: PathBuf,
    rest: std::vec::IntoIter<Name>,
}

type Name = (OsString, FileType);

/// The record named last.
struct Slot {
    path: PathBuf,
    body: Body,
}

enum Body {
    Unopened,
    Opened(OpenFile),
    Refused(Refusal),
}

impl Folder {
    pub(crate) fn open(root: PathBuf, positions: Positions, limits: Limits) -> Result<Self> {
        let rest = list(&root).map_err(|source| Error::Path { path: root.clone(), source })?;
        let level = Level { path: root.clone(), real: root.clone(), rest };
        let max_record_bytes = limits.max_record_bytes;
        Ok(Self { root, positions, max_record_bytes, levels: vec![level], current: None })
    }

    /// The next slot of the walk, or nothing when it is over.
    fn advance(&mut self, skipped: &mut Skipped) -> Option<Slot> {
        loop {
            let level = self.levels.last_mut()?;
            let Some((name, file_type)) = level.rest.next() else {
                self.levels.pop();
                continue;
            };
            let path = level.path.join(&name);
            let body = if kind::is_hidden(&name) {
                skipped.count(super::SkipReason::Hidden);
                None
            } else if file_type.is_dir() {
                let real = level.real.join(&name);
                self.descend(&path, real).err().map(Body::Refused)
            } else if file_type.is_symlink() {
                self.follow(&path, &name, skipped)
            } else {
                judge(&name, file_type, skipped)
            };
            if let Some(body) = body {
                return Some(Slot { path, body });
            }
        }
    }

    /// Where a link leads: into a folder, which is walked, or to a file.
    fn follow(&mut self, path: &Path, name: &OsString, skipped: &mut Skipped) -> Option<Body> {
        match fs::metadata(path) {
            Ok(target) if target.is_dir() => match path.canonicalize() {
                Ok(real) => self.descend(path, real).err().map(Body::Refused),
                Err(error) => Some(Body::Refused(refusal(path, &error))),
            },
            Ok(target) => judge(name, target.file_type(), skipped),
            Err(error) => {
                let refusal = refusal(path, &error);
                // What a link that leads nowhere would have been is known by its name alone; one in a circle with
                // itself may have been meant as a folder of photos.
                match kind::of(name) {
                    Kind::Skip(reason) if refusal.code != RefusalCode::LinkLoop => {
                        skipped.count(reason);
                        None
                    }
                    _ => Some(Body::Refused(refusal)),
                }
            }
        }
    }

    /// Enters a folder, unless it is one that the walk is in already.
    fn descend(&mut self, path: &Path, real: PathBuf) -> Result<(), Refusal> {
        if let Some(above) = self.levels.iter().find(|level| level.real == real) {
            let detail = format!("leads back to {}, which it lies in; not entered again", above.path.display());
            return Err(Refusal { code: RefusalCode::LinkLoop, detail });
        }
        let rest = list(path).map_err(|error| Refusal {
            code: RefusalCode::UnreadableFolder,
            detail: format!("cannot list the folder: {error}"),
        })?;
        self.levels.push(Level { path: path.to_path_buf(), real, rest });
        Ok(())
    }
}

impl Root for Folder {
    fn name_next(&mut self, skipped: &mut Skipped) -> Result<Option<String>> {
        self.current = self.advance(skipped);
        Ok(self.current.as_ref().map(|slot| self.positions.of(&slot.path)))
    }

    fn size(&mut self) -> u64 {
        let Some(slot) = &mut self.current else { return 0 };
        if matches!(slot.body, Body::Unopened) {
            slot.body = OpenFile::open(&slot.path).map_or_else(Body::Refused, Body::Opened);
        }
        match &slot.body {
            Body::Opened(open) if open.length() <= self.max_record_bytes => open.length(),
            _ => 0,
        }
    }

    fn read(&mut self) -> Option<Content> {
        let Slot { path, body } = self.current.take()?;
        let relative = path.strip_prefix(&self.root).unwrap_or(&path);
        let parts: Vec<_> = relative.iter().map(|part| part.to_string_lossy()).collect();
        let file = parts.join("/");
        let open = match body {
            Body::Unopened => OpenFile::open(&path),
            Body::Opened(open) => Ok(open),
            Body::Refused(refusal) => Err(refusal),
        };
        Some(content(file, path, open, self.max_record_bytes))
    }
}

/// A file by its name and type; counted where it is no photo's slot.
fn judge(name: &OsString, file_type: FileType, skipped: &mut Skipped) -> Option<Body> {
    let refuse = |code, detail: &str| Some(Body::Refused(Refusal { code, detail: detail.into() }));
    match kind::of(name) {
        Kind::Skip(reason) => {
            skipped.count(reason);
            None
        }
        // Opening a pipe would wait for a writer that may never come.
        _ if !file_type.is_file() => refuse(RefusalCode::NotAFile, "a pipe, socket or device, not a file"),
        Kind::OtherImage => {
            refuse(RefusalCode::UnsupportedFormat, "only JPEG, PNG and WebP are read; convert it to one of them")
        }
        Kind::Image => Some(Body::Unopened),
    }
}

/// The names in a folder, sorted.
fn list(path: &Path) -> io::Result<std::vec::IntoIter<Name>> {
    let entries = fs::read_dir(path)?.map(|entry| entry.and_then(|entry| Ok((entry.file_name(), entry.file_type()?))));
    let mut names = entries.collect::<io::Result<Vec<Name>>>()?;
    names.sort_unstable_by(|a, b| a.0.cmp(&b.0));
    Ok(names.into_iter())
}
