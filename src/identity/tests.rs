//! Identity as a whole on accounts in memory: the first start, log-in and its brake, sessions, mails, guests and tokens.

use axum::http::HeaderMap;

use super::{
    testing::{PASSWORD, World, world},
    *,
};
use crate::{
    config::Secret,
    domain::{
        account::{Account, AccountCommand, AccountEvent, Role},
        key::EntityKey,
        kinds::{AnyEvent, AnyState, Kind},
        session::Method,
    },
};

mod accounts;
mod api_keys;
mod factors;
mod first;
mod guests;
mod passkeys;
mod sessions;
mod sso;

const EMAIL: &str = "ada@example.org";

fn headers(pairs: &[(&'static str, &str)]) -> HeaderMap {
    pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect()
}

async fn login(w: &World, email: &str, password: &str) -> Result<Granted, AuthError> {
    match w.identity.login(email, &Secret::new(password), &Client::default()).await? {
        Entered::Session(granted) => Ok(granted),
        Entered::SecondFactor(waits) => panic!("a second step: {waits:?}"),
    }
}

/// An account as accounts were first kept.
fn old_account(w: &World, email: &str, role: Role) -> UserId {
    use argon2::{Argon2, PasswordHasher, password_hash::phc};
    let hash: Result<phc::PasswordHash, _> = Argon2::default().hash_password(PASSWORD.as_bytes());
    let (user, password_hash) = (UserId(uuid::Uuid::from_u128(77)), hash.unwrap().to_string());
    let mut state = AnyState::new(Kind::Account);
    state.apply(&AnyEvent::Account(AccountEvent::Registered { user, role, password_hash }));
    w.accounts.states.lock().unwrap().insert(EntityKey::new(Kind::Account, email), state);
    user
}
