//! Precedence, refusals and the reference file, as an operator meets them.

use std::{ffi::OsString, os::unix::ffi::OsStringExt};

use figment::value::Value;

use super::*;

fn load(file: &str, environment: &[(&str, &str)], options: &[Override]) -> Result<Config, String> {
    let dir = tempfile::tempdir().expect("a directory for the file");
    let path = dir.path().join("shop.toml");
    std::fs::write(&path, file).expect("the file is written");
    let environment = environment.iter().map(|(name, text)| ((*name).into(), (*text).into()));
    Config::load(Some(&path), environment, options)
        .map_err(|e| e.to_string().replace(&path.display().to_string(), "shop.toml"))
}

#[track_caller]
fn refused(file: &str, environment: &[(&str, &str)], options: &[Override], expected: &str) {
    let refusal = load(file, environment, options).expect_err("refused");
    assert!(refusal.contains(expected), "{expected:?} expected in: {refusal}");
}

#[test]
fn the_reference_file_is_the_structs_defaults() {
    let file: Value = Value::from(<Toml as Format>::from_str::<figment::value::Dict>(DEFAULT_TOML).expect("TOML"));
    let structs = Value::serialize(Config::default()).expect("serialisable");
    assert_eq!(serde_json::to_value(&file).ok(), serde_json::to_value(&structs).ok());
    assert_eq!(Config::load(None, [], &[]), Ok(Config::default()));
}

#[test]
fn every_key_of_the_reference_has_a_comment_above_it() {
    let mut above = "";
    for line in DEFAULT_TOML.lines() {
        let key = line.split_once(" = ").map(|(key, _)| key).filter(|key| !key.starts_with(['#', ' ', '{']));
        assert!(key.is_none() || above.starts_with("# "), "config/default.toml: {line:?} needs a comment above it");
        above = line;
    }
}

#[test]
fn the_sample_file_is_legal() {
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/config/sample.toml");
    let config = Config::load(Some(Path::new(sample)), [], &[]).expect("legal");
    assert!(config.live.public_stock_counts);
}

#[test]
fn the_sandbox_stands_beside_no_public_listener_unless_it_is_asked_for_twice() {
    assert!(!Config::default().payments.sandbox.enabled && Config::default().identity.secure_cookies);
    let sandbox = |rest: &str| format!("[payments.sandbox]\nenabled = true\n{rest}");
    let public = [
        ("SOUK_HTTP__LISTEN", "0.0.0.0:8080"),
        ("SOUK_HTTP__LISTEN", "[::]:8080"),
        ("SOUK_HTTP__LISTEN", "192.168.1.4:8080"),
        ("SOUK_HTTP__TRUSTED_HOPS", "1"),
    ];
    for at in public {
        let refusal = load(&sandbox(""), &[at], &[]).expect_err("refused");
        assert!(refusal.contains("payments.sandbox.enabled: false beside a listener"), "{at:?}: {refusal}");
        assert!(refusal.contains("payments.sandbox.allow_public"), "{refusal}");
        assert!(load(&sandbox("allow_public = true"), &[at], &[]).is_ok(), "{at:?}");
        assert!(load("", &[at], &[]).is_ok(), "{at:?}");
    }
    for local in ["127.0.0.1:1", "[::1]:1", "[::ffff:127.0.0.1]:1"] {
        assert!(load(&sandbox(""), &[("SOUK_HTTP__LISTEN", local)], &[]).is_ok(), "{local}");
    }
}

const SIGNING_KEY: (&str, &str) =
    ("SOUK_IDENTITY__SIGNING_KEY", "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f");

#[test]
fn the_cluster_example_is_legal_once_the_key_is_given() {
    let example = include_str!("../../config/cluster.toml");
    refused(example, &[], &[], "identity.signing_key: 64 hex digits, the same on every node of the cluster");
    assert!(load(example, &[SIGNING_KEY], &[]).expect("legal").cluster.is_on());
}

