//! The picture of a plate that was not found: the photo is opened once more, and the label says where to look.

use super::accuracy::Scored;
use super::request::Request;
use crate::pipeline;
use tollgate_kernels::Rect;

/// A JPEG of the label's surroundings; none where the photo is not to be had again, which costs only the picture.
pub(super) fn picture(scored: &Scored, request: &Request) -> Option<Vec<u8>> {
    let bytes = std::fs::read(scored.path.as_ref()?).ok()?;
    let [x, y, w, h] = scored.label.rect;
    pipeline::cut_out(bytes, Rect { x, y, w, h }, request.config.engine.max_pixels()).ok()
}
