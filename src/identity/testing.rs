//! Accounts in memory, for the tests of identity and of the routes: the entities themselves, whose effects are performed
//! at once.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
};

use futures::future::{BoxFuture, ready};

use super::{
    accounts::{Answered, Asking},
    standings::{KeyStanding, key_standing, standing},
    *,
};
use crate::{
    domain::{
        account::{Account, AccountCommand, AccountView},
        api_key::{ApiKey, ApiKeyCommand, ApiKeyView},
        effect::{Outcome, Request},
        email::{Email, Mailbox},
        identity_link::{IdentityLink, Subject},
        key::EntityKey,
        kinds::{AnyCommand, AnyRejection, AnyState, AnyView, EntityType, Kind},
        session::{Session, SessionCommand, SessionView},
    },
    testing::FixedClock,
};

/// Every entity by its key.
pub struct FakeAccounts {
    pub states: Mutex<HashMap<EntityKey, AnyState>>,
    clock: Arc<FixedClock>,
}

impl FakeAccounts {
    fn send(&self, key: EntityKey, command: &AnyCommand) -> Result<AnyView, AnyRejection> {
        let mut states = self.states.lock().unwrap();
        let view = decide(&mut states, &key, command, self.clock.now())?;
        // To the end, as the runtime does: an outcome is a command again.
        let mut due = vec![key.clone()];
        while let Some(source) = due.pop() {
            let Some(effect) = states.get(&source).and_then(|state| state.effects().into_iter().next()) else {
                continue;
            };
            let outcome = match effect.request() {
                Request::Entity(target, command) => match decide(&mut states, &target, &command, self.clock.now()) {
                    Ok(view) => Outcome::Accepted(Some(view)),
                    Err(rejection) => Outcome::Refused(rejection),
                },
                Request::External(call) => panic!("nothing of identity calls {}", call.connector),
            };
            let command = effect.outcome(outcome).expect("an outcome settles an effect");
            decide(&mut states, &source, &command, self.clock.now()).expect("an outcome is not refused");
            due.push(source);
        }
        Ok(states.get(&key).map_or(view, AnyState::view))
    }

    pub fn view<E: EntityType>(&self, id: &str) -> E::View {
        let key = EntityKey::new(E::KIND, id);
        let view = self.states.lock().unwrap().get(&key).map_or_else(|| AnyState::new(E::KIND).view(), AnyState::view);
        E::view_of(view).expect("a view of its kind")
    }

    fn told<E: EntityType>(&self, id: &str, command: E::Command) -> Result<E::View, AccountsFault>
    where
        AccountsFault: From<E::Rejection>,
    {
        match self.send(EntityKey::new(E::KIND, id), &E::command(command)) {
            Ok(view) => Ok(E::view_of(view).expect("a view of its kind")),
            Err(rejection) => Err(E::rejection_of(rejection).expect("a refusal of its kind").into()),
        }
    }
}

fn decide(
    states: &mut HashMap<EntityKey, AnyState>,
    key: &EntityKey,
    command: &AnyCommand,
    now: Timestamp,
) -> Result<AnyView, AnyRejection> {
    let state = states.entry(key.clone()).or_insert_with(|| AnyState::new(key.kind));
    for event in state.decide(command, now)? {
        state.apply(&event);
    }
    Ok(state.view())
}

impl Accounts for FakeAccounts {
    fn holder<'a>(&'a self, mailbox: &'a Mailbox) -> Answered<'a, Option<UserId>> {
        Box::pin(ready(Ok(self.view::<Email>(&mailbox.key().id).holder.map(|holder| holder.user))))
    }

    fn linked<'a>(&'a self, subject: &'a Subject) -> Answered<'a, Option<UserId>> {
        Box::pin(ready(Ok(self.view::<IdentityLink>(&subject.key().id).holder.map(|holder| holder.user))))
    }

    fn account<'a>(&'a self, id: &'a str) -> Answered<'a, AccountView> {
        Box::pin(ready(Ok(self.view::<Account>(id))))
    }

    fn tell<'a>(&'a self, id: &'a str, command: AccountCommand, _: Asking) -> Answered<'a, AccountView> {
        Box::pin(ready(self.told::<Account>(id, command)))
    }

