//! The brake on guessed passwords: the length of the wait, its key, and its reset.

use super::*;

fn email(text: &str) -> Vec<Key> {
    vec![Key::Email(text.to_owned())]
}

fn fail(throttle: &Throttle, keys: Vec<Key>, now: Timestamp) -> Option<u64> {
    match throttle.admit(keys, now) {
        Ok(attempt) => {
            attempt.failed(now);
            None
        }
        Err(wait) => Some(wait),
    }
}

#[test]
fn five_failures_are_free_then_the_wait_doubles_to_a_quarter_of_an_hour() {
    let throttle = Throttle::default();
    let mut now = Timestamp(1_000_000);
    for _ in 0..5 {
        assert_eq!(fail(&throttle, email("a@b"), now), None);
    }
    for expected in [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900, 900] {
        let wait = fail(&throttle, email("a@b"), now).expect("blocked");
        assert_eq!(wait, expected * 1000);
        assert_eq!(fail(&throttle, email("a@b"), now.plus_ms(wait as i64 - 1)), Some(1));
        now = now.plus_ms(wait as i64);
        assert_eq!(fail(&throttle, email("a@b"), now), None, "admitted after the wait, and fails again");
    }
    assert_eq!(fail(&throttle, email("c@d"), now), None, "others are not touched");
}

#[test]
fn an_hour_forgets() {
    let throttle = Throttle::default();
    for _ in 0..5 {
        fail(&throttle, email("a@b"), Timestamp(0));
    }
    let later = Timestamp(FORGET_MS + 1);
    for _ in 0..5 {
        assert_eq!(fail(&throttle, email("a@b"), later), None);
    }
    assert_eq!(fail(&throttle, email("a@b"), later), Some(1000));
}

#[test]
fn guesses_sent_at_once_gain_nothing_and_abandoned_ones_count_for_nothing() {
    let throttle = Throttle::default();
    let now = Timestamp(0);
    let running: Vec<_> = (0..5).map(|_| throttle.admit(email("a@b"), now).map_err(|_| ()).unwrap()).collect();
    assert!(throttle.admit(email("a@b"), now).is_err());
    drop(running);
    assert!(throttle.0.lock().unwrap().is_empty());
    assert!(throttle.admit(email("a@b"), now).is_ok());
}

#[test]
fn a_success_clears_the_email_but_not_the_address() {
    let throttle = Throttle::default();
    let address = Key::Address(Bucket::of("10.0.0.1".parse().unwrap()));
    let both = |name: &str| vec![Key::Email(name.to_owned()), address.clone()];
    let now = Timestamp(0);
    for _ in 0..4 {
        assert_eq!(fail(&throttle, both("a@b"), now), None);
    }
    throttle.admit(both("a@b"), now).map_err(|_| ()).unwrap().succeeded(now);
    assert_eq!(fail(&throttle, email("a@b"), now), None);
    assert_eq!(fail(&throttle, both("other@b"), now), None, "the address's fifth failure");
    assert_eq!(fail(&throttle, both("third@b"), now), Some(1000));
}

#[test]
fn the_table_is_bounded_and_the_oldest_goes() {
    let throttle = Throttle::default();
    let now = Timestamp(0);
    for n in 0..ENTRIES_MAX + 10 {
        fail(&throttle, email(&n.to_string()), now);
        fail(&throttle, email("watched"), now.plus_ms(n as i64 * 2_000_000));
    }
    let table = throttle.0.lock().unwrap();
    assert_eq!(table.len(), ENTRIES_MAX);
    assert!(table.get(&Key::Email("watched".to_owned())).is_some(), "touched again and again");
    assert!(table.get(&Key::Email("0".to_owned())).is_none());
}
