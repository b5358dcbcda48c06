//! A TCP port of this machine that was free a moment ago, for programs that cannot be told to take any.
//!
//! Another program may take the port before its user does. The system gives out the range in turn, so this is rare;
//! a server of this crate listens on port 0 and says which one it got.

use std::net::TcpListener;

pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port()
}
