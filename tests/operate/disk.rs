//! A full disk under a running shop: commands are refused, reads continue, and freed space is enough. Before it is full, a
//! reserve is left for what was accepted.

use std::{
    path::{Path, PathBuf},
    process::Command,
    time::{Duration, Instant},
};

use crate::{
    client::{Call, Person, text},
    process::Home,
};

/// A small file system of its own, unmounted at the end.
pub struct Disk<'a>(&'a Path);

impl<'a> Disk<'a> {
    /// `None` where this user may not mount.
    pub fn mount(at: &'a Path, megabytes: u32) -> Option<Self> {
        std::fs::create_dir_all(at).expect("a directory");
        let size = format!("size={megabytes}m");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(at).status();
        mounted.is_ok_and(|status| status.success()).then_some(Self(at))
    }
}

impl Drop for Disk<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0).status();
    }
}

#[tokio::test]
async fn a_full_disk_refuses_commands_and_serves_reads_until_there_is_room() {
    let home = Home::new(&[("SOUK_JOURNAL__FREE_BYTES_MIN", "4194304")]);
    let data = home.data.clone();
    let Some(_disk) = Disk::mount(&data, 48) else {
        println!("skipped: mounting a small disk needs root");
        return;
    };
    crate::stock(&home).await;
    let server = home.serve(&[]).await;
    let staff = Person::staff(&server.url).await;
    let guest = Person::guest();
    let order = crate::buy(&server, &guest, "k1").await;
    let receive = async |key: &str| staff.send(&server.url, &Call::receive(key, "MUG-1", 1)).await.expect("an answer");
    let before = receive("before").await.ok();

    let ballast = data.join("ballast");
    let block = vec![1_u8; 1 << 16];
    let mut file = std::fs::File::create(&ballast).unwrap();
    while std::io::Write::write_all(&mut file, &block).is_ok() {}
    let order_path = format!("/api/orders/{}", text(&order["id"]));
    let (mut refused, mut tries) = (0, 0);
    let started = Instant::now();
    while refused < 10 {
        let asked = Instant::now();
        tries += 1;
        let answer = receive(&format!("full-{tries}")).await;
        if answer.status != 200 {
            assert_eq!((answer.status, text(&answer.json["code"])), (503, "unavailable"), "{}", answer.json);
            assert!(answer.headers.contains_key("retry-after"));
            assert!(!text(&answer.json["detail"]).contains("bytes"), "the disk is the operator's: {}", answer.json);
            assert!(asked.elapsed() < Duration::from_secs(3), "refused after {:?}", asked.elapsed());
            refused += 1;
        }
        for path in ["/api/products", "/api/stock/MUG-1", "/api/cart", order_path.as_str()] {
            let read = guest.send(&server.url, &Call::get(path)).await.expect("an answer");
            assert_eq!(read.status, 200, "{path}: {}", read.json);
        }
        assert!(
            started.elapsed() < Duration::from_secs(20),
            "{refused} refused, last {:?}: {}",
            asked.elapsed(),
            answer.status
        );
    }
    let ready = staff.send(&server.url, &Call::get("/readyz")).await.expect("an answer");
    assert_eq!(ready.status, 503, "{}", ready.json);
    assert!(text(&ready.json["detail"]).contains("bytes are free"), "{}", ready.json);
    let told = guest.send(&server.url, &Call::get("/readyz")).await.expect("an answer");
    assert!(told.status == 503 && !text(&told.json["detail"]).contains("bytes"), "{}", told.json);
    assert!(home.log().contains("bytes are free"), "{}", home.log());

    // Room comes back when no process holds the file any more.
    drop(file);
    std::fs::remove_file(&ballast).unwrap();
    let freed = Instant::now();
    let after = loop {
        let answer = receive("after").await;
        if answer.status == 200 {
            break answer.json;
        }
        assert!(freed.elapsed() < Duration::from_secs(20), "it does not serve again: {}", answer.json);
    };
    assert!(after["received"].as_u64() > before["received"].as_u64());
    server.terminate().await;
    home.run(&["journal", "verify"]).await.ok();
}

