//! The caller's own orders, the newest first: those that they placed, and those that guests placed with the address that
//! the caller has proven. Two indices are walked as one; nothing of an order changes, so the guest keeps it, too.

use super::{access, projection::ORDERS_BY_CONTACT, wire::OrderBody};
use crate::{
    actors::{gateway::Answer, ports::StoreError, projection::ReadError},
    domain::{
        entity::Entity,
        order::{Order, OrderStatus},
    },
    http::{
        Problem,
        listing::{self, Page},
    },
    identity::Principal,
    shop::{
        AppState,
        rows::{self, AddressIndex},
    },
};

pub async fn page(
    state: &AppState,
    who: &Principal,
    status: Option<OrderStatus>,
    cursor: Option<&str>,
    limit: Option<usize>,
) -> Result<Page<OrderBody>, Problem> {
    let (after, limit) = state.toolkit.open_page(cursor, limit).await?;
    let load = |key: &[u8]| -> Result<Option<OrderBody>, StoreError> {
        let Some(id) = rows::order_of(key) else { return Ok(None) };
        let answer = state.gateway.read_local::<Order>(&id.to_string())?;
        // The row may be older than the state.
        let passing = answer.filter(|Answer { view, .. }| {
            status.is_none_or(|status| view.lifecycle == status)
                && Order::owner(view).is_some_and(|owner| who.owns(owner, || Order::contact(view)))
        });
        Ok(passing.and_then(|answer| access::body(id, answer, who).ok()))
    };
    let tables = tables(&state.front.addresses, who);
    let read = |after: Option<&[u8]>, n: usize| {
        one_list(&tables, after, n, |table, prefix, after| state.gateway.row_keys(table, prefix, after, n))
    };
    Ok(listing::walk(after, limit, read, load)?)
}

type Table = (&'static str, Vec<u8>);

fn tables(index: &AddressIndex, who: &Principal) -> Vec<Table> {
    let placed = (rows::ORDERS_BY_USER, rows::user_prefix(who.user));
    let adopted = who.address.as_deref().map(|address| (ORDERS_BY_CONTACT, index.whole(address)));
    std::iter::once(placed).chain(adopted).collect()
}

/// The next `n` keys behind `after` of all tables together, without their prefixes: time and id.
fn one_list(
    tables: &[Table],
    after: Option<&[u8]>,
    n: usize,
    read: impl Fn(&'static str, &[u8], Option<&[u8]>) -> Result<Vec<Vec<u8>>, ReadError>,
) -> Result<Vec<Vec<u8>>, ReadError> {
    let mut keys = Vec::new();
    for (table, prefix) in tables {
        let after = after.map(|after| [&prefix[..], after].concat());
        let found = read(table, prefix, after.as_deref())?;
        keys.extend(found.into_iter().filter_map(|key| key.strip_prefix(&prefix[..]).map(<[u8]>::to_vec)));
    }
    keys.sort_unstable();
    keys.dedup();
    keys.truncate(n);
    Ok(keys)
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;
    use crate::{
        domain::{ids::UserId, time::Timestamp},
        identity::PermissionSet,
    };

    fn key(prefix: &[u8], at: i64, id: u128) -> Vec<u8> {
        [prefix, &rows::newest_first(Timestamp(at)), Uuid::from_u128(id).as_bytes()].concat()
    }

    #[test]
    fn both_indices_are_one_list_page_by_page() {
        let own = Principal::account(UserId(Uuid::from_u128(7)), PermissionSet::NONE);
        let index = AddressIndex::default();
        assert_eq!(tables(&index, &own).len(), 1, "an unproven address adopts nothing");
        let who = Principal { address: Some("ada@example.org".into()), ..own };
        let tables = tables(&index, &who);
        let (placed, adopted) = (&tables[0].1, &tables[1].1);
        // Times 9 to 1; every second one was placed by a guest, and one stands in both.
        let mut stored: Vec<Vec<u8>> =
            (1..10).map(|n| key(if n % 2 == 0 { placed } else { adopted }, n, n as u128)).collect();
        stored.push(key(placed, 5, 5));
        stored.push(key(&index.whole("bob@example.org"), 6, 99));
        stored.sort_unstable();
        let read = |_: &'static str, prefix: &[u8], after: Option<&[u8]>| {
            let behind = |key: &&Vec<u8>| after.is_none_or(|after| &key[..] > after);
            Ok(stored.iter().filter(|key| key.starts_with(prefix)).filter(behind).take(2).cloned().collect())
        };
        let (mut seen, mut after) = (Vec::new(), None::<Vec<u8>>);
        loop {
            let page = one_list(&tables, after.as_deref(), 2, read).expect("a page");
            let Some(last) = page.last() else { break };
            after = Some(last.clone());
            seen.extend(page.iter().filter_map(|key| rows::order_of(key)).map(|id| id.0.as_u128()));
        }
        assert_eq!(seen, (1..10).rev().collect::<Vec<_>>());
    }
}
