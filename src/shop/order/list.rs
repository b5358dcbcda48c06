//! Lists of orders: the index to walk, and the conditions on each row.

use super::{super::AppState, wire::OrderBody};
use crate::http::{
    Problem,
    listing::{self, Page},
};
use crate::{
    actors::{gateway::Answer, ports::StoreError},
    domain::{
        ids::{OrderId, UserId},
        order::{Order, OrderStatus, OrderView},
    },
    shop::rows,
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
    filter: &Filter,
    cursor: Option<&str>,
    limit: Option<usize>,
) -> Result<Page<OrderBody>, Problem> {
    let (after, limit) = state.toolkit.open_page(cursor, limit).await?;
    let load = |id: OrderId| -> Result<Option<OrderBody>, StoreError> {
        let answer = state.gateway.read_local::<Order>(&id.to_string())?;
        Ok(answer
            .filter(|answer| filter.passes(answer))
            .and_then(|answer| OrderBody::new(id, answer.version, &answer.view)))
    };
    match filter.walk() {
        Walk::One(id) => Ok(Page { items: load(id)?.into_iter().collect(), next: None }),
        Walk::Rows { table, prefix } => {
            let found = |after: Option<&[u8]>, n| state.gateway.row_keys(table, &prefix, after, n);
            Ok(listing::walk(after, limit, found, |key| rows::order_of(key).map_or(Ok(None), load))?)
        }
    }
}

impl Filter {
    fn walk(&self) -> Walk {
        let text = self.text.as_deref().map(str::trim).unwrap_or_default();
        if let Ok(id) = text.parse::<OrderId>() {
            return Walk::One(id);
        }
        let (table, prefix) = match (text.parse(), self.user, self.status) {
            (Ok(number), ..) => (rows::ORDERS_BY_NUMBER, rows::number_prefix(number)),
            (Err(_), Some(user), _) => (rows::ORDERS_BY_USER, rows::user_prefix(user)),
            (Err(_), None, Some(status)) => (rows::ORDERS_BY_STATUS, rows::lifecycle_prefix(status)),
            (Err(_), None, None) => (rows::ORDERS_ALL, Vec::new()),
        };
        Walk::Rows { table, prefix }
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

    #[test]
    fn the_narrowest_index_is_walked() {
        let user = UserId(uuid::Uuid::from_u128(7));
        let table = |filter: Filter| match filter.walk() {
            Walk::Rows { table, .. } => table,
            Walk::One(_) => "one",
        };
        let text = |text: &str| Some(text.to_owned());
        assert_eq!(table(Filter::default()), rows::ORDERS_ALL);
        assert_eq!(table(Filter { status: Some(OrderStatus::Verified), ..Filter::default() }), rows::ORDERS_BY_STATUS);
        let both = Filter { status: Some(OrderStatus::Verified), user: Some(user), text: None };
        assert_eq!(table(both), rows::ORDERS_BY_USER);
        assert_eq!(table(Filter { text: text("1042"), user: Some(user), status: None }), rows::ORDERS_BY_NUMBER);
        assert_eq!(table(Filter { text: text("ada@"), ..Filter::default() }), rows::ORDERS_ALL);
        assert_eq!(table(Filter { text: Some(user.to_string()), ..Filter::default() }), "one");
    }
}
