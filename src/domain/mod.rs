//! The shop's rules, pure: states, commands, events, refusals, and two functions for each entity.
//!
//! In reading order: [`entity`] (the contract), [`stock`], [`cart`], [`order`] (the checkout process), [`payment`],
//! [`product`] and [`category`], [`numbers`], [`account`] (with [`email`], [`identity_link`],
//! [`session`], [`api_key`] and [`role`]), [`mail`], [`erasure`];
//! [`money`] and [`pricing`]; [`personal`] (what is sealed at rest); [`effect`] (pending effects); [`kinds`] and
//! [`external`] (the lists of kinds and of ports
//! to the outside world). Deliberately absent: clocks, logs, I/O, random numbers, tokio.

/// The entities: each one's module, its type, and the name that begins its keys. The whole registration of an entity is
/// its line here; `kinds` makes the sums over them. The names are frozen, and so is the order (keys sort by it).
macro_rules! entities {
    ($then:ident) => {
        $then! {
            stock: Stock = "stock",
            cart: Cart = "cart",
            order: Order = "order",
            payment: Payment = "payment",
            product: Product = "product",
            category: Category = "category",
            account: Account = "account",
            numbers: Numbers = "numbers",
            note: Note = "note",
            mail: Mail = "mail",
            role: Role = "role",
            email: Email = "email",
            session: Session = "session",
            superadmins: Superadmins = "superadmins",
            api_key: ApiKey = "api_key",
            identity_link: IdentityLink = "identity_link",
            erasure: Erasure = "erasure",
        }
    };
}

macro_rules! modules {
    ($($module:ident: $entity:ident = $name:literal),* $(,)?) => { $(pub mod $module;)* };
}

entities!(modules);

pub mod effect;
pub mod entity;
pub mod external;
pub mod ids;
pub mod key;
pub mod kinds;
pub mod money;
pub mod personal;
pub mod pricing;
pub mod rests;
mod states;
#[cfg(test)]
mod testing;
pub mod text;
pub mod time;
