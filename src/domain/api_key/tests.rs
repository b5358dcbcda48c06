//! Every transition and refusal of a key's place.

use uuid::Uuid;

use super::*;
use crate::domain::testing::{self, given, replay};

const ID: ApiKeyId = ApiKeyId(Uuid::from_u128(7));
const OTHER: ApiKeyId = ApiKeyId(Uuid::from_u128(8));
const TTL: i64 = 1_000;

fn secret(n: u8) -> KeySecret {
    KeySecret::new([n; 32])
}

fn new(id: ApiKeyId) -> NewApiKey {
    NewApiKey {
        id,
        user: UserId(Uuid::from_u128(1)),
        name: "the till".to_owned(),
        permissions: BTreeSet::from(["stock.read".to_owned()]),
        ttl_ms: TTL,
        verifier: Verifier::of(&secret(1)),
    }
}

fn issued(id: ApiKeyId, at: i64) -> Issued {
    let NewApiKey { id, user, name, permissions, ttl_ms, verifier } = new(id);
    let (made_at, expires_at) = (Timestamp(at), Timestamp(at + ttl_ms));
    Issued { id, user, name, permissions, made_at, expires_at, verifier, previous: None }
}

fn made(id: ApiKeyId, at: i64) -> ApiKeyEvent {
    ApiKeyEvent::Made { key: issued(id, at) }
}

fn rotate(n: u8, overlap_ms: i64) -> ApiKeyCommand {
    ApiKeyCommand::Rotate { id: ID, verifier: Verifier::of(&secret(n)), overlap_ms }
}

#[test]
fn a_place_is_taken_until_its_key_is_revoked_or_expired() {
    let make = |id| ApiKeyCommand::Make(new(id));
    given::<ApiKey>([]).at(5).when(make(ID)).then([made(ID, 5)]);
    given::<ApiKey>([made(ID, 5)]).at(6).when(make(ID)).then_nothing();
    given::<ApiKey>([made(ID, 5)]).at(6).when(make(OTHER)).then_rejected(ApiKeyRejection::Taken);
    given::<ApiKey>([made(ID, 5)]).at(5 + TTL).when(make(OTHER)).then([made(OTHER, 5 + TTL)]);
    let revoked = ApiKeyEvent::Revoked { id: ID, at: Timestamp(6) };
    let gone = given::<ApiKey>([made(ID, 5)]).at(6).when(ApiKeyCommand::Revoke { id: ID }).then([revoked.clone()]);
    assert!(gone.is_forgotten());
    given::<ApiKey>([made(ID, 5), revoked]).at(7).when(make(OTHER)).then([made(OTHER, 7)]);
    given::<ApiKey>([made(ID, 5)]).when(ApiKeyCommand::Revoke { id: OTHER }).then_rejected(ApiKeyRejection::Unknown);
}

#[test]
fn after_a_rotation_both_texts_are_good_for_the_overlap_and_no_longer() {
    let rotated = ApiKeyEvent::Rotated {
        verifier: Verifier::of(&secret(2)),
        previous_until: Timestamp(300),
        expires_at: Timestamp(1_200),
        at: Timestamp(200),
    };
    let state = given::<ApiKey>([made(ID, 0)]).at(200).when(rotate(2, 100)).then([rotated.clone()]);
    let key = state.view().key.unwrap();
    let good = |n, at| key.admits(&secret(n), Timestamp(at));
    assert!(good(1, 299) && good(2, 299) && !good(1, 300) && good(2, 1_199) && !good(2, 1_200));
    assert!(!good(3, 299), "a secret that was never given out");
    assert_eq!((key.good_until(&secret(1)), key.good_until(&secret(2))), (Timestamp(300), Timestamp(1_200)));
    given::<ApiKey>([made(ID, 0), rotated]).at(210).when(rotate(2, 100)).then_nothing();
    // One that has expired is not good again.
    let late = given::<ApiKey>([made(ID, 0)]).at(5_000).when(rotate(2, 100)).then([ApiKeyEvent::Rotated {
        verifier: Verifier::of(&secret(2)),
        previous_until: Timestamp(TTL),
        expires_at: Timestamp(6_000),
        at: Timestamp(5_000),
    }]);
    assert!(!late.view().key.unwrap().admits(&secret(1), Timestamp(5_000)));
}

#[test]
fn a_use_is_written_down_once_an_hour() {
    let using = || ApiKeyCommand::Use { id: ID };
    let used = |at| ApiKeyEvent::Used { at: Timestamp(at) };
    let hour = ApiKey::USE_EVERY_MS;
    given::<ApiKey>([made(ID, 0)]).at(hour).when(using()).then([used(hour)]);
    given::<ApiKey>([made(ID, 0), used(hour)]).at(2 * hour - 1).when(using()).then_nothing();
    given::<ApiKey>([made(ID, 0), used(hour)]).at(2 * hour).when(using()).then([used(2 * hour)]);
    given::<ApiKey>([]).at(hour).when(using()).then_nothing();
}

#[test]
fn a_key_has_bounds() {
    let refused = |new: NewApiKey, why| given::<ApiKey>([]).when(ApiKeyCommand::Make(new)).then_rejected(why);
    for name in ["", "two\nlines", &"x".repeat(ApiKey::NAME_MAX + 1)] {
        let bad = NewApiKey { name: name.to_owned(), ..new(ID) };
        refused(bad, ApiKeyRejection::BadName { max: ApiKey::NAME_MAX });
    }
    let max = ApiKey::PERMISSIONS_MAX;
    for given in [0, max + 1] {
        let permissions = (0..given).map(|n| format!("p{n}")).collect();
        refused(NewApiKey { permissions, ..new(ID) }, ApiKeyRejection::BadPermissions { given, max });
    }
    for ttl_ms in [0, ApiKey::LIFE_MS_MAX + 1] {
        refused(NewApiKey { ttl_ms, ..new(ID) }, ApiKeyRejection::BadLife { max: 366 });
    }
    for overlap in [-1, ApiKey::OVERLAP_MS_MAX + 1] {
        let bad = ApiKeyRejection::BadOverlap { max: ApiKey::OVERLAP_MS_MAX / 1_000 };
        given::<ApiKey>([made(ID, 0)]).when(rotate(2, overlap)).then_rejected(bad);
    }
}

#[test]
fn no_debug_text_and_no_state_has_a_secret() {
    let state = replay::<ApiKey>([made(ID, 0)]);
    let kept = testing::stored(&state);
    let text = data_encoding::BASE64_NOPAD.encode(secret(1).bits());
    assert!(!kept.contains(&text) && kept.contains("verifier"));
    assert_eq!(format!("{:?} {:?}", secret(1), Verifier::of(&secret(1))), "KeySecret(..) Verifier(..)");
}
