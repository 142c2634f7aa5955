//! JoinGroup, SyncGroup, Heartbeat and LeaveGroup.

use std::time::Duration;

use bytes::Bytes;
use kafka_protocol::error::ResponseError;
use kafka_protocol::messages::join_group_response::JoinGroupResponseMember;
use kafka_protocol::messages::leave_group_response::MemberResponse;
use kafka_protocol::messages::{
    HeartbeatRequest, HeartbeatResponse, JoinGroupRequest, JoinGroupResponse, LeaveGroupRequest, LeaveGroupResponse,
    SyncGroupRequest, SyncGroupResponse,
};
use kafka_protocol::protocol::StrBytes;

use super::coordinator::{Joined, Named};
use super::may_group;
use super::member::Joining;
use super::state::Refused;
use crate::kafka::reply::text;
use crate::kafka::session::Session;
use crate::kafka::shared::Shared;

/// The code of an outcome.
fn code<T>(outcome: &Result<T, Refused>) -> i16 {
    outcome.as_ref().err().map_or(0, ResponseError::code)
}

fn allowed(shared: &Shared, session: &Session, group: &str) -> Result<(), Refused> {
    match group {
        _ if !may_group(shared, session) => Err(Refused::GroupAuthorizationFailed),
        "" => Err(Refused::InvalidGroupId),
        _ => Ok(()),
    }
}

/// A member joins.
pub(in crate::kafka) async fn join(
    shared: &Shared,
    session: &Session,
    version: i16,
    client: &str,
    request: JoinGroupRequest,
) -> JoinGroupResponse {
    let (outcome, id) = enter(shared, session, version, client, request).await;
    let answer = JoinGroupResponse::default().with_error_code(code(&outcome)).with_member_id(id.clone());
    // Before version 7 the protocol's name is empty rather than null.
    let no_name = (version < 7).then(StrBytes::default);
    let Ok(joined) = outcome else { return answer.with_generation_id(-1).with_protocol_name(no_name) };
    let Joined { generation, protocol_type, protocol, leader, members } = joined;
    let member = |(id, instance, about): (String, Option<String>, Bytes)| {
        let instance = instance.filter(|_| version >= 5).map(text);
        JoinGroupResponseMember::default()
            .with_member_id(text(id))
            .with_group_instance_id(instance)
            .with_metadata(about)
    };
    answer
        .with_generation_id(generation)
        .with_protocol_type((version >= 7).then(|| text(protocol_type)))
        .with_protocol_name(Some(text(protocol)))
        .with_leader(text(leader))
        .with_members(members.into_iter().map(member).collect())
}

async fn enter(
    shared: &Shared,
    session: &Session,
    version: i16,
    client: &str,
    request: JoinGroupRequest,
) -> (Result<Joined, Refused>, StrBytes) {
    let group = request.group_id.to_string();
    if let Err(refused) = allowed(shared, session, &group) {
        return (Err(refused), request.member_id);
    }
    let about = match about(shared, session, client, &request) {
        Ok(about) => about,
        Err(refused) => return (Err(refused), request.member_id),
    };
    let mut id = request.member_id;
    if id.is_empty() {
        id = text(shared.groups.new_id(client));
        let reserved = shared.groups.reserve(&group, &id, &about);
        // From version 4 on a member that is not static comes back with its id: one that does not leaves nothing.
        let comes_back = version >= 4 && about.instance.is_none();
        let reserved = if comes_back { reserved.and(Err(Refused::MemberIdRequired)) } else { reserved };
        if let Err(refused) = reserved {
            return (Err(refused), id);
        }
    }
    let mut stop = shared.stopping.subscribe();
    let joined = shared.groups.join(&group, &id, about, &mut stop).await;
    (joined, id)
}

fn about(shared: &Shared, session: &Session, client: &str, request: &JoinGroupRequest) -> Result<Joining, Refused> {
    let config = &shared.config;
    let session_ms = u64::try_from(request.session_timeout_ms).unwrap_or(0);
    if !(config.group_min_session_timeout_ms..=config.group_max_session_timeout_ms).contains(&session_ms) {
        return Err(Refused::InvalidSessionTimeout);
    }
    // Version 0 has one time for both.
    let rebalance_ms = u64::try_from(request.rebalance_timeout_ms).unwrap_or(session_ms);
    let rebalance_ms = rebalance_ms.min(config.group_max_rebalance_timeout_ms);
    // What is kept is copied: it would keep the whole request in memory else.
    let protocols = request.protocols.iter();
    let protocols = protocols.map(|one| (one.name.to_string(), Bytes::copy_from_slice(&one.metadata)));
    Ok(Joining {
        instance: request.group_instance_id.as_ref().map(ToString::to_string),
        client: client.to_owned(),
        host: session.peer.ip().to_string(),
        session: Duration::from_millis(session_ms),
        rebalance: Duration::from_millis(rebalance_ms),
        protocol_type: request.protocol_type.to_string(),
        protocols: protocols.collect(),
    })
}

/// A member takes its share.
pub(in crate::kafka) async fn sync(
    shared: &Shared,
    session: &Session,
    version: i16,
    request: SyncGroupRequest,
) -> SyncGroupResponse {
    let group = request.group_id.to_string();
    let synced = match allowed(shared, session, &group) {
        Err(refused) => Err(refused),
        Ok(()) => {
            let instance = request.group_instance_id.as_deref();
            let member = Named { id: &request.member_id, instance, generation: request.generation_id };
            let protocol = (request.protocol_type.as_deref(), request.protocol_name.as_deref());
            let assignments = request.assignments.iter();
            let assignments =
                assignments.map(|one| (one.member_id.to_string(), Bytes::copy_from_slice(&one.assignment))).collect();
            let mut stop = shared.stopping.subscribe();
            shared.groups.sync(&group, member, protocol, assignments, &mut stop).await
        }
    };
    let answer = SyncGroupResponse::default().with_error_code(code(&synced));
    match synced {
        Ok(synced) if version >= 5 => answer
            .with_protocol_type(Some(text(synced.protocol_type)))
            .with_protocol_name(Some(text(synced.protocol)))
            .with_assignment(synced.assignment),
        Ok(synced) => answer.with_assignment(synced.assignment),
        Err(_) => answer,
    }
}

/// A member lives.
pub(in crate::kafka) fn heartbeat(shared: &Shared, session: &Session, request: &HeartbeatRequest) -> HeartbeatResponse {
    let instance = request.group_instance_id.as_deref();
    let member = Named { id: &request.member_id, instance, generation: request.generation_id };
    let heard =
        allowed(shared, session, &request.group_id).and_then(|()| shared.groups.heartbeat(&request.group_id, member));
    HeartbeatResponse::default().with_error_code(code(&heard))
}

/// Members leave: one up to version 2, several from then on.
pub(in crate::kafka) fn leave(
    shared: &Shared,
    session: &Session,
    version: i16,
    request: LeaveGroupRequest,
) -> LeaveGroupResponse {
    let group = request.group_id.to_string();
    let answer = LeaveGroupResponse::default();
    if let Err(refused) = allowed(shared, session, &group) {
        return answer.with_error_code(refused.code());
    }
    if version < 3 {
        return answer.with_error_code(code(&shared.groups.leave(&group, &request.member_id, None)));
    }
    let members = request.members.into_iter().map(|member| {
        let left = shared.groups.leave(&group, &member.member_id, member.group_instance_id.as_deref());
        MemberResponse::default()
            .with_error_code(code(&left))
            .with_member_id(member.member_id)
            .with_group_instance_id(member.group_instance_id)
    });
    answer.with_members(members.collect())
}
