//! What an attack leaves behind: a line and a count for each kind of refusal, and no more lines than a few.

use serde_json::{Value, json};

use crate::{
    client::{Call, Person},
    process::Home,
};

fn events(home: &Home, code: &str) -> Vec<Value> {
    let log = home.log();
    let lines = log.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines.filter(|line| line.to_string().contains("souk::security") && line.to_string().contains(code)).collect()
}

#[tokio::test]
async fn each_kind_of_refusal_leaves_a_line_with_code_address_and_account() {
    let home = Home::new(&[]);
    let server = home.serve(&["--log-format", "json"]).await;
    let (staff, guest) = (Person::staff(&server.url).await, Person::guest());
    let send = async |call: &Call| guest.send(&server.url, call).await.expect("an answer").status;
    let wrong = json!({"email": "Eve@example.net", "password": "a guess of eve's"});
    let mut seen = [0, 0];
    // On a slow machine some tries come after the throttle's wait, and are guesses again.
    for n in 0..40 {
        match send(&Call::post("/api/auth/login", &format!("k{n}"), wrong.clone())).await {
            401 => seen[0] += 1,
            429 => seen[1] += 1,
            other => panic!("{other}"),
        }
    }
    assert!(seen[0] >= 5 && seen[1] > 5, "{seen:?}");
    assert_eq!(send(&Call::get("/api/orders?q=ada").header("authorization", "Bearer x.y")).await, 401);
    assert_eq!(send(&Call::put("/api/cart/lines/NONE", json!({"quantity": 1}))).await, 404);
    assert_eq!(send(&Call::get("/api/orders?q=ada")).await, 403);
    let foreign = Call::put("/api/cart/lines/NONE", json!({"quantity": 1})).header("origin", "https://evil.example");
    assert_eq!(send(&foreign).await, 403);
    assert_eq!(send(&Call::get("/live/sse?topics=stock.A").header("origin", "https://evil.example")).await, 403);

    let codes = ["invalid_credentials", "too_many_attempts", "invalid_token", "forbidden", "foreign_origin"];
    for code in codes {
        let found = events(&home, code);
        assert!((1..=5).contains(&found.len()), "{code}: {} lines\n{}", found.len(), home.log());
        assert!(found.iter().all(|line| line.to_string().contains("127.0.0.1")), "{code}: {found:?}");
    }
    let accounts: Vec<String> = events(&home, "invalid_credentials").iter().map(account).collect();
    assert!(accounts.iter().all(|account| account.starts_with("email:") && *account == accounts[0]), "{accounts:?}");
    assert_eq!(account(&events(&home, "too_many_attempts")[0]), accounts[0], "the same account, locked out");
    assert!(account(&events(&home, "forbidden")[0]).starts_with("guest:"));
    assert!(!home.log().to_lowercase().contains("eve@example.net"));

    let metrics = staff.send(&server.url, &Call::get("/metrics")).await.expect("an answer").text;
    for code in codes {
        assert!(metrics.contains(&format!("souk_security_events_total{{code=\"{code}\"}}")), "{code}: {metrics}");
    }
    server.terminate().await;
}

fn account(line: &Value) -> String {
    let text = line.to_string();
    let at = text.find("\"account\":\"").unwrap_or_else(|| panic!("no account in {text}"));
    text[at + 11..].split('"').next().unwrap_or_default().to_owned()
}
