//! Samples of account, e-mail, session and API key.

use std::collections::BTreeSet;

use souk::domain::{
    account::{
        AccountEvent, AccountMail, Challenge, CodeDigest, CosePublicKey, CredentialId, FactorEvent, FactorKind,
        Passkey, PasskeyUse, Password, Right, Role, Token,
    },
    api_key::{ApiKeyEvent, Issued, KeySecret, Verifier},
    email::{AddressKey, EmailEvent, Mailbox},
    ids::{AddressId, ApiKeyId, FactorId, SessionId, TokenId},
    kinds::AnyEvent,
    order::Address,
    role::RoleName,
    session::{Method, Opened, SessionEnd, SessionEvent},
};

use super::{
    ids::{AT, id, text, user_id},
    links,
};

fn mailbox(written: &str) -> Mailbox {
    Mailbox::unkeyed(written).unwrap()
}

fn session() -> SessionId {
    SessionId(id(10))
}

fn token_id() -> TokenId {
    TokenId(id(11))
}

fn token(right: Right) -> AccountEvent {
    AccountEvent::TokenAsked { token: Token { id: token_id(), right, until: AT } }
}

fn password() -> Password {
    let challenge = Challenge { salt: b"sixteen bytes ..".to_vec(), memory_kib: 19_456, passes: 2, lanes: 1 };
    Password::of(challenge, b"a key")
}

pub fn account() -> Vec<AnyEvent> {
    let hash = text("$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA");
    let roles = BTreeSet::from([RoleName::customer(), RoleName::manager()]);
    let address = Address {
        name: text("Ada Lovelace"),
        line1: text("12 St James's Square"),
        line2: None,
        city: text("London"),
        region: None,
        postal_code: text("SW1Y 4JH"),
        country: text("GB"),
        phone: None,
    };
    let begun = |old: Option<&str>| AccountEvent::Begun {
        user: user_id(),
        mailbox: mailbox("Ada@Example.org"),
        name: old.is_none().then(|| text("Ada")),
        roles: roles.clone(),
        password: old.is_none().then(|| Box::new(password())),
        old: old.map(text),
        at: AT,
    };
    let mails = [
        AccountMail::VerifyEmail { token: token_id() },
        AccountMail::ResetPassword { token: token_id() },
        AccountMail::ConfirmEmail { token: token_id() },
        AccountMail::EmailChanged { claim: 2 },
        AccountMail::PasswordChanged { at: AT },
        AccountMail::FactorsChanged { at: AT },
    ];
    let events = [
        AccountEvent::Registered { user: user_id(), role: Role::Superadmin, password_hash: hash.clone() },
        AccountEvent::PasswordSet { password_hash: hash },
        begun(None),
        begun(Some("ada@example.org")),
        AccountEvent::EmailClaimed { claim: 1 },
        AccountEvent::EmailRefused { claim: 1 },
        AccountEvent::EmailReleased { claim: 1 },
        AccountEvent::PasswordKept { password: password() },
        AccountEvent::PasswordChanged { password: password(), at: AT },
        AccountEvent::SessionOpened { session: session(), at: AT },
        AccountEvent::SessionsEnded { sessions: vec![session()] },
        token(Right::VerifyEmail),
        token(Right::ResetPassword),
        token(Right::ChangeEmail { to: mailbox("new@example.org") }),
        AccountEvent::EmailVerified { at: AT },
        AccountEvent::EmailChangeConfirmed { to: mailbox("new@example.org"), at: AT },
        AccountEvent::ProfileSet { name: Some(text("Ada")), phone: None },
        AccountEvent::AddressKept { id: AddressId(id(12)), address: Box::new(address), is_default: true },
        AccountEvent::AddressRemoved { id: AddressId(id(12)) },
        AccountEvent::RolesSet { roles },
        AccountEvent::Disabled { at: AT },
        AccountEvent::Enabled { at: AT },
    ];
    let queued = mails.into_iter().map(|mail| AccountEvent::MailQueued { mail });
    events
        .into_iter()
        .chain(queued)
        .chain(factors())
        .chain(links::of_account())
        .chain(passkeys())
        .chain(erased())
        .map(AnyEvent::Account)
        .collect()
}

/// An address as a shop with keys names it, and an account that is nobody's any more.
fn erased() -> [AccountEvent; 2] {
    struct Key;
    impl AddressKey for Key {
        fn digest(&self, address: &[u8]) -> [u8; 32] {
            [address.len() as u8; 32]
        }
    }
    let to = Mailbox::new("Ada@Example.org", &Key).unwrap();
    [AccountEvent::EmailChangeConfirmed { to, at: AT }, AccountEvent::Erased { at: AT }]
}

