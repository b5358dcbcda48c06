//! Reads and changes of what does not exist: each makes the shop look for it.

use std::net::Ipv4Addr;

use uuid::Uuid;

use super::{attack::Field, guests::workers, toll::Toll};
use crate::client::{Call, Person};

pub async fn read_random_ids(field: &Field, from: Ipv4Addr, toll: &Toll) {
    workers(async |worker| {
        let client = Person::guest_from(from);
        for turn in 0.. {
            let id = Uuid::new_v4();
            let call = match (worker + turn) % 5 {
                0 => Call::get(format!("/api/orders/{id}")),
                1 => Call::get(format!("/api/payments/{id}")),
                2 => Call::get(format!("/api/stock/{id}")),
                3 => Call::get(format!("/api/products/{id}")),
                _ => Call::delete(format!("/api/orders/{id}")),
            };
            toll.asked(client.send(&field.url, &call).await);
        }
    })
    .await;
}
