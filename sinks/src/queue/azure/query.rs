//! What the query of a request says.

use std::borrow::Cow;

use super::fault::Fault;

/// The parameters, decoded, in their order.
#[derive(Debug)]
pub(super) struct Query<'a>(Vec<(Cow<'a, str>, Cow<'a, str>)>);

impl<'a> Query<'a> {
    pub(super) fn parse(raw: Option<&'a str>) -> Self {
        Self(url::form_urlencoded::parse(raw.unwrap_or_default().as_bytes()).collect())
    }

    /// A parameter's value; of several the first.
    pub(super) fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_ref())
    }

    /// The same, where an empty value is none.
    pub(super) fn some(&self, name: &str) -> Option<&str> {
        self.get(name).filter(|value| !value.is_empty())
    }

    /// The parameters.
    pub(super) fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_ref(), value.as_ref()))
    }

    /// A whole number.
    pub(super) fn number(&self, name: &'static str) -> Result<Option<i64>, Fault> {
        let bad = |text: &str| Fault::bad_query(name, text, "It must be a whole number.");
        let read = |text: &str| text.parse().ok().ok_or_else(|| bad(text));
        self.some(name).map(read).transpose()
    }

    /// A whole number within bounds.
    pub(super) fn within(&self, name: &'static str, least: i64, most: i64) -> Result<Option<i64>, Fault> {
        match self.number(name)? {
            Some(number) if !(least..=most).contains(&number) => Err(Fault::out_of_range(name, number, least, most)),
            other => Ok(other),
        }
    }

    /// A parameter that must be there.
    pub(super) fn required(&self, name: &'static str) -> Result<&str, Fault> {
        self.some(name).ok_or_else(|| Fault::missing_query(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_decoded_once_and_bounded() {
        let query = Query::parse(Some("comp=list&prefix=a%2Bb+c&n=33&m=x&e="));
        assert_eq!((query.get("COMP"), query.get("prefix"), query.get("none")), (Some("list"), Some("a+b c"), None));
        assert_eq!(query.within("n", 1, 40).unwrap(), Some(33));
        assert_eq!(query.within("n", 1, 32).unwrap_err().code(), "OutOfRangeQueryParameterValue");
        assert_eq!(query.number("m").unwrap_err().code(), "InvalidQueryParameterValue");
        assert_eq!((query.number("e").unwrap(), query.number("none").unwrap()), (None, None));
        assert_eq!(query.required("e").unwrap_err().code(), "MissingRequiredQueryParameter");
    }
}
