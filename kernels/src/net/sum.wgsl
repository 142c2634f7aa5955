// The buffers of what ends in an epilogue.

@group(0) @binding(1) var<storage, read> left: array<In1>;
@group(0) @binding(2) var<storage, read> right: array<In2>;
@group(0) @binding(3) var<storage, read> bias: array<In3>;
@group(0) @binding(4) var<storage, read> residual: array<In4>;
@group(0) @binding(5) var<storage, read_write> result: array<Out>;

fn finish(epilogue: Epilogue, sum: f32, bias_at: u32, at: u32) {
    var value = sum;
    if (epilogue.has_bias != 0u) {
        value += f32(bias[bias_at]);
    }
    value = activate(epilogue.code, epilogue.p, epilogue.q, value);
    if (epilogue.has_residual != 0u) {
        value += f32(residual[at]);
    }
    result[at] = out(value);
}
