//! An account's life: claimed, proven, changed, ended; and accounts as they were first kept.

use uuid::Uuid;

use super::*;
use crate::domain::{
    effect::EffectOf,
    ids::TokenId,
    order::Address,
    testing::{self, Given},
};

mod erased;
mod factors;
mod links;
mod mails;
mod passkeys;
mod registration;
mod sessions;

fn given(events: impl IntoIterator<Item = AccountEvent>) -> Given<Account> {
    testing::given(events)
}

fn user() -> UserId {
    UserId(Uuid::from_u128(1))
}

fn mailbox(address: &str) -> Mailbox {
    Mailbox::unkeyed(address).unwrap()
}

fn session(n: u128) -> SessionId {
    SessionId(Uuid::from_u128(n))
}

fn token(n: u128) -> NewToken {
    NewToken { id: TokenId(Uuid::from_u128(n)), ttl_ms: 1_000 }
}

fn asked(n: u128, right: Right, until: i64) -> AccountEvent {
    AccountEvent::TokenAsked { token: Token { id: token(n).id, right, until: Timestamp(until) } }
}

fn challenge() -> Challenge {
    Challenge { salt: vec![7; 16], memory_kib: 19_456, passes: 2, lanes: 1 }
}

fn password(key: &[u8]) -> Password {
    Password::of(challenge(), key)
}

fn key(bytes: &[u8]) -> Key {
    Key::new(bytes.to_vec())
}

fn customer() -> BTreeSet<RoleName> {
    BTreeSet::from([RoleName::customer()])
}

fn register(verify: Option<NewToken>) -> AccountCommand {
    AccountCommand::Register {
        user: user(),
        mailbox: mailbox("Ada@example.org"),
        name: None,
        roles: customer(),
        password: Box::new(password(b"key")),
        verify,
    }
}

fn begun() -> AccountEvent {
    AccountEvent::Begun {
        user: user(),
        mailbox: mailbox("Ada@example.org"),
        name: None,
        roles: customer(),
        password: Some(Box::new(password(b"key"))),
        old: None,
        at: Timestamp(5),
    }
}

/// An account with its address, and more.
fn registered(more: impl IntoIterator<Item = AccountEvent>) -> Given<Account> {
    given([begun(), AccountEvent::EmailClaimed { claim: 1 }]).after(more)
}

fn opened(n: u128, at: i64) -> AccountEvent {
    AccountEvent::SessionOpened { session: session(n), at: Timestamp(at) }
}

fn pending(account: &Account) -> Vec<String> {
    account.effects().iter().map(EffectOf::<Account>::id).collect()
}
