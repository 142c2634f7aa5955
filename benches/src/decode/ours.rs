//! Our side: the stages' kernels as the pipeline calls them.

use anyhow::{Context, Result};
use image::{ImageDecoder, codecs::jpeg::JpegDecoder};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use std::collections::BTreeMap;
use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::time::Instant;
use tollgate_kernels::crop::{CropSpec, Layout, crop_f32};
use tollgate_kernels::letterbox::{LetterboxSpec, letterbox};
use tollgate_kernels::{ChannelOrder, Filter, Photo, Rect, Scratch};

const LONG_SIDE: usize = 640;
const MAX_PIXELS: u64 = 64_000_000;
/// Photos decoded before any counts.
const WARM_UP: usize = 20;

/// A photo and its first plate.
pub(super) struct Labelled {
    file: Vec<u8>,
    plate: Rect,
    /// Whether a smaller scale has the long side that is wanted.
    pub(super) is_large: bool,
    /// Whether chroma has half the size both ways.
    pub(super) is_subsampled: bool,
}

/// All labelled photos below a folder, by path.
pub(super) fn load(folder: &Path) -> Result<Vec<Labelled>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).with_context(|| format!("cannot read {}", folder.display()))? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if path.file_name().is_some_and(|name| name == "labels.csv") {
                add_labels(&folder, &std::fs::read_to_string(&path)?, &mut found);
            }
        }
    }
    found.into_iter().map(|(path, plate)| labelled(&path, plate)).collect()
}

/// Lines of `file,x,y,w,h,plate` after a heading.
fn add_labels(folder: &Path, text: &str, found: &mut BTreeMap<PathBuf, Rect>) {
    for line in text.lines().skip(1) {
        let mut fields = line.split(',');
        let Some(name) = fields.next().filter(|name| name.to_lowercase().ends_with(".jpg")) else { continue };
        let numbers: Vec<f32> = fields.take(4).filter_map(|field| field.trim().parse().ok()).collect();
        if let [x, y, w, h] = numbers[..] {
            found.entry(folder.join(name)).or_insert(Rect { x, y, w, h });
        }
    }
}

fn labelled(path: &Path, plate: Rect) -> Result<Labelled> {
    let file = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let (width, height) = JpegDecoder::new(Cursor::new(&file))?.dimensions();
    // The first component's sampling: the marker of the frame, then length, bits, sizes, count and its name.
    let frame = file.windows(2).position(|pair| matches!(pair, [0xFF, 0xC0 | 0xC1]));
    let sampling = frame.and_then(|at| file.get(at + 11)).copied();
    let is_large = width.max(height) as usize >= 2 * LONG_SIDE;
    Ok(Labelled { file, plate, is_large, is_subsampled: sampling == Some(0x22) })
}

/// Milliseconds of every photo, on the first core that this process may use.
pub(super) fn measure(photos: &[Labelled]) -> Result<Vec<f64>> {
    let before = sched_getaffinity(None)?;
    let mut one = CpuSet::new();
    one.set((0..CpuSet::MAX_CPU).find(|cpu| before.is_set(*cpu)).unwrap_or(0));
    sched_setaffinity(None, &one)?;
    let times = pinned(photos);
    sched_setaffinity(None, &before)?;
    times
}

fn pinned(photos: &[Labelled]) -> Result<Vec<f64>> {
    let mut lane = Lane::default();
    for photo in photos.iter().take(WARM_UP) {
        lane.run(photo.file.clone(), photo.plate)?;
    }
    let mut times = Vec::with_capacity(photos.len());
    for photo in photos {
        let file = photo.file.clone();
        let began = Instant::now();
        lane.run(file, photo.plate)?;
        times.push(began.elapsed().as_secs_f64() * 1e3);
    }
    Ok(times)
}

/// The buffers of a lane.
#[derive(Default)]
struct Lane {
    photo: Photo,
    scratch: Scratch,
    tensor: Vec<f32>,
    crop: Vec<f32>,
}

impl Lane {
    fn run(&mut self, file: Vec<u8>, plate: Rect) -> Result<()> {
        if let Err((file, _)) = self.photo.open_jpeg(file, MAX_PIXELS, LONG_SIDE) {
            let decoder = JpegDecoder::new(Cursor::new(&file))?;
            let (width, height) = decoder.dimensions();
            decoder.read_image(self.photo.reshape(width as usize, height as usize)?)?;
        }
        let spec = layout(self.photo.width(), self.photo.height());
        self.tensor.resize(spec.output_len(), 0.0);
        letterbox(self.photo.at_least(LONG_SIDE)?.host()?, &spec, &mut self.scratch, &mut self.tensor)?;
        let (view, rect) = self.photo.part(plate)?;
        let spec = plate_spec();
        self.crop.resize(spec.output_len(), 0.0);
        crop_f32(view.host()?, rect, &spec, &mut self.scratch, &mut self.crop)?;
        Ok(())
    }
}

/// The detector's layout: long side 640, filled to the next 32.
fn layout(width: usize, height: usize) -> LetterboxSpec {
    let scale = LONG_SIDE as f32 / width.max(height) as f32;
    let side = |n: usize| ((n as f32 * scale).round() as usize).max(1);
    let (content_w, content_h) = (side(width), side(height));
    LetterboxSpec {
        out_w: content_w.next_multiple_of(32),
        out_h: content_h.next_multiple_of(32),
        content_x: 0,
        content_y: 0,
        content_w,
        content_h,
        filter: Filter::Area,
        order: ChannelOrder::Bgr,
        mean: [104.0, 117.0, 123.0],
        scale: [1.0; 3],
        pad: [0.0; 3],
    }
}

fn plate_spec() -> CropSpec {
    let layout = Layout::PlanarF32 { order: ChannelOrder::Rgb, mean: [127.5; 3], scale: [1.0 / 127.5; 3] };
    CropSpec { out_w: 160, out_h: 48, filter: Filter::Bilinear, layout }
}
