//! The map of the engine's hot paths, by entity, actor or step.
//!
//! The standard map's SipHash was 5 % of a checkout's instructions. foldhash is seeded at each start, so nobody outside
//! can choose ids that collide; it is not made for tables whose keys a client may choose without a bound, which stay
//! with the standard map (`network`, `identity`).

use std::collections::HashMap;

use foldhash::fast::RandomState;

pub type FastMap<K, V> = HashMap<K, V, RandomState>;
