//! Lists of orders: the index to walk, and the conditions on each row.

use super::{super::AppState, access, wire::OrderBody};
use crate::http::{
    Problem,
    listing::{self, Page, SCAN_KEYS_MAX},
};
use crate::{
    actors::{gateway::Answer, ports::StoreError, projection::ReadError},
    domain::{
        ids::{OrderId, UserId},
        order::{Order, OrderStatus, OrderView},
    },
    identity::{AuthError, Permission, Principal},
    shop::rows::{self, AddressIndex},
};

#[derive(Debug, Default, PartialEq)]
pub struct Filter {
    pub status: Option<OrderStatus>,
    pub user: Option<UserId>,
    /// An order number, an id, or the beginning of an e-mail.
    pub text: Option<String>,
}

/// The rows to walk: the narrowest index that holds every possible match.
#[derive(Debug, PartialEq)]
enum Walk {
    One(OrderId),
    Rows { table: &'static str, prefix: Vec<u8> },
}

pub async fn page(
    state: &AppState,
    who: &Principal,
    filter: &Filter,
    cursor: Option<&str>,
    limit: Option<usize>,
) -> Result<Page<OrderBody>, Problem> {
    let (after, limit) = state.toolkit.open_page(cursor, limit).await?;
    let load = |id: OrderId| -> Result<Option<OrderBody>, StoreError> {
        let answer = state.gateway.read_local::<Order>(&id.to_string())?;
        let passing = answer.filter(|answer| filter.passes(answer));
        Ok(passing.and_then(|answer| access::body(id, answer, who).ok()))
    };
    match filter.walk(&state.front.addresses) {
        Walk::One(id) => Ok(Page { items: load(id)?.into_iter().collect(), next: None }),
        Walk::Rows { table, prefix } => {
            let read = |after: Option<&[u8]>, n| state.gateway.row_keys(table, &prefix, after, n);
            Ok(filter.walked(table, after, limit, read, load)?)
        }
    }
}

impl Filter {
    /// By an e-mail's beginning people are found: whoever may not see e-mails could spell them out.
    pub fn allowed(&self, who: &Principal) -> Result<(), AuthError> {
        let text = self.text.as_deref().map(str::trim).unwrap_or_default();
        let by_email = !text.is_empty() && text.parse::<OrderId>().is_err() && text.parse::<u64>().is_err();
        let permission = Permission::CustomersRead;
        match by_email && !who.may(permission) {
            true => Err(AuthError::Forbidden { permission, by: who.by.clone() }),
            false => Ok(()),
        }
    }

    fn walk(&self, index: &AddressIndex) -> Walk {
        let text = self.text.as_deref().map(str::trim).unwrap_or_default();
        if let Ok(id) = text.parse::<OrderId>() {
            return Walk::One(id);
        }
        let (table, prefix) = match (text.parse(), self.user, self.status) {
            (Ok(number), ..) => (rows::ORDERS_BY_NUMBER, rows::number_prefix(number)),
            (Err(_), Some(user), _) => (rows::ORDERS_BY_USER, rows::user_prefix(user)),
            (Err(_), None, _) if !text.is_empty() => (rows::ORDERS_BY_EMAIL, rows::email_prefix(index, text)),
            (Err(_), None, Some(status)) => (rows::ORDERS_BY_STATUS, rows::lifecycle_prefix(status)),
            (Err(_), None, None) => (rows::ORDERS_ALL, Vec::new()),
        };
        Walk::Rows { table, prefix }
    }

    /// One page. By e-mail a key tells all that is asked for but the user, so nothing is loaded for a row that does not
    /// pass, and no page is empty while there is more.
    fn walked<T>(
        &self,
        table: &str,
        after: Option<Vec<u8>>,
        limit: usize,
        read: impl Fn(Option<&[u8]>, usize) -> Result<Vec<Vec<u8>>, ReadError>,
        mut load: impl FnMut(OrderId) -> Result<Option<T>, StoreError>,
    ) -> Result<Page<T>, ReadError> {
        let mut load = |key: &[u8]| rows::order_of(key).map_or(Ok(None), &mut load);
        match (table, self.status) {
            (rows::ORDERS_BY_EMAIL, Some(status)) => {
                let pick = |key: &[u8]| if rows::email_key_has(key, status) { load(key) } else { Ok(None) };
                listing::walk_far(SCAN_KEYS_MAX, after, limit, read, pick)
            }
            (_, _) => listing::walk(after, limit, read, load),
        }
    }

