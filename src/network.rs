//! A client's network address, and the bounds that count by it.
//!
//! Every bound for each address counts one [`Bucket`], so that a client with a whole IPv6 network counts once
//! everywhere. In `network/`: [`Allowance`] (how often a client may do something) and [`Bounded`] (a table about clients).
//! Deliberately absent: what is bounded (each room's own), what a full place is answered with, and what proxies tell of
//! their clients (`http::forwarded`).

mod allowance;
mod bounded;

use std::{
    collections::{HashMap, hash_map::Entry},
    fmt,
    net::{IpAddr, Ipv6Addr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

pub use self::{
    allowance::{Allowance, Rate},
    bounded::Bounded,
};

/// An IPv4 address, or the /64 of an IPv6 address: the least that one IPv6 client owns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Bucket(IpAddr);

impl Bucket {
    pub fn of(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(v4) => Self(v4.into()),
            IpAddr::V6(v6) => Self(Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX)).into()),
        }
    }
}

impl fmt::Display for Bucket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            IpAddr::V4(v4) => v4.fmt(f),
            IpAddr::V6(v6) => write!(f, "{v6}/64"),
        }
    }
}

/// Places that one address may hold at once. The table has an entry for each address that holds one, so the bound on
/// all places together, which each room has beside this one, bounds the table too.
#[derive(Debug)]
pub struct Places {
    of_one_max: usize,
    held: Mutex<HashMap<Bucket, usize>>,
}

/// One place, until it is dropped.
#[derive(Debug)]
pub struct Place {
    places: Arc<Places>,
    of: Bucket,
}

impl Places {
    pub fn new(of_one_max: usize) -> Arc<Self> {
        Arc::new(Self { of_one_max, held: Mutex::default() })
    }

    /// `None`: this address holds all of its places.
    pub fn take(self: &Arc<Self>, of: Bucket) -> Option<Place> {
        let mut table = self.table();
        let held = table.entry(of).or_insert(0);
        if *held >= self.of_one_max {
            return None;
        }
        *held += 1;
        Some(Place { places: self.clone(), of })
    }

    /// No step can leave the table half done, so a poisoned lock is usable.
    fn table(&self) -> MutexGuard<'_, HashMap<Bucket, usize>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if let Entry::Occupied(mut held) = self.places.table().entry(self.of) {
            *held.get_mut() -= 1;
            if *held.get() == 0 {
                held.remove();
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bucket(text: &str) -> Bucket {
        Bucket::of(text.parse().unwrap())
    }

    #[test]
    fn a_client_is_an_ipv4_address_or_a_64_of_ipv6() {
        assert_eq!(bucket("2001:db8:1:2::1"), bucket("2001:db8:1:2:ffff::9"));
        assert_ne!(bucket("2001:db8:1:2::1"), bucket("2001:db8:1:3::1"));
        assert_eq!(bucket("::ffff:10.0.0.7"), bucket("10.0.0.7"));
        assert_ne!(bucket("10.0.0.7"), bucket("10.0.0.8"));
        assert_eq!(bucket("2001:db8:1:2::1").to_string(), "2001:db8:1:2::/64");
    }

    #[test]
    fn one_address_holds_its_places_and_no_more_and_a_table_of_nobody_is_empty() {
        let places = Places::new(2);
        let held = [places.take(bucket("10.0.0.7")).unwrap(), places.take(bucket("10.0.0.7")).unwrap()];
        assert!(places.take(bucket("10.0.0.7")).is_none());
        let other = places.take(bucket("10.0.0.8")).unwrap();
        let [one, two] = held;
        drop(one);
        drop(places.take(bucket("10.0.0.7")).unwrap());
        drop((two, other));
        assert!(places.table().is_empty());
    }
}
