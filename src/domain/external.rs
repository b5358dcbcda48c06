//! The list of ports to the outside world, and the closed sums over them that the runtime carries.
//!
//! One line for each port: its name, its calls, its answers. A port belongs to the entity that calls it
//! (`payment/provider.rs`); a connector serves one port under a name of its own. Deliberately absent: the connectors,
//! which are in `src/connectors`.

use super::{
    erasure::{ErasureAnswer, ErasureCall},
    mail::{MailAnswer, MailCall},
    payment::{ProviderCall, ProviderEvent},
};

/// One call to the outside world. Its contents name its idempotency key: a connector that receives the same call again
/// returns the first answer and does nothing.
#[derive(Clone, Debug, PartialEq)]
pub struct ExternalCall {
    /// The connector's name, e.g. `sandbox`.
    pub connector: String,
    pub port: AnyCall,
}

macro_rules! ports {
    ($($port:ident: $call:ty => $answer:ty),* $(,)?) => {
        /// A call through any port.
        #[derive(Clone, Debug, PartialEq)]
        pub enum AnyCall { $($port($call)),* }

        /// An answer through any port.
        #[derive(Clone, Debug, PartialEq)]
        pub enum AnyAnswer { $($port($answer)),* }

        impl AnyCall {
            pub const fn port(&self) -> &'static str {
                match self { $(Self::$port(_) => stringify!($port)),* }
            }
        }

        $(
        impl From<$call> for AnyCall {
            fn from(call: $call) -> Self { Self::$port(call) }
        }

        impl From<$answer> for AnyAnswer {
            fn from(answer: $answer) -> Self { Self::$port(answer) }
        }

        /// The unchanged call, if it belongs to another port.
        impl TryFrom<AnyCall> for $call {
            type Error = AnyCall;
            fn try_from(call: AnyCall) -> Result<Self, AnyCall> {
                match call { AnyCall::$port(call) => Ok(call), other => Err(other) }
            }
        }
        )*
    };
}

ports! {
    Payment: ProviderCall => ProviderEvent,
    Mail: MailCall => MailAnswer,
    Erasure: ErasureCall => ErasureAnswer,
}
