//! The inputs of jobs that are alike, made on the GPU: one dispatch for each memory that their pictures lie in.

use super::Job;
use crate::pixels::{SharedGpu, part};
use tollgate_kernels::crop::{CropJob, CropSpec, Region};
use tollgate_kernels::gpu::{Photos, Prepared, Resident};
use tollgate_kernels::letterbox::LetterboxSpec;
use tollgate_kernels::{Error, Picture, Rect, Result};

/// What makes the inputs, and the pictures, uploaded if they were not there. Nothing for inputs that are there already.
pub(super) struct Inputs(Vec<(Photos, Prepared)>);

impl Inputs {
    /// For jobs that are alike, into the net's first input, image by image.
    pub(super) fn new(shared: &SharedGpu, jobs: &[Job<'_>], inputs: &[Resident]) -> Result<Self> {
        let none = Error::Spec { kernel: "net", reason: "the net has no input" };
        let tensor = inputs.first().ok_or(none)?;
        let (mut looks, mut crops) = (Looks::default(), Crops::default());
        for job in jobs {
            match job {
                Job::Made(_) => {}
                Job::Letterbox(photo, spec) => looks.add(*photo, spec),
                Job::Crop(view, rect, spec) => crops.add(*view, *rect, spec),
            }
        }
        let mut made = looks.prepare(shared, tensor)?;
        made.append(&mut crops.prepare(shared, tensor)?);
        Ok(Self(made))
    }

    /// The dispatches.
    pub(super) fn steps(&self) -> Vec<&Prepared> {
        self.0.iter().map(|(_, step)| step).collect()
    }
}

/// Photos that are laid into inputs.
#[derive(Default)]
struct Looks<'a> {
    pictures: Vec<Picture<'a>>,
    specs: Vec<LetterboxSpec>,
}

impl<'a> Looks<'a> {
    fn add(&mut self, picture: Picture<'a>, spec: &LetterboxSpec) {
        self.pictures.push(picture);
        self.specs.push(*spec);
    }

    fn prepare(&self, shared: &SharedGpu, tensor: &Resident) -> Result<Vec<(Photos, Prepared)>> {
        let one = |(photos, images): (Photos, Vec<usize>)| {
            let specs: Vec<_> = images.iter().map(|image| self.specs[*image]).collect();
            let step = shared.letterbox().prepare(&photos, &specs, &images, tensor)?;
            Ok((photos, step))
        };
        if let Some(there) = on_device(&self.pictures) {
            return Photos::joined(there).into_iter().map(one).collect();
        }
        let views = self.pictures.iter().map(|picture| picture.host()).collect::<Result<Vec<_>>>()?;
        let photos = Photos::upload(&shared.gpu(), &views)?;
        Ok(vec![one((photos, (0..views.len()).collect()))?])
    }
}

/// Parts of photos that become inputs.
#[derive(Default)]
struct Crops<'a> {
    pictures: Vec<Picture<'a>>,
    rects: Vec<Rect>,
    spec: Option<&'a CropSpec>,
}

impl<'a> Crops<'a> {
    fn add(&mut self, picture: Picture<'a>, rect: Rect, spec: &'a CropSpec) {
        self.pictures.push(picture);
        self.rects.push(rect);
        self.spec = Some(spec);
    }

    fn prepare(&self, shared: &SharedGpu, tensor: &Resident) -> Result<Vec<(Photos, Prepared)>> {
        let Some(spec) = self.spec else { return Ok(Vec::new()) };
        if let Some(there) = on_device(&self.pictures) {
            let one = |(photos, images): (Photos, Vec<usize>)| {
                let region = |image: &usize| Region::Rect(self.rects[*image]);
                let jobs = images.iter().enumerate().map(|(photo, image)| CropJob { photo, region: region(image) });
                let step = shared.crop().prepare(&photos, &jobs.collect::<Vec<_>>(), spec, &images, tensor)?;
                Ok((photos, step))
            };
            return Photos::joined(there).into_iter().map(one).collect();
        }
        let one = |(image, (picture, rect)): (usize, (&Picture<'_>, &Rect))| {
            let (photos, job) = part(&shared.gpu(), *picture, *rect)?;
            let step = shared.crop().prepare(&photos, &[job], spec, &[image], tensor)?;
            Ok((photos, step))
        };
        self.pictures.iter().zip(&self.rects).enumerate().map(one).collect()
    }
}

/// The pictures, if all of them lie on the GPU.
fn on_device<'a>(pictures: &[Picture<'a>]) -> Option<Vec<&'a Photos>> {
    let there = |picture: &Picture<'a>| if let Picture::Device(photos) = picture { Some(*photos) } else { None };
    pictures.iter().map(there).collect()
}
