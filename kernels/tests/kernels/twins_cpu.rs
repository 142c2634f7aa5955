//! The fast CPU paths against the plain references, over seeded random photos of odd sizes.

use crate::seeded::{Seeded, photo};
use tollgate_kernels::crop::{self, CropSpec, Layout, Region};
use tollgate_kernels::letterbox::{self, LetterboxSpec};
use tollgate_kernels::{ChannelOrder, Filter, Quad, Rect, RgbView, Scratch};

/// 255 · 2⁻²⁰: the contract's bound for sums of the same products in another order, at scale 1.
const BOUND: f32 = 255.0 / 1_048_576.0;

const SIZES: [(usize, usize); 12] = [
    (1, 1),
    (1, 37),
    (53, 1),
    (2, 2),
    (3, 5),
    (64, 48),
    (65, 47),
    (96, 36),
    (128, 72),
    (257, 3),
    (31, 129),
    (200, 150),
];

fn spec_for(out: (usize, usize), seeded: &mut Seeded) -> LetterboxSpec {
    let (content_w, content_h) = (seeded.range(1, out.0), seeded.range(1, out.1));
    LetterboxSpec {
        out_w: out.0,
        out_h: out.1,
        content_x: seeded.range(0, out.0 - content_w),
        content_y: seeded.range(0, out.1 - content_h),
        content_w,
        content_h,
        filter: if seeded.range(0, 1) == 0 { Filter::Area } else { Filter::Bilinear },
        order: if seeded.range(0, 1) == 0 { ChannelOrder::Rgb } else { ChannelOrder::Bgr },
        mean: [104.0, 117.0, 123.0],
        scale: [1.0, 0.5, 1.0 / 255.0],
        pad: [0.0, 114.0, 255.0],
    }
}

fn assert_near(fast: &[f32], plain: &[f32], context: &str) {
    for (index, (fast, plain)) in fast.iter().zip(plain).enumerate() {
        assert!((fast - plain).abs() <= BOUND, "{context}: {fast} and {plain} at {index}");
    }
}

#[test]
fn letterbox_paths_agree() {
    let mut seeded = Seeded::new(11);
    let mut scratch = Scratch::default();
    for round in 0..200 {
        let (width, height) = SIZES[round % SIZES.len()];
        let data = photo(width, height, round as u64);
        let src = RgbView::new(&data, width, height).unwrap();
        let out = (seeded.range(1, 90), seeded.range(1, 70));
        let mut spec = spec_for(out, &mut seeded);
        if round % 3 == 0 {
            // Whole ratios have a path of their own.
            (spec.content_w, spec.content_h) = (width.div_ceil(2), height.div_ceil(3));
            (spec.out_w, spec.out_h) = (spec.content_x + spec.content_w + 2, spec.content_y + spec.content_h + 1);
        }
        let (mut fast, mut plain) = (vec![f32::NAN; spec.output_len()], vec![f32::NAN; spec.output_len()]);
        letterbox::letterbox(src, &spec, &mut scratch, &mut fast).unwrap();
        letterbox::cpu::letterbox(src, &spec, &mut plain).unwrap();
        assert_near(&fast, &plain, &format!("{width}x{height} {spec:?}"));
    }
}

#[test]
fn whole_ratios_of_every_block_agree() {
    let mut scratch = Scratch::default();
    for columns in 1..=6 {
        for rows in 1..=6 {
            let (width, height) = (7 * columns, 5 * rows);
            let data = photo(width, height, (columns * 10 + rows) as u64);
            let src = RgbView::new(&data, width, height).unwrap();
            let spec = LetterboxSpec { filter: Filter::Area, ..content_only(7, 5) };
            let (mut fast, mut plain) = (vec![0.0; spec.output_len()], vec![0.0; spec.output_len()]);
            letterbox::letterbox(src, &spec, &mut scratch, &mut fast).unwrap();
            letterbox::cpu::letterbox(src, &spec, &mut plain).unwrap();
            assert_near(&fast, &plain, &format!("{columns}x{rows}"));
        }
    }
}

