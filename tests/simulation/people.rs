//! People with accounts: more of them than addresses, so that they race for these; they log in, refresh, use a token
//! again that was used, change their address, and leave. At a run's end accounts, claims and sessions must agree.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    time::Duration,
};

use souk::{
    actors::ports::journal::Commit,
    domain::{
        account::{AccountCommand, AccountEvent, AccountStatus, AccountView, Challenge, Key, NewToken, Password},
        email::{EmailView, Mailbox},
        ids::{SessionId, TokenId, UserId},
        key::EntityKey,
        kinds::{AnyEvent, AnyView, Kind},
        role::RoleName,
        session::{Method, Opened, SessionCommand, SessionEnd, SessionEvent, SessionView},
        time::Timestamp,
    },
    persistence::memory_journal::MemoryStorage,
};
use uuid::Uuid;

use crate::{
    checks::{self, Models},
    clients::Step,
    many::Sum,
};

const ADDRESSES: u128 = 3;
const IDLE_MS: i64 = 300_000;

/// A run's counts.
#[derive(Debug, Default)]
pub struct People {
    pub registered: u64,
    /// Claims of an address that another has.
    pub refused: u64,
    /// Accounts with an address that was not their first.
    pub moved: u64,
    pub refreshed: u64,
    /// Sessions that ended because a token was used twice.
    pub reused: u64,
}

impl Sum for People {
    fn add(&mut self, other: &Self) {
        self.registered += other.registered;
        self.refused += other.refused;
        self.moved += other.moved;
        self.refreshed += other.refreshed;
        self.reused += other.reused;
    }
}

impl People {
    pub fn assert_something_happened(&self) {
        let Self { registered, refused, moved, refreshed, reused } = self;
        assert!([registered, refused, moved, refreshed, reused].iter().all(|count| **count > 0), "{self:?}");
    }
}

fn mailbox(n: u128) -> Mailbox {
    Mailbox::unkeyed(&format!("person{}@example.org", n % ADDRESSES)).expect("an address")
}

/// What one person does, drawn from the bits of the id: the other people's plans stay as they were.
pub fn plan(user: UserId) -> Vec<Step> {
    let drawn = user.0.as_u128();
    let named = |what: &str| Uuid::new_v5(&user.0, what.as_bytes());
    let token = |what: &str| NewToken { id: TokenId(named(what)), ttl_ms: 3_600_000 };
    let session = SessionId(named("session"));
    let challenge = Challenge { salt: vec![7; 16], memory_kib: 8, passes: 1, lanes: 1 };
    let account = |command| Step::Account { user, command: Box::new(command) };
    let pause = |ms: u128| Step::Pause(Duration::from_millis(ms as u64));
    let refresh = |generation| Step::Session {
        session,
        command: SessionCommand::Refresh { generation, address: "127.0.0.1".into() },
    };
    let opened = Opened {
        session,
        user,
        device: "a browser".into(),
        address: "127.0.0.1".into(),
        methods: vec![Method::Password],
        idle_ms: IDLE_MS,
        at: Timestamp(0),
        proven_at: None,
    };
    let mut steps = vec![
        pause(drawn % 5_000),
        account(AccountCommand::Register {
            user,
            mailbox: mailbox(drawn),
            name: None,
            roles: BTreeSet::from([RoleName::customer()]),
            password: Box::new(Password::of(challenge, b"key")),
            verify: Some(token("verify")),
        }),
        pause(drawn / 7 % 4_000),
        account(AccountCommand::VerifyEmail { token: token("verify").id }),
        account(AccountCommand::OpenSession { session }),
        Step::Session { session, command: SessionCommand::Open(opened) },
        pause(drawn / 11 % 3_000),
        refresh(0),
    ];
    match drawn / 13 % 4 {
        // Beyond the time in which the same token is a repeated request.
        0 => steps.extend([pause(15_000), refresh(0), refresh(1)]),
        1 => steps.extend([
            account(AccountCommand::EndSessions { sessions: vec![session] }),
            Step::Session { session, command: SessionCommand::End { why: SessionEnd::LoggedOut } },
            refresh(1),
        ]),
        2 => steps.push(refresh(1)),
        _ => {}
    }
    let key = Key::new(b"key".to_vec());
    steps.push(account(AccountCommand::AskEmailChange { key, to: mailbox(drawn + 1), token: token("change") }));
    steps.push(account(AccountCommand::ConfirmEmailChange { token: token("change").id }));
    steps
}