/// Fills a disk until `left` bytes are free, about; gives the file, which makes room again once it is removed.
pub fn fill(disk: &Path, left: u64) -> PathBuf {
    let path = disk.join("filler");
    let mut file = std::fs::File::options().create(true).append(true).open(&path).expect("a file");
    let block = vec![1_u8; 1 << 16];
    loop {
        let free = rustix::fs::statvfs(disk).map(|at| at.f_bavail * at.f_frsize).expect("a disk");
        if free <= left || std::io::Write::write_all(&mut file, &block).is_err() {
            return path;
        }
    }
}

#[tokio::test]
async fn in_the_reserve_orders_are_paid_and_cancelled_and_nothing_new_begins() {
    let bounds = [("SOUK_JOURNAL__FREE_BYTES_MIN", "25165824"), ("SOUK_JOURNAL__FREE_BYTES_LAST", "4194304")];
    let home = Home::new(&bounds);
    let data = home.data.clone();
    let Some(_disk) = Disk::mount(&data, 96) else {
        println!("skipped: mounting a small disk needs root");
        return;
    };
    crate::stock(&home).await;
    let server = home.serve(&[]).await;
    let staff = Person::staff(&server.url).await;
    let send = async |who: &Person, url: &str, call: Call| who.send(url, &call).await.expect("an answer");
    let line = || Call::put("/api/cart/lines/MUG-0", serde_json::json!({"quantity": 1}));
    let mut guests = Vec::new();
    for n in 0..3 {
        let guest = Person::guest();
        send(&guest, &server.url, line()).await.ok();
        let order = send(&guest, &server.url, Call::checkout(&format!("k{n}"))).await.ok();
        guests.push((guest, text(&order["id"]).to_owned()));
    }
    let pay = |n: usize, order: &str| Call::pay(&format!("pay{n}"), order, "tok_ok");
    let reserve_only = async |url: &str, n: usize| {
        // After a start as well: it gives the blocks behind the journal's end back, and takes them again later.
        let newcomer = Person::guest();
        let tight = async {
            loop {
                fill(&data, 16 << 20);
                // A new one each time: a line that is there already is no change.
                let answer = send(&Person::guest(), url, line()).await;
                if answer.status != 200 {
                    break answer;
                }
            }
        };
        let refused = tokio::time::timeout(Duration::from_secs(20), tight).await.expect("new work is refused");
        assert!(refused.is(503, "no_room") && refused.headers.contains_key("retry-after"), "{}", refused.json);
        assert!(!refused.json.to_string().contains("bytes"), "the disk is the operator's: {}", refused.json);
        let (guest, order) = &guests[n];
        assert!(send(guest, url, Call::checkout(&format!("new{n}"))).await.is(503, "no_room"));
        send(guest, url, pay(n, order)).await.ok();
        send(&staff, url, Call::receive(&format!("r{n}"), "MUG-1", 1)).await.ok();
        send(guest, url, Call::get(format!("/api/orders/{order}"))).await.ok();
        let ready = send(&staff, url, Call::get("/readyz")).await.ok();
        assert!(text(&ready["no_room"]).contains("bytes are free"), "{ready}");
        let told = send(&newcomer, url, Call::get("/readyz")).await.ok();
        assert!(text(&told["no_room"]).contains("nearly full") && !told.to_string().contains("bytes"), "{told}");
    };
    reserve_only(&server.url, 0).await;
    let (guest, order) = &guests[2];
    assert_eq!(
        text(&send(guest, &server.url, Call::delete(format!("/api/orders/{order}"))).await.ok()["status"]),
        "cancelled"
    );
    assert!(home.log().contains("only what was accepted is written"), "{}", home.log());
    // A start claims from the reserve, and goes on like that.
    server.kill().await;
    let server = home.serve(&[]).await;
    reserve_only(&server.url, 1).await;
    std::fs::remove_file(data.join("filler")).expect("room");
    let begun = async { while send(&Person::guest(), &server.url, line()).await.status != 200 {} };
    tokio::time::timeout(Duration::from_secs(20), begun).await.expect("new work begins by itself");
    server.terminate().await;
    home.run(&["journal", "verify"]).await.ok();
}
