//! The bounds of sockets and of clients' messages, as documented values. Each comment says what happens at the bound.

#[derive(Clone, Debug, PartialEq)]
pub struct SocketLimits {
    /// Bytes of one message from a client. Default 65,536. A longer one closes the connection.
    pub message_bytes: usize,
    /// Messages a second from one client, on average; each begun KiB of a message counts as one more. Default 50.
    /// Beyond the burst a message is refused with `slow_down`; beyond twice the burst the connection is closed with
    /// code 1008.
    pub messages_per_s: u32,
    /// Messages that one client may send at once before its average counts. Default 200.
    pub messages_burst: u32,
    /// Origins (`https://shop.example`) other than the own host whose pages may open a connection. Default none;
    /// others are refused with 403.
    pub allowed_origins: Vec<String>,
    /// Whether the last address of `X-Forwarded-For` is the client's. Default false; true only behind an own proxy that
    /// sets the header, else a client could evade the bound for each address.
    pub trust_forwarded_for: bool,
}

impl Default for SocketLimits {
    fn default() -> Self {
        Self {
            message_bytes: 65_536,
            messages_per_s: 50,
            messages_burst: 200,
            allowed_origins: Vec::new(),
            trust_forwarded_for: false,
        }
    }
}
