//! All groups, and the waiting in them. Nobody watches the time for a group: those who wait in it do, and whoever asks.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use event_listener::Event;
use kafka_protocol::error::ResponseError;
use tokio::sync::watch;
use tokio::time::{Instant, timeout_at};

use super::member::{Budget, Joining};
use super::state::{Join, Phase, Refused, State};
use crate::kafka::KafkaConfig;

/// All groups that have members.
pub(in crate::kafka) struct Groups {
    by_name: Mutex<HashMap<String, Arc<Group>>>,
    budget: Budget,
    max_groups: usize,
    max_members: usize,
    ids: AtomicU64,
    /// Random, and other in each process: ids are not met again after a restart.
    salt: RandomState,
}

/// A group.
pub(super) struct Group {
    state: Mutex<State>,
    changed: Event,
}

/// What a member is told that has joined.
#[derive(Debug)]
pub(in crate::kafka) struct Joined {
    pub(in crate::kafka) generation: i32,
    pub(in crate::kafka) protocol_type: String,
    pub(in crate::kafka) protocol: String,
    pub(in crate::kafka) leader: String,
    /// All members with their instances and what they say about themselves, for the leader; nothing for others.
    pub(in crate::kafka) members: Vec<(String, Option<String>, Bytes)>,
}

/// What a member is told that is to work.
#[derive(Debug)]
pub(in crate::kafka) struct Synced {
    pub(in crate::kafka) protocol_type: String,
    pub(in crate::kafka) protocol: String,
    pub(in crate::kafka) assignment: Bytes,
}

/// A member as a request names it.
#[derive(Debug, Clone, Copy)]
pub(in crate::kafka) struct Named<'a> {
    pub(in crate::kafka) id: &'a str,
    pub(in crate::kafka) instance: Option<&'a str>,
    pub(in crate::kafka) generation: i32,
}

impl Group {
    /// The state as it is by now. Nothing in `State` is left half done by a panic elsewhere.
    pub(super) fn lock(&self) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let before = (state.phase, state.generation, state.members.len());
        state.expire(Instant::now());
        if before != (state.phase, state.generation, state.members.len()) {
            self.changed.notify(usize::MAX);
        }
        state
    }

    fn change<T>(&self, change: impl FnOnce(&mut State, Instant) -> T) -> T {
        let mut state = self.lock();
        let changed = change(&mut state, Instant::now());
        drop(state);
        self.changed.notify(usize::MAX);
        changed
    }

    /// Waits until `look` has an answer. The member counts as alive meanwhile.
    async fn wait<T>(
        &self,
        id: &str,
        stop: &mut watch::Receiver<bool>,
        look: impl Fn(&State) -> Option<Result<T, Refused>>,
    ) -> Result<T, Refused> {
        let _alive = Waiting::new(self, id);
        loop {
            let changed = self.changed.listen();
            let expiry = {
                let state = self.lock();
                if let Some(answer) = look(&state) {
                    return answer;
                }
                state.next_expiry()
            };
            let changed = async {
                match expiry {
                    Some(at) => _ = timeout_at(at, changed).await,
                    None => changed.await,
                }
            };
            tokio::select! {
                () = changed => {}
                _ = stop.wait_for(|stopping| *stopping) => return Err(Refused::CoordinatorNotAvailable),
            }
        }
    }
}

/// A request of a member is being held back.
struct Waiting<'a> {
    group: &'a Group,
    id: &'a str,
}

impl<'a> Waiting<'a> {
    fn new(group: &'a Group, id: &'a str) -> Self {
        if let Some(member) = group.lock().members.get_mut(id) {
            member.waiting += 1;
        }
        Self { group, id }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        let mut state = self.group.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(member) = state.members.get_mut(self.id) {
            member.waiting = member.waiting.saturating_sub(1);
            member.heard = Instant::now();
        }
    }
}

impl Groups {
    pub(in crate::kafka) fn new(config: &KafkaConfig) -> Self {
        Self {
            by_name: Mutex::default(),
            budget: Budget::new(config.max_group_bytes),
            max_groups: config.max_groups,
            max_members: config.max_group_members,
            ids: AtomicU64::new(0),
            salt: RandomState::new(),
        }
    }

