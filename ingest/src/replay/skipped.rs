//! What a replay passes over without making a record of it: counted, so that nothing disappears silently.

use std::fmt;

/// Why something that lies in a folder or archive is not a photo's slot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum SkipReason {
    /// The name begins with a dot.
    Hidden,
    /// A `labels.csv`.
    Labels,
    /// A `.tar` or `.parquet` inside a folder: it is read when it is named as a PATH itself.
    Archive,
    /// Any other file whose extension is not a picture's.
    NotAnImage,
    /// The same position was reached by an earlier PATH.
    Duplicate,
}

impl SkipReason {
    /// All reasons.
    pub const ALL: [Self; 5] = [Self::Hidden, Self::Labels, Self::Archive, Self::NotAnImage, Self::Duplicate];

    /// The stable kebab-case name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Hidden => "hidden",
            Self::Labels => "labels",
            Self::Archive => "archive",
            Self::NotAnImage => "not-an-image",
            Self::Duplicate => "duplicate",
        }
    }
}

/// How much was passed over, by reason.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Skipped {
    counts: [u64; SkipReason::ALL.len()],
}

impl Skipped {
    pub(crate) fn count(&mut self, reason: SkipReason) {
        self.counts[reason as usize] += 1;
    }

    /// How many were passed over for one reason.
    #[must_use]
    pub fn get(&self, reason: SkipReason) -> u64 {
        self.counts[reason as usize]
    }

    /// How many were passed over in all.
    #[must_use]
    pub fn total(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// The reasons that occurred, with their counts.
    pub fn iter(&self) -> impl Iterator<Item = (SkipReason, u64)> + '_ {
        SkipReason::ALL.into_iter().map(|reason| (reason, self.get(reason))).filter(|&(_, count)| count > 0)
    }
}

impl fmt::Display for Skipped {
    /// `3 not-an-image, 1 hidden`; nothing when nothing was passed over.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, (reason, count)) in self.iter().enumerate() {
            let comma = if i == 0 { "" } else { ", " };
            write!(f, "{comma}{count} {}", reason.name())?;
        }
        Ok(())
    }
}
