//! The GPU's letterbox, crop and quality against the CPU's, over seeded random photos of odd sizes.

use crate::device::gpu;
use crate::seeded::{Seeded, photo};
use tollgate_kernels::crop::{self, CropJob, CropSpec, GpuCrop, Layout, Region};
use tollgate_kernels::gpu::Photos;
use tollgate_kernels::letterbox::{self, GpuLetterbox, LetterboxSpec};
use tollgate_kernels::quality::{GpuQuality, quality};
use tollgate_kernels::resample::level_bound;
use tollgate_kernels::{ChannelOrder, Error, Filter, Quad, Rect, RgbImage, RgbView};

const SIZES: [(usize, usize); 10] =
    [(1, 1), (1, 37), (53, 1), (2, 2), (3, 5), (64, 48), (129, 71), (257, 3), (31, 130), (200, 150)];

fn pictures(seed: u64) -> Vec<RgbImage> {
    let picture = |(index, (width, height)): (usize, &(usize, usize))| {
        RgbImage::new(photo(*width, *height, seed + index as u64), *width, *height)
    };
    SIZES.iter().enumerate().filter_map(|size| picture(size).ok()).collect()
}

fn views(pictures: &[RgbImage]) -> Vec<RgbView<'_>> {
    pictures.iter().filter_map(|picture| picture.view().ok()).collect()
}

fn letterbox_spec(out: (usize, usize), order: ChannelOrder) -> LetterboxSpec {
    LetterboxSpec {
        out_w: out.0,
        out_h: out.1,
        content_x: 0,
        content_y: 0,
        content_w: out.0,
        content_h: out.1,
        filter: Filter::Area,
        order,
        mean: [104.0, 117.0, 123.0],
        scale: [1.0, 0.5, 1.0 / 255.0],
        pad: [0.0, 114.0, 255.0],
    }
}

#[test]
fn letterbox_twins_agree() {
    let Some(gpu) = gpu() else { return };
    let kernel = GpuLetterbox::new(&gpu).unwrap();
    let mut seeded = Seeded::new(5);
    for round in 0..24 {
        let pictures = pictures(round);
        let views = views(&pictures);
        let photos = Photos::upload(&gpu, &views).unwrap();
        let out = [(1, 1), (32, 32), (65, 33), (160, 96), (7, 90), (33, 8)][round as usize % 6];
        let shared = letterbox_spec(out, if round % 2 == 0 { ChannelOrder::Bgr } else { ChannelOrder::Rgb });
        let mut specs = Vec::new();
        for _ in &views {
            let (content_w, content_h) = (seeded.range(1, out.0), seeded.range(1, out.1));
            let (content_x, content_y) = (seeded.range(0, out.0 - content_w), seeded.range(0, out.1 - content_h));
            let filter = if seeded.range(0, 1) == 0 { Filter::Area } else { Filter::Bilinear };
            specs.push(LetterboxSpec { content_x, content_y, content_w, content_h, filter, ..shared });
        }
        let mut batch = vec![f32::NAN; views.len() * shared.output_len()];
        kernel.submit(&photos, &specs).unwrap().read(&mut batch).unwrap();
        for ((view, spec), found) in views.iter().zip(&specs).zip(batch.chunks_exact(shared.output_len())) {
            let mut expected = vec![f32::NAN; spec.output_len()];
            letterbox::cpu::letterbox(*view, spec, &mut expected).unwrap();
            let bound = level_bound((view.width(), view.height()), (spec.content_w, spec.content_h), spec.filter);
            assert_near(found, &expected, bound, &format!("{}x{} {spec:?}", view.width(), view.height()));
        }
    }
}

fn assert_near(found: &[f32], expected: &[f32], bound: f32, context: &str) {
    for (index, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert!((found - expected).abs() <= bound, "{context}: {found} for {expected} at {index}, bound {bound}");
    }
}

fn region(seeded: &mut Seeded, width: usize, height: usize) -> Region {
    let (w, h) = (width as f32, height as f32);
    let rect =
        Rect { x: seeded.unit() * w * 0.8, y: seeded.unit() * h * 0.8, w: seeded.unit() * w + 0.5, h: 0.5 + h / 2.0 };
    if seeded.range(0, 2) > 0 {
        return rect.into();
    }
    Quad(rect.corners().map(|[x, y]| [x + seeded.unit() * rect.w * 0.2, y + seeded.unit() * rect.h * 0.2])).into()
}

