//! Written records are frozen: the bytes of every kind of record of every format version lie in
//! `tests/golden/envelope/` and must always load, and today's code must write the newest version's bytes.
//!
//! `SOUK_BLESS=1 cargo test --test golden` writes files that are missing; it never changes one.

use std::{fs, num::NonZeroU64, path::PathBuf};

use proptest::prelude::*;
use souk::{
    actors::ports::journal::{Batch, BatchId, Commit, Entry, NodeId, Record, Shard},
    domain::{
        ids::{CommandId, OrderId},
        key::EntityKey,
        kinds::{AnyEvent, Kind},
        stock::StockEvent,
        time::Timestamp,
    },
    persistence::envelope::{self, EnvelopeError},
    testing::units,
};
use uuid::Uuid;

fn commit(id: &str, version: u64, events: Vec<StockEvent>) -> Commit {
    let events: Vec<_> = events.into_iter().map(AnyEvent::Stock).collect();
    Commit {
        key: EntityKey::new(Kind::Stock, id),
        version,
        command_id: CommandId(Uuid::from_u128(0x0192_f000_0000_7000_8000_0000_0000_0001)),
        fingerprint: NonZeroU64::new(u64::MAX),
        by: "user:0192f000-0000-7000-8000-00000000000a".into(),
        at: Timestamp(1_795_000_000_123),
        events_json: Commit::encode(&events).expect("events encode"),
        events,
    }
}

fn records() -> Vec<(&'static str, Record)> {
    let record =
        |seq, entry| Record { shard: Shard(3), seq, epoch: 2, node: NodeId("node-\"ä\"".into()), entry, name: None };
    let order = OrderId(Uuid::from_u128(0x0192_f000_0000_7000_8000_0000_0000_0002));
    let batch = Batch {
        id: BatchId(Uuid::from_u128(0x0192_f000_0000_7000_8000_0000_0000_0003)),
        commits: vec![
            commit(
                "TSHIRT-RED-M",
                1,
                vec![StockEvent::Received { units: units(40), reference: Some("a \"b\"\n".into()) }],
            ),
            commit(
                "TSHIRT-RED-M",
                2,
                vec![
                    StockEvent::Held { order, units: units(2), until: Timestamp(1_795_000_900_000), attempt: 0 },
                    StockEvent::ThresholdSet { units: 5 },
                ],
            ),
            commit("quote\"d", 7, vec![]),
        ],
    };
    vec![
        ("claimed", record(1, Entry::Claimed)),
        ("batch", record(2, Entry::Batch(batch))),
        ("released", record(u64::from(u32::MAX) + 7, Entry::Released)),
    ]
}

fn golden(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden/envelope")
        .join(format!("{name}.v{}.bin", envelope::VERSION))
}

#[test]
fn every_record_ever_written_loads_and_is_written_the_same() {
    for (name, record) in records() {
        let path = golden(name);
        let bytes = envelope::encode(&record).expect("a record encodes");
        if std::env::var_os("SOUK_BLESS").is_some() && !path.exists() {
            fs::create_dir_all(path.parent().expect("a directory")).expect("a directory");
            fs::write(&path, &bytes).expect("the golden file");
        }
        let stored = fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        assert_eq!(envelope::decode(&stored).expect("old bytes load"), record, "{name}");
        assert_eq!(stored, bytes, "{name}: what is written has changed; that needs a new version");
    }
}

/// Independent of our own code: the checksum is the common CRC-32, the body is JSON that anybody reads.
#[test]
fn the_layout_is_as_documented() {
    for (name, record) in records() {
        let bytes = envelope::encode(&record).expect("a record encodes");
        assert_eq!(&bytes[..2], b"S\x01");
        let mut summed = bytes[..2].to_vec();
        summed.extend_from_slice(&bytes[6..]);
        assert_eq!(bytes[2..6], crc32(&summed).to_be_bytes(), "{name}");
        let body: serde_json::Value = serde_json::from_slice(&bytes[6..]).expect("JSON");
        assert_eq!((&body["shard"], &body["seq"], &body["entry"]), (&3.into(), &record.seq.into(), &name.into()));
    }
}

/// Bit by bit, after the definition in IEEE 802.3.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0_u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ if crc & 1 == 1 { 0xedb8_8320 } else { 0 })
    })
}

#[test]
fn any_changed_bit_is_found() {
    for (name, record) in records() {
        let bytes = envelope::encode(&record).expect("a record encodes");
        for bit in 0..bytes.len() * 8 {
            let mut changed = bytes.clone();
            changed[bit / 8] ^= 1 << (bit % 8);
            assert!(envelope::decode(&changed).is_err(), "{name}, bit {bit}");
        }
        for length in 0..bytes.len() {
            assert!(envelope::decode(&bytes[..length]).is_err(), "{name} cut to {length}");
        }
    }
}

#[test]
fn strange_bytes_are_named() {
    assert_eq!(envelope::decode(b"S\x01"), Err(EnvelopeError::TooShort(2)));
    assert_eq!(envelope::decode(b"{\"a\":1}"), Err(EnvelopeError::Magic(b'{')));
    assert_eq!(envelope::decode(b"S\x09------"), Err(EnvelopeError::Version { found: 9 }));
    for body in [
        "",
        "{}",
        r#"{"shard":0,"seq":1,"epoch":1,"node":"a","entry":"claimed","more":1}"#,
        r#"{"shard":0,"seq":1,"epoch":1,"node":"a","entry":"claimed","commits":[]}"#,
        r#"{"shard":0,"seq":1,"epoch":1,"node":"a","entry":"batch","commits":[]}"#,
        r#"{"shard":0,"seq":1,"epoch":1,"node":"a","entry":"merged"}"#,
    ] {
        let refused = envelope::decode(&envelope::wrap(body));
        assert!(matches!(refused, Err(EnvelopeError::Body(_))), "{body}: {refused:?}");
    }
}

proptest! {
    #[test]
    fn decode_of_encode_is_identity(
        ids in prop::collection::vec("\\PC{1,30}", 0..6),
        by in ".{0,40}", node in ".{0,20}", reason in ".{0,200}",
        (shard, seq, epoch, version) in any::<(u16, u64, u64, u64)>(), (at, delta) in any::<(i64, i64)>(),
    ) {
        let event = || StockEvent::Adjusted { delta, reason: reason.clone() };
        let commits = ids.iter().map(|id| Commit {
            by: by.as_str().into(),
            at: Timestamp(at),
            ..commit(id, version, vec![event(); id.len() % 4])
        });
        let batch = Batch { id: BatchId(Uuid::from_u128(u128::from(seq))), commits: commits.collect() };
        let record =
            Record { shard: Shard(shard), seq, epoch, node: NodeId(node.into()), entry: Entry::Batch(batch), name: None };
        let bytes = envelope::encode(&record).expect("a record encodes");
        prop_assert_eq!(envelope::decode(&bytes).expect("it decodes"), record);
    }
}
