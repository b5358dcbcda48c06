//! What a key is good for, and what ends it.

use std::collections::BTreeSet;

use axum::http::{HeaderMap, header};

use crate::{
    domain::{
        account::AccountCommand,
        api_key::{ApiKey, ApiKeyRejection},
        ids::UserId,
        role::RoleName,
    },
    identity::{
        AccountError, AuthError, MadeKey, Permission, PermissionSet, TokenFault, WantedKey,
        testing::{World, world},
    },
};

const HOUR: i64 = 3_600_000;

async fn key(w: &World, user: UserId, permissions: &[Permission]) -> MadeKey {
    let names = permissions.iter().map(|one| one.name().to_owned()).collect();
    let wanted = WantedKey { name: "the till".to_owned(), permissions: names, ttl_ms: 10 * HOUR };
    w.identity.make_key(user, wanted).await.expect("a key")
}

async fn used(w: &World, text: &str) -> Result<PermissionSet, AuthError> {
    let headers = HeaderMap::from_iter([(header::AUTHORIZATION, format!("Bearer {text}").parse().unwrap())]);
    Ok(w.identity.identify(&headers).await?.expect("somebody").permissions)
}

const ENDED: AuthError = AuthError::InvalidToken(TokenFault::Ended);

#[tokio::test]
async fn a_key_may_what_it_and_its_maker_may_at_this_moment() {
    let w = world();
    let ada = w.account("ada@example.org", RoleName::manager()).await;
    let made = key(&w, ada.user, &[Permission::StockRead, Permission::RolesWrite]).await;
    // A manager does not have `roles.write`: a key does not have more than its maker.
    assert_eq!(used(&w, &made.text).await, Ok(PermissionSet::of(&[Permission::StockRead])));
    let (_, stands) =
        w.identity.key_watch(&made.text, PermissionSet::of(&[Permission::StockRead])).expect("it is good");
    assert!(stands());
    w.tell(ada.user, AccountCommand::SetRoles { roles: BTreeSet::from([RoleName::customer()]) });
    assert_eq!(used(&w, &made.text).await, Ok(PermissionSet::NONE));
    assert!(!stands(), "an open socket closes");
    w.tell(ada.user, AccountCommand::SetDisabled { disabled: true });
    assert_eq!(used(&w, &made.text).await, Err(ENDED));
}

#[tokio::test]
async fn a_key_is_a_person_of_its_own() {
    let w = world();
    let ada = w.account("ada@example.org", RoleName::manager()).await;
    let made = key(&w, ada.user, &[Permission::StockRead]).await;
    let headers = HeaderMap::from_iter([(header::AUTHORIZATION, format!("Bearer {}", made.text).parse().unwrap())]);
    let program = w.identity.identify(&headers).await.unwrap().unwrap();
    assert_ne!(program.user, ada.user, "nothing of its maker's is its own");
    assert!(program.by.starts_with("key:") && program.session.is_none() && program.address.is_none());
    assert_eq!(w.identity.account_now(&headers), Some(program));
}

#[tokio::test]
async fn a_rotated_key_has_an_overlap_and_a_revoked_one_none() {
    let w = world();
    let ada = w.account("ada@example.org", RoleName::manager()).await;
    let first = key(&w, ada.user, &[Permission::StockRead]).await;
    let id = first.view.key.as_ref().unwrap().id;
    let allowed = |_: &crate::domain::api_key::Issued| Ok::<(), AccountError>(());
    let second = w.identity.rotate_key(ada.user, id, HOUR, allowed).await.expect("rotated");
    assert!(used(&w, &first.text).await.is_ok() && used(&w, &second.text).await.is_ok());
    w.clock.pass(HOUR);
    assert_eq!(used(&w, &first.text).await, Err(ENDED));
    assert!(used(&w, &second.text).await.is_ok());
    let bob = w.account("bob@example.org", RoleName::manager()).await;
    assert!(matches!(w.identity.revoke_key(bob.user, id).await, Err(AccountError::UnknownKey)), "another's");
    w.identity.revoke_key(ada.user, id).await.expect("revoked");
    assert_eq!((used(&w, &second.text).await, w.identity.keys_of(ada.user).len()), (Err(ENDED), 0));
    let third = key(&w, ada.user, &[Permission::StockRead]).await;
    w.clock.pass(10 * HOUR);
    assert_eq!(used(&w, &third.text).await, Err(ENDED), "expired");
}

#[tokio::test]
async fn an_account_has_so_many_keys_and_wrong_ones_wait_longer_each_time() {
    let w = world();
    let ada = w.account("ada@example.org", RoleName::manager()).await;
    let right = key(&w, ada.user, &[Permission::StockRead]).await;
    for _ in 1..ApiKey::PLACES {
        key(&w, ada.user, &[Permission::StockRead]).await;
    }
    let wanted = || WantedKey { name: "one more".to_owned(), permissions: ["stock.read".to_owned()].into(), ttl_ms: 1 };
    assert!(matches!(w.identity.make_key(ada.user, wanted()).await, Err(AccountError::TooManyKeys { max: 20 })));
    let nameless = WantedKey { name: String::new(), ..wanted() };
    let bob = w.account("bob@example.org", RoleName::manager()).await;
    let refused = w.identity.make_key(bob.user, nameless).await;
    let why = ApiKeyRejection::BadName { max: ApiKey::NAME_MAX };
    assert!(matches!(refused, Err(AccountError::Key(fault)) if fault == why));
    // The last characters are of the secret.
    let wrong = format!("{}AAAAAAAA", &right.text[..right.text.len() - 8]);
    for _ in 0..5 {
        assert_eq!(used(&w, &wrong).await, Err(ENDED));
    }
    assert!(matches!(used(&w, &wrong).await, Err(AuthError::TooManyAttempts { .. })));
    assert!(used(&w, &right.text).await.is_ok(), "nobody locks the right one out");
    assert_eq!(used(&w, "souk_nonsense").await, Err(AuthError::InvalidToken(TokenFault::Forged)));
}
