//! ListGroups, DescribeGroups and DeleteGroups.

use std::collections::BTreeMap;

use kafka_protocol::error::ResponseError;
use kafka_protocol::messages::delete_groups_response::DeletableGroupResult;
use kafka_protocol::messages::describe_groups_response::{DescribedGroup, DescribedGroupMember};
use kafka_protocol::messages::list_groups_response::ListedGroup;
use kafka_protocol::messages::{
    DeleteGroupsRequest, DeleteGroupsResponse, DescribeGroupsRequest, DescribeGroupsResponse, GroupId,
    ListGroupsRequest, ListGroupsResponse,
};
use kafka_protocol::protocol::StrBytes;

use super::may_group;
use super::state::{Phase, State};
use crate::kafka::codes;
use crate::kafka::reply::text;
use crate::kafka::session::Session;
use crate::kafka::shared::Shared;
use crate::kafka::topics::on_disk;

/// What Kafka calls the phases.
fn phase_name(phase: Phase) -> &'static str {
    match phase {
        Phase::Empty => "Empty",
        Phase::Joining(_) => "PreparingRebalance",
        Phase::Syncing => "CompletingRebalance",
        Phase::Stable => "Stable",
    }
}

/// The groups that have members, and those that ever committed.
pub(in crate::kafka) fn list(
    shared: &Shared,
    session: &Session,
    version: i16,
    request: &ListGroupsRequest,
) -> ListGroupsResponse {
    if !may_group(shared, session) {
        return ListGroupsResponse::default().with_error_code(ResponseError::GroupAuthorizationFailed.code());
    }
    let kept = shared.store.groups().into_iter().map(|name| (name, (Phase::Empty, String::new())));
    let mut groups: BTreeMap<String, (Phase, String)> = kept.collect();
    for (name, group) in shared.groups.all() {
        let state = group.lock();
        if !state.is_void() {
            groups.insert(name, (state.phase, state.protocol_type.clone()));
        }
    }
    let wanted = |phase: &str| {
        let filter = &request.states_filter;
        filter.is_empty() || filter.iter().any(|state| state.eq_ignore_ascii_case(phase))
    };
    let listed = groups.into_iter().map(|(name, (phase, kind))| (name, phase_name(phase), kind));
    let listed = listed.filter(|(_, phase, _)| wanted(phase)).map(|(name, phase, kind)| {
        let group = ListedGroup::default().with_group_id(GroupId(text(name))).with_protocol_type(text(kind));
        if version >= 4 { group.with_group_state(text(phase)) } else { group }
    });
    ListGroupsResponse::default().with_groups(listed.collect())
}

/// What groups are.
pub(in crate::kafka) fn describe(
    shared: &Shared,
    session: &Session,
    version: i16,
    request: DescribeGroupsRequest,
) -> DescribeGroupsResponse {
    let allowed = may_group(shared, session);
    let describe = |id: GroupId| {
        let group = DescribedGroup::default().with_group_id(id.clone());
        if !allowed {
            return group.with_error_code(ResponseError::GroupAuthorizationFailed.code());
        }
        match shared.groups.get(&id) {
            Some(found) if !found.lock().is_void() => described(group, &found.lock(), version),
            _ if shared.store.groups().iter().any(|name| name.as_str() == id.as_str()) => {
                group.with_group_state(StrBytes::from_static_str("Empty"))
            }
            _ => group.with_group_state(StrBytes::from_static_str("Dead")),
        }
    };
    DescribeGroupsResponse::default().with_groups(request.groups.into_iter().map(describe).collect())
}

fn described(group: DescribedGroup, state: &State, version: i16) -> DescribedGroup {
    let members = state.members.iter().map(|(id, member)| {
        let instance = member.about.instance.clone().filter(|_| version >= 4).map(text);
        DescribedGroupMember::default()
            .with_member_id(text(id.clone()))
            .with_group_instance_id(instance)
            .with_client_id(text(member.about.client.clone()))
            .with_client_host(text(format!("/{}", member.about.host)))
            .with_member_metadata(member.about_protocol(&state.protocol).cloned().unwrap_or_default())
            .with_member_assignment(member.assignment.clone())
    });
    group
        .with_group_state(text(phase_name(state.phase)))
        .with_protocol_type(text(state.protocol_type.clone()))
        .with_protocol_data(text(if state.phase == Phase::Stable { state.protocol.clone() } else { String::new() }))
        .with_members(members.collect())
}

/// Forgets groups without members.
pub(in crate::kafka) async fn delete(
    shared: &Shared,
    session: &Session,
    request: DeleteGroupsRequest,
) -> DeleteGroupsResponse {
    let mut results = Vec::with_capacity(request.groups_names.len());
    for id in request.groups_names {
        let code = if may_group(shared, session) { delete_one(shared, &id).await } else { forbidden() };
        results.push(DeletableGroupResult::default().with_group_id(id).with_error_code(code));
    }
    DeleteGroupsResponse::default().with_results(results)
}

fn forbidden() -> i16 {
    ResponseError::GroupAuthorizationFailed.code()
}

async fn delete_one(shared: &Shared, id: &GroupId) -> i16 {
    if shared.groups.get(id).is_some_and(|group| !group.lock().is_void()) {
        return ResponseError::NonEmptyGroup.code();
    }
    shared.groups.forget_void(id);
    let name = id.to_string();
    if !shared.store.groups().contains(&name) {
        return ResponseError::GroupIdNotFound.code();
    }
    on_disk(shared, move |store| store.delete_group(&name)).await.map_or_else(|(code, _)| code, |()| codes::OK)
}
