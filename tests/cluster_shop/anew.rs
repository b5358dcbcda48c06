//! A node that folded what the log does not have mends itself, in the process that runs.

use std::sync::Mutex;

use serde_json::Value;
use souk::{persistence::envelope, testing::eventually};

use super::{
    DEADLINE,
    client::{Call, Person},
    home,
    nats::NatsServers,
    odd_copies::Way,
    process::Server,
};

/// The stock's level, once the node shows it as current.
async fn levels(server: &Server, staff: &Person, so: impl Fn(&Value) -> bool) -> Value {
    let (call, shown) = (Call::get("/api/stock/ODD"), Mutex::new(Value::Null));
    eventually("the node shows the level", DEADLINE, async || {
        // A node that starts anew answers nothing for a while.
        let Ok(answer) = staff.send(&server.url, &call).await else { return false };
        let found = answer.status == 200 && so(&answer.json);
        *shown.lock().expect("no panic holds it") = answer.json;
        found
    })
    .await;
    shown.into_inner().expect("no panic holds it")
}

/// The newest record comes from a copy that the others do not know: 9 units in place of 7. The next one names the true
/// one, behind the watermark of the node that has written the odd state down.
#[tokio::test(flavor = "multi_thread")]
async fn a_node_that_took_in_an_odd_copy_starts_anew_by_itself() {
    let servers = NatsServers::start(1).await;
    let mut odd = true;
    let way = Way::to(servers.port(0), move |payload| {
        let Ok(body) = envelope::body(payload) else { return };
        let changed = body.replace("\"units\":7", "\"units\":9");
        if odd && changed != body {
            payload.copy_from_slice(&envelope::wrap(&changed));
            odd = false;
        }
    })
    .await;
    let home = home(std::slice::from_ref(&way.url));
    let head = "Handle,Title,Type,Published,Variant SKU,Variant Inventory Qty,Variant Price\n";
    let file = home.write("products.csv", &format!("{head}odd,Odd,Things,true,ODD,0,1.99\n"));
    home.run(&["import", file.to_str().expect("a path")]).await.ok();
    let server = home.serve(&[]).await;
    let staff = Person::staff(&server.url).await;
    let receive = async |quantity: u64| {
        let call = Call::receive(&format!("r{quantity}"), "ODD", quantity);
        staff.send(&server.url, &call).await.expect("an answer").ok()
    };
    receive(7).await;
    // Shown to everybody, and in the store: the list's rows follow the store's write.
    levels(&server, &staff, |levels| levels["available"] == 9).await;
    let listed = staff.send(&server.url, &Call::get("/api/stock")).await.expect("an answer").ok();
    assert_eq!(listed["items"][0]["available"], 9, "{listed}");
    let _shown_or_not_before_its_end = staff.send(&server.url, &Call::receive("r1", "ODD", 1)).await;
    let levels = levels(&server, &staff, |levels| levels["available"] == 8).await;
    assert_eq!(levels["received"], 8, "{levels}");
    receive(2).await;
    let log = home.log();
    for word in ["copies of the log differ", "it starts anew", "the state store is emptied"] {
        assert!(log.contains(word), "{word:?} is not in: {log}");
    }
    server.terminate().await;
}
