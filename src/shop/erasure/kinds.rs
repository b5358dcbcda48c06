//! How the entities of one person are found, kind by kind. The match is exhaustive: a new kind does not compile before
//! it is said here whether it has anything of a person.

use super::find;
use crate::{
    actors::{gateway::Gateway, projection::ReadError},
    domain::{
        account::AccountView,
        api_key::ApiKey,
        ids::{OrderId, UserId},
        key::EntityKey,
        kinds::Kind,
        personal::Subject,
    },
    identity::Principal,
    shop::rows::{PAYMENTS_BY_USER, payment_of},
};

/// What is known of an account before anything else is looked for.
pub struct Person<'a> {
    pub user: UserId,
    pub account: &'a AccountView,
    pub orders: &'a [OrderId],
}

/// Entities of this kind that are about the person; each may be absent.
pub fn about(gateway: &Gateway, kind: Kind, person: &Person<'_>) -> Result<Vec<EntityKey>, ReadError> {
    let Person { user, account, orders } = person;
    let ids: Vec<String> = match kind {
        Kind::Account => vec![user.to_string()],
        Kind::Email => account.mailbox.iter().map(|mailbox| mailbox.key().id.to_string()).collect(),
        Kind::IdentityLink => account.links.iter().map(|link| link.subject.key().id.to_string()).collect(),
        Kind::Session => account.sessions.iter().map(ToString::to_string).collect(),
        Kind::ApiKey => (0..ApiKey::PLACES).map(|place| ApiKey::place_id(*user, place)).collect(),
        Kind::Cart => vec![Principal::cart_of(*user).to_string()],
        Kind::Order => orders.iter().map(ToString::to_string).collect(),
        Kind::Payment => {
            let own = find::of_user(gateway, PAYMENTS_BY_USER, *user, payment_of)?;
            own.iter().map(ToString::to_string).collect()
        }
        // What staff wrote down about them is theirs to know, too.
        Kind::Note => {
            let about = orders.iter().map(|order| EntityKey::new(Kind::Order, order.to_string()));
            let account = EntityKey::new(Kind::Account, user.to_string());
            about.chain([account]).map(|key| key.to_string()).collect()
        }
        Kind::Erasure => vec![Subject::User(*user).to_string()],
        // Nothing of a person: goods, the shop's own, and counts by ids that are in the account and the orders.
        Kind::Stock | Kind::Product | Kind::Category | Kind::Numbers | Kind::Role | Kind::Superadmins => Vec::new(),
        // A mail forgets its recipient as soon as its fate is decided, and says nothing that is not in an order.
        Kind::Mail => Vec::new(),
    };
    Ok(ids.into_iter().map(|id| EntityKey::new(kind, id)).collect())
}
