//! The text between nodes is frozen: released nodes read and write the texts of these tests.

use uuid::Uuid;

use super::*;
use crate::domain::{cart::CartCommand, kinds::Kind, numbers::NumbersCommand};

fn id() -> CommandId {
    CommandId(Uuid::from_u128(7))
}

fn cart() -> EntityKey {
    EntityKey::new(Kind::Cart, "c1")
}

fn expire() -> AnyCommand {
    AnyCommand::Cart(CartCommand::Expire)
}

/// Checks that the envelope is written as `text`, and read from it unchanged.
#[track_caller]
fn frozen(envelope: &CommandEnvelope, text: &str) {
    assert_eq!(serde_json::to_string(envelope).unwrap(), text);
    let read: CommandEnvelope = serde_json::from_str(text).unwrap();
    assert_eq!(format!("{read:?}"), format!("{envelope:?}"));
}

#[test]
fn a_clients_command_and_read() {
    let plain = CommandEnvelope::client(cart(), id(), "guest:1".into(), expire());
    let full = CommandEnvelope { expected_version: Some(3), fingerprint: NonZeroU64::new(u64::MAX), ..plain.clone() };
    frozen(
        &plain,
        r#"{"key":"cart/c1","command_id":"00000000-0000-0000-0000-000000000007","by":"guest:1","ask":{"command":{"cart":"expire"}},"expected_version":null,"fingerprint":0,"internal":false,"outcome_of":null,"quiet":false}"#,
    );
    frozen(
        &full,
        r#"{"key":"cart/c1","command_id":"00000000-0000-0000-0000-000000000007","by":"guest:1","ask":{"command":{"cart":"expire"}},"expected_version":3,"fingerprint":18446744073709551615,"internal":false,"outcome_of":null,"quiet":false}"#,
    );
    frozen(
        &CommandEnvelope::read(cart()),
        r#"{"key":"cart/c1","command_id":"00000000-0000-0000-0000-000000000000","by":"reader","ask":"read","expected_version":null,"fingerprint":0,"internal":false,"outcome_of":null,"quiet":false}"#,
    );
}

#[test]
fn a_question_for_a_shards_position() {
    frozen(
        &CommandEnvelope::position(Shard(7), Proof::Lease),
        r#"{"key":"stock/7","command_id":"00000000-0000-0000-0000-000000000000","by":"reader","ask":{"position":"lease"},"expected_version":null,"fingerprint":0,"internal":true,"outcome_of":null,"quiet":false}"#,
    );
}

#[test]
fn an_effects_request_and_outcome() {
    let order = || EntityKey::new(Kind::Order, "o1");
    let numbers = EntityKey::new(Kind::Numbers, "orders");
    let allot = AnyCommand::Numbers(NumbersCommand::Allot { order: Default::default() });
    frozen(
        &CommandEnvelope::request(&order(), id(), numbers, allot),
        r#"{"key":"numbers/orders","command_id":"00000000-0000-0000-0000-000000000007","by":"order/o1","ask":{"command":{"numbers":{"allot":{"order":"00000000-0000-0000-0000-000000000000"}}}},"expected_version":null,"fingerprint":0,"internal":true,"outcome_of":null,"quiet":false}"#,
    );
    frozen(
        &CommandEnvelope::outcome(cart(), id(), "hold/A/1".into(), Some(expire())),
        r#"{"key":"cart/c1","command_id":"00000000-0000-0000-0000-000000000007","by":"system","ask":{"command":{"cart":"expire"}},"expected_version":null,"fingerprint":0,"internal":true,"outcome_of":"hold/A/1","quiet":true}"#,
    );
    frozen(
        &CommandEnvelope::outcome(order(), id(), "number".into(), None),
        r#"{"key":"order/o1","command_id":"00000000-0000-0000-0000-000000000007","by":"system","ask":"wake","expected_version":null,"fingerprint":0,"internal":true,"outcome_of":"number","quiet":true}"#,
    );
}

#[test]
fn an_alarm() {
    frozen(
        &CommandEnvelope::alarm(cart(), id()),
        r#"{"key":"cart/c1","command_id":"00000000-0000-0000-0000-000000000007","by":"alarm","ask":"wake","expected_version":null,"fingerprint":0,"internal":true,"outcome_of":null,"quiet":true}"#,
    );
}

#[test]
fn a_node_from_before_views_were_omitted_is_understood() {
    let old = r#"{"key":"cart/c1","command_id":"00000000-0000-0000-0000-000000000007","by":"x","ask":"read","expected_version":null,"fingerprint":0,"internal":false,"outcome_of":null}"#;
    assert!(!serde_json::from_str::<CommandEnvelope>(old).unwrap().omit_view);
}
