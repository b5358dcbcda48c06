//! The last unit, wanted by many at once.

use futures::future::join_all;
use serde_json::json;

use crate::shop::{Shop, assert_balanced, fresh_key};

const BUYERS: usize = 32;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn is_sold_once_and_the_others_are_told_the_numbers() {
    let shop = Shop::with(|_| {}).await;
    let sku = shop.sku_with(1).await;
    let buyers: Vec<_> = (0..BUYERS).map(|_| shop.guest()).collect();
    join_all(buyers.iter().map(|buyer| buyer.put_in_cart(&sku, 1))).await;
    let keys: Vec<_> = buyers.iter().map(|_| fresh_key()).collect();
    let answers = join_all(buyers.iter().zip(&keys).map(|(buyer, key)| buyer.check_out_with(key))).await;
    let mut sold = Vec::new();
    for (buyer, answer) in buyers.iter().zip(answers) {
        match answer.status {
            201 => sold.push((buyer, answer.created())),
            _ => {
                let problem = answer.refused(409, "out_of_stock");
                assert_eq!(problem["lines"], json!([{"sku": sku, "requested": 1, "availability": "out"}]));
            }
        }
    }
    let [(winner, order)] = &sold[..] else { panic!("{} buyers have the last unit", sold.len()) };
    winner.pay(order, "tok_ok").await.created();
    let levels = shop.levels(&sku).await;
    assert_balanced(&levels);
    assert_eq!((&levels["committed"], &levels["available"], &levels["held"]), (&json!(1), &json!(0), &json!(0)));
    assert_eq!(shop.app().sandbox.as_ref().map(|sandbox| sandbox.ledger().totals().charges), Some(1));
}
