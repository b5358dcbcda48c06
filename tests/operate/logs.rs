//! JSON logs: each line parses, and none contains personal data or secrets.

use serde_json::{Value, json};

use crate::{
    buy,
    client::{Call, Person, text},
    process::PASSWORD,
    shop,
};

#[tokio::test]
async fn json_logs_parse_and_hold_no_secrets_and_no_personal_data() {
    let home = shop(&[("SOUK_LOG__FILTER", "debug")]).await;
    let server = home.serve(&["--log-format", "json"]).await;
    let staff = Person::staff(&server.url).await;
    let guest = Person::guest();
    let wrong = json!({"email": "eve@example.net", "password": "a guess of eve's"});
    let refused = guest.send(&server.url, &Call::post("/api/auth/login", "k", wrong)).await.expect("an answer");
    assert_eq!(refused.status, 401);
    let order = buy(&server, &guest, "k1").await;
    for path in ["/api/orders?q=ada@example.org", "/api/orders/lookup?number=1&email=ada@example.org"] {
        staff.send(&server.url, &Call::get(path)).await.expect("an answer");
    }
    let wanted = json!({"reference": "1-0000000000", "email": "ada@example.org"});
    let looked_up = guest.send(&server.url, &Call::post("/api/orders/lookup", "k2", wanted)).await.expect("an answer");
    assert_eq!(looked_up.status, 404);
    server.hang_up().await;
    let log = home.log();
    assert!(log.contains("SIGHUP: draining"), "{log}");
    let lines: Vec<&str> = log.lines().filter(|line| !line.trim().is_empty()).collect();
    assert!(lines.len() > 20, "debug logs say something: {log}");
    for line in &lines {
        let parsed: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert!(parsed.is_object(), "{line}");
    }
    let token = staff.token().expect("a token");
    let secrets = [
        PASSWORD,
        token,
        "eve@example.net",
        "a guess of eve's",
        text(&order["email"]),
        "Ada Lovelace",
        "12 St James",
        "tok_ok",
    ];
    for secret in secrets {
        let found = lines.iter().find(|line| line.contains(secret));
        assert!(found.is_none(), "{secret:?} is in the log: {found:?}");
    }
}