fn content_only(width: usize, height: usize) -> LetterboxSpec {
    LetterboxSpec {
        out_w: width,
        out_h: height,
        content_x: 0,
        content_y: 0,
        content_w: width,
        content_h: height,
        filter: Filter::Bilinear,
        order: ChannelOrder::Rgb,
        mean: [0.0; 3],
        scale: [1.0; 3],
        pad: [0.0; 3],
    }
}

#[test]
fn letterbox_by_hand() {
    // Two pixels, red-ish and blue-ish, averaged into one and put right of a column of padding.
    let data = [10, 20, 30, 30, 60, 90];
    let src = RgbView::new(&data, 2, 1).unwrap();
    let spec = LetterboxSpec {
        out_w: 2,
        content_x: 1,
        content_w: 1,
        filter: Filter::Area,
        order: ChannelOrder::Bgr,
        mean: [1.0, 2.0, 3.0],
        scale: [1.0, 1.0, 0.5],
        pad: [0.0, 0.0, 5.0],
        ..content_only(1, 1)
    };
    let mut out = [f32::NAN; 6];
    letterbox::letterbox(src, &spec, &mut Scratch::default(), &mut out).unwrap();
    assert_eq!(out, [-1.0, 59.0, -2.0, 38.0, 1.0, 8.5]);
}

#[test]
fn letterbox_refuses_what_does_not_fit() {
    let data = [0; 12];
    let src = RgbView::new(&data, 2, 2).unwrap();
    let mut scratch = Scratch::default();
    let mut run = |spec: LetterboxSpec, len: usize| {
        let mut out = vec![0.0; len];
        (
            letterbox::letterbox(src, &spec, &mut scratch, &mut out).is_err(),
            letterbox::cpu::letterbox(src, &spec, &mut out).is_err(),
        )
    };
    let good = content_only(4, 4);
    assert_eq!(run(good, 48), (false, false));
    assert_eq!(run(good, 47), (true, true));
    assert_eq!(run(LetterboxSpec { content_w: 0, ..good }, 48), (true, true));
    assert_eq!(run(LetterboxSpec { content_x: 1, ..good }, 48), (true, true));
    assert_eq!(run(LetterboxSpec { content_x: usize::MAX, ..good }, 48), (true, true));
    assert_eq!(run(LetterboxSpec { out_w: 0, ..good }, 0), (true, true));
}

fn region(seeded: &mut Seeded, width: usize, height: usize) -> Region {
    let (w, h) = (width as f32, height as f32);
    let rect = Rect {
        x: seeded.unit() * w * 1.2 - w * 0.2,
        y: seeded.unit() * h * 1.2 - h * 0.2,
        w: seeded.unit() * w + 0.5,
        h: seeded.unit() * h + 0.5,
    };
    if seeded.range(0, 2) > 0 {
        return rect.into();
    }
    let corners = rect.corners().map(|[x, y]| [x + seeded.unit() * rect.w * 0.2, y + seeded.unit() * rect.h * 0.2]);
    Quad(corners).into()
}

#[test]
fn crop_paths_agree() {
    let mut seeded = Seeded::new(23);
    let mut scratch = Scratch::default();
    let mut done = 0;
    for round in 0..300 {
        let (width, height) = SIZES[round % SIZES.len()];
        let data = photo(width, height, round as u64);
        let src = RgbView::new(&data, width, height).unwrap();
        let region = region(&mut seeded, width, height);
        let filter = if round % 2 == 0 { Filter::Area } else { Filter::Bilinear };
        let bytes =
            CropSpec { out_w: seeded.range(1, 40), out_h: seeded.range(1, 24), filter, layout: Layout::NhwcU8Rgb };
        let (mut fast, mut plain) = (vec![0; bytes.output_len()], vec![0; bytes.output_len()]);
        let plainly = crop::cpu::crop_u8(src, region, &bytes, &mut plain);
        assert_eq!(crop::crop_u8(src, region, &bytes, &mut scratch, &mut fast).is_ok(), plainly.is_ok());
        if plainly.is_err() {
            continue;
        }
        done += 1;
        assert!(fast.iter().zip(&plain).all(|(a, b)| a.abs_diff(*b) <= 1), "{region:?} {bytes:?}");
        let layout = Layout::PlanarF32 { order: ChannelOrder::Bgr, mean: [127.5; 3], scale: [1.0 / 127.5; 3] };
        let floats = CropSpec { layout, ..bytes };
        let (mut fast, mut plain) = (vec![0.0; bytes.output_len()], vec![0.0; bytes.output_len()]);
        crop::crop_f32(src, region, &floats, &mut scratch, &mut fast).unwrap();
        crop::cpu::crop_f32(src, region, &floats, &mut plain).unwrap();
        assert_near(&fast, &plain, &format!("{region:?} {floats:?}"));
    }
    assert!(done > 150, "{done} of 300 regions touched the photo");
}

