//! The state of a consumer group (Kafka's classic group protocol), without waiting and without a clock: what may have
//! timed out is looked at whenever somebody asks.
//!
//! ```text
//! Empty → Joining → Syncing → Stable → Joining …
//! ```
//! A rebalance waits until all members have joined again, or leaves those out that took too long. Then there is a new
//! generation with a leader, which shares the partitions out, and its members are told.

use std::collections::BTreeMap;

use bytes::Bytes;
use kafka_protocol::error::ResponseError;
use tokio::time::Instant;

use super::member::{Budget, Joining, Member};

/// Where a group is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Empty,
    /// Members join until then.
    Joining(Instant),
    /// The leader is to share out.
    Syncing,
    Stable,
}

/// What the protocol's error is.
pub(super) type Refused = ResponseError;

/// A group.
#[derive(Debug)]
pub(super) struct State {
    pub(super) phase: Phase,
    pub(super) generation: i32,
    pub(super) protocol_type: String,
    pub(super) protocol: String,
    pub(super) leader: String,
    pub(super) members: BTreeMap<String, Member>,
    /// Ids that were given out and have not joined yet, until when they may.
    reserved: BTreeMap<String, Instant>,
    budget: Budget,
    max_members: usize,
}

/// What became of a join.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Join {
    /// The member takes part in the rebalance that is going on.
    Waits,
    /// Nothing changes: the generation is as it was.
    Stands,
}

impl State {
    pub(super) fn new(budget: Budget, max_members: usize) -> Self {
        Self {
            phase: Phase::Empty,
            generation: 0,
            protocol_type: String::new(),
            protocol: String::new(),
            leader: String::new(),
            members: BTreeMap::new(),
            reserved: BTreeMap::new(),
            budget,
            max_members,
        }
    }

    /// Whether there is nothing to remember.
    pub(super) fn is_void(&self) -> bool {
        self.members.is_empty() && self.reserved.is_empty()
    }

    /// Gives an id to one who is to join with it (KIP-394): one who never comes back costs nothing but that.
    pub(super) fn reserve(&mut self, id: String, about: &Joining, now: Instant) -> Result<(), Refused> {
        self.acceptable(about)?;
        self.has_place()?;
        self.reserved.insert(id, now + about.session);
        Ok(())
    }

    fn has_place(&self) -> Result<(), Refused> {
        let full = self.members.len() + self.reserved.len() >= self.max_members;
        if full { Err(Refused::GroupMaxSizeReached) } else { Ok(()) }
    }

    /// Whether one can be a member beside those that are there.
    fn acceptable(&self, about: &Joining) -> Result<(), Refused> {
        let shared = |name: &str| self.members.values().all(|member| member.about_protocol(name).is_some());
        let fits = self.members.is_empty()
            || (about.protocol_type == self.protocol_type && about.protocols.iter().any(|(name, _)| shared(name)));
        let says = !about.protocol_type.is_empty() && !about.protocols.is_empty();
        if fits && says { Ok(()) } else { Err(Refused::InconsistentGroupProtocol) }
    }

    /// A member joins: a new one, or one that is there already.
    pub(super) fn join(&mut self, id: &str, about: Joining, now: Instant) -> Result<Join, Refused> {
        self.acceptable(&about)?;
        let Some(member) = self.members.get_mut(id) else { return self.enter(id, about, now) };
        if member.about.instance != about.instance {
            return Err(Refused::FencedInstanceId);
        }
        self.reserved.remove(id);
        let same = member.about.protocols == about.protocols;
        member.renew(about, &self.budget).ok_or(Refused::GroupMaxSizeReached)?;
        member.heard = now;
        match self.phase {
            Phase::Stable if same && self.leader != id => return Ok(Join::Stands),
            Phase::Syncing if same => return Ok(Join::Stands),
            Phase::Joining(_) => {}
            _ => self.rebalance(now),
        }
        self.take_part(id, now);
        Ok(Join::Waits)
    }

    fn enter(&mut self, id: &str, about: Joining, now: Instant) -> Result<Join, Refused> {
        if self.reserved.remove(id).is_none() {
            return Err(Refused::UnknownMemberId);
        }
        self.protocol_type.clone_from(&about.protocol_type);
        let member = Member::new(about, now, &self.budget).ok_or(Refused::GroupMaxSizeReached)?;
        self.members.insert(id.to_owned(), member);
        if !matches!(self.phase, Phase::Joining(_)) {
            self.rebalance(now);
        }
        self.take_part(id, now);
        Ok(Join::Waits)
    }

