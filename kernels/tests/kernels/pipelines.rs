//! Compiled pipelines kept in a file: made, found, damaged, out of reach. What a kernel computes is the same with each.

use crate::device::gpu;
use crate::seeded::photo;
use std::fs;
use std::path::Path;
use tollgate_kernels::gpu::{AdapterChoice, Gpu, GpuOptions, Photos, PipelineFile};
use tollgate_kernels::letterbox::{GpuLetterbox, LetterboxSpec};
use tollgate_kernels::{ChannelOrder, Filter, RgbView};

fn open(folder: &Path) -> Gpu {
    Gpu::open(GpuOptions { pipelines: Some(folder.to_owned()), ..AdapterChoice::AllowSoftware.into() })
        .expect("it was opened before")
}

fn letterboxed(gpu: &Gpu) -> Vec<f32> {
    let data = photo(40, 30, 7);
    let photos = Photos::upload(gpu, &[RgbView::new(&data, 40, 30).expect("a picture")]).expect("the kernel runs");
    let spec = LetterboxSpec {
        out_w: 16,
        out_h: 16,
        content_x: 0,
        content_y: 2,
        content_w: 16,
        content_h: 12,
        filter: Filter::Area,
        order: ChannelOrder::Rgb,
        mean: [0.0; 3],
        scale: [1.0; 3],
        pad: [5.0; 3],
    };
    let pending = GpuLetterbox::new(gpu).expect("the kernel runs").submit(&photos, &[spec]).expect("the kernel runs");
    let mut out = vec![f32::NAN; pending.len()];
    pending.read(&mut out).expect("the kernel runs");
    out
}

/// The one file of pipelines in a folder.
fn file(folder: &Path) -> std::path::PathBuf {
    let names = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    let mut files: Vec<_> = names.filter(|path| path.extension().is_none()).collect();
    assert_eq!(files.len(), 1, "{files:?}");
    files.remove(0)
}

#[test]
fn pipelines_are_made_found_and_thrown_away() {
    let Some(plain) = gpu() else { return };
    let expected = letterboxed(&plain);
    assert_eq!((plain.pipeline_file(), plain.save_pipelines().unwrap()), (&PipelineFile::NotAsked, false));
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("deep/pipelines");

    let first = open(&folder);
    if first.pipeline_file() == &PipelineFile::Unsupported {
        eprintln!("SKIPPED: {} gives no compiled pipelines out", first.info());
        assert_eq!((letterboxed(&first), first.save_pipelines().unwrap()), (expected, false));
        return;
    }
    assert_eq!(first.pipeline_file(), &PipelineFile::New);
    assert!(!first.save_pipelines().unwrap(), "nothing was compiled yet");
    assert_eq!(letterboxed(&first), expected);
    assert!(first.save_pipelines().unwrap() && !first.save_pipelines().unwrap(), "once is enough");
    let whole = fs::read(file(&folder)).unwrap();
    eprintln!("{}: {} bytes", file(&folder).display(), whole.len());

    let second = open(&folder);
    assert!(matches!(second.pipeline_file(), PipelineFile::Found { bytes } if *bytes > 0 && *bytes < whole.len()));
    assert_eq!(letterboxed(&second), expected);
    assert!(!second.save_pipelines().unwrap(), "it has not grown");

    let mut flipped = whole.clone();
    flipped[whole.len() - 3] ^= 4;
    let cases = [flipped, whole[..whole.len() - 1].to_vec(), whole[..10].to_vec(), Vec::new(), b"something".to_vec()];
    for (case, bytes) in cases.into_iter().enumerate() {
        fs::write(file(&folder), bytes).unwrap();
        let gpu = open(&folder);
        assert!(matches!(gpu.pipeline_file(), PipelineFile::Refused { .. }), "{case}: {:?}", gpu.pipeline_file());
        assert_eq!(letterboxed(&gpu), expected, "{case}");
        assert!(gpu.save_pipelines().unwrap(), "{case}: it is written anew");
        assert!(matches!(open(&folder).pipeline_file(), PipelineFile::Found { .. }), "{case}");
    }
}

/// Somebody else could have put code for the driver there.
#[cfg(unix)]
#[test]
fn a_folder_that_others_can_reach_into_is_not_used() {
    use std::os::unix::fs::PermissionsExt;
    let Some(plain) = gpu() else { return };
    let dir = tempfile::tempdir().unwrap();
    fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o755)).unwrap();
    let gpu = open(dir.path());
    match gpu.pipeline_file() {
        PipelineFile::Unsupported => eprintln!("SKIPPED: {} gives no compiled pipelines out", gpu.info()),
        PipelineFile::Refused { reason } => assert!(reason.contains("chmod 700"), "{reason}"),
        other => panic!("{other:?}"),
    }
    assert_eq!(letterboxed(&gpu), letterboxed(&plain));
    assert!(!gpu.save_pipelines().unwrap() && fs::read_dir(dir.path()).unwrap().next().is_none());
}
