//! What a start that was cut short, or a full disk, leaves behind: files that sled makes again from its log. And a start
//! on a full disk, which says so and goes on once there is room.

use std::{fs, path::Path, time::Duration};

use souk::testing::eventually;
use tokio::time::{sleep, timeout};

use crate::{
    buy,
    client::{Call, Person, text},
    disk::{Disk, fill},
    process::Home,
    shop,
};

/// As sled leaves it when a kill, a power cut or a full disk comes during a start. Its name is the last of all.
fn interrupt(database: &Path) {
    fs::write(database.join("snap.FFFFFFFFFFFFFFF0.generating"), b"").expect("a leftover");
}

#[tokio::test]
async fn a_leftover_of_a_start_keeps_no_command_from_its_work() {
    let home = shop(&[]).await;
    let (journal, state) = (home.data.join("journal/journal"), home.data.join("state/state"));
    interrupt(&journal);
    home.run(&["journal", "verify"]).await.ok();
    interrupt(&journal);
    home.run(&["journal", "export", "--out", home.file("backup.jsonl").to_str().expect("a path")]).await.ok();
    interrupt(&journal);
    interrupt(&state);
    let server = home.serve(&[]).await;
    let order = buy(&server, &Person::guest(), "k1").await;
    assert_eq!(text(&order["status"]), "verified", "{order}");
    server.terminate().await;
    let log = home.log();
    assert!(log.contains("made again from its log") && log.contains("state/state/snap."), "{log}");
    assert!(!log.contains("is rebuilt"), "the states are kept: {log}");
}

