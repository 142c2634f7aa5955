//! A batch of files on its way to coefficients.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use bytemuck::{Pod, Zeroable};

use super::spare::Spare;
use super::{ENTROPY, status};
use crate::error::{Error, Result};
use crate::gpu::{Bindings, Gpu, Pending, Pooled, Use, grid};
use crate::jpeg::cpu::{CHUNK_BITS, GROUP, STITCHES};
use crate::jpeg::header::{Component, Header};
use crate::jpeg::huffman::Table;
use crate::jpeg::prepare::Prepared;
use crate::jpeg::{Orientation, Status};

/// A JPEG file and which side of it is up.
#[derive(Clone, Copy, Debug)]
pub struct JpegFile<'a> {
    /// The whole file.
    pub bytes: &'a [u8],
    /// Pictures made of it are turned by this.
    pub orientation: Orientation,
}

/// A submitted batch: its coefficients, in GPU memory, and what is known of its photos.
#[derive(Debug)]
pub struct DecodedBatch {
    photos: Vec<Result<Photo>>,
    pub(super) coefficients: Pooled,
    pub(super) quants: Pooled,
    /// Locked by nobody: so that threads may share a batch of which the states are known.
    states: Mutex<Option<Pending<u32>>>,
    flags: Vec<u32>,
    uploaded_bytes: u64,
}

/// A photo of a batch.
#[derive(Debug)]
pub(super) struct Photo {
    pub(super) header: Header,
    pub(super) orientation: Orientation,
    /// Its first block among the batch's coefficients.
    pub(super) first_block: u32,
    /// The quantisation table of each component.
    pub(super) quants: [u32; 3],
    /// Its place in the uploaded table.
    device: usize,
}

/// A photo as the shader knows it.
#[repr(C)]
#[derive(Clone, Copy, Debug, Default, Pod, Zeroable)]
struct PhotoTable {
    data: u32,
    bits: u32,
    first_interval: u32,
    intervals: u32,
    interval_blocks: u32,
    blocks: u32,
    first_block: u32,
    slots: u32,
    components: u32,
    first_chunk: u32,
    chunks: u32,
    first_group: u32,
    dc: [u32; 3],
    ac: [u32; 3],
}

/// Words of a chunk and of an edge in the shader.
const CHUNK_WORDS: u64 = 11;
const EDGE_WORDS: u64 = 6;
/// Words of the coefficients of a block.
const BLOCK_WORDS: u64 = 32;

/// Tables of which equal ones are uploaded once.
#[derive(Default)]
struct Unique {
    known: HashMap<Vec<u8>, u32>,
    bytes: Vec<u8>,
}

impl Unique {
    fn add(&mut self, table: Vec<u8>) -> u32 {
        let next = self.known.len() as u32;
        let bytes = &mut self.bytes;
        *self.known.entry(table).or_insert_with_key(|table| {
            bytes.extend_from_slice(table);
            next
        })
    }
}

/// What is uploaded, as it grows.
#[derive(Default)]
struct Plan {
    coded: Vec<Vec<u8>>,
    photos: Vec<PhotoTable>,
    ends: Vec<u32>,
    tables: Unique,
    quants: Unique,
    words: u64,
    blocks: u64,
    chunks: u32,
    groups: u32,
}

impl Plan {
    fn add(&mut self, prepared: Prepared) -> Photo {
        let blocks = prepared.blocks() as u64;
        let chunks = prepared.coded.len().div_ceil(CHUNK_BITS as usize / 8) as u32;
        let (dc, ac, quants) = self.add_tables(&prepared.header.components);
        // What does not fit 32 bits makes a buffer that is refused, whatever this wraps to.
        let first_block = self.blocks as u32;
        let device = self.photos.len();
        let header = &prepared.header;
        self.photos.push(PhotoTable {
            data: self.words as u32,
            bits: prepared.coded.len() as u32 * 8,
            first_interval: self.ends.len() as u32,
            intervals: prepared.ends.len() as u32,
            interval_blocks: prepared.interval_blocks() as u32,
            blocks: blocks as u32,
            first_block,
            slots: header.slots() as u32,
            components: slots(&header.components),
            first_chunk: self.chunks,
            chunks,
            first_group: self.groups,
            dc,
            ac,
        });
        self.ends.extend_from_slice(&prepared.ends);
        self.words += prepared.coded.len().div_ceil(4) as u64;
        self.blocks += blocks;
        self.chunks += chunks;
        self.groups += chunks.div_ceil(GROUP as u32);
        self.coded.push(prepared.coded);
        Photo { header: prepared.header, orientation: prepared.orientation, first_block, quants, device }
    }

    fn add_tables(&mut self, components: &[Component]) -> ([u32; 3], [u32; 3], [u32; 3]) {
        let mut indices = ([0; 3], [0; 3], [0; 3]);
        for (index, component) in components.iter().enumerate() {
            let mut huffman = |table: &Table| self.tables.add(table.bytes().collect());
            (indices.0[index], indices.1[index]) = (huffman(&component.dc), huffman(&component.ac));
            let steps = component.quant.iter().flat_map(|step| (*step as u16).to_le_bytes());
            indices.2[index] = self.quants.add(steps.collect());
        }
        indices
    }
}

