//! The authenticator app of a test (RFC 6238): it gets the secret once, and shows a code every 30 seconds.

use serde_json::Value;
use totp_rs::{Builder, Secret};

/// What the app with this secret shows now, or so many steps later.
pub fn code(secret: &Value, later: u64) -> String {
    let now = std::time::UNIX_EPOCH.elapsed().expect("after 1970").as_secs();
    let secret = secret.as_str().expect("the app's secret");
    let secret = data_encoding::BASE32_NOPAD.decode(secret.as_bytes()).expect("base 32");
    let secret: [u8; 20] = secret.try_into().expect("160 bits");
    Builder::new().with_secret(Secret::from(secret)).build().expect("an app").generate(now + 30 * later).to_string()
}