#[tokio::test]
async fn a_start_on_a_full_disk_says_so_and_goes_on_once_there_is_room() {
    let home = Home::new(&[("SOUK_JOURNAL__FREE_BYTES_MIN", "4194304")]);
    let data = home.data.clone();
    let Some(_disk) = Disk::mount(&data, 96) else {
        println!("skipped: mounting a small disk needs root");
        return;
    };
    crate::stock(&home).await;
    for n in 0..2 {
        let server = home.serve(&[]).await;
        for order in 0..3 {
            buy(&server, &Person::guest(), &format!("k{n}-{order}")).await;
        }
        server.kill().await;
    }
    // What is kept for such a start was used up by an earlier one.
    let _not_made_on_a_small_disk = fs::remove_file(data.join("start.ballast"));
    let filler = fill(&data, 0);
    let said = home.run(&["journal", "verify"]).await.failed(1, &["the disk is full", "make room"]);
    assert!(!said.contains("damaged:") && !said.contains("backup"), "{said}");
    let starting = home.spawn(&[]);
    let waits = async {
        while !home.log().contains("the start goes on once there is room") {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(Duration::from_secs(20), waits).await.expect("the start says that it waits");
    fs::remove_file(&filler).expect("room");
    let server = starting.ready().await.expect("the same process goes on");
    let orders = Person::staff(&server.url).await.list(&server.url, "/api/orders").await;
    assert_eq!(orders.len(), 6, "nothing is lost");
    server.terminate().await;
    home.run(&["journal", "verify"]).await.ok();
}

#[tokio::test]
async fn a_start_on_a_full_disk_serves_reads_and_says_so() {
    let home = Home::new(&[("SOUK_JOURNAL__FREE_BYTES_MIN", "33554432")]);
    let data = home.data.clone();
    let Some(_disk) = Disk::mount(&data, 192) else {
        println!("skipped: mounting a small disk needs root");
        return;
    };
    crate::stock(&home).await;
    let server = home.serve(&[]).await;
    // A session is a write: on a full disk who is logged in stays so, and nobody else comes in.
    let (guest, staff) = (Person::guest(), Person::staff(&server.url).await);
    let order = buy(&server, &guest, "k1").await;
    let kept = data.join("start.ballast");
    eventually("blocks are kept for a start", Duration::from_secs(20), async || kept.exists()).await;
    server.kill().await;
    let filler = fill(&data, 0);
    let started = home.spawn(&[]).ready().await;
    let server = started.unwrap_or_else(|why| panic!("it starts on a full disk: {why}\n{}", home.log()));
    let order_path = format!("/api/orders/{}", text(&order["id"]));
    for (who, path) in
        [(&guest, "/api/products"), (&guest, "/api/stock/MUG-0"), (&guest, &order_path), (&staff, "/api/orders")]
    {
        let read = who.send(&server.url, &Call::get(path)).await.expect("an answer");
        assert_eq!(read.status, 200, "{path}: {}\n{}", read.json, home.log());
    }
    let refused = staff.send(&server.url, &Call::receive("r1", "MUG-1", 1)).await.expect("an answer");
    assert!(refused.is(503, "unavailable"), "{}", refused.json);
    let ready = guest.send(&server.url, &Call::get("/readyz")).await.expect("an answer");
    assert!(ready.status == 503 && text(&ready.json["detail"]).contains("the disk is full"), "{}", ready.json);
    assert!(home.log().contains("the blocks that are kept for a start are used"), "{}", home.log());
    fs::remove_file(&filler).expect("room");
    let served = async {
        while staff.send(&server.url, &Call::receive("r2", "MUG-1", 1)).await.expect("an answer").status != 200 {}
    };
    timeout(Duration::from_secs(20), served).await.expect("it serves by itself once there is room");
    server.terminate().await;
    home.run(&["journal", "verify"]).await.ok();
}

/// A neighbour fills the disk faster than free space is measured, while states are still to be written.
#[tokio::test]
async fn a_disk_that_somebody_else_fills_in_an_instant_ends_no_reads() {
    let home = Home::new(&[("SOUK_JOURNAL__FREE_BYTES_MIN", "4194304"), ("SOUK_STATE__FLUSH_INTERVAL_MS", "200")]);
    let data = home.data.clone();
    let Some(_disk) = Disk::mount(&data, 96) else {
        println!("skipped: mounting a small disk needs root");
        return;
    };
    crate::stock(&home).await;
    let server = home.serve(&[]).await;
    let (staff, guest) = (Person::staff(&server.url).await, Person::guest());
    let receive =
        async |key: String| staff.send(&server.url, &Call::receive(&key, "MUG-1", 1)).await.expect("an answer");
    receive("before".into()).await.ok();
    let filling = tokio::task::spawn_blocking({
        let data = data.clone();
        move || fill(&data, 0)
    });
    // Commands all the while: the last ones are refused, those before them have states to write.
    let (mut tries, mut refused) = (0, 0);
    while refused < 20 {
        tries += 1;
        let answer = receive(format!("k{tries}")).await;
        match answer.status {
            200 => {}
            503 => refused += 1,
            other => panic!("{other}: {}", answer.json),
        }
        assert!(tries < 20_000, "never full");
    }
    let filler = filling.await.expect("filled");
    // Several flushes come due meanwhile; each read is answered, lists too.
    for _ in 0..20 {
        for (who, path) in [(&guest, "/api/products"), (&guest, "/api/stock/MUG-1"), (&staff, "/api/stock")] {
            let read = who.send(&server.url, &Call::get(path)).await.expect("an answer");
            assert_eq!(read.status, 200, "{path}: {}\n{}", read.json, home.log());
        }
        sleep(Duration::from_millis(50)).await;
    }
    fs::remove_file(&filler).expect("room");
    let served = async {
        let mut n = 0;
        while receive(format!("after{n}")).await.status != 200 {
            n += 1;
        }
    };
    timeout(Duration::from_secs(20), served).await.expect("it serves again by itself");
    server.terminate().await;
    let log = home.log();
    assert!(!log.contains("is not written any more"), "the reserve kept sled from the full disk: {log}");
    home.run(&["journal", "verify"]).await.ok();
}