#[test]
fn crop_by_hand() {
    let data: Vec<u8> = (0..4 * 2).flat_map(|i| [i * 10, 100, 255 - i]).collect();
    let src = RgbView::new(&data, 4, 2).unwrap();
    let spec = CropSpec { out_w: 2, out_h: 2, filter: Filter::Bilinear, layout: Layout::NhwcU8Rgb };
    let mut out = [0; 12];
    // Columns 1 and 2 as they are.
    let rect = Rect { x: 0.6, y: 0.0, w: 2.0, h: 2.0 };
    crop::crop_u8(src, rect, &spec, &mut Scratch::default(), &mut out).unwrap();
    assert_eq!(out, [10, 100, 254, 20, 100, 253, 50, 100, 250, 60, 100, 249]);
    // Mirrored by its corners.
    let quad = Quad([[3.0, 0.0], [1.0, 0.0], [1.0, 2.0], [3.0, 2.0]]);
    crop::crop_u8(src, quad, &spec, &mut Scratch::default(), &mut out).unwrap();
    assert_eq!(out, [20, 100, 253, 10, 100, 254, 60, 100, 249, 50, 100, 250]);
}

#[test]
fn a_quad_around_the_whole_photo_is_its_rectangle() {
    let data = photo(50, 30, 5);
    let src = RgbView::new(&data, 50, 30).unwrap();
    let spec = CropSpec { out_w: 64, out_h: 40, filter: Filter::Bilinear, layout: Layout::NhwcU8Rgb };
    let rect = Rect { x: 0.0, y: 0.0, w: 50.0, h: 30.0 };
    let (mut as_rect, mut as_quad) = (vec![0; spec.output_len()], vec![0; spec.output_len()]);
    let mut scratch = Scratch::default();
    crop::crop_u8(src, rect, &spec, &mut scratch, &mut as_rect).unwrap();
    crop::crop_u8(src, Quad::from(rect), &spec, &mut scratch, &mut as_quad).unwrap();
    assert!(as_rect.iter().zip(&as_quad).all(|(a, b)| a.abs_diff(*b) <= 1));
}

#[test]
fn crop_refuses_what_does_not_fit() {
    let data = [0; 12];
    let src = RgbView::new(&data, 2, 2).unwrap();
    let rect = Rect { x: 0.0, y: 0.0, w: 2.0, h: 2.0 };
    let bytes = CropSpec { out_w: 2, out_h: 2, filter: Filter::Area, layout: Layout::NhwcU8Rgb };
    let layout = Layout::PlanarF32 { order: ChannelOrder::Rgb, mean: [0.0; 3], scale: [1.0; 3] };
    let mut scratch = Scratch::default();
    assert!(crop::crop_u8(src, rect, &bytes, &mut scratch, &mut [0; 12]).is_ok());
    assert!(crop::crop_u8(src, rect, &bytes, &mut scratch, &mut [0; 11]).is_err());
    assert!(crop::crop_u8(src, rect, &CropSpec { layout, ..bytes }, &mut scratch, &mut [0; 12]).is_err());
    assert!(crop::crop_u8(src, rect, &CropSpec { out_w: 0, ..bytes }, &mut scratch, &mut []).is_err());
    assert!(crop::crop_f32(src, rect, &bytes, &mut scratch, &mut [0.0; 12]).is_err());
    assert!(
        crop::crop_f32(src, Rect { x: 2.0, ..rect }, &CropSpec { layout, ..bytes }, &mut scratch, &mut [0.0; 12])
            .is_err()
    );
}
