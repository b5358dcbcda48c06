//! Which orders are a person's: those that an account placed, and those of guests who named its proven address.

use crate::{
    actors::{
        gateway::{Answer, Gateway},
        ports::StoreError,
        projection::ReadError,
    },
    domain::{
        account::AccountView,
        entity::Entity,
        ids::{OrderId, UserId},
        order::{Order, OrderView},
    },
    shop::{
        order::ORDERS_BY_CONTACT,
        rows::{self, AddressIndex, ORDERS_BY_USER, user_prefix},
    },
};

const PAGE: usize = 100;

/// By this node's read models, which the caller has waited for.
pub fn orders(
    gateway: &Gateway,
    index: &AddressIndex,
    account: &AccountView,
    each: &mut impl FnMut(OrderId, Answer<OrderView>),
) -> Result<(), ReadError> {
    let Some(user) = account.user else { return Ok(()) };
    orders_of(gateway, ORDERS_BY_USER, &user_prefix(user), |view| Order::owner(view) == Some(user), each)?;
    let proven = account.mailbox.as_ref().filter(|_| account.verified);
    let Some(address) = proven.map(|mailbox| mailbox.address.clone()) else { return Ok(()) };
    // The index may take one address for another; the order says which it is.
    let named = |view: &OrderView| Order::contact(view).is_some_and(|contact| contact == address);
    orders_of(gateway, ORDERS_BY_CONTACT, &index.whole(&address), named, each)
}

fn orders_of(
    gateway: &Gateway,
    table: &str,
    prefix: &[u8],
    is_theirs: impl Fn(&OrderView) -> bool,
    each: &mut impl FnMut(OrderId, Answer<OrderView>),
) -> Result<(), ReadError> {
    pages(
        |after| gateway.row_keys(table, prefix, after, PAGE),
        |key| {
            let Some(id) = rows::order_of(key) else { return Ok(()) };
            if let Some(answer) = gateway.read_local::<Order>(&id.to_string())?
                && is_theirs(&answer.view)
            {
                each(id, answer);
            }
            Ok(())
        },
    )
}

/// Ids in a table's rows of one user.
pub fn of_user<T>(
    gateway: &Gateway,
    table: &str,
    user: UserId,
    id: impl Fn(&[u8]) -> Option<T>,
) -> Result<Vec<T>, ReadError> {
    let (mut found, prefix) = (Vec::new(), user_prefix(user));
    let mut each = |key: &[u8]| {
        found.extend(id(key));
        Ok(())
    };
    pages(|after| gateway.row_keys(table, &prefix, after, PAGE), &mut each)?;
    Ok(found)
}

fn pages(
    read: impl Fn(Option<&[u8]>) -> Result<Vec<Vec<u8>>, ReadError>,
    mut each: impl FnMut(&[u8]) -> Result<(), StoreError>,
) -> Result<(), ReadError> {
    let mut after: Option<Vec<u8>> = None;
    loop {
        let keys = read(after.as_deref())?;
        keys.iter().try_for_each(|key| each(key))?;
        match keys.len() < PAGE {
            true => return Ok(()),
            false => after = keys.into_iter().last(),
        }
    }
}
