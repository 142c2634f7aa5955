//! The wgpu twin: the scores of many plates in one batch; only the few choices of each step come back.
//!
//! The GPU finds the greedy class of every step and the alternatives of those that write something; the search for
//! candidates among them, a few dozen numbers a plate, is the CPU's.

use bytemuck::{Pod, Zeroable};

use super::candidates::{MAX_CANDIDATES, Position};
use super::cpu::finish;
use super::{Charset, Decoded, Rule, Scores};
use crate::error::{Error, Result, check_len};
use crate::gpu::{Bindings, Gpu, LANE, Pooled, Prepared, Resident, SUBGROUP_LANE, Shader, grid};

const CTC: &str = include_str!("ctc.wgsl");
pub(crate) const SHADER: Shader = Shader::new("ctc", &[LANE, include_str!("best.wgsl"), CTC], 3).with_subgroups(&[
    SUBGROUP_LANE,
    include_str!("best_subgroup.wgsl"),
    CTC,
]);

/// What the shader writes for "no class" and "no character".
const NONE: u32 = u32::MAX;

/// A sequence that was decoded where its scores lie.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Text {
    /// The reading.
    pub decoded: Decoded,
    /// The greedy class of every step, for other charsets: see [`super::spell`].
    pub classes: Vec<usize>,
}

const PARAMETERS: &str = "the ctc parameters in bytes";

/// Decodes batches of one reader's scores.
#[derive(Debug)]
pub struct GpuCtc {
    gpu: Gpu,
    charset: Charset,
    written: Pooled,
    rule: Rule,
    scores: Scores,
}

#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct Params {
    rows: u32,
    classes: u32,
    steps: u32,
    is_ctc: u32,
    are_logits: u32,
}

/// What comes back of a row; laid out as in the shader.
#[repr(C)]
#[derive(Clone, Copy, Pod, Zeroable)]
struct Row {
    best: u32,
    count: u32,
    classes: [u32; MAX_CANDIDATES],
    probabilities: [f32; MAX_CANDIDATES],
}

impl GpuCtc {
    /// Compiles the shader, unless that was done before on this GPU, and uploads the charset.
    pub fn new(gpu: &Gpu, charset: Charset, rule: Rule, scores: Scores) -> Result<Self> {
        if charset.is_empty() {
            return Err(Error::Spec { kernel: "ctc", reason: "the charset has no classes" });
        }
        gpu.pipeline(SHADER, "argmax")?;
        gpu.pipeline(SHADER, "choices")?;
        let codes: Vec<u32> = (0..charset.len()).map(|class| charset.written(class).map_or(NONE, u32::from)).collect();
        let written = gpu.upload(&codes, "the charset in bytes")?;
        Ok(Self { gpu: gpu.clone(), charset, written, rule, scores })
    }

    /// Decodes `[n, steps, C]` scores into `n` readings with up to `limit` candidates each; `out` is overwritten and
    /// its buffers are used again.
    pub fn run(&self, values: &[f32], steps: usize, limit: usize, out: &mut Vec<Decoded>) -> Result<()> {
        let sequence = steps * self.charset.len();
        if sequence == 0 || values.is_empty() {
            return Err(Error::Spec { kernel: "ctc", reason: "the batch is empty" });
        }
        check_len("the reader output", values.len(), values.len() / sequence * sequence)?;
        let count = values.len() / sequence;
        let rows = self.rows(values, count * steps, steps)?;
        out.resize_with(count, Decoded::default);
        for (rows, out) in rows.chunks_exact(steps).zip(out) {
            self.assemble(rows, limit, out)?;
        }
        Ok(())
    }

