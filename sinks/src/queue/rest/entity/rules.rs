//! Rules: the filters of a subscription by name.

use axum::body::Body;
use axum::http::header::CONTENT_TYPE;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};

use super::super::super::{Description, Kind};
use super::super::Face;
use super::super::atom::{self, Feed, Rule};
use super::super::fault::Fault;
use super::super::handle::Asked;
use super::base;
use super::list::Page;

/// The name of what stands for a subscription whose rules were all taken away.
const PLACEHOLDER: &str = "";

/// The subscription and the rule that a path names; no rule: all of them.
pub(super) fn place(name: &str) -> Option<(&str, Option<&str>)> {
    // Lower case by ASCII keeps every byte where it is.
    let lower = name.to_ascii_lowercase();
    let own = lower.find("/subscriptions/")? + "/subscriptions/".len();
    let end = own + lower[own..].find("/rules")?;
    match &name[end + "/rules".len()..] {
        "" => Some((&name[..end], None)),
        rest => Some((&name[..end], Some(rest.strip_prefix('/')?))),
    }
}

pub(super) async fn answer(
    asked: Asked<'_>,
    subscription: &str,
    rule: Option<&str>,
    body: Body,
) -> Result<Response, Fault> {
    let Asked { face, request } = asked;
    let there = of(&face.parts.queues.describe(subscription)?);
    let base = format!("{}/{subscription}", base(&request.headers));
    let entry = |rule: &Rule| ([(CONTENT_TYPE, atom::ENTRY)], atom::rule_entry(&base, rule)).into_response();
    match (rule, &request.method) {
        (None, &Method::GET) => {
            let mut feed = Feed::new("Rules");
            Page::of(&request.uri)?.cut(&there).for_each(|rule| feed.rule(&base, rule));
            Ok(([(CONTENT_TYPE, atom::FEED)], feed.finish()).into_response())
        }
        (Some(name), &Method::GET) => find(&there, name).map(|at| entry(&there[at])),
        (Some(name), &Method::DELETE) => {
            let remove = |rules: &mut Vec<Rule>| find(rules, name).map(|at| _ = rules.remove(at));
            set(face, subscription, remove).await?;
            Ok(StatusCode::OK.into_response())
        }
        (Some(name), &Method::PUT) => {
            let held = face.room.read(&request.headers, body).await?;
            let rule = Rule { name: name.into(), ..atom::rule(&held.bytes)? };
            let replaces = request.headers.contains_key(axum::http::header::IF_MATCH);
            set(face, subscription, |rules| put(rules, &rule, replaces)).await?;
            let status = if replaces { StatusCode::OK } else { StatusCode::CREATED };
            Ok((status, entry(&rule)).into_response())
        }
        (_, method) => Err(Fault::not_allowed(method)),
    }
}

fn find(rules: &[Rule], name: &str) -> Result<usize, Fault> {
    let found = rules.iter().position(|rule| rule.name.eq_ignore_ascii_case(name));
    found.ok_or_else(|| Fault::new(StatusCode::NOT_FOUND, format!("there is no rule {name:?}")))
}

fn put(rules: &mut Vec<Rule>, rule: &Rule, replaces: bool) -> Result<(), Fault> {
    match find(rules, &rule.name) {
        Ok(at) if replaces => rules[at] = rule.clone(),
        Ok(_) => return Err(Fault::new(StatusCode::CONFLICT, format!("there is a rule {:?} already", rule.name))),
        Err(missing) if replaces => return Err(missing),
        Err(_) => rules.push(rule.clone()),
    }
    Ok(())
}

/// The rules of a subscription. Their names are kept as its face's text; filters of a config have none.
fn of(description: &Description) -> Vec<Rule> {
    if description.settings.filters.is_empty() {
        return vec![Rule::default_one()];
    }
    let names: Vec<String> = serde_json::from_str(&description.face).unwrap_or_default();
    let name = |at: usize| names.get(at).cloned().unwrap_or_else(|| format!("filter-{}", at + 1));
    let filters = description.settings.filters.iter().enumerate();
    let rules = filters.map(|(at, filter)| Rule { name: name(at), filter: filter.clone() });
    rules.filter(|rule| rule.name != PLACEHOLDER).collect()
}

/// Changes the rules of a subscription.
pub(super) async fn set(
    face: &Face,
    subscription: &str,
    change: impl FnOnce(&mut Vec<Rule>) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let mut outcome = Err(Fault::bad(format!("{subscription:?} is no subscription")));
    let configured = face.parts.queues.configure(subscription, |description| {
        if description.kind == Kind::Subscription {
            let mut rules = of(description);
            outcome = change(&mut rules);
            if outcome.is_ok() {
                keep(description, rules);
            }
        }
    })?;
    outcome?;
    configured.durable().await?;
    Ok(())
}

fn keep(description: &mut Description, mut rules: Vec<Rule>) {
    if rules == [Rule::default_one()] {
        rules.clear();
    } else if rules.is_empty() {
        rules.push(Rule { name: PLACEHOLDER.into(), filter: atom::nothing() });
    }
    let names: Vec<&str> = rules.iter().map(|rule| rule.name.as_str()).collect();
    // Texts alone: there is nothing in it that JSON cannot say.
    description.face = serde_json::to_string(&names).unwrap_or_default();
    description.settings.filters = rules.into_iter().map(|rule| rule.filter).collect();
}