    /// A new member's id.
    pub(in crate::kafka) fn new_id(&self, client: &str) -> String {
        let number = self.ids.fetch_add(1, Ordering::Relaxed);
        let (high, low) = (self.salt.hash_one(number), self.salt.hash_one(!number));
        let client: String = client.chars().take(64).collect();
        format!("{client}-{high:016x}{low:016x}")
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<String, Arc<Group>>> {
        self.by_name.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A group that has members.
    pub(super) fn get(&self, name: &str) -> Option<Arc<Group>> {
        self.lock().get(name).cloned()
    }

    /// All groups that have members, by name.
    pub(super) fn all(&self) -> Vec<(String, Arc<Group>)> {
        self.lock().iter().map(|(name, group)| (name.clone(), Arc::clone(group))).collect()
    }

    fn get_or_begin(&self, name: &str) -> Result<Arc<Group>, Refused> {
        let mut by_name = self.lock();
        if !by_name.contains_key(name) && by_name.len() >= self.max_groups {
            by_name.retain(|_, group| Arc::strong_count(group) > 1 || !group.lock().is_void());
            if by_name.len() >= self.max_groups {
                return Err(Refused::CoordinatorNotAvailable);
            }
        }
        let begin = || {
            let state = Mutex::new(State::new(self.budget.clone(), self.max_members));
            Arc::new(Group { state, changed: Event::new() })
        };
        Ok(Arc::clone(by_name.entry(name.to_owned()).or_insert_with(begin)))
    }

    /// Gives a new member its id, to join with.
    pub(in crate::kafka) fn reserve(&self, name: &str, id: &str, about: &Joining) -> Result<(), Refused> {
        self.get_or_begin(name)?.change(|state, now| state.reserve(id.to_owned(), about, now))
    }

    /// A member joins, and waits for the others.
    pub(in crate::kafka) async fn join(
        &self,
        name: &str,
        id: &str,
        about: Joining,
        stop: &mut watch::Receiver<bool>,
    ) -> Result<Joined, Refused> {
        let group = self.get_or_begin(name)?;
        let (before, outcome) = group.change(|state, now| {
            let before = state.generation;
            let replaced = if state.members.contains_key(id) { None } else { state.replace(id, &about, now) };
            (before, replaced.unwrap_or_else(|| state.join(id, about, now)))
        });
        if outcome? == Join::Stands {
            return joined(&group.lock(), id);
        }
        group
            .wait(id, stop, |state| {
                if !state.members.contains_key(id) {
                    return Some(Err(Refused::UnknownMemberId));
                }
                let begun = state.generation != before;
                match state.phase {
                    Phase::Syncing | Phase::Stable if begun => Some(joined(state, id)),
                    // The next rebalance began before this one could tell.
                    _ if begun => Some(Err(Refused::RebalanceInProgress)),
                    _ => None,
                }
            })
            .await
    }

    /// The leader shares out, the others wait for it.
    pub(in crate::kafka) async fn sync(
        &self,
        name: &str,
        member: Named<'_>,
        protocol: (Option<&str>, Option<&str>),
        assignments: Vec<(String, Bytes)>,
        stop: &mut watch::Receiver<bool>,
    ) -> Result<Synced, Refused> {
        let group = self.get(name).ok_or(Refused::UnknownMemberId)?;
        group.change(|state, now| {
            state.hear(member.id, member.instance, member.generation, now)?;
            if protocol.0.is_some_and(|kind| kind != state.protocol_type)
                || protocol.1.is_some_and(|name| name != state.protocol)
            {
                return Err(Refused::InconsistentGroupProtocol);
            }
            let shares_out = state.phase == Phase::Syncing && state.leader == member.id;
            if shares_out { state.assign(assignments, now) } else { Ok(()) }
        })?;
        group
            .wait(member.id, stop, |state| {
                let Some(one) = state.members.get(member.id) else { return Some(Err(Refused::UnknownMemberId)) };
                match state.phase {
                    Phase::Syncing if state.generation == member.generation => None,
                    Phase::Stable if state.generation == member.generation => Some(Ok(Synced {
                        protocol_type: state.protocol_type.clone(),
                        protocol: state.protocol.clone(),
                        assignment: one.assignment.clone(),
                    })),
                    _ => Some(Err(Refused::RebalanceInProgress)),
                }
            })
            .await
    }

    /// A member lives.
    pub(in crate::kafka) fn heartbeat(&self, name: &str, member: Named<'_>) -> Result<(), Refused> {
        let group = self.get(name).ok_or(Refused::UnknownMemberId)?;
        let mut state = group.lock();
        state.hear(member.id, member.instance, member.generation, Instant::now())?;
        if matches!(state.phase, Phase::Joining(_)) { Err(Refused::RebalanceInProgress) } else { Ok(()) }
    }

    /// Whether one may commit: a member of the current generation, or anybody where there are no members.
    pub(in crate::kafka) fn may_commit(&self, name: &str, member: Named<'_>) -> Result<(), Refused> {
        let group = self.get(name);
        let mut state = match &group {
            Some(group) => group.lock(),
            None if member.generation < 0 => return Ok(()),
            None => return Err(Refused::IllegalGeneration),
        };
        if member.generation < 0 && member.id.is_empty() && state.members.is_empty() {
            return Ok(());
        }
        state.hear(member.id, member.instance, member.generation, Instant::now())?;
        // Between generations only the assignment before the rebalance may still be committed.
        if state.phase == Phase::Syncing { Err(Refused::RebalanceInProgress) } else { Ok(()) }
    }

    /// A member leaves, named by its id or its instance.
    pub(in crate::kafka) fn leave(&self, name: &str, id: &str, instance: Option<&str>) -> Result<(), Refused> {
        let group = self.get(name).ok_or(Refused::UnknownMemberId)?;
        let left = group.change(|state, now| {
            let named = instance.filter(|_| id.is_empty()).and_then(|instance| {
                let found = state.members.iter().find(|(_, one)| one.about.instance.as_deref() == Some(instance));
                found.map(|(id, _)| id.clone())
            });
            state.remove(named.as_deref().unwrap_or(id), now)
        });
        drop(group);
        self.forget_void(name);
        if left { Ok(()) } else { Err(ResponseError::UnknownMemberId) }
    }

    /// Forgets a group without members, unless somebody is just coming in.
    pub(super) fn forget_void(&self, name: &str) {
        let mut by_name = self.lock();
        if by_name.get(name).is_some_and(|group| Arc::strong_count(group) == 1 && group.lock().is_void()) {
            by_name.remove(name);
        }
    }
}

/// What a member of the current generation is told.
fn joined(state: &State, id: &str) -> Result<Joined, Refused> {
    let about = |(id, member): (&String, &super::member::Member)| {
        let about = member.about_protocol(&state.protocol).cloned().unwrap_or_default();
        (id.clone(), member.about.instance.clone(), about)
    };
    let members = if state.leader == id { state.members.iter().map(about).collect() } else { Vec::new() };
    Ok(Joined {
        generation: state.generation,
        protocol_type: state.protocol_type.clone(),
        protocol: state.protocol.clone(),
        leader: state.leader.clone(),
        members,
    })
}
