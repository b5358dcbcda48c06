//! Sealed at rest and plain elsewhere, with a vault that turns texts round and can forget.

use std::{collections::BTreeSet, sync::Mutex};

use uuid::Uuid;

use super::*;
use crate::domain::{email::Mailbox, order::Address};

/// Reversed under the subject's name: no cipher, but unlike the plain text, and it can be forgotten.
#[derive(Default)]
struct Reversed(Mutex<BTreeSet<String>>);

impl Vault for Reversed {
    fn seal(&self, subject: Subject, plain: &[u8]) -> Option<String> {
        let turned: String = std::str::from_utf8(plain).ok()?.chars().rev().collect();
        let forgotten = self.0.lock().unwrap().contains(&subject.to_string());
        (!forgotten).then(|| format!("{subject} {turned}"))
    }

    fn open(&self, sealed: &str) -> Option<Vec<u8>> {
        let (subject, turned) = sealed.split_once(' ')?;
        let forgotten = self.0.lock().unwrap().contains(subject);
        (!forgotten).then(|| turned.chars().rev().collect::<String>().into_bytes())
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Known {
    #[serde(with = "text")]
    device: String,
    #[serde(default, with = "optional")]
    phone: Option<Arc<str>>,
    home: Address,
    mailbox: Mailbox,
    sum: u32,
}

fn subject() -> Subject {
    Subject::User(UserId(Uuid::from_u128(7)))
}

fn known() -> Known {
    let (name, country) = ("Ada".to_owned(), "GB".to_owned());
    let home = Address { name, line1: "St James's Square".to_owned(), country, ..Address::default() };
    let mailbox = Mailbox::unkeyed("Ada@example.org").unwrap();
    Known { device: "Firefox".to_owned(), phone: Some("+44 20".into()), home, mailbox, sum: 4488 }
}

fn kept(vault: &Arc<Reversed>) -> String {
    sealing(Some(vault.clone()), Some(subject()), || serde_json::to_string(&known())).unwrap()
}

#[test]
fn what_is_personal_is_sealed_at_rest_and_plain_elsewhere() {
    let vault = Arc::new(Reversed::default());
    let kept = kept(&vault);
    for personal in ["Firefox", "+44", "Ada", "St James", "example.org"] {
        assert!(!kept.contains(personal), "{personal} in {kept}");
    }
    assert!(kept.contains("4488") && kept.contains("GB"), "the books stay: {kept}");
    let read: Known = opening(Some(vault), || serde_json::from_str(&kept)).unwrap();
    assert_eq!(read, known());
    let plain = serde_json::to_string(&known()).unwrap();
    assert!(plain.contains("Firefox") && plain.contains("St James"), "{plain}");
    assert_eq!(serde_json::from_str::<Known>(&plain).unwrap(), known());
    assert_eq!(serde_json::from_value::<Known>(serde_json::from_str(&plain).unwrap()).unwrap(), known());
}

#[test]
fn what_was_forgotten_reads_as_blank_with_its_country_and_its_claim() {
    let vault = Arc::new(Reversed::default());
    let kept = kept(&vault);
    vault.0.lock().unwrap().insert(subject().to_string());
    let blank = Known {
        device: String::new(),
        phone: None,
        home: known().home.erased(),
        mailbox: known().mailbox.erased(),
        sum: 4488,
    };
    assert_eq!(opening(Some(vault.clone()), || serde_json::from_str::<Known>(&kept)).unwrap(), blank);
    assert_eq!(serde_json::from_str::<Known>(&kept).unwrap(), blank, "without keys at hand");
    assert_eq!(blank.mailbox.key(), known().mailbox.key());
    // Nothing of it is written any more.
    let again = sealing(Some(vault), Some(subject()), || serde_json::to_string(&known())).unwrap();
    assert!(!again.contains("Firefox") && !again.contains("xoferiF"), "{again}");
    assert_eq!(serde_json::from_str::<Known>(&again).unwrap(), blank);
}

#[test]
fn what_belongs_to_nobody_is_not_written() {
    let vault: Arc<dyn Vault> = Arc::new(Reversed::default());
    assert!(sealing(Some(vault.clone()), None, || serde_json::to_string(&known())).is_err());
    let nothing = sealing(Some(vault), None, || serde_json::to_string(&Known { device: String::new(), ..known() }.sum));
    assert_eq!(nothing.unwrap(), "4488");
}

#[test]
fn a_scope_ends_with_its_work_even_by_a_panic() {
    let vault: Arc<dyn Vault> = Arc::new(Reversed::default());
    let panics = || sealing(Some(vault), Some(subject()), || panic!("on purpose"));
    assert!(std::panic::catch_unwind(std::panic::AssertUnwindSafe(panics)).is_err());
    assert!(serde_json::to_string(&known()).unwrap().contains("Firefox"));
}
