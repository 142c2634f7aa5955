//! Where results go: routes and the sinks that they lead to.

use std::collections::BTreeSet;

use serde::Deserialize;
use tollgate_sinks::route::RouteConfig;

use super::error;

/// The sinks by kind and name: `[sinks.KIND.NAME]`. A name stands for one sink, whatever its kind.
#[derive(Clone, Debug, Default, PartialEq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct SinksConfig {}

impl SinksConfig {
    /// The names of all sinks, a name once for each sink that has it.
    pub fn names(&self) -> Vec<&str> {
        Vec::new()
    }
}

/// Checks that names are unique, that routes lead to sinks that there are, and that every sink has one.
pub(super) fn check(text: &str, routes: &[RouteConfig], sinks: &SinksConfig) -> Result<(), String> {
    let names = sinks.names();
    let known: BTreeSet<&str> = names.iter().copied().collect();
    if let Some(twice) = known.iter().find(|name| names.iter().filter(|other| other == name).count() > 1) {
        return Err(format!("two sinks are called `{twice}`; a name stands for one sink, whatever its kind"));
    }
    for to in routes.iter().flat_map(|route| &route.to) {
        if !known.contains(to.get_ref().as_str()) {
            let line = error::line(text, to.span().start);
            let wish = error::most_alike(to.get_ref(), known.iter().copied());
            let hint = wish.map_or_else(|| "there is none like it".into(), |name| format!("did you mean `{name}`?"));
            return Err(format!("line {line}: no sink is called `{}`; {hint}", to.get_ref()));
        }
    }
    let led_to: BTreeSet<&str> = routes.iter().flat_map(|route| &route.to).map(|to| to.get_ref().as_str()).collect();
    match known.difference(&led_to).next() {
        Some(name) => Err(format!("no route leads to the sink `{name}`; name it in the `to` of a [[routes]]")),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use crate::config::Config;

    #[test]
    fn a_route_to_nowhere_names_its_line() {
        let said = Config::parse("[[routes]]\ntypes = [\"a\"]\nto = [\"bilin\"]\n").unwrap_err();
        assert!(said.contains("line 3") && said.contains("`bilin`"), "{said}");
    }
}
