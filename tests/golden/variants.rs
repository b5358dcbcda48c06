//! Every variant of every event, by its Rust name: written down once for the compiler, which refuses to build the
//! match below while one is missing, and for the test that looks for a sample of each.

use souk::domain::{
    account::AccountEvent,
    api_key::ApiKeyEvent,
    cart::CartEvent,
    category::CategoryEvent,
    email::EmailEvent,
    erasure::ErasureEvent,
    identity_link::IdentityLinkEvent,
    kinds::{AnyEvent, Kind},
    mail::MailEvent,
    note::NoteEvent,
    numbers::NumbersEvent,
    order::OrderEvent,
    payment::PaymentEvent,
    product::ProductEvent,
    role::RoleEvent,
    session::SessionEvent,
    stock::StockEvent,
    superadmins::SuperadminsEvent,
};

macro_rules! variants {
    ($($kind:ident, $event:ident: $($variant:ident),+;)+) => {
        /// The event's variant. Without `_`: a new variant stops the build here.
        pub fn name(event: &AnyEvent) -> &'static str {
            match event {
                $(AnyEvent::$kind(event) => match event {
                    $($event::$variant { .. } => stringify!($variant)),+
                }),+
            }
        }

        pub fn of(kind: Kind) -> &'static [&'static str] {
            match kind {
                $(Kind::$kind => &[$(stringify!($variant)),+]),+
            }
        }
    };
}

variants! {
    Stock, StockEvent: Received, Adjusted, Held, Committed, Released, Expired, Shipped, ReturnedToStock, ThresholdSet,
        PolicySet, HeldFor;
    Cart, CartEvent: LineSet, LineRemoved, Settled, Expired, OfferChanged, CheckoutBegun,
        LinesChanged, GiftBegun, GiftTaken, GiftReturned, LineMerged, Merged;
    Order, OrderEvent: Placed, HoldGranted, HoldRefused, HoldCommitted, HoldLost, HoldReleased, Reserved, Rejected,
        Expired, PaymentBegun, PaymentOpened, PaymentMoved, Revived, RevivalFailed, Verified, CartSettled, CaptureAsked,
        UnwindAsked, Moved, Fulfilled, ParcelShipped, Superseded, PredecessorGone, PredecessorPaid, RestRefundAsked,
        HoldOverShare, PaymentCovered, MailQueued, Erased;
    Payment, PaymentEvent: Opened, ActionRequired, Authorized, Declined, CaptureAsked, Captured, CaptureFailed,
        UnwindAsked, VoidAsked, Voided, RefundAsked, Refunded, RefundFailed, OrderNotified;
    Product, ProductEvent: Defined, Archived;
    Category, CategoryEvent: Defined;
    Account, AccountEvent: Registered, PasswordSet, Begun, EmailClaimed, EmailRefused, EmailReleased, PasswordKept,
        PasswordChanged, SessionOpened, SessionsEnded, TokenAsked, EmailVerified, EmailChangeConfirmed, ProfileSet,
        AddressKept, AddressRemoved, RolesSet, Disabled, Enabled, MailQueued, Factors, Links,
        Reclaimed, Erased;
    Email, EmailEvent: Claimed, Released;
    IdentityLink, IdentityLinkEvent: Claimed, Released;
    Session, SessionEvent: Opened, Refreshed, Ended, AccountTold, Forgotten, Proven;
    ApiKey, ApiKeyEvent: Made, Rotated, Revoked, Used;
    Numbers, NumbersEvent: Allotted;
    Note, NoteEvent: Written, Removed;
    Mail, MailEvent: Queued, PutOff, Due, Accepted, Refused, GivenUp;
    Role, RoleEvent: Put, Deleted;
    Superadmins, SuperadminsEvent: PromotionAsked, Promoted, PromotionRefused, DemotionAsked, Demoted;
    Erasure, ErasureEvent: Asked, Done;
}
