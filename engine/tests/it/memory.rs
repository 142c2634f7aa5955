//! Many photos take no more memory than few, and a header bomb takes none. (10,000 photos: `benches`, case `memory`.)

#[cfg(target_os = "linux")]
mod linux {
    use crate::common::{sample, tollgate};
    use std::fs;
    use std::os::unix::fs::symlink;
    use std::path::Path;

    /// Peak resident set in KiB of a replay of `count` photos, the sample set again and again.
    fn peak(dir: &Path, count: usize) -> u64 {
        let lane = sample().join("lane-1");
        let mut photos: Vec<_> = fs::read_dir(lane).expect("a lane").map(|e| e.expect("an entry").path()).collect();
        photos.retain(|p| p.extension().is_some_and(|x| x == "jpg"));
        photos.sort();
        let folder = dir.join(format!("photos-{count}"));
        fs::create_dir(&folder).expect("a folder");
        for i in 0..count {
            symlink(&photos[i % photos.len()], folder.join(format!("{i:05}.jpg"))).expect("a link");
        }
        let log = dir.join(format!("peak-{count}"));
        // The shell's own child is the program, so its status file is there until the very end of it.
        let script = format!(
            "\"$0\" replay {} --out {} --workers 2 2>/dev/null >/dev/null & pid=$!; \
             while grep VmHWM /proc/$pid/status >{}.now 2>/dev/null && [ -s {}.now ]; do cp {}.now {}; sleep 0.02; done; wait $pid",
            folder.display(),
            dir.join(format!("out-{count}")).display(),
            log.display(),
            log.display(),
            log.display(),
            log.display(),
        );
        let mut shell = std::process::Command::new("sh");
        let program = tollgate();
        shell.arg("-c").arg(script).arg(program.get_program());
        shell.envs(program.get_envs().filter_map(|(k, v)| Some((k, v?))));
        assert!(shell.status().expect("a shell").success());
        let text = fs::read_to_string(&log).expect("a peak");
        text.split_whitespace().nth(1).and_then(|n| n.parse().ok()).expect("VmHWM in KiB")
    }

    #[test]
    fn does_not_grow_with_the_number_of_photos() {
        let dir = tempfile::tempdir().unwrap();
        let (few, many) = (peak(dir.path(), 40), peak(dir.path(), 400));
        eprintln!("peak: {few} KiB for 40 photos, {many} KiB for 400");
        assert!(many < few + 40 * 1024, "{few} KiB for 40 photos, {many} KiB for 400");
        assert!(many < 1024 * 1024, "{many} KiB");
    }
}
