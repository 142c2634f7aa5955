// A product of matrices in tiles. A workgroup makes TILE_M x TILE_N values of one product of the batch; an invocation
// ROWS x 4 of them. Both sides go through workgroup memory, DEPTH of their depth at a time. What the sides are
// is said by extent, left_at and right_at, which are never asked beyond the extent.

const TILE_M = LANES_M * ROWS;
const TILE_N = LANES_N * 4u;
const DEPTH = 16u;
const LANES = LANES_M * LANES_N;
// One more than a row of the tile: neighbours along the depth then lie in different banks.
const PITCH = TILE_M + 1u;

var<workgroup> left_tile: array<f32, PITCH * DEPTH>;
var<workgroup> right_tile: array<vec4<f32>, DEPTH * LANES_N>;

@compute @workgroup_size(LANES_N, LANES_M)
fn tile(
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(local_invocation_id) lane: vec3<u32>,
    @builtin(local_invocation_index) index: u32,
) {
    // Rows, columns, depth.
    let size = extent();
    let first = vec2<u32>(group.y * TILE_M, group.x * TILE_N);
    let batch = group.z;
    var sums: array<vec4<f32>, ROWS>;
    for (var start = 0u; start < size.z; start += DEPTH) {
        for (var at = index; at < TILE_M * DEPTH; at += LANES) {
            let row = first.x + at / DEPTH;
            let depth = start + at % DEPTH;
            var value = 0.0;
            if (row < size.x && depth < size.z) {
                value = left_at(batch, row, depth);
            }
            left_tile[at % DEPTH * PITCH + at / DEPTH] = value;
        }
        for (var at = index; at < DEPTH * LANES_N; at += LANES) {
            let depth = start + at / LANES_N;
            let column = first.y + at % LANES_N * 4u;
            var values = vec4<f32>();
            for (var i = 0u; i < 4u; i++) {
                if (depth < size.z && column + i < size.y) {
                    values[i] = right_at(batch, depth, column + i);
                }
            }
            right_tile[at] = values;
        }
        workgroupBarrier();
        for (var depth = 0u; depth < DEPTH; depth++) {
            let values = right_tile[depth * LANES_N + lane.x];
            for (var i = 0u; i < ROWS; i++) {
                sums[i] += left_tile[depth * PITCH + lane.y * ROWS + i] * values;
            }
        }
        workgroupBarrier();
    }
    for (var i = 0u; i < ROWS; i++) {
        let row = first.x + lane.y * ROWS + i;
        for (var j = 0u; j < 4u; j++) {
            let column = first.y + lane.x * 4u + j;
            if (row < size.x && column < size.y) {
                finish(params.epilogue, sums[i][j], bias_at(row, column), (batch * size.x + row) * size.y + column);
            }
        }
    }
}
