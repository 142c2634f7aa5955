//! Where a closer look is worth its time: around what the first look was unsure of, not the whole photo again.

use tollgate_kernels::Rect;
use tollgate_kernels::boxes::Detected;

/// Sides of a net's input are multiples of its coarsest stride.
const STRIDE: usize = 32;
/// The least sides of a region in input pixels: a net needs surroundings to know a plate by.
const LEAST: (usize, usize) = (320, 256);
/// Surroundings on each side of a sighting, in its own widths.
const AROUND: f32 = 1.5;
/// A best sighting below this is as likely something else: then the whole photo is looked at again.
const PLAUSIBLE: f32 = 0.2;
/// Sightings with at least this share of the best score are looked at again.
const WORTH: f32 = 0.4;
/// A region of more than this share of the photo saves nothing.
const MOST: f32 = 0.7;

/// A part of a photo, and the net's input it becomes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Region {
    /// The part, in photo pixels.
    pub(super) rect: Rect,
    /// Width and height of the input.
    pub(super) input: (usize, usize),
}

/// The region around plausible sightings, at the scale at which the photo's long side has `long` pixels; `None` where
/// there is none, or where the whole photo may as well be looked at.
pub(super) fn around(first: &[Detected], photo: (usize, usize), long: usize) -> Option<Region> {
    let best = first.iter().map(|d| d.score).fold(0.0, f32::max);
    if best < PLAUSIBLE {
        return None;
    }
    let worth = first.iter().filter(|d| d.score >= best * WORTH);
    let bounds = worth.map(|d| d.rect).map(surroundings).reduce(union)?;
    let scale = long as f32 / photo.0.max(photo.1) as f32;
    let (x, width) = span(bounds.x, bounds.w, photo.0, scale, LEAST.0)?;
    let (y, height) = span(bounds.y, bounds.h, photo.1, scale, LEAST.1)?;
    let (w, h) = (width as f32 / scale, height as f32 / scale);
    let share = w * h / (photo.0 * photo.1) as f32;
    (share <= MOST).then_some(Region { rect: Rect { x, y, w, h }, input: (width, height) })
}

fn surroundings(rect: Rect) -> Rect {
    let around = rect.w * AROUND;
    Rect { x: rect.x - around, y: rect.y - around, w: rect.w + 2.0 * around, h: rect.h + 2.0 * around }
}

fn union(a: Rect, b: Rect) -> Rect {
    Rect::from_corners(a.x.min(b.x), a.y.min(b.y), a.right().max(b.right()), a.bottom().max(b.bottom()))
}

/// The start in photo pixels and the length in input pixels of a span that holds `start..start + len`, as near to its
/// middle as the photo's side allows; `None` where the side is too short for it.
fn span(start: f32, len: f32, side: usize, scale: f32, least: usize) -> Option<(f32, usize)> {
    let input = ((len * scale).ceil() as usize).max(least).next_multiple_of(STRIDE);
    let long = input as f32 / scale;
    let room = side as f32 - long;
    (room >= 0.0).then(|| ((start + (len - long) / 2.0).clamp(0.0, room), input))
}

impl Region {
    /// Moves a box from input pixels to photo pixels.
    pub(super) fn to_photo(self, d: &mut Detected) {
        let (sx, sy) = (self.rect.w / self.input.0 as f32, self.rect.h / self.input.1 as f32);
        let scaled = d.rect.scale(sx, sy);
        d.rect = Rect { x: scaled.x + self.rect.x, y: scaled.y + self.rect.y, ..scaled };
        d.corners = d.corners.map(|[x, y]| [x * sx + self.rect.x, y * sy + self.rect.y]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(x: f32, y: f32, w: f32, h: f32, score: f32) -> Detected {
        let rect = Rect { x, y, w, h };
        Detected { rect, score, class: 0, corners: rect.corners() }
    }

    #[test]
    fn one_small_plate_is_in_the_middle() {
        let region = around(&[seen(600.0, 400.0, 40.0, 16.0, 0.3)], (1280, 720), 960).unwrap();
        assert_eq!(region.input, (320, 256));
        assert!((region.rect.x + region.rect.w / 2.0 - 620.0).abs() < 0.01, "{region:?}");
        assert!((region.rect.y + region.rect.h / 2.0 - 408.0).abs() < 0.01, "{region:?}");
        let mut inside = seen(160.0, 128.0, 30.0, 12.0, 0.9);
        region.to_photo(&mut inside);
        assert!((inside.rect.x - 620.0).abs() < 0.01 && (inside.rect.w - 40.0).abs() < 0.01, "{inside:?}");
        assert_eq!(inside.corners, inside.rect.corners());
    }

    #[test]
    fn at_the_edge_it_stays_inside() {
        let region = around(&[seen(1250.0, -3.0, 40.0, 16.0, 0.3)], (1280, 720), 960).unwrap();
        assert_eq!(region.rect.y, 0.0);
        assert!((region.rect.right() - 1280.0).abs() < 0.01, "{region:?}");
    }

    #[test]
    fn nothing_worth_it_and_too_much_of_it() {
        let photo = (1280, 720);
        assert_eq!(around(&[seen(600.0, 400.0, 40.0, 16.0, 0.05)], photo, 960), None);
        assert_eq!(around(&[], photo, 960), None);
        assert_eq!(around(&[seen(100.0, 100.0, 900.0, 300.0, 0.3)], photo, 960), None);
        assert_eq!(around(&[seen(10.0, 10.0, 40.0, 16.0, 0.3)], (200, 100), 960), None);
        let apart = [seen(10.0, 10.0, 40.0, 16.0, 0.3), seen(1200.0, 650.0, 40.0, 16.0, 0.2)];
        assert_eq!(around(&apart, photo, 960), None);
    }
}