#[test]
fn crop_twins_agree() {
    let Some(gpu) = gpu() else { return };
    let kernel = GpuCrop::new(&gpu).unwrap();
    let mut seeded = Seeded::new(17);
    for round in 0..12 {
        let pictures = pictures(100 + round);
        let views = views(&pictures);
        let photos = Photos::upload(&gpu, &views).unwrap();
        let out = [(128, 64), (9, 5), (1, 1), (33, 17)][round as usize % 4];
        let filter = if round % 2 == 0 { Filter::Area } else { Filter::Bilinear };
        let bytes = CropSpec { out_w: out.0, out_h: out.1, filter, layout: Layout::NhwcU8Rgb };
        let layout = Layout::PlanarF32 { order: ChannelOrder::Bgr, mean: [127.5; 3], scale: [1.0 / 127.5; 3] };
        let floats = CropSpec { layout, ..bytes };
        // An odd number, so that the last word of the bytes is not full.
        let jobs: Vec<_> = (0..13)
            .map(|_| {
                let photo = seeded.range(0, views.len() - 1);
                CropJob { photo, region: region(&mut seeded, views[photo].width(), views[photo].height()) }
            })
            .collect();
        let ycc = CropSpec { layout: Layout::Ycc420, ..bytes };
        // A pixel of many is too much for one step of the GPU where it makes eight at once.
        if out != (1, 1) {
            let mut blocks = vec![0; jobs.len() * ycc.output_len()];
            kernel.submit_u8(&photos, &jobs, &ycc).unwrap().read(&mut blocks).unwrap();
            for (job, blocks) in jobs.iter().zip(blocks.chunks_exact(ycc.output_len())) {
                let mut expected = vec![0; ycc.output_len()];
                crop::cpu::crop_u8(views[job.photo], job.region, &ycc, &mut expected).unwrap();
                let off = blocks.iter().zip(&expected).map(|(a, b)| a.abs_diff(*b)).max();
                assert!(off <= Some(2), "{job:?}: {off:?}");
            }
        }
        let mut levels = vec![0; jobs.len() * bytes.output_len()];
        let mut values = vec![f32::NAN; jobs.len() * bytes.output_len()];
        // Both in flight at once.
        let first = kernel.submit_u8(&photos, &jobs, &bytes).unwrap();
        let second = kernel.submit_f32(&photos, &jobs, &floats).unwrap();
        second.read(&mut values).unwrap();
        first.read(&mut levels).unwrap();
        for (index, job) in jobs.iter().enumerate() {
            let view = views[job.photo];
            let part = index * bytes.output_len()..(index + 1) * bytes.output_len();
            let mut expected = vec![0; bytes.output_len()];
            crop::cpu::crop_u8(view, job.region, &bytes, &mut expected).unwrap();
            let off = levels[part.clone()].iter().zip(&expected).map(|(a, b)| a.abs_diff(*b)).max();
            assert!(off <= Some(1), "{job:?}: {off:?}");
            let mut expected = vec![0.0; bytes.output_len()];
            crop::cpu::crop_f32(view, job.region, &floats, &mut expected).unwrap();
            assert_near(&values[part], &expected, crop_bound(view, job.region, &bytes) / 127.5, &format!("{job:?}"));
        }
    }
}

/// Pictures of any size, out of any photo, in one submission.
#[test]
fn pictures_of_many_sizes_come_back_at_once() {
    let Some(gpu) = gpu() else { return };
    let kernel = GpuCrop::new(&gpu).unwrap();
    let pictures = pictures(300);
    let views = views(&pictures);
    let photos: Vec<_> = views.iter().map(|view| Photos::upload(&gpu, &[*view]).unwrap()).collect();
    let spec = |(index, photo)| {
        let layout = if index % 2 == 0 { Layout::Ycc420 } else { Layout::NhwcU8Rgb };
        let region = Rect { x: 0.0, y: 0.0, w: 1e4, h: 1e4 }.into();
        let spec = CropSpec { out_w: 5 + 7 * index, out_h: 3 + index, filter: Filter::Area, layout };
        (photo, CropJob { photo: 0, region }, spec)
    };
    let tiny = CropSpec { out_w: 1, out_h: 1, filter: Filter::Area, layout: Layout::Ycc420 };
    let region = Rect { x: 0.0, y: 0.0, w: 200.0, h: 150.0 }.into();
    let refused = kernel.each_u8(&[(&photos[9], CropJob { photo: 0, region }, tiny)]);
    assert!(matches!(refused, Err(Error::GpuLimit { .. })), "{refused:?}");
    let crops: Vec<_> = photos.iter().enumerate().map(spec).collect();
    let found = kernel.each_u8(&crops).unwrap();
    for ((view, (_, job, spec)), found) in views.iter().zip(&crops).zip(found) {
        let mut expected = vec![0; spec.output_len()];
        crop::cpu::crop_u8(*view, job.region, spec, &mut expected).unwrap();
        assert_eq!(found.len(), expected.len());
        let off = found.iter().zip(&expected).map(|(a, b)| a.abs_diff(*b)).max();
        assert!(off <= Some(2), "{spec:?}: {off:?}");
    }
    let floats = CropSpec {
        layout: Layout::PlanarF32 { order: ChannelOrder::Rgb, mean: [0.0; 3], scale: [1.0; 3] },
        ..crops[0].2
    };
    assert!(kernel.each_u8(&[(&photos[0], crops[0].1, floats)]).is_err());
}

