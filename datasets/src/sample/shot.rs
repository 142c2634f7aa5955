//! One scene's recipe and its rendering.

use super::backdrop::{self, Place};
use super::canvas::{Canvas, Rgb};
use super::geometry::{Camera, P2};
use super::lens::{GOOD, Lens};
use super::path::Path;
use super::plate::{Plate, Style};
use super::stage::{Rig, Stage};
use super::vehicle::{Body, Vehicle};
use crate::Label;
use image::RgbImage;

/// Everything that makes a scene. Built in `lanes` by [`shot`] and the methods below.
#[derive(Clone, Debug)]
pub(super) struct Shot {
    pub lane: u8,
    pub time: &'static str,
    pub about: &'static str,
    pub hard: bool,
    pub size: [usize; 2],
    place: Place,
    camera: Camera,
    lens: Lens,
    /// From the nearest to the farthest; the first one's plate is the first label.
    vehicles: Vec<Vehicle>,
}

/// A good photo in daylight, 1024 × 640, of vehicles from the nearest to the farthest.
pub(super) fn shot(lane: u8, time: &'static str, place: Place, vehicles: Vec<Vehicle>, about: &'static str) -> Shot {
    let camera = Camera { height: 1.7, focal: 1650.0, yaw: 0.0, pitch: 0.0, roll: 0.0, centre: [512.0, 150.0] };
    Shot { lane, time, about, hard: false, size: [1024, 640], place, camera, lens: GOOD, vehicles }
}

/// A vehicle at (x, z) metres, turned by `yaw`, with a plate.
pub(super) fn car(body: Body, colour: Rgb, at: P2, yaw: f32, style: Style, text: &'static str) -> Vehicle {
    let rig = Rig { x: at[0], z: at[1], yaw };
    Vehicle { body, colour, rig, plate: Some(Plate { style, text }), dirt: 0.15, lit: false }
}

impl Vehicle {
    pub(super) fn dirty(self, dirt: f32) -> Self {
        Self { dirt, ..self }
    }

    pub(super) fn lit(self) -> Self {
        Self { lit: true, ..self }
    }

    pub(super) fn without_plate(self) -> Self {
        Self { plate: None, ..self }
    }
}

impl Shot {
    /// The camera's height and the half-angle tangents of its turn to the right, down and clockwise.
    pub(super) fn view(mut self, height: f32, yaw: f32, pitch: f32, roll: f32) -> Self {
        self.camera = Camera { height, yaw, pitch, roll, ..self.camera };
        self
    }

    /// The focal length in pixels, and the row of the level viewing direction.
    pub(super) fn zoom(mut self, focal: f32, horizon: f32) -> Self {
        self.camera.focal = focal;
        self.camera.centre[1] = horizon;
        self
    }

    /// Another size; what is seen stays the same.
    pub(super) fn sized(mut self, width: usize, height: usize) -> Self {
        let scale = width as f32 / self.size[0] as f32;
        self.camera.centre = self.camera.centre.map(|v| v * scale);
        self.camera.focal *= scale;
        self.size = [width, height];
        self
    }

    pub(super) fn lens(mut self, lens: Lens) -> Self {
        self.lens = lens;
        self
    }

    /// Marks a photo that a person may have to look at.
    pub(super) fn hard(mut self) -> Self {
        self.hard = true;
        self
    }

    /// Draws the scene from its number alone.
    pub(super) fn render(&self, seed: u32) -> RgbImage {
        let [w, h] = self.size;
        let mut stage = Stage {
            canvas: Canvas::new(w, h, [0.5; 3]),
            camera: self.camera,
            lamps: Vec::new(),
            seed: seed.wrapping_mul(7919),
        };
        backdrop::draw(&mut stage, self.place);
        for vehicle in self.vehicles.iter().rev() {
            vehicle.draw(&mut stage);
        }
        self.lens.expose(&mut stage.canvas, &stage.lamps, self.aim(), stage.seed);
        let bytes = stage.canvas.pixels.iter().flatten().map(|v| (v * 255.0 + 0.5) as u8).collect();
        // Only a buffer of another length is refused.
        RgbImage::from_raw(w as u32, h as u32, bytes).unwrap_or_default()
    }

    /// The flash points at the nearest vehicle, or straight ahead.
    fn aim(&self) -> P2 {
        self.vehicles.first().map_or(self.camera.centre, |v| self.camera.project([v.rig.x, 0.7, v.rig.z]))
    }

    /// The plates in the photo, the nearest first: boxes in whole pixels around their corners.
    pub(super) fn labels(&self) -> Vec<Label> {
        let plates = self.vehicles.iter().filter_map(|v| v.plate.map(|plate| (v, plate)));
        let labels = plates.map(|(vehicle, plate)| {
            let [x0, y0, x1, y1] = Path::polygon(&vehicle.plate_corners(&self.camera, &plate)).bounds();
            let (x, y) = (x0.round(), y0.round());
            Label { rect: [x, y, x1.round() - x, y1.round() - y], plate: plate.label() }
        });
        labels.collect()
    }
}