    /// The same for the scores of `count` sequences that `steps` leave on the GPU, in one submission, of which the first
    /// `used` are wanted. The scores stay where they are; `also` comes back as it is, behind the texts.
    ///
    /// # Errors
    /// The scores are not those of so many sequences, one has none that is finite, or the GPU's.
    pub fn run_after(
        &self,
        steps: &[&Prepared],
        scores: &Resident,
        (count, used): (usize, usize),
        also: &[&Resident],
        limit: usize,
    ) -> Result<(Vec<Text>, Vec<f32>)> {
        let sequence = scores.len() / count.max(1);
        let rows_each = sequence / self.charset.len();
        if rows_each == 0 {
            return Err(Error::Spec { kernel: "ctc", reason: "the batch is empty" });
        }
        check_len("the reader output", scores.len(), count * rows_each * self.charset.len())?;
        let rows = count * rows_each;
        let words = rows * size_of::<Row>() / size_of::<u32>();
        let params = self.gpu.upload(&[self.params(rows, rows_each)], PARAMETERS)?;
        let result = self.gpu.scratch((words * size_of::<u32>()) as u64, "the readings in bytes")?;
        let result = Resident::new(result, words);
        let buffers = [&params, scores.pooled(), &self.written, result.pooled()];
        let groups = grid(&self.gpu, rows)?;
        let pass = |entry| self.gpu.prepare(&Bindings { shader: SHADER, entry, buffers: &buffers, groups });
        let own = [pass("argmax")?, pass("choices")?];
        let steps: Vec<_> = steps.iter().copied().chain(&own).collect();
        let results: Vec<_> = std::iter::once(&result).chain(also.iter().copied()).collect();
        let pending = self.gpu.submit_prepared("a batch of texts", &steps, &results)?;
        let mut all = vec![0u32; pending.len()];
        pending.read(&mut all)?;
        let (rows, also) = all.split_at(words);
        let text = |rows: &[Row]| {
            let mut decoded = Decoded::default();
            self.assemble(rows, limit, &mut decoded)?;
            Ok(Text { decoded, classes: rows.iter().map(|row| row.best as usize).collect() })
        };
        let texts = bytemuck::cast_slice(rows).chunks_exact(rows_each).take(used).map(text).collect::<Result<_>>()?;
        Ok((texts, also.iter().map(|bits| f32::from_bits(*bits)).collect()))
    }

    fn params(&self, rows: usize, steps: usize) -> Params {
        Params {
            rows: rows as u32,
            classes: self.charset.len() as u32,
            steps: steps as u32,
            is_ctc: u32::from(self.rule == Rule::Ctc),
            are_logits: u32::from(self.scores == Scores::Logits),
        }
    }

    fn rows(&self, values: &[f32], count: usize, steps: usize) -> Result<Vec<Row>> {
        let params = self.gpu.upload(&[self.params(count, steps)], PARAMETERS)?;
        let values = self.gpu.upload(values, "the reader output in bytes")?;
        let result = self.gpu.scratch((count * size_of::<Row>()) as u64, "the readings in bytes")?;
        let groups = grid(&self.gpu, count)?;
        let buffers = [&params, &values, &self.written, &result];
        let argmax = Bindings { shader: SHADER, entry: "argmax", buffers: &buffers, groups };
        let choices = Bindings { shader: SHADER, entry: "choices", buffers: &buffers, groups };
        let mut rows = vec![Row::zeroed(); count];
        self.gpu.submit("a ctc batch", &[argmax, choices], &result, count)?.read(&mut rows)?;
        Ok(rows)
    }

    fn assemble(&self, rows: &[Row], limit: usize, out: &mut Decoded) -> Result<()> {
        out.clear();
        let mut positions = Vec::new();
        for (index, row) in rows.iter().enumerate() {
            if row.best == NONE {
                return Err(Error::NotFinite { what: "the reader output", row: index });
            }
            let choices = row.classes.iter().zip(row.probabilities).take(row.count as usize);
            let mut choices = choices.map(|(class, probability)| (self.charset.written(*class as usize), probability));
            if let Some(greedy) = choices.next() {
                let mut position = Position::new(greedy);
                choices.for_each(|choice| position.offer(choice));
                positions.push(position);
            }
        }
        finish(&positions, limit, out);
        Ok(())
    }
}
