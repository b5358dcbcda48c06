//! A TCP port of this machine that was free a moment ago, for programs that cannot choose one themselves.
//!
//! Another program may take the port before its user does. The system assigns the range in turn, so this is rare; a
//! server of this crate listens on port 0 and reports its port.

use std::net::TcpListener;

pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port()
}
