//! Accounts in memory and a clock that stands still, for the tests of identity and of `http::auth`.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, AtomicU64, Ordering::Relaxed},
    },
};

use futures::future::{BoxFuture, ready};
use uuid::Uuid;

use super::*;
use crate::domain::{
    account::{AccountCommand, AccountRejection, AccountView},
    ids::CommandId,
    time::Timestamp,
};

#[derive(Default)]
pub struct FakeClock {
    pub ms: AtomicI64,
    ids: AtomicU64,
}

impl Clock for FakeClock {
    fn now(&self) -> Timestamp {
        Timestamp(self.ms.load(Relaxed))
    }
    fn uuid(&self) -> Uuid {
        Uuid::from_u128(u128::from(self.ids.fetch_add(1, Relaxed) + 1))
    }
}

#[derive(Default)]
pub struct FakeAccounts(pub Mutex<HashMap<String, AccountView>>);

impl Accounts for FakeAccounts {
    fn find<'a>(&'a self, email: &'a str) -> BoxFuture<'a, Result<Option<AccountView>, AccountsFault>> {
        Box::pin(ready(Ok(self.0.lock().unwrap().get(email).cloned())))
    }
    fn tell<'a>(
        &'a self,
        email: &'a str,
        command: AccountCommand,
        _: CommandId,
    ) -> BoxFuture<'a, Result<(), AccountsFault>> {
        let mut accounts = self.0.lock().unwrap();
        let told = match (command, accounts.get_mut(email)) {
            (AccountCommand::Register { .. }, Some(_)) => Err(AccountRejection::AlreadyRegistered.into()),
            (AccountCommand::Register { user, role, password_hash }, None) => {
                accounts.insert(email.to_owned(), AccountView { user: Some(user), role, password_hash });
                Ok(())
            }
            (AccountCommand::SetPassword { password_hash }, Some(account)) => {
                account.password_hash = password_hash;
                Ok(())
            }
            (AccountCommand::SetPassword { .. }, None) => Err(AccountRejection::NotRegistered.into()),
        };
        Box::pin(ready(told))
    }
}

pub struct World {
    pub identity: Identity,
    pub clock: Arc<FakeClock>,
    pub accounts: Arc<FakeAccounts>,
}

pub fn world() -> World {
    let clock = Arc::new(FakeClock::default());
    clock.ms.store(1_795_000_000_000, Relaxed);
    let accounts = Arc::new(FakeAccounts::default());
    let secret = SigningSecret::from_bytes([7; 32]);
    let identity = Identity::new(IdentitySettings::default(), &secret, clock.clone(), accounts.clone());
    World { identity, clock, accounts }
}