/// The contract's bound in levels.
fn crop_bound(view: RgbView<'_>, region: Region, spec: &CropSpec) -> f32 {
    match region {
        Region::Rect(rect) => {
            let source = rect.pixels(view.width(), view.height()).map_or((1, 1), |rect| (rect.width, rect.height));
            level_bound(source, (spec.out_w, spec.out_h), spec.filter)
        }
        Region::Quad(_) => 255.0 * view.width().max(view.height()).max(64) as f32 / (1u32 << 21) as f32,
    }
}

#[test]
fn quality_twins_are_equal() {
    let Some(gpu) = gpu() else { return };
    let mut pictures = pictures(300);
    // Several runs of pixels, of extremes whose squares need two words.
    let stripes =
        (0..400 * 300).flat_map(|i: u32| [if (i / 400 + i).is_multiple_of(2) { 255 } else { 0 }; 3]).collect();
    pictures.push(RgbImage::new(stripes, 400, 300).unwrap());
    let views = views(&pictures);
    let found = GpuQuality::new(&gpu).unwrap().run(&Photos::upload(&gpu, &views).unwrap()).unwrap();
    let expected: Vec<_> = views.iter().map(|view| quality(*view)).collect();
    assert_eq!(found, expected);
    assert!(expected[views.len() - 1].sharpness > 1_000_000.0);
}

#[test]
fn batches_that_do_not_fit_are_refused() {
    let Some(gpu) = gpu() else { return };
    let data = photo(300, 300, 1);
    let photos = Photos::upload(&gpu, &[RgbView::new(&data, 300, 300).unwrap(); 2]).unwrap();
    let kernel = GpuLetterbox::new(&gpu).unwrap();
    let good = letterbox_spec((8, 8), ChannelOrder::Rgb);
    assert!(kernel.submit(&photos, &[good; 2]).is_ok());
    assert!(kernel.submit(&photos, &[good]).is_err());
    assert!(kernel.submit(&photos, &[good, LetterboxSpec { mean: [0.0; 3], ..good }]).is_err());
    assert!(kernel.submit(&photos, &[good, LetterboxSpec { content_w: 9, ..good }]).is_err());
    let tiny = LetterboxSpec { content_w: 1, content_h: 1, ..good };
    assert!(matches!(kernel.submit(&photos, &[good, tiny]), Err(Error::GpuLimit { .. })));
    let empty = Photos::upload(&gpu, &[]).unwrap();
    assert!(kernel.submit(&empty, &[]).is_err());
    let crops = GpuCrop::new(&gpu).unwrap();
    let spec = CropSpec { out_w: 4, out_h: 4, filter: Filter::Area, layout: Layout::NhwcU8Rgb };
    let region = Region::Rect(Rect { x: 0.0, y: 0.0, w: 9.0, h: 9.0 });
    assert!(crops.submit_u8(&photos, &[CropJob { photo: 2, region }], &spec).is_err());
    assert!(crops.submit_f32(&photos, &[CropJob { photo: 0, region }], &spec).is_err());
    assert!(crops.submit_u8(&photos, &[], &spec).is_err());
    let pending = crops.submit_u8(&photos, &[CropJob { photo: 1, region }], &spec).unwrap();
    assert_eq!((pending.len(), pending.is_empty()), (48, false));
    assert!(pending.read(&mut [0; 47]).is_err());
}