#[test]
fn a_lease_that_outlives_the_members_death_is_refused() {
    let cluster = |rest: &str| format!("[cluster]\nurls = [\"nats://127.0.0.1:4222\"]\n{rest}");
    assert!(load(&cluster(""), &[SIGNING_KEY], &[]).is_ok());
    refused(&cluster("lease_ms = 3_000"), &[SIGNING_KEY], &[], "cluster.lease_ms: 1000 to 2999 milliseconds");
    refused(&cluster("replicas = 2"), &[SIGNING_KEY], &[], "cluster.replicas: 1, 3 or 5 copies expected, \"2\" found");
    refused(&cluster("name = \"My Shop\""), &[SIGNING_KEY], &[], "cluster.name");
    refused(&cluster("user = \"a\"\nnkey_seed_file = \"b\""), &[SIGNING_KEY], &[], "cluster.user");
}

#[test]
fn a_password_in_a_url_is_refused_without_showing_it() {
    let refusal =
        load("[cluster]\nurls = [\"nats://souk:hunter2@h:4222\"]\n", &[SIGNING_KEY], &[]).expect_err("refused");
    assert!(refusal.contains("cluster.urls") && !refusal.contains("hunter2"), "{refusal}");
}

#[test]
fn a_providers_secret_may_stand_in_a_variable_of_any_name() {
    let provider = "[[identity.oidc]]\nname = \"google\"\npreset = \"google\"\nclient_id = \"souk\"\n";
    let file = format!("{provider}client_secret_env = \"GOOGLE_SECRET\"\n");
    let config = load(&file, &[("GOOGLE_SECRET", "hunter2")], &[]).expect("legal");
    assert_eq!(config.identity.oidc[0].client_secret.expose(), "hunter2");
    assert_eq!(config.problems(), []);
    refused(&file, &[], &[], "identity.oidc.client_secret_env");
    refused(&format!("{provider}secret = \"hunter2\"\n"), &[], &[], "secret");
    assert!(load(provider, &[], &[]).expect("legal").identity.oidc[0].client_secret.is_empty());
}

#[test]
fn later_sources_win() {
    let file = "[http]\nlisten = \"127.0.0.1:1\"\npage_limit_max = 50\n";
    let from_file = load(file, &[], &[]).expect("legal");
    assert_eq!((from_file.http.listen.port(), from_file.http.page_limit_max), (1, 50));
    let environment = [("SOUK_HTTP__LISTEN", "127.0.0.1:2"), ("PATH", "/bin")];
    assert_eq!(load(file, &environment, &[]).expect("legal").http.listen.port(), 2);
    let option = ("--listen", "http.listen", "127.0.0.1:3".to_owned());
    assert_eq!(load(file, &environment, &[option]).expect("legal").http.listen.port(), 3);
}

#[test]
fn the_environment_is_read_by_the_keys_type() {
    let environment = [
        ("SOUK_SUPERADMIN_PASSWORD", "123456789012"),
        ("SOUK_LOG", "debug"),
        ("SOUK_HTTP__TRUSTED_ORIGINS", "https://a.example, https://b.example"),
        ("SOUK_HTTP__BODY_BYTES_MAX", "2_000"),
        ("SOUK_LIVE__PUBLIC_STOCK_COUNTS", "true"),
        ("SOUK_SHOP__CAPTURE", "manual"),
        ("SOUK_SEEDS", "500"),
    ];
    let config = load("", &environment, &[]).expect("legal");
    assert_eq!(config.identity.superadmin_password.expose(), "123456789012");
    assert_eq!(config.log.filter, "debug");
    assert_eq!(config.http.trusted_origins, ["https://a.example", "https://b.example"]);
    assert_eq!(config.http.body_bytes_max, 2_000);
    assert!(config.live.public_stock_counts);
    assert_eq!(config.shop.capture, crate::domain::order::CapturePolicy::Manual);
}