/// The component of each block of an MCU, two bits each.
fn slots(components: &[Component]) -> u32 {
    let slots = components.iter().enumerate().flat_map(|(index, c)| std::iter::repeat_n(index as u32, c.h * c.v));
    slots.zip((0..).step_by(2)).fold(0, |all, (component, shift)| all | component << shift)
}

impl DecodedBatch {
    pub(super) fn submit(gpu: &Gpu, spare: &Spare, files: &[JpegFile<'_>], max_pixels: u64) -> Result<Self> {
        let mut plan = Plan::default();
        let prepare = |file: &JpegFile<'_>| Prepared::new(file.bytes, file.orientation, max_pixels, spare.take());
        let photos: Vec<_> = files.iter().map(|file| prepare(file).map(|prepared| plan.add(prepared))).collect();
        let coefficients = gpu.scratch(plan.blocks * BLOCK_WORDS * 4, "the coefficients in bytes")?;
        let quants = gpu.upload(&plan.quants.bytes, "the quantisation tables in bytes")?;
        let mut batch =
            Self { photos, coefficients, quants, states: Mutex::default(), flags: vec![], uploaded_bytes: 0 };
        batch.uploaded_bytes = batch.quants.used();
        if !plan.photos.is_empty() {
            batch.decode(gpu, &plan)?;
        }
        spare.give_back(plan.coded);
        Ok(batch)
    }

    fn decode(&mut self, gpu: &Gpu, plan: &Plan) -> Result<()> {
        let parts: Vec<&[u8]> = plan.coded.iter().map(Vec::as_slice).collect();
        // Two words more, because bits are read as two words.
        let data = gpu.buffer(Use::Storage, (plan.words + 2) * 4, "the coded data in bytes")?;
        gpu.write(&data, &parts, "the coded data in bytes")?;
        let photos = gpu.upload(&plan.photos, "the photos' parameters in bytes")?;
        let tables = gpu.upload(&plan.tables.bytes, "the Huffman tables in bytes")?;
        let ends = gpu.upload(&plan.ends, "the restart intervals in bytes")?;
        self.uploaded_bytes += [&data, &photos, &tables, &ends].map(Pooled::used).iter().sum::<u64>();
        let chunks = gpu.scratch(u64::from(plan.chunks) * CHUNK_WORDS * 4, "the chunks in bytes")?;
        let edges = gpu.scratch(u64::from(plan.groups) * EDGE_WORDS * 4, "the chunks in bytes")?;
        let states = gpu.scratch(plan.photos.len() as u64 * 4, "the photos' states in bytes")?;
        let buffers = [&data, &photos, &tables, &ends, &chunks, &edges, &states, &self.coefficients];
        let pass = |entry, groups| Bindings { shader: ENTROPY, entry, buffers: &buffers, groups };
        let groups = grid(gpu, plan.groups as usize)?;
        let mut passes = vec![pass("guess", groups)];
        let sides = ["stitch_even", "stitch_odd"].into_iter().cycle();
        passes.extend(sides.take(STITCHES).map(|entry| pass(entry, groups)));
        passes.push(pass("place", grid(gpu, plan.photos.len())?));
        passes.push(pass("write", groups));
        gpu.run("decoding a batch of JPEG files", &[&states, &self.coefficients], &passes)?;
        self.states =
            Mutex::new(Some(gpu.submit("decoding a batch of JPEG files", &[], &states, plan.photos.len())?));
        Ok(())
    }

    /// How many files there were.
    pub fn len(&self) -> usize {
        self.photos.len()
    }

    /// Whether there was none.
    pub fn is_empty(&self) -> bool {
        self.photos.is_empty()
    }

    /// Why a file was refused: the CPU decoder, or a general one, may take it. `None` for one that was not.
    pub fn refusal(&self, photo: usize) -> Option<&Error> {
        self.photos.get(photo).and_then(|photo| photo.as_ref().err())
    }

    /// Width and height of a photo, upright. Fails where it was refused.
    pub fn size(&self, photo: usize) -> Result<(usize, usize)> {
        let photo = self.photo(photo)?;
        Ok(photo.orientation.size(photo.header.width, photo.header.height))
    }

    /// Bytes that went to the GPU for this batch.
    pub fn uploaded_bytes(&self) -> u64 {
        self.uploaded_bytes
    }

    /// Waits for the decoding and says how it went, a status a file; `None` for a refused one.
    pub fn statuses(&mut self) -> Result<Vec<Option<Status>>> {
        let states = self.states.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(states) = states.take() {
            let mut flags = vec![0; states.len()];
            states.read(&mut flags)?;
            self.flags = flags;
        }
        // Flags that could not be read once are not there later either: nothing is known of such a photo.
        let of = |photo: &Photo| self.flags.get(photo.device).map_or(Status::Unsettled, |flags| status(*flags));
        Ok(self.photos.iter().map(|photo| photo.as_ref().ok().map(of)).collect())
    }

    pub(super) fn photo(&self, index: usize) -> Result<&Photo> {
        let refused = Error::Spec { kernel: "jpeg", reason: "the batch has no such photo, or it was refused" };
        self.photos.get(index).and_then(|photo| photo.as_ref().ok()).ok_or(refused)
    }
}
