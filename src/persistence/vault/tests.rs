//! The keys of a shop on a disk: restarts, forgetting, and every moment at which a process may be killed.

use std::{fs, os::unix::fs::PermissionsExt, path::Path};

use uuid::Uuid;

use super::{dir::KeyDir, *};
use crate::domain::ids::{OrderId, UserId};

fn user(n: u128) -> Subject {
    Subject::User(UserId(Uuid::from_u128(n)))
}

async fn keys(dir: &Path) -> PersonKeys {
    PersonKeys::create(Arc::new(KeyDir::new(dir))).await.unwrap()
}

fn names(dir: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(dir).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[tokio::test]
async fn what_was_sealed_is_opened_after_a_restart_until_its_subject_is_forgotten() {
    let above = tempfile::tempdir().unwrap();
    let dir = above.path().join("keys");
    let keys_of_today = keys(&dir).await;
    let sealed = [user(1), user(2), Subject::Order(OrderId(Uuid::from_u128(1)))]
        .map(|subject| keys_of_today.seal(subject, b"Ada").unwrap());
    assert_ne!(keys_of_today.seal(user(1), b"Ada").unwrap(), sealed[0], "no two texts are one");
    let again = keys(&dir).await;
    assert_eq!(again.name(), keys_of_today.name());
    assert_eq!(again.open(&sealed[0]).as_deref(), Some(&b"Ada"[..]));
    again.forget(user(1)).await.unwrap();
    again.forget(user(1)).await.unwrap();
    for keys in [&again, &keys(&dir).await] {
        assert!(keys.is_forgotten(user(1)) && keys.open(&sealed[0]).is_none() && keys.seal(user(1), b"x").is_none());
        assert!(sealed[1..].iter().all(|sealed| keys.open(sealed).as_deref() == Some(&b"Ada"[..])));
    }
    assert_eq!(fs::metadata(dir.join("roots")).unwrap().permissions().mode() & 0o777, 0o600);
}

#[tokio::test]
async fn no_file_has_what_a_forgotten_key_follows_from() {
    let above = tempfile::tempdir().unwrap();
    let dir = above.path().join("keys");
    let keys = keys(&dir).await;
    let index = Index::of(user(1));
    let key = keys.state().keys.key(index).unwrap();
    let before = fs::read(dir.join("roots")).unwrap();
    let root = &before[8 + 8 + 32..][usize::from(index.tree()) * 32..][..32];
    keys.forget(user(1)).await.unwrap();
    for name in names(&dir) {
        let bytes = fs::read(dir.join(name)).unwrap();
        assert!(!bytes.windows(32).any(|seed| seed == root || seed == key));
    }
    assert_eq!(names(&dir), ["roots".to_owned(), Item::Tree(index.tree()).name()]);
}

#[tokio::test]
async fn a_text_that_was_touched_or_sealed_by_another_shop_is_not_opened() {
    let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (keys, others) = (keys(one.path()).await, keys(two.path()).await);
    let sealed = keys.seal(user(1), b"Ada").unwrap();
    assert_eq!(others.open(&sealed), None);
    for at in 0..sealed.len() {
        let mut bytes = sealed.clone().into_bytes();
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        assert_eq!(keys.open(&String::from_utf8(bytes).unwrap()), None, "byte {at}");
    }
    for bad in ["", "AQ", "!", &sealed[..20]] {
        assert_eq!(keys.open(bad), None);
    }
}

/// Every moment at which a process may be killed: the next start finishes, and nobody who was forgotten comes back.
#[tokio::test]
async fn a_change_that_was_cut_is_finished_at_the_next_start() {
    let above = tempfile::tempdir().unwrap();
    let dir = above.path().join("keys");
    let first = keys(&dir).await;
    let (sealed, other) = (first.seal(user(1), b"Ada").unwrap(), first.seal(user(2), b"Bob").unwrap());
    let roots = fs::read(dir.join("roots")).unwrap();
    first.forget(user(1)).await.unwrap();
    let cut = fs::read(dir.join("roots")).unwrap();
    // The tree is written, the roots are as before: with one file, between two renames, and before the wipe.
    for (now, next, old) in
        [(Some(&roots), None, None), (None, Some(&cut), Some(&roots)), (Some(&cut), None, Some(&roots))]
    {
        for (name, bytes) in [("roots", now), ("roots.next", next), ("roots.old", old)] {
            let _ = fs::remove_file(dir.join(name));
            if let Some(bytes) = bytes {
                fs::write(dir.join(name), bytes).unwrap();
            }
        }
        let again = keys(&dir).await;
        assert!(again.open(&sealed).is_none() && again.open(&other).is_some());
        assert_eq!(fs::read(dir.join("roots")).unwrap(), cut);
        assert_eq!(names(&dir).len(), 2, "{:?}", names(&dir));
    }
}
