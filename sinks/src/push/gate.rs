//! Whether a request may be sent now: the circuit breaker, what the receiver asked for by `Retry-After`, and its rate.
//!
//! One a subscription for as long as the process lives: a sink that is opened anew finds it as it was.

use std::sync::{Mutex, PoisonError};

use super::config::WebhookConfig;

/// How a circuit breaker stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Breaker {
    /// Requests flow.
    Closed,
    /// One request is on trial.
    HalfOpen,
    /// None is sent.
    Open,
}

/// The answer to a request that is ready to go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Admission {
    Go,
    /// Not before this time (milliseconds since the epoch).
    Wait(i64),
}

/// How the receiver seems to be, after a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Health {
    /// It answered, whatever it said.
    Well,
    /// 5xx, or no whole answer.
    Sick,
    /// The request was given up from our side.
    Unknown,
}

#[derive(Clone, Copy)]
enum Phase {
    Closed { failures: u32 },
    Open { until_ms: i64 },
    Trial,
}

struct State {
    phase: Phase,
    /// What the receiver asked for.
    not_before_ms: i64,
    /// Milliseconds between two requests.
    interval_ms: i64,
    /// When the next request may go by the rate.
    next_ms: i64,
}

/// See the module.
pub(super) struct Gate {
    failures: u32,
    open_ms: i64,
    state: Mutex<State>,
}

impl Gate {
    pub(super) fn new(config: &WebhookConfig) -> Self {
        let phase = Phase::Closed { failures: 0 };
        let state = State { phase, not_before_ms: i64::MIN, interval_ms: 0, next_ms: i64::MIN };
        let (failures, open_ms) = (config.breaker_failures.get(), config.breaker_open_ms.into());
        Self { failures, open_ms, state: Mutex::new(state) }
    }

    /// Requests a minute that the receiver allows; none: any number.
    pub(super) fn limit(&self, per_minute: Option<u32>) {
        let interval = per_minute.map_or(0, |rate| 60_000 / i64::from(rate.max(1)));
        self.with(|state| state.interval_ms = interval);
    }

    /// When a request might go, without sending one.
    pub(super) fn opens_ms(&self, now_ms: i64) -> Option<i64> {
        self.with(|state| state.closed_until(now_ms, self.open_ms))
    }

    /// Asks for a request. Who is let through must say how it ended.
    pub(super) fn admit(&self, now_ms: i64) -> Admission {
        self.with(|state| {
            if let Some(until) = state.closed_until(now_ms, self.open_ms) {
                return Admission::Wait(until);
            }
            if let Phase::Open { .. } = state.phase {
                state.phase = Phase::Trial;
            }
            state.next_ms = now_ms + state.interval_ms;
            Admission::Go
        })
    }

    /// Notes how a request ended.
    pub(super) fn note(&self, now_ms: i64, health: Health, not_before_ms: Option<i64>) {
        self.with(|state| {
            let open = Phase::Open { until_ms: now_ms + self.open_ms };
            state.phase = match (state.phase, health) {
                (Phase::Closed { .. } | Phase::Trial, Health::Well) => Phase::Closed { failures: 0 },
                (Phase::Closed { failures }, Health::Sick) if failures + 1 < self.failures => {
                    Phase::Closed { failures: failures + 1 }
                }
                (Phase::Closed { .. } | Phase::Trial, Health::Sick) => open,
                (Phase::Trial, Health::Unknown) => Phase::Open { until_ms: now_ms },
                // What was sent before it opened says nothing new.
                (phase, _) => phase,
            };
            if let Some(until) = not_before_ms {
                state.not_before_ms = state.not_before_ms.max(until);
            }
        });
    }

    pub(super) fn breaker(&self) -> Breaker {
        self.with(|state| match state.phase {
            Phase::Closed { .. } => Breaker::Closed,
            Phase::Open { .. } => Breaker::Open,
            Phase::Trial => Breaker::HalfOpen,
        })
    }

    fn with<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl State {
    fn closed_until(&self, now_ms: i64, open_ms: i64) -> Option<i64> {
        let breaker = match self.phase {
            Phase::Closed { .. } => i64::MIN,
            Phase::Open { until_ms } => until_ms,
            Phase::Trial => now_ms + open_ms.max(1),
        };
        let until = breaker.max(self.not_before_ms).max(self.next_ms);
        (until > now_ms).then_some(until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate() -> Gate {
        Gate::new(&WebhookConfig::default())
    }

    #[test]
    fn three_failures_open_it_for_three_seconds_and_then_one_is_on_trial() {
        let gate = gate();
        for now in 0..3 {
            assert_eq!(gate.admit(now), Admission::Go);
            gate.note(now, Health::Sick, None);
        }
        assert_eq!((gate.breaker(), gate.admit(3001)), (Breaker::Open, Admission::Wait(3002)));
        assert_eq!((gate.admit(3002), gate.breaker()), (Admission::Go, Breaker::HalfOpen));
        assert_eq!(gate.admit(3003), Admission::Wait(6003));
        gate.note(3010, Health::Sick, None);
        assert_eq!((gate.breaker(), gate.opens_ms(3010)), (Breaker::Open, Some(6010)));
        assert_eq!(gate.admit(6010), Admission::Go);
        gate.note(6020, Health::Well, None);
        assert_eq!((gate.breaker(), gate.admit(6020)), (Breaker::Closed, Admission::Go));
    }

    #[test]
    fn a_success_between_failures_keeps_it_closed_and_a_lost_trial_is_tried_again() {
        let gate = gate();
        for health in [Health::Sick, Health::Sick, Health::Well, Health::Sick, Health::Sick] {
            gate.note(0, health, None);
        }
        assert_eq!(gate.breaker(), Breaker::Closed);
        gate.note(0, Health::Sick, None);
        assert_eq!((gate.breaker(), gate.admit(3000)), (Breaker::Open, Admission::Go));
        gate.note(3001, Health::Unknown, None);
        assert_eq!(gate.admit(3001), Admission::Go);
    }

    #[test]
    fn the_receiver_is_asked_no_sooner_and_no_oftener_than_it_wants() {
        let gate = gate();
        gate.note(0, Health::Well, Some(5000));
        assert_eq!((gate.admit(4999), gate.admit(5000)), (Admission::Wait(5000), Admission::Go));
        gate.limit(Some(120));
        assert_eq!((gate.admit(6000), gate.admit(6499)), (Admission::Go, Admission::Wait(6500)));
        assert_eq!(gate.admit(6500), Admission::Go);
    }
}
