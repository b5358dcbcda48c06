//! The query of a request.
//!
//! A name that the route does not know is refused by name: a misspelt `limit` should not pass in silence. Links that
//! people share carry the marks of advertisers and cache-busters, which belong to no route; those are left out first.

use axum::{
    extract::{FromRequestParts, Query as Pairs},
    http::{Uri, request::Parts},
};
use serde::de::DeserializeOwned;

use super::{Code, Problem};

/// Read strictly, but for [`is_mark`].
pub struct Query<T>(pub T);

impl<S, T> FromRequestParts<S> for Query<T>
where
    S: Send + Sync,
    T: DeserializeOwned,
{
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        read(&parts.uri).map(Self)
    }
}

fn read<T: DeserializeOwned>(uri: &Uri) -> Result<T, Problem> {
    let query = uri.query().unwrap_or_default();
    // Most requests have no such mark, and their address is read as it is.
    match query.split('&').any(is_mark) {
        true => parse(&unmarked(query)?),
        false => parse(uri),
    }
}

fn unmarked(query: &str) -> Result<Uri, Problem> {
    let kept: Vec<&str> = query.split('&').filter(|pair| !is_mark(pair)).collect();
    let uri = Uri::builder().path_and_query(format!("/?{}", kept.join("&")));
    uri.build().map_err(|_| bad("the query cannot be read"))
}

fn bad(detail: &str) -> Problem {
    Problem::new(Code::BAD_QUERY, detail.to_owned())
}

fn parse<T: DeserializeOwned>(uri: &Uri) -> Result<T, Problem> {
    let Pairs(value) = Pairs::try_from_uri(uri).map_err(|error| {
        let text = error.body_text();
        let detail = text.strip_prefix("Failed to deserialize query string: ").unwrap_or(&text);
        match detail.split_once("unknown field") {
            Some((_, rest)) => bad(&format!("unknown parameter{rest}")),
            None => bad(&detail.replace("missing field", "missing parameter")),
        }
    })?;
    Ok(value)
}

/// Of an advertiser's link or a cache-buster.
fn is_mark(pair: &str) -> bool {
    let name = pair.split('=').next().unwrap_or_default();
    name.starts_with("utm_") || matches!(name, "" | "_" | "gclid" | "fbclid" | "msclkid")
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Debug, Default, PartialEq, Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Asked {
        limit: Option<u32>,
        q: Option<String>,
    }

    fn asked(query: &str) -> Result<Asked, Problem> {
        read(&format!("/list?{query}").parse().unwrap())
    }

    #[test]
    fn marks_are_left_out() {
        let wanted = Asked { limit: Some(3), q: Some("a b".to_owned()) };
        for query in ["limit=3&q=a+b", "_=17&limit=3&utm_source=mail&q=a%20b", "limit=3&&q=a%20b&gclid=x&fbclid"] {
            assert_eq!(asked(query).unwrap(), wanted, "{query}");
        }
        assert_eq!(
            [asked("").unwrap(), read(&Uri::from_static("/list")).unwrap()],
            [Asked::default(), Asked::default()]
        );
    }

    #[test]
    fn what_is_wrong_is_named_in_the_words_of_a_query() {
        let detail = |query: &str| asked(query).unwrap_err();
        let unknown = Problem::new(Code::BAD_QUERY, "unknown parameter `limt`, expected `limit` or `q`");
        assert_eq!(detail("limt=3"), unknown);
        for wrong in ["limit=x", "limit=1&limit=2", "utm=1"] {
            assert_eq!(detail(wrong).code, Code::BAD_QUERY, "{wrong}");
        }
    }
}