/// A new event of factors stops the build here, too.
fn factors() -> Vec<AccountEvent> {
    let (id, digest) = (FactorId(id(13)), CodeDigest(text("9f86d081")));
    let events = vec![
        FactorEvent::Enrolled { id, kind: FactorKind::Totp, name: text("My phone"), at: AT },
        FactorEvent::Confirmed { id, step: 59_833_333, at: AT },
        FactorEvent::CodesMade { codes: vec![digest.clone()], at: AT },
        FactorEvent::Removed { id, at: AT },
        FactorEvent::Cleared { at: AT },
        FactorEvent::Asked { session: session(), until: AT },
        FactorEvent::Failed { session: session() },
        FactorEvent::TotpUsed { id, step: 59_833_334, at: AT },
        FactorEvent::CodeUsed { code: digest, at: AT },
        FactorEvent::Passed { session: session() },
    ];
    let place = |event: &FactorEvent| match event {
        FactorEvent::Enrolled { .. } => 0,
        FactorEvent::Confirmed { .. } => 1,
        FactorEvent::CodesMade { .. } => 2,
        FactorEvent::Removed { .. } => 3,
        FactorEvent::Cleared { .. } => 4,
        FactorEvent::Asked { .. } => 5,
        FactorEvent::Failed { .. } => 6,
        FactorEvent::TotpUsed { .. } => 7,
        FactorEvent::CodeUsed { .. } => 8,
        FactorEvent::Passed { .. } => 9,
        // Below.
        FactorEvent::PasskeyAdded { .. } | FactorEvent::PasskeyUsed { .. } => 10,
    };
    assert!(events.iter().map(place).eq(0..10), "a sample of each");
    events.into_iter().map(AccountEvent::Factors).collect()
}

fn passkeys() -> Vec<AccountEvent> {
    let (id, name) = (FactorId(id(14)), text("My laptop"));
    let (credential, key) = (CredentialId(text("5rOa")), CosePublicKey(text("pQECAyYgASFYIA")));
    let passkey = Box::new(Passkey { credential, key, counter: 0 });
    let used = PasskeyUse { asked: 1_795_000_000_001, counter: 7, verified: true };
    let added = FactorEvent::PasskeyAdded { id, name, passkey, asked: 1_795_000_000_000, at: AT };
    [added, FactorEvent::PasskeyUsed { id, used, at: AT }].map(AccountEvent::Factors).to_vec()
}

pub fn email() -> Vec<AnyEvent> {
    let events = [
        EmailEvent::Claimed { user: user_id(), claim: 1, at: AT },
        EmailEvent::Released { user: user_id(), claim: 1, at: AT },
    ];
    events.into_iter().map(AnyEvent::Email).collect()
}

pub fn session_events() -> Vec<AnyEvent> {
    let opened = Opened {
        session: session(),
        user: user_id(),
        device: text("Firefox"),
        address: text("192.0.2.1"),
        methods: Method::ALL.to_vec(),
        idle_ms: 1_000,
        at: AT,
        proven_at: None,
    };
    let by_provider = Opened { methods: vec![Method::Sso], proven_at: Some(Box::new(AT)), ..opened.clone() };
    let ends = SessionEnd::ALL.iter().map(|why| SessionEvent::Ended { why: *why, at: AT });
    let refreshed = SessionEvent::Refreshed { generation: 1, address: text("192.0.2.1"), at: AT };
    let first = [SessionEvent::Opened(opened), refreshed];
    let proven = SessionEvent::Proven { methods: Method::ALL.to_vec(), at: AT };
    let last = [SessionEvent::AccountTold, SessionEvent::Forgotten, proven, SessionEvent::Opened(by_provider)];
    first.into_iter().chain(ends).chain(last).map(AnyEvent::Session).collect()
}

pub fn api_key() -> Vec<AnyEvent> {
    let verifier = |n: u8| Verifier::of(&KeySecret::new([n; 32]));
    let key = Issued {
        id: ApiKeyId(id(41)),
        user: user_id(),
        name: text("the till"),
        permissions: BTreeSet::from([text("orders.read"), text("stock.read")]),
        made_at: AT,
        expires_at: AT,
        verifier: verifier(1),
        previous: None,
    };
    let events = [
        ApiKeyEvent::Made { key },
        ApiKeyEvent::Rotated { verifier: verifier(2), previous_until: AT, expires_at: AT, at: AT },
        ApiKeyEvent::Revoked { id: ApiKeyId(id(41)), at: AT },
        ApiKeyEvent::Used { at: AT },
    ];
    events.into_iter().map(AnyEvent::ApiKey).collect()
}