#[test]
fn refusals_name_key_value_expectation_and_source() {
    let port = "http.listen: an IP address and a port, such as 127.0.0.1:8080 expected, \"8080\" found";
    refused("", &[("SOUK_HTTP__LISTEN", "8080")], &[], &format!("{port} (environment variable SOUK_HTTP__LISTEN)"));
    refused("[http]\nlisten = \"8080\"", &[], &[], &format!("{port} (file shop.toml)"));
    refused("", &[], &[("--listen", "http.listen", "8080".into())], &format!("{port} (option --listen)"));
    refused(
        "[live]\ntopics_max = 0",
        &[],
        &[],
        "live.topics_max: 1 to 10000 topics expected, \"0\" found (file shop.toml)",
    );
    refused(
        "[log]\nformat = \"xml\"",
        &[],
        &[],
        "log.format: one of text, json expected, \"xml\" found (file shop.toml)",
    );
    refused(
        "[actors]\nshards = \"many\"",
        &[],
        &[],
        "actors.shards: a whole number, 0 or more expected, \"many\" found",
    );
    refused(
        "",
        &[("SOUK_ACTORS__SHARDS", "-1")],
        &[],
        "actors.shards: a whole number, 0 or more expected, \"-1\" found",
    );
    refused("[shop]\ncurrency = \"euro\"", &[], &[], "shop.currency: \"euro\" is not a currency code");
    for code in ["XXX", "BTC", "XTS", "XAU"] {
        refused(&format!("[shop]\ncurrency = \"{code}\""), &[], &[], "a currency of ISO 4217");
    }
}

#[test]
fn a_key_that_moved_is_refused_with_its_new_name() {
    let now = "this key is http.trusted_origins now";
    refused("[live]\nallowed_origins = [\"https://a.example\"]", &[], &[], &format!("live.allowed_origins: {now}"));
    refused("[identity]\ntrusted_origins = []", &[], &[], &format!("identity.trusted_origins: {now}"));
    refused("", &[("SOUK_LIVE__ALLOWED_ORIGINS", "https://a.example")], &[], now);
    let hops = "this key is http.trusted_hops now; true is 1 there, for one proxy";
    refused("[http]\ntrust_forwarded_for = true", &[], &[], hops);
    refused("", &[("SOUK_HTTP__TRUST_FORWARDED_FOR", "true")], &[], hops);
}

#[test]
fn proxies_are_networks_and_a_certificate_has_its_key() {
    let proxies = ("SOUK_HTTP__TRUSTED_PROXIES", "10.0.0.0/8, ::1");
    refused("", &[proxies], &[], "http.trusted_proxies: empty where http.trusted_hops is 0");
    let config = load("[http]\ntrusted_hops = 2\nforwarded_header = \"forwarded\"", &[proxies], &[]).expect("legal");
    assert!(config.http.trusted_proxies[0].contains([10, 1, 2, 3].into()));
    assert_eq!(config.http.forwarded_header, ForwardedHeader::Forwarded);
    refused("[http]\ntrusted_hops = 1\ntrusted_proxies = [\"proxy\"]", &[], &[], "a network such as 10.0.0.0/8");
    refused("[http.tls]\ncertificate = \"a.pem\"", &[], &[], "http.tls.key: a file, as the other one");
    refused("[http.tls]\nkey = \"a.key\"", &[], &[], "http.tls.certificate: a file, as the other one");
    refused("[http.tls]\nredirect_listen = \"0.0.0.0:80\"", &[], &[], "there is no HTTPS to lead to");
    let both = [("SOUK_HTTP__TLS__CERTIFICATE", "a.pem"), ("SOUK_HTTP__TLS__KEY", "a.key")];
    refused("[http.tls]\nredirect_listen = \"80\"", &both, &[], "an IP address and a port");
    assert!(load("[http.tls]\nredirect_listen = \"0.0.0.0:80\"", &both, &[]).is_ok());
}

