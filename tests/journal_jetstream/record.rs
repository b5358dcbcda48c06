//! The shop's record stands behind the journal's: old programs read the first message alone, and of two nodes that write
//! at once none undoes the other's.

use souk::{domain::money::Currency, persistence::shop_record::ShopRecord};

use super::{nats::NatsServers, rig::Shop};

pub async fn the_shops_record_is_kept_behind_the_journals(servers: &NatsServers) {
    let shop = Shop::on(servers).await;
    let (one, two) = (shop.open(&servers.urls()).await, shop.open(&servers.urls()).await);
    assert_eq!(one.shop_record().await.expect("a record"), ShopRecord::default());
    let currency = |record: ShopRecord| ShopRecord { currency: record.currency.or(Some(Currency::EUR)), ..record };
    let key = |record: ShopRecord| ShopRecord { signing_key: Some("0123456789abcdef".into()), ..record };
    let (first, second) = tokio::join!(one.change_shop_record(currency), two.change_shop_record(key));
    first.and(second).expect("both are written");
    let whole = ShopRecord {
        currency: Some(Currency::EUR),
        signing_key: Some("0123456789abcdef".into()),
        ..ShopRecord::default()
    };
    assert_eq!(two.shop_record().await.expect("a record"), whole);
    // The same again is no message.
    let before = shop.info(&shop.meta()).await["state"]["last_seq"].clone();
    assert_eq!(before, 3);
    one.change_shop_record(currency).await.expect("nothing to write");
    assert_eq!(shop.info(&shop.meta()).await["state"]["last_seq"], before);
    assert_eq!(shop.open(&servers.urls()).await.shop_record().await.expect("a record"), whole);
}
