//! The attacks, each from one loopback address of its own: one address is one attacker.
//!
//! Each is as cheap for the attacker as it can be made, and none waits for mercy: a refused request is followed by the
//! next one at once, a closed connection by a new one after a quarter of a second.

use std::net::Ipv4Addr;

use super::{guests, ids, listeners, logins, stalled, toll::Toll};

/// Where the attacks happen.
pub struct Field {
    pub url: String,
    /// SKUs with goods.
    pub skus: Vec<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Attack {
    /// Guests that check out everything and let it expire (B2).
    HoldsEverything,
    /// Carts of 200 lines, changed over and over (A2).
    LongCarts,
    /// A new guest's cart with each request (A2).
    NewCarts,
    /// Checkouts of many lines, cancelled at once.
    Cancels,
    /// Payments that are declined, one after the other.
    Declined,
    /// Reads of ids that do not exist (B6).
    RandomIds,
    /// Connections that ask for much and never read (B5).
    NeverReads,
    /// Announced bodies that do not come (B5).
    HalfBodies,
    /// The longest bodies, without their last byte.
    FatBodies,
    /// Heads of a byte a second (B5).
    SlowHeads,
    /// More idle connections than an address has places (B5).
    Idle,
    /// Sockets with as many topics as they may have, of nothing.
    Listeners,
    /// Sockets that ask for orders of others, over and over.
    Askers,
    /// 200 log-ins a second, from 200 addresses: the bound for each address is none to a crowd.
    LogIns,
}

/// What an attack takes: of each kind the shop bounds another thing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Writes, and units.
    Guest,
    /// Nothing but time.
    Reader,
    /// Connections, and what is kept for them.
    Stalled,
    /// Sockets of the live feed, and their topics.
    Listener,
}

impl Attack {
    pub const ALL: [Self; 14] = [
        Self::HoldsEverything,
        Self::LongCarts,
        Self::NewCarts,
        Self::Cancels,
        Self::Declined,
        Self::RandomIds,
        Self::NeverReads,
        Self::HalfBodies,
        Self::FatBodies,
        Self::SlowHeads,
        Self::Idle,
        Self::Listeners,
        Self::Askers,
        Self::LogIns,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::HoldsEverything => "holds everything",
            Self::LongCarts => "long carts",
            Self::NewCarts => "new carts",
            Self::Cancels => "cancels",
            Self::Declined => "declined",
            Self::RandomIds => "random ids",
            Self::NeverReads => "never reads",
            Self::HalfBodies => "half bodies",
            Self::FatBodies => "fat bodies",
            Self::SlowHeads => "slow heads",
            Self::Idle => "idle",
            Self::Listeners => "listeners",
            Self::Askers => "askers",
            Self::LogIns => "log-ins",
        }
    }

    pub fn kind(self) -> Kind {
        match self {
            Self::HoldsEverything | Self::LongCarts | Self::NewCarts | Self::Cancels | Self::Declined => Kind::Guest,
            Self::RandomIds | Self::LogIns => Kind::Reader,
            Self::NeverReads | Self::HalfBodies | Self::FatBodies | Self::SlowHeads | Self::Idle => Kind::Stalled,
            Self::Listeners | Self::Askers => Kind::Listener,
        }
    }

    pub fn address(self) -> Ipv4Addr {
        Ipv4Addr::new(127, 0, 2, 1 + self as u8)
    }

    /// Never ends by itself; to drop it closes its connections.
    pub async fn run(self, field: &Field, toll: &Toll) {
        let from = self.address();
        match self {
            Self::HoldsEverything => guests::hold_everything(field, from, toll).await,
            Self::LongCarts => guests::fill_long_carts(field, from, toll).await,
            Self::NewCarts => guests::make_new_carts(field, from, toll).await,
            Self::Cancels => guests::order_and_cancel(field, from, toll).await,
            Self::Declined => guests::pay_without_money(field, from, toll).await,
            Self::RandomIds => ids::read_random_ids(field, from, toll).await,
            Self::NeverReads => stalled::never_read(field, from, toll).await,
            Self::HalfBodies => stalled::send_half_bodies(field, from, toll).await,
            Self::FatBodies => stalled::send_fat_bodies(field, from, toll).await,
            Self::SlowHeads => stalled::send_slow_heads(field, from, toll).await,
            Self::Idle => stalled::stay_idle(field, from, toll).await,
            Self::Listeners => listeners::listen_to_nothing(field, from, toll).await,
            Self::Askers => listeners::ask_for_orders(field, from, toll).await,
            Self::LogIns => logins::log_in(field, toll).await,
        }
    }
}
