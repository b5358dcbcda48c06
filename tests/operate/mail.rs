//! `kill -9` around a mail: none is lost, and the one window in which it may come twice is as narrow as SMTP lets it
//! be.

use std::time::Duration;

use souk::testing::eventually;

use crate::{
    buy,
    client::{Person, text},
    process::Home,
    shop,
    sink::{Fault, Sink, Taken},
};

async fn shop_with(sink: &Sink) -> Home {
    let url = sink.url();
    let env = [
        ("SOUK_MAIL__SMTP_URL", url.as_str()),
        ("SOUK_MAIL__FROM", "shop@souk.example"),
        ("SOUK_ACTORS__ALARM_POLL_MS", "100"),
    ];
    shop(&env).await
}

async fn has_taken(sink: &Sink, n: usize) -> Vec<Taken> {
    eventually(&format!("{n} mails"), Duration::from_secs(20), async || sink.taken().len() >= n).await;
    sink.taken()
}

/// Killed while the server has the mail and has not said so: sent again by the next life, as the same message, and
/// never again once that was recorded.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kill_before_the_servers_answer_sends_the_same_message_once_more() {
    let sink = Sink::start([Fault::TakesInSilence]).await;
    let home = shop_with(&sink).await;
    let server = home.serve(&[]).await;
    buy(&server, &Person::guest(), "k1").await;
    has_taken(&sink, 1).await;
    server.kill().await;
    let server = home.serve(&[]).await;
    let taken = has_taken(&sink, 2).await;
    assert_eq!(taken[0], taken[1]);
    // Steps under way end first, so the acceptance is recorded.
    server.terminate().await;
    let server = home.serve(&[]).await;
    let order = buy(&server, &Person::guest(), "k2").await;
    let taken = has_taken(&sink, 3).await;
    assert!(taken[2].text.contains(text(&order["reference"])), "the next mail is the next order's");
    server.terminate().await;
    assert_eq!(sink.taken().len(), 3);
    home.run(&["journal", "verify"]).await.ok();
}

/// A server that takes nothing for two lives: the mail is owed by the journal.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_mail_that_nobody_took_survives_kills() {
    let sink = Sink::start([Fault::Hangs, Fault::Hangs]).await;
    let home = shop_with(&sink).await;
    for life in 1..=2 {
        let server = home.serve(&[]).await;
        if life == 1 {
            buy(&server, &Person::guest(), "k1").await;
        }
        eventually("a try", Duration::from_secs(20), async || sink.calls() >= life).await;
        server.kill().await;
    }
    let server = home.serve(&[]).await;
    assert_eq!(has_taken(&sink, 1).await.len(), 1);
    server.terminate().await;
    assert_eq!(sink.taken().len(), 1);
    let log = home.log();
    assert!(!log.contains("@example.org"), "no address in a log: {log}");
}
