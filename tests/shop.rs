//! A whole shop in this process, over real sockets, in the language of the shop: one folder for each way to look at it.
//!
//! One binary, for each links everything: the parts share the verbs of `common/shop.rs`, and read-only tests share one
//! sample shop. A test that changes a shop's settings, or races it, has a shop of its own. Deliberately absent: shops
//! that are killed (`crash`) and several nodes (`cluster_shop`).

#[path = "common/authenticator.rs"]
mod authenticator;
#[path = "common/passkey.rs"]
mod passkey;
#[path = "common/raw.rs"]
mod raw;
#[path = "common/record_copies.rs"]
mod record_copies;
#[path = "common/shop.rs"]
mod shop;

/// The HTTP API as a client sees it, a file for each part of it.
mod api {
    mod accounts;
    mod api_keys;
    mod cart;
    mod catalogue;
    mod checkout;
    mod conventions;
    mod factors;
    mod guests;
    mod notes;
    mod offers;
    mod orders;
    mod passkeys;
    mod payments;
    mod permissions;
    mod personal;
    mod roles;
    mod stock;
    mod strictness;
    mod users;
}

/// The live feed. `protocol` holds the rules of the wire on a shop of its own making; in the others frames come from
/// the journal's commits, and log-in and cookies decide the permissions.
mod live {
    mod bounds;
    pub mod listener;
    mod owners;
    mod protocol;
    mod revoked;
    mod stock;
    mod streams;
}

/// The ways in: one client's share of them, what they say to strangers, and how each credential ends.
mod doors {
    mod addresses;
    mod budgets;
    mod credentials;
    mod degraded;
    mod dressed;
    mod host;
    mod https;
    mod proxied;
    mod raw;
    mod sockets;
    mod stalled;
    mod tls;
    mod told;
    mod unpaid;
}

/// The sandbox provider beside the shop.
mod payments {
    mod sandbox_webhooks;
}

/// What shoppers are written: the connector against a mail server with faults, a whole shop before it, the outbox's
/// page.
mod mail {
    mod dev_page;
    mod orders;
    mod server;
    #[path = "../common/smtp_sink.rs"]
    mod sink;
}

/// Log-in with OpenID providers: a certified one, and one that lies.
mod oidc {
    mod attacks;
    mod browser;
    mod certified;
    mod lies;
    mod log_in;
    mod lying;
}

/// Many clients at once, and the rules that hold for every winner. Three are those of ACIDRain (Warszawski
/// and Bailis, SIGMOD 2017): the last unit, the cart that changes during checkout, the voucher or key used twice at
/// once. None waits by the clock.
mod races {
    mod again;
    mod cart;
    mod flash_sale;
    mod keys;
    mod last_unit;
    mod late_money;
    mod money;
    mod watcher;
}