    /// A static member comes back under a new id and takes its own place again, without a rebalance if it can
    /// (KIP-345). `None` when there is none of that instance.
    pub(super) fn replace(&mut self, id: &str, about: &Joining, now: Instant) -> Option<Result<Join, Refused>> {
        let instance = about.instance.as_ref()?;
        let same = |member: &Member| member.about.instance.as_ref() == Some(instance);
        let old = self.members.iter().find(|(_, member)| same(member)).map(|(id, _)| id.clone())?;
        let mut member = self.members.remove(&old)?;
        let same = member.about.protocols == about.protocols;
        (member.waiting, member.heard) = (0, now);
        self.members.insert(id.to_owned(), member);
        if self.leader == old {
            id.clone_into(&mut self.leader);
        }
        // Even a leader goes on with what it had: what it shares out now is not asked for.
        if same && self.phase == Phase::Stable {
            self.reserved.remove(id);
            return Some(Ok(Join::Stands));
        }
        Some(self.join(id, about.clone(), now))
    }

    fn take_part(&mut self, id: &str, now: Instant) {
        if let Some(member) = self.members.get_mut(id) {
            (member.joined, member.heard) = (true, now);
        }
        self.complete(now);
    }

    /// Begins a rebalance.
    fn rebalance(&mut self, now: Instant) {
        let longest = self.members.values().map(|member| member.about.rebalance).max().unwrap_or_default();
        self.phase = Phase::Joining(now + longest);
        self.members.values_mut().for_each(|member| member.joined = false);
    }

    /// Begins the next generation, if all have joined or took too long.
    fn complete(&mut self, now: Instant) {
        let Phase::Joining(deadline) = self.phase else { return };
        if now >= deadline {
            self.members.retain(|_, member| member.joined);
        }
        if self.members.is_empty() {
            self.phase = Phase::Empty;
            return;
        }
        if self.members.values().any(|member| !member.joined) {
            return;
        }
        self.generation = self.generation.wrapping_add(1).max(1);
        self.protocol = self.elected();
        if !self.members.contains_key(&self.leader) {
            self.leader = self.members.keys().next().cloned().unwrap_or_default();
        }
        for member in self.members.values_mut() {
            (member.assignment, member.heard) = (Bytes::new(), now);
        }
        self.phase = Phase::Syncing;
    }

    /// The protocol that most members prefer among those that all of them offer.
    fn elected(&self) -> String {
        let shared = |name: &str| self.members.values().all(|member| member.about_protocol(name).is_some());
        let mut votes: BTreeMap<&str, usize> = BTreeMap::new();
        for member in self.members.values() {
            let preferred = member.about.protocols.iter().map(|(name, _)| name.as_str()).find(|name| shared(name));
            *votes.entry(preferred.unwrap_or_default()).or_default() += 1;
        }
        votes.into_iter().max_by_key(|(_, count)| *count).map(|(name, _)| name.to_owned()).unwrap_or_default()
    }

    /// What has timed out by now: sessions, reservations, the wait for members.
    pub(super) fn expire(&mut self, now: Instant) {
        self.reserved.retain(|_, until| *until > now);
        let gone = |member: &Member| member.expires().is_some_and(|at| at <= now);
        let gone: Vec<String> =
            self.members.iter().filter(|(_, member)| gone(member)).map(|(id, _)| id.clone()).collect();
        for id in gone {
            self.remove(&id, now);
        }
        self.complete(now);
    }

    /// When [`State::expire`] may find something next.
    pub(super) fn next_expiry(&self) -> Option<Instant> {
        let deadline = match self.phase {
            Phase::Joining(deadline) => Some(deadline),
            _ => None,
        };
        self.members.values().filter_map(Member::expires).chain(deadline).min()
    }

    /// A member goes; the others share out anew.
    pub(super) fn remove(&mut self, id: &str, now: Instant) -> bool {
        if self.members.remove(id).is_none() {
            return self.reserved.remove(id).is_some();
        }
        if self.members.is_empty() {
            self.phase = Phase::Empty;
        } else if matches!(self.phase, Phase::Joining(_)) {
            self.complete(now);
        } else {
            self.rebalance(now);
        }
        true
    }

    /// A member is heard of; whether it belongs to the generation that it thinks it does.
    pub(super) fn hear(
        &mut self,
        id: &str,
        instance: Option<&str>,
        generation: i32,
        now: Instant,
    ) -> Result<(), Refused> {
        let Some(member) = self.members.get_mut(id) else {
            let known = |member: &Member| instance.is_some() && member.about.instance.as_deref() == instance;
            let fenced = self.members.values().any(known);
            return Err(if fenced { Refused::FencedInstanceId } else { Refused::UnknownMemberId });
        };
        if generation != self.generation {
            return Err(Refused::IllegalGeneration);
        }
        member.heard = now;
        Ok(())
    }

    /// The leader shares out.
    pub(super) fn assign(&mut self, assignments: Vec<(String, Bytes)>, now: Instant) -> Result<(), Refused> {
        for (id, assignment) in assignments {
            if let Some(member) = self.members.get_mut(&id) {
                member.assign(assignment, &self.budget).ok_or(Refused::GroupMaxSizeReached)?;
            }
        }
        self.members.values_mut().for_each(|member| member.heard = now);
        self.phase = Phase::Stable;
        Ok(())
    }
}
