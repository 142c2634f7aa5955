// Shared by transform and colour: a picture to be made, see Job in gpu/pixels.rs.
//
// Samples lie block by block: those of a block side by side, a whole word at least, the blocks of the window's MCUs in
// the order of the file. So blocks of any size are written in whole words, each by one workgroup.

struct Job {
    // The first workgroup of each pass.
    first_transform: u32,
    first_colour: u32,
    // The photo's first block, and its MCUs a row.
    first_block: u32,
    mcus_across: u32,
    // The MCUs made: the first one, and how many.
    mcu_x: u32,
    mcu_y: u32,
    mcu_width: u32,
    mcu_height: u32,
    // Blocks of an MCU, those of them that are luma, and how many luma blocks stand side by side.
    slots: u32,
    luma_slots: u32,
    luma_across: u32,
    // Samples of a block each way, as powers of two.
    luma_shift: u32,
    chroma_shift: u32,
    // First word of the samples.
    samples: u32,
    // First word of the pixels; the rectangle of the stored picture; how it is turned (Orientation::bits).
    out: u32,
    x: u32,
    y: u32,
    width: u32,
    height: u32,
    orientation: u32,
    // Size of a chroma plane, pixels that a sample covers each way, and whether it is interpolated.
    chroma_width: u32,
    chroma_height: u32,
    across: u32,
    down: u32,
    is_fancy: u32,
    // The quantisation table of each component.
    quants: array<u32, 3>,
}

@group(0) @binding(0) var<storage, read> jobs: array<Job>;

// Words that a block takes.
fn block_words(shift: u32) -> u32 {
    return max(1u, (1u << (2u * shift)) >> 2u);
}

// The first word of a block of an MCU of the window.
fn block_place(job: Job, mcu: u32, slot: u32) -> u32 {
    let luma = block_words(job.luma_shift);
    let chroma = block_words(job.chroma_shift);
    let whole = job.luma_slots * luma + (job.slots - job.luma_slots) * chroma;
    let chromas = max(slot, job.luma_slots) - job.luma_slots;
    return job.samples + mcu * whole + min(slot, job.luma_slots) * luma + chromas * chroma;
}
