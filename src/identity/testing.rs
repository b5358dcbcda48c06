//! Accounts in memory, for the tests of identity and of `http::auth`.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use super::*;
use crate::{
    domain::{
        account::{AccountCommand, AccountRejection, AccountView},
        ids::CommandId,
        time::Timestamp,
    },
    testing::FixedClock,
};
use futures::future::{BoxFuture, ready};

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
    pub clock: Arc<FixedClock>,
    pub accounts: Arc<FakeAccounts>,
}

pub fn world() -> World {
    let clock = Arc::new(FixedClock::at(Timestamp(1_795_000_000_000)));
    let accounts = Arc::new(FakeAccounts::default());
    let secret = SigningSecret::from_bytes([7; 32]);
    let identity = Identity::new(crate::config::Identity::default(), &secret, clock.clone(), accounts.clone());
    World { identity, clock, accounts }
}
