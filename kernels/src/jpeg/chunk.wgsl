// Decoding a chunk: the twin of cpu/chunk.rs; see prepare.rs for what was taken out of the data before.
//
// Whatever the bytes are, this ends: `run` ends an interval or takes a bit with every turn, and both only go up. And
// it stays inside: data words are read up to one beyond a photo's own, and the host leaves two words after the last;
// intervals and slots are compared with their counts before they are used; a block is written below its interval's
// limit alone, which is at most the photo's number of blocks, at an index below 64. So the coefficients of one photo
// cannot reach another's.

const CHUNK_BITS: u32 = 1024u;
const LANES: u32 = 128u;
const ROUNDS: u32 = 32u;
// Of the lookups: the bits they go by. An entry is a code's length, its run << 8 and its size << 12, two a word.
const DC_LOOK: u32 = 8u;
const AC_LOOK: u32 = 10u;
const DC_WORDS: u32 = 128u;
const AC_WORDS: u32 = 512u;
// A table: 16 counts in 4 words, 256 symbols in 64.
const TABLE_WORDS: u32 = 68u;
const DAMAGED: u32 = 1u;
const UNSETTLED: u32 = 2u;

struct Photo {
    // First word of its data, and how many bits they have.
    data: u32,
    bits: u32,
    first_interval: u32,
    intervals: u32,
    // Blocks of an interval, and of the photo.
    interval_blocks: u32,
    blocks: u32,
    // Its first block among all coefficients.
    first_block: u32,
    // Blocks of an MCU, and the component of each, two bits a slot.
    slots: u32,
    components: u32,
    first_chunk: u32,
    chunks: u32,
    first_group: u32,
    // The tables of each component.
    dc: array<u32, 3>,
    ac: array<u32, 3>,
}

// What the next bits mean: `mark` is the slot << 6 and the index in the block.
struct Cursor {
    bit: u32,
    mark: u32,
    interval: u32,
}

struct Tally {
    is_absolute: u32,
    blocks: u32,
    dc: array<i32, 3>,
}

struct Chunk {
    entry: Cursor,
    exit: Cursor,
    tally: Tally,
}

// Big-endian bytes in little-endian words.
@group(0) @binding(0) var<storage, read> data: array<u32>;
@group(0) @binding(1) var<storage, read> photos: array<Photo>;
@group(0) @binding(2) var<storage, read> tables: array<u32>;
// Where intervals end, in bytes of their photo.
@group(0) @binding(3) var<storage, read> ends: array<u32>;
@group(0) @binding(4) var<storage, read_write> chunks: array<Chunk>;
@group(0) @binding(6) var<storage, read_write> states: array<atomic<u32>>;
// Two a word, in zigzag order, all zero before.
@group(0) @binding(7) var<storage, read_write> coefficients: array<atomic<u32>>;

var<workgroup> dc_lookup: array<u32, 384>;
var<workgroup> ac_lookup: array<u32, 1536>;
// Of DC and AC tables by turns: one more than the highest code of each length, left-aligned to 16 bits, or 0; and the
// index of its first symbol less its first code.
var<workgroup> code_ends: array<u32, 96>;
var<workgroup> offsets: array<i32, 96>;
// One more than the highest code of any length, left-aligned to 16 bits.
var<workgroup> code_tops: array<u32, 6>;

var<private> photo: Photo;
var<private> photo_index: u32;
var<private> at: Cursor;
var<private> tally: Tally;
var<private> held: u32;
var<private> first: u32;
var<private> second: u32;

fn group_number(group: vec3<u32>, groups: vec3<u32>) -> u32 {
    return group.x + group.y * groups.x;
}

// The last photo whose first group is not beyond this one.
fn find_photo(group: u32) {
    var low = 0u;
    var high = arrayLength(&photos);
    while (high - low > 1u) {
        let middle = (low + high) / 2u;
        if (photos[middle].first_group <= group) {
            low = middle;
        } else {
            high = middle;
        }
    }
    photo_index = low;
    photo = photos[low];
}

// The table of a component: DC and AC by turns.
fn table_word(which: u32) -> u32 {
    let component = which >> 1u;
    let index = select(photo.dc[component], photo.ac[component], (which & 1u) == 1u);
    return index * TABLE_WORDS;
}

// The entry of the code that 16 bits begin with, if it has `most` bits at most; else 0.
fn find_code(which: u32, code: u32, most: u32) -> u32 {
    for (var length = 1u; length <= most; length++) {
        let slot = which * 16u + length - 1u;
        if (code < code_ends[slot]) {
            let index = u32(i32(code >> (16u - length)) + offsets[slot]) & 255u;
            let symbol = (tables[table_word(which) + 4u + (index >> 2u)] >> ((index & 3u) * 8u)) & 255u;
            return length | ((symbol >> 4u) << 8u) | ((symbol & 15u) << 12u);
        }
    }
    return 0u;
}

fn two_codes(which: u32, word: u32, look: u32) -> u32 {
    let low = find_code(which, (2u * word) << (16u - look), look);
    return low | (find_code(which, (2u * word + 1u) << (16u - look), look) << 16u);
}