    /// The row may be older than the state, so every condition is checked again.
    fn passes(&self, answer: &Answer<OrderView>) -> bool {
        let Some(placement) = answer.view.placement.as_deref() else { return false };
        let text = self.text.as_deref().map(|text| text.trim().to_lowercase());
        let named = |text: String| match (text.parse::<OrderId>(), text.parse::<u64>()) {
            (Ok(id), _) => placement.order == id,
            (_, Ok(number)) => answer.view.number == Some(number),
            _ => placement.email.to_lowercase().starts_with(&text),
        };
        self.status.is_none_or(|status| answer.view.lifecycle == status)
            && self.user.is_none_or(|user| placement.user == user)
            && text.is_none_or(named)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{domain::time::Timestamp, identity::PermissionSet, shop::order::projection, testing::an_order};

    #[test]
    fn the_narrowest_index_is_walked() {
        let user = UserId(uuid::Uuid::from_u128(7));
        let table = |filter: Filter| match filter.walk(&AddressIndex::default()) {
            Walk::Rows { table, .. } => table,
            Walk::One(_) => "one",
        };
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(table(Filter::default()), rows::ORDERS_ALL);
        assert_eq!(table(Filter { status: Some(OrderStatus::Verified), ..Filter::default() }), rows::ORDERS_BY_STATUS);
        let both = Filter { status: Some(OrderStatus::Verified), user: Some(user), text: None };
        assert_eq!(table(both), rows::ORDERS_BY_USER);
        assert_eq!(table(Filter { text: text("1042"), user: Some(user), status: None }), rows::ORDERS_BY_NUMBER);
        assert_eq!(table(Filter { text: text("ada@"), ..Filter::default() }), rows::ORDERS_BY_EMAIL);
        let open = Filter { text: text("ada@"), status: Some(OrderStatus::Verified), user: None };
        assert_eq!(table(open), rows::ORDERS_BY_EMAIL);
        assert_eq!(table(Filter { text: Some(user.to_string()), ..Filter::default() }), "one");
    }

    #[test]
    fn people_are_found_by_their_e_mail_only_by_who_may_see_it() {
        let allowed = |text: &str, permissions: &[Permission]| {
            let who = Principal::account(UserId::default(), PermissionSet::of(permissions));
            Filter { text: Some(text.to_owned()), ..Filter::default() }.allowed(&who).is_ok()
        };
        let id = UserId::default().to_string();
        for (text, without) in [("1042", true), (&id, true), (" ", true), ("ada@", false), ("a", false)] {
            assert_eq!(allowed(text, &[Permission::OrdersRead]), without, "{text:?}");
            assert!(allowed(text, &[Permission::CustomersRead]), "{text:?}");
        }
    }

    /// 6,000 orders, of which every second is Zoe's, and one of hers, the oldest, is verified.
    #[test]
    fn one_order_among_thousands_is_on_the_first_page() {
        let id = |n: u128| OrderId(uuid::Uuid::from_u128(n));
        let mut keys = Vec::new();
        for n in 0..6_000 {
            let status = if n == 1 { OrderStatus::Verified } else { OrderStatus::Cancelled };
            let mut view = an_order().id(id(n)).status(status).placed_at(Timestamp(n as i64)).view();
            let mut placement = view.placement.as_deref().cloned().expect("it is placed");
            placement.email = format!("{}@example.org", ["ada", "Zoe"][n as usize % 2]);
            view.placement = Some(placement.into());
            let rows = projection::of_view(&AddressIndex::default(), &view)
                .into_iter()
                .filter(|row| row.table == rows::ORDERS_BY_EMAIL);
            keys.extend(rows.map(|row| row.key));
        }
        keys.sort_unstable();
        let page = |text: &str, status: Option<OrderStatus>| {
            let filter = Filter { text: Some(text.to_owned()), status, user: None };
            let Walk::Rows { table, prefix } = filter.walk(&AddressIndex::default()) else { panic!("rows are walked") };
            let read = |after: Option<&[u8]>, n: usize| {
                let behind = |key: &&Vec<u8>| after.is_none_or(|after| &key[..] > after);
                let found = keys.iter().filter(|key| key.starts_with(&prefix)).filter(behind).take(n);
                Ok(found.cloned().collect())
            };
            let mut loaded = 0;
            let load = |id: OrderId| {
                loaded += 1;
                Ok(Some(id))
            };
            let page = filter.walked(table, None, 10, read, load).expect("a page");
            (page.items, page.next.is_some(), loaded)
        };
        assert_eq!(page("zoe@", Some(OrderStatus::Verified)), (vec![id(1)], false, 1));
        let newest = (0..10).map(|n| id(5_999 - 2 * n)).collect::<Vec<_>>();
        assert_eq!(page("ZO", None), (newest, true, 10));
        assert_eq!(page("nobody@", None), (vec![], false, 0));
    }
}
