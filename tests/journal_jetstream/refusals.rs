//! A start on streams with wrong settings is refused in words, and changes nothing.

use serde_json::{Value, json};
use souk::persistence::jetstream::{JetStreamError, JetStreamOptions};

use super::{nats::NatsServers, rig::Shop};

/// Opens, and says why that was refused; nothing on the servers is another than before.
async fn refused(shop: &Shop, servers: &NatsServers, options: JetStreamOptions, words: &[&str]) -> JetStreamError {
    let before = shop.all_streams().await;
    let why = shop.open_as(&servers.urls(), options).await.err().unwrap_or_else(|| panic!("{words:?}: it opens"));
    let text = why.to_string();
    for word in words {
        assert!(text.contains(word), "{word:?} is not in {text:?}");
    }
    assert_eq!(shop.all_streams().await, before, "a refusal changes nothing");
    why
}

/// A stream created again, empty, with one setting changed.
async fn remade(shop: &Shop, stream: &str, setting: &str, value: Value) {
    let mut config = shop.info(stream).await["config"].take();
    config[setting] = value;
    let gone = shop.api(&format!("STREAM.DELETE.{stream}"), Value::Null).await;
    assert_eq!(gone["success"], true, "{gone}");
    let made = shop.api(&format!("STREAM.CREATE.{stream}"), config).await;
    assert!(made["error"].is_null(), "{setting}: {made}");
}

pub async fn streams_with_other_settings_are_refused(servers: &NatsServers) {
    let hour = 3_600_000_000_000_u64;
    let cases: [(&str, Value, [&str; 3]); 11] = [
        ("storage", json!("memory"), ["storage", "Memory", "File"]),
        ("retention", json!("interest"), ["retention", "Interest", "Limits"]),
        ("discard", json!("old"), ["discard", "Old", "New"]),
        ("deny_delete", json!(false), ["deny_delete", "false", "true"]),
        ("deny_purge", json!(false), ["deny_purge", "false", "true"]),
        ("max_age", json!(hour), ["max_age", "3600s", "0ns"]),
        ("max_msgs", json!(1000), ["limit", "1000 messages", "-1 messages"]),
        ("max_bytes", json!(5000), ["limit", "5000 bytes", "-1 bytes"]),
        ("max_msg_size", json!(777), ["limit of messages", "777 bytes", "-1 bytes"]),
        ("no_ack", json!(true), ["no_ack", "true", "false"]),
        ("subjects", json!(["elsewhere.ev.>"]), ["subjects", "elsewhere.ev.>", ".ev.02"]),
    ];
    let shop = Shop::on(servers).await;
    shop.open(&servers.urls()).await;
    let stream = format!("{}_ev_02", shop.options.name);
    let right = shop.info(&stream).await["config"].clone();
    for (setting, value, [name, found, wanted]) in cases {
        remade(&shop, &stream, setting, value).await;
        let why = refused(&shop, servers, shop.options.clone(), &[&stream, name, found, wanted]).await;
        assert!(matches!(why, JetStreamError::Setting { .. }), "{why:?}");
        remade(&shop, &stream, setting, right[setting].clone()).await;
    }
    shop.open(&servers.urls()).await;
    let copies = JetStreamOptions { replicas: 3, ..shop.options.clone() };
    let meta = shop.meta();
    refused(&shop, servers, copies, &[&meta, "replicas is 1, 3 expected"]).await;
}

pub async fn another_number_of_shards_or_format_is_refused(servers: &NatsServers) {
    let shop = Shop::on(servers).await;
    shop.open(&servers.urls()).await;
    let meta = shop.meta();
    for shards in [3, 8] {
        let options = JetStreamOptions { shards, ..shop.options.clone() };
        let asked = format!("{shards} were asked for");
        let why = refused(&shop, servers, options, &[&meta, "has 4 shards", &asked]).await;
        assert!(matches!(why, JetStreamError::Shards { found: 4, .. }), "{why:?}");
    }
    let records = [
        (r#"{"format":99,"journal":1,"of":"the future"}"#, "format 99 is unknown; this build reads format 1"),
        (r#"{"format":1,"shards":4}"#, "missing field `journal`"),
        ("not ours", "cannot be read"),
    ];
    for (record, words) in records {
        remade(&shop, &meta, "max_consumers", json!(-1)).await;
        let subject = format!("{}.meta", shop.options.name);
        shop.direct.request(subject, record.into()).await.expect("stored");
        let why = refused(&shop, servers, shop.options.clone(), &[&meta, words]).await;
        assert!(matches!(why, JetStreamError::Meta { .. }), "{why:?}");
    }
}

/// A log that is gone is a loss, and an empty one in its place would hide it.
pub async fn what_is_missing_is_not_made_in_silence(servers: &NatsServers) {
    let shop = Shop::on(servers).await;
    let reads = JetStreamOptions { create: false, ..shop.options.clone() };
    let why = refused(&shop, servers, reads.clone(), &[&shop.options.name]).await;
    assert!(matches!(why, JetStreamError::Missing(_)), "{why:?}");
    shop.open(&servers.urls()).await;
    let (stream, meta) = (format!("{}_ev_03", shop.options.name), shop.meta());
    let delete = async |stream: &str| {
        let gone = shop.api(&format!("STREAM.DELETE.{stream}"), Value::Null).await;
        assert_eq!(gone["success"], true, "{gone}");
    };
    // As a first start leaves it that did not get to its end: the next one finishes it.
    delete(&stream).await;
    delete(&meta).await;
    shop.open(&servers.urls()).await;
    delete(&stream).await;
    for options in [shop.options.clone(), reads] {
        let why = refused(&shop, servers, options, &[&stream, "is missing"]).await;
        assert!(matches!(why, JetStreamError::Gone(_)), "{why:?}");
    }
}
