//! The GPU runtime itself: adapters, reuse, several threads, and a device that goes away.

use crate::device::gpu;
use crate::seeded::photo;
use tollgate_kernels::gpu::{AdapterChoice, AdapterKind, Gpu, GpuOptions, Photos, adapters};
use tollgate_kernels::letterbox::{GpuLetterbox, LetterboxSpec};
use tollgate_kernels::{ChannelOrder, Error, Filter, RgbView};

fn spec(side: usize) -> LetterboxSpec {
    LetterboxSpec {
        out_w: side,
        out_h: side,
        content_x: 0,
        content_y: 0,
        content_w: side,
        content_h: side,
        filter: Filter::Area,
        order: ChannelOrder::Rgb,
        mean: [0.0; 3],
        scale: [1.0; 3],
        pad: [0.0; 3],
    }
}

#[test]
fn adapters_are_sorted_and_software_is_called_so() {
    let all = adapters();
    assert!(all.is_sorted_by_key(|adapter| adapter.kind));
    for adapter in &all {
        assert_eq!(adapter.software, adapter.kind == AdapterKind::Software);
        assert_eq!(adapter.to_string().contains("software"), adapter.software, "{adapter}");
    }
    let hardware = all.iter().any(|adapter| !adapter.software);
    match Gpu::open(AdapterChoice::Hardware) {
        Ok(gpu) => assert!(hardware && !gpu.info().software),
        Err(Error::NoAdapter { present, .. }) => assert!(!hardware, "{present}"),
        // A driver that lists a card and then fails is no fault of ours.
        Err(error) => assert!(hardware, "{error}"),
    }
}

#[test]
fn a_lost_device_is_an_error_of_its_own() {
    if gpu().is_none() {
        return;
    }
    let lost = Gpu::open(AdapterChoice::AllowSoftware).unwrap();
    let data = photo(40, 30, 1);
    let photos = Photos::upload(&lost, &[RgbView::new(&data, 40, 30).unwrap()]).unwrap();
    let kernel = GpuLetterbox::new(&lost).unwrap();
    let pending = kernel.submit(&photos, &[spec(8)]).unwrap();
    lost.lose();
    assert!(matches!(lost.check(), Err(Error::DeviceLost { .. })));
    assert!(matches!(pending.read(&mut vec![0.0; 192]), Err(Error::DeviceLost { .. })));
    assert!(matches!(kernel.submit(&photos, &[spec(8)]), Err(Error::DeviceLost { .. })));
    assert!(matches!(GpuLetterbox::new(&lost), Err(Error::DeviceLost { .. })));
    // Another device of the same adapter is not touched.
    assert!(Gpu::open(AdapterChoice::AllowSoftware).unwrap().check().is_ok());
}

/// Buffers that wait to be used again make room; what is in use does not.
#[test]
fn memory_that_runs_out_is_an_error_of_its_own() {
    if gpu().is_none() {
        return;
    }
    let adapter = AdapterChoice::AllowSoftware.into();
    let small = Gpu::open(GpuOptions { max_memory_bytes: Some(4 << 20), ..adapter }).unwrap();
    let upload = |side: usize| {
        let data = vec![7; side * side * 3];
        Photos::upload(&small, &[RgbView::new(&data, side, side).unwrap()])
    };
    let first = upload(1000).unwrap();
    let said = upload(700).unwrap_err();
    assert!(matches!(said, Error::OutOfMemory { bytes, .. } if bytes >= 700 * 700 * 3), "{said}");
    assert!(said.is_of_gpu() && small.check().is_ok());
    drop(first);
    let second = upload(700).unwrap();
    assert!(second.download(&small).unwrap()[0].view().unwrap().data().iter().all(|byte| *byte == 7));
    assert!(small.usage().peak_bytes <= 4 << 20, "{:?}", small.usage());
}

#[test]
fn threads_share_a_device_and_buffers_are_used_again() {
    let Some(gpu) = gpu() else { return };
    let kernel = GpuLetterbox::new(&gpu).unwrap();
    let run = |seed: u64| {
        let level = seed as u8 * 20;
        let data = vec![level; 64 * 48 * 3];
        for _ in 0..20 {
            let photos = Photos::upload(&gpu, &[RgbView::new(&data, 64, 48).unwrap(); 3]).unwrap();
            let first = kernel.submit(&photos, &[spec(16); 3]).unwrap();
            // Forgotten while it runs.
            drop(kernel.submit(&photos, &[spec(16); 3]).unwrap());
            let mut out = vec![f32::NAN; first.len()];
            first.read(&mut out).unwrap();
            assert!(out.iter().all(|value| (value - f32::from(level)).abs() < 1e-3), "thread {seed}");
        }
    };
    std::thread::scope(|scope| {
        (0..4).for_each(|seed| {
            scope.spawn(move || run(seed));
        });
    });
}
