// Functions of one value and what is done to a sum: the twin of activation.rs and of Epilogue::finish.

struct Epilogue {
    has_bias: u32,
    has_residual: u32,
    code: u32,
    p: f32,
    q: f32,
}

fn activate(code: u32, p: f32, q: f32, x: f32) -> f32 {
    switch code {
        case 1u: { return max(x, 0.0); }
        case 2u: { return select(x, x * p, x < 0.0); }
        case 3u: { return sigmoid(x); }
        case 4u: { return clamp(p * x + q, 0.0, 1.0); }
        case 5u: { return x * sigmoid(x); }
        case 6u: { return 0.5 * x * (1.0 + erf(x * 0.70710678)); }
        // Drivers may compute it from powers of e, which overflow; it is 1 long before that.
        case 7u: { return tanh(clamp(x, -15.0, 15.0)); }
        case 8u: { return x * p; }
        default: { return x; }
    }
}

fn sigmoid(x: f32) -> f32 {
    return 1.0 / (1.0 + exp(-clamp(x, -80.0, 80.0)));
}

fn erf(x: f32) -> f32 {
    let t = 1.0 / (1.0 + 0.3275911 * abs(x));
    let poly = ((((1.0614054 * t - 1.4531521) * t + 1.4214138) * t - 0.28449672) * t + 0.2548296) * t;
    return sign(x) * (1.0 - poly * exp(-x * x));
}