#[test]
fn what_kubernetes_puts_beside_a_service_is_no_setting() {
    let links = [("SOUK_PORT", "tcp://10.96.12.7:80"), ("SOUK_SERVICE_HOST", "10.96.12.7")];
    assert!(load("", &links, &[]).is_ok());
    refused("", &[("SOUK_PORT", "8080")], &[], "port: unknown key");
}

#[test]
fn unknown_keys_are_refused_with_the_nearest_known_one() {
    refused("[http]\nlissten = \"127.0.0.1:1\"", &[], &[], "http.lissten: unknown key; \"listen\" is meant?");
    refused("[nats]\nurl = \"x\"", &[], &[], "nats: unknown key");
    refused("", &[("SOUK_HTTP__LISTN", "x")], &[], "http.listn: unknown key; \"http.listen\" is meant?");
    refused("", &[("SOUK_HTTP", "x")], &[], "http: unknown key");
    refused("", &[("SOUK_NONSENSE", "x")], &[], "nonsense: unknown key");
}

#[test]
fn every_mistake_is_shown_at_once() {
    let file = "[live]\ntopics_max = 0\n[state]\nflush_interval_ms = 0\n";
    refused(file, &[], &[], "live.topics_max");
    refused(file, &[], &[], "state.flush_interval_ms");
}

#[test]
fn a_short_password_is_refused_without_showing_it() {
    let refusal = load("", &[("SOUK_SUPERADMIN_PASSWORD", "hunter2")], &[]).expect_err("refused");
    assert!(refusal.contains("7 characters") && !refusal.contains("hunter2"), "{refusal}");
}

#[test]
fn files_that_are_missing_or_not_toml_are_named() {
    let missing = Config::load(Some(Path::new("/no/such/souk.toml")), [], &[]).expect_err("refused").to_string();
    assert!(missing.starts_with("configuration file /no/such/souk.toml: No such file"), "{missing}");
    refused("[http\n", &[], &[], "configuration file shop.toml: not TOML:");
}

#[test]
fn no_error_shows_a_password() {
    for file in [
        "[identity]\nsuperadmin_password = correct horse\n",
        "[identity]\nsuperadmin_password = [\"correct horse\"]\n",
        "[identity]\nsuperadmin_password = 'correct horse\n",
    ] {
        let refusal = load(file, &[], &[]).expect_err("refused");
        assert!(!refusal.contains("horse"), "{refusal}");
    }
    refused("[identity]\nsuperadmin_password = correct horse\n", &[], &[], "not TOML: line 2, column 23: ");
    refused(
        "[identity]\nsuperadmin_password = 123456789012\n",
        &[],
        &[],
        "superadmin_password: a text in quotes expected",
    );
    assert!(!load("[identity]\nsigning_key = 12345\n", &[], &[]).expect_err("refused").contains("12345"));
}

#[test]
fn a_value_that_is_not_utf8_is_refused_and_not_ignored() {
    let name = OsString::from("SOUK_SUPERADMIN_PASSWORD");
    let value = OsString::from_vec(b"correct horse\xff battery".to_vec());
    let refusal = Config::load(None, [(name, value)], &[]).expect_err("refused").to_string();
    assert!(refusal.contains("identity.superadmin_password: the value is not UTF-8"), "{refusal}");
}

#[test]
fn a_file_that_never_ends_is_refused() {
    let refusal = Config::load(Some(Path::new("/dev/zero")), [], &[]).expect_err("refused").to_string();
    assert!(refusal.contains("more than 1048576 bytes"), "{refusal}");
}

#[test]
fn a_key_that_everybody_can_guess_is_refused() {
    for key in ["0".repeat(64), "ab".repeat(32), "0123".repeat(16)] {
        refused("", &[("SOUK_IDENTITY__SIGNING_KEY", &key)], &[], "64 random hex digits");
    }
    let key = "0123456789abcdef".repeat(4);
    assert!(load("", &[("SOUK_IDENTITY__SIGNING_KEY", &key)], &[]).is_ok());
}