    fn tell_session(&self, id: SessionId, command: SessionCommand, _: Asking) -> Answered<'_, SessionView> {
        Box::pin(ready(self.told::<Session>(&id.to_string(), command)))
    }

    fn tell_key(&self, user: UserId, place: u8, command: ApiKeyCommand, _: Asking) -> Answered<'_, ApiKeyView> {
        Box::pin(ready(self.told::<ApiKey>(&ApiKey::place_id(user, place), command)))
    }

    fn old_accounts(&self, after: Option<&str>, limit: usize) -> Result<Vec<String>, AccountsFault> {
        let states = self.states.lock().unwrap();
        let ids = states.keys().filter(|key| key.kind == Kind::Account).map(|key| key.id.to_string());
        let mut ids: Vec<String> = ids.filter(|id| after.is_none_or(|after| id.as_str() > after)).collect();
        ids.sort();
        ids.truncate(limit);
        Ok(ids)
    }
}

impl Standings for FakeAccounts {
    fn of(&self, session: SessionId, user: UserId) -> Option<Standing> {
        let account = self.view::<Account>(&user.to_string());
        standing(session, user, &account, self.view::<Session>(&session.to_string()), |_| None)
    }

    fn key(&self, user: UserId, place: u8) -> Option<KeyStanding> {
        let account = self.view::<Account>(&user.to_string());
        key_standing(&account, self.view::<ApiKey>(&ApiKey::place_id(user, place)), |_| None)
    }

    fn key_caught_up(&self, _: UserId, _: u8) -> BoxFuture<'_, ()> {
        Box::pin(ready(()))
    }

    fn caught_up(&self, _: SessionId, _: UserId) -> BoxFuture<'_, ()> {
        Box::pin(ready(()))
    }
}

pub struct World {
    pub identity: Identity,
    pub clock: Arc<FixedClock>,
    pub accounts: Arc<FakeAccounts>,
    pub secret: SigningSecret,
}

pub const SHOP: &str = "https://shop.example";
pub const PASSWORD: &str = "a password of the test";

pub fn world() -> World {
    world_with(config::Identity::default())
}

pub fn world_with(settings: config::Identity) -> World {
    let clock = Arc::new(FixedClock::at(Timestamp(1_795_000_000_000)));
    let accounts = Arc::new(FakeAccounts { states: Mutex::default(), clock: clock.clone() });
    let secret = SigningSecret::from_bytes([7; 32]);
    let (addresses, shop) = (Addresses::new([8; 32]), RelyingParty::new(SHOP, &[], ""));
    let (known, standings) = (accounts.clone(), accounts.clone());
    let identity = Identity::new(settings, &secret, addresses, clock.clone(), known, standings, shop);
    World { identity, clock, accounts, secret }
}

impl World {
    /// A new account with this role, logged in.
    pub async fn account(&self, email: &str, role: RoleName) -> Granted {
        let mailbox = self.identity.mailbox(email).expect("an address");
        let applicant = Applicant { mailbox, password: config::Secret::new(PASSWORD), name: None };
        let granted = self.identity.register(applicant, &Client::default()).await.expect("a new account");
        if role.as_str() == RoleName::SUPERADMIN {
            self.tell(granted.user, AccountCommand::Promote);
        }
        self.tell(granted.user, AccountCommand::SetRoles { roles: BTreeSet::from([role]) });
        granted
    }

    pub fn tell(&self, user: UserId, command: AccountCommand) {
        self.accounts.told::<Account>(&user.to_string(), command).expect("accepted");
    }

    /// The text in the link of the newest mail about this.
    pub fn link(&self, user: UserId, purpose: &str) -> String {
        let states = self.accounts.states.lock().unwrap();
        let letters = states.iter().filter_map(|(key, state)| match (key.kind, state.to_json()) {
            (Kind::Mail, Ok(json)) => serde_json::from_str::<serde_json::Value>(json.get()).ok(),
            _ => None,
        });
        let tokens =
            letters.filter_map(|mail| mail["pending"]["letter"]["says"][purpose]["token"].as_str().map(str::to_owned));
        // Ids of the fixed clock count up.
        let newest = tokens.max().expect("a mail with a link").parse().expect("a token's id");
        MailTokens::new(&self.secret).text(user, newest)
    }
}
