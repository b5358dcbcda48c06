//! Lists by cursor: bounds of a page, the cursor's text, and the walk over index rows.
//!
//! A cursor is the last row's key, so a list that changes between two pages neither repeats nor skips
//! what did not change. A filter that few rows pass must not make one request read the whole table:
//! after [`SCAN_MAX`] rows the page ends early, with a cursor to go on; where keys alone decide, after
//! [`SCAN_KEYS_MAX`].

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

use super::{Code, Problem};
use crate::actors::{ports::StoreError, projection::ReadError};
use crate::config::Http;

/// Rows that one request reads at most.
pub const SCAN_MAX: usize = 2_000;
/// Keys that one request looks at, where nothing is read for those that do not pass: more than a shop has, so that no
/// page is empty while there is more.
pub const SCAN_KEYS_MAX: usize = 1_000_000;
/// Rows read at once.
const CHUNK: usize = 128;
/// Longer than any key of ours, encoded: a SKU has up to 1,020 bytes.
pub const CURSOR_BYTES_MAX: usize = 2_048;

/// What every list takes.
#[derive(Deserialize, utoipa::IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// `next` of the page before.
    pub cursor: Option<String>,
    /// Items on a page.
    #[param(minimum = 1, maximum = 100)]
    pub limit: Option<usize>,
}

/// What a list is searched for: at most `MAX` characters.
#[derive(Debug, Deserialize)]
#[serde(try_from = "String")]
pub struct Search<const MAX: usize>(pub String);

impl<const MAX: usize> TryFrom<String> for Search<MAX> {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        match text.chars().count() <= MAX {
            true => Ok(Self(text)),
            false => Err(format!("at most {MAX} characters can be searched for")),
        }
    }
}

/// One page of a list.
#[derive(Debug, Serialize, utoipa::ToSchema)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// The cursor of the next page; absent at the end. A page may hold fewer items than `limit`.
    pub next: Option<String>,
}

/// `limit` within its bounds.
pub fn limit(asked: Option<usize>, limits: &Http) -> Result<usize, Problem> {
    match asked {
        None => Ok(limits.page_limit_default),
        Some(n) if (1..=limits.page_limit_max).contains(&n) => Ok(n),
        Some(n) => {
            let detail = format!("limit is 1 to {}, not {n}", limits.page_limit_max);
            Err(Problem::new(Code::BAD_QUERY, detail).with("field", "limit").with("max", limits.page_limit_max))
        }
    }
}

pub fn cursor(key: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(key)
}

pub fn bad_cursor() -> Problem {
    Problem::new(Code::BAD_CURSOR, "the cursor cannot be read")
}

pub fn after(cursor: Option<&str>) -> Result<Option<Vec<u8>>, Problem> {
    let decode = |text: &str| match text.len() <= CURSOR_BYTES_MAX {
        true => URL_SAFE_NO_PAD.decode(text).map_err(|_| bad_cursor()),
        false => Err(bad_cursor()),
    };
    cursor.map(decode).transpose()
}

/// Walks keys until `limit` of them are picked. `read(after, n)` gives the next `n` keys.
pub fn walk<T>(
    after: Option<Vec<u8>>,
    limit: usize,
    read: impl Fn(Option<&[u8]>, usize) -> Result<Vec<Vec<u8>>, ReadError>,
    pick: impl FnMut(&[u8]) -> Result<Option<T>, StoreError>,
) -> Result<Page<T>, ReadError> {
    walk_far(SCAN_MAX, after, limit, read, pick)
}

/// The same, with a bound of its own on the keys looked at.
pub fn walk_far<T>(
    scan_max: usize,
    mut after: Option<Vec<u8>>,
    limit: usize,
    read: impl Fn(Option<&[u8]>, usize) -> Result<Vec<Vec<u8>>, ReadError>,
    mut pick: impl FnMut(&[u8]) -> Result<Option<T>, StoreError>,
) -> Result<Page<T>, ReadError> {
    let (mut items, mut scanned) = (Vec::new(), 0);
    loop {
        let keys = read(after.as_deref(), CHUNK)?;
        let last_chunk = keys.len() < CHUNK;
        for key in keys {
            if items.len() == limit || scanned == scan_max {
                return Ok(Page { items, next: after.as_deref().map(cursor) });
            }
            scanned += 1;
            items.extend(pick(&key)?);
            after = Some(key);
        }
        if last_chunk {
            return Ok(Page { items, next: None });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(len: u32) -> impl Fn(Option<&[u8]>, usize) -> Result<Vec<Vec<u8>>, ReadError> {
        move |after, n| {
            let from = after.map_or(0, |key| u32::from_be_bytes(key.try_into().unwrap()) + 1);
            Ok((from..len).take(n).map(|n| n.to_be_bytes().to_vec()).collect())
        }
    }

    fn number(key: &[u8]) -> u32 {
        u32::from_be_bytes(key.try_into().unwrap())
    }

    #[test]
    fn pages_cover_the_table_once_in_order() {
        let (mut seen, mut next) = (Vec::new(), None);
        loop {
            let from = after(next.as_deref()).unwrap();
            let page = walk(from, 7, table(300), |key| Ok(number(key).is_multiple_of(3).then(|| number(key)))).unwrap();
            seen.extend(page.items);
            next = page.next;
            if next.is_none() {
                break;
            }
        }
        assert_eq!(seen, (0..300).filter(|n| n % 3 == 0).collect::<Vec<_>>());
    }

    #[test]
    fn a_full_last_page_has_no_next_one() {
        let page = walk(None, 5, table(5), |key| Ok(Some(number(key)))).unwrap();
        assert_eq!((page.items.len(), page.next), (5, None));
    }

    #[test]
    fn a_rare_filter_ends_the_page_early_with_a_cursor() {
        let page = walk(None, 10, table(10_000), |_| Ok(None::<u32>)).unwrap();
        assert!(page.items.is_empty());
        let last = after(page.next.as_deref()).unwrap().unwrap();
        assert_eq!(number(&last) as usize, SCAN_MAX - 1);
        let rare = |key: &[u8]| Ok((number(key) == 9_999).then_some(9_999));
        let page = walk_far(SCAN_KEYS_MAX, None, 10, table(10_000), rare).unwrap();
        assert_eq!((page.items, page.next), (vec![9_999], None));
    }

    #[test]
    fn a_search_is_bounded_in_characters() {
        assert!(Search::<3>::try_from("äöü".to_owned()).is_ok());
        assert!(Search::<3>::try_from("äöüß".to_owned()).is_err());
    }

    #[test]
    fn bounds_hold() {
        let limits = Http::default();
        assert_eq!(limit(None, &limits).unwrap(), 24);
        assert_eq!(limit(Some(100), &limits).unwrap(), 100);
        for bad in [0, 101, usize::MAX] {
            assert_eq!(limit(Some(bad), &limits).unwrap_err().code, Code::BAD_QUERY);
        }
        assert_eq!(after(Some("###")).unwrap_err().code, Code::BAD_CURSOR);
        assert_eq!(after(Some(&"A".repeat(CURSOR_BYTES_MAX + 1))).unwrap_err().code, Code::BAD_CURSOR);
        assert_eq!(after(Some(&cursor(b"\x00\xff"))).unwrap(), Some(vec![0, 255]));
    }
}
