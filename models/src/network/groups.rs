//! Jobs that are done at once.

use super::Job;
use tollgate_kernels::Picture;

/// So many inputs are done at once on a GPU, if a lane is given as many. Small layers fill one from about eight on; beyond
/// 32 memory grows faster than speed, of which there is a tenth more at 128 by count
/// (`benches/results/2026-11-25-gpu-end-to-end-estimate.md`).
pub(super) const MOST: usize = 128;

/// Batches have one of these sizes: each takes a graph and memory of its own, and one that is a third too large wastes
/// less than many graphs would.
const SIZES: [usize; 14] = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, MOST];

/// The size of a batch for that many inputs.
pub(super) fn batch_size(inputs: usize) -> usize {
    SIZES.into_iter().find(|size| *size >= inputs).unwrap_or(MOST)
}

/// Numbers of jobs that can be done at once, `most` at most: of one kind and shape, and whose pictures all lie on the
/// GPU or all do not.
pub(super) fn groups(jobs: &[Job<'_>], most: usize) -> Vec<Vec<usize>> {
    let mut groups: Vec<Vec<usize>> = Vec::new();
    for (index, job) in jobs.iter().enumerate() {
        let has_room = |group: &&mut Vec<usize>| group.len() < most && is_like(&jobs[group[0]], job);
        match groups.iter_mut().find(has_room) {
            Some(group) => group.push(index),
            None => groups.push(vec![index]),
        }
    }
    groups
}

fn is_like(a: &Job<'_>, b: &Job<'_>) -> bool {
    let is_same_kind = match (a, b) {
        (Job::Letterbox(..), Job::Letterbox(..)) | (Job::Made(_), Job::Made(_)) => true,
        (Job::Crop(.., a), Job::Crop(.., b)) => a == b,
        _ => false,
    };
    is_same_kind && a.shape() == b.shape() && is_on_device(a) == is_on_device(b)
}

/// Whether what the job begins with can be had on the GPU alone.
pub(super) fn is_on_device(job: &Job<'_>) -> bool {
    matches!(job, Job::Made(_) | Job::Letterbox(Picture::Device(_), _) | Job::Crop(Picture::Device(_), _, _))
}

#[cfg(test)]
mod tests {
    use super::*;
    use tollgate_kernels::crop::{CropSpec, Layout};
    use tollgate_kernels::{Filter, Rect, RgbView};

    #[test]
    fn batches_waste_a_third_at_most() {
        for inputs in 1..=MOST {
            let size = batch_size(inputs);
            assert!(size >= inputs && (size - inputs) * 3 <= size, "{inputs} {size}");
        }
    }

    #[test]
    fn a_group_is_of_one_kind_and_bounded() {
        let spec = |out_w| CropSpec { out_w, out_h: 8, filter: Filter::Area, layout: Layout::NhwcU8Rgb };
        let (narrow, wide) = (spec(8), spec(16));
        let view = RgbView::new(&[0; 3], 1, 1).unwrap();
        let crop = |spec| Job::Crop(view.into(), Rect { x: 0.0, y: 0.0, w: 1.0, h: 1.0 }, spec);
        let jobs = [crop(&narrow), crop(&wide), crop(&narrow), Job::Made([1, 8, 8, 3]), crop(&narrow)];
        assert_eq!(groups(&jobs, 2), [vec![0, 2], vec![1], vec![3], vec![4]]);
        assert_eq!(groups(&jobs, 1).len(), 5);
        assert!(groups(&[], 4).is_empty());
    }
}
