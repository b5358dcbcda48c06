//! WebSockets against the grain: frames that carry nothing, and bytes that are no frames.

use tokio::{io::AsyncReadExt, time::timeout};

use super::raw::{PATIENCE, Raw, status};
use crate::shop::Shop;

pub const HANDSHAKE: &str = "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\n\
    sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n";

async fn socket(shop: &Shop) -> Raw {
    let mut client = Raw::of(shop).await;
    client.ask("GET /live", HANDSHAKE).await;
    assert_eq!(status(&client.head().await), 101);
    client
}

/// The code of the close frame; frames before it are skipped.
async fn closed_with(client: &mut Raw) -> u16 {
    loop {
        let mut head = [0; 2];
        timeout(PATIENCE, client.stream.read_exact(&mut head)).await.expect("in time").expect("a frame");
        let mut payload = vec![0; usize::from(head[1])];
        assert!(payload.len() < 126, "a short frame");
        client.stream.read_exact(&mut payload).await.expect("a payload");
        if head[0] & 0x0f == 8 {
            return u16::from_be_bytes([payload[0], payload[1]]);
        }
    }
}

/// A masked frame.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    assert!(payload.len() < 126, "a short frame");
    let mask = [1, 2, 3, 4];
    let masked = payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask);
    [first, 0x80 | payload.len() as u8].into_iter().chain(mask).chain(masked).collect()
}

/// Each costs the server a read of its head and nothing else counts them: no message ever ends.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn empty_fragments_and_control_frames_end_a_socket_as_messages_do() {
    let shop = Shop::with(|config| {
        (config.live.messages_per_second_max, config.live.messages_burst_max) = (1, 10);
    })
    .await;
    let fragments = [frame(0x01, b""), frame(0x00, b"").repeat(8_000)].concat();
    let pings = frame(0x89, b"").repeat(100);
    let pongs = frame(0x8a, b"x").repeat(100);
    // Between fragments of a message, control frames may stand.
    let between = [frame(0x01, b""), [frame(0x00, b""), frame(0x8a, b"")].concat().repeat(100)].concat();
    for (what, flood) in [("fragments", fragments), ("pings", pings), ("pongs", pongs), ("both", between)] {
        let mut client = socket(&shop).await;
        client.say(&flood).await;
        assert_eq!(closed_with(&mut client).await, 1008, "{what}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bytes_that_are_no_websocket_end_with_their_code() {
    let shop = Shop::with(|_| {}).await;
    let too_long = [&[0x81, 0xff][..], &(1_u64 << 30).to_be_bytes(), &[1, 2, 3, 4]].concat();
    for (what, bytes, code) in [
        ("a frame without a mask", vec![0x81, 0x02, b'h', b'i'], 1002),
        ("an unknown kind of frame", frame(0x83, b""), 1002),
        ("a reserved bit", frame(0xc1, b"hi"), 1002),
        ("a continuation of nothing", frame(0x80, b""), 1002),
        ("text that is not UTF-8", frame(0x81, &[0xff, 0xfe]), 1007),
        ("a message beyond the bound", too_long, 1009),
    ] {
        let mut client = socket(&shop).await;
        client.say(&bytes).await;
        assert_eq!(closed_with(&mut client).await, code, "{what}");
    }
}
