//! Shared access signatures: what somebody with the key allows somebody without it, written into the query.

use std::net::IpAddr;

use super::{Asked, Policy, time};
use crate::queue::azure::fault::Fault;

/// From this version on an account's signature covers the encryption scope as well.
const WITH_SCOPE: &str = "2020-12-06";

/// Lets a request in by a signature for the account: services, kinds of resources, permissions.
pub(super) fn of_account(asked: &Asked<'_>) -> Result<(), Fault> {
    let part = |name| asked.query.get(name).unwrap_or_default();
    let (version, services, kinds, allowed) = (part("sv"), part("ss"), part("srt"), part("sp"));
    let (start, expiry) = (part("st"), part("se"));
    let scope = if version >= WITH_SCOPE { format!("\n{}", part("ses")) } else { String::new() };
    let text = [&*asked.target.account, allowed, services, kinds, start, expiry, part("sip"), part("spr"), version];
    if version.is_empty() || !asked.account.key.verify(&format!("{}{scope}\n", text.join("\n")), part("sig")) {
        return Err(Fault::unauthenticated());
    }
    check_time(asked, start, Some(expiry))?;
    check_way(asked)?;
    let right = asked.operation.account_right();
    if !services.contains('q') {
        return Err(Fault::unauthorised("AuthorizationServiceMismatch", "service"));
    }
    if !kinds.contains(right.resource) {
        return Err(Fault::unauthorised("AuthorizationResourceTypeMismatch", "resource type"));
    }
    permitted(right.any_of.contains(|right| allowed.contains(right)))
}

/// Lets a request in by a signature for one queue, which may name a stored policy. What the policy says the signature
/// must not say as well, so that who changes or removes the policy has the last word.
pub(super) fn of_queue(asked: &Asked<'_>, policy: impl FnOnce(&str) -> Option<Policy>) -> Result<(), Fault> {
    let part = |name| asked.query.get(name).unwrap_or_default();
    let queue = asked.target.resource.queue().ok_or_else(Fault::unauthenticated)?;
    let (version, identifier) = (part("sv"), part("si"));
    let (allowed, start, expiry) = (part("sp"), part("st"), part("se"));
    let of = format!("/queue/{}/{queue}", asked.target.account);
    let text = [allowed, start, expiry, &of, identifier, part("sip"), part("spr"), version].join("\n");
    if version.is_empty() || !asked.account.key.verify(&text, part("sig")) {
        return Err(Fault::unauthenticated());
    }
    let stored = match identifier {
        "" => Policy::default(),
        id => policy(id).ok_or_else(Fault::unauthenticated)?,
    };
    let start = one_of(start, stored.start)?.unwrap_or_default();
    let expiry = one_of(expiry, stored.expiry)?;
    let allowed = one_of(allowed, stored.permission)?.unwrap_or_default();
    check_time(asked, &start, expiry.as_deref())?;
    check_way(asked)?;
    permitted(asked.operation.queue_right().is_some_and(|right| allowed.contains(right)))
}

/// What the signature or the policy says; both must not.
fn one_of(own: &str, stored: Option<String>) -> Result<Option<String>, Fault> {
    match (own, stored.filter(|stored| !stored.is_empty())) {
        ("", stored) => Ok(stored),
        (own, None) => Ok(Some(own.to_owned())),
        (_, Some(_)) => Err(Fault::unauthenticated()),
    }
}

fn permitted(yes: bool) -> Result<(), Fault> {
    if yes { Ok(()) } else { Err(Fault::unauthorised("AuthorizationPermissionMismatch", "permission")) }
}

/// A signature without an end is none.
fn check_time(asked: &Asked<'_>, start: &str, expiry: Option<&str>) -> Result<(), Fault> {
    let begun = start.is_empty() || time::iso(start).is_some_and(|start| start <= asked.now_ms);
    let holds = expiry.and_then(time::iso).is_some_and(|expiry| asked.now_ms <= expiry);
    if begun && holds { Ok(()) } else { Err(Fault::unauthenticated()) }
}

/// Which way the request came: by plain HTTP, and from where.
fn check_way(asked: &Asked<'_>) -> Result<(), Fault> {
    if asked.query.some("spr").is_some_and(|protocols| !protocols.split(',').any(|name| name == "http")) {
        return Err(Fault::unauthorised("AuthorizationProtocolMismatch", "protocol"));
    }
    match asked.query.some("sip") {
        // Where the listener does not say who asks, nobody is from the right place.
        Some(range) if !asked.peer().is_some_and(|peer| within(range, peer)) => {
            Err(Fault::unauthorised("AuthorizationSourceIPMismatch", "source IP"))
        }
        _ => Ok(()),
    }
}

/// Whether an address lies in `a` or `a-b`.
fn within(range: &str, peer: IpAddr) -> bool {
    let (first, last) = range.split_once('-').unwrap_or((range, range));
    let read = |text: &str| text.trim().parse::<IpAddr>().ok();
    matches!((read(first), read(last)), (Some(first), Some(last)) if (first..=last).contains(&peer))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_lie_in_their_range() {
        let peer = IpAddr::from([10, 0, 0, 7]);
        for good in ["10.0.0.7", "10.0.0.1-10.0.0.9", "10.0.0.7-10.0.0.7"] {
            assert!(within(good, peer), "{good}");
        }
        for bad in ["", "10.0.0.8", "10.0.0.8-10.0.0.9", "10.0.0.9-10.0.0.1", "x-y", "10.0.0.1-"] {
            assert!(!within(bad, peer), "{bad}");
        }
    }

    #[test]
    fn a_policy_and_its_signature_share_out_what_is_said() {
        assert_eq!(one_of("", Some("r".into())).unwrap(), Some("r".into()));
        assert_eq!(one_of("r", None).unwrap(), Some("r".into()));
        assert!(one_of("r", Some("r".into())).is_err());
    }
}