fn accounts(models: &Models) -> Vec<AccountView> {
    let views = models.values().filter_map(|(_, model)| match model.view() {
        AnyView::Account(account) => Some(account),
        _ => None,
    });
    views.collect()
}

fn claim(models: &Models, mailbox: &Mailbox) -> EmailView {
    match models.get(&mailbox.key()).map(|(_, model)| model.view()) {
        Some(AnyView::Email(view)) => view,
        _ => EmailView::default(),
    }
}

fn session(models: &Models, session: SessionId) -> Option<SessionView> {
    match models.get(&EntityKey::new(Kind::Session, session.to_string()))?.1.view() {
        AnyView::Session(view) => Some(view),
        _ => None,
    }
}

/// What is not decided yet (nothing, once the shop is at rest).
pub fn under_way(storage: &MemoryStorage) -> Vec<String> {
    let models = checks::fold_of(storage, |key| matches!(key.kind, Kind::Account | Kind::Session));
    let mut open = Vec::new();
    for account in accounts(&models) {
        if account.status == AccountStatus::Registering || account.changing_to.is_some() {
            open.push(format!("G4: account {:?} still claims an address", account.user));
        }
        for listed in account.sessions.iter() {
            if session(&models, *listed).is_some_and(|session| session.ended.is_some()) {
                open.push(format!("G4: session {listed} has ended, and its account has not heard"));
            }
        }
    }
    open
}

/// No two accounts with one address, no claim without its account, no session that stands again, no token twice.
pub fn check(models: &Models, commits: &[Commit], broken: &mut Vec<String>) -> People {
    let mut people = People::default();
    let mut held: HashMap<EntityKey, UserId> = HashMap::new();
    for account in accounts(models) {
        let (Some(user), Some(mailbox)) = (account.user, &account.mailbox) else { continue };
        if account.status != AccountStatus::Registered {
            continue;
        }
        people.registered += 1;
        people.moved += u64::from(*mailbox.address != *self::mailbox(user.0.as_u128()).address);
        if let Some(other) = held.insert(mailbox.key(), user) {
            broken.push(format!("accounts {user} and {other} have one address"));
        }
        if claim(models, mailbox).holder.is_none_or(|holder| holder.user != user) {
            broken.push(format!("account {user} has an address that it has not claimed"));
        }
    }
    for (key, (_, model)) in models.iter().filter(|(key, _)| key.kind == Kind::Email) {
        let AnyView::Email(view) = model.view() else { continue };
        if view.holder.is_some_and(|holder| held.get(key) != Some(&holder.user)) {
            broken.push(format!("{key} is claimed by {:?}, which has another address", view.holder));
        }
    }
    happened(commits, &mut people, broken);
    people
}

fn happened(commits: &[Commit], people: &mut People, broken: &mut Vec<String>) {
    let (mut ended, mut given): (HashSet<&EntityKey>, HashSet<(&EntityKey, u32)>) = Default::default();
    for (key, event) in commits.iter().flat_map(|commit| commit.events.iter().map(|event| (&commit.key, event))) {
        people.refused += u64::from(matches!(event, AnyEvent::Account(AccountEvent::EmailRefused { .. })));
        let AnyEvent::Session(event) = event else { continue };
        match event {
            SessionEvent::Refreshed { generation, .. } => {
                people.refreshed += 1;
                if !given.insert((key, *generation)) {
                    broken.push(format!("{key} gave generation {generation} twice"));
                }
            }
            SessionEvent::Ended { why, .. } => {
                people.reused += u64::from(*why == SessionEnd::Reused);
                ended.insert(key);
                continue;
            }
            SessionEvent::AccountTold | SessionEvent::Forgotten => continue,
            SessionEvent::Opened(_) | SessionEvent::Proven { .. } => {}
        }
        if ended.contains(key) {
            broken.push(format!("{key} stood again after its end: {event:?}"));
        }
    }
}
