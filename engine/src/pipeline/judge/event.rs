//! From what was judged to the event that says so.

use super::band::{Band, Doubt, Plate, Verdict, Weak};
use crate::pipeline::item::{Origin, Refused, Timings};
use tollgate_ingest::capture;
use tollgate_kernels::Photo;
use tollgate_models::Reading;
use tollgate_sinks::Entry;
use tollgate_sinks::event::{
    Candidate, ContentType, Data, Detection, Event, EventKind, ImageSize, ModelRef, ModelRole, Reason, Region,
    SpecVersion, TimeSource, WeakSighting,
};

/// What all events of one photo share.
pub(super) struct About<'a> {
    pub(super) origin: Origin,
    pub(super) timings: Timings,
    pub(super) models: &'a [ModelRef],
}

impl About<'_> {
    /// A photo that could not be used.
    pub(super) fn rejected(&self, refused: &Refused) -> Entry {
        let mut event = self.event(EventKind::Rejected, 0);
        event.data.reason = Some(Reason { code: refused.code.into(), detail: refused.detail.clone() });
        event.data.models.clear();
        Entry { event, crop: Vec::new() }
    }

    /// The events of a photo: one a plate, or one that says that there is none, each with its picture.
    pub(super) fn entries(&self, photo: &Photo, verdict: &Verdict, pictures: Vec<Vec<u8>>) -> Vec<Entry> {
        let Verdict { kept, weak } = verdict;
        let mut pictures = pictures.into_iter();
        let entry = |index: usize| {
            let weak = if index == 0 { weak.as_slice() } else { &[] };
            let event = match kept.get(index) {
                Some(plate) => self.plate(photo, plate, index, kept.len(), weak),
                None => self.nothing(photo, weak),
            };
            Entry { event, crop: pictures.next().unwrap_or_default() }
        };
        (0..kept.len().max(1)).map(entry).collect()
    }

    /// A photo on which nothing was seen at all.
    fn nothing(&self, photo: &Photo, weak: &[Weak]) -> Event {
        let mut event = self.event(EventKind::ManualCheck, 0);
        event.data.image = Some(size(photo));
        event.data.reason = Some(reason(Doubt::NoPlate, None));
        event.data.weak_sightings = weak.iter().map(weak_sighting).collect();
        event
    }

    /// One plate of `count`.
    fn plate(&self, photo: &Photo, plate: &Plate, index: usize, count: usize, weak: &[Weak]) -> Event {
        let kind = if plate.band == Band::Read { EventKind::Processed } else { EventKind::ManualCheck };
        let mut event = self.event(kind, index as u32);
        let (data, reading) = (&mut event.data, &plate.reading);
        data.license_plate_found = plate.band == Band::Read;
        data.license_plate_text.clone_from(&reading.text);
        data.raw_text.clone_from(&reading.raw_text);
        data.confidence = reading.min_confidence();
        data.mean_confidence = reading.mean_confidence();
        data.char_confidences.clone_from(&reading.confidences);
        data.candidates =
            reading.candidates.iter().map(|(text, p)| Candidate { text: text.clone(), confidence: *p }).collect();
        data.region = reading.region.map(|(name, confidence)| Region { name: name.into(), confidence });
        data.plates_in_image = count as u32;
        data.detection = Some(detection(plate));
        data.image = Some(size(photo));
        data.reason = match plate.band {
            Band::Read => None,
            Band::Manual(doubt) => Some(reason(doubt, Some(plate))),
        };
        data.models = self.models_of(reading);
        data.weak_sightings = weak.iter().map(weak_sighting).collect();
        event
    }

    /// The detector and the readers, the one whose text stands as `reader`.
    fn models_of(&self, reading: &Reading) -> Vec<ModelRef> {
        let role = |m: &ModelRef| match m.role {
            ModelRole::Detector => ModelRole::Detector,
            _ if *m.name == *reading.reader => ModelRole::Reader,
            _ => ModelRole::SecondReader,
        };
        self.models.iter().map(|m| ModelRef { role: role(m), ..m.clone() }).collect()
    }

    fn event(&self, kind: EventKind, index: u32) -> Event {
        let origin = &self.origin;
        let subject = match &origin.lane {
            Some(lane) if !origin.file.contains('/') => format!("{lane}/{}", origin.file),
            _ => origin.file.clone(),
        };
        Event {
            specversion: SpecVersion::V1,
            id: Event::id_for(&origin.position, index),
            source: origin.position.clone(),
            kind,
            subject,
            time: origin.captured,
            datacontenttype: ContentType::Json,
            data: self.data(index),
        }
    }

    fn data(&self, index: u32) -> Data {
        let (origin, timings) = (&self.origin, &self.timings);
        Data {
            file_name: origin.file.clone(),
            lane: origin.lane.clone(),
            time_stamp: origin.captured,
            time_source: time_source(origin.time_source),
            license_plate_found: false,
            license_plate_text: String::new(),
            raw_text: String::new(),
            confidence: 0.0,
            mean_confidence: 0.0,
            char_confidences: Vec::new(),
            candidates: Vec::new(),
            region: None,
            plate_index: index,
            plates_in_image: 0,
            detection: None,
            image: None,
            reason: None,
            models: self.models.to_vec(),
            timings: tollgate_sinks::event::Timings {
                decode_ms: timings.decode,
                detect_ms: timings.detect,
                read_ms: timings.read,
                judge_ms: timings.judge,
            },
            weak_sightings: Vec::new(),
            review: None,
        }
    }
}

fn time_source(source: capture::TimeSource) -> TimeSource {
    match source {
        capture::TimeSource::Exif => TimeSource::Exif,
        capture::TimeSource::Name => TimeSource::Name,
        capture::TimeSource::Record => TimeSource::Record,
    }
}

fn size(photo: &Photo) -> ImageSize {
    ImageSize { width: photo.width() as u32, height: photo.height() as u32 }
}

fn detection(plate: &Plate) -> Detection {
    let found = &plate.detected;
    let rect = found.rect;
    Detection { score: found.score, bounds: [rect.x, rect.y, rect.w, rect.h], corners: found.corners }
}

fn weak_sighting(weak: &Weak) -> WeakSighting {
    let rect = weak.detected.rect;
    WeakSighting {
        score: weak.detected.score,
        bounds: [rect.x, rect.y, rect.w, rect.h],
        text: weak.reading.text.clone(),
        confidence: weak.reading.min_confidence(),
        reason: weak.reason.into(),
    }
}

fn reason(doubt: Doubt, plate: Option<&Plate>) -> Reason {
    let detail = match (doubt, plate) {
        (Doubt::NoPlate, Some(p)) => {
            format!("nothing looks enough like a plate; the best guess scores {:.2}", p.detected.score)
        }
        (Doubt::NoPlate, None) => "nothing looks like a plate".into(),
        (Doubt::Format, Some(p)) => format!("{} characters are no plate", p.reading.text.len()),
        (Doubt::UnsureText, Some(p)) => {
            format!("the least sure character has a confidence of {:.2}", p.reading.min_confidence())
        }
        (Doubt::UnsurePlate, Some(p)) => format!("what the text stands on scores {:.2} as a plate", p.detected.score),
        (doubt, None) => doubt.code().into(),
    };
    Reason { code: doubt.code().into(), detail }
}