fn build_tables(lane: u32) {
    if (lane < 6u) {
        let words_at = table_word(lane);
        var code = 0u;
        var index = 0u;
        var top = 0u;
        for (var i = 0u; i < 16u; i++) {
            let count = (tables[words_at + (i >> 2u)] >> ((i & 3u) * 8u)) & 255u;
            offsets[lane * 16u + i] = i32(index) - i32(code);
            code += count;
            index += count;
            code_ends[lane * 16u + i] = select(0u, code << (15u - i), count > 0u);
            top = max(top, code_ends[lane * 16u + i]);
            code <<= 1u;
        }
        code_tops[lane] = top;
    }
    workgroupBarrier();
    for (var i = lane; i < 3u * DC_WORDS; i += LANES) {
        dc_lookup[i] = two_codes(2u * (i / DC_WORDS), i % DC_WORDS, DC_LOOK);
    }
    for (var i = lane; i < 3u * AC_WORDS; i += LANES) {
        ac_lookup[i] = two_codes(2u * (i / AC_WORDS) + 1u, i % AC_WORDS, AC_LOOK);
    }
    workgroupBarrier();
}

fn load_word(index: u32) -> u32 {
    let word = data[photo.data + index];
    return (word << 24u) | ((word & 0xff00u) << 8u) | ((word >> 8u) & 0xff00u) | (word >> 24u);
}

// The 32 bits from `bit` on, through the two words held.
fn window(bit: u32) -> u32 {
    let index = bit >> 5u;
    if (index != held) {
        if (index == held + 1u) {
            first = second;
        } else {
            first = load_word(index);
        }
        second = load_word(index + 1u);
        held = index;
    }
    let shift = bit & 31u;
    return select((first << shift) | (second >> ((32u - shift) & 31u)), first, shift == 0u);
}

fn lookup(component: u32, is_dc: bool, code: u32) -> u32 {
    var entry: u32;
    if (is_dc) {
        let place = code >> (16u - DC_LOOK);
        entry = (dc_lookup[component * DC_WORDS + (place >> 1u)] >> ((place & 1u) * 16u)) & 0xffffu;
    } else {
        let place = code >> (16u - AC_LOOK);
        entry = (ac_lookup[component * AC_WORDS + (place >> 1u)] >> ((place & 1u) * 16u)) & 0xffffu;
    }
    // Longer than the lookup's bits, or no code at all, which wrong guesses often meet.
    let which = 2u * component + select(1u, 0u, is_dc);
    if (entry == 0u && code < code_tops[which]) {
        entry = find_code(which, code, 16u);
    }
    return entry;
}

fn put(index: u32, value: i32) {
    let bits = (bitcast<u32>(value) & 0xffffu) << ((index & 1u) * 16u);
    atomicOr(&coefficients[(photo.first_block + tally.blocks) * 32u + (index >> 1u)], bits);
}

fn report(state: u32) {
    atomicOr(&states[photo_index], state);
}

// A code and its value, which end at `end` at the latest.
fn step(end: u32, is_writing: bool) {
    let slot = at.mark >> 6u;
    var index = at.mark & 63u;
    let component = (photo.components >> (2u * slot)) & 3u;
    let bits = window(at.bit);
    let entry = lookup(component, index == 0u, bits >> 16u);
    if (entry == 0u) {
        if (is_writing) {
            report(DAMAGED);
        }
        at.bit += 1u;
        return;
    }
    let length = entry & 31u;
    let size = entry >> 12u;
    let zeros = (entry >> 8u) & 15u;
    at.bit += length + size;
    if (at.bit > end) {
        at.bit = end;
        return;
    }
    // A leading zero makes it negative; in two steps, since a shift by 32 does not exist.
    let raw = i32((bits << length) >> 1u >> (31u - size));
    let value = select(raw, raw - i32((1u << size) - 1u), raw < i32((1u << size) >> 1u));
    if (index == 0u) {
        tally.dc[component] += value;
        if (is_writing) {
            put(0u, tally.dc[component]);
        }
        index = 1u;
    } else if (size == 0u) {
        index = select(64u, index + 16u, zeros == 15u);
    } else {
        index += zeros;
        if (is_writing) {
            if (index < 64u) {
                put(index, value);
            } else {
                report(DAMAGED);
            }
        }
        index += 1u;
    }
    if (index >= 64u) {
        tally.blocks += 1u;
        at.mark = select(slot + 1u, 0u, slot + 1u == photo.slots) << 6u;
    } else {
        at.mark = (slot << 6u) | index;
    }
}

fn interval_end(interval: u32) -> u32 {
    return ends[photo.first_interval + interval] * 8u;
}

// Decodes up to `stop` from where `at` is.
fn run(stop: u32, is_writing: bool) {
    held = 0xfffffff0u;
    while (at.interval < photo.intervals) {
        let end = interval_end(at.interval);
        let limit = min(photo.blocks, (at.interval + 1u) * photo.interval_blocks);
        // Within the interval only the bits and the blocks change.
        while (at.bit < min(end, stop)) {
            if (is_writing && tally.blocks >= limit) {
                // What follows the last block of an interval is filling.
                at.bit = end;
            } else {
                step(end, is_writing);
            }
        }
        if (at.bit < end) {
            return;
        }
        if (is_writing && tally.blocks < limit) {
            report(DAMAGED);
        }
        at = Cursor(end, 0u, at.interval + 1u);
        tally = Tally(1u, at.interval * photo.interval_blocks, array<i32, 3>(0, 0, 0));
    }
}

